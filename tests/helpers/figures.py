"""Figures of hand-made networks, and what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.networks import model, weights
from toymodel.charts.chart import Chart
from toymodel.charts.figures import figures


def made_of(config: tm.Config, network: tm.Weights) -> tm.Model:
    """A model of one restart with these weights."""
    return replace(model(config, tm.Recipe(restarts=1)), restarts=(network,))


CONFIG = tm.Config(n_features=3, n_neurons=4)
MODEL = made_of(
    CONFIG,
    weights(
        [[1, 0.4, 0], [-1, 0, 0], [0, 0, 2], [0, 0, 0]],
        [[1, 1, 0, 0.5], [-0.5, 0, 0, 0], [0.25, 0, 0.5, 0]],
    ),
)
NOTHING = made_of(CONFIG, weights(np.zeros((4, 3)), np.zeros((3, 4))))


def plain_figures(found: tm.Model, **options) -> dict[str, Chart]:
    """Figures before altair puts them together, which takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Chart, "to_altair", lambda chart: chart)
        return figures(found, **options)


def figure(name: str, found: tm.Model = MODEL, **options) -> Chart:
    """One figure by itself."""
    (chart,) = plain_figures(found, names=[name], **options).values()
    return chart


def title(chart: Chart) -> str:
    return chart.spec["title"]["text"]


def subtitle(chart: Chart) -> str:
    return " ".join(chart.spec["title"]["subtitle"])


def notes(chart: Chart) -> str:
    """What stands below the title, without what stands there in every figure."""
    return " ".join(chart.spec["title"]["subtitle"][2:])


def table(chart: Chart, name: str) -> pd.DataFrame:
    return chart.tables[name]


def bars(chart: Chart, of: str, value: str) -> dict[int, float]:
    """The heights of ranked bars by what they are of, from left to right."""
    drawn = table(chart, "bars")
    return dict(zip(drawn[of], drawn[value].round(6), strict=True)) if len(drawn) else {}
