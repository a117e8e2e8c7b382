from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.motifs import ONE, monosemantic, one, plant, two
from tests.helpers.networks import ROOT, same, two_neurons_a_feature, weights
from toymodel.analysis.ablation import interventions, loss_by_inhibition, without_inhibition
from toymodel.analysis.decomposition import (
    ROLES,
    Decomposition,
    Shift,
    decompose,
    find_roles,
    shifts_of_the_rest,
)
from toymodel.analysis.loss import evaluate
from toymodel.analysis.motifs import MotifThresholds
from toymodel.model import Model, Weights
from toymodel.storage.store import Store
from toymodel.sweeps.shipped import SMALL

pytestmark = pytest.mark.usefixtures("short_evaluation")

THREE = tm.Config(n_features=3, n_neurons=6)
FOUR = tm.Config(n_features=4, n_neurons=8, feature_probability=0.5)
NONE, SIDE, SIDES, ASYMMETRIC, INHIBITS = range(5)


def with_a_rest() -> Weights:
    """The planted instance, and three weights more that have no role."""
    W1, W2 = plant(monosemantic(4), 0, 1, {4: -16})
    W1[6, 2] = 0.125
    W2[0, 7], W2[1, 5] = -0.0625, 0.03125
    return weights(W1, W2)


@pytest.fixture(scope="module")
def shipped() -> Model:
    model = Store(ROOT / "cache").get(SMALL.configs[0], SMALL.recipe)
    assert model
    return model


def losses(found: Decomposition) -> tuple[float, float, float]:
    return found.absolute_value, found.with_motifs, found.everything


def test_every_weight_of_a_planted_network_has_its_role():
    found = decompose(FOUR, with_a_rest())
    # Features 0 and 1 keep a neuron of their own below 0; above, they share neuron 0. Weights of
    # 0 and those that were added are the rest.
    W1 = [[3, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    W1 += [[4, 0, 2, 0], [0, 0, 2, 0], [0, 0, 0, 2], [0, 0, 0, 2]]
    W2 = [[3, 1, 0, 0, 0, 0, 0, 0], [3, 0, 0, 1, 4, 0, 0, 0]]
    W2 += [[0, 0, 0, 0, 2, 2, 0, 0], [0, 0, 0, 0, 0, 0, 2, 2]]
    np.testing.assert_array_equal(found.W1, W1)
    np.testing.assert_array_equal(found.W2, W2)
    assert found.motifs == (ONE,)
    assert (ROLES[NONE], ROLES[SIDE], ROLES[SIDES]) == (
        "rest",
        "absolute value, one side",
        "absolute value, both sides",
    )
    assert (ROLES[ASYMMETRIC], ROLES[INHIBITS]) == ("asymmetric superposition", "inhibition")


def test_the_losses_are_those_of_networks_with_fewer_and_fewer_roles():
    network = with_a_rest()
    found = decompose(FOUR, network)
    W1, W2 = monosemantic(4)
    for shared in (0, 2):
        W1[shared], W2[:, shared] = 0, 0
    assert losses(found) == (
        evaluate(FOUR, weights(W1, W2)).value,
        evaluate(FOUR, weights(*plant(monosemantic(4), 0, 1, {4: -16}))).value,
        evaluate(FOUR, network).value,
    )
    # Without motifs half of features 0 and 1 is missing, and nothing else.
    exact = (1 + 0.8) / 2 / (1 + 0.8 + 0.8**2 + 0.8**3)
    assert found.absolute_value == pytest.approx(exact, rel=0.05)


def test_what_pushes_and_what_takes_it_away_are_one_thing():
    # The inhibitor pushes an output of its own, feature 2, for which there is another inhibitor.
    W1, W2 = plant(monosemantic(4), 0, 1, {4: -16})
    W1[6, 0], W2[2, 6] = 0.125, -2
    found = decompose(FOUR, weights(W1, W2))
    assert (found.W1[6, 0], found.W2[2, 6]) == (INHIBITS, INHIBITS)
    assert found.with_motifs == found.everything


def test_a_model_of_absolute_values_is_that_and_nothing_else():
    network = two_neurons_a_feature(3)
    found = decompose(THREE, network)
    assert (found.motifs, losses(found)) == ((), (0, 0, 0))
    np.testing.assert_array_equal(found.W1, np.where(network.W1, SIDES, NONE))
    np.testing.assert_array_equal(found.W2, np.where(network.W2, SIDES, NONE))
    network = two_neurons_a_feature(3)
    network.W1[1, 0], network.W2[0, 1] = 0.25, -0.5
    found = decompose(THREE, network)
    assert (found.W1[1, 0], found.W2[0, 1]) == (NONE, NONE)


def test_one_neuron_a_feature_is_one_side():
    found = decompose(tm.Config(n_features=3, n_neurons=3), weights(np.eye(3), np.eye(3)))
    np.testing.assert_array_equal(found.W1, np.eye(3) * SIDE)
    np.testing.assert_array_equal(found.W2, np.eye(3) * SIDE)
    assert found.absolute_value == found.with_motifs == found.everything
    assert found.everything == pytest.approx(0.5, rel=0.05)
    config = tm.Config(n_features=1, n_neurons=1)
    found = decompose(config, weights([[0]], [[0]]))
    assert (found.W1.tolist(), found.W2.tolist(), found.motifs) == ([[NONE]], [[NONE]], ())
    assert losses(found) == pytest.approx((1, 1, 1), rel=0.05)


def test_thresholds_decide_what_is_an_instance():
    network = weights(*one())
    assert decompose(THREE, network, MotifThresholds(ratio=4)).motifs == (ONE,)
    found = decompose(THREE, network, MotifThresholds(ratio=4.01))
    assert found.motifs == ()
    assert (found.W1[0, 1], found.W2[1, 0]) == (SIDES, SIDES)  # shared, but not asymmetrically


@pytest.mark.parametrize("seed", range(4))
def test_roles_go_with_the_weights_whatever_their_order_sign_and_scale(seed: int):
    config = tm.Config(n_features=6, n_neurons=12)
    random = np.random.default_rng(seed)
    W1, W2 = two()
    neurons, features = random.permutation(12), random.permutation(6)
    signs, scale = random.choice([-1, 1], 6), 2.0 ** random.integers(-4, 5, (12, 1))
    before = decompose(config, weights(W1, W2))
    into = (W1 * signs * scale)[np.ix_(neurons, features)]
    out = (W2 / scale.T)[np.ix_(features, neurons)]
    after = decompose(config, weights(into, out))
    np.testing.assert_array_equal(after.W1, before.W1[np.ix_(neurons, features)])
    np.testing.assert_array_equal(after.W2, before.W2[np.ix_(features, neurons)])
    assert {*np.unique(before.W1)} == {NONE, SIDE, SIDES, ASYMMETRIC, INHIBITS}


def test_the_rest_moves_outputs_by_as_much_as_its_weights_say():
    network = with_a_rest()
    found = decompose(FOUR, network)
    expected = [
        Shift(feature=2, side=1, output=3, amount=0.125, effect="hurts"),
        Shift(feature=3, side=-1, output=0, amount=-0.0625, effect="none"),
        Shift(feature=2, side=-1, output=1, amount=0.03125, effect="hurts"),
    ]
    assert shifts_of_the_rest(FOUR, network, found) == expected
    assert shifts_of_the_rest(FOUR, network, found, min_amount=0.0625) == expected[:2]
    network = with_a_rest()
    network.b[3] = 1
    first, *_ = shifts_of_the_rest(FOUR, network, decompose(FOUR, network))
    x = np.zeros((4, 1), np.float32)
    x[first.feature] = first.side
    assert network.output(x)[first.output, 0] == network.b[first.output] + first.amount
    for network in (weights(*one()), two_neurons_a_feature(3)):
        assert shifts_of_the_rest(THREE, network, decompose(THREE, network)) == []


def test_a_shift_helps_where_the_output_errs_less():
    W1, W2 = (part / 2**0.5 for part in monosemantic(4))  # every output answers half
    W1[6, 2], W2[2, 7] = 0.125, -0.0625
    W1[3, 2], W2[2, 3] = -0.0625, 0.0625  # of f2 itself, below 0
    network = weights(W1, W2, b=[0, 0, 0, -0.125 / 2**0.5])
    found = shifts_of_the_rest(FOUR, network, find_roles(network))
    effects = {(shift.feature, shift.output): shift.effect for shift in found}
    assert effects[2, 2] == "helps"
    assert effects[2, 3] == "none"  # from 0 to 0, the bias takes it
    assert effects[3, 2] == "none"


def test_a_shift_counts_what_hidden_biases_bring_already():
    network = with_a_rest()
    network.b_hidden[0] = 0.5  # so that output 0 answers something to f3, and too much
    found = shifts_of_the_rest(FOUR, network, find_roles(network))
    (shift,) = (each for each in found if (each.feature, each.output) == (3, 0))
    assert (shift.side, shift.amount, shift.effect) == (-1, -0.0625, "helps")
    x = np.zeros((4, 1), np.float32)
    x[3] = -1
    W2 = network.W2.copy()
    W2[0, 7] = 0
    assert 0 < network.output(x)[0, 0] < replace(network, W2=W2).output(x)[0, 0]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("bias", [0, 2.25])
def test_an_intervention_is_the_network_with_these_weights(bias: float, sign: int):
    # Inhibition of 3 only, so that one unit of the interference of 4 comes out.
    W1, W2 = plant(monosemantic(3), 0, 1, {4: -12})
    W1[:, 0] *= sign
    network = weights(W1, W2, b=[0, bias, 0])
    (motif,) = tm.find_motifs(network.W1, network.W2)
    found = interventions(THREE, network, motif)
    names = [
        "as it is",
        "without inhibition",
        "symmetric, inhibition re-fitted",
        "symmetric, without inhibition",
        "without the neuron",
    ]
    assert [each.name for each in found] == names
    fitted = found[2].inhibition
    assert [each.inhibition for each in found] == [1, 0, fitted, 0, 1]
    changed = [replace(network, W1=network.W1.copy(), W2=network.W2.copy()) for _ in range(5)]
    changed[1].W2[1, 4] = 0
    for each, share in ((changed[2], fitted), (changed[3], 0)):
        each.W1[0, 1], each.W2[1, 0] = 2, 0.5  # both gains as before: interference 1
        each.W2[1, 4] *= share
    changed[4].W2[:, 0] = 0
    outputs = (1 + bias, 4 + bias, max(1 - 3 * fitted + bias, 0), 1 + bias, max(bias - 3, 0))
    assert tuple(each.output for each in found) == pytest.approx(outputs)
    expected = [evaluate(THREE, each).value for each in changed]
    assert [each.loss for each in found] == pytest.approx(expected)
    assert found[0].loss == expected[0]


def test_the_inhibition_can_be_turned_down():
    network = weights(*two())
    motifs = tm.find_motifs(network.W1, network.W2)
    W2 = network.W2.copy()
    W2[1, 4], W2[4, [4, 10]] = -4, (-1, -3)
    quarter = without_inhibition(network, motifs, 0.25)
    assert same(quarter, replace(network, W2=W2))
    W2[1, 4], W2[4, [4, 10]] = 0, 0
    assert same(without_inhibition(network, motifs), replace(network, W2=W2))
    W2[1, 4] = -16
    assert same(without_inhibition(network, motifs[1:]), replace(network, W2=W2))
    network = weights(*two())
    motifs = tm.find_motifs(network.W1, network.W2)
    assert same(without_inhibition(network, motifs, 1), network)
    assert same(without_inhibition(network, []), network)
    W1, W2 = plant(plant(monosemantic(4), 0, 1, {4: -16}), 3, 1, {4: -16}, into=-0.5)
    network = weights(W1, W2)
    motifs = tm.find_motifs(network.W1, network.W2)
    assert [each[1:4] for each in motifs] == [(0, 1, (4,)), (3, 1, (4,))]
    assert without_inhibition(network, motifs, 0.5).W2[1, 4] == -8


def test_networks_are_only_read():
    network = with_a_rest()
    found = decompose(FOUR, network)
    shifts_of_the_rest(FOUR, network, found)
    interventions(FOUR, network, found.motifs[0])
    without_inhibition(network, found.motifs)
    assert same(network, with_a_rest())


def test_the_shipped_model_is_absolute_values_and_motifs(shipped: Model):
    found = decompose(shipped.config, shipped.weights)
    assert found.motifs
    assert found.everything < found.with_motifs < found.absolute_value / 3
    motifs = tm.find_motifs(shipped.W1, shipped.W2)
    changed = without_inhibition(shipped.weights, motifs)
    before, after = (evaluate(shipped.config, each).value for each in (shipped.weights, changed))
    assert after > 50 * before
    for motif in motifs:
        as_it_is, without, *_ = interventions(shipped.config, shipped.weights, motif)
        assert as_it_is.output < 0.1
        assert without.output == pytest.approx(motif.interference, abs=0.2)


def test_losses_by_inhibition_are_those_of_the_networks():
    network = weights(*two(), b=[0.1, 0.2, 0, -0.1, 0.3, 0])
    config = tm.Config(n_features=6, n_neurons=12, feature_probability=0.3)
    motifs = tm.find_motifs(network.W1, network.W2)
    shares = [0, 0.25, 0.9, 1]
    for some in (motifs, motifs[:1]):
        expected = [
            evaluate(config, without_inhibition(network, some, share)).value for share in shares
        ]
        found = loss_by_inhibition(config, network, some, shares)
        assert found.tolist() == pytest.approx(expected, rel=1e-5)
        assert found[0] > 2 * found[-1]
    (unchanged,) = loss_by_inhibition(config, network, [], [0])
    assert unchanged == pytest.approx(evaluate(config, network).value, rel=1e-5)
