from __future__ import annotations

import pickle
from typing import Annotated, Literal

import numpy as np
import pytest
from pydantic import Field

from toymodel.settings import Problem, SettingError, Settings, require_whole


class Oven(Settings):
    degrees: Annotated[int, Field(ge=50, le=1_250)] = 180
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    decay: Annotated[float, Field(ge=0, lt=1)] = 0.25
    scale: Annotated[float, Field(ge=0, le=10)] = 1.0
    mode: Literal["fan", "grill"] = "fan"
    rest: Annotated[float | None, Field(ge=0, le=1)] = None


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("degrees", "a whole number from 50 to 1,250"),
        ("share", "a number above 0 and at most 1"),
        ("decay", "a number from 0 and below 1"),
        ("scale", "a number from 0 to 10"),
        ("mode", "one of 'fan', 'grill'"),
        ("rest", "a number from 0 to 1"),
    ],
)
def test_the_allowed_range_is_said_in_words(field: str, words: str):
    assert Oven.allowed(field) == words


def test_a_refused_value_is_named_with_its_field_and_range():
    with pytest.raises(SettingError) as caught:
        Oven(degrees=7)
    assert str(caught.value) == "degrees = 7: must be a whole number from 50 to 1,250"
    assert caught.value.problems == (Problem("degrees", 7, "a whole number from 50 to 1,250"),)
    with pytest.raises(SettingError) as caught:
        Oven(degrees="hot", mode="steam", share=0)
    assert [p.field for p in caught.value.problems] == ["degrees", "share", "mode"]
    with pytest.raises(SettingError, match="colour = 3: must be one of the fields of Oven: degre"):
        Oven(colour=3)
    with pytest.raises(SettingError) as caught:
        Oven(mode="x" * 5_000)
    assert len(str(caught.value)) < 150


def test_a_number_that_may_be_absent_is_checked_where_it_is_given():
    assert Oven(rest=None) == Oven()
    assert Oven(rest=1).rest == 1.0
    assert (Oven(rest=None).canonical(), Oven(rest=0).canonical()) == ("{}", '{"rest":0.0}')
    for value in (True, "0.5", float("nan"), 2):
        with pytest.raises(SettingError, match=r"rest = .*must be a number from 0 to 1"):
            Oven(rest=value)


@pytest.mark.parametrize("value", [True, "180", 180.0, 180.5, None, [180], np.float64(180)])
def test_a_whole_number_takes_nothing_else(value: object):
    with pytest.raises(SettingError, match="degrees"):
        Oven(degrees=value)


@pytest.mark.parametrize("value", [True, "0.5", None, float("nan"), float("inf"), 0.5j])
def test_a_number_takes_nothing_else(value: object):
    with pytest.raises(SettingError, match="share"):
        Oven(share=value)


def test_numpy_numbers_become_plain_ones():
    oven = Oven(degrees=np.int32(200), share=np.float32(0.5), scale=np.int64(2))
    assert oven == Oven(degrees=200, share=0.5, scale=2.0)
    assert (type(oven.degrees), type(oven.share), type(oven.scale)) == (int, float, float)


def test_positional_arguments_and_assignment_are_refused():
    with pytest.raises(TypeError):
        Oven(200)
    with pytest.raises(ValueError, match="frozen"):
        Oven().degrees = 200
    assert Oven().degrees == 180


def test_replace_changes_a_copy_and_checks_it():
    oven = Oven(share=0.75)
    assert oven.replace(degrees=90) == Oven(degrees=90, share=0.75)
    assert oven == Oven(share=0.75)
    with pytest.raises(SettingError, match="degrees"):
        oven.replace(degrees=0)


def test_canonical_text_does_not_depend_on_how_the_settings_were_written():
    assert Oven().canonical() == "{}"
    text = '{"degrees":200,"scale":2.0}'
    assert Oven(degrees=200, scale=2.0).canonical() == text
    assert Oven.from_mapping({"scale": 2, "mode": "fan", "degrees": 200}).canonical() == text

    class Newer(Oven):
        timer: int = 0

    assert Newer(degrees=200).canonical() == Oven(degrees=200).canonical()
    assert Newer(timer=1).canonical() == '{"timer":1}'
    assert len({Oven(scale=1), Oven(scale=1.0), Oven()}) == 1


def test_a_setting_error_survives_pickling():
    with pytest.raises(SettingError) as caught:
        Oven(degrees=7)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.problems, str(again)) == (caught.value.problems, str(caught.value))


def test_a_range_of_one_number_is_that_number():
    with pytest.raises(SettingError, match=r"neuron = 1: must be 0$"):
        require_whole("neuron", 1, 0, 0)
    with pytest.raises(SettingError, match=r"neuron = 2: must be a whole number from 0 to 1$"):
        require_whole("neuron", 2, 0, 1)
