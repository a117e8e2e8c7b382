"""What makes a neuron fire: how strongly, and which feature contributes most.

Paper: "Computation in Superposition", on primary and secondary features: the largest activations
of a neuron come nearly all from its primary feature, the smaller ones from many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from toymodel.analysis.example_inputs import KEPT_NUMBERS, Band, bands
from toymodel.analysis.inputs import Inputs, input_blocks, input_examples, slots
from toymodel.analysis.loss import Estimate
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.settings import require_whole

EDGES = (0.02, 0.1, 0.25, 0.5, 0.75, 1.0, math.inf)
"""Between which shares of its range a neuron's activations are compared."""

INTERVALS = tuple(pairwise(EDGES))
"""The same as pairs; an interval has its upper end."""

STEP = 0.01
"""How fine activations are counted, as a share of the range."""

MOST_NAMED = 8
"""Features of a neuron that are told apart; the others count as one."""

_LEAST_NAMED = 0.05
_MOST_STEPS = 1_000
_OVERVIEW_NUMBERS = 20_000_000
_OVERVIEW_MOST = 20_000
_OVERVIEW_FEWEST = 250
_Z = 1.96
_BIAS = -1  # in the place of the feature that contributes most


class Share(NamedTuple):
    """A share of activations, 0 to 1, with its 95 % interval (Wilson's) and what it stands on.

    effective: number of examples among such activations, (sum w)^2 / sum w^2. NaN and 0 where no
    input gave one.
    """

    value: float
    low: float
    high: float
    effective: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Activity:
    """A neuron's activations under the true distribution.

    range: the largest activation that one feature alone gives, the primary one; activations are
    told in shares of it. It is 0 for a neuron that no feature alone activates. features: the
    primary one, then the secondary ones told apart, by |W1|. examples: how many inputs were drawn.
    silent: the share of inputs on which the activation is 0.
    weight, square: (step, group), sums of the inputs' weights and of their squares, for
    activations from k to k + 1 steps (the last one and above) that this feature contributes most
    to; group len(features) is all others. presence, presence_square: (step, 2), the same for inputs
    in which the primary feature is there and drives the neuron, and for those in which it is not.
    """

    neuron: int
    range: float
    features: tuple[int, ...]
    examples: int
    silent: Estimate
    weight: Float[np.ndarray, "step group"]
    square: Float[np.ndarray, "step group"]
    presence: Float[np.ndarray, "step 2"]
    presence_square: Float[np.ndarray, "step 2"]
    bands: tuple[Band, ...]

    @property
    def effective(self) -> float:
        """Effective number of examples behind all activations: (sum w)^2 / sum w^2."""
        return _effective(self.weight.sum(), self.square.sum())

    @property
    def faint(self) -> float:
        """The share of inputs with an activation above 0, at most `EDGES[0]` of the range."""
        return float(self.weight[: _step(EDGES[0])].sum() / self.examples)

    def dominated(self, low: float, high: float = math.inf) -> Share:
        """Of activations between two shares of the range, those that the primary dominates.

        low and high count in whole steps, as EDGES do.
        """
        return _share(_slice(self.weight, low, high), _slice(self.square, low, high))

    def with_primary(self, low: float, high: float = math.inf) -> Share:
        """Of activations between two shares of the range, those with the primary feature present.

        Present on the side on which it drives the neuron.
        """
        return _share(_slice(self.presence, low, high), _slice(self.presence_square, low, high))

    def kept(self, low: float) -> float:
        """Of the activations that the primary dominates, the share above this; NaN without any."""
        whole = self.weight[:, 0].sum()
        return float(self.weight[_step(low) :, 0].sum() / whole) if whole else math.nan


def activity(
    config: Config, weights: Weights, neuron: int, *, examples: int | None = None
) -> Activity:
    """What makes one neuron fire, measured on the same inputs for every model of these features.

    Raises `SettingError` for a neuron that is not there.
    """
    require_whole("neuron", neuron, 0, config.n_neurons - 1)
    count = input_examples(config) if examples is None else examples
    reach = _range(config, weights, neuron)
    seen = _see(config, weights, neuron, count)
    named = _named(weights, neuron)
    # The last place is that of the hidden bias, which counts among the others.
    group_of = np.full(config.n_features + 1, len(named))
    group_of[list(named)] = np.arange(len(named))
    active = seen.relative > 0
    weight = seen.weight[active]
    step = np.ceil(seen.relative[active] / STEP).astype(np.int64) - 1
    step = np.clip(step, 0, _MOST_STEPS - 1)
    steps, groups = max(int(step.max(initial=0)) + 1, _step(1.0)), len(named) + 1
    cell = step * groups + group_of[seen.dominant[active]]
    there = step * 2 + np.where(seen.primary[active], 0, 1)
    fires = np.where(seen.fires, seen.weight, 0)
    return Activity(
        neuron=neuron,
        range=reach,
        features=named,
        examples=count,
        silent=Estimate(float(1 - fires.mean()), float(fires.std() / math.sqrt(count))),
        weight=_table(cell, weight, steps, groups),
        square=_table(cell, weight**2, steps, groups),
        presence=_table(there, weight, steps, 2),
        presence_square=_table(there, weight**2, steps, 2),
        bands=bands(
            seen.first, weights.W1[neuron], seen.relative, reach=reach, least=EDGES[0], seed=neuron
        ),
    )


def shares_of_all(
    config: Config, weights: Weights, *, examples: int | None = None
) -> Float[np.ndarray, "neuron interval"]:
    """For every neuron the share of activations that its primary feature dominates, 0 to 1.

    (neuron, interval), in the intervals between EDGES; NaN where no input gave such an activation.
    """
    if examples is None:
        numbers = _OVERVIEW_NUMBERS // (config.n_neurons * slots(config))
        examples = max(_OVERVIEW_FEWEST, min(_OVERVIEW_MOST, numbers))
    intervals = len(INTERVALS)
    total = np.zeros((config.n_neurons, intervals + 1))
    own = np.zeros_like(total)
    reach = [_range(config, weights, j) for j in range(config.n_neurons)]
    primary = neurons(weights.W1).primary
    for inputs in input_blocks(config, examples):
        for j in np.flatnonzero(reach).tolist():
            activation, dominant, _ = _fire(inputs, weights, j)
            interval = np.searchsorted(EDGES, activation / reach[j], side="left")
            inside = np.flatnonzero(interval)
            interval, weight = interval[inside] - 1, inputs.weight[inside]
            total[j] += np.bincount(interval, weight, intervals + 1)
            mine = dominant[inside] == primary[j]
            own[j] += np.bincount(interval[mine], weight[mine], intervals + 1)
    return np.divide(own, total, out=np.full_like(total, np.nan), where=total > 0)[:, :intervals]


class _Seen(NamedTuple):
    """What one neuron does on all inputs, and the first of these inputs themselves."""

    relative: Float[np.ndarray, " example"]
    fires: Bool[np.ndarray, " example"]
    dominant: Int[np.ndarray, " example"]
    primary: Bool[np.ndarray, " example"]
    weight: Float[np.ndarray, " example"]
    first: list[Inputs]


def _see(config: Config, weights: Weights, neuron: int, examples: int) -> _Seen:
    reach = _range(config, weights, neuron)
    primary = int(np.abs(weights.W1[neuron]).argmax())
    parts: list[tuple[np.ndarray, ...]] = []
    first: list[Inputs] = []
    kept = 0
    for inputs in input_blocks(config, examples):
        activation, dominant, contributions = _fire(inputs, weights, neuron)
        own = (inputs.feature == primary) & (contributions > 0)
        relative = activation / reach if reach else np.zeros_like(activation)
        parts.append((relative, activation > 0, dominant, own.any(axis=1), inputs.weight))
        kept += inputs.value.size  # of all so far: none is left out before one that is kept
        if kept <= KEPT_NUMBERS or not first:
            first.append(inputs)
    joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
    relative, fires, dominant, there, weight = joined
    return _Seen(relative, fires, dominant, there, weight, first)


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


def _named(weights: Weights, neuron: int) -> tuple[int, ...]:
    size = np.abs(weights.W1[neuron])
    order = np.argsort(-size, kind="stable")[:MOST_NAMED]
    return tuple(
        int(i) for k, i in enumerate(order) if not k or size[i] > _LEAST_NAMED * size.max()
    )


def _step(share: float) -> int:
    return _MOST_STEPS if math.isinf(share) else round(share / STEP)


def _effective(weight: float, square: float) -> float:
    return float(weight**2 / square) if square else 0.0


def _slice(table: np.ndarray, low: float, high: float) -> np.ndarray:
    return table[_step(low) : _step(high)].sum(axis=0)


def _share(weight: np.ndarray, square: np.ndarray) -> Share:
    # Of the first of several groups.
    own, own_square = float(weight[0]), float(square[0])
    other, other_square = float(weight[1:].sum()), float(square[1:].sum())
    total = own + other
    if not own_square + other_square:  # nothing, or rarer than a number can tell
        return Share(math.nan, math.nan, math.nan, 0.0)
    share, rest = own / total, other / total
    effective = total / (own_square + other_square) * total
    # The variance of a ratio of weighted sums, as that of a share of so many equal examples.
    variance = (rest**2 * own_square + share**2 * other_square) / total / total
    spread = share * rest
    count = spread / variance if variance > 0 else effective
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = math.sqrt(spread / count + (_Z / (2 * count)) ** 2) * _Z / (1 + _Z**2 / count)
    return Share(
        share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)), effective
    )


def _table(cell: np.ndarray, weight: np.ndarray, steps: int, columns: int) -> np.ndarray:
    # Of nothing, bincount makes whole numbers.
    return np.bincount(cell, weight, steps * columns).reshape(steps, columns).astype(float)
