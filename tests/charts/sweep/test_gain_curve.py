from __future__ import annotations

import pandas as pd

from tests.helpers.chart_specs import THEMES, by_field, layers, mark, picture, rows, shows
from toymodel.charts.look import LIGHT
from toymodel.charts.sweep.gain_curve import gain_curve

SWEEP = pd.DataFrame(
    {
        "density": [1.0, 0.1, 0.001],
        "loss": [0.1, 0.2, 0.05],
        "no_superposition_loss": [0.1, 0.3, 0.4],
        "gain": [1.0, 1.5, 8.0],
    }
)


def test_the_gain_has_a_line_at_one_where_nothing_is_gained():
    made = gain_curve(SWEEP, theme=LIGHT)
    line = by_field(made.spec, "y", "gain")
    assert line["encoding"]["y"]["scale"]["type"] == "log"
    assert rows(made.to_vega_lite(), line)["gain"].tolist() == [1, 1.5, 8]
    (rule,) = (layer for layer in layers(made.spec) if mark(layer)["type"] == "rule")
    assert rows(made.to_vega_lite(), rule)["y"].tolist() == [1]
    x = line["encoding"]["x"]  # sparser densities are further to the right
    assert (x["field"], x["type"], x["sort"]) == ("density", "ordinal", "descending")


@THEMES
def test_a_gain_that_does_not_exist_is_left_out(theme):
    table = SWEEP.assign(gain=[float("nan"), 1.5, 8.0])
    assert shows(picture(gain_curve(table, theme=theme), theme), theme.negative)
