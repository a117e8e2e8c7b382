"""Normalised loss and the exact yardstick: what the best model without superposition scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import evaluation_batches

_EVALUATION_MULTIPLICATIONS = 4e9  # bounds the time that one model's evaluation takes


class Estimate(NamedTuple):
    """A Monte Carlo mean and its standard error."""

    value: float
    error: float


def evaluation_examples(config: Config) -> int:
    """How many examples an evaluation takes: 2^16, fewer for models above some 60,000 weights."""
    affordable = int(_EVALUATION_MULTIPLICATIONS / (2 * config.n_features * config.n_neurons))
    return max(4_096, min(2**16, affordable))


def evaluate(config: Config, weights: Weights, *, examples: int | None = None) -> Estimate:
    """Normalised loss of one model with its standard error, on the evaluation stream.

    E sum_i I_i (y_i - |x_i|)^2 over p/3 sum I; answering 0 to everything scores exactly 1.
    """
    *_, estimates = evaluate_many([(config, weights)], examples=examples)
    return estimates[0]


def evaluate_many(
    networks: Sequence[tuple[Config, Weights]], *, examples: int | None = None
) -> Iterator[list[Estimate]]:
    """Estimates for several networks on the same inputs, after every batch: the last one counts.

    Their configs have the same `inputs_of`. An iterator, so that a caller can stop between batches.
    """
    total = np.zeros(len(networks))
    square = np.zeros(len(networks))
    count = 0
    first, _ = networks[0]
    target = first.definition.target
    importance = {config: config.importance for config, _ in networks}
    scale = {config: config.loss_scale for config, _ in networks}
    for x, weight in evaluation_batches(first, examples or evaluation_examples(first)):
        count += x.shape[1]
        wanted = target(x)
        for index, (config, weights) in enumerate(networks):
            error = weights.output(x) - wanted
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
    """What the inputs depend on with which a config's networks are measured."""
    task, n, p = config.task, config.n_features, config.feature_probability
    return task, n, p, evaluation_examples(config)


def no_superposition_loss(config: Config) -> float:
    """Normalised loss without superposition: the exact yardstick.

    The most important features get the neurons that the task takes, two each for |x|, one for x,
    and cost nothing; every other output is the best constant, p/2, and costs I_i (p/3 - p^2/4).
    Where m is odd, |x| leaves a neuron over, which can compute one side of one more feature.
    """
    importance = config.importance.astype(np.float64)
    left_out = importance[config.n_neurons // config.definition.neurons :].sum()
    return float(left_out / importance.sum() * best_constant_loss(config))


def best_constant_loss(config: Config) -> float:
    """Loss of an output that is the best constant, where answering 0 scores 1: 1 - 3p/4."""
    task = config.definition
    return 1 - config.feature_probability * task.mean**2 / task.mean_square


def superposition_gain(config: Config, loss: float) -> float:
    """No-superposition loss / loss: above 1 the model computes more than it has neurons for.

    NaN where there is nothing to gain: every feature that weighs anything has its two neurons.
    """
    yardstick = no_superposition_loss(config)
    if yardstick == 0 or math.isnan(loss):
        return float("nan")
    return yardstick / loss if loss > 0 else float("inf")


def loss_by_feature(
    config: Config, weights: Weights, *, examples: int | None = None
) -> Float64[np.ndarray, " feature"]:
    """Each feature's part of the normalised loss, (feature,); they sum to the loss."""
    total = np.zeros(config.n_features)
    count = 0
    for x, weight in evaluation_batches(config, examples or evaluation_examples(config)):
        total += (weights.output(x) - config.definition.target(x)) ** 2 @ weight
        count += x.shape[1]
    return total / count * config.importance / config.loss_scale


def dead_outputs(
    config: Config, weights: Weights, *, examples: int = 4_096
) -> Bool[np.ndarray, " feature"]:
    """Which outputs are always 0, (feature,): for every feature alone and on tilted examples.

    Such an output has no gradient, and no training wakes it up again.
    """
    each = np.eye(config.n_features, dtype=np.float32)
    alive = (weights.output(each) > 0).any(axis=1)
    if config.definition.low < 0:
        alive |= (weights.output(-each) > 0).any(axis=1)
    for x, _ in evaluation_batches(config, examples):
        alive |= (weights.output(x) > 0).any(axis=1)
    return np.logical_not(alive)
