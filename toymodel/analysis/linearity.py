"""How much of its ReLU a network uses: where its pre-activations lie.

Paper: "Limitations of the ReLU Hidden Layer Toy Model Simulating Identity": given a hidden bias the
model shifts its neurons to where they are linear; without one, but with many features, it simulates
a bias by averaging over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from toymodel.analysis.loss import evaluation_examples
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import evaluation_batches

_READS = 0.05  # of a neuron's largest weight


@dataclass(frozen=True, kw_only=True, eq=False)
class Linearity:
    """Of every neuron, under the true distribution of inputs.

    linear: (neuron,), the share of inputs on which its pre-activation is above 0, where the ReLU
    changes nothing. driven: the same among the inputs on which one of its features is there (those
    of 5 % of its largest weight and more), so that empty inputs do not count; NaN where there was
    none. bias: its own. mean, spread: mean and
    standard deviation of what the features other than its primary one add, exactly: a mean above 0
    acts as a bias, and the spread is the noise that comes with it.
    """

    linear: Float[np.ndarray, " neuron"]
    driven: Float[np.ndarray, " neuron"]
    bias: Float[np.ndarray, " neuron"]
    mean: Float[np.ndarray, " neuron"]
    spread: Float[np.ndarray, " neuron"]


def linearity(config: Config, weights: Weights, *, examples: int | None = None) -> Linearity:
    """Where the pre-activations of every neuron lie; shares on the evaluation stream."""
    m = config.n_neurons
    linear, driven, there, total = np.zeros(m), np.zeros(m), np.zeros(m), 0.0
    found = neurons(weights.W1)
    reads = (found.relative >= _READS).astype(np.float32)
    for x, weight in evaluation_batches(config, examples or evaluation_examples(config)):
        above = weights.W1 @ x + weights.b_hidden[:, None] > 0
        any_there = reads @ (x != 0).astype(np.float32) > 0
        linear += above @ weight
        driven += (above & any_there) @ weight
        there += any_there @ weight
        total += float(weight.sum())
    p, task = config.feature_probability, config.definition
    mean = p * (task.low + task.high) / 2
    square = p * (task.low**2 + task.low * task.high + task.high**2) / 3
    others = weights.W1.astype(np.float64)
    others[np.arange(m), found.primary] = 0
    return Linearity(
        linear=linear / total,
        driven=np.divide(driven, there, out=np.full(m, np.nan), where=there > 0),
        bias=weights.b_hidden.astype(np.float64),
        mean=others.sum(axis=1) * mean,
        spread=np.sqrt((others**2).sum(axis=1) * (square - mean**2)),
    )
