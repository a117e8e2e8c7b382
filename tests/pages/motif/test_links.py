"""The link of the motif page carries all that it shows, strictly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.motif.state import _PARAMS, DEFAULT, LEFT_ALLOWED, SHARES, MotifState, View
from pages.shared.model_choice import CHOICE_NAMES, CONFIG_PARAMS, Choice
from tests.helpers.links import CHOICES, as_link
from toymodel.analysis.ensemble import MAX_SEEDS
from toymodel.analysis.motifs import MotifThresholds
from toymodel.config import MAX_SEED, RECIPES, Config, Recipe
from toymodel.settings import SettingError
from toymodel.sweeps.shipped import MOTIF

CONFIG_NAMES = {param.name for param in CONFIG_PARAMS if param.owner is Config}
LAST = Config(seed=MAX_SEED)

THRESHOLDS = st.builds(
    MotifThresholds,
    least_gain=st.floats(0, 1, exclude_min=True),
    most_gain=st.floats(1, 10),
    ratio=st.floats(1, 1_000, exclude_min=True),
    inhibition=st.floats(0, 10, exclude_min=True),
    part=st.floats(0, 1, exclude_min=True),
)


@st.composite
def states(draw: st.DrawFn) -> MotifState:
    """Any state of the page, of any ensemble."""
    choice = draw(CHOICES)
    seeds = draw(st.integers(1, min(MAX_SEEDS, MAX_SEED - choice.config.seed + 1)))
    view = View(
        seeds=seeds,
        member=draw(st.none() | st.integers(0, seeds * choice.recipe.restarts - 1)),
        instance=draw(st.integers(0, 9_999)),
        left=draw(st.sampled_from(SHARES)),
        of=draw(st.sampled_from(["this", "all"])),
        bars=draw(st.sampled_from(["clipped", "whole"])),
    )
    return MotifState(choice, draw(THRESHOLDS), view)


def read(link: dict[str, str]) -> tuple[MotifState, list[str]]:
    return MotifState.from_link(as_link(link))


# From a state to its link and back


@given(state=states())
def test_every_state_comes_back_from_its_link(state: MotifState):
    found, problems = read(state.link)
    assert problems == []
    assert found == state
    assert found.link == state.link


@given(state=states())
def test_a_link_always_says_which_models_they_are_and_under_which_thresholds(state: MotifState):
    names = {"v", "recipe", "seeds", "gain-from", "gain-to", "ratio", "inhibited", "part"}
    assert state.link.keys() >= CONFIG_NAMES | names
    assert float(state.link["ratio"]) == state.thresholds.ratio


def test_the_link_has_a_place_for_every_field():
    for owner in (MotifThresholds, View):
        carried = {param.field for param in _PARAMS if param.owner is owner}
        assert carried == owner.model_fields.keys()
    assert not CHOICE_NAMES & {param.name for param in _PARAMS}


def test_the_first_link_is_that_of_the_shipped_seeds():
    first = MotifState()
    assert read(first.link) == (first, [])
    assert MotifState.from_link({}) == (first, [])
    assert tuple(first.configs) == MOTIF.configs
    assert (first.choice.recipe, first.count) == (MOTIF.recipe, 64)
    assert {name: first.link[name] for name in CONFIG_NAMES | {"recipe", "seeds"}} == {
        "task": "abs",
        "n": "6",
        "m": "10",
        "p": "0.1",
        "d": "0.8",
        "seed": "0",
        "hidden": "no",
        "recipe": "standard",
        "seeds": "64",
    }


def test_a_link_without_thresholds_has_the_librarys():
    assert read({"n": "5"})[0].thresholds == MotifThresholds()


def test_the_network_with_the_lowest_loss_is_not_in_the_link():
    assert "member" not in MotifState().link
    assert MotifState().at(member=40).link["member"] == "40"


def test_the_shares_are_written_as_a_person_would():
    assert (SHARES[0], SHARES[1], SHARES[-1]) == (0, 0.05, 1)
    assert [MotifState().at(left=share).link["left"] for share in SHARES[2:8]] == [
        "0.1",
        "0.15",
        "0.2",
        "0.25",
        "0.3",
        "0.35",
    ]


# What a link has wrong


WRONG = [
    ("n", "0", "a whole number from 1 to 2,000"),
    ("p", "0", "a number above 0 and at most 1"),
    ("task", "cube", "one of 'abs'"),
    ("recipe", "best", "one of 'quick', 'standard', 'thorough', 'usual'"),
    ("restarts", "65", "a whole number from 1 to 64"),
    ("seeds", "0", "a whole number from 1 to 64"),
    ("seeds", "65", "a whole number from 1 to 64"),
    ("seeds", "1.0", "a whole number from 1 to 64"),
    ("seeds", "", "a whole number from 1 to 64"),
    ("member", "64", "a whole number from 0 to 63"),
    ("member", "4095", "a whole number from 0 to 63"),
    ("member", "4096", "a whole number from 0 to 4,095"),
    ("member", "-1", "a whole number from 0 to 4,095"),
    ("member", "lowest", "a whole number from 0 to 4,095"),
    ("member", "None", "a whole number from 0 to 4,095"),
    ("member", "9" * 5_000, "a whole number from 0 to 4,095"),
    ("instance", "10000", "a whole number from 0 to 9,999"),
    ("instance", "-1", "a whole number from 0 to 9,999"),
    ("instance", "1_0", "a whole number from 0 to 9,999"),
    ("instance", "٣", "a whole number from 0 to 9,999"),
    ("left", "0.33", LEFT_ALLOWED),
    ("left", "1.05", LEFT_ALLOWED),
    ("left", "-0.05", LEFT_ALLOWED),
    ("left", "nan", LEFT_ALLOWED),
    ("left", "", LEFT_ALLOWED),
    ("of", "both", "one of 'this', 'all'"),
    ("bars", "Whole", "one of 'clipped', 'whole'"),
    ("gain-from", "0", "a number above 0 and at most 1"),
    ("gain-from", "1.01", "a number above 0 and at most 1"),
    ("gain-to", "0.9", "a number from 1 to 10"),
    ("gain-to", "inf", "a number from 1 to 10"),
    ("ratio", "0.5", "a number above 1 and at most 1000"),
    ("ratio", "1", "a number above 1 and at most 1000"),
    ("inhibited", "0", "a number above 0 and at most 10"),
    ("part", "1.5", "a number above 0 and at most 1"),
    ("gain", "1", "is not a setting of this page"),
    ("restart", "0", "is not a setting of this page"),
    ("neuron", "3", "is not a setting of this page"),
    ("mono", "0.05", "is not a setting of this page"),
    ("vs.n", "3", "is not a setting of this page"),
    ("v", "2", "this page reads links of version 1"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed_and_leaves_the_default(
    name: str, value: str, allowed: str
):
    link = {"seed": "5", "left": "0.5", "bars": "whole", "ratio": "2"}
    expected, _ = read({k: v for k, v in link.items() if k != name})
    state, problems = read(link | {name: value})
    assert len(problems) == 1
    assert problems[0].startswith((name, f"'{name}'"))
    assert allowed in problems[0]
    assert state == expected
    assert read(state.link) == (state, [])


def test_a_value_given_twice_is_refused():
    state, problems = MotifState.from_link({"member": ["3", "4"]})
    assert problems == ["member: given 2 times, once is allowed"]
    assert state == MotifState()


def test_every_wrong_parameter_is_told():
    link = {name: value for name, value, _ in WRONG}
    assert {"n", "seeds", "member", "left", "gain-from", "neuron"} <= link.keys()
    state, problems = read(link)
    assert len(problems) == len(link)
    assert state == MotifState()


@given(
    link=st.dictionaries(
        st.sampled_from([p.name for p in _PARAMS] + sorted(CHOICE_NAMES) + ["v", "x"]),
        st.lists(
            st.text(max_size=8) | st.sampled_from(["1", "0.5", "64", "4095", f"{MAX_SEED}"]),
            max_size=2,
        ),
        max_size=6,
    )
)
def test_whatever_a_link_says_there_is_a_state_that_can_be_linked_to(link: dict[str, list[str]]):
    state, problems = MotifState.from_link(link)
    assert len(problems) <= len(link)
    assert read(state.link) == (state, [])


# There are seeds up to the last one


def test_a_seed_near_the_last_limits_how_many_there_are():
    state, problems = read({"seed": f"{MAX_SEED - 2}", "seeds": "4", "member": "3"})
    assert problems == [
        "seeds = 4: must be a whole number from 1 to 3",
        "member = 3: must be a whole number from 0 to 2",
    ]
    assert (state.view.seeds, state.view.member, state.count) == (3, None, 3)
    assert [config.seed for config in state.configs] == [MAX_SEED - 2, MAX_SEED - 1, MAX_SEED]
    assert read({"seed": f"{MAX_SEED - 2}", "seeds": "3"})[1] == []


def test_a_link_that_does_not_say_how_many_seeds_there_are_is_not_wrong_about_it():
    state, problems = read({"seed": f"{MAX_SEED}"})
    assert (state.choice.config.seed, state.view.seeds) == (MAX_SEED, 1)
    assert problems == []


def test_a_change_to_the_last_seed_leaves_one():
    state = MotifState().at(member=40).changed("config", "seed", MAX_SEED)
    assert (state.view.seeds, state.view.member, state.count) == (1, None, 1)
    assert state.changed("view", "seeds", 2).view.seeds == 1


# The members of an ensemble


FULL = MotifState(
    DEFAULT.changed("preset", "preset", "thorough"),
    MotifThresholds(most_gain=2, ratio=3),
    View(seeds=3, member=23, instance=2, left=0.35, of="all", bars="whole"),
)


def test_an_ensemble_has_a_network_for_every_seed_and_restart():
    thorough = DEFAULT.changed("preset", "preset", "thorough")
    state = MotifState(thorough, view=View(seeds=3, member=23))
    assert state.count == 24
    assert read(state.link) == (state, [])
    _, problems = read(state.link | {"member": "24"})
    assert problems == ["member = 24: must be a whole number from 0 to 23"]


def test_a_member_that_a_smaller_ensemble_does_not_have_is_dropped():
    def kept(choice: Choice = FULL.choice, **view: int) -> View:
        return replace(FULL, choice=choice, view=FULL.view.replace(**view)).consistent().view

    assert kept() == FULL.view
    assert kept(seeds=2, member=15) == FULL.view.replace(seeds=2, member=15)
    assert kept(seeds=2, member=16) == FULL.view.replace(seeds=2, member=None)
    seven = FULL.choice.changed("recipe", "restarts", 7)
    assert kept(seven) == FULL.view.replace(member=None)
    assert kept(seven, member=20) == FULL.view.replace(member=20)
    assert kept(replace(FULL.choice, config=LAST)) == FULL.view.replace(seeds=1, member=None)
    assert kept(replace(FULL.choice, config=LAST), member=7).member == 7


# Changes


def test_another_member_brings_its_own_instances_and_the_same_one_keeps_its():
    for change in (FULL.at, lambda **view: FULL.changed("view", *next(iter(view.items())))):
        assert change(member=22).view == FULL.view.replace(member=22, instance=0)
        assert change(member=None).view == FULL.view.replace(member=None, instance=0)
        assert change(member=23) == FULL
        assert change(left=0.4).view == FULL.view.replace(left=0.4)
        assert change(instance=1).view == FULL.view.replace(instance=1)
    assert FULL.at(member=22, instance=1).view.instance == 1


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("config", "seed", 1),
        ("config", "n_features", 5),
        ("recipe", "steps", 100),
        ("preset", "preset", "standard"),
        ("view", "seeds", 4),
    ],
)
def test_other_models_forget_member_and_instance_and_keep_the_rest(
    part: str, field: str, value: object
):
    found = FULL.changed(part, field, value)
    assert (found.choice, found.view.seeds) != (FULL.choice, FULL.view.seeds)
    assert (found.view.member, found.view.instance) == (None, 0)
    assert found.view == FULL.view.replace(member=None, instance=0, seeds=found.view.seeds)
    assert found.thresholds == FULL.thresholds


def test_thresholds_change_alone():
    found = FULL.changed("thresholds", "part", 0.2)
    assert found.thresholds == MotifThresholds(most_gain=2, ratio=3, part=0.2)
    assert (found.choice, found.view) == (FULL.choice, FULL.view)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("thresholds", "least_gain", 0.0),
        ("thresholds", "ratio", 0.5),
        ("view", "left", 0.33),
        ("view", "seeds", 65),
        ("view", "member", 4_096),
        ("view", "of", "both"),
    ],
)
def test_a_change_to_what_is_not_allowed_is_refused(part: str, field: str, value: object):
    with pytest.raises(SettingError, match=f"^{field} = "):
        FULL.changed(part, field, value)


@given(state=states(), other=CHOICES)
def test_a_change_of_the_models_leaves_a_state_that_comes_back_from_its_link(
    state: MotifState, other: Choice
):
    found = state.showing(other)
    assert found.consistent() == found
    assert (found.view.member, found.view.instance) == (None, 0)
    assert read(found.link) == (found, [])


# The state that shows one network


def test_one_network_is_shown_by_its_restart_or_as_the_best():
    choice = Choice(Config(n_features=5, seed=3), "quick", RECIPES["quick"].replace(restarts=8))
    for restart in (None, 0, 7):
        state = MotifState.of(choice, restart)
        assert state == MotifState(choice, view=View(seeds=1, member=restart))
        assert read(state.link) == (state, [])
    assert MotifState.of(choice, 8).view.member is None
    assert MotifState.of(choice).thresholds == MotifThresholds()


def test_one_network_of_many_seeds_is_a_model_of_its_own():
    choice = Choice(MOTIF.configs[3], "standard", Recipe())
    state = MotifState.of(choice)
    assert (state.configs, state.count) == ([MOTIF.configs[3]], 1)
