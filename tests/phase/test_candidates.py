"""The candidates' exact losses against their networks', and against searching for better ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.helpers.quadrature import by_brute_force
from toymodel.phase.candidates import (
    ANGLES,
    CANDIDATES,
    candidate_network,
    shared_solutions,
    theory,
)
from toymodel.phase.diagram import larger_together
from toymodel.phase.exact_loss import squared_errors

_DENSITIES = (1.0, 0.3, 0.1, 0.03, 0.01)
_RATIOS = (0.1, 0.5, 0.8, 1.0, 1.25, 2.0, 10.0)
_FOUND = theory(_DENSITIES, _RATIOS)


def normalised(errors, p, r):
    return (errors[..., 0] + r * errors[..., 1]) / (p / 3 * (1 + r))


@pytest.mark.parametrize("name", list(CANDIDATES))
def test_a_candidates_loss_is_that_of_its_network_by_brute_force(name):
    for i, p in enumerate(_DENSITIES):
        for j, r in enumerate(_RATIOS):
            network = candidate_network(name, p, r)
            exact = squared_errors(np.array([p]), *(a[None] for a in network))[0]
            claimed = _FOUND.losses[name][i, j]
            assert normalised(exact, p, r) == pytest.approx(claimed, rel=1e-4)
            brute = by_brute_force(p, *network)
            assert normalised(brute, p, r) == pytest.approx(claimed, rel=2e-4, abs=1e-6)


def test_dense_features_are_served_alone_and_sparse_ones_of_like_importance_shared():
    p, r = np.array(_DENSITIES)[:, None], np.array(_RATIOS)
    assert_allclose(_FOUND.losses["first"], r * (1 - 3 * p / 4) / (1 + r))
    assert_allclose(_FOUND.losses["second"], (1 - 3 * p / 4) / (1 + r))
    assert_allclose(_FOUND.lowest, _FOUND.lowest[:, ::-1], rtol=1e-9)
    unequal = np.array(_RATIOS) != 1
    angle = _FOUND.angle[:, unequal]
    assert_allclose(angle, np.pi / 2 - angle[:, ::-1], atol=1e-9)
    best = _FOUND.best(0.05)
    assert best[0].tolist()[:3] == [0, 0, 0]
    assert best[0].tolist()[4:] == [1, 1, 1]
    assert best[-1].tolist() == [0, 2, 2, 2, 2, 2, 1]
    assert _FOUND.best(1.0).max() < 2


def test_the_feature_with_the_larger_input_weight_has_the_larger_output_weight_and_a_threshold():
    # So a shared neuron is no instance of the motif, where it has the smaller output weight.
    shared = np.argwhere(_FOUND.best(0.05) == 2)
    assert len(shared) >= 5
    for row, column in shared:
        W1, W2, b = candidate_network("shared", _DENSITIES[row], _RATIOS[column])
        larger = int(np.abs(W1[0]).argmax())
        assert (W2[larger] > 1.1 * W2[1 - larger]).all()
        assert larger_together(W1, W2).all()
        assert b[larger] < 0 < b[1 - larger]


@pytest.mark.parametrize(("p", "angles"), [(0.8, (0, 90)), (0.1, (20, 60, 120)), (0.02, (90, 180))])
def test_no_other_gain_and_bias_is_better(p: float, angles: tuple[int, ...]):
    found = shared_solutions((p,))
    gain, bias = (a.ravel() for a in np.meshgrid(np.linspace(0, 3, 61), np.linspace(-1, 1, 41)))
    for k in angles:
        a, count = ANGLES[k], len(gain)
        W1 = np.tile([[np.cos(a), np.sin(a)], [-np.cos(a), -np.sin(a)]], (count, 1, 1))
        W2 = np.stack([np.stack([gain, gain], axis=-1)] * 2, axis=1)
        errors = squared_errors(np.full(count, p), W1, W2, np.stack([bias, bias], axis=-1))
        assert errors[:, 0].min() >= found.error[0, k] - 1e-9
        assert errors[:, 0].min() <= found.error[0, k] + 0.01 * p


@pytest.mark.parametrize(("p", "r"), [(1.0, 0.9), (0.15, 1.0), (0.03, 0.7), (0.01, 0.35)])
def test_no_other_directions_of_the_two_neurons_are_better(p: float, r: float):
    # Outputs of any two directions, by random search from the best candidate and from nothing.
    random = np.random.default_rng(3)
    best = theory((p,), (r,)).lowest[0, 0]
    shape = (400,)
    starts = [candidate_network(name, p, r) for name in CANDIDATES]
    lowest = np.inf
    for size in (1.0, 0.3, 0.1, 0.03):
        for network in starts:
            W1, W2, b = (a + size * random.normal(size=(*shape, *a.shape)) for a in network)
            losses = normalised(squared_errors(np.full(shape, p), W1, W2, b), p, r)
            lowest = min(lowest, losses.min())
    assert lowest > best * (1 - 1e-4)
