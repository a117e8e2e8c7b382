from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.neuron.share_curve import share_curve

NAN = float("nan")
FRAME = pd.DataFrame(
    [
        ("this neuron", "0.02–0.1", 0.02, 0.1, 0.2, 0.1, 0.3, 1234.0),
        ("this neuron", "0.1–1", 0.1, 1.0, 0.9, NAN, NAN, NAN),
        ("this neuron", "above 1", 1.0, np.inf, NAN, NAN, NAN, NAN),
        ("is there", "0.02–0.1", 0.02, 0.1, 0.6, NAN, NAN, NAN),
        ("is there", "0.1–1", 0.1, 1.0, 0.95, NAN, NAN, NAN),
        ("monosemantic", "0.02–0.1", 0.02, 0.1, 0.4, NAN, NAN, NAN),
        ("monosemantic", "0.1–1", 0.1, 1.0, 0.8, NAN, NAN, NAN),
        ("polysemantic", "0.02–0.1", 0.02, 0.1, 0.1, NAN, NAN, NAN),
        ("polysemantic", "0.1–1", 0.1, 1.0, 0.5, NAN, NAN, NAN),
    ],
    columns=["kind", "interval", "low", "high", "value", "value_low", "value_high", "effective"],
)
KINDS = ["this neuron", "is there", "monosemantic", "polysemantic"]
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT):
    return share_curve(frame, theme=theme)


def chart(*given, **options):
    return drawing(*given, **options).chart


def point_layer(spec):
    return by_field(spec, "shape", "kind")


def test_points_are_the_values_that_are_known():
    spec = drawing().spec
    drawn = rows(spec, point_layer(spec))
    assert drawn["value"].tolist() == FRAME["value"].dropna().tolist()
    assert not drawn.isna().any(axis=None)
    assert drawn["error"].tolist()[:2] == ["10.0–30.0 %", "–"]
    assert drawn["inputs"].tolist()[:2] == ["1,234", "–"]


def test_intervals_stand_in_the_order_of_the_frame():
    x = point_layer(drawing().spec)["encoding"]["x"]
    assert x["sort"] == ["0.02–0.1", "0.1–1", "above 1"]
    assert x["axis"]["labelAngle"] == 0


def test_errors_are_drawn_where_they_are_known():
    spec = drawing().spec
    layer = by_field(spec, "y", "value_low")
    assert layer["encoding"]["y2"]["field"] == "value_high"
    assert rows(spec, layer)[["value_low", "value_high"]].to_numpy().tolist() == [[0.1, 0.3]]


def test_kinds_differ_by_dash_shape_and_colour():
    spec = drawing().spec
    drawn = [mark(layer) for layer in layers(spec) if mark(layer)["type"] == "line"]
    assert [each["strokeDash"] for each in drawn] == [[1, 0], [6, 2], [4, 3], [1, 3]]
    assert drawn[0]["strokeWidth"] > drawn[1]["strokeWidth"]
    encoding = point_layer(spec)["encoding"]
    for channel in ("color", "shape"):
        scale = encoding[channel]["scale"]
        assert scale["domain"] == KINDS
        assert len(set(scale["range"])) == 4
        assert encoding[channel]["legend"]["orient"] == "bottom"


@THEMES
def test_all_of_it_is_drawn(theme):
    picture = pixels(chart(theme=theme).properties(width=300))
    for colour in (theme.negative, theme.positive, theme.ink, theme.node):
        assert shows(picture, colour)


@pytest.mark.parametrize("count", [0, 1])
def test_little_is_drawn_too(count: int):
    picture = pixels(chart(FRAME.head(count)).properties(width=300))
    assert shows(picture, LIGHT.negative) == bool(count)


def test_nothing_known_is_an_empty_chart():
    picture = pixels(chart(FRAME.loc[[2]]).properties(width=300))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 1


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "primary feature" in drawing().spec["description"]
