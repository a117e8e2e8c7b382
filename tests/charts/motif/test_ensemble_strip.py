from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.look import DARK, INSTANCES, LIGHT
from toymodel.charts.motif.ensemble_strip import SELECTION, ensemble_strip

FRAME = pd.DataFrame(
    {
        "member": [7, 3, 0, 5],
        "rank": [0, 1, 2, 3],
        "loss": [0.025, 0.03, 0.04, 0.06],
        "instances": [2, 5, 0, 1],
        "name": ["seed 7", "seed 3", "seed 0", "seed 5"],
    }
)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, shown: int = 3, yardstick: float | None = 0.05):
    return ensemble_strip(frame, shown=shown, yardstick=yardstick, theme=theme)


def picture(*given, theme=LIGHT, **options) -> np.ndarray:
    chart = drawing(*given, theme=theme, **options).chart
    return pixels(chart.properties(width=300, background=theme.background))


def point_layer(spec):
    return by_field(spec, "shape", "instances")


def of_data(spec, name: str, kind: str) -> list:
    found = [each for each in layers(spec) if each["data"]["name"] == name]
    return [each for each in found if mark(each)["type"] == kind]


def test_models_stand_by_rank_with_what_their_instances_are_called():
    spec = drawing().spec
    layer = point_layer(spec)
    drawn = rows(spec, layer)
    assert (
        drawn[["rank", "loss"]].to_numpy().tolist() == FRAME[["rank", "loss"]].to_numpy().tolist()
    )
    assert drawn["instances"].tolist() == ["2", "3 or more", "0", "1"]
    encoding = layer["encoding"]
    assert [encoding[name]["field"] for name in ("x", "y")] == ["rank", "drawn"]
    assert drawn["drawn"].tolist() == drawn["loss"].tolist()


def test_instances_are_told_by_colour_and_shape_and_the_legend_says_so():
    encoding = point_layer(drawing().spec)["encoding"]
    for channel in ("color", "shape"):
        assert encoding[channel]["field"] == "instances"
        assert encoding[channel]["title"] == "instances"
        assert encoding[channel]["scale"]["domain"] == list(INSTANCES)
        assert len(set(encoding[channel]["scale"]["range"])) == len(INSTANCES)
    assert encoding["color"]["legend"] == encoding["shape"]["legend"]


def test_losses_are_on_a_log_axis_with_readable_ticks():
    y = point_layer(drawing().spec)["encoding"]["y"]
    assert (y["scale"]["type"], y["scale"]["domain"]) == ("log", [0.02, 0.07])
    assert y["axis"]["values"] == [0.02, 0.03, 0.05, 0.07]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [0]),
        (4, [0, 1, 2, 3]),
        (64, [0, 9, 19, 29, 39, 49, 59]),
        (512, [0, 99, 199, 299, 399, 499]),
    ],
)
def test_ranks_are_counted_from_one(count: int, expected: list[int]):
    frame = pd.concat([FRAME.head(1)] * count).assign(rank=range(count), member=range(count))
    axis = point_layer(drawing(frame).spec)["encoding"]["x"]["axis"]
    assert axis["values"] == expected
    assert axis["labelExpr"] == "datum.value + 1"


def test_a_click_anywhere_over_a_model_selects_it():
    spec = drawing().spec
    (param,) = spec["params"]
    assert param["name"] == SELECTION
    assert param["select"] == {"type": "point", "fields": ["member"], "toggle": False}
    hit = list(layers(spec))[-1]  # on top of everything
    assert param["views"] == [hit["name"]]
    assert (mark(hit)["type"], mark(hit)["opacity"]) == ("rect", 0)
    assert "y" not in hit["encoding"]
    assert rows(spec, hit)[["member", "start", "end"]].to_numpy().tolist() == [
        [7, -0.5, 0.5],
        [3, 0.5, 1.5],
        [0, 1.5, 2.5],
        [5, 2.5, 3.5],
    ]
    assert [each["field"] for each in hit["encoding"]["tooltip"]] == ["name", "loss", "found"]
    assert rows(spec, hit)["found"].tolist() == [2, 5, 0, 1]


@THEMES
def test_the_shown_model_has_a_ring(theme):
    assert drawing(shown=0).data["shown"]["member"].tolist() == [0]
    assert shows(picture(theme=theme), theme.mark, 30, within=30)
    assert not shows(picture(theme=theme, shown=99), theme.mark, 30, within=30)


@THEMES
def test_models_have_the_colours_of_their_instances(theme):
    drawn = picture(theme=theme, shown=99)
    for colour in theme.instances:
        assert shows(drawn, colour)
    few = picture(FRAME.assign(instances=0), theme=theme, shown=99)
    # What is left of the others is in the legend.
    assert not shows(few, theme.instances[2], 100)


@pytest.mark.parametrize(
    ("yardstick", "drawn"), [(0.15, True), (0.01, True), (0.5, False), (0, False), (None, False)]
)
def test_the_yardstick_is_drawn_where_it_is_near(yardstick: float | None, drawn: bool):
    spec = drawing(yardstick=yardstick).spec
    (rule,) = of_data(spec, "yardstick", "rule")
    assert rows(spec, rule).to_numpy().tolist() == (
        [[yardstick, "no superposition"]] if drawn else []
    )
    low, high = point_layer(spec)["encoding"]["y"]["scale"]["domain"]
    assert (low <= (yardstick or 0) <= high) == drawn


def test_the_name_of_the_yardstick_is_where_no_models_are():
    def place(yardstick: float) -> tuple[str, str]:
        spec = drawing(yardstick=yardstick).spec
        texts = of_data(spec, "yardstick", "text")
        (found,) = {(mark(text)["align"], mark(text)["baseline"]) for text in texts}
        return found

    assert place(0.1) == ("left", "top")
    assert place(0.02) == ("right", "bottom")


def test_no_models_are_axes_only():
    assert shows(picture(FRAME.head(0)), "#888888", 100, within=40)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "instances" in drawing().spec["description"]


def test_a_loss_of_zero_has_its_place_on_the_log_axis():
    spec = drawing(FRAME.assign(loss=[0.5, 0.0, 0.25, 0.125])).spec
    layer = point_layer(spec)
    low, high = layer["encoding"]["y"]["scale"]["domain"]
    drawn = rows(spec, layer)
    assert drawn["loss"].min() == 0
    assert 0 < low <= drawn["drawn"].min() < 1e-9
    assert high >= 0.5
