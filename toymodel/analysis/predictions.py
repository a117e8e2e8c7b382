"""What the paper expects of real networks, measured in toy models, each with a verdict by a rule.

Paper: "To What Extent Does Superposition Exist in Real Models?", and in "Computation in
Superposition" the passages on pure and polysemantic neurons and on primary features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from toymodel.analysis.polysemanticity import (
    CLASSES,
    UNUSED,
    Neurons,
    Thresholds,
    neurons,
    with_secondary,
)
from toymodel.analysis.sweep_table import sweep_table
from toymodel.model import Model

Verdict = Literal["confirmed here", "holds in part", "does not hold here"]
CONFIRMED: Verdict = "confirmed here"
IN_PART: Verdict = "holds in part"
REFUTED: Verdict = "does not hold here"

SURE = 2
"""A loss is below the yardstick if it is so by this many standard errors."""

ORDERED = 0.75
"""From this share of pairs on, monosemantic neurons hold the more important features."""

CLEAN = 0.9
"""A neuron looks clean where its primary feature leads this share of activations and more."""

MIXED = 0.5
"""A neuron is mixed where its primary feature leads less than this share of activations."""

LOW, TOP = 0, 4
"""The places in `INTERVALS` of 0.02 to 0.1 and of 0.75 to 1 of a neuron's range."""


def density_table(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """The frame of `sweep_table`, densest first, with how many features neurons hold.

    More columns: used (neurons with any weight), share (of these, polysemantic ones; 0 to 1, NaN
    without any), effective and effective_most (mean and largest effective number of features of
    the used neurons, 1 and up), better (whether the loss is below that without superposition, by
    `SURE` standard errors).
    """
    ordered = sorted(models, key=lambda model: -model.config.feature_probability)
    table = sweep_table(ordered, thresholds)
    if table.empty:
        return table
    found = [neurons(model.W1, thresholds) for model in ordered]
    features = [each.effective_features[_used(each)] for each in found]
    table["used"] = [len(each) for each in features]
    used = table["used"].where(table["used"] > 0)
    table["share"] = table[CLASSES[2]] / used
    table["effective"] = [each.mean() if len(each) else np.nan for each in features]
    table["effective_most"] = [each.max() if len(each) else np.nan for each in features]
    surely = table["loss"] + SURE * table["loss_error"]
    table["better"] = surely < table["no_superposition_loss"]
    return table


@dataclass(frozen=True, kw_only=True)
class Existence:
    """Polysemantic neurons exist: the densities at which there are some, and they pay.

    better: of `holding`, where the network does better than any without superposition.
    """

    holding: tuple[float, ...]
    better: tuple[float, ...]
    rule: ClassVar[str] = (
        "Confirmed if there are polysemantic neurons, and every network that has some does better "
        f"than any without superposition, by {SURE} standard errors; in part if there are some, "
        "and not every such network does."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if not self.holding:
            return REFUTED
        return CONFIRMED if self.better == self.holding else IN_PART


def existence(table: pd.DataFrame) -> Existence:
    """From the frame of `density_table`."""
    holding = table.loc[table[CLASSES[2]] > 0]
    return Existence(
        holding=tuple(holding["density"]), better=tuple(holding.loc[holding["better"], "density"])
    )


class Mixture(NamedTuple):
    """A network with monosemantic and polysemantic neurons.

    counts: of `CLASSES`. clean, mixed: the median primary feature of the monosemantic and of the
    polysemantic ones; 0 is the most important. ordered: of all pairs of one of either, the share
    in which the monosemantic one's primary feature is the more important; a tie counts half.
    """

    density: float
    counts: tuple[int, int, int]
    clean: float
    mixed: float
    ordered: float

    @property
    def balance(self) -> int:
        """How many neurons the rarer of the two kinds has."""
        return min(self.counts[0], self.counts[2])


@dataclass(frozen=True)
class Together:
    """Clean and polysemantic neurons in one layer: every network that has both, densest first."""

    mixtures: tuple[Mixture, ...]
    rule: ClassVar[str] = (
        "Confirmed if some networks have monosemantic and polysemantic neurons, and in each of "
        f"these the monosemantic one holds the more important feature in {ORDERED:.0%} of the "
        "pairs of one of either; in part if some networks have both, and not each is ordered so."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if not self.mixtures:
            return REFUTED
        return CONFIRMED if all(m.ordered >= ORDERED for m in self.mixtures) else IN_PART

    @property
    def shown(self) -> Mixture | None:
        """The most balanced one, or None; the densest of several."""
        return max(self.mixtures, key=lambda mixture: mixture.balance, default=None)


def together(models: Sequence[Model], thresholds: Thresholds | None = None) -> Together:
    """Those of some models that have neurons of both kinds, densest first."""
    found: list[Mixture] = []
    for model in sorted(models, key=lambda model: -model.config.feature_probability):
        each = neurons(model.W1, thresholds)
        classes = np.array(each.classes, dtype=object)
        clean, mixed = (each.primary[classes == CLASSES[k]] for k in (0, 2))
        if clean.size and mixed.size:
            before, same = clean[:, None] < mixed, clean[:, None] == mixed
            first, second, third = (each.counts[name] for name in CLASSES)
            found.append(
                Mixture(
                    density=model.config.feature_probability,
                    counts=(first, second, third),
                    clean=float(np.median(clean)),
                    mixed=float(np.median(mixed)),
                    ordered=float(before.mean() + same.mean() / 2),
                )
            )
    return Together(tuple(found))


class Trend(NamedTuple):
    """How a share goes from dense to sparse; densities and shares have the same order."""

    densities: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def rises(self) -> bool:
        """Whether it ends higher than it began."""
        return self.shares[-1] > self.shares[0]

    @property
    def falls(self) -> tuple[tuple[float, float], ...]:
        """The neighbouring densities between which it falls."""
        return self._between(lambda before, after: after < before)

    @property
    def level(self) -> tuple[tuple[float, float], ...]:
        """The neighbouring densities between which it stays the same."""
        return self._between(lambda before, after: after == before)

    def _between(self, test: Callable[[float, float], bool]) -> tuple[tuple[float, float], ...]:
        steps = zip(pairwise(self.densities), pairwise(self.shares), strict=True)
        return tuple(ends for ends, shares in steps if test(*shares))


@dataclass(frozen=True)
class Rise:
    """Polysemanticity increases with sparsity: the trend of every sweep, by its name."""

    trends: Mapping[str, Trend]
    rule: ClassVar[str] = (
        "Confirmed if the share of polysemantic neurons is higher at the sparsest than at the "
        "densest setting, and falls at no step, in every sweep; in part if it is higher in some "
        "sweep."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        trends = self.trends.values()
        if not any(trend.rises for trend in trends):
            return REFUTED
        steady = all(trend.rises and not trend.falls for trend in trends)
        return CONFIRMED if steady else IN_PART


def rise(tables: Mapping[str, pd.DataFrame]) -> Rise:
    """From the frames of `density_table`, by the names of the sweeps."""
    return Rise({name: Trend(tuple(t["density"]), tuple(t["share"])) for name, t in tables.items()})


@dataclass(frozen=True)
class Extreme:
    """All neurons are polysemantic where features are rarest: the share there, by sweep."""

    shares: Mapping[str, float]
    rule: ClassVar[str] = (
        "Confirmed if all neurons are polysemantic at the sparsest setting of every sweep; in part "
        "if more than half are in some sweep."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if all(share == 1 for share in self.shares.values()):
            return CONFIRMED
        return IN_PART if any(share > 1 / 2 for share in self.shares.values()) else REFUTED


def extreme(tables: Mapping[str, pd.DataFrame]) -> Extreme:
    """From the frames of `density_table`, by the names of the sweeps."""
    return Extreme({name: float(table["share"].iloc[-1]) for name, table in tables.items()})


class Reading(NamedTuple):
    """What some neurons look like: how many there are, how many at the top and at the bottom.

    clean: neurons whose primary feature leads `CLEAN` of the activations between 0.75 and 1 of
    their range. mixed: those whose primary feature leads less than `MIXED` between 0.02 and 0.1.
    both: those that are clean above and mixed below.
    """

    neurons: int
    clean: int
    mixed: int
    both: int


@dataclass(frozen=True, kw_only=True)
class TopAndLow:
    """Large activations look clean, small ones are mixed.

    several: of the neurons that are not monosemantic; secondary: of these with a clear secondary
    feature; monosemantic: of the others. unclear: the second largest weights, relative to the
    largest, of those of several features that do not look clean, the smallest first.
    """

    several: Reading
    secondary: Reading
    monosemantic: Reading
    unclear: tuple[float, ...]
    rule: ClassVar[str] = (
        "A neuron fits if its primary feature leads "
        f"{CLEAN:.0%} of the activations between 0.75 and 1 of its range and less than "
        f"{MIXED:.0%} of those between 0.02 and 0.1. Confirmed if more than half of the neurons "
        "that hold several features fit, and all of those with a clear secondary feature; in part "
        "if some fit."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if not self.several.both:
            return REFUTED
        most = self.several.both > self.several.neurons / 2
        all_clear = self.secondary.both == self.secondary.neurons
        return CONFIRMED if most and all_clear else IN_PART


def holding_several(found: Neurons) -> Bool[np.ndarray, " neuron"]:
    """Which neurons have a weight and are not monosemantic, (neuron,)."""
    return np.isin(np.array(found.classes, dtype=object), CLASSES[1:])


def top_and_low(found: Neurons, shares: Float[np.ndarray, "neuron interval"]) -> TopAndLow:
    """From how often each neuron's primary feature leads, as `shares_of_all` gives it.

    A neuron without an activation in an interval is neither clean nor mixed there.
    """
    several = holding_several(found)
    clean, mixed = shares[:, TOP] >= CLEAN, shares[:, LOW] < MIXED

    def reading(which: Bool[np.ndarray, " neuron"]) -> Reading:
        counts = (which, which & clean, which & mixed, which & clean & mixed)
        return Reading(*(int(each.sum()) for each in counts))

    rest = several & ~clean
    second = np.sort(found.relative[rest], axis=1)[:, -2] if rest.any() else np.zeros(0)
    return TopAndLow(
        several=reading(several),
        secondary=reading(several & with_secondary(found)),
        monosemantic=reading(_used(found) & ~several),
        unclear=tuple(np.sort(second).tolist()),
    )


def unearned(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `density_table` with polysemantic neurons that are no better than without."""
    return table.loc[(table[CLASSES[2]] > 0) & ~table["better"]]


def _used(found: Neurons) -> Bool[np.ndarray, " neuron"]:
    return np.array(found.classes, dtype=object) != UNUSED
