from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.ranked_bars import SELECTION, ranked_bars

FRAME = pd.DataFrame(
    {"neuron": [7, 12, 3], "path_gain": [2.0, 1.0, -1.5], "class": ["a", "b", "c"]}
)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, of="neuron", value="path_gain", theme=LIGHT, **options):
    return ranked_bars(frame, of=of, value=value, title="path gain", theme=theme, **options)


def chart(*given, **options):
    return drawing(*given, **options).chart


def bar_layer(spec):
    return by_field(spec, "y", "path_gain")


def test_bars_stand_in_the_order_of_the_frame_under_their_names():
    spec = drawing().spec
    layer = bar_layer(spec)
    drawn = rows(spec, layer)
    assert drawn["name"].tolist() == ["n7", "n12", "n3"]
    assert drawn["path_gain"].tolist() == FRAME["path_gain"].tolist()
    assert layer["encoding"]["x"]["field"] == "name"
    assert layer["encoding"]["x"]["sort"] is None
    assert layer["encoding"]["y"]["title"] == "path gain"


def test_features_have_an_f():
    frame = pd.DataFrame({"feature": [4], "path_gain": [1.0]})
    spec = drawing(frame, of="feature").spec
    assert rows(spec, bar_layer(spec))["name"].tolist() == ["f4"]


def test_the_pointer_is_told_every_column_of_the_frame():
    told = bar_layer(drawing().spec)["encoding"]["tooltip"]
    assert [(each["field"], each.get("format")) for each in told] == [
        ("neuron", None),
        ("path_gain", "+.3f"),
        ("class", None),
    ]
    other = drawing(FRAME.assign(share=[0.1, 0.2, 0.3])).spec
    assert bar_layer(other)["encoding"]["tooltip"][-1]["format"] == ".3g"


@pytest.mark.parametrize("of", ["feature", "neuron"])
def test_a_click_selects_a_number(of: str):
    spec = drawing(FRAME.rename(columns={"neuron": of}), of=of).spec
    (param,) = spec["params"]
    assert param["name"] == SELECTION
    assert param["select"] == {"type": "point", "fields": [of], "toggle": False}
    clickable = [layer for layer in layers(spec) if mark(layer).get("cursor") == "pointer"]
    assert {mark(layer)["type"] for layer in clickable} == {"rect", "bar"}


@THEMES
def test_signs_have_their_colours_beside_the_zero_line(theme):
    picture = pixels(chart(theme=theme).properties(width=300))
    assert shows(picture, theme.positive)
    assert shows(picture, theme.negative)
    assert shows(picture, theme.ink, 200)


@THEMES
def test_the_marked_bar_is_framed(theme):
    marked = chart(theme=theme, mark=12)
    spec = marked.to_dict()
    (layer,) = (each for each in layers(spec) if mark(each).get("filled") is False)
    assert rows(spec, layer)["neuron"].tolist() == [12]
    assert shows(pixels(marked.properties(width=300)), theme.mark, 100)
    assert not shows(pixels(chart(theme=theme).properties(width=300)), theme.mark)


def test_no_bars_are_axes_only():
    picture = pixels(chart(FRAME.head(0), mark=3).properties(width=300))
    assert shows(picture, LIGHT.ink)
    assert not shows(picture, LIGHT.positive)


def test_one_bar_is_not_as_wide_as_the_chart():
    picture = pixels(chart(FRAME.head(1)).properties(width=600))
    assert shows(picture, LIGHT.positive, 1000)
    assert not shows(picture, LIGHT.positive, 150 * 70)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    words = drawing().spec["description"]
    assert "path gain" in words
    assert "neuron" in words
