"""The normalised loss, and the exact loss of the best model without superposition.

Paper: "Computation in Superposition". The baseline is exact. The losses of networks are exact for
inputs with fewer than two active features, where these matter, and Monte Carlo means with standard
errors for the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from toymodel.config import Config
from toymodel.evaluation import Batch, evaluation_batches, mostly_several
from toymodel.model import Weights

_EVALUATION_MULTIPLICATIONS = 4e9  # bounds the time of one model's evaluation
_MIN_EXAMPLES = 4_096
_DENSE_EXAMPLES = 2**14  # at p = 1, where what features cost is nearly additive
_SPARSE_EXAMPLES = 2**16
_PAIRS_EXAMPLES = 110_000  # where many features are active in pairs, of which there are many
_SMALL_EXAMPLES = 2**17  # the inputs that a small network fails on are few and cost much
_SMALL_WEIGHTS = 200
_MANY_FEATURES = 20
_RARE = 0.2  # n p below which inputs with two active features are rare


class Estimate(NamedTuple):
    """An estimate of a mean.

    Attributes:
        value: the mean.
        error: its standard error, which is due to the inputs that are drawn; 0 without any.
    """

    value: float
    error: float


def evaluation_examples(config: Config) -> int:
    """How many inputs an evaluation draws.

    Returns:
        16,384 to 131,072: fewer where features are dense, because there the loss varies little
        from block to block. Networks with many weights take fewer, but 4,096 at least.
    """
    n, p = config.n_features, config.feature_probability
    if mostly_several(config):
        wanted = round(_DENSE_EXAMPLES * min(4.0, max(1.0, 0.4 / p)))
    elif n * config.n_neurons <= _SMALL_WEIGHTS:
        wanted = _SMALL_EXAMPLES
    elif n > _MANY_FEATURES and n * p > _RARE:
        wanted = _PAIRS_EXAMPLES
    else:
        wanted = _SPARSE_EXAMPLES
    affordable = int(_EVALUATION_MULTIPLICATIONS / (2 * n * config.n_neurons))
    return max(_MIN_EXAMPLES, min(wanted, affordable))


def evaluation_inputs(config: Config, examples: int | None = None) -> Iterator[Batch]:
    """Make the inputs on which everything about a network is measured, in batches.

    Args:
        config: gives the task, n, m, p and the importance decay.
        examples: how many inputs are drawn; `evaluation_examples` of the config if None.

    Yields:
        Batches. The sum of w f(x) over all of them estimates E f.
    """
    return evaluation_batches(config, examples or evaluation_examples(config))


def evaluate(config: Config, weights: Weights, *, examples: int | None = None) -> Estimate:
    """Measure the normalised loss of a network on the evaluation inputs.

    The loss is E sum_i I_i (y_i - t_i)^2, where t is the target, divided by that of answering 0
    to everything.

    Example:
        loss = tm.evaluate(model.config, model.weights)
        loss.value, loss.error

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        examples: how many inputs are drawn; `evaluation_examples` of the config if None.

    Returns:
        The loss and its standard error.
    """
    *_, estimates = evaluate_many([(config, weights)], examples=examples)
    return estimates[0]


def evaluate_many(
    networks: Sequence[tuple[Config, Weights]], *, examples: int | None = None
) -> Iterator[list[Estimate]]:
    """Measure the normalised losses of several networks on the same inputs.

    Args:
        networks: configs and weights. The configs have the same `inputs_of`.
        examples: how many inputs are drawn; `evaluation_examples` of the configs if None.

    Yields:
        After every batch, the sums so far, so that a caller can stop between batches. The last
        ones are of all batches: the estimates.
    """
    total = np.zeros(len(networks))
    square = np.zeros(len(networks))
    first, _ = networks[0]
    target = first.definition.target
    importance = {config: config.importance for config, _ in networks}
    scale = {config: config.loss_scale for config, _ in networks}
    for x, weight, block in evaluation_inputs(first, examples):
        t = target(x)
        for index, (config, weights) in enumerate(networks):
            error = weights.output(x)
            error -= t
            np.square(error, out=error)
            loss = (importance[config] @ error).astype(np.float64) * weight / scale[config]
            total[index] += loss.sum()
            if block:
                sums = loss.reshape(-1, 2, block).sum(axis=2)
                square[index] += np.square(sums[:, 0] - sums[:, 1]).sum()
        yield [
            Estimate(float(value), float(error))
            for value, error in zip(total, np.sqrt(square), strict=True)
        ]


def inputs_of(config: Config) -> tuple[object, ...]:
    """What the inputs of an evaluation depend on; equal for configs with the same inputs."""
    return (
        config.task,
        config.n_features,
        config.n_neurons,
        config.feature_probability,
        config.importance_decay,
    )


def no_superposition_loss(config: Config) -> float:
    """Compute the baseline: the exact normalised loss of the best model without superposition.

    The most important features get neurons of their own, as many as the task needs (two for |x|,
    one for x), and cost nothing. If m is odd, the next feature gets the neuron that is left over,
    which computes |x| on one side of 0: see `one_side_loss`. Every other output is the best
    constant, p/2, and costs I_i (p/3 - p^2/4).

    Example:
        tm.no_superposition_loss(tm.Config(feature_probability=0.1))  # about 0.0107

    Args:
        config: gives the task, n, m, the feature probability and the importances.

    Returns:
        The loss, from 0 to 1. It is 0 if there are neurons for all features.
    """
    importance = config.importance.astype(np.float64)
    served, left_over = divmod(config.n_neurons, config.definition.neurons)
    cost = importance * best_constant_loss(config)
    cost[:served] = 0
    if left_over:
        cost[served : served + 1] = importance[served : served + 1] * one_side_loss(config)
    return float(cost.sum() / importance.sum())


def best_constant_loss(config: Config) -> float:
    """The loss of an output that is the best constant, where answering 0 has 1: 1 - 3p/4."""
    task = config.definition
    return 1 - config.feature_probability * task.mean**2 / task.mean_square


def one_side_loss(config: Config) -> float:
    """The loss of an output that has one neuron for |x|, where answering 0 has 1.

    The best such output is (1 - 3b/2) ReLU(x) + b or its mirror image, with b = p/(4 - 3p/2). The
    output is b on the other side of 0 and for a feature that is not active. With L = 1 - 3p/4, the
    loss of the best constant, its loss is L / (1 + L): from 1/2, where p is near 0, to 1/5.
    """
    constant = best_constant_loss(config)
    return constant / (1 + constant)


def superposition_gain(config: Config, loss: float) -> float:
    """Compute how much better a loss is than the best one without superposition.

    Example:
        tm.superposition_gain(model.config, model.loss)

    Args:
        config: the config of the network.
        loss: its normalised loss.

    Returns:
        `no_superposition_loss` divided by the loss. Above 1, the network computes more features
        than it has neurons for. NaN if there are enough neurons for all features, or the loss is
        NaN.
    """
    baseline = no_superposition_loss(config)
    if baseline == 0 or math.isnan(loss):
        return float("nan")
    return baseline / loss if loss > 0 else float("inf")


def loss_by_feature(
    config: Config, weights: Weights, *, examples: int | None = None
) -> Float64[np.ndarray, " feature"]:
    """Measure the part that each feature has in the normalised loss.

    Example:
        parts = tm.loss_by_feature(model.config, model.weights)
        parts.argmax()  # the feature that costs most

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        examples: how many inputs are drawn; `evaluation_examples` of the config if None.

    Returns:
        Parts of the loss, (feature,); they sum to the loss.
    """
    total = np.zeros(config.n_features)
    for x, weight, _ in evaluation_inputs(config, examples):
        total += (weights.output(x) - config.definition.target(x)) ** 2 @ weight
    return total * config.importance / config.loss_scale


def dead_outputs(
    config: Config, weights: Weights, *, examples: int = 4_096
) -> Bool[np.ndarray, " feature"]:
    """Find the outputs that are always 0: they have no gradient, so training cannot revive them.

    Args:
        config: gives the task, n and p.
        weights: the network.
        examples: how many of the evaluation inputs to draw and try, beside every feature alone at
            the ends of its range.

    Returns:
        Whether each output is dead, (feature,).
    """
    alone = np.eye(config.n_features, dtype=np.float32)
    alive = (weights.output(alone) > 0).any(axis=1)
    if config.definition.low < 0:
        alive |= (weights.output(-alone) > 0).any(axis=1)
    for x, _, _ in evaluation_inputs(config, examples):
        alive |= (weights.output(x) > 0).any(axis=1)
    return np.logical_not(alive)
