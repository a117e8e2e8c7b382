from __future__ import annotations

import altair as alt
import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.vega import click, layer, nominal, quantitative, tip, where

TABLE = pd.DataFrame({"x": [1, 2], "name": ["a", None]})
CHART = Chart(
    {
        "layer": [
            layer(
                "points",
                "point",
                {
                    "x": quantitative("x", title="value"),
                    "color": where("datum.x > 1", {"value": "#ff0000"}, {"value": "#000000"}),
                    "tooltip": [tip("name"), tip("x", "value", ".2f")],
                },
                transform=[{"filter": "datum.x > 0"}],
                name="points",
            ),
            layer("points", {"type": "text", "dy": 3}, {"text": nominal("name")}),
        ],
        "params": [click("chosen", "points", "x")],
        "height": 50,
    },
    {"points": TABLE},
)


def test_a_page_gets_vega_lite_with_the_tables_themselves():
    spec = CHART.to_vega_lite()
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert spec["datasets"]["points"] is TABLE
    assert "datasets" not in CHART.spec


def test_in_python_it_is_an_altair_chart_that_agrees_with_the_schema():
    chart = CHART.to_altair()
    assert isinstance(chart, alt.LayerChart)
    spec = chart.properties(width=80).to_dict()  # which validates it
    assert (spec["width"], spec["height"]) == (80, 50)
    assert spec["datasets"]["points"] == TABLE.to_dict("records")
    assert spec["params"] == CHART.spec["params"]
    assert [each["mark"]["type"] for each in spec["layer"]] == ["point", "text"]
    assert spec["layer"][0]["transform"] == [{"filter": "datum.x > 0"}]
    told = CHART.spec["layer"][0]["encoding"]["tooltip"]
    assert told == [
        {"field": "name", "type": "nominal"},
        {"field": "x", "type": "quantitative", "title": "value", "format": ".2f"},
    ]
