from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toymodel as tm
from toymodel.recipe import drawn_features
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.training.sharding import (
    ShardSpec,
    assign_shards,
    estimated_seconds,
    plan_shards,
    threads_per_process,
)

SWEEP = sweep(PAPER_CONFIG, PAPER_DENSITIES)
ALIKE = [config.replace(importance_decay=1.0) for config in SWEEP]  # all features are trained
STANDARD = tm.RECIPES["standard"]
SMALL = tm.Config(n_features=6, n_neurons=10, feature_probability=0.1)

configs = st.lists(
    st.builds(
        tm.Config,
        n_features=st.sampled_from((1, 6, 100, 2_000)),
        n_neurons=st.sampled_from((1, 40, 900)),
        task=st.sampled_from(("abs", "identity")),
        activation=st.sampled_from(("relu", "none")),
        feature_probability=st.sampled_from((1.0, 0.03, 0.001)),
        importance_decay=st.sampled_from((1.0, 0.8, 0.79)),
        seed=st.integers(0, 3),
    ),
    min_size=1,
    max_size=30,
)


@given(
    configs=configs,
    restarts=st.integers(1, 64),
    batch=st.sampled_from((1, 128, 4_096)),
    processes=st.integers(1, 9),
    on_accelerator=st.booleans(),
    data=st.data(),
)
def test_every_instance_is_in_one_shard_of_its_kind_and_every_shard_in_one_process(
    configs: list[tm.Config],
    restarts: int,
    batch: int,
    processes: int,
    on_accelerator: bool,
    data: st.DataObject,
):
    recipe = tm.Recipe(restarts=restarts, batch_size=batch)
    own = [data.draw(st.integers(0, restarts)) for _ in configs]  # of a later cycle
    parts = data.draw(st.integers(1, processes))
    specs = plan_shards(configs, recipe, own, processes, parts, on_accelerator=on_accelerator)
    found = [(i, r) for shard in specs for i in shard.configs for r in shard.restarts]
    assert sorted(found) == [(i, r) for i, count in enumerate(own) for r in range(count)]
    for shard in specs:
        first, *others = [configs[i] for i in shard.configs]
        for config in others:
            for name in ("n_neurons", "task", "activation"):
                assert getattr(config, name) == getattr(first, name)
            chosen, of_first = recipe.resolve(config), recipe.resolve(first)
            for name in ("learning_rate", "slope_until", "curriculum"):
                assert getattr(chosen, name) == getattr(of_first, name)
            assert recipe.trained_features(config) == recipe.trained_features(first)
            assert drawn_features(config, recipe) == drawn_features(first, recipe)
    shares = assign_shards(specs, configs, recipe, parts)
    assert len(shares) == parts
    assert sorted(number for share in shares for number in share) == list(range(len(specs)))
    if len(specs) >= parts:
        assert all(shares)
    alone = plan_shards(configs, recipe, own, processes, 1, on_accelerator=on_accelerator)
    for config in range(len(configs)):
        assert pieces(specs, config) == pieces(alone, config)


def pieces(specs: list[ShardSpec], config: int) -> list[range]:
    """How a config's restarts are split."""
    return [shard.restarts for shard in specs if config in shard.configs]


def sizes(configs: list[tm.Config], recipe: tm.Recipe, processes: int) -> list[list[int]]:
    """Instances of each shard of each process."""
    restarts = [recipe.restarts] * len(configs)
    specs = plan_shards(configs, recipe, restarts, processes, processes)
    parts = assign_shards(specs, configs, recipe, processes)
    return [[len(specs[k].configs) * len(specs[k].restarts) for k in part] for part in parts]


def test_sweeps_and_restarts_are_shared_out_evenly_and_what_is_small_is_not_split():
    assert sizes(ALIKE, STANDARD, 1) == [[7]]
    assert sizes(ALIKE, STANDARD, 2) == [[3], [4]]  # the worker has the larger half
    assert sizes(ALIKE, STANDARD, 4) == [[1], [2], [2], [2]]
    assert sizes(ALIKE[:1], tm.RECIPES["thorough"], 2) == [[4], [4]]
    assert sizes(ALIKE, tm.RECIPES["thorough"], 2) == [[4] * 7] * 2
    smallest = tm.Config(n_features=2, n_neurons=2)
    assert sizes([smallest], STANDARD.replace(restarts=8), 2) == [[], [8]]
    assert sizes([SWEEP[0]], STANDARD, 2) == [[], [1]]


def test_densities_at_which_as_many_features_are_trained_share_a_shard():
    trained = [STANDARD.trained_features(config) for config in SWEEP]
    assert trained == [31, 31, 31, 36, 41, 47, 47]
    assert sizes(SWEEP, STANDARD, 1) == [[3, 1, 1, 2]]
    assert sizes(SWEEP, STANDARD.replace(min_importance=0.0), 1) == [[7]]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_shards_fit_a_cores_cache_however_many_there_are(processes: int):
    many = [SMALL.replace(seed=seed) for seed in range(256)]
    found = sizes(many, STANDARD.replace(restarts=64), processes)
    assert max(map(max, found)) * STANDARD.batch_size * 10 <= 2**18
    work = list(map(sum, found))
    assert sum(work) == 16_384
    assert max(work) - min(work) <= 192


def test_an_accelerator_takes_all_of_a_shape_at_once():
    many = [SMALL.replace(seed=seed) for seed in range(256)]
    restarts = [64] * 256
    specs = plan_shards(many, STANDARD.replace(restarts=64), restarts, 1, 1, on_accelerator=True)
    assert specs == [ShardSpec(tuple(range(256)), range(64))]


def test_more_steps_and_more_models_take_longer():
    def seconds(configs: list[tm.Config], recipe: tm.Recipe) -> float:
        return estimated_seconds(
            plan_shards(configs, recipe, [1] * len(configs), 1, 1), configs, recipe
        )

    one = seconds(SWEEP[:1], STANDARD)
    assert seconds(SWEEP, STANDARD) > 2 * one
    assert seconds(SWEEP[:1], STANDARD.replace(steps=7_000)) == pytest.approx(2 * one)
    assert seconds(SWEEP[:1], STANDARD.replace(batch_size=512)) > one
    assert seconds(SWEEP[:1], STANDARD.replace(min_importance=0.0)) > one


def test_operators_have_threads_where_there_is_enough_for_each_to_do():
    large = tm.Config(n_features=1_000, n_neurons=400)
    for configs, expected in (([large], 4), ([SMALL], 1), ([large, SMALL], 1), (SWEEP, 1)):
        specs = plan_shards(configs, STANDARD, [1] * len(configs), 1, 1)
        assert threads_per_process(specs, configs, STANDARD, 4) == expected
    for config, expected in ((SWEEP[0], 1), (ALIKE[0], 2)):
        specs = plan_shards([config], STANDARD.replace(batch_size=4_096), [1], 1, 1)
        threads = threads_per_process(specs, [config], STANDARD.replace(batch_size=4_096), 2)
        assert threads == expected
