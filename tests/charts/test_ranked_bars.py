from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, clicked, layers, mark, picture, rows, shows
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.ranked_bars import SELECTION, ranked_bars

TABLE = pd.DataFrame(
    {"neuron": [7, 12, 3], "path_gain": [2.0, 1.0, -1.5], "class": ["a", "b", "c"]}
)


def drawn(table: pd.DataFrame = TABLE, of="neuron", theme=LIGHT, **options) -> Chart:
    return ranked_bars(
        table, of=of, value="path_gain", title="path gain", theme=theme, height=150, **options
    )


def bar_layer(spec):
    return by_field(spec, "y", "path_gain")


def test_bars_stand_in_the_order_of_the_table_under_their_names():
    spec = drawn().to_vega_lite()
    layer = bar_layer(spec)
    bars = rows(spec, layer)
    assert bars["name"].tolist() == ["n7", "n12", "n3"]
    assert bars["path_gain"].tolist() == TABLE["path_gain"].tolist()
    assert layer["encoding"]["x"]["field"] == "name"
    assert layer["encoding"]["x"]["sort"] == {"field": "rank", "op": "min"}
    assert bars["rank"].tolist() == [0, 1, 2]
    assert layer["encoding"]["y"]["title"] == "path gain"
    assert spec["description"] == "path gain: a bar a neuron, positive above the axis."

    def angle(count: int, **more: str) -> int:
        table = pd.DataFrame({"neuron": range(count), "path_gain": 1.0}).assign(**more)
        return bar_layer(drawn(table).spec)["encoding"]["x"]["axis"]["labelAngle"]

    assert (angle(8), angle(9)) == (0, -90)
    assert (angle(6, side="positive"), angle(7, side="positive")) == (0, -90)
    told = bar_layer(drawn(TABLE.assign(share=0.1)).spec)["encoding"]["tooltip"]
    assert [(each["title"], each.get("format")) for each in told] == [
        ("neuron", None),
        ("path gain", "+.3f"),
        ("class", None),
        ("share", ".3g"),
    ]
    assert mark(bar_layer(drawn().spec))["width"] == {"expr": "min(0.85 * bandwidth('x'), 60)"}


def test_features_have_an_f_and_the_side_is_named_where_there_is_one():
    table = pd.DataFrame({"feature": [4, 4], "path_gain": [1.0, 2], "side": ["positive"] * 2})
    table.loc[1, "side"] = "negative"
    assert drawn(table, of="feature").tables["bars"]["name"].tolist() == ["f4 (+)", "f4 (−)"]
    plain = drawn(table.drop(columns="side"), of="feature")
    assert plain.tables["bars"]["name"].tolist() == ["f4", "f4"]


@pytest.mark.parametrize("of", ["feature", "neuron"])
def test_a_click_selects_a_number(of: str):
    spec = drawn(TABLE.rename(columns={"neuron": of}), of=of).spec
    name, fields, hit = clicked(spec)
    assert (name, fields) == (SELECTION, [of])
    assert not {"y", "y2"} & hit["encoding"].keys()  # a whole column takes it
    clickable = [layer for layer in layers(spec) if mark(layer).get("cursor") == "pointer"]
    assert {mark(layer)["type"] for layer in clickable} == {"rect", "bar"}


@pytest.mark.parametrize("mark_of", [12, 99])
def test_a_bar_is_framed_if_it_is_there(mark_of: int):
    marked = drawn(mark=mark_of).tables["marked"]["neuron"].tolist()
    assert marked == [j for j in TABLE["neuron"] if j == mark_of]
    assert drawn().tables["marked"].empty
    assert drawn(TABLE.head(0), mark=3).tables["bars"].empty


@THEMES
def test_signs_the_zero_line_and_the_frame_are_drawn(theme):
    found = picture(drawn(theme=theme, mark=12), theme)
    for colour, least in ((theme.positive, 500), (theme.negative, 500), (theme.mark, 100)):
        assert shows(found, colour, least)
    assert shows(found, theme.ink, 200)
