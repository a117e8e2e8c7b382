"""The models of an ensemble by loss, and how many asymmetric neurons each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from toymodel.analysis.ensemble import Member
from toymodel.analysis.motifs import MotifThresholds, asymmetric_neurons, find_motifs
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import NEURON_COUNTS, Theme, neuron_count_names, neuron_counts_colour
from toymodel.charts.scales import SHORT, log_range, log_ticks
from toymodel.charts.vega import click, layer, nominal, quantitative, tip

SELECTION = "member"
"""The chart's selection parameter: a click on a model's column selects the model."""

Naming = Literal["seed", "restart", "both"]
"""What networks of an ensemble are named by."""

_SHAPES = ("circle", "square", "triangle-up", "diamond")
_MAX_RATIO = 3  # to the lowest or highest loss: a baseline further away would squeeze the models
_MAX_NUMBERS = 8
_MIN_LOSS = 1e-12  # a log axis has no place for 0


def ensemble_table(
    members: Sequence[Member],
    thresholds: MotifThresholds | None = None,
    *,
    by: Naming = "seed",
) -> pd.DataFrame:
    """One row a network of an ensemble, the lowest loss first.

    Args:
        members: the networks.
        thresholds: what counts as an instance of the motif.
        by: whether networks are named by their seed, their restart or both.

    Returns:
        Columns: member, loss, neurons (how many hold an instance of the motif), pairs (of features,
        of all instances), name, rank (0: lowest loss).
    """
    names = {
        "seed": lambda one: f"seed {one.config.seed}",
        "restart": lambda one: f"restart {one.restart}",
        "both": lambda one: f"seed {one.config.seed}, restart {one.restart}",
    }
    rows: list[dict[str, object]] = []
    for one in sorted(members, key=lambda one: (one.loss, one.number)):
        motifs = find_motifs(one.weights.W1, one.weights.W2, thresholds)
        rows.append(
            {
                "member": one.number,
                "loss": one.loss,
                "neurons": len(asymmetric_neurons(motifs)),
                "pairs": len(motifs),
                "name": names[by](one),
            }
        )
    table = pd.DataFrame(rows, columns=["member", "loss", "neurons", "pairs", "name"])
    return table.assign(rank=np.arange(len(table)))


def ensemble_strip(
    ensemble: pd.DataFrame,
    *,
    shown: int,
    baseline: float | None,
    theme: Theme,
    height: int = 220,
) -> Chart:
    """A point a model, from the lowest loss to the highest; colour and shape are its asymmetric
    neurons.

    Args:
        ensemble: what `ensemble_table` gives.
        shown: the member to ring.
        baseline: the no-superposition baseline; drawn where it is near the models' losses.
        theme: the colours.
        height: in pixels.
    """
    models = ensemble.assign(
        neurons=neuron_count_names(ensemble["neurons"]),
        found=ensemble["neurons"],
        start=ensemble["rank"] - 0.5,
        end=ensemble["rank"] + 0.5,
        drawn=ensemble["loss"].clip(lower=_MIN_LOSS),
    )
    losses = models["drawn"].to_numpy()
    low, high = (float(losses.min()), float(losses.max())) if len(losses) else (0.1, 1.0)
    near = [y for y in [baseline or 0.0] if low / _MAX_RATIO <= y <= high * _MAX_RATIO]
    low, high = log_range(min([low, *near]), max([high, *near]))
    count = max(1, len(ensemble))
    across = {
        "title": "models by loss",
        "scale": {"domain": [-0.5, count - 0.5], "nice": False},
        "axis": {"values": _ranks(count), "labelExpr": "datum.value + 1", "grid": False},
    }
    y = quantitative(
        "drawn",
        title="normalised loss (log)",
        scale={"type": "log", "domain": [low, high], "nice": False},
        axis={"values": log_ticks(low, high), "labelExpr": SHORT},
    )
    place = {"x": quantitative("rank", **across), "y": y}
    size = {"expr": f"clamp(pow(1.5 * width / {count}, 2), 14, 64)"}
    ring = {"shape": "circle", "filled": False, "stroke": theme.mark, "strokeWidth": 2.5}
    line, *names = _baseline(y, theme, high_up=bool(near) and near[0] ** 2 > low * high)
    spec = {
        "layer": [
            line,
            layer(
                "models",
                {"type": "point", "filled": True, "opacity": 1, "size": size},
                place | _by_neurons(theme),
            ),
            layer("shown", {"type": "point", "size": 200, "opacity": 1, **ring}, place),
            *names,
            # Points are too small to hit, so a model's whole column takes click and pointer.
            layer(
                "models",
                {"type": "rect", "opacity": 0, "cursor": "pointer"},
                {
                    "x": quantitative("start", **across),
                    "x2": {"field": "end"},
                    "tooltip": [
                        tip("name", "model"),
                        tip("loss", format=".4~g"),
                        tip("found", "asymmetric neurons"),
                        tip("pairs", "pairs of features"),
                    ],
                },
                name="columns",
            ),
        ],
        "params": [click(SELECTION, "columns", "member")],
        "height": height,
        "description": "Normalised loss of the models of an ensemble, lowest first, on a log axis; "
        "colour and shape: how many asymmetric neurons each has; ringed: the model that is "
        "shown.",
    }
    tables = {
        "models": models,
        "shown": models.loc[models["member"] == shown],
        "baseline": pd.DataFrame({"drawn": near, "words": ["no superposition"] * len(near)}),
    }
    return Chart(spec, tables)


def _ranks(count: int) -> list[int]:
    # Of the first model, and of those with a round number in a count from 1.
    step = next(
        step for step in (1, 2, 5, 10, 20, 50, 100, 200, count) if count <= _MAX_NUMBERS * step
    )
    return sorted({0, *range(step - 1, count, step)})


def _by_neurons(theme: Theme) -> Spec:
    legend = {"orient": "top", "symbolOpacity": 1}
    shapes = {"domain": list(NEURON_COUNTS), "range": list(_SHAPES)}
    shape = nominal("neurons", scale=shapes, title="asymmetric neurons", legend=legend)
    return {"color": neuron_counts_colour(theme) | {"legend": legend}, "shape": shape}


def _baseline(y: Spec, theme: Theme, *, high_up: bool) -> list[Spec]:
    # Losses rise to the right: the name stands where they are furthest away.
    text: dict[str, Any] = {"type": "text", "align": "left", "baseline": "top", "dx": 4, "dy": 5}
    if not high_up:
        text |= {"align": "right", "baseline": "bottom", "dx": -4, "dy": -5}
    name = {"x": {"value": 0 if high_up else "width"}, "y": y, "text": nominal("words")}
    return [
        layer("baseline", {"type": "rule", "color": theme.ink, "strokeDash": [4, 3]}, {"y": y}),
        layer("baseline", text | {"stroke": theme.background, "strokeWidth": 4}, name),
        layer("baseline", text | {"color": theme.ink}, name),
    ]
