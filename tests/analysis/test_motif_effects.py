from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.motifs import MUTUAL, TWO_UNEVEN, monosemantic, one, plant
from tests.helpers.networks import weights
from toymodel.analysis.motif_effects import (
    Inhibitor,
    MotifEffects,
    SideEffect,
    main_feature,
    motif_effects,
    relative_weights,
)
from toymodel.model import Weights


def effects(network: Weights) -> MotifEffects:
    (motif,) = tm.find_motifs(network.W1, network.W2)
    return motif_effects(network, motif)


def test_a_planted_instance_has_the_numbers_that_were_planted():
    assert effects(weights(*one())) == MotifEffects(
        side=1,
        interference=4,
        reverse=0.25,
        inhibitors=(
            Inhibitor(
                4,
                main_feature=2,
                relative_weight=0.25,
                amount=4,
                side_effects=(SideEffect(2, 1, 16),),
            ),
        ),
        drive=0,
    )
    assert main_feature(weights(np.array([[4, 1]]), np.array([[0.1], [0.5]])), 0) == 1


def test_the_drive_is_of_the_whole_network():
    W1, W2 = plant(monosemantic(3), 0, 1, {4: -20})
    assert effects(weights(W1, W2)).drive == pytest.approx(-1)
    W2[1, 1] = 7  # of the neuron for f0 below 0
    for side in (1, -1):
        found = effects(weights(W1 * [side, 1, 1], W2, b=[0, 1.25, 0]))
        assert (found.side, found.drive) == (side, pytest.approx(0.25))


def test_an_inhibitor_may_serve_the_interfering_feature_itself():
    W1, W2 = plant(monosemantic(3), 0, 1, {4: -16})
    W1[4], W2[:, 4] = 0, 0
    W1[4, 0], W2[0, 4], W2[1, 4] = 2, 0.125, -2
    assert effects(weights(W1, W2)).inhibitors == (Inhibitor(4, 0, 1, 4, ()),)


def test_inhibitors_come_the_strongest_first():
    found = effects(weights(*plant(monosemantic(6), 0, 1, {4: -6, 6: -4, 8: -3, 10: -2, 5: -1})))
    assert [each.neuron for each in found.inhibitors] == [4, 6, 8, 10, 5]
    assert [each.amount for each in found.inhibitors] == [1.5, 1, 0.75, 0.5, 0.25]


def test_side_effects_are_the_other_features_on_the_side_that_drives_the_inhibitor():
    W1, W2 = plant(monosemantic(6), 0, 1, {4: -16})
    W1[4, 3], W1[4, 4], W1[4, 5] = 0.5, -0.25, 0.005  # the last one hardly
    (inhibitor,) = effects(weights(W1, W2)).inhibitors
    assert inhibitor.side_effects == (
        SideEffect(2, 1, 16),
        SideEffect(3, 1, 8),
        SideEffect(4, -1, 4),
    )


def test_the_interfering_feature_is_a_minor_weight_of_the_papers_inhibitors():
    def found(network: Weights) -> list[float]:
        return relative_weights(network.W1, tm.find_motifs(network.W1, network.W2)).tolist()

    assert found(TWO_UNEVEN) == pytest.approx([0.203, 0.151])
    assert found(MUTUAL) == [1, 1, 1, 1]
    two_each = weights(*plant(monosemantic(6), 0, 1, {4: -12, 6: -4}))
    two_each.W1[6] *= 4  # now the stronger one
    two_each.W1[6, 5] = -8
    assert found(two_each) == [0.125, 0.25]
    assert found(weights(*monosemantic(3))) == []
