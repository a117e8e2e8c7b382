"""How much of its ReLU a network uses: where its pre-activations lie.

Paper: "Limitations of the ReLU Hidden Layer Toy Model Simulating Identity". With a hidden bias the
model shifts its neurons to where they are linear; without one, but with many features, it
simulates a bias by averaging over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from toymodel.analysis.loss import evaluation_inputs
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.model import Weights

_MIN_RELATIVE_WEIGHT = 0.05  # of a feature that counts as one of the neuron's


@dataclass(frozen=True, kw_only=True, eq=False)
class Linearity:
    """Where the pre-activations of each neuron lie, under the true distribution of inputs.

    Attributes:
        linear: (neuron,), share of inputs with a pre-activation above 0, where the ReLU changes
            nothing.
        driven: (neuron,), the same share of the inputs in which one of the neuron's features is
            active, so that empty inputs do not count. The neuron's features are those with at
            least 5 % of its largest weight. NaN if there was no such input.
        bias: (neuron,), the hidden bias.
        mean: (neuron,), exact mean of what the features other than the primary one add. Above 0 it
            acts as a bias.
        spread: (neuron,), exact standard deviation of the same: the noise of that bias.
    """

    linear: Float[np.ndarray, " neuron"]
    driven: Float[np.ndarray, " neuron"]
    bias: Float[np.ndarray, " neuron"]
    mean: Float[np.ndarray, " neuron"]
    spread: Float[np.ndarray, " neuron"]


def linearity(config: Config, weights: Weights) -> Linearity:
    """Measure where the pre-activations of every neuron lie, on the evaluation inputs.

    Args:
        config: gives the task and the feature probability.
        weights: the network.
    """
    m = config.n_neurons
    linear, driven, active, total = np.zeros(m), np.zeros(m), np.zeros(m), 0.0
    held = neurons(weights.W1)
    features = (held.relative >= _MIN_RELATIVE_WEIGHT).astype(np.float32)
    for x, weight, _ in evaluation_inputs(config):
        above = weights.W1 @ x + weights.b_hidden[:, None] > 0
        any_active = features @ (x != 0).astype(np.float32) > 0
        linear += above @ weight
        driven += (above & any_active) @ weight
        active += any_active @ weight
        total += float(weight.sum())
    p, task = config.feature_probability, config.definition
    mean = p * (task.low + task.high) / 2
    square = p * (task.low**2 + task.low * task.high + task.high**2) / 3
    others = weights.W1.astype(np.float64)
    others[np.arange(m), held.primary] = 0
    return Linearity(
        linear=linear / total,
        driven=np.divide(driven, active, out=np.full(m, np.nan), where=active > 0),
        bias=weights.b_hidden.astype(np.float64),
        mean=others.sum(axis=1) * mean,
        spread=np.sqrt((others**2).sum(axis=1) * (square - mean**2)),
    )
