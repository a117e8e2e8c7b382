"""A network taken apart into absolute value, asymmetric superposition, inhibition and the rest.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from toymodel.analysis.features import interference
from toymodel.analysis.loss import evaluate, evaluation_examples
from toymodel.analysis.motifs import Motif, MotifThresholds, find_motifs
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import evaluation_batches

ROLES = (
    "rest",
    "absolute value, one side",
    "absolute value, both sides",
    "asymmetric superposition",
    "inhibition",
)
"""What a weight can be for; arrays of roles hold their places here."""

SHARES = tuple(round(0.05 * k, 2) for k in range(21))
"""How much of the inhibition is left, in steps from none to all of it."""

_LEAST_GAIN = 0.1
_EQUAL = 1e-6  # errors that differ by rounding
REST, ONE_SIDE, BOTH_SIDES, ASYMMETRIC, INHIBITION = range(len(ROLES))


@dataclass(frozen=True, kw_only=True, eq=False)
class Roles:
    """Every weight with one role.

    W1: (neuron, feature), W2: (feature, neuron), places in ROLES. Of a weight in that several
    roles claim, absolute value and asymmetric superposition come before inhibition. motifs: the
    instances found by definition, which is narrower than the roles.
    """

    W1: Int[np.ndarray, "neuron feature"]
    W2: Int[np.ndarray, "feature neuron"]
    motifs: tuple[Motif, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition(Roles):
    """Every weight with one role, and how much of the loss each set of roles explains.

    absolute_value, with_motifs, everything: normalised losses of the network with the weights for
    absolute value alone, with those of the motifs too, and with all; biases stay.
    """

    absolute_value: float
    with_motifs: float
    everything: float


class Shift(NamedTuple):
    """What the rest does: the presence of one feature moves an output, another's or its own.

    feature: present alone, at the end of its range that moves more, side (1 or -1). output: the
    feature whose output moves. amount: by how much, before the output's ReLU, signed. effect:
    on the output's error there: "helps" or "hurts" where it is smaller or larger than without the
    rest, else "none", as where the ReLU cuts off both.
    """

    feature: int
    side: int
    output: int
    amount: float
    effect: Literal["helps", "hurts", "none"]


class Intervention(NamedTuple):
    """What became of a network when an instance of the motif was tampered with.

    loss: normalised. output: the receiving feature's, when the interfering one alone is present,
    at the end of its range that drives the neuron; it should be 0.
    """

    name: str
    loss: float
    output: float


def find_roles(weights: Weights, thresholds: MotifThresholds | None = None) -> Roles:
    """Give every weight its role.

    A pair of weights, in and out, with a path gain of 0.1 and more computes a part of a side of a
    feature. It is for absolute value, unless another such feature of the neuron has a much larger
    or a much smaller weight in (by the ratio of the thresholds): then both are asymmetric
    superposition. What takes away the pushes of these weights onto other outputs, a neuron's part
    at least, is inhibition.
    """
    into, out = _roles(weights, thresholds or MotifThresholds())
    motifs = tuple(find_motifs(weights.W1, weights.W2, thresholds))
    return Roles(W1=into, W2=out, motifs=motifs)


def decompose(
    config: Config, weights: Weights, thresholds: MotifThresholds | None = None
) -> Decomposition:
    """Give every weight its role, as `find_roles` does, and measure what the roles explain."""
    found = find_roles(weights, thresholds)
    masks = [(ONE_SIDE, BOTH_SIDES), (ONE_SIDE, BOTH_SIDES, ASYMMETRIC, INHIBITION)]
    kept = [_keep(weights, np.isin(found.W1, roles), np.isin(found.W2, roles)) for roles in masks]
    losses = [evaluate(config, each).value for each in (*kept, weights)]
    return Decomposition(
        W1=found.W1,
        W2=found.W2,
        motifs=found.motifs,
        absolute_value=losses[0],
        with_motifs=losses[1],
        everything=losses[2],
    )


def shifts_of_the_rest(
    config: Config, weights: Weights, found: Roles, least: float = 0.0
) -> list[Shift]:
    """What the weights without another role do, the largest first; exact for one feature alone.

    least: smaller shifts are left out.
    """
    without = _keep(weights, found.W1 != REST, found.W2 != REST)
    all_, some = interference(config, weights), interference(config, without)
    idle_after, idle_before = (
        (each.W2 @ np.maximum(each.b_hidden, 0) + each.b)[:, None] for each in (weights, without)
    )
    upper = np.abs(all_.high - some.high) >= np.abs(all_.low - some.low)
    after, before = (np.where(upper, each.high, each.low) for each in (all_, some))
    amount = after - before
    task = config.definition
    own = np.where(upper, task.target(task.high), task.target(task.low))
    target = np.eye(config.n_features) * own
    error_after, error_before = (
        np.abs(np.maximum(drive + idle, 0) - target)
        for drive, idle in ((after, idle_after), (before, idle_before))
    )
    order = np.argsort(-np.abs(amount), axis=None, kind="stable")
    shifts: list[Shift] = []
    for i, k in zip(*np.unravel_index(order, amount.shape), strict=True):
        if not amount[i, k] or abs(amount[i, k]) < least:
            break
        more = error_after[i, k] - error_before[i, k]
        effect = "none" if abs(more) < _EQUAL else "hurts" if more > 0 else "helps"
        shifts.append(Shift(int(k), 1 if upper[i, k] else -1, int(i), float(amount[i, k]), effect))
    return shifts


def interventions(config: Config, weights: Weights, motif: Motif) -> list[Intervention]:
    """The network as it is, and after each exact change of one instance.

    "without inhibition": the inhibitors' weights to the receiving output are 0. "symmetric": both
    features have the same input weight in the neuron, at the same path gains. "without the
    neuron": it is silent.
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
    """The network with the inhibition of these instances turned down; share: what is left, 0 to 1.

    The inhibitors' weights to the receiving outputs are multiplied by it.
    """
    W2 = weights.W2.copy()
    for motif in motifs:
        places = list(motif.inhibitors)
        W2[motif.receiving_feature, places] = share * weights.W2[motif.receiving_feature, places]
    return replace(weights, W2=W2)


def loss_by_inhibition(
    config: Config,
    weights: Weights,
    motifs: Sequence[Motif],
    shares: Sequence[float],
    *,
    examples: int | None = None,
) -> Float[np.ndarray, " share"]:
    """Normalised losses of `without_inhibition` with each of these shares, on the same inputs.

    Far faster than measuring each: only the receiving outputs change, and in proportion.
    """
    outputs = sorted({motif.receiving_feature for motif in motifs})
    off = without_inhibition(weights, motifs)
    lost = weights.W2[outputs] - off.W2[outputs]
    total = np.zeros(len(shares))
    count = 0
    task, importance = config.definition, config.importance.astype(np.float64)
    for x, weight in evaluation_batches(config, examples or evaluation_examples(config)):
        hidden, target = weights.hidden(x), task.target(x)
        before = off.W2 @ hidden + weights.b[:, None]
        others = importance @ np.square(np.maximum(before, 0) - target)
        others -= importance[outputs] @ np.square(np.maximum(before[outputs], 0) - target[outputs])
        inhibition = lost @ hidden
        for k, share in enumerate(shares):
            error = np.maximum(before[outputs] + share * inhibition, 0) - target[outputs]
            total[k] += weight @ (others + importance[outputs] @ np.square(error))
        count += x.shape[1]
    return total / count / config.loss_scale


def _roles(
    weights: Weights, limits: MotifThresholds
) -> tuple[Int[np.ndarray, "neuron feature"], Int[np.ndarray, "feature neuron"]]:
    W1, out = weights.W1, weights.W2.T
    size = np.abs(W1)
    serves = size * out >= _LEAST_GAIN
    largest = np.where(serves, size, 0).max(axis=1, keepdims=True)
    smallest = np.where(serves, size, np.inf).min(axis=1, keepdims=True)
    # A weight that is much smaller than another of its neuron, or much larger.
    uneven = serves & ((largest >= limits.ratio * size) | (size >= limits.ratio * smallest))
    plain = serves & ~uneven
    both = (plain & (W1 > 0)).any(axis=0) & (plain & (W1 < 0)).any(axis=0)
    into = np.where(plain, np.where(both, BOTH_SIDES, ONE_SIDE), REST)
    into[uneven] = ASYMMETRIC
    pairs = into.copy()
    # What keeps a push down may push another output up itself, and so on.
    while _add_inhibition(W1, out, into, pairs, limits):
        pass
    return into, pairs.T


def _add_inhibition(
    W1: np.ndarray, out: np.ndarray, into: np.ndarray, pairs: np.ndarray, limits: MotifThresholds
) -> bool:
    # Gives that role to what takes away the pushes of weights that have a role; whether any did.
    size, before = np.abs(W1), np.count_nonzero(into) + np.count_nonzero(pairs)
    for a in range(W1.shape[1]):
        for side in (W1[:, a] > 0, W1[:, a] < 0):
            known = np.where(side & (into[:, a] != REST), size[:, a], 0)
            push = known @ np.where(pairs != REST, np.maximum(out, 0), 0)
            push[a] = 0
            taken = np.where(side, size[:, a], 0)[:, None] * out
            takes = (push >= _LEAST_GAIN) & (taken <= -limits.part * push)
            pairs[takes & (pairs == REST)] = INHIBITION
            into[takes.any(axis=1) & (into[:, a] == REST), a] = INHIBITION
    return bool(np.count_nonzero(into) + np.count_nonzero(pairs) > before)


def _keep(weights: Weights, W1: np.ndarray, W2: np.ndarray) -> Weights:
    return replace(
        weights, W1=np.where(W1, weights.W1, 0), W2=np.where(W2, weights.W2, 0).astype(np.float32)
    )
