from __future__ import annotations

import pandas as pd

from tests.helpers.chart_specs import THEMES, by_field, picture, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.motif.ensemble_strip import ensemble_strip
from toymodel.charts.motif.neuron_counts import QUARTERS, counts_by_quarter, neuron_counts

COUNTS = counts_by_quarter(pd.DataFrame({"neurons": [2, 2, 1, 0, 5, 3, 0, 0]}))


def bars(theme=LIGHT):
    return by_field(neuron_counts(COUNTS, theme=theme).spec, "color", "neurons")


def test_quarters_are_of_the_ranks():
    counts = COUNTS.pivot_table(index="group", columns="neurons", values="models", sort=False)
    assert counts.loc[list(QUARTERS)].values.tolist() == [
        [0, 0, 2, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 2],
        [2, 0, 0, 0],
    ]


def test_blocks_stack_shares_with_the_fewest_instances_below():
    blocks = neuron_counts(COUNTS, theme=LIGHT).tables["blocks"].sort_values(["group", "low"])
    assert blocks[["group", "neurons", "models", "share", "low", "high"]].values.tolist() == [
        ["2nd", "0", 1, 0.5, 0, 0.5],
        ["2nd", "1", 1, 0.5, 0.5, 1],
        ["3rd", "3 or more", 2, 1, 0, 1],
        ["highest", "0", 2, 1, 0, 1],
        ["lowest", "2", 2, 1, 0, 1],
    ]
    encoding = bars()["encoding"]
    assert (encoding["y"]["field"], encoding["y2"]["field"]) == ("low", "high")
    assert encoding["y"]["scale"]["domain"] == [0, 1]
    x, told = encoding["x"], encoding["tooltip"]
    assert (x["field"], x["scale"]["domain"]) == ("group", list(QUARTERS))
    assert [each["field"] for each in told] == ["group", "neurons", "models", "share"]


def test_colours_and_legend_are_those_of_the_strip():
    models = pd.DataFrame(
        {
            "member": [0],
            "rank": [0],
            "loss": [0.1],
            "neurons": [1],
            "pairs": [1],
            "name": ["seed 0"],
        }
    )
    strip = ensemble_strip(models, shown=0, baseline=None, theme=DARK).spec
    ours = bars(DARK)["encoding"]["color"]
    theirs = by_field(strip, "shape", "neurons")["encoding"]["color"]
    for part in ("field", "scale", "title"):
        assert ours[part] == theirs[part]
    assert ours["legend"]["orient"] == theirs["legend"]["orient"]


@THEMES
def test_blocks_have_their_colours(theme):
    found = picture(neuron_counts(COUNTS, theme=theme), theme)
    assert all(shows(found, colour, 1000) for colour in theme.neuron_counts)
