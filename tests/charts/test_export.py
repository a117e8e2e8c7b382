from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from toymodel.charts.export import write_chart

FRAME = pd.DataFrame({"x": [1, 2, 3], "y": [0.5, 0.25, 1.0], "name": ["a", "b", "c"]})
TITLE = "Three points & a title"


def chart(frame: pd.DataFrame = FRAME) -> alt.LayerChart:
    points = alt.Chart(frame).mark_circle(color="#d6336c").encode(x="x:Q", y="y:Q")
    return alt.LayerChart(layer=[points], title=TITLE, width=200, height=100)


def test_svg_is_xml_with_the_title_and_a_mark_a_row():
    root = ElementTree.fromstring(write_chart(chart(), "svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert TITLE in "".join(root.itertext())
    marks = [element for element in root.iter() if element.get("fill") == "#d6336c"]
    assert len(marks) == len(FRAME)
    image = Image.open(io.BytesIO(write_chart(chart(), "png")))
    assert image.format == "PNG"
    assert image.width >= 400
    assert image.height >= 200
    assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 20


def test_json_is_the_chart_with_its_data_for_the_online_editor():
    text = write_chart(chart(), "json").decode()
    read = alt.Chart.from_json(text)
    assert isinstance(read, alt.LayerChart)
    spec = json.loads(text)
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    (data,) = spec["datasets"].values()
    assert data == FRAME.to_dict("records")
    assert text.count("\n") > 20
    assert write_chart(read, "svg") == write_chart(chart(), "svg")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_missing_is_null_because_nan_is_no_json(value: float):
    named = chart()
    named.layer[0].data = alt.NamedData("points")
    named.datasets = {"points": [{"x": 1, "y": value}, {"x": 2, "y": 0.5}]}

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    spec = json.loads(write_chart(named, "json"), parse_constant=refuse)
    assert spec["datasets"]["points"] == [{"x": 1, "y": None}, {"x": 2, "y": 0.5}]
    assert TITLE in "".join(ElementTree.fromstring(write_chart(named, "svg")).itertext())
