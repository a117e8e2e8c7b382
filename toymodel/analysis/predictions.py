"""What the paper predicts of real networks, measured in toy models, each with a verdict.

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

from toymodel.analysis.activations import INTERVALS
from toymodel.analysis.polysemanticity import (
    CLASSES,
    UNUSED,
    Neurons,
    Thresholds,
    neurons,
    second_weight,
)
from toymodel.analysis.sweep_table import sweep_table
from toymodel.model import Model

Verdict = Literal["confirmed here", "holds in part", "does not hold here"]
CONFIRMED: Verdict = "confirmed here"
IN_PART: Verdict = "holds in part"
REFUTED: Verdict = "does not hold here"

STANDARD_ERRORS = 2
"""A loss is below the no-superposition baseline if it is so by this many standard errors."""

MIN_ORDERED = 0.75
"""From this share of pairs on, monosemantic neurons hold the more important features."""

MIN_CLEAN = 0.9
"""A neuron looks clean if its primary feature leads in this share of activations or more."""

MAX_MIXED = 0.5
"""A neuron is mixed if its primary feature leads in less than this share of activations."""

BOTTOM, TOP = 0, 4
"""The places in `INTERVALS` of 0.02 to 0.1 and of 0.75 to 1 of a neuron's range."""

SECOND_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Second largest weights, relative to the largest, between which neurons are counted."""


def density_table(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """The table of `sweep_table`, densest first, with how many features neurons hold.

    Args:
        models: one a density.
        thresholds: where the classes of neurons end.

    Returns:
        The columns of `sweep_table` and: used (neurons with any weight), share (of these,
        polysemantic ones; 0 to 1, NaN without any), effective and effective_max (mean and largest
        effective number of features of the used neurons, 1 and up), better (whether the loss is
        below the no-superposition baseline, by `STANDARD_ERRORS` standard errors).
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
    table["effective_max"] = [each.max() if len(each) else np.nan for each in features]
    surely = table["loss"] + STANDARD_ERRORS * table["loss_error"]
    table["better"] = surely < table["no_superposition_loss"]
    return table


@dataclass(frozen=True, kw_only=True)
class Existence:
    """Polysemantic neurons exist, and networks gain from them.

    Attributes:
        holding: the densities of networks with polysemantic neurons.
        better: those of `holding` whose network does better than any without superposition.
    """

    holding: tuple[float, ...]
    better: tuple[float, ...]
    rule: ClassVar[str] = (
        "Confirmed: some neurons are polysemantic, and every network with such neurons has a loss "
        f"below the no-superposition baseline, by {STANDARD_ERRORS} standard errors. In part: some "
        "neurons are polysemantic, but not every such network has."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if not self.holding:
            return REFUTED
        return CONFIRMED if self.better == self.holding else IN_PART


def existence(table: pd.DataFrame) -> Existence:
    """Measured in the table of `density_table`."""
    holding = table.loc[table[CLASSES[2]] > 0]
    return Existence(
        holding=tuple(holding["density"]), better=tuple(holding.loc[holding["better"], "density"])
    )


class Mixture(NamedTuple):
    """A network with monosemantic and polysemantic neurons.

    Attributes:
        density: feature probability 1 - S.
        counts: neurons of each of `CLASSES`.
        clean: the median primary feature of the monosemantic neurons; 0 is the most important.
        mixed: the same of the polysemantic neurons.
        ordered: of all pairs of a monosemantic and a polysemantic neuron, the share in which the
            monosemantic neuron's primary feature is the more important; a tie counts half.
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
class MixedLayers:
    """Monosemantic and polysemantic neurons stand in one layer.

    Attributes:
        mixtures: every network that has both, densest first.
    """

    mixtures: tuple[Mixture, ...]
    rule: ClassVar[str] = (
        "Confirmed: some networks have monosemantic and polysemantic neurons, and in each of them "
        "the monosemantic neuron holds the more important feature in "
        f"{MIN_ORDERED:.0%} or more of the pairs of a monosemantic and a polysemantic neuron. "
        "In part: some networks have both kinds, but not in this order."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if not self.mixtures:
            return REFUTED
        return CONFIRMED if all(m.ordered >= MIN_ORDERED for m in self.mixtures) else IN_PART

    @property
    def shown(self) -> Mixture | None:
        """The network in which the two kinds are most balanced, the densest of several."""
        return max(self.mixtures, key=lambda mixture: mixture.balance, default=None)


def mixed_layers(models: Sequence[Model], thresholds: Thresholds | None = None) -> MixedLayers:
    """Find the models that have neurons of both kinds."""
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
    return MixedLayers(tuple(found))


class Trend(NamedTuple):
    """How a share goes from dense to sparse.

    Attributes:
        densities: falling.
        shares: in the same order, 0 to 1.
    """

    densities: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def rises(self) -> bool:
        """Whether it ends higher than it began."""
        return self.shares[-1] > self.shares[0]

    @property
    def falls(self) -> tuple[tuple[float, float], ...]:
        """The pairs of neighbouring densities between which it falls."""
        return self._between(lambda before, after: after < before)

    @property
    def level(self) -> tuple[tuple[float, float], ...]:
        """The pairs of neighbouring densities between which it stays the same."""
        return self._between(lambda before, after: after == before)

    def _between(self, test: Callable[[float, float], bool]) -> tuple[tuple[float, float], ...]:
        steps = zip(pairwise(self.densities), pairwise(self.shares), strict=True)
        return tuple(ends for ends, shares in steps if test(*shares))


@dataclass(frozen=True)
class SparsityTrend:
    """Polysemanticity increases with sparsity.

    Attributes:
        trends: of the share of polysemantic neurons, by the name of the sweep.
    """

    trends: Mapping[str, Trend]
    rule: ClassVar[str] = (
        "Confirmed: in every sweep the share of polysemantic neurons is higher at the sparsest "
        "setting than at the densest, and falls at no step. In part: it is higher in some sweep."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        trends = self.trends.values()
        if not any(trend.rises for trend in trends):
            return REFUTED
        steady = all(trend.rises and not trend.falls for trend in trends)
        return CONFIRMED if steady else IN_PART


def sparsity_trend(tables: Mapping[str, pd.DataFrame]) -> SparsityTrend:
    """Measured in the tables of `density_table`, by the names of the sweeps."""
    return SparsityTrend(
        {name: Trend(tuple(t["density"]), tuple(t["share"])) for name, t in tables.items()}
    )


@dataclass(frozen=True)
class SparsestSetting:
    """All neurons are polysemantic where features are rarest.

    Attributes:
        shares: of polysemantic neurons at the sparsest setting, by the name of the sweep.
    """

    shares: Mapping[str, float]
    rule: ClassVar[str] = (
        "Confirmed: all neurons are polysemantic at the sparsest setting of every sweep. In part: "
        "more than half are in some sweep."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if all(share == 1 for share in self.shares.values()):
            return CONFIRMED
        return IN_PART if any(share > 1 / 2 for share in self.shares.values()) else REFUTED


def sparsest_setting(tables: Mapping[str, pd.DataFrame]) -> SparsestSetting:
    """Measured in the tables of `density_table`, by the names of the sweeps."""
    return SparsestSetting({name: float(table["share"].iloc[-1]) for name, table in tables.items()})


class Reading(NamedTuple):
    """What a group of neurons looks like at the top and at the bottom of their ranges.

    Attributes:
        neurons: how many there are.
        clean: those whose primary feature leads in `MIN_CLEAN` or more of the activations between
            0.75 and 1 of their range.
        mixed: those whose primary feature leads in less than `MAX_MIXED` of the activations
            between 0.02 and 0.1 of their range.
        both: those that are clean at the top and mixed at the bottom.
        forced: those that would be both by their input weights alone, if one feature were active
            at a time, as `leads_alone` has it.
    """

    neurons: int
    clean: int
    mixed: int
    both: int
    forced: int


@dataclass(frozen=True, kw_only=True)
class TopVersusBottom:
    """Large activations look clean, small ones are mixed.

    With uniform values and one active feature at a time this follows from the input weights alone:
    what a feature cannot reach it cannot mix, and a weak one crowds the small activations. What
    does not follow is that neurons have one large weight and smaller ones.

    Attributes:
        several: the neurons that hold several features, which are not monosemantic.
        by_second: those of them whose second largest weight, relative to the largest, is between
            two neighbours of `SECOND_WEIGHTS`; the lower end is not included.
        monosemantic: the others.
    """

    several: Reading
    by_second: tuple[Reading, ...]
    monosemantic: Reading
    rule: ClassVar[str] = (
        "A neuron fits if its primary feature leads in "
        f"{MIN_CLEAN:.0%} or more of the activations between 0.75 and 1 of its range, and in less "
        f"than {MAX_MIXED:.0%} of those between 0.02 and 0.1. Confirmed: more than half of all "
        "neurons with several features fit. In part: some fit."
    )

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        if not self.several.both:
            return REFUTED
        return CONFIRMED if self.several.both > self.several.neurons / 2 else IN_PART


def holding_several(found: Neurons) -> Bool[np.ndarray, " neuron"]:
    """Which neurons have a weight and are not monosemantic, (neuron,)."""
    return np.isin(np.array(found.classes, dtype=object), CLASSES[1:])


def leads_alone(found: Neurons) -> Float[np.ndarray, "neuron interval"]:
    """How often the primary feature would lead if one feature were active at a time.

    Activations are then spread evenly up to what a feature reaches, which is its relative weight.
    Hidden biases do not count.

    Args:
        found: what the neurons hold.

    Returns:
        (neuron, interval), the share of activations in each of `INTERVALS`, 0 to 1; NaN where no
        feature reaches, as above 1.
    """
    weight = found.relative[:, None, :]
    low, high = (np.array(ends)[:, None] for ends in zip(*INTERVALS, strict=True))
    reach = np.maximum(np.minimum(high, weight) - low, 0)
    chance = np.divide(reach, weight, out=np.zeros_like(reach), where=weight > 0)
    own = np.take_along_axis(chance, found.primary[:, None, None], axis=2)[..., 0]
    total = chance.sum(axis=2)
    return np.divide(own, total, out=np.full_like(own, np.nan), where=total > 0)


def top_versus_bottom(
    found: Neurons, shares: Float[np.ndarray, "neuron interval"]
) -> TopVersusBottom:
    """Compare the top of each neuron's range with its bottom.

    A neuron without an activation in an interval is neither clean nor mixed there.

    Args:
        found: what the neurons hold.
        shares: of activations in which the primary feature leads, as `shares_of_all` gives them.
    """
    several, second = holding_several(found), second_weight(found.relative)
    clean, mixed = _clean_and_mixed(shares)
    forced = np.logical_and(*_clean_and_mixed(leads_alone(found)))

    def reading(which: Bool[np.ndarray, " neuron"]) -> Reading:
        counts = (which, which & clean, which & mixed, which & clean & mixed, which & forced)
        return Reading(*(int(each.sum()) for each in counts))

    return TopVersusBottom(
        several=reading(several),
        by_second=tuple(
            reading(several & (second > low) & (second <= high))
            for low, high in pairwise(SECOND_WEIGHTS)
        ),
        monosemantic=reading(_used(found) & ~several),
    )


def _clean_and_mixed(
    shares: Float[np.ndarray, "neuron interval"],
) -> tuple[Bool[np.ndarray, " neuron"], Bool[np.ndarray, " neuron"]]:
    return shares[:, TOP] >= MIN_CLEAN, shares[:, BOTTOM] < MAX_MIXED


def polysemantic_without_gain(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `density_table` with polysemantic neurons and no gain from superposition."""
    return table.loc[(table[CLASSES[2]] > 0) & ~table["better"]]


def _used(found: Neurons) -> Bool[np.ndarray, " neuron"]:
    return np.array(found.classes, dtype=object) != UNUSED
