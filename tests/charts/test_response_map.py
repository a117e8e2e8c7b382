from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.response_map import response_map

FRAME = pd.DataFrame(
    {
        "x": [-1.0, 0.0, -1.0, 0.0],
        "x2": [0.0, 1.0, 0.0, 1.0],
        "y": [-1.0, -1.0, 0.0, 0.0],
        "y2": [0.0, 0.0, 1.0, 1.0],
        "value": [0.0, 1.0, 2.0, 3.0],
    }
)
VIRIDIS = ("#440154", "#fde725")


def drawing(frame=FRAME, theme=LIGHT):
    return response_map(frame, across="f3", up="f7", value="activation of n1", theme=theme)


def chart(*given, **options):
    return drawing(*given, **options).chart


def test_cells_are_those_of_the_frame():
    spec = drawing().spec
    layer = by_field(spec, "color", "value")
    drawn = rows(spec, layer)
    assert drawn[FRAME.columns].to_dict("list") == FRAME.to_dict("list")
    assert drawn["middle_x"].tolist() == [-0.5, 0.5, -0.5, 0.5]
    assert drawn["middle_y"].tolist() == [-0.5, -0.5, 0.5, 0.5]
    encoding = layer["encoding"]
    assert [encoding[name]["field"] for name in ("x", "x2", "y", "y2")] == ["x", "x2", "y", "y2"]


def test_axes_and_colours_say_what_they_are():
    encoding = by_field(drawing().spec, "color", "value")["encoding"]
    titles = [encoding[name]["title"] for name in ("x", "y", "color")]
    assert titles == ["f3", "f7", "activation of n1"]
    assert [each["title"] for each in encoding["tooltip"]] == titles
    assert encoding["color"]["legend"]["type"] == "gradient"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_low_is_dark_and_high_is_yellow(theme):
    picture = pixels(chart(theme=theme).properties(width=300))
    for colour in VIRIDIS:
        assert shows(picture, colour, 5000)


def test_nothing_shines_through_between_cells():
    edges = np.linspace(0, 1, 24)
    x, y = (each.ravel() for each in np.meshgrid(edges[:-1], edges[:-1]))
    step = edges[1]
    frame = pd.DataFrame({"x": x, "x2": x + step, "y": y, "y2": y + step, "value": 0.0})
    frame.loc[0, "value"] = 1.0
    picture = pixels(chart(frame).properties(width=283)).astype(int)
    dark = np.abs(picture - [0x44, 0x01, 0x54]).max(axis=2) <= 3
    assert dark[20:200, 60:300].all()


@pytest.mark.parametrize("count", [0, 1])
def test_little_is_drawn_too(count: int):
    picture = pixels(chart(FRAME.tail(count)).properties(width=300))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 1


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "activation of n1" in drawing().spec["description"]


SIGNED = FRAME.assign(value=[-2.0, 0.0, 0.5, 3.0])


def signed(frame=SIGNED, theme=LIGHT, reach: float = 1.0):
    return response_map(frame, across="f3", up="f7", value="error", theme=theme, reach=reach)


def ends(**options) -> list[str]:
    legend = by_field(signed(**options).spec, "color", "value")["encoding"]["color"]["legend"]
    low, high = legend["values"][0], legend["values"][-1]
    assert legend["values"] == [low, 0, high]
    assert low == -high
    return re.findall("'(.*?)'", legend["labelExpr"])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_signed_values_have_the_colours_of_their_signs_from_the_reach_on(theme):
    picture = pixels(signed(theme=theme).chart.properties(width=300, background=theme.background))
    for colour in (theme.negative, theme.positive, theme.background):
        assert shows(picture, colour, 5000)
    scale = by_field(signed(theme=theme).spec, "color", "value")["encoding"]["color"]["scale"]
    assert (scale["domain"], scale["clamp"]) == ([-1, 0, 1], True)


def test_the_legend_says_where_colours_stay_the_same():
    assert ends() == ["−1 or less", "1 or more", "0"]
    assert ends(frame=SIGNED.tail(3)) == ["−1", "1 or more", "0"]
    assert ends(reach=3.5) == ["−3.5", "3.5", "0"]


def test_without_a_reach_colours_are_a_ramp_over_the_values():
    scale = by_field(drawing().spec, "color", "value")["encoding"]["color"]["scale"]
    assert scale == {"scheme": "viridis"}
    assert "negative" not in drawing().spec["description"]
    assert "negative" in signed().spec["description"]
