"""What a network loses when a part of it is changed: a neuron, or an instance of the motif.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from toymodel.analysis.loss import evaluate, evaluation_inputs
from toymodel.analysis.motifs import Motif
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.settings import require_whole

SHARES = tuple(round(0.05 * k, 2) for k in range(21))
"""Shares of the inhibition that are left, from none to all of it, for `loss_by_inhibition`."""


class Ablation(NamedTuple):
    """How the normalised loss changes when a neuron's activation is set to 0.

    Attributes:
        rise: by how much the loss rises.
        by_feature: (feature,), by how much each feature's part of the loss rises; below 0 for a
            feature that does better without the neuron. They sum to `rise`.
    """

    rise: float
    by_feature: Float64[np.ndarray, " feature"]


def ablate(
    config: Config, weights: Weights, neuron: int, *, examples: int | None = None
) -> Ablation:
    """Measure how much the loss rises without one neuron, on the evaluation inputs.

    Example:
        tm.ablate(model.config, model.weights, 3).rise

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        neuron: the number of the neuron, from 0.
        examples: how many inputs are drawn; as many as for the loss if None.

    Raises:
        SettingError: if there is no such neuron.
    """
    require_whole("neuron", neuron, 0, config.n_neurons - 1)
    rise = np.zeros(config.n_features)
    for x, weight, _ in evaluation_inputs(config, examples):
        hidden = weights.hidden(x)
        fires = np.flatnonzero(hidden[neuron])  # on other inputs nothing changes
        hidden, target = hidden[:, fires], config.definition.target(x[:, fires])
        drive = weights.W2 @ hidden + weights.b[:, None]
        before = (np.maximum(drive, 0) - target) ** 2
        drive -= np.outer(weights.W2[:, neuron], hidden[neuron])
        after = (np.maximum(drive, 0) - target) ** 2
        rise += (after - before) @ weight[fires]
    by_feature = rise * config.importance / config.loss_scale
    return Ablation(float(by_feature.sum()), by_feature)


class Intervention(NamedTuple):
    """A network after one change to an instance of the motif.

    Attributes:
        name: the change.
        loss: the normalised loss.
        output: the receiving feature's output when the interfering feature alone is present, at
            the end of its range that drives the neuron. It should be 0.
    """

    name: str
    loss: float
    output: float


def interventions(config: Config, weights: Weights, motif: Motif) -> list[Intervention]:
    """Measure a network as it is and after each of three changes to an instance of the motif.

    "without inhibition" sets the inhibitors' weights to the receiving output to 0. "symmetric"
    gives both features the same input weight in the neuron, with the same path gains. "without
    the neuron" sets the neuron's output weights to 0.

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        motif: an instance that was found in it.

    Returns:
        "as it is", then the three changes.
    """
    j, a, c = motif.neuron, motif.interfering_feature, motif.receiving_feature
    silent = weights.W2.copy()
    silent[:, j] = 0
    size = np.abs(weights.W1[j, [a, c]])
    even = np.sqrt(size.prod())
    W1, W2 = weights.W1.copy(), weights.W2.copy()
    W1[j, [a, c]] *= even / size
    W2[[a, c], j] *= size / even
    changed = {
        "as it is": weights,
        "without inhibition": without_inhibition(weights, [motif]),
        "symmetric": replace(weights, W1=W1, W2=W2),
        "without the neuron": replace(weights, W2=silent),
    }
    x = np.zeros((config.n_features, 1), np.float32)
    task = config.definition
    x[a] = task.high if weights.W1[j, a] > 0 else task.low
    return [
        Intervention(name, evaluate(config, each).value, float(each.output(x)[c, 0]))
        for name, each in changed.items()
    ]


def without_inhibition(weights: Weights, motifs: Sequence[Motif], share: float = 0.0) -> Weights:
    """Turn the inhibition of instances of the motif down.

    Args:
        weights: the network.
        motifs: instances that were found in it.
        share: how much of the inhibition is left, 0 to 1.

    Returns:
        The network with the inhibitors' weights to the receiving outputs multiplied by the share.
    """
    W2 = weights.W2.copy()
    for motif in motifs:
        inhibitors = list(motif.inhibitors)
        W2[motif.receiving_feature, inhibitors] = (
            share * weights.W2[motif.receiving_feature, inhibitors]
        )
    return replace(weights, W2=W2)


def loss_by_inhibition(
    config: Config, weights: Weights, motifs: Sequence[Motif], shares: Sequence[float]
) -> Float[np.ndarray, " share"]:
    """Measure the losses of `without_inhibition` for several shares, on the same inputs.

    Much faster than one evaluation a share: only the receiving outputs change, and linearly.

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        motifs: instances that were found in it.
        shares: how much of the inhibition is left, each 0 to 1.

    Returns:
        Normalised losses, (share,).
    """
    outputs = sorted({motif.receiving_feature for motif in motifs})
    off = without_inhibition(weights, motifs)
    removed = weights.W2[outputs] - off.W2[outputs]
    total = np.zeros(len(shares))
    task, importance = config.definition, config.importance.astype(np.float64)
    for x, weight, _ in evaluation_inputs(config):
        hidden, target = weights.hidden(x), task.target(x)
        before = off.W2 @ hidden + weights.b[:, None]
        others = importance @ np.square(np.maximum(before, 0) - target)
        others -= importance[outputs] @ np.square(np.maximum(before[outputs], 0) - target[outputs])
        inhibition = removed @ hidden
        for k, share in enumerate(shares):
            error = np.maximum(before[outputs] + share * inhibition, 0) - target[outputs]
            total[k] += weight @ (others + importance[outputs] @ np.square(error))
    return total / config.loss_scale
