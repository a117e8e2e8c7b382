from __future__ import annotations

import numpy as np

import toymodel as tm
from tests.helpers.motifs import monosemantic, one, plant
from tests.helpers.networks import weights
from toymodel.charts.motif.words import describe, main_feature


def told(W1: np.ndarray, W2: np.ndarray) -> str:
    network = weights(W1, W2)
    (motif,) = tm.find_motifs(network.W1, network.W2)
    return describe(network, motif)


def test_an_instance_is_told_in_its_numbers():
    assert told(*one()) == (
        "f0 above 0 interferes with f1 by 4.0 through neuron 0, f1 with f0 by only 0.25. Neuron 4, "
        "which mainly serves f2, takes 4.0 away, and so f2 above 0 (by 16.0) inhibits f1 too. "
        "With all other weights and the bias, f0 alone drives output 1 to 0."
    )


def test_what_is_taken_too_much_is_cut_off():
    W1, W2 = plant(monosemantic(3), 0, 1, {4: -20})
    left = "f0 alone drives output 1 to −1.00, which its ReLU cuts off."
    assert told(W1, W2).endswith(left)


def test_what_is_left_is_of_the_whole_network():
    W1, W2 = plant(monosemantic(3), 0, 1, {4: -20})
    W2[1, 1] = 7  # of the neuron for f0 below 0
    network = weights(W1, W2, b=[0, 1.25, 0])
    (motif,) = tm.find_motifs(network.W1, network.W2)
    assert describe(network, motif).endswith("drives output 1 to +0.25.")
    mirrored = weights(W1 * [-1, 1, 1], W2, b=[0, 1.25, 0])
    (motif,) = tm.find_motifs(mirrored.W1, mirrored.W2)
    said = describe(mirrored, motif)
    assert said.startswith("f0 below 0 interferes with f1")
    assert said.endswith("f0 alone drives output 1 to +0.25.")


def test_a_neuron_that_serves_the_interfering_feature_is_said_to():
    W1, W2 = plant(monosemantic(3), 0, 1, {4: -16})
    W1[4], W2[:, 4] = 0, 0
    W1[4, 0], W2[0, 4], W2[1, 4] = 2, 0.125, -2
    assert "Neuron 4, which serves f0 itself, takes 4.0 away." in told(W1, W2)


def test_of_many_inhibitors_the_weakest_are_summed_up():
    W1, W2 = plant(monosemantic(6), 0, 1, {4: -6, 6: -4, 8: -3, 10: -2, 5: -1})
    said = told(W1, W2)
    assert [f"Neuron {k}," in said for k in (4, 6, 8, 10, 5)] == [True] * 3 + [False] * 2
    assert "2 other neurons (10, 5) take 0.75." in said


def test_several_that_are_inhibited_too_are_listed():
    W1, W2 = plant(monosemantic(5), 0, 1, {4: -16})
    W1[4, 3], W1[4, 4] = 0.5, -0.25  # whatever their side
    assert (
        "and so f2 above 0 (by 16.0), f3 above 0 (by 8.0) and f4 below 0 (by 4.0) inhibit f1 too"
    ) in told(W1, W2)


def test_the_main_feature_is_that_of_the_largest_path_gain():
    network = weights([[4, 1]], [[0.1], [0.5]])
    assert main_feature(network, 0) == 1
