"""The normalised loss, and the exact loss of the best model without superposition.

Paper: "Computation in Superposition". The baseline is exact; the losses of networks are Monte
Carlo means with standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import evaluation_batches

_EVALUATION_MULTIPLICATIONS = 4e9  # bounds the time of one model's evaluation


class Estimate(NamedTuple):
    """A Monte Carlo mean.

    Attributes:
        value: the mean.
        error: its standard error.
    """

    value: float
    error: float


def evaluation_examples(config: Config) -> int:
    """How many examples an evaluation takes: 2^16, fewer above about 30,000 input weights."""
    affordable = int(_EVALUATION_MULTIPLICATIONS / (2 * config.n_features * config.n_neurons))
    return max(4_096, min(2**16, affordable))


def evaluation_inputs(
    config: Config, examples: int | None = None
) -> Iterator[tuple[Float32[np.ndarray, "feature example"], Float[np.ndarray, " example"]]]:
    """Draw the inputs on which everything about a network is measured, in batches.

    Args:
        config: gives the task, n and p.
        examples: how many inputs; `evaluation_examples` of the config if None.

    Yields:
        Inputs x, (feature, example), and weights w, (example,). The mean of w f(x) estimates E f.
    """
    return evaluation_batches(config, examples or evaluation_examples(config))


def evaluate(config: Config, weights: Weights, *, examples: int | None = None) -> Estimate:
    """Measure the normalised loss of a network on the evaluation stream.

    The loss is E sum_i I_i (y_i - t_i)^2, where t is the target, divided by that of answering 0
    to everything.

    Example:
        loss = tm.evaluate(model.config, model.weights)
        loss.value, loss.error

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        examples: how many inputs; `evaluation_examples` of the config if None.

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
        examples: how many inputs; `evaluation_examples` of the configs if None.

    Yields:
        The estimates so far, after every batch, so that a caller can stop between batches. The
        last ones are of all examples.
    """
    total = np.zeros(len(networks))
    square = np.zeros(len(networks))
    count = 0
    first, _ = networks[0]
    target = first.definition.target
    importance = {config: config.importance for config, _ in networks}
    scale = {config: config.loss_scale for config, _ in networks}
    for x, weight in evaluation_inputs(first, examples):
        count += x.shape[1]
        t = target(x)
        for index, (config, weights) in enumerate(networks):
            error = weights.output(x) - t
            np.square(error, out=error)
            loss = (importance[config] @ error).astype(np.float64) * weight / scale[config]
            total[index] += loss.sum()
            square[index] += (loss**2).sum()
        mean = total / count
        variance = np.maximum(square / count - mean**2, 0)
        yield [
            Estimate(float(m), float(e))
            for m, e in zip(mean, np.sqrt(variance / max(count - 1, 1)), strict=True)
        ]


def inputs_of(config: Config) -> tuple[object, ...]:
    """What the inputs of an evaluation depend on; equal for configs with the same inputs."""
    task, n, p = config.task, config.n_features, config.feature_probability
    return task, n, p, evaluation_examples(config)


def no_superposition_loss(config: Config) -> float:
    """Compute the baseline: the exact normalised loss of the best model without superposition.

    The most important features get neurons of their own, as many as the task needs (two for |x|,
    one for x), and cost nothing. Every other output is the best constant, p/2, and costs
    I_i (p/3 - p^2/4). Where m is odd, |x| leaves one neuron unused.

    Example:
        tm.no_superposition_loss(tm.Config(feature_probability=0.1))  # about 0.0107

    Args:
        config: gives the task, n, m, the feature probability and the importances.

    Returns:
        The loss, from 0 to 1.
    """
    importance = config.importance.astype(np.float64)
    left_out = importance[config.n_neurons // config.definition.neurons :].sum()
    return float(left_out / importance.sum() * best_constant_loss(config))


def best_constant_loss(config: Config) -> float:
    """The loss of an output that is the best constant, where answering 0 has 1: 1 - 3p/4."""
    task = config.definition
    return 1 - config.feature_probability * task.mean**2 / task.mean_square


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
        examples: how many inputs; `evaluation_examples` of the config if None.

    Returns:
        Parts of the loss, (feature,); they sum to the loss.
    """
    total = np.zeros(config.n_features)
    count = 0
    for x, weight in evaluation_inputs(config, examples):
        total += (weights.output(x) - config.definition.target(x)) ** 2 @ weight
        count += x.shape[1]
    return total / count * config.importance / config.loss_scale


def dead_outputs(
    config: Config, weights: Weights, *, examples: int = 4_096
) -> Bool[np.ndarray, " feature"]:
    """Find the outputs that are always 0: they have no gradient, so training cannot revive them.

    Args:
        config: gives the task, n and p.
        weights: the network.
        examples: how many inputs of the evaluation stream to try, beside every feature alone at
            the ends of its range.

    Returns:
        Whether each output is dead, (feature,).
    """
    alone = np.eye(config.n_features, dtype=np.float32)
    alive = (weights.output(alone) > 0).any(axis=1)
    if config.definition.low < 0:
        alive |= (weights.output(-alone) > 0).any(axis=1)
    for x, _ in evaluation_batches(config, examples):
        alive |= (weights.output(x) > 0).any(axis=1)
    return np.logical_not(alive)
