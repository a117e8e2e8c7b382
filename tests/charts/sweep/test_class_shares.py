from __future__ import annotations

import pandas as pd

from tests.helpers.chart_specs import THEMES, by_field, picture, shows
from tests.helpers.networks import model_of, weights
from toymodel.analysis.polysemanticity import CLASSES, UNUSED
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.look import LIGHT
from toymodel.charts.sweep.class_shares import class_shares

SWEEP = pd.DataFrame(
    {
        "density": [1.0, 0.1, 0.001],
        CLASSES[0]: [4, 2, 0],
        CLASSES[1]: [0, 1, 0],
        CLASSES[2]: [0, 1, 4],
    }
)


def shares(sweep: pd.DataFrame) -> pd.Series:
    drawn = class_shares(sweep, theme=LIGHT).tables["blocks"]
    return drawn.set_index(["density", "class"])["share"]


def test_the_shares_of_the_classes_sum_to_one_at_every_density():
    found = shares(SWEEP)
    assert found.groupby("density").sum().tolist() == [1, 1, 1]
    assert found[0.1].to_dict() == dict(zip(CLASSES, (0.5, 0.25, 0.25), strict=True))
    assert found[0.001, CLASSES[2]] == 1


def test_unused_neurons_are_shown_where_there_are_some():
    half = weights([[1, 0], [0, 0]], [[1, 1], [1, 1]])
    found = sweep_table([model_of([[1, 0], [0, 1]], density=1.0), model_of(half, density=0.5)])
    assert shares(found)[0.5, UNUSED] == shares(found)[0.5, CLASSES[0]] == 0.5
    scale = by_field(class_shares(found, theme=LIGHT).spec, "color", "class")
    assert scale["encoding"]["color"]["scale"]["domain"] == [*CLASSES, UNUSED]


@THEMES
def test_classes_have_their_colours_and_names(theme):
    made = class_shares(SWEEP, theme=theme)
    scale = by_field(made.spec, "color", "class")["encoding"]["color"]["scale"]
    assert scale["domain"] == list(CLASSES)
    assert scale["range"] == [theme.class_ink[name] for name in CLASSES]
    found = picture(made, theme)
    assert all(shows(found, theme.class_ink[name]) for name in CLASSES)


def test_sparser_densities_stand_further_to_the_right():
    x = by_field(class_shares(SWEEP, theme=LIGHT).spec, "color", "class")["encoding"]["x"]
    assert (x["field"], x["type"], x["sort"]) == ("density", "ordinal", "descending")
