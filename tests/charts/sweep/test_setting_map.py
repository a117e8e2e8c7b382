from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, layers, mark, picture, rows, shows
from tests.helpers.colours import contrast
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.sweep.setting_map import SELECTION, setting_map

VALUES = pd.DataFrame(
    {"x": [0.1, 0.1, 1.0, 1.0], "y": [0.8, 1.0, 0.8, 1.0], "value": [0.0, 1.0, 0.25, math.nan]}
)


def chart(values=VALUES, theme=LIGHT, form: str = ".0%", limits=(0.0, 1.0), **options) -> Chart:
    return setting_map(values, title="share", form=form, limits=limits, theme=theme, **options)


def of_cells(made: Chart):
    return by_field(made.spec, "color", "value")


def test_settings_stand_from_dense_to_sparse_with_even_importance_on_top():
    encoding = of_cells(chart())["encoding"]
    assert encoding["x"]["scale"]["domain"] == [1.0, 0.1]
    assert encoding["y"]["scale"]["domain"] == [1.0, 0.8]
    assert (encoding["x"]["type"], encoding["y"]["type"]) == ("ordinal", "ordinal")
    assert chart().spec["title"]["text"] == "share"

    def stops(**options) -> list[str]:
        return of_cells(chart(**options))["encoding"]["color"]["scale"]["range"]

    assert stops() == [LIGHT.background, LIGHT.negative]
    assert stops(middle=0.0) == [LIGHT.negative, LIGHT.background, LIGHT.positive]
    made = chart()
    (grey,) = (each for each in layers(made.spec) if each["data"]["name"] == "unknown")
    drawn = rows(made.to_vega_lite(), grey)
    assert drawn[["x", "y"]].to_numpy().tolist() == [[1.0, 1.0]]
    assert mark(grey)["color"] == LIGHT.faint
    assert "value" not in drawn  # a browser takes no NaN
    assert made.tables["cells"]["value"].notna().all()


def test_values_are_written_in_their_form():
    def written(**options) -> dict[tuple[float, float], str]:
        made = chart(**options)
        assert by_field(made.spec, "text", "text")["data"]["name"] == "settings"
        return made.tables["settings"].set_index(["x", "y"])["text"].to_dict()

    assert written() == {(0.1, 0.8): "0%", (0.1, 1): "100%", (1, 0.8): "25%", (1, 1): "–"}
    negative = VALUES.assign(value=-VALUES["value"])
    assert written(values=negative, form="+.2f")[0.1, 1] == "−1.00"
    assert set(chart(numbers=False).tables["settings"]["ink"]) == {"transparent"}


@THEMES
@pytest.mark.parametrize("diverging", [False, True])
def test_numbers_are_legible_on_their_colours(theme, diverging: bool):
    values = np.linspace(-1, 1, 41) if diverging else np.linspace(0, 1, 41)
    table = pd.DataFrame({"x": 0.1, "y": np.arange(41), "value": values})
    limits = (-0.5, 0.5) if diverging else (0.0, 0.8)
    made = chart(table, theme, limits=limits, middle=0.0 if diverging else None)
    scale = of_cells(made)["encoding"]["color"]["scale"]
    stops = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in scale["range"]]
    for cell in made.tables["cells"].itertuples():
        mixed = [np.interp(cell.value, scale["domain"], part) for part in zip(*stops, strict=True)]
        fill = "#" + "".join(f"{round(part):02x}" for part in mixed)
        assert contrast(cell.ink, fill) >= 4.5
    assert (scale["interpolate"], scale["clamp"]) == ("rgb", True)


def test_a_colour_may_follow_the_logarithm_on_either_side_of_the_middle():
    gains = VALUES.assign(value=[0.25, 4.0, 1.0, 2.0])
    made = chart(gains, form=".3g", limits=(0.25, 4.0), middle=1.0, log=True)
    color = of_cells(made)["encoding"]["color"]
    assert (color["scale"]["type"], color["scale"]["domain"]) == ("log", [0.25, 1.0, 4.0])
    assert color["legend"]["values"] == [0.25, 1.0, 4.0]
    drawn = picture(made, LIGHT)
    assert shows(drawn, LIGHT.negative, 1000) and shows(drawn, LIGHT.positive, 1000)
    between = np.array(
        [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (LIGHT.background, LIGHT.positive)]
    ).mean(axis=0)
    halfway = "#" + "".join(f"{round(part):02x}" for part in between)
    assert shows(drawn, halfway, 1000)  # 2 is as far from 1 as from 4


@THEMES
def test_signs_and_the_selected_setting_have_their_colours(theme):
    signed = VALUES.assign(value=[-2.0, 2.0, 0.0, 0.0])
    made = chart(signed, theme, limits=(-1.0, 1.0), middle=0.0, selected=(1.0, 1.0))
    both = picture(made, theme)
    assert shows(both, theme.negative, 1000) and shows(both, theme.positive, 1000)
    assert shows(both, theme.mark, 300)


@pytest.mark.parametrize(
    ("selected", "framed"),
    [
        ((0.1, 0.8), [[0.1, 0.8]]),
        ((1.0, 1.0), [[1.0, 1.0]]),  # of which nothing is known
        ((0.5, 0.8), []),
        (None, []),
    ],
)
def test_the_selected_setting_is_framed(selected, framed):
    found = chart(selected=selected).tables["selected"]
    assert found[["x", "y"]].to_numpy().tolist() == framed


def test_a_click_selects_a_setting():
    made = chart()
    (param,) = made.spec["params"]
    assert param["name"] == SELECTION
    assert param["select"] == {"type": "point", "fields": ["x", "y"], "toggle": False}
    hit = list(layers(made.spec))[-1]  # on top of the numbers
    assert param["views"] == [hit["name"]]
    assert len(rows(made.to_vega_lite(), hit)) == len(VALUES)
    assert [each["title"] for each in hit["encoding"]["tooltip"]] == [
        "density 1 − S (sparser to the right)",
        "importance decay",
        "share",
    ]


def test_numbers_fit_into_narrow_cells():
    table = pd.DataFrame({"x": np.geomspace(1, 0.001, 8), "y": 1.0, "value": 1.0})
    drawn = picture(chart(table, limits=(0.0, 4.0)), LIGHT, width=205)
    cells = drawn[60] == np.median(drawn[60], axis=0)  # above the numbers
    inside = cells.all(axis=1)
    between = ~inside
    between[: np.argmax(inside)] = False
    assert between.sum() >= 7
    numbers = (drawn[70:200] < 90).all(axis=2).any(axis=0)
    assert numbers[inside].any()
    assert not numbers[between].any()
