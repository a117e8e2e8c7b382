from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT, feature_colour
from toymodel.charts.network.tables import OTHERS
from toymodel.charts.neuron.activation_histogram import activation_histogram

FRAME = pd.DataFrame(
    [
        (0.02, 0.5, 3, "f3, primary", 30.0, 0.3, 1.0, 30.0),
        (0.02, 0.5, OTHERS, "others", 70.0, 0.7, 30.0, 100.0),
        (0.5, 1.0, 3, "f3, primary", 10.0, 0.5, 1.0, 10.0),
        (0.5, 1.0, 40, "f40", 10.0, 0.5, 10.0, 20.0),
    ],
    columns=["start", "end", "feature", "name", "per_million", "share", "low", "high"],
)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, features=(3, 40), n_features=100, log=False, threshold=0.1):
    return activation_histogram(
        frame,
        features=features,
        n_features=n_features,
        log=log,
        threshold=threshold,
        theme=theme,
    )


def chart(*given, **options):
    return drawing(*given, **options).chart


def named_and_others(spec):
    return by_field(spec, "color", "feature"), by_field(spec, "fill", "name")


def test_blocks_are_those_of_the_frame():
    spec = drawing().spec
    named, others = named_and_others(spec)
    for layer, wanted in ((named, FRAME.drop(index=1)), (others, FRAME.loc[[1]])):
        drawn = rows(spec, layer)
        assert drawn[FRAME.columns].to_dict("list") == wanted.to_dict("list")
        encoding = layer["encoding"]
        assert [encoding[name]["field"] for name in ("x", "x2", "y", "y2")] == [
            "start",
            "end",
            "low",
            "high",
        ]
    assert rows(spec, others)["activation"].tolist() == ["0.02–0.5"]


@pytest.mark.parametrize("n_features", [50, 100])
def test_a_feature_has_the_colour_that_it_has_everywhere(n_features: int):
    named, _ = named_and_others(drawing(n_features=n_features).spec)
    wanted = feature_colour(n_features, (3, 40)).to_dict()
    assert named["encoding"]["color"]["scale"] == wanted["scale"]


def test_the_legend_names_the_features_and_the_others():
    named, others = named_and_others(drawing().spec)
    legend = named["encoding"]["color"]["legend"]
    assert legend["values"] == [3, 40]
    assert "f3, primary" in legend["labelExpr"]
    assert "f40" in legend["labelExpr"]
    assert others["encoding"]["fill"]["legend"]
    _, none = named_and_others(drawing(FRAME.drop(index=1)).spec)
    assert none["encoding"]["fill"]["legend"] is None


@pytest.mark.parametrize("log", [False, True])
def test_heights_are_on_the_scale_that_is_asked_for(log: bool):
    scale = named_and_others(drawing(log=log).spec)[0]["encoding"]["y"]["scale"]
    assert (scale.get("type") == "log") == log
    assert scale.get("domain") == ([1, 100] if log else None)


@THEMES
def test_all_of_it_is_drawn(theme):
    picture = pixels(chart(theme=theme, log=theme is DARK).properties(width=300))
    for colour in ("#4c78a8", "#f58518", theme.faint, theme.mark):
        assert shows(picture, colour)


def test_the_threshold_is_dashed_and_named_where_there_is_room():
    for threshold, align in ((0.1, "left"), (0.9, "right")):
        spec = drawing(threshold=threshold).spec
        (rule,) = (layer for layer in layers(spec) if mark(layer)["type"] == "rule")
        (text,) = (layer for layer in layers(spec) if mark(layer)["type"] == "text")
        assert rows(spec, rule)["threshold"].tolist() == [threshold]
        assert mark(rule)["strokeDash"]
        assert text["encoding"]["text"]["value"] == "threshold"
        assert mark(text)["align"] == align


@pytest.mark.parametrize(("log", "count"), [(False, 0), (True, 0), (True, 1)])
def test_little_is_drawn_too(log: bool, count: int):
    features = (3,) if count else ()
    picture = pixels(chart(FRAME.head(count), features=features, log=log).properties(width=300))
    assert shows(picture, LIGHT.mark)
    assert shows(picture, "#4c78a8") == bool(count)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "threshold" in drawing().spec["description"]
