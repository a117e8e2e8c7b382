from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.activity import measured
from tests.helpers.chart_specs import THEMES, by_field, mark, of_kind, picture, rows, shows
from tests.helpers.networks import weights
from toymodel.analysis.activations import INTERVALS
from toymodel.analysis.polysemanticity import neurons
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.neuron.primary_share import (
    LEADS,
    PRESENT,
    median_shares,
    primary_share,
    shares_by_group,
    shares_by_magnitude,
)

# The table


def test_the_shares_of_a_neuron_and_the_median_of_others_are_exact():
    cells = {
        (2, 0): 1.0,  # the first interval: 1 of 4
        (9, 2): 3.0,
        (10, 0): 5.0,  # the second: all
        (74, 0): 1.0,  # the fourth: a half; nothing in the third and the fifth
        (50, 1): 1.0,
        (100, 0): 2.0,  # above 1
    }
    found = measured(cells, present={(2, 0): 2.0, (9, 1): 2.0, (119, 0): 2.0})
    others = np.array([[0.2] * 6, [0.4] * 6, [0.9] * 6])
    others[2, 0] = np.nan
    others[:, 5] = np.nan
    table = shares_by_magnitude(found, {"some": others, "none": others[:0]})
    kinds = (LEADS, PRESENT, "some", "none")
    mine, there, some, none = (table[table["kind"] == kind] for kind in kinds)
    assert len(table) == 4 * len(INTERVALS)
    assert list(zip(mine["low"], mine["high"], strict=True)) == list(INTERVALS)
    np.testing.assert_allclose(mine["value"], [0.25, 1, np.nan, 0.5, np.nan, 1])
    np.testing.assert_allclose(there["value"], [0.5, np.nan, np.nan, np.nan, np.nan, 1])
    np.testing.assert_allclose(mine["effective"], [4, 5, 0, 2, 0, 2])
    for row, (low, high) in zip(mine.itertuples(), INTERVALS, strict=True):
        share = found.dominated(low, high)
        np.testing.assert_equal((row.value_low, row.value_high), (share.low, share.high))
    np.testing.assert_allclose(some["value"], [0.3, 0.4, 0.4, 0.4, 0.4, np.nan])
    assert none["value"].isna().all()
    assert some[["value_low", "value_high", "effective"]].isna().all(axis=None)
    assert some["interval"].tolist() == mine["interval"].tolist()


def test_medians_stand_alone_too():
    shares = np.array([[0.2] * 6, [0.6] * 6])
    found = median_shares({"some": shares})
    assert found["kind"].tolist() == ["some"] * len(INTERVALS)
    np.testing.assert_allclose(found["value"], 0.4)
    assert found["interval"].tolist() == [
        "0.02–0.1",
        "0.1–0.25",
        "0.25–0.5",
        "0.5–0.75",
        "0.75–1",
        "above 1",
    ]
    assert found[["value_low", "value_high", "effective"]].isna().all(axis=None)
    assert median_shares({}).empty


def test_groups_are_neurons_with_a_clear_secondary_feature_and_all_that_are_used():
    # Monosemantic, clear secondary, unused.
    found = neurons(weights([[1, 0], [1, 0.4], [0, 0]], np.ones((2, 3))).W1)
    shares = np.arange(18.0).reshape(3, 6)
    groups = shares_by_group(found, shares)
    assert list(groups) == [
        "median of 1 neuron with a clear secondary",
        "median of all 2 neurons, 1 monosemantic",
    ]
    clear, used = groups.values()
    assert clear.tolist() == shares[[1]].tolist()
    assert used.tolist() == shares[:2].tolist()
    nothing = neurons(weights(np.zeros((2, 2)), np.zeros((2, 2))).W1)
    assert shares_by_group(nothing, shares[:2]) == {}


# The chart

NAN = float("nan")
SHARES = pd.DataFrame(
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


def drawn(table: pd.DataFrame = SHARES, theme=LIGHT) -> Chart:
    return primary_share(table, theme=theme, height=260)


def point_layer(spec):
    return by_field(spec, "shape", "kind")


def test_points_and_errors_are_drawn_where_they_are_known_in_the_order_of_the_table():
    spec = drawn().to_vega_lite()
    points = rows(spec, point_layer(spec))
    assert points["value"].tolist() == SHARES["value"].dropna().tolist()
    assert not points.isna().any(axis=None)
    assert points["error"].tolist()[:2] == ["10.0–30.0 %", "–"]
    assert points["inputs"].tolist()[:2] == ["1,234", "–"]
    assert "primary feature" in spec["description"]
    x = point_layer(drawn().spec)["encoding"]["x"]
    assert x["sort"] == ["0.02–0.1", "0.1–1", "above 1"]
    assert x["axis"]["labelAngle"] == 0
    spec = drawn().to_vega_lite()
    layer = by_field(spec, "y", "value_low")
    assert layer["encoding"]["y2"]["field"] == "value_high"
    assert rows(spec, layer)[["value_low", "value_high"]].to_numpy().tolist() == [[0.1, 0.3]]


def test_kinds_differ_by_dash_shape_and_colour():
    spec = drawn().spec
    lines = of_kind(spec, "line")
    assert [mark(each)["strokeDash"] for each in lines] == [[1, 0], [6, 2], [4, 3], [1, 3]]
    assert mark(lines[0])["strokeWidth"] > mark(lines[1])["strokeWidth"]
    assert [each["transform"][0]["filter"]["equal"] for each in lines] == KINDS
    encoding = point_layer(spec)["encoding"]
    for channel in ("color", "shape"):
        scale = encoding[channel]["scale"]
        assert scale["domain"] == KINDS
        assert len(set(scale["range"])) == 4
        assert encoding[channel]["legend"]["orient"] == "bottom"


@pytest.mark.parametrize("table", [SHARES.head(0), SHARES.loc[[2]]], ids=["no rows", "unknown"])
def test_nothing_known_is_an_empty_chart(table: pd.DataFrame):
    chart = drawn(table)
    assert chart.tables["points"].empty
    # A legend without entries cannot be drawn.
    legend = point_layer(chart.spec)["encoding"]["color"]["legend"]
    assert (legend is None) == table.empty


@THEMES
def test_every_kind_has_its_colour(theme):
    found = picture(drawn(theme=theme), theme)
    for colour in (theme.negative, theme.positive, theme.ink, theme.node):
        assert shows(found, colour)
