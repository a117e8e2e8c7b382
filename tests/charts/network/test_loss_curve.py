from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, mark, of_kind, picture, rows, shows
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.network.loss_curve import MAX_RECORDS, loss_curve, loss_range, loss_records
from toymodel.model import History

CURVES = pd.DataFrame(
    {
        "restart": [0, 0, 1, 1],
        "step": [1_000, 7_000, 1_000, 7_000],
        "seconds": [0.5, 3.0, 0.5, 3.0],
        "loss": [0.5, 0.01, 0.4, 0.02],
    }
)
BASELINE, ANSWERING_0 = "without superposition", "answering 0"


# The table


def history(loss: np.ndarray) -> History:
    records = loss.shape[1]
    return History(
        step=np.arange(1, records + 1) * 10,
        seconds=np.arange(1, records + 1, dtype=np.float32) / 2,
        loss=loss.astype(np.float32),
    )


def test_there_is_a_row_a_record_that_a_log_axis_can_show():
    loss = np.array([[1.0, 0.5, 0.25], [np.nan, 2.0, np.inf], [0.75, 0.0, -1.0]])
    assert loss_records(history(loss)).to_dict("list") == {
        "restart": [0, 0, 0, 1, 2],
        "step": [10, 20, 30, 20, 10],
        "seconds": [0.5, 1.0, 1.5, 1.0, 0.5],
        "loss": [1.0, 0.5, 0.25, 2.0, 0.75],
    }


def test_of_many_records_evenly_spaced_ones_are_kept_and_the_last():
    records = 3 * MAX_RECORDS
    given = history(np.linspace(2, 1, 2 * records).reshape(2, records))
    table = loss_records(given)
    assert table.groupby("restart").size().tolist() == [MAX_RECORDS] * 2
    for restart, curve in table.groupby("restart"):
        assert curve["step"].iloc[[0, -1]].tolist() == [10, 10 * records]
        assert curve["step"].diff().dropna().between(20, 40).all()
        kept = curve["step"] // 10 - 1
        np.testing.assert_array_equal(curve["loss"], given.loss[restart, kept])


def test_before_the_first_record_the_table_is_empty():
    table = loss_records(history(np.zeros((2, 0))))
    assert table.empty
    assert list(table.columns) == ["restart", "step", "seconds", "loss"]


# The chart


def curve(records: pd.DataFrame = CURVES, **options) -> Chart:
    defaults = {"against": "step", "baseline": 0.1, "shown": 1, "theme": LIGHT}
    return loss_curve(records, **(defaults | options))


def chart(*given, **options) -> dict:
    return curve(*given, **options).to_vega_lite()


def rules(spec) -> dict[str, float]:
    found = [rows(spec, rule).iloc[0] for rule in of_kind(spec, "rule")]
    return {row["name"]: row["loss"] for row in found}


def test_the_shown_restart_is_drawn_over_the_others():
    spec = chart()
    faint, full = of_kind(spec, "line")
    assert set(rows(spec, faint)["restart"]) == {0}
    assert rows(spec, full).to_dict("list") == CURVES[CURVES["restart"] == 1].to_dict("list")
    assert mark(full)["strokeWidth"] > mark(faint)["strokeWidth"]
    assert (mark(full)["color"], mark(full).get("opacity", 1)) == (LIGHT.negative, 1)
    assert mark(faint)["opacity"] < 1


def test_without_one_to_show_all_restarts_count_the_same():
    spec = chart(shown=None)
    faint, full = of_kind(spec, "line")
    assert rows(spec, faint).empty
    assert len(rows(spec, full)) == len(CURVES)


@pytest.mark.parametrize("against", ["step", "seconds"])
def test_the_axes_are_those_of_the_data(against: str):
    spec = chart(against=against)
    x, y = (of_kind(spec, "line")[0]["encoding"][name] for name in "xy")
    assert x["field"] == against
    assert x["scale"]["domain"] == [0, CURVES[against].max()]
    assert y["scale"]["type"] == "log"
    assert y["title"] == "normalised loss (log)"
    low, high = y["scale"]["domain"]
    assert low < 0.01
    assert high > 1


def test_two_charts_can_have_the_same_axes():
    spec = chart(domain=(0.001, 10.0), reach=20_000.0)
    for line in of_kind(spec, "line"):
        assert line["encoding"]["x"]["scale"]["domain"] == [0, 20_000]
        assert line["encoding"]["y"]["scale"]["domain"] == [0.001, 10]
        assert line["encoding"]["y"]["axis"]["values"][0] == 0.001
        assert line["encoding"]["y"]["axis"]["values"][-1] == 10
        assert mark(line)["clip"]


def test_the_rules_are_at_the_baseline_and_at_one_and_named():
    spec = chart()
    assert rules(spec) == {ANSWERING_0: 1.0, BASELINE: 0.1}
    assert all(mark(rule)["strokeDash"] for rule in of_kind(spec, "rule"))
    written = {rows(spec, text).iloc[0]["name"] for text in of_kind(spec, "text")}
    assert written == {ANSWERING_0, BASELINE}


@pytest.mark.parametrize("baseline", [0.0, -1.0])
def test_a_baseline_that_a_log_axis_cannot_show_is_left_out(baseline: float):
    assert rules(chart(baseline=baseline)) == {ANSWERING_0: 1.0}


def test_the_name_of_the_baseline_stands_where_no_line_ends():
    def baseline(**options) -> str:
        spec = chart(**options)
        texts = [t for t in of_kind(spec, "text") if rows(spec, t).iloc[0]["name"] == BASELINE]
        (found,) = {mark(text)["baseline"] for text in texts}
        return found

    assert baseline(baseline=0.1) == "bottom"
    assert baseline(baseline=0.015) == "top"
    assert baseline(baseline=0.9) == "top"  # not on the name of the rule at 1


@THEMES
def test_lines_and_rules_are_drawn(theme):
    found = picture(curve(theme=theme), theme, 400)
    assert shows(found, theme.ink, 300, within=40)
    assert shows(found, theme.negative)


@pytest.mark.parametrize("records", [0, 1])
def test_the_rules_are_there_before_the_lines(records: int):
    spec = chart(CURVES.head(records), shown=0)
    assert rules(spec) == {ANSWERING_0: 1.0, BASELINE: 0.1}
    # A line through one record is nothing to see, so it has a point.
    assert bool(mark(of_kind(spec, "line")[1])["point"]) == bool(records)
    assert mark(of_kind(chart(), "line")[1])["point"] is False


def test_an_empty_chart_without_baseline_still_has_an_axis():
    low, high = loss_range([], 0.0)
    assert 0 < low < 1 < high
    encoding = of_kind(chart(CURVES.head(0), baseline=0.0), "line")[0]["encoding"]
    assert encoding["y"]["scale"]["domain"] == [low, high]
    assert encoding["x"]["scale"]["domain"] == [0, 1]


def test_a_divergence_does_not_squeeze_the_other_lines():
    low, high = loss_range([1e20, 0.01], 0.1)
    assert 0 < low < 0.01
    assert 1 < high < 100


def test_losses_many_decades_apart_have_few_ticks():
    curves = CURVES.assign(loss=[1.0, 1e-13, 0.5, 1e-12])
    for layer in of_kind(chart(curves, baseline=0.0), "line"):
        ticks = layer["encoding"]["y"]["axis"]["values"]
        assert 4 <= len(ticks) <= 10
        assert 1.0 in ticks
    low, high = loss_range(curves["loss"], 0.0)
    assert high > 10  # the name of the rule at 1 is as high on the chart as ever
    assert low < 1e-14
