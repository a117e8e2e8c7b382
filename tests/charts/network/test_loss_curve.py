from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import layers, mark, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network.loss_curve import loss_curve, loss_range

CURVES = pd.DataFrame(
    {
        "restart": [0, 0, 1, 1],
        "step": [1_000, 7_000, 1_000, 7_000],
        "seconds": [0.5, 3.0, 0.5, 3.0],
        "loss": [0.5, 0.01, 0.4, 0.02],
    }
)
YARDSTICK, ANSWERING_0 = "without superposition", "answering 0"


def chart(curves: pd.DataFrame = CURVES, **options):
    defaults = {"against": "step", "yardstick": 0.1, "shown": 1, "theme": LIGHT}
    return loss_curve(curves, **(defaults | options)).chart


def of_kind(spec, kind: str) -> list:
    return [layer for layer in layers(spec) if mark(layer)["type"] == kind]


def rules(spec) -> dict[str, float]:
    found = [rows(spec, rule).iloc[0] for rule in of_kind(spec, "rule")]
    return {row["name"]: row["loss"] for row in found}


def test_the_shown_restart_is_drawn_over_the_others():
    spec = chart().to_dict()
    faint, full = of_kind(spec, "line")
    assert set(rows(spec, faint)["restart"]) == {0}
    assert rows(spec, full).to_dict("list") == CURVES[CURVES["restart"] == 1].to_dict("list")
    assert mark(full)["strokeWidth"] > mark(faint)["strokeWidth"]
    assert (mark(full)["color"], mark(full).get("opacity", 1)) == (LIGHT.negative, 1)
    assert mark(faint)["opacity"] < 1


def test_without_one_to_show_all_restarts_count_the_same():
    spec = chart(shown=None).to_dict()
    faint, full = of_kind(spec, "line")
    assert rows(spec, faint).empty
    assert len(rows(spec, full)) == len(CURVES)


@pytest.mark.parametrize("against", ["step", "seconds"])
def test_the_axes_are_those_of_the_data(against: str):
    spec = chart(against=against).to_dict()
    x, y = (of_kind(spec, "line")[0]["encoding"][name] for name in "xy")
    assert x["field"] == against
    assert x["scale"]["domain"] == [0, CURVES[against].max()]
    assert y["scale"]["type"] == "log"
    assert y["title"] == "normalised loss (log)"
    low, high = y["scale"]["domain"]
    assert low < 0.01
    assert high > 1


def test_two_charts_can_have_the_same_axes():
    spec = chart(domain=(0.001, 10.0), reach=20_000.0).to_dict()
    for line in of_kind(spec, "line"):
        assert line["encoding"]["x"]["scale"]["domain"] == [0, 20_000]
        assert line["encoding"]["y"]["scale"]["domain"] == [0.001, 10]
        assert line["encoding"]["y"]["axis"]["values"][0] == 0.001
        assert line["encoding"]["y"]["axis"]["values"][-1] == 10
        assert mark(line)["clip"]


def test_the_rules_are_at_the_yardstick_and_at_one_and_named():
    spec = chart().to_dict()
    assert rules(spec) == {ANSWERING_0: 1.0, YARDSTICK: 0.1}
    assert all(mark(rule)["strokeDash"] for rule in of_kind(spec, "rule"))
    written = {rows(spec, text).iloc[0]["name"] for text in of_kind(spec, "text")}
    assert written == {ANSWERING_0, YARDSTICK}


@pytest.mark.parametrize("yardstick", [0.0, -1.0])
def test_a_yardstick_that_a_log_axis_cannot_show_is_left_out(yardstick: float):
    assert rules(chart(yardstick=yardstick).to_dict()) == {ANSWERING_0: 1.0}


def test_the_name_of_the_yardstick_stands_where_no_line_ends():
    def baseline(**options) -> str:
        spec = chart(**options).to_dict()
        texts = [t for t in of_kind(spec, "text") if rows(spec, t).iloc[0]["name"] == YARDSTICK]
        (found,) = {mark(text)["baseline"] for text in texts}
        return found

    assert baseline(yardstick=0.1) == "bottom"
    assert baseline(yardstick=0.015) == "top"
    assert baseline(yardstick=0.9) == "top"  # not on the name of the rule at 1


@pytest.mark.parametrize("records", [0, 1])
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_rules_are_there_before_the_lines(records: int, theme):
    built = chart(CURVES.head(records), shown=0, theme=theme)
    assert rules(built.to_dict()) == {ANSWERING_0: 1.0, YARDSTICK: 0.1}
    picture = pixels(built.properties(width=400, background=theme.background))
    assert shows(picture, theme.ink, 300, within=40)
    assert shows(picture, theme.negative) == bool(records)


def test_an_empty_chart_without_yardstick_still_has_an_axis():
    low, high = loss_range([], 0.0)
    assert 0 < low < 1 < high
    picture = pixels(chart(CURVES.head(0), yardstick=0.0).properties(width=300))
    assert shows(picture, LIGHT.ink, 100, within=40)


def test_a_divergence_does_not_squeeze_the_other_lines():
    low, high = loss_range([1e20, 0.01], 0.1)
    assert 0 < low < 0.01
    assert 1 < high < 100


def test_losses_many_decades_apart_have_few_ticks():
    curves = CURVES.assign(loss=[1.0, 1e-13, 0.5, 1e-12])
    for layer in of_kind(chart(curves, yardstick=0.0).to_dict(), "line"):
        ticks = layer["encoding"]["y"]["axis"]["values"]
        assert 4 <= len(ticks) <= 10
        assert 1.0 in ticks
    low, high = loss_range(curves["loss"], 0.0)
    assert high > 10  # the name of the rule at 1 is as high on the chart as ever
    assert low < 1e-14


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "loss" in chart().to_dict()["description"]
