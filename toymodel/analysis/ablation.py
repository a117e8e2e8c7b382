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
    # Nothing changes in outputs without a weight, and on inputs that do not activate it.
    touched = np.flatnonzero(weights.W2[:, neuron])
    W2, b = weights.W2[touched], weights.b[touched, None]
    for x, weight, _ in evaluation_inputs(config, examples):
        own = weights.activate(weights.W1[neuron] @ x + weights.b_hidden[neuron])
        seen = x[:, own != 0]
        hidden, target = weights.hidden(seen), config.definition.target(seen[touched])
        drive = W2 @ hidden + b
        before = (np.maximum(drive, 0) - target) ** 2
        drive -= np.outer(W2[:, neuron], hidden[neuron])
        after = (np.maximum(drive, 0) - target) ** 2
        rise[touched] += (after - before) @ weight[own != 0]
    by_feature = rise * config.importance / config.loss_scale
    return Ablation(float(by_feature.sum()), by_feature)


class Intervention(NamedTuple):
    """A network after one change to an instance of the motif.

    Attributes:
        name: the change.
        loss: the normalised loss.
        output: the receiving feature's output when the interfering feature alone is present, at
            the end of its range that drives the neuron. It should be 0.
        inhibition: by how much the inhibitors' weights to the receiving output are multiplied,
            0 and up.
    """

    name: str
    loss: float
    output: float
    inhibition: float


def interventions(config: Config, weights: Weights, motif: Motif) -> list[Intervention]:
    """Measure a network as it is and after each of several changes to an instance of the motif.

    "without inhibition" sets the inhibitors' weights to the receiving output to 0. "symmetric"
    makes the receiving feature's input weight in the neuron as large as the interfering one's,
    with the same path gains. Its output is disturbed less then, and the inhibition was made for
    more. So it is measured twice: "symmetric, inhibition re-fitted" multiplies the inhibitors'
    weights to the receiving output by the share that `fitted_share` finds, and "symmetric,
    without inhibition" sets them to 0. "without the neuron" sets the neuron's output
    weights to 0.

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        motif: an instance that was found in it.

    Returns:
        "as it is", then the four changes.
    """
    j, a, c = motif.neuron, motif.interfering_feature, motif.receiving_feature
    silent = weights.W2.copy()
    silent[:, j] = 0
    symmetric = _symmetric(weights, motif)
    fitted = fitted_share(config, symmetric, motif)
    changed = {
        "as it is": (weights, 1.0),
        "without inhibition": (weights, 0.0),
        "symmetric, inhibition re-fitted": (symmetric, fitted),
        "symmetric, without inhibition": (symmetric, 0.0),
        "without the neuron": (replace(weights, W2=silent), 1.0),
    }
    x = np.zeros((config.n_features, 1), np.float32)
    task = config.definition
    x[a] = task.high if weights.W1[j, a] > 0 else task.low
    found: list[Intervention] = []
    for name, (network, share) in changed.items():
        each = without_inhibition(network, [motif], share)
        loss, output = evaluate(config, each).value, float(each.output(x)[c, 0])
        found.append(Intervention(name, loss, output, share))
    return found


def _symmetric(weights: Weights, motif: Motif) -> Weights:
    # Only the receiving feature's weights change: what the interfering feature does to all other
    # outputs, such as inhibition for another neuron, stays as it is.
    j, a, c = motif.neuron, motif.interfering_feature, motif.receiving_feature
    W1, W2 = weights.W1.copy(), weights.W2.copy()
    ratio = abs(W1[j, a] / W1[j, c])
    W1[j, c] *= ratio
    W2[c, j] /= ratio
    return replace(weights, W1=W1, W2=W2)


def fitted_share(config: Config, weights: Weights, motif: Motif) -> float:
    """Fit how strong the inhibition of an instance should be, all else being as it is.

    The inhibitors' weights to the receiving output are multiplied by one share. The loss is
    piecewise quadratic in it, because the output's ReLU cuts an input off from some share on. So
    the minimum over the evaluation inputs is found exactly.

    Args:
        config: gives the task and the feature probability.
        weights: the network. It may differ from the one in which the instance was found.
        motif: the instance; its inhibitors' weights to the receiving output are below 0.

    Returns:
        The share with the lowest loss, 0 and up; the smallest one if several have it.
    """
    c, inhibitors = motif.receiving_feature, list(motif.inhibitors)
    rest = weights.W2[c].copy()
    rest[inhibitors] = 0
    parts: list[Float64[np.ndarray, "4 example"]] = []
    for x, weight, _ in evaluation_inputs(config):
        hidden = weights.hidden(x).astype(np.float64)
        drive = rest @ hidden + weights.b[c]
        taken = -weights.W2[c, inhibitors] @ hidden[inhibitors]
        matters = (drive > 0) & (taken > 0)  # on other inputs the share changes nothing
        target = config.definition.target(x[c])
        parts.append(np.stack([drive, taken, target, weight])[:, matters])
    drive, taken, target, weight = np.concatenate(parts, axis=1)
    cut_off = drive / taken  # from this share on the output is 0
    order = np.argsort(cut_off)
    ends = np.concatenate([[0], cut_off[order]])
    error = (drive - target)[order]
    taken, target, weight = taken[order], target[order], weight[order]

    def from_here_on(part: Float64[np.ndarray, " example"]) -> Float64[np.ndarray, " piece"]:
        # Of the inputs that a piece, which begins at one of `ends`, does not cut off yet.
        return np.concatenate([np.cumsum(part[::-1])[::-1], [0]])

    square = from_here_on(weight * taken**2)
    slope = from_here_on(weight * error * taken)
    constant = from_here_on(weight * error**2) - from_here_on(weight * target**2)
    lowest = np.divide(slope, square, out=np.zeros_like(slope), where=square > 0)
    share = np.clip(lowest, ends, np.append(ends[1:], ends[-1]))
    loss = square * share**2 - 2 * slope * share + constant
    return float(share[np.argmin(loss)])


def without_inhibition(weights: Weights, motifs: Sequence[Motif], share: float = 0.0) -> Weights:
    """Turn the inhibition of instances of the motif down.

    Args:
        weights: the network.
        motifs: instances that were found in it.
        share: how much of the inhibition is left, 0 for none and 1 for all of it.

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
