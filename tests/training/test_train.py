from __future__ import annotations

import json
import math
import pickle
import time

import numpy as np
import pytest
import torch

import toymodel as tm
from tests.helpers.networks import SOMETIMES_WILD, WILD, same
from toymodel.analysis.loss import evaluate, no_superposition_loss
from toymodel.model import History
from toymodel.storage.checkpoint import Checkpoint
from toymodel.training.snapshot import Snapshot
from toymodel.training.train import train, training

pytestmark = pytest.mark.usefixtures("short_evaluation", "one_process")

CONFIG = tm.Config(n_features=6, n_neurons=4, feature_probability=0.1, seed=3)
RECIPE = tm.Recipe(steps=60, batch_size=32)
LONG = tm.Recipe(steps=1_000_000, batch_size=16)
SEEDS = [tm.Config(n_features=2, n_neurons=1, seed=seed) for seed in range(8)]


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch, cache: object) -> None:
    """No training is shared out: `test_parallel` has those."""
    monkeypatch.setenv("TOYMODEL_PROCESSES", "1")


def test_a_model_knows_its_config_recipe_and_axes():
    recipe = RECIPE.replace(restarts=3)
    (model,) = train([CONFIG], recipe)
    assert (model.config, model.recipe) == (CONFIG, recipe.resolve(CONFIG))
    assert (model.W1.shape, model.W2.shape, model.b.shape) == ((4, 6), (6, 4), (6,))
    assert {a.dtype for a in (model.W1, model.W2, model.b, model.b_hidden)} == {np.dtype("f4")}
    np.testing.assert_array_equal(model.b_hidden, np.zeros(4))
    assert len(model.restarts) == 3
    assert model.loss == model.losses.min()
    found = evaluate(CONFIG, model.weights)
    assert (model.loss, model.loss_error) == pytest.approx(found, rel=1e-6)


def test_models_come_in_the_order_of_their_configs():
    configs = [CONFIG.replace(n_neurons=m, seed=s) for m, s in ((5, 0), (2, 1), (5, 2), (2, 0))]
    models = train(configs, RECIPE)
    assert [model.config for model in models] == configs
    for name in ("W1", "W2", "b"):  # other seeds give other weights
        assert np.abs(getattr(models[1], name) - getattr(models[3], name)).max() > 1e-3
    assert train([], RECIPE) == []


@pytest.mark.parametrize(
    ("config", "sign"),
    [
        (tm.Config(n_features=2, n_neurons=4), -1),
        (tm.Config(task="identity", n_features=2, n_neurons=2), 1),
        (tm.Config(task="identity", n_features=2, n_neurons=2, hidden_bias=True), 1),
    ],
)
def test_a_tiny_dense_model_learns_its_task(config: tm.Config, sign: int):
    (model,) = train([config], tm.Recipe(steps=800, batch_size=64, restarts=4))
    assert model.loss < 1e-3
    assert model.b_hidden.any() == config.hidden_bias
    x = np.array([[0.5, sign * 0.75], [sign * 0.25, 0]], np.float32)
    np.testing.assert_allclose(model.weights.output(x), np.abs(x), atol=0.05)


def test_kinds_of_models_are_trained_side_by_side_as_alone():
    configs = [CONFIG, CONFIG.replace(task="identity")]
    configs.append(configs[1].replace(hidden_bias=True))
    together = train(configs, RECIPE)
    for config, model in zip(configs, together, strict=True):
        assert same(model.weights, train([config], RECIPE)[0].weights)


@pytest.mark.parametrize(("p", "limit"), [(1.0, 1.02), (0.05, 1.0), (1e-6, 1.9)])
def test_a_sparse_model_beats_the_baseline_and_a_dense_one_comes_near(p: float, limit: float):
    config = tm.Config(n_features=6, n_neurons=4, feature_probability=p)
    (model,) = train([config], tm.Recipe(steps=1_500, batch_size=64, restarts=8))
    assert model.loss / no_superposition_loss(config) < limit


def test_plain_sampling_and_the_usual_recipe_learn_too():
    config = tm.Config(n_features=2, n_neurons=4, feature_probability=0.3)
    iid = tm.Recipe(steps=800, batch_size=64, sampler="iid", restarts=2)
    usual = tm.RECIPES["usual"].replace(steps=2_000, batch_size=64, restarts=2)
    assert train([config], iid)[0].loss < 1e-2
    (model,) = train([config], usual)
    assert model.loss < 0.3
    losses = model.history.loss[model.best]
    assert losses[-1] < 0.2 * losses[0]


def test_the_same_call_gives_the_same_weights_bit_for_bit():
    configs = [CONFIG, CONFIG.replace(feature_probability=1.0), CONFIG.replace(n_features=9)]
    first, second = (train(configs, RECIPE.replace(restarts=2)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.losses, other.losses)
        np.testing.assert_array_equal(one.history.loss, other.history.loss)
    torch.manual_seed(1)
    first = train([CONFIG], RECIPE)[0]
    state = torch.get_rng_state()
    torch.manual_seed(2)
    assert same(train([CONFIG], RECIPE)[0].weights, first.weights)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_what_a_recipe_chooses_trains_as_when_it_is_set():
    configs = [CONFIG, CONFIG.replace(n_features=40), CONFIG.replace(task="identity")]
    for config, model in zip(configs, train(configs, RECIPE), strict=True):
        assert RECIPE.resolve(config) == model.recipe != RECIPE
        (again,) = train([config], model.recipe)
        assert same(again.weights, model.weights)
        np.testing.assert_array_equal(again.history.loss, model.history.loss)


@pytest.mark.parametrize("sampler", ["tilted", "iid"])
@pytest.mark.parametrize(
    ("p", "decay", "others"),
    [
        # 16 features are trained of each, of 32 and of 23 that are drawn.
        (0.1, 0.8, [(0.03, 0.716)]),
        # 26 are trained of each. With the other's least importance, it would be other ones.
        (0.01, 0.8, [(0.02, 0.826), (0.005, 0.773)]),
    ],
)
def test_weights_do_not_depend_on_configs_that_leave_out_as_many_features(
    p: float, decay: float, others: list[tuple[float, float]], sampler: str
):
    config = CONFIG.replace(n_features=30 if p == 0.01 else 40, n_neurons=10)
    configs = [
        config.replace(feature_probability=p, importance_decay=d) for p, d in [(p, decay), *others]
    ]
    recipe = RECIPE.replace(sampler=sampler)
    assert len({recipe.trained_features(each) for each in configs}) == 1
    for order in (configs, configs[::-1]):
        for each, model in zip(order, train(order, recipe), strict=True):
            assert same(model.weights, train([each], recipe)[0].weights)


@pytest.mark.parametrize(
    ("n", "m", "batch"), [(6, 4, 32), (20, 10, 128), (7, 5, 16), (99, 41, 128)]
)
def test_weights_do_not_depend_on_what_is_trained_beside_them(n: int, m: int, batch: int):
    config = CONFIG.replace(n_features=n, n_neurons=m)
    recipe = RECIPE.replace(batch_size=batch, steps=40)
    (alone,) = train([config], recipe)
    beside = train(
        [
            config.replace(feature_probability=1.0),
            config,
            config.replace(seed=9),
            config.replace(importance_decay=0.5),
            config.replace(n_neurons=m + 1),
            config.replace(n_features=n + 2),
        ],
        recipe,
    )
    assert same(beside[1].weights, alone.weights)
    assert not any(same(model.weights, alone.weights) for model in beside if model is not beside[1])


def test_a_restart_does_not_depend_on_how_many_there_are():
    many = train([CONFIG], RECIPE.replace(restarts=5))[0].restarts
    few = train([CONFIG], RECIPE.replace(restarts=3))[0].restarts
    assert all(map(same, few, many))
    assert same(train([CONFIG], RECIPE)[0].weights, many[0])
    assert not any(same(many[0], other) for other in many[1:])


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_large_operators_have_threads_which_change_little(
    processes: int, monkeypatch: pytest.MonkeyPatch
):
    configs = [CONFIG.replace(n_features=60, n_neurons=m) for m in (20, 30)]
    recipe = RECIPE.replace(batch_size=512, steps=6)
    expected = train(configs, recipe)
    monkeypatch.setattr("toymodel.training.sharding._MIN_WORK_FOR_THREADS", 1)
    before, threads = torch.get_num_threads(), []
    found = train(
        configs,
        recipe,
        processes=processes,
        on_snapshot=lambda snapshot: threads.append(torch.get_num_threads()),
    )
    assert set(threads) == {processes}
    assert torch.get_num_threads() == before
    for one, other in zip(found, expected, strict=True):
        for name in ("W1", "W2", "b"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-4)


@pytest.mark.parametrize("instances", [1, 2, 4, 7])
def test_weights_do_not_depend_on_how_the_work_is_split(
    instances: int, monkeypatch: pytest.MonkeyPatch
):
    configs = [CONFIG, CONFIG.replace(seed=5), CONFIG.replace(feature_probability=1.0)]
    recipe = RECIPE.replace(restarts=3)
    whole = train(configs, recipe)
    weights = CONFIG.n_features * CONFIG.n_neurons * recipe.batch_size
    monkeypatch.setattr("toymodel.training.sharding._MAX_SHARD_WORK", instances * weights)
    monkeypatch.setattr("toymodel.training.memory._MAX_BLOCK_WORK", 1)
    for one, other in zip(train(configs, recipe), whole, strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)


def test_weights_do_not_depend_on_snapshots():
    run = training([CONFIG], RECIPE.replace(steps=200), interval=0.0)
    steps = []
    try:
        while True:
            snapshot = next(run)
            snapshot.weights(0, 0)
            snapshot.checkpoint()
            steps.append(snapshot.step)
    except StopIteration as finished:
        (watched,) = finished.value
    assert len(set(steps)) >= 7
    assert steps == sorted(steps)
    assert same(watched.weights, train([CONFIG], RECIPE.replace(steps=200))[0].weights)


def test_the_history_falls_and_ends_with_the_last_step():
    (model,) = train([CONFIG.replace(feature_probability=1.0)], RECIPE.replace(steps=1_001))
    history = model.history
    assert history.step[-1] == 1_001
    assert np.all(np.diff(history.step) > 0)
    assert len(history.step) <= 200
    assert history.loss.shape == (1, len(history.step))
    assert history.loss[0, -1] == pytest.approx(model.loss, rel=0.5)
    assert history.loss[0, -1] < history.loss[0, 0] / 2


def test_snapshots_arrive_and_show_where_training_stands():
    seen: list[tuple[Snapshot, tm.Weights, History]] = []
    times: list[float] = []

    def watch(snapshot: Snapshot) -> None:
        seen.append((snapshot, snapshot.weights(1, 0), snapshot.history(1)))
        times.append(time.perf_counter())

    configs = [CONFIG, CONFIG.replace(n_neurons=3)]
    models = train(configs, tm.Recipe(steps=3_000, batch_size=64, restarts=2), on_snapshot=watch)
    first, last = seen[0][0], seen[-1][0]
    assert (first.step, first.remaining) == (0, math.inf)
    assert seen[0][2].step.size == 0
    assert math.isnan(seen[0][2].lowest)
    assert (last.step, last.steps, last.remaining) == (3_000, 3_000, 0)
    history = seen[-1][2]
    assert history.loss.shape == (2, len(history.step))
    assert (history.step[-1], history.together) == (3_000, 2)
    assert np.isfinite(history.loss).all()
    assert np.all(np.diff(history.seconds) > 0)
    assert history.seconds[-1] <= times[-1] - times[0] + 1
    assert len({snapshot.step for snapshot, *_ in seen}) > 2
    assert seen[0][1].W1.shape == (3, 6)
    assert not same(seen[0][1], seen[-1][1])
    assert same(seen[-1][1], models[1].restarts[0])
    assert history.leader == int(np.argmin(history.loss[:, -1]))
    assert history.lowest == history.loss[:, -1].min()
    np.testing.assert_array_equal(models[1].history.loss, history.loss)
    middle = seen[len(seen) // 2][0]
    assert middle.remaining == middle.pace * (3_000 - middle.step)


def test_raising_in_on_snapshot_stops_the_training():
    started = time.monotonic()

    def stop(snapshot: Snapshot) -> None:
        if snapshot.step:
            raise tm.TrainingCancelled

    with pytest.raises(tm.TrainingCancelled):
        train([CONFIG], LONG, on_snapshot=stop)
    assert time.monotonic() - started < 2
    assert torch.get_num_threads() >= 1


LEAVES_OUT = RECIPE.replace(min_importance=0.7)
"""By which two of six features are left out, and three where there are three neurons."""


@pytest.mark.parametrize(
    "recipe",
    [RECIPE, RECIPE.replace(sampler="iid", restarts=3), LEAVES_OUT],
    ids=["standard", "iid", "features left out"],
)
def test_a_paused_training_goes_on_as_if_it_never_had_been(recipe: tm.Recipe):
    configs = [CONFIG, CONFIG.replace(n_neurons=3, seed=1)]
    recipe = recipe.replace(steps=300)
    whole = train(configs, recipe)
    paused: list[Checkpoint] = []
    resume = None
    for _ in range(3):
        run = training(configs, recipe, resume=resume, interval=0.0)
        for snapshot in run:
            if snapshot.step >= 70 + (paused[-1].about["done"] if paused else 0):
                resume = snapshot.checkpoint()
                paused.append(resume)
                break
        run.close()
    assert resume and 0 < resume.about["done"] < 300
    # Into a file and back.
    about = json.loads(json.dumps(dict(resume.about)))
    resume = Checkpoint(resume.keys, dict(resume.tensors), about)
    assert resume.fits(configs, recipe)
    assert not resume.fits(configs[:1], recipe)
    with pytest.raises(ValueError, match="another training, or another version of the engine"):
        train(configs[:1], recipe, resume=resume)
    models = train(configs, recipe, resume=resume)
    for one, other in zip(whole, models, strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)
        np.testing.assert_array_equal(one.history.step, other.history.step)
        assert np.all(np.diff(other.history.seconds) > 0)


def test_a_second_cycle_goes_on_from_the_first_and_lowers_the_loss():
    recipe = tm.Recipe(steps=200, batch_size=64, restarts=2)
    (first,) = train([CONFIG], recipe)
    twice = recipe.replace(cycles=2)
    (longer,) = train([CONFIG], twice, start=[first])
    seen: list[tuple[int, int]] = []
    (whole,) = train([CONFIG], twice, on_snapshot=lambda s: seen.append((s.step, s.steps)))
    assert all(map(same, longer.restarts, whole.restarts))
    assert longer.losses.max() < first.losses.max()
    assert longer.loss < first.loss
    assert longer.recipe == twice.resolve(CONFIG)
    steps = [step for step, _ in seen]
    assert steps == sorted(steps) and seen[-1] == (400, 400)
    records = len(first.history.step)
    np.testing.assert_array_equal(longer.history.loss[:, :records], first.history.loss)
    np.testing.assert_array_equal(longer.history.step[:records], first.history.step)
    assert longer.history.step[-1] == 400
    assert np.all(np.diff(longer.history.step) > 0)
    assert np.all(np.diff(longer.history.seconds) > 0)
    (third,) = train([CONFIG], recipe.replace(cycles=3))
    assert not same(third.weights, longer.weights)


def test_features_that_are_left_out_have_no_weights_in_any_cycle():
    assert LEAVES_OUT.trained_features(CONFIG) == 4
    configs = [CONFIG, CONFIG.replace(task="identity", hidden_bias=True, n_neurons=2)]
    for cycles in (1, 2):
        for model in train(configs, LEAVES_OUT.replace(cycles=cycles, restarts=2)):
            for weights in model.restarts:
                assert weights.W1[:, :4].all() and not weights.W1[:, 4:].any()
                assert weights.W2[:4].all() and not weights.W2[4:].any()
                assert weights.b[4:].tolist() == pytest.approx([0.05, 0.05], rel=1e-7)
            # 0.8^4 + 0.8^5 of the importance, and the best constant has a loss of 1 - 3 p/4.
            least = 0.73728 / 3.68928 * 0.925
            assert least < model.loss < 1
            assert model.history.loss.min() > least


def test_restarts_that_diverged_take_no_part_in_later_cycles():
    (first,) = train(SEEDS[:1], SOMETIMES_WILD.replace(restarts=8))
    assert 0 < len(first.restarts) < 8
    calm = SOMETIMES_WILD.replace(restarts=8, cycles=2)
    (longer,) = train(SEEDS[:1], calm)
    assert 0 < len(longer.restarts) <= len(first.restarts)
    assert longer.history.loss.shape == (len(longer.restarts), len(longer.history.step))


def test_what_diverged_in_an_early_cycle_is_reported_and_the_others_go_on():
    configs = [CONFIG, CONFIG.replace(feature_probability=1e-300)]
    recipe = tm.Recipe(steps=50, batch_size=8, cycles=2)
    with pytest.raises(tm.TrainingDiverged, match="p = 1e-300") as caught:
        train(configs, recipe)
    good, bad = caught.value.models
    assert bad is None
    assert good is not None and good.recipe == recipe.resolve(CONFIG)
    assert same(good.weights, train([CONFIG], recipe)[0].weights)


@pytest.mark.parametrize("cycles", [1, 2])
def test_divergence_is_found_and_reported_with_its_likely_cause(cycles: int):
    with pytest.raises(tm.TrainingDiverged) as caught:
        train([CONFIG, CONFIG.replace(feature_probability=1.0)], WILD.replace(cycles=cycles))
    assert caught.value.models == [None, None]
    first, second = caught.value.reasons
    assert first.startswith("Training diverged at p = 0.1 by step ")
    assert second.startswith("Training diverged at p = 1 by step ")
    for reason in (first, second):
        assert "learning rate 10 is probably too high (the standard recipe has 0.078)" in reason
    assert str(caught.value) == f"{first} {second}"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.models, again.reasons) == ([None, None], [first, second])
    assert str(again) == str(caught.value)


def test_a_training_ends_early_when_all_of_it_diverged():
    steps: list[int] = []
    configs = [CONFIG.replace(feature_probability=1e-300, seed=seed) for seed in range(2)]
    with pytest.raises(tm.TrainingDiverged, match="by step 500:"):
        train(configs, LONG.replace(steps=100_000), on_snapshot=lambda s: steps.append(s.step))
    assert max(steps) < 20_000


def test_restarts_and_configs_that_diverge_are_dropped_and_the_others_kept():
    recipe = SOMETIMES_WILD.replace(restarts=8)
    (model,) = train(SEEDS[:1], recipe)
    assert 1 <= len(model.restarts) < 8
    assert len(model.losses) == len(model.loss_errors) == len(model.history.loss)
    assert np.isfinite(model.history.loss).all()
    assert all(weights.finite for weights in model.restarts)
    # The same for configs.
    with pytest.raises(tm.TrainingDiverged) as caught:
        train(SEEDS, SOMETIMES_WILD)
    models = caught.value.models
    assert 0 < models.count(None) == len(caught.value.reasons) < len(SEEDS) == len(models)
    for config, kept in zip(SEEDS, models, strict=True):
        assert kept is None or kept.config == config
        assert kept is None or (kept.weights.finite and math.isfinite(kept.loss))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (5, 1)])
def test_the_smallest_shapes_can_be_trained(n: int, m: int):
    (model,) = train([tm.Config(n_features=n, n_neurons=m, feature_probability=0.5)], RECIPE)
    assert (model.W1.shape, model.W2.shape) == ((m, n), (n, m))
    assert 0 <= model.loss < 1.2
