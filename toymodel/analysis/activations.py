"""What makes a neuron fire: how strongly, and which feature contributes most.

Paper: "Computation in Superposition", on primary and secondary features. The largest activations
of a neuron come almost only from its primary feature, the smaller ones from many features.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from toymodel.analysis.example_inputs import KEPT_NUMBERS, Band, example_bands
from toymodel.analysis.inputs import Inputs, input_blocks, input_examples, slots
from toymodel.analysis.loss import Estimate
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.settings import require_whole

EDGES = (0.02, 0.1, 0.25, 0.5, 0.75, 1.0, math.inf)
"""Shares of a neuron's range between which its activations are compared."""

INTERVALS = tuple(pairwise(EDGES))
"""The intervals between EDGES; an activation at an edge belongs to the interval below it."""

STEP = 0.01
"""The resolution of activations, as a share of the range."""

BINS = tuple(k / 20 for k in range(26))
"""The edges of the bins of `histograms_of_all`, as shares of a neuron's range."""

MAX_FEATURES = 8
"""How many features of a neuron are counted one by one; all others are counted together."""

_MIN_RELATIVE_WEIGHT = 0.05  # of the features that are counted one by one
_MAX_STEPS = 1_000
_OVERVIEW_NUMBERS = 20_000_000
_OVERVIEW_EXAMPLES = (250, 20_000)  # at least, at most
_TAIL = 0.025  # on either side of a 95 % interval
_QUANTILE_WIDTHS, _QUANTILE_POINTS = 8, 1_001
_BIAS = -1  # where the hidden bias, not a feature, contributes most


class Share(NamedTuple):
    """A share of activations, measured on weighted inputs.

    The interval is Clopper's and Pearson's, with every input counted as its weight over the
    heaviest one's. So it holds the true share at least 95 % of the time near 0 and 1, too, and
    where a few heavy inputs of one kind happen not to be drawn. A variance measured on the same
    inputs does not know of those.

    Attributes:
        value: the share, 0 to 1; NaN if no input gave such an activation.
        low: the lower end of the 95 % interval.
        high: its upper end.
        effective: the effective number of inputs with such activations, (sum w)^2 / sum w^2.
    """

    value: float
    low: float
    high: float
    effective: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Activity:
    """A neuron's activations under the true distribution of inputs.

    Activations are counted in steps: row k of the tables holds those from k to k + 1 times `STEP`
    of the range, the last row those above, too.

    Attributes:
        neuron: the number of the neuron.
        range: the largest activation that one feature alone gives; it is the primary feature. 0
            for a neuron that no feature alone activates. Activations are shares of it.
        features: the primary feature and up to 7 secondary ones, the largest |W1| first.
        examples: how many inputs were drawn.
        silent: the share of inputs with activation 0.
        heaviest: the largest weight of an input that activates the neuron; 0 without any.
        weight: (step, group), sums of the weights of inputs, by the feature that contributes most.
            Groups are positions in `features`; the last one is all other features.
        square: (step, group), sums of the squares of the weights.
        presence: (step, 2), sums of the weights of inputs in which the primary feature is active
            on the side that drives the neuron, and of those in which it is not.
        presence_square: (step, 2), sums of the squares of the weights.
        bands: examples of inputs from the top, the middle and the bottom of the activations.
    """

    neuron: int
    range: float
    features: tuple[int, ...]
    examples: int
    silent: Estimate
    heaviest: float
    weight: Float[np.ndarray, "step group"]
    square: Float[np.ndarray, "step group"]
    presence: Float[np.ndarray, "step 2"]
    presence_square: Float[np.ndarray, "step 2"]
    bands: tuple[Band, ...]

    @property
    def effective(self) -> float:
        """The effective number of inputs that activate the neuron: (sum w)^2 / sum w^2."""
        weight, square = self.weight.sum(), self.square.sum()
        return float(weight**2 / square) if square else 0.0

    @property
    def faint(self) -> float:
        """The share of inputs with an activation above 0, but at most `EDGES[0]` of the range."""
        return float(self.weight[: _step(EDGES[0])].sum() / self.examples)

    @property
    def below(self) -> float:
        """The share of inputs with an activation of at most `EDGES[0]` of the range, 0 included."""
        return self.silent.value + self.faint

    def dominated(self, low: float, high: float = math.inf) -> Share:
        """The share of activations to which the primary feature contributes most.

        Args:
            low: the lower end of the activations, as a share of the range; a multiple of `STEP`.
            high: the upper end.
        """
        return self._share(self.weight, self.square, low, high)

    def with_primary(self, low: float, high: float = math.inf) -> Share:
        """The share of activations in which the primary feature drives the neuron.

        Args:
            low: the lower end of the activations, as a share of the range; a multiple of `STEP`.
            high: the upper end.
        """
        return self._share(self.presence, self.presence_square, low, high)

    def kept(self, low: float) -> float:
        """The share above `low` of the activations that the primary feature dominates.

        NaN if it dominates none.
        """
        whole = self.weight[:, 0].sum()
        return float(self.weight[_step(low) :, 0].sum() / whole) if whole else math.nan

    def _share(
        self,
        weight: Float[np.ndarray, "step group"],
        square: Float[np.ndarray, "step group"],
        low: float,
        high: float,
    ) -> Share:
        # The share of the first group.
        own, *others = weight[_step(low) : _step(high)].sum(axis=0).tolist()
        squares = float(square[_step(low) : _step(high)].sum())
        if not squares:  # no input, or weights whose squares round to 0
            return Share(math.nan, math.nan, math.nan, 0.0)
        other = sum(others)
        total = own + other
        ends = binomial_interval(own / self.heaviest, other / self.heaviest)
        return Share(own / total, *ends, total / squares * total)


def activity(
    config: Config, weights: Weights, neuron: int, *, examples: int | None = None
) -> Activity:
    """Measure what makes one neuron fire.

    The inputs depend on n, p and the task alone, so that models are compared on the same inputs.

    Example:
        found = tm.activity(model.config, model.weights, 3)
        found.dominated(0.75, 1.0)  # of large activations
        found.dominated(0.02, 0.1)  # of small ones

    Args:
        config: gives the task, n and the feature probability.
        weights: the network.
        neuron: the number of the neuron, from 0.
        examples: how many inputs; `input_examples` of the config if None.

    Raises:
        SettingError: if there is no such neuron.
    """
    require_whole("neuron", neuron, 0, config.n_neurons - 1)
    count = input_examples(config) if examples is None else examples
    largest = _range(config, weights, neuron)
    features = _main_features(weights, neuron)
    seen = _observe(config, weights, neuron, largest, count)
    # The last position is that of the hidden bias, which counts among the others.
    group_of = np.full(config.n_features + 1, len(features))
    group_of[list(features)] = np.arange(len(features))
    active = seen.relative > 0
    weight = seen.weight[active]
    step = np.ceil(seen.relative[active] / STEP).astype(np.int64) - 1
    step = np.clip(step, 0, _MAX_STEPS - 1)
    steps, groups = max(int(step.max(initial=0)) + 1, _step(1.0)), len(features) + 1
    cell = step * groups + group_of[seen.dominant[active]]
    presence_cell = step * 2 + np.where(seen.primary[active], 0, 1)
    fires = np.where(seen.fires, seen.weight, 0)
    return Activity(
        neuron=neuron,
        range=largest,
        features=features,
        examples=count,
        silent=Estimate(float(1 - fires.mean()), float(fires.std() / math.sqrt(count))),
        heaviest=float(weight.max(initial=0)),
        weight=_table(cell, weight, steps, groups),
        square=_table(cell, weight**2, steps, groups),
        presence=_table(presence_cell, weight, steps, 2),
        presence_square=_table(presence_cell, weight**2, steps, 2),
        bands=example_bands(
            seen.first,
            weights.W1[neuron],
            seen.relative,
            largest=largest,
            min_relative=EDGES[0],
            seed=neuron,
        ),
    )


def shares_of_all(config: Config, weights: Weights) -> Float[np.ndarray, "neuron interval"]:
    """Measure how often each neuron's primary feature contributes most.

    Args:
        config: gives the task, n and the feature probability.
        weights: the network.

    Returns:
        (neuron, interval), the share of activations in each of INTERVALS, 0 to 1; NaN if no input
        gave such an activation.
    """
    intervals = len(INTERVALS)
    total = np.zeros((config.n_neurons, intervals + 1))
    dominated = np.zeros_like(total)
    largest = [_range(config, weights, j) for j in range(config.n_neurons)]
    primary = neurons(weights.W1).primary
    for inputs in input_blocks(config, _overview_examples(config)):
        for j in np.flatnonzero(largest).tolist():
            activation, dominant, _ = _fire(inputs, weights, j)
            interval = np.searchsorted(EDGES, activation / largest[j], side="left")
            inside = np.flatnonzero(interval)
            interval, weight = interval[inside] - 1, inputs.weight[inside]
            total[j] += np.bincount(interval, weight, intervals + 1)
            by_primary = dominant[inside] == primary[j]
            dominated[j] += np.bincount(interval[by_primary], weight[by_primary], intervals + 1)
    shares = np.divide(dominated, total, out=np.full_like(total, np.nan), where=total > 0)
    return shares[:, :intervals]


def histograms_of_all(config: Config, weights: Weights) -> Float[np.ndarray, "neuron bin leads"]:
    """Count every neuron's activations, by whether its primary feature contributes most.

    Args:
        config: gives the task, n and the feature probability.
        weights: the network.

    Returns:
        (neuron, bin, 2), the share of inputs, 0 to 1, with an activation in each bin of `BINS`:
        those to which the primary feature contributes most, then the others. Activations below
        `EDGES[0]` of the range are left out; the last bin holds those above it, too.
    """
    bins = len(BINS) - 1
    counts = np.zeros((config.n_neurons, bins * 2))
    largest = [_range(config, weights, j) for j in range(config.n_neurons)]
    primary = neurons(weights.W1).primary
    examples = _overview_examples(config)
    for inputs in input_blocks(config, examples):
        for j in np.flatnonzero(largest).tolist():
            activation, dominant, _ = _fire(inputs, weights, j)
            inside = np.flatnonzero(activation > EDGES[0] * largest[j])
            bin_of = np.searchsorted(BINS, activation[inside] / largest[j], side="left") - 1
            cell = 2 * np.minimum(bin_of, bins - 1) + (dominant[inside] != primary[j])
            counts[j] += np.bincount(cell, inputs.weight[inside], bins * 2)
    return counts.reshape(config.n_neurons, bins, 2) / examples


def _overview_examples(config: Config) -> int:
    affordable = _OVERVIEW_NUMBERS // (config.n_neurons * slots(config))
    return int(np.clip(affordable, *_OVERVIEW_EXAMPLES))


class _Observed(NamedTuple):
    """What one neuron does on all inputs, and the first blocks of the inputs themselves."""

    relative: Float[np.ndarray, " example"]
    fires: Bool[np.ndarray, " example"]
    dominant: Int[np.ndarray, " example"]
    primary: Bool[np.ndarray, " example"]
    weight: Float[np.ndarray, " example"]
    first: list[Inputs]


def _observe(
    config: Config, weights: Weights, neuron: int, largest: float, examples: int
) -> _Observed:
    primary = int(np.abs(weights.W1[neuron]).argmax())
    blocks: list[tuple[np.ndarray, ...]] = []
    first: list[Inputs] = []
    numbers = 0
    for inputs in input_blocks(config, examples):
        activation, dominant, contributions = _fire(inputs, weights, neuron)
        drives = (inputs.feature == primary) & (contributions > 0)
        relative = activation / largest if largest else np.zeros_like(activation)
        blocks.append((relative, activation > 0, dominant, drives.any(axis=1), inputs.weight))
        numbers += inputs.value.size  # counted for all blocks, so that those kept are the first
        if numbers <= KEPT_NUMBERS or not first:
            first.append(inputs)
    relative, fires, dominant, drives, weight = (
        np.concatenate(arrays) for arrays in zip(*blocks, strict=True)
    )
    return _Observed(relative, fires, dominant, drives, weight, first)


def _fire(
    inputs: Inputs, weights: Weights, neuron: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # The activation, the feature that contributes most, and all contributions.
    contributions = inputs.contributions(weights.W1[neuron])
    bias = weights.b_hidden[neuron]
    activation = np.maximum(contributions.sum(axis=1) + bias, 0)
    dominant = inputs.feature_at(contributions.argmax(axis=1))
    if bias > 0:
        dominant = np.where(contributions.max(axis=1) > bias, dominant, _BIAS)
    return activation, dominant, contributions


def _range(config: Config, weights: Weights, neuron: int) -> float:
    task, w = config.definition, weights.W1[neuron]
    most = np.maximum(w * task.low, w * task.high).max()
    return float(max(most + weights.b_hidden[neuron], 0))


def _main_features(weights: Weights, neuron: int) -> tuple[int, ...]:
    size = np.abs(weights.W1[neuron])
    primary, *others = np.argsort(-size, kind="stable")[:MAX_FEATURES].tolist()
    return (primary, *(i for i in others if size[i] > _MIN_RELATIVE_WEIGHT * size.max()))


def _step(share: float) -> int:
    return _MAX_STEPS if math.isinf(share) else round(share / STEP)


def binomial_interval(own: float, other: float) -> tuple[float, float]:
    """The 95 % interval of Clopper and Pearson for the share of one of two counts.

    Args:
        own: how many were counted, 0 and up; fractions of one are allowed.
        other: how many of the others; 0 and up, and above 0 if `own` is 0.

    Returns:
        The lower and the upper end, 0 to 1.
    """
    low = _beta_quantile(_TAIL, own, other + 1) if own else 0.0
    high = _beta_quantile(1 - _TAIL, own + 1, other) if other else 1.0
    return low, high


def _beta_quantile(at: float, a: float, b: float) -> float:
    # From the density of the logit, which is smooth, and falls off exponentially on either side.
    width = math.sqrt(1 / a + 1 / b)
    ends = _QUANTILE_WIDTHS * width
    logit = math.log(a / b) + np.linspace(-ends, ends, _QUANTILE_POINTS)
    log_density = a * logit - (a + b) * np.logaddexp(0, logit)
    density = np.exp(log_density - log_density.max())
    pieces = (density[1:] + density[:-1]) / 2 * (logit[1] - logit[0])
    below, above = density[0] / a, density[-1] / b
    mass = np.concatenate([[below], below + np.cumsum(pieces)])
    wanted = at * (mass[-1] + above)
    if wanted < below:
        return 0.0
    if wanted > mass[-1]:
        return 1.0
    return float(1 / (1 + np.exp(-np.interp(wanted, mass, logit))))


def _table(
    cell: Int[np.ndarray, " example"],
    weight: Float[np.ndarray, " example"],
    steps: int,
    groups: int,
) -> Float[np.ndarray, "step group"]:
    # Without examples, bincount makes whole numbers.
    return np.bincount(cell, weight, steps * groups).reshape(steps, groups).astype(float)
