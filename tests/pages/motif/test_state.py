from __future__ import annotations

import pytest
from hypothesis import given

from pages.motif.state import DEFAULT, MotifState
from pages.shared.model_choice import Choice
from tests.helpers.links import CHOICES, as_link
from toymodel.analysis.ablation import SHARES
from toymodel.analysis.motifs import MotifThresholds
from toymodel.config import MAX_SEED, Config
from toymodel.recipe import RECIPES
from toymodel.sweeps.shipped import MOTIF

FULL = MotifState(
    choice=DEFAULT.changed(recipe="thorough"),
    thresholds=MotifThresholds(most_gain=2, ratio=3),
    seeds=3,
    member=23,
    instance=2,
    left=0.35,
    of="all",
    scale="trained",
    bars="whole",
)


def test_the_first_link_is_that_of_the_shipped_seeds():
    first = MotifState()
    assert tuple(first.configs) == MOTIF.configs
    assert (first.choice.recipe, first.count) == (MOTIF.recipe, 64)
    shipped = {"n": "6", "m": "10", "p": "0.1", "seed": "0", "recipe": "standard", "seeds": "64"}
    assert shipped.items() <= first.link.items()
    assert "member" not in first.link  # the one with the lowest loss


def test_the_shares_are_written_as_a_person_would():
    assert (SHARES[0], SHARES[1], SHARES[-1]) == (0, 0.05, 1)
    written = [MotifState().changed(left=share).link["left"] for share in SHARES[2:8]]
    assert written == ["0.1", "0.15", "0.2", "0.25", "0.3", "0.35"]


def test_a_seed_near_the_last_limits_how_many_there_are():
    link = {"seed": f"{MAX_SEED - 2}", "seeds": "4", "member": "3"}
    state, problems = MotifState.from_link(as_link(link))
    assert problems == [
        "seeds = 4: must be a whole number from 1 to 3",
        "member = 3: must be a whole number from 0 to 2",
    ]
    assert (state.seeds, state.member, state.count) == (3, None, 3)
    assert [config.seed for config in state.configs] == [MAX_SEED - 2, MAX_SEED - 1, MAX_SEED]
    # A link that does not say how many there are is not wrong about it.
    state, problems = MotifState.from_link(as_link({"seed": f"{MAX_SEED}"}))
    assert (state.seeds, problems) == (1, [])
    state = MotifState().changed(member=40).changed(seed=MAX_SEED)
    assert (state.seeds, state.member) == (1, None)
    assert state.changed(seeds=2).seeds == 1


def test_an_ensemble_has_a_network_for_every_seed_and_restart():
    assert FULL.count == 24
    _, problems = MotifState.from_link(as_link(FULL.link | {"member": "24"}))
    assert problems == ["member = 24: must be a whole number from 0 to 23"]


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({}, 23),
        ({"seeds": 2, "member": 15}, 15),
        ({"seeds": 2, "member": 16}, None),
        ({"choice": FULL.choice.changed(restarts=7)}, None),
        ({"choice": FULL.choice.changed(restarts=7), "member": 20}, 20),
        ({"choice": FULL.choice.changed(seed=MAX_SEED), "member": 7}, 7),
        ({"choice": FULL.choice.changed(seed=MAX_SEED)}, None),
    ],
)
def test_a_member_that_does_not_exist_is_dropped(changes: dict[str, object], member: int | None):
    assert FULL.replace(**changes).consistent().member == member


def test_another_member_brings_its_own_instances_and_the_same_one_keeps_its():
    assert FULL.changed(member=22) == FULL.replace(member=22, instance=0)
    assert FULL.changed(member=None) == FULL.replace(member=None, instance=0)
    assert FULL.changed(member=23) == FULL
    assert FULL.changed(left=0.4) == FULL.replace(left=0.4)
    assert FULL.changed(member=22, instance=1).instance == 1


@pytest.mark.parametrize(
    ("name", "value"), [("seed", 1), ("n", 5), ("steps", 100), ("recipe", "standard"), ("seeds", 4)]
)
def test_other_models_forget_member_and_instance_and_keep_the_rest(name: str, value: object):
    found = FULL.changed(**{name: value})
    assert (found.choice, found.seeds) != (FULL.choice, FULL.seeds)
    fresh = FULL.replace(choice=found.choice, seeds=found.seeds, member=None, instance=0)
    assert found == fresh


@given(other=CHOICES)
def test_a_change_of_the_models_leaves_a_state_that_comes_back_from_its_link(other: Choice):
    found = FULL.showing(other)
    assert found.consistent() == found
    assert (found.member, found.instance) == (None, 0)
    assert MotifState.from_link(as_link(found.link)) == (found, [])


def test_one_network_is_shown_by_its_restart_or_as_the_best():
    choice = Choice.of(Config(n_features=5, seed=3), RECIPES["quick"].replace(restarts=8))
    for restart in (None, 0, 7):
        state = MotifState.of_network(choice, restart)
        assert state == MotifState(choice=choice, seeds=1, member=restart)
    assert MotifState.of_network(choice, 8).member is None
    one = MotifState.of_network(Choice.of(MOTIF.configs[3], RECIPES["standard"]))
    assert (one.configs, one.count) == ([MOTIF.configs[3]], 1)
