"""How much of its hidden ReLU a network uses: its loss without it, and what acts as a bias.

Paper: "Limitations of the ReLU Hidden Layer Toy Model Simulating Identity". With a hidden bias the
model shifts its neurons to where they are linear; without one, but with many features, it
simulates a bias by averaging over them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from toymodel.analysis.loss import evaluation_examples, evaluation_inputs
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.model import Weights

_MAX_OUTPUTS = 2**22  # bounds the memory of all outputs of all examples


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedBias:
    """What the features other than the primary one add to each neuron's pre-activation; exact.

    Attributes:
        mean: (neuron,), its mean. Above 0 it acts as a bias.
        spread: (neuron,), its standard deviation: the noise of that bias.
    """

    mean: Float[np.ndarray, " neuron"]
    spread: Float[np.ndarray, " neuron"]


def simulated_bias(config: Config, weights: Weights) -> SimulatedBias:
    """Compute the bias that the average of many features simulates in every neuron.

    Args:
        config: gives the task and the feature probability.
        weights: the network.
    """
    p, task = config.feature_probability, config.definition
    mean = p * (task.low + task.high) / 2
    square = p * (task.low**2 + task.low * task.high + task.high**2) / 3
    others = weights.W1.astype(np.float64)
    others[np.arange(config.n_neurons), neurons(weights.W1).primary] = 0
    return SimulatedBias(
        mean=others.sum(axis=1) * mean,
        spread=np.sqrt((others**2).sum(axis=1) * (square - mean**2)),
    )


def loss_without_relu(config: Config, weights: Weights) -> float:
    """Measure the normalised loss of a network whose hidden ReLU is removed: h = W1 x + b_hidden.

    All weights and hidden biases stay. The output biases are fitted again, exactly, because
    without the ReLU the mean of every activation changes, which is not what is to be measured. So
    the loss is 1 at most, that of answering 0.

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.

    Returns:
        The loss, on the evaluation stream, of which the biases are fitted to the same inputs. It
        is about that of the network itself if the network does not use its ReLU.
    """
    n = config.n_features
    linear = replace(weights, activation="none")
    examples = min(evaluation_examples(config), _MAX_OUTPUTS // n)
    drives, targets, each_weight = [], [], []
    for x, weight, _ in evaluation_inputs(config, examples):
        drives.append(linear.W2 @ linear.hidden(x))
        targets.append(config.definition.target(x))
        each_weight.append(weight)
    weight = np.concatenate(each_weight)
    loss = [
        _least_error(np.concatenate(drive), np.concatenate(target), weight)
        for drive, target in zip(zip(*drives, strict=True), zip(*targets, strict=True), strict=True)
    ]
    return float(config.importance.astype(np.float64) @ loss / config.loss_scale)


def _least_error(
    drive: Float[np.ndarray, " example"],
    target: Float[np.ndarray, " example"],
    weight: Float[np.ndarray, " example"],
) -> float:
    # The smallest sum of weight (ReLU(drive + b) - target)^2 over all biases b. Between two
    # drives the same examples are active, and the sum is a parabola in b.
    order = np.argsort(-drive, kind="stable")
    z, t, w = (each[order].astype(np.float64) for each in (drive, target, weight))
    silent = w * t**2
    active, error, square = (np.cumsum(w * (z - t) ** power) for power in range(3))
    ends = -z, np.append(-z[1:], np.inf)
    lowest = np.divide(-error, active, out=np.zeros_like(error), where=active > 0)
    b = np.clip(lowest, *ends)
    total = square + 2 * b * error + b**2 * active + silent.sum() - np.cumsum(silent)
    return float(min(total.min(), silent.sum()))
