"""The small tables of the page: what every verdict follows from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from pages.real.predictions import Numbers
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.analysis.predictions import (
    SECOND_WEIGHTS,
    Existence,
    MixedLayers,
    Mixture,
    Reading,
    SparsityTrend,
    TopVersusBottom,
    Trend,
    polysemantic_without_gain,
)
from toymodel.text import number

PAPER = "the paper's figure"
_CLEAN, _, _POLY = CLASSES
_NONE = "–"


def of_existence(found: Existence, table: pd.DataFrame) -> Numbers:
    """Whether networks with polysemantic neurons gain from superposition."""
    rows = table[["density", _POLY, "used", "gain"]].assign(
        better=["yes" if better else "no" for better in table["better"]]
    )
    return Numbers(
        rows.rename(columns={"better": "below the baseline"}),
        f"Networks with polysemantic neurons: {len(found.holding)} of {len(table)}. Of these, with "
        f"a loss below the no-superposition baseline: {len(found.better)}. At a gain above 1, a "
        "network computes more than it has neurons for.",
        "Polysemantic neurons and gain at every density",
    )


def of_mixtures(found: MixedLayers, networks: int) -> Numbers:
    """Which networks have both kinds of neurons, and which features either kind holds."""
    return Numbers(
        pd.DataFrame([_mixture(each) for each in found.mixtures], columns=_MIXTURE),
        f"Networks with both kinds of neurons: {len(found.mixtures)} of {networks}. A rank is that "
        "of a primary feature, 0 for the most important. The last column is the share of pairs of "
        "a monosemantic and a polysemantic neuron in which the monosemantic neuron holds the more "
        "important feature.",
        "Networks with both kinds of neurons",
    )


_MIXTURE = ["density", *CLASSES, "clean", "mixed", "ordered"]


def _mixture(mixture: Mixture) -> list[float]:
    return [mixture.density, *mixture.counts, mixture.clean, mixture.mixed, mixture.ordered]


def of_trend(found: SparsityTrend, tables: Mapping[str, pd.DataFrame], paper: Trend) -> Numbers:
    """How polysemanticity goes from dense to sparse in every sweep and in the paper's figure."""
    rows = []
    for name, trend in found.trends.items():
        ends = [f"{row[_POLY]} of {row['used']}" for row in _ends(tables[name])]
        rows.append(_trend(f"polysemantic neurons, {name}", ends, trend))
    ends = [f"{share:.0%}" for share in (paper.shares[0], paper.shares[-1])]
    rows.append(_trend(f"polysemantic neurons, {PAPER}", ends, paper))
    for name, trend in found.trends.items():
        effective = Trend(trend.densities, tuple(tables[name]["effective"]))
        ends = [f"{row['effective']:.2f}" for row in _ends(tables[name])]
        rows.append(_trend(f"effective features, mean, {name}", ends, effective))
    return Numbers(
        pd.DataFrame(rows),
        f"From 1 − S = {number(paper.densities[0])}, the densest setting, to "
        f"{number(paper.densities[-1])}, the sparsest. The last two columns are the densities "
        "between which a value falls or stays the same.",
        "Polysemantic neurons and effective features at the ends of every sweep",
    )


def _ends(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.iloc[[0, -1]].to_dict("records")


def _trend(measure: str, ends: list[str], trend: Trend) -> dict[str, str]:
    return {
        "measure": measure,
        "densest": ends[0],
        "sparsest": ends[1],
        "falls": _steps(trend.falls),
        "stays the same": _steps(trend.level),
    }


def _steps(steps: Iterable[tuple[float, float]]) -> str:
    runs: list[tuple[float, float]] = []
    for start, end in steps:
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return ", ".join(f"{number(start)} to {number(end)}" for start, end in runs) or _NONE


def of_longer_training(tables: Mapping[str, pd.DataFrame]) -> Numbers:
    """What a longer training changes, of two recipes: the short and the longer one."""
    (short_name, short), (long_name, longer) = tables.items()
    both = short.merge(longer, on="density", suffixes=("", "_longer"))
    lower = int((both["loss_longer"] < both["loss"]).to_numpy().sum())
    table = pd.DataFrame({"density": both["density"]})
    for name, suffix in ((short_name, ""), (long_name, "_longer")):
        table[f"monosemantic, {name}"] = both[_CLEAN + suffix]
    for name, suffix in ((short_name, ""), (long_name, "_longer")):
        table[f"loss, {name}"] = [f"{loss:.2g}" for loss in both["loss" + suffix]]
    return Numbers(
        table,
        f"Monosemantic neurons and loss with either recipe. The loss with {long_name} is the lower "
        f"one at {lower} of {len(both)} densities.",
        "Monosemantic neurons and losses with the standard and with the longer recipe",
    )


def of_sparsest(tables: Mapping[str, pd.DataFrame]) -> Numbers:
    """What neurons hold at the sparsest setting of every sweep."""
    rows = []
    for name, table in tables.items():
        last = table.iloc[-1]
        rows.append(
            {
                "recipe": name,
                "density": last["density"],
                _POLY: int(last[_POLY]),
                _CLEAN: int(last[_CLEAN]),
                "used": int(last["used"]),
                "effective": last["effective"],
                "effective_max": last["effective_max"],
                "loss": last["loss"],
            }
        )
    return Numbers(
        pd.DataFrame(rows),
        "The sparsest network of every sweep: its neurons by class, and how many features they "
        "hold.",
        "Classes and effective features at the sparsest setting",
    )


def of_activations(
    found: TopVersusBottom, density: float, others: Mapping[float, TopVersusBottom]
) -> Numbers:
    """How many neurons look clean at the top of their range and are mixed at the bottom."""
    rows = [
        _group(density, _SEVERAL, found.several),
        _group(density, "monosemantic", found.monosemantic),
        *(_group(p, _SEVERAL, each.several) for p, each in others.items()),
    ]
    return Numbers(
        pd.DataFrame(rows),
        "A reader of the strongest activations takes every neuron in column *clean at the top* for "
        "a neuron of one feature. The last column counts the neurons that would be both by their "
        "input weights alone, if one feature were active at a time.",
        "Neurons that look clean at the top of their range and are mixed at the bottom",
    )


_SEVERAL = "hold several features"


def of_second_weights(found: TopVersusBottom, density: float) -> Numbers:
    """The neurons with several features by how large their second largest weight is."""
    bins = zip(pairwise(SECOND_WEIGHTS), found.by_second, strict=True)
    rows = [_group(density, f"{low:g} to {high:g}", group) for (low, high), group in bins]
    table = pd.DataFrame(rows).rename(columns={"neurons that": "second weight over the largest"})
    return Numbers(
        table.drop(columns="density"),
        f"All neurons with several features at 1 − S = {number(density)}. **What is automatic**: "
        "values are uniform, so a feature with less than 0.75 of the largest weight cannot reach "
        "the top by itself, and a weak feature crowds the bottom. **What is not**: that neurons "
        "have one large weight and smaller ones. Neurons with equal weights would stand in the "
        "last row and be mixed at the top, too.",
        "Neurons with several features, by their second largest weight",
    )


def _group(density: float, name: str, found: Reading) -> dict[str, object]:
    return {
        "density": density,
        "neurons that": name,
        "count": found.neurons,
        "clean at the top": found.clean,
        "mixed at the bottom": found.mixed,
        "both": found.both,
        "both by weights alone": found.forced,
    }


def of_no_gain(tables: Mapping[str, pd.DataFrame], weak: str, main: str) -> Numbers:
    """Polysemantic neurons in networks that gain nothing, beside the main recipe's network.

    Args:
        tables: of `density_table`, by recipe.
        weak: the recipe whose networks may gain nothing.
        main: the recipe that is compared.
    """
    rows = polysemantic_without_gain(tables[weak])
    sparsest = rows["density"].min()
    columns = ["recipe", "density", _POLY, "used", "effective", "gain"]
    compared = [
        table.loc[table["density"] == sparsest].assign(recipe=name).reindex(columns=columns)
        for name, table in ((weak, tables[weak]), (main, tables[main]))
    ]
    return Numbers(
        pd.concat(compared, ignore_index=True),
        f"Networks of the {weak} recipe with polysemantic neurons whose loss is not below the "
        f"no-superposition baseline: {len(rows)} of {len(tables[weak])}. The table has the "
        "sparsest of them beside the network of the other recipe.",
        "A network with polysemantic neurons and no gain, and one with a gain",
    )
