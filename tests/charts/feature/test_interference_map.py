from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.feature.interference_map import SELECTION, interference_map
from toymodel.charts.look import DARK, LIGHT

FRAME = pd.DataFrame({"receiving": [0, 2, 3], "interfering": [1, 0, 2], "value": [0.5, -1.0, 1.0]})
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, size: int = 4, **options):
    return interference_map(frame, size=size, title="worst", theme=theme, **options)


def chart(*given, **options):
    return drawing(*given, **options).chart


def cell_layer(spec):
    return next(layer for layer in layers(spec) if "color" in layer["encoding"])


def framed(**options) -> list[list[float]]:
    spec = drawing(**options).spec
    (layer,) = (each for each in layers(spec) if mark(each).get("filled") is False)
    drawn = rows(spec, layer)
    return drawn[["x", "x2", "y", "y2"]].to_numpy().tolist() if len(drawn) else []


def test_cells_stand_at_their_numbers_with_the_first_row_on_top():
    spec = drawing().spec
    layer = cell_layer(spec)
    drawn = rows(spec, layer)
    assert drawn[["x", "x2", "y", "y2"]].to_numpy().tolist() == [
        [1, 2, 0, 1],
        [0, 1, 2, 3],
        [2, 3, 3, 4],
    ]
    assert layer["encoding"]["x"]["scale"]["domain"] == [0, 4]
    assert layer["encoding"]["y"]["scale"]["domain"] == [4, 0]


def test_axes_have_numbers():
    few, many = (
        cell_layer(drawing(size=size).spec)["encoding"]["y"]["axis"]["values"] for size in (4, 100)
    )
    assert few == [0.5, 1.5, 2.5, 3.5]
    assert many[:2] == [0.5, 10.5]


@pytest.mark.parametrize("largest", [1.0, 4.0])
def test_the_colours_are_symmetric_about_zero(largest: float):
    frame = FRAME.assign(value=[0.5, -largest, 1.0])
    scale = cell_layer(drawing(frame).spec)["encoding"]["color"]["scale"]
    assert scale["domain"] == [-largest, 0, largest]
    assert scale["range"] == [LIGHT.negative, LIGHT.background, LIGHT.positive]


def test_a_click_selects_the_receiving_feature():
    (param,) = drawing().spec["params"]
    assert param["name"] == SELECTION
    assert param["select"] == {"type": "point", "fields": ["receiving"], "toggle": False}


@THEMES
def test_signs_have_their_colours(theme):
    picture = pixels(chart(theme=theme).properties(width=300))
    for colour in (theme.positive, theme.negative):
        assert shows(picture, colour, 1000)


def test_signs_are_written_while_cells_are_large():
    spec = drawing().spec
    assert rows(spec, by_field(spec, "text", "sign"))["sign"].tolist() == ["+", "−", "+"]
    assert all(mark(layer)["type"] == "rect" for layer in layers(drawing(size=100).spec))


@THEMES
def test_the_selected_feature_is_framed(theme):
    assert framed() == []
    assert framed(selected=2) == [[0, 4, 2, 3], [2, 3, 0, 4]]
    picture = pixels(chart(theme=theme, selected=2).properties(width=300))
    assert shows(picture, theme.mark, 500)


def test_a_feature_that_is_not_in_the_map_is_not_framed():
    assert framed(selected=70) == []


@pytest.mark.parametrize("count", [0, 1])
def test_little_is_drawn_too(count: int):
    picture = pixels(chart(FRAME.tail(count), selected=1).properties(width=300))
    assert shows(picture, LIGHT.mark)
    assert shows(picture, LIGHT.positive, 1000) == bool(count)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "worst" in drawing().spec["description"]
