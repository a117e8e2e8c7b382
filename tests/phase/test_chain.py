"""Networks that are followed along density: their training, their neurons, and their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import toymodel as tm
from tests.helpers.networks import WILD
from toymodel.errors import TrainingDiverged
from toymodel.phase.chain import Chain, chain_path, follow, load_chain, save_chain, there_and_back
from toymodel.settings import SettingError
from toymodel.storage.model_file import DamagedFile, OtherEngine
from toymodel.storage.tensor_file import pack, unpack

CONFIG = tm.Config(n_features=6, n_neurons=4)
RECIPE = tm.RECIPES["quick"].replace(steps=300, restarts=2)
DENSITIES = (1.0, 0.9, 0.3)

pytestmark = pytest.mark.usefixtures("short_evaluation")


@pytest.fixture(scope="module")
def chain() -> Chain:
    return follow(CONFIG, DENSITIES, RECIPE)


def test_the_way_back_ends_where_it_began():
    assert there_and_back((1.0, 0.1, 0.01)) == (1.0, 0.1, 0.01, 0.1, 1.0)
    assert there_and_back((0.5,)) == (0.5,)


def test_each_density_goes_on_from_the_networks_at_the_one_before(chain: Chain):
    assert (chain.config, chain.recipe, chain.densities) == (CONFIG, RECIPE, DENSITIES)
    assert chain.W1.shape == (3, 2, 4, 6)
    before: list[tm.Model] | None = None
    for place, density in enumerate(DENSITIES):
        config, recipe = (
            CONFIG.replace(feature_probability=density),
            RECIPE.replace(cycles=place + 1),
        )
        before = tm.train([config], recipe, start=before)
        assert_array_equal(chain.W1[place], [weights.W1 for weights in before[0].restarts])
        assert chain.losses[place] == pytest.approx(before[0].losses, rel=0.05)  # on fewer inputs


def test_neurons_stay_like_themselves_where_no_two_hold_the_same(chain: Chain):
    assert chain.most_like_themselves().all()


def test_neurons_that_change_places_are_not_like_themselves():
    W1 = np.zeros((2, 1, 4, 3), np.float32)
    W1[0, 0] = [[1, 0, 0], [0, 2, 0], [0, 0, 1], [0, 0, 0]]
    W1[1, 0] = [[0, 3, 0], [1, 1, 0], [0, 0.1, 1], [0, 0, 0]]
    moved = Chain(
        config=CONFIG, recipe=RECIPE, densities=(1.0, 0.5), W1=W1, losses=np.ones((2, 1), "f4")
    )
    # The last one has no weights, and no other is like it.
    assert moved.most_like_themselves().tolist() == [[[False, False, True, True]]]


def test_snapshots_count_the_steps_of_all_densities():
    seen: list[int] = []
    follow(CONFIG, DENSITIES, RECIPE, on_snapshot=lambda snapshot: seen.append(snapshot.step))
    assert seen == sorted(seen)
    assert seen[-1] == 3 * RECIPE.steps


def test_a_network_that_diverges_ends_the_chain():
    with pytest.raises(TrainingDiverged):
        follow(CONFIG, DENSITIES, WILD)


def test_one_of_several_networks_that_diverges_ends_the_chain(monkeypatch: pytest.MonkeyPatch):
    from toymodel.training import train as module

    train = module.train

    def lose_one(configs, recipe, **options):
        (model,) = train(configs, recipe, **options)
        if recipe.cycles < 2:
            return [model]
        kept = {"restarts": model.restarts[:1], "losses": model.losses[:1]}
        return [replace(model, **kept, loss_errors=model.loss_errors[:1])]

    monkeypatch.setattr(module, "train", lose_one)
    with pytest.raises(TrainingDiverged, match=r"1 networks diverged at p = 0\.9"):
        follow(CONFIG, DENSITIES, RECIPE.replace(steps=20))


def test_a_density_that_a_config_refuses_is_refused():
    with pytest.raises(SettingError, match="feature_probability"):
        follow(CONFIG, (1.0, 0.0), RECIPE.replace(steps=5))


def test_a_file_holds_a_chain(chain: Chain, tmp_path: Path):
    path = chain_path(tmp_path)
    save_chain(chain, path)
    again = load_chain(path)
    assert (again.config, again.recipe, again.densities) == (CONFIG, RECIPE, DENSITIES)
    assert_array_equal(again.W1, chain.W1)
    assert_array_equal(again.losses, chain.losses)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tensors, about: tensors.pop("losses"),
        lambda tensors, about: tensors.update(W1=tensors["W1"][:1]),
        lambda tensors, about: tensors.update(W1=tensors["W1"] * np.float32(np.nan)),
        lambda tensors, about: about.update(engine=-1),
        lambda tensors, about: about.pop("config"),
        lambda tensors, about: about.update(recipe={"steps": 0}),
        lambda tensors, about: about.update(densities=["x"]),
    ],
)
def test_a_damaged_file_is_refused(chain: Chain, tmp_path: Path, spoil):
    path = tmp_path / "chain.safetensors"
    save_chain(chain, path)
    tensors, about = unpack(path.read_bytes())
    spoil(tensors, about)
    path.write_bytes(pack(tensors, about))
    with pytest.raises(DamagedFile, match="not a usable chain of networks"):
        load_chain(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFile):
        load_chain(path)


def test_a_chain_of_an_older_engine_says_what_to_do(chain: Chain, tmp_path: Path):
    path = tmp_path / "chain.safetensors"
    save_chain(chain, path)
    tensors, about = unpack(path.read_bytes())
    about.update(engine=1, recipe=about["recipe"] | {"then": 0.5})
    path.write_bytes(pack(tensors, about))
    with pytest.raises(OtherEngine, match=r"^chain.safetensors was trained by engine 1; .*again$"):
        load_chain(path)
