from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.colours import contrast
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.sweep.setting_map import SELECTION, setting_map

FRAME = pd.DataFrame(
    {
        "x": [0.1, 0.1, 1.0, 1.0],
        "y": [0.8, 1.0, 0.8, 1.0],
        "value": [0.0, 1.0, 0.25, math.nan],
    }
)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, form: str = ".0%", limits=(0.0, 1.0), **options):
    return setting_map(frame, title="share", form=form, limits=limits, theme=theme, **options)


def picture(*given, theme=LIGHT, width: int = 300, **options) -> np.ndarray:
    chart = drawing(*given, theme=theme, **options).chart
    return pixels(chart.properties(width=width, background=theme.background))


def cell_layer(spec):
    return by_field(spec, "color", "value")


def test_settings_stand_from_dense_to_sparse_with_even_importance_on_top():
    encoding = cell_layer(drawing().spec)["encoding"]
    assert encoding["x"]["scale"]["domain"] == [1.0, 0.1]
    assert encoding["y"]["scale"]["domain"] == [1.0, 0.8]
    assert (encoding["x"]["type"], encoding["y"]["type"]) == ("ordinal", "ordinal")


def test_values_are_written_in_their_form():
    def written(**options) -> dict[tuple[float, float], str]:
        spec = drawing(**options).spec
        return rows(spec, by_field(spec, "text", "text")).set_index(["x", "y"])["text"].to_dict()

    assert written() == {(0.1, 0.8): "0%", (0.1, 1): "100%", (1, 0.8): "25%", (1, 1): "–"}
    negative = FRAME.assign(value=-FRAME["value"])
    assert written(frame=negative, form="+.2f")[0.1, 1] == "−1.00"


@THEMES
@pytest.mark.parametrize("diverging", [False, True])
def test_numbers_are_legible_on_their_colours(theme, diverging: bool):
    values = np.linspace(-1, 1, 41) if diverging else np.linspace(0, 1, 41)
    frame = pd.DataFrame({"x": 0.1, "y": np.arange(41), "value": values})
    limits = (-0.5, 0.5) if diverging else (0.0, 0.8)
    spec = drawing(frame, theme, limits=limits, diverging=diverging).spec
    scale = cell_layer(spec)["encoding"]["color"]["scale"]
    stops = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in scale["range"]]
    for cell in rows(spec, cell_layer(spec)).itertuples():
        mixed = [np.interp(cell.value, scale["domain"], part) for part in zip(*stops, strict=True)]
        fill = "#" + "".join(f"{round(part):02x}" for part in mixed)
        assert contrast(cell.ink, fill) >= 4.5
    assert (scale["interpolate"], scale["clamp"]) == ("rgb", True)


@THEMES
def test_colours_go_from_the_background_on_or_tell_signs_apart(theme):
    one_way = picture(theme=theme)
    assert shows(one_way, theme.negative, 1000)
    assert not shows(one_way, theme.positive)
    signed = FRAME.assign(value=[-2.0, 2.0, 0.0, 0.0])
    both = picture(signed, theme=theme, limits=(-1.0, 1.0), diverging=True)
    assert shows(both, theme.negative, 1000)
    assert shows(both, theme.positive, 1000)


def test_what_is_not_known_is_grey():
    spec = drawing().spec
    (grey,) = (each for each in layers(spec) if each["data"]["name"] == "unknown")
    assert rows(spec, grey)[["x", "y"]].to_numpy().tolist() == [[1.0, 1.0]]
    assert mark(grey)["color"] == LIGHT.faint
    assert "value" not in rows(spec, grey)  # a browser takes no NaN
    assert rows(spec, cell_layer(spec))["value"].notna().all()


@THEMES
def test_the_selected_setting_is_framed(theme):
    def framed(selected) -> list[list[float]]:
        found = drawing(selected=selected).data["selected"]
        return found[["x", "y"]].to_numpy().tolist()

    assert framed((0.1, 0.8)) == [[0.1, 0.8]]
    assert framed((1.0, 1.0)) == [[1.0, 1.0]]  # of which nothing is known
    assert framed((0.5, 0.8)) == framed(None) == []
    assert shows(picture(theme=theme, selected=(0.1, 0.8)), theme.mark, 300)
    assert not shows(picture(theme=theme), theme.mark)


def test_a_click_selects_a_setting():
    spec = drawing().spec
    (param,) = spec["params"]
    assert param["name"] == SELECTION
    assert param["select"] == {"type": "point", "fields": ["x", "y"], "toggle": False}
    hit = list(layers(spec))[-1]  # on top of the numbers
    assert param["views"] == [hit["name"]]
    assert len(rows(spec, hit)) == len(FRAME)
    assert [each["title"] for each in hit["encoding"]["tooltip"]] == [
        "density 1 − S (sparser to the right)",
        "importance decay",
        "share",
    ]


def test_numbers_fit_into_narrow_cells():
    frame = pd.DataFrame({"x": np.geomspace(1, 0.001, 8), "y": 1.0, "value": 1.0})
    drawn = picture(frame, width=205, limits=(0.0, 4.0))
    cells = drawn[60] == np.median(drawn[60], axis=0)  # above the numbers
    inside = cells.all(axis=1)
    between = ~inside
    between[: np.argmax(inside)] = False
    assert between.sum() >= 7
    numbers = (drawn[70:200] < 90).all(axis=2).any(axis=0)
    assert numbers[inside].any()
    assert not numbers[between].any()


def test_a_single_setting_is_drawn_too():
    assert shows(picture(FRAME.tail(2).head(1)), "#000000")


def test_the_title_and_words_say_what_the_values_are():
    spec = drawing().spec
    assert spec["title"]["text"] == "share"
    assert "share" in spec["description"]
