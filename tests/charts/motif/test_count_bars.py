from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.motif.count_bars import count_bars
from toymodel.charts.motif.ensemble_strip import ensemble_strip

FRAME = pd.DataFrame(
    {
        "group": ["low", "low", "low", "high", "high", "high", "high"],
        "instances": [3, 4, 1, 0, 1, 2, 3],
        "models": [3, 1, 4, 8, 0, 4, 4],
    }
)
ORDER = ("low", "middle", "high")


def drawing(frame=FRAME, theme=LIGHT):
    return count_bars(frame, across="by loss", order=ORDER, theme=theme)


def block_layer(spec):
    return by_field(spec, "color", "instances")


def test_blocks_stack_shares_with_the_fewest_instances_below():
    spec = drawing().spec
    drawn = rows(spec, block_layer(spec)).sort_values(["group", "low"])
    assert drawn[["group", "instances", "models", "share", "low", "high"]].to_numpy().tolist() == [
        ["high", "0", 8, 0.5, 0, 0.5],
        ["high", "2", 4, 0.25, 0.5, 0.75],
        ["high", "3 or more", 4, 0.25, 0.75, 1],
        ["low", "1", 4, 0.5, 0, 0.5],
        ["low", "3 or more", 4, 0.5, 0.5, 1],
    ]
    encoding = block_layer(spec)["encoding"]
    assert (encoding["y"]["field"], encoding["y2"]["field"]) == ("low", "high")
    assert encoding["y"]["scale"]["domain"] == [0, 1]


def test_groups_stand_in_their_order_with_or_without_models():
    x = block_layer(drawing().spec)["encoding"]["x"]
    assert (x["field"], x["title"], x["scale"]["domain"]) == ("group", "by loss", list(ORDER))


def test_colours_and_legend_are_those_of_the_strip():
    models = pd.DataFrame(
        {"member": [0], "rank": [0], "loss": [0.1], "instances": [1], "name": ["seed 0"]}
    )
    strip = ensemble_strip(models, shown=0, yardstick=None, theme=DARK).spec
    ours, theirs = (
        by_field(spec, channel, "instances")["encoding"]["color"]
        for spec, channel in ((drawing(theme=DARK).spec, "color"), (strip, "shape"))
    )
    for part in ("field", "scale", "title"):
        assert ours[part] == theirs[part]
    assert ours["legend"]["orient"] == theirs["legend"]["orient"]


def test_the_pointer_is_told_the_group_and_how_many_models():
    told = block_layer(drawing().spec)["encoding"]["tooltip"]
    assert [each["field"] for each in told] == ["group", "instances", "models", "share"]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_blocks_have_their_colours(theme):
    chart = drawing(theme=theme).chart.properties(width=300, background=theme.background)
    for colour in theme.instances:
        assert shows(pixels(chart), colour, 1000)


def test_no_models_are_axes_only():
    picture = pixels(drawing(FRAME.head(0)).chart.properties(width=300))
    assert shows(picture, "#888888", 100, within=40)
    assert not shows(picture, LIGHT.instances[3], 300)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "instances" in drawing().spec["description"]
