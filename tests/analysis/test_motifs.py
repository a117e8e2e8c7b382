from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toymodel as tm
from tests.helpers.motifs import (
    MUTUAL,
    ONE,
    OTHER,
    TWO_UNEVEN,
    Matrices,
    monosemantic,
    one,
    plant,
    two,
)
from tests.helpers.networks import ROOT, two_neurons_a_feature, weights
from toymodel.analysis.motifs import (
    Motif,
    MotifThresholds,
    asymmetric_neurons,
    count_words,
    find_motifs,
    held_sides,
    scale_neurons,
)
from toymodel.analysis.polysemanticity import path_gain
from toymodel.model import Weights
from toymodel.storage.store import Store
from toymodel.sweeps.shipped import SMALL


@pytest.mark.parametrize("into", [0.5, -0.5])
def test_a_planted_instance_is_found_with_its_numbers(into: float):
    assert find_motifs(*one(into=into)) == [ONE]


def test_two_instances_are_found_with_their_inhibitors_the_strongest_first():
    assert find_motifs(*two()) == [ONE, OTHER]
    network = plant(monosemantic(4), 0, 1, {4: -4, 6: -5, 7: -0.5})
    # Neuron 7 takes a thirty-second of the interference away, which is too little to count.
    assert find_motifs(*network) == [ONE._replace(inhibitors=(6, 4), inhibition=-2.25)]
    W1, W2 = one()
    W1[:, 0] *= -1
    assert find_motifs(W1, W2) == [ONE]


def test_a_neuron_can_hold_several_instances():
    W1, W2 = one()
    W1[0, 2], W2[2, 0], W1[4, 2] = 0.125, 8, 0
    W1[3, 0], W2[2, 3] = 0.5, -32
    found = find_motifs(W1, W2)
    # Feature 1 pushes output 2 as well, but does not drive the inhibitor on that side.
    assert found == [
        ONE,
        ONE._replace(
            receiving_feature=2,
            inhibitors=(3,),
            input_ratio=16,
            output_ratio=16,
            interference=16,
            inhibition=-16,
        ),
    ]


@given(
    neurons=st.permutations(range(12)),
    features=st.permutations(range(6)),
    signs=st.lists(st.sampled_from([-1, 1]), min_size=6, max_size=6),
    powers=st.lists(st.integers(-5, 5), min_size=12, max_size=12),
)
def test_signs_orders_and_scales_do_not_matter(
    neurons: list[int], features: list[int], signs: list[int], powers: list[int]
):
    W1, W2 = two()
    scale = 2.0 ** np.array(powers)  # exact
    found = find_motifs(
        ((W1 * signs) * scale[:, None])[np.ix_(neurons, features)],
        (W2 / scale)[np.ix_(features, neurons)],
    )
    moved = [
        each._replace(
            neuron=neurons.index(each.neuron),
            interfering_feature=features.index(each.interfering_feature),
            receiving_feature=features.index(each.receiving_feature),
            inhibitors=tuple(map(neurons.index, each.inhibitors)),
        )
        for each in (ONE, OTHER)
    ]
    assert found == sorted(moved)


@pytest.mark.parametrize("seed", range(5))
def test_a_little_noise_hides_nothing_and_adds_nothing(seed: int):
    random = np.random.default_rng(seed)
    W1, W2 = (part + random.normal(scale=0.01, size=part.shape) for part in two())
    found = find_motifs(W1, W2)
    assert [each[:4] for each in found] == [ONE[:4], OTHER[:4]]
    for each in found:
        np.testing.assert_allclose(each[4:], ONE[4:], rtol=0.2)


@pytest.mark.parametrize(("weight", "count"), [(-8.01, 1), (-8, 1), (-7.99, 0)])
def test_inhibition_takes_half_of_the_interference_away_at_least(weight: float, count: int):
    found = find_motifs(*plant(monosemantic(3), 0, 1, {4: weight}))
    assert [each.inhibition for each in found] == [weight / 4] * count


def changed(W1: dict, W2: dict, n: int = 3) -> Matrices:
    """The planted instance among n features, with other weights at these places."""
    matrices = plant(monosemantic(n), 0, 1, {4: -16})
    for matrix, changes in zip(matrices, (W1, W2), strict=True):
        for at, value in changes.items():
            matrix[at] = value
    return matrices


SMALL_WEIGHTS = np.random.default_rng(0).normal(scale=0.1, size=(2, 20, 10))


@pytest.mark.parametrize(
    "network",
    [
        changed({(0, 0): 1, (0, 1): 1}, {(0, 0): 1, (1, 0): 1}),
        plant(monosemantic(3), 0, 1, {}),
        changed({(4, 0): -0.25}, {}),
        changed({}, {(3, 4): -16, (1, 4): 0}, n=4),
        changed({}, {(1, 4): 16}),
        (np.eye(4), np.eye(4)),
        (SMALL_WEIGHTS[0], SMALL_WEIGHTS[1].T),
        (np.zeros((4, 3)), np.zeros((3, 4))),
        (np.array([[2.0], [-1], [0.25]]), np.array([[0.5, 1, -16]])),
        (one()[0][:1], one()[1][:, :1]),
        *(tuple(vars(two_neurons_a_feature(n))[name] for name in ("W1", "W2")) for n in (1, 2, 7)),
    ],
    ids=[
        *("symmetric", "without inhibitor", "driven by the other side", "of a third feature"),
        *("a positive push", "one-sided", "small weights", "nothing", "one feature", "one neuron"),
        *("absolute value of 1", "of 2", "of 7"),
    ],
)
def test_near_misses_are_not_instances(network: Matrices):
    assert find_motifs(*network) == []


def test_a_side_is_held_where_a_neuron_and_the_side_as_a_whole_compute_it():
    # Gains above 0: 1; 0.75 + 0.5 + 0.125; 1 + 1; 1 - 0.75; 1.875 - 0.75; 2.25 - 0.75.
    # Below 0: 1 in all but the last three.
    W1 = np.zeros((4, 6))
    W1[0], W1[1, 1:], W1[1, 0], W1[2, 1:3], W1[3, 1] = 1, 1, -1, (1, -1), -1
    W2 = np.full((6, 4), 5.0)
    W2[0], W2[1], W2[2] = (1, 1, 5, 5), (0.75, 0.5, 0.125, 1), (1, 1, 1, 5)
    W2[3:, 0], W2[3:, 1] = (1, 1.875, 2.25), -0.75
    held = np.zeros((4, 6))
    held[[0, 1], 0], held[[0, 1, 3], 1], held[2, 2], held[0, 4] = 1, 1, 1, 1
    np.testing.assert_array_equal(held_sides(W1, W2), np.array(held, bool))


@pytest.mark.parametrize(
    ("field", "options", "at", "beyond"),
    [
        ("least_gain", {"out": 1.5}, 0.75, 0.76),
        ("most_gain", {"out": 2.5}, 1.25, 1.24),
        ("least_side", {"out": 1.5}, 0.75, 0.76),
        ("most_side", {"out": 2.5}, 1.25, 1.24),
        ("ratio", {"into": 1, "out": 1}, 2, 2.01),  # of both features' weights, in and out
        ("ratio", {"into": 0.5, "out": 1.5}, 3, 3.01),  # in 4, out 3
        ("ratio", {"into": 0.75, "out": 1.5}, 2.66, 2.67),  # in 8/3, out 3
        ("inhibition", {}, 1, 1.01),
        ("part", {}, 1, None),
    ],
)
def test_every_limit_moves_the_decision(
    field: str, options: dict[str, float], at: float, beyond: float | None
):
    network = one(**options)
    (found,) = find_motifs(*network, MotifThresholds(**{field: at}))
    assert found[:4] == ONE[:4]
    if beyond is not None:
        assert find_motifs(*network, MotifThresholds(**{field: beyond})) == []


def test_the_part_says_who_is_an_inhibitor():
    network = plant(monosemantic(4), 0, 1, {4: -4, 6: -12})
    for part, inhibitors, inhibition in ((0.25, (6, 4), -4), (0.26, (6,), -3)):
        (found,) = find_motifs(*network, MotifThresholds(part=part))
        assert (found.inhibitors, found.inhibition) == (inhibitors, inhibition)
    assert find_motifs(*network, MotifThresholds(part=0.76)) == []


def test_the_gains_of_a_side_are_limited_in_sum():
    W1, W2 = one()
    W1[2, 1], W2[1, 2] = 1, 0.375  # the silent neuron comes back for a part
    assert len(find_motifs(W1, W2, MotifThresholds(most_side=1.375))) == 1
    assert find_motifs(W1, W2, MotifThresholds(most_side=1.37)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("least_gain", 0), ("least_gain", 1.1), ("most_gain", 0.9), ("most_gain", 10.1)),
        *(("least_side", 0), ("least_side", 1.1), ("most_side", 0.9), ("most_side", 10.1)),
        *(("ratio", 0.9), ("ratio", 1_001), ("ratio", float("nan")), ("inhibition", 0)),
        *(("inhibition", 10.1), ("part", 0), ("part", 1.1), ("part", "half"), ("sum", 1)),
    ],
)
def test_thresholds_refuse_nonsense(field: str, value: object):
    with pytest.raises(tm.SettingError, match=f"^{field} = "):
        MotifThresholds(**{field: value})


def by_definition(W1: np.ndarray, W2: np.ndarray) -> list[tuple[object, ...]]:
    m, n = W1.shape
    gain = np.abs(W1) * W2.T

    def same_side(i: int, j: int) -> list[int]:
        return [k for k in range(m) if W1[k, i] * W1[j, i] > 0]

    def held(j: int, i: int) -> bool:
        side = sum(gain[k, i] for k in same_side(i, j))
        return 0.15 <= gain[j, i] <= 2 and 0.5 <= side <= 1.5

    found = []
    for j, a, c in np.ndindex(m, n, n):
        if a == c or not (held(j, a) and held(j, c)):
            continue
        if abs(W1[j, a]) < 1.5 * abs(W1[j, c]) or W2[c, j] < 1.5 * W2[a, j]:
            continue
        interference = abs(W1[j, a]) * W2[c, j]
        pushes = {k: abs(W1[k, a]) * W2[c, k] for k in same_side(a, j)}
        inhibitors = [k for k in pushes if pushes[k] <= -0.05 * interference]
        inhibition = sum(pushes[k] for k in inhibitors)
        if inhibition <= -0.5 * interference:
            order = tuple(sorted(inhibitors, key=lambda k: pushes[k]))
            found.append((j, a, c, order, interference, inhibition))
    return found


def test_noisy_networks_have_the_instances_that_the_definition_gives():
    random, count, missed = np.random.default_rng(0), 0, 0
    for noise in np.linspace(0, 0.3, 40):
        W1, W2 = (part + random.normal(scale=noise, size=part.shape) for part in two())
        expected, found = by_definition(W1, W2), find_motifs(W1, W2)
        assert [each[:4] for each in found] == [each[:4] for each in expected]
        for each, other in zip(found, expected, strict=True):
            assert each[6:] == pytest.approx(other[4:])
        count += len(found)
        missed += len(found) < 2
    assert count > 10
    assert missed > 10


def test_instances_of_a_large_network_come_in_order():
    random = np.random.default_rng(0)
    W1, W2 = random.normal(size=(500, 500)), random.normal(size=(500, 500))
    found = find_motifs(W1, W2)
    assert len(found) > 100
    assert all(type(each) is Motif for each in found)
    assert [each[:3] for each in found] == sorted(each[:3] for each in found)


def test_weights_are_only_read():
    W1, W2 = two()
    find_motifs(W1, W2)
    for before, after in zip(two(), (W1, W2), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_shipped_model_has_instances_whose_interference_is_cancelled():
    model = Store(ROOT / "cache").get(SMALL.configs[0], SMALL.recipe)
    found = find_motifs(model.W1, model.W2)
    assert len(asymmetric_neurons(found)) >= 2
    for each in found:
        assert -each.inhibition == pytest.approx(each.interference, rel=0.05)


# Networks as good as the paper's


def test_a_gain_that_an_inhibitor_makes_smaller_is_no_reason_to_miss_an_instance():
    found = find_motifs(TWO_UNEVEN.W1, TWO_UNEVEN.W2)
    assert [each[:4] for each in found] == [(7, 3, 5, (2,)), (8, 4, 5, (3,))]
    for each in found:
        assert each.inhibition == pytest.approx(-each.interference, rel=0.01)
    gain = path_gain(TWO_UNEVEN.W1, TWO_UNEVEN.W2)
    assert gain[7, 5] > 1.5
    assert gain[[2, 7], 5].sum() < 1.1
    strict = MotifThresholds(most_gain=1.5)
    assert [each.neuron for each in find_motifs(TWO_UNEVEN.W1, TWO_UNEVEN.W2, strict)] == [8]


def test_both_of_two_neurons_that_inhibit_for_each_other_are_found():
    found = find_motifs(MUTUAL.W1, MUTUAL.W2)
    assert [each[:4] for each in found] == [
        (2, 0, 3, (3,)),
        (3, 0, 4, (2,)),
        (6, 1, 2, (7,)),
        (7, 1, 5, (6,)),
    ]
    gain = path_gain(MUTUAL.W1, MUTUAL.W2)
    assert min(gain[2, 0], gain[6, 1]) < 0.25
    assert gain[[2, 3], 0].sum() == pytest.approx(gain[[6, 7], 1].sum(), rel=0.02)


def test_neurons_are_counted_before_pairs_of_features():
    found = [ONE, ONE._replace(receiving_feature=2), OTHER]
    assert asymmetric_neurons(found) == [0, 6]
    assert count_words(found) == "2 neurons, 3 pairs of features"
    assert count_words(found[:1]) == "1 neuron, 1 pair of features"
    assert count_words([]) == "0 neurons, 0 pairs of features"


# Scales


def output_of(network: Weights) -> np.ndarray:
    x = np.random.default_rng(1).uniform(-1, 1, (network.W1.shape[1], 500)).astype(np.float32)
    return network.output(x)


@given(
    seed=st.integers(0, 2**20),
    powers=st.lists(st.integers(-8, 8), min_size=10, max_size=10),
    bias=st.sampled_from([0, 0.5]),
)
def test_scaled_neurons_compute_the_same_function(seed: int, powers: list[int], bias: float):
    random = np.random.default_rng(seed)
    noise = random.normal(scale=0.01, size=(2, 10, 6)).astype(np.float32)
    scale = 2.0 ** np.array(powers, np.float32)
    network = Weights(
        W1=(TWO_UNEVEN.W1 + noise[0]) * scale[:, None],
        W2=(TWO_UNEVEN.W2 + noise[1].T) / scale,
        b=TWO_UNEVEN.b,
        b_hidden=np.full(10, bias, np.float32) * scale,
    )
    found = find_motifs(network.W1, network.W2)
    scaled = scale_neurons(network, found)
    np.testing.assert_allclose(output_of(scaled), output_of(network), atol=1e-4)
    arrays = (scaled.W1, scaled.W2, scaled.b, scaled.b_hidden)
    assert {each.dtype for each in arrays} == {np.dtype(np.float32)}
    largest = np.abs(scaled.W1).max(axis=1)
    others = [j for j in range(10) if j not in asymmetric_neurons(found)]
    np.testing.assert_allclose(largest[others], 1, rtol=1e-6)
    for motif in found:
        two_weights = scaled.W1[motif.neuron, [motif.interfering_feature, motif.receiving_feature]]
        assert abs(two_weights.prod()) == pytest.approx(1, rel=1e-5)
    again = find_motifs(scaled.W1, scaled.W2)
    assert [each[:4] for each in again] == [each[:4] for each in found]


def test_a_scaled_instance_has_the_papers_weights():
    network = weights(*plant(monosemantic(3), 0, 1, {4: -16}, into=-0.5))
    other = Weights(W1=network.W1 * 4, W2=network.W2 / 4, b=network.b, b_hidden=np.float32([2] * 6))
    scaled = scale_neurons(other, find_motifs(other.W1, other.W2))
    assert scaled.W1[0].tolist() == pytest.approx([2, -0.5, 0])
    assert scaled.W2[:, 0].tolist() == pytest.approx([0.5, 2, 0])
    np.testing.assert_allclose(scaled.W1, network.W1, rtol=1e-6)  # the silent neuron's are 0
    np.testing.assert_allclose(scaled.b_hidden, [0.5, 0.5, 0.5, 2, 0.5, 0.5])


def test_a_neuron_with_several_instances_is_scaled_by_all_of_their_features():
    W1, W2 = one()
    W1[0, 2], W2[2, 0], W1[4, 2] = 0.125, 8, 0
    W1[3, 0], W2[2, 3] = 0.5, -32
    network = weights(W1, W2)
    scaled = scale_neurons(network, find_motifs(W1, W2))
    assert scaled.W1[0].tolist() == pytest.approx([4, 1, 0.25])
    assert scaled.W2[:, 0].tolist() == pytest.approx([0.25, 1, 4])
