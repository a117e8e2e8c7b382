"""The phase diagram of two neurons: what networks serve, its training, and its file."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.helpers.diagrams import trained
from toymodel.phase.candidates import CANDIDATES, candidate_network, theory
from toymodel.phase.diagram import (
    DENSITIES,
    FIRST,
    NONE,
    RATIOS,
    RECIPE,
    SECOND,
    SHARED,
    SIDES,
    Diagram,
    cell_config,
    larger_together,
    load_diagram,
    phase_of,
    save_diagram,
)
from toymodel.phase.exact_loss import squared_errors
from toymodel.settings import SettingError
from toymodel.storage.model_file import DamagedFile
from toymodel.storage.tensor_file import pack, unpack

_RECIPE = RECIPE.replace(steps=400, restarts=6)
_SMALL = ((1.0, 0.05), (0.2, 1.0, 4.0))


@pytest.fixture(scope="module")
def small() -> Diagram:
    return trained(*_SMALL, _RECIPE)


@pytest.mark.parametrize(
    ("W1", "W2", "phase"),
    [
        ([[1, 0], [-2, 0.01]], [[1, 0.5], [0, 0]], FIRST),
        ([[0, 1], [0.01, -1]], [[0, 0], [1, 1]], SECOND),
        ([[1, 0.05], [-1, 0]], [[1, 1], [0, 0]], SHARED),
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], SIDES),
        ([[1, 0], [0, 0]], [[1, 0], [0, 0]], FIRST),
        ([[0, 0], [0, 0]], [[1, 0], [0, 1]], NONE),
        # Both of its weights are alike, but nothing comes of it.
        ([[1, 0], [1, 1]], [[1, 0.01], [0, 0.01]], FIRST),
    ],
)
def test_what_hand_made_networks_serve(W1, W2, phase: int):
    assert phase_of(np.array(W1, np.float32), np.array(W2, np.float32), 0.05) == phase


def test_the_candidates_are_what_they_are_called():
    served = {"first": FIRST, "second": SECOND, "sides": SIDES, "equal": SHARED, "shared": SHARED}
    for name in CANDIDATES:
        W1, W2, _ = candidate_network(name, 0.01, 0.9)
        assert phase_of(W1.astype(np.float32), W2.astype(np.float32), 0.05) == served[name]


def test_the_grid_is_fine_and_symmetrical():
    assert len(DENSITIES) >= 30 and len(RATIOS) >= 30
    assert (DENSITIES[0], DENSITIES[-1], RATIOS[0], RATIOS[-1]) == (1.0, 0.01, 0.1, 10.0)
    assert_allclose(np.array(RATIOS) * RATIOS[::-1], 1, rtol=1e-3)


@pytest.mark.parametrize("ratio", [0.1, 1.0, 2.5])
def test_a_cells_config_has_the_more_important_feature_first(ratio: float):
    config, reverse = cell_config(0.3, ratio)
    assert reverse == (ratio > 1)
    first, second = config.importance[::-1] if reverse else config.importance
    assert second / first == pytest.approx(ratio)


def test_losses_are_the_exact_ones_of_its_networks(small: Diagram):
    for i, p in enumerate(small.densities):
        for j, r in enumerate(small.ratios):
            for k in range(_RECIPE.restarts):
                network = small.W1[i, j, k], small.W2[i, j, k], small.b[i, j, k]
                error = squared_errors(np.array([p]), *(a[None] for a in network))[0]
                loss = (error[0] + r * error[1]) / (p / 3 * (1 + r))
                assert small.losses[i, j, k] == pytest.approx(loss)


def test_training_comes_near_the_exact_solution_and_never_below_it(small: Diagram):
    lowest = theory(*_SMALL).lowest
    assert (small.losses > lowest[..., None] * (1 - 1e-4)).all()
    assert (small.losses.min(axis=-1) < 1.01 * lowest).all()
    phases = small.phases(0.05)
    assert phases[0].tolist()[0] == FIRST and phases[:, 2].tolist() == [SECOND, SECOND]
    assert phases[1, 1] == SHARED


def test_the_best_network_is_the_one_shown(small: Diagram):
    best = small.losses[1, 1].argmin()
    assert_array_equal(small.weights(1, 1).W1, small.W1[1, 1, best])
    assert small.phases(0.05)[1, 1] == phase_of(small.W1[1, 1, best], small.W2[1, 1, best], 0.05)
    size = np.abs(small.W1[1, 1, best])
    assert small.sharing()[1, 1] == pytest.approx((size.min(1) / size.max(1)).max(), rel=1e-6)
    losses = small.losses.copy()
    losses[0, 0, small.best[0, 0]] = np.nan
    other = Diagram(**{**vars(small), "losses": losses})
    assert other.best[0, 0] != small.best[0, 0]


@pytest.mark.parametrize(
    ("W1", "W2", "together"),
    [
        ([[2, 1], [-2, -1]], [[3, 3], [1, 1]], [True, True]),
        ([[2, 1], [-1, 2]], [[1, 1], [3, 3]], [False, True]),
        ([[1, 2], [-2, 1]], [[-3, 1], [1, 2]], [False, False]),
    ],
)
def test_larger_weights_go_together_or_not(W1, W2, together: list[bool]):
    assert larger_together(np.array(W1, float), np.array(W2, float)).tolist() == together


def test_a_shared_cell_has_its_best_networks_order_of_weights_and_biases(small: Diagram):
    uneven = [[2, -1], [-2, 1]], [[3, 3], [1, 1]], [-0.5, 0.1]
    motif = [[2, -1], [-2, 1]], [[1, 3], [3, 1]], [0.2, 0.3]  # its first neuron is asymmetric
    idle = [[1, 2], [0.01, 0.001]], [[1, 0.1], [3, 0.5]], [0.4, -0.6]  # the second serves nothing
    alone = [[1, 0], [-1, 0]], [[1, 1], [0, 0]], [0, 0.1]
    cells = [uneven, motif, idle, alone]
    W1, W2, b = (np.array(each, np.float32)[None, :, None] for each in zip(*cells, strict=True))
    found = Diagram(
        densities=(0.1,),
        ratios=(0.5, 1.0, 2.0, 4.0),
        recipe=_RECIPE.replace(restarts=1),
        W1=W1,
        W2=W2,
        b=b,
        losses=np.zeros((1, 4, 1)),
    ).shared_cells(0.05)
    assert found[["row", "column"]].to_numpy().tolist() == [[0, 0], [0, 1], [0, 2]]
    assert found["together"].tolist() == [True, False, True]
    assert found["bias"].to_numpy() == pytest.approx([-0.5, 0.2, -0.6])
    assert found["other_bias"].to_numpy() == pytest.approx([0.1, 0.3, 0.4])


def test_trainings_that_diverge_leave_the_others():
    wild = _RECIPE.replace(steps=40, learning_rate=10.0, init_scale=10.0, slope=0.0)
    found = trained((1.0,), (1.0,), wild)
    assert found.losses.shape == (1, 1, 6)


@pytest.mark.parametrize(("densities", "ratios"), [((0.0,), (1.0,)), ((1.5,), (1.0,))])
def test_densities_that_a_config_refuses_are_refused(densities, ratios):
    with pytest.raises(SettingError, match="feature_probability"):
        trained(densities, ratios, _RECIPE)


def test_a_file_holds_a_diagram(small: Diagram, tmp_path: Path):
    path = tmp_path / "new" / "diagram.safetensors"
    save_diagram(small, path)
    again = load_diagram(path)
    assert (again.densities, again.ratios, again.recipe) == (*_SMALL, _RECIPE)
    for name in ("W1", "W2", "b", "losses"):
        assert_array_equal(getattr(again, name), getattr(small, name))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tensors, about: tensors.pop("b"),
        lambda tensors, about: tensors.update(W1=tensors["W1"][:1]),
        lambda tensors, about: tensors.update(W2=tensors["W2"] * np.float32(np.nan)),
        lambda tensors, about: tensors.update(losses=tensors["losses"].astype(np.float32)),
        lambda tensors, about: about.update(engine=-1),
        lambda tensors, about: about.pop("recipe"),
        lambda tensors, about: about.update(recipe={"steps": 0}),
    ],
)
def test_a_damaged_file_is_refused(small: Diagram, tmp_path: Path, spoil):
    path = tmp_path / "diagram.safetensors"
    save_diagram(small, path)
    tensors, about = unpack(path.read_bytes())
    spoil(tensors, about)
    path.write_bytes(pack(tensors, about))
    with pytest.raises(DamagedFile, match="not a usable phase diagram"):
        load_diagram(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFile):
        load_diagram(path)
