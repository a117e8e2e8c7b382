"""What every weight is for: absolute value, asymmetric superposition, inhibition, or the rest.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from toymodel.analysis.features import interference
from toymodel.analysis.loss import evaluate
from toymodel.analysis.motifs import Motif, MotifThresholds, find_motifs
from toymodel.config import Config
from toymodel.model import Weights

ROLES = (
    "rest",
    "absolute value, one side",
    "absolute value, both sides",
    "asymmetric superposition",
    "inhibition",
)
"""The roles of weights; arrays of roles hold positions in it."""

REST, ONE_SIDE, BOTH_SIDES, ASYMMETRIC, INHIBITION = range(len(ROLES))

_MIN_GAIN = 0.1
_ROUNDING = 1e-6  # errors that differ by less are equal


@dataclass(frozen=True, kw_only=True, eq=False)
class Roles:
    """The role of every weight.

    A weight can claim several roles. Of those, absolute value and asymmetric superposition come
    before inhibition.

    Attributes:
        W1: roles of the input weights, (neuron, feature), as positions in ROLES.
        W2: roles of the output weights, (feature, neuron), as positions in ROLES.
        motifs: the instances that `find_motifs` finds. Its definition is narrower than the roles.
    """

    W1: Int[np.ndarray, "neuron feature"]
    W2: Int[np.ndarray, "feature neuron"]
    motifs: tuple[Motif, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition(Roles):
    """The role of every weight, and how much of the loss the roles explain; biases always stay.

    Attributes:
        W1: roles of the input weights, (neuron, feature), as positions in ROLES.
        W2: roles of the output weights, (feature, neuron), as positions in ROLES.
        motifs: the instances that `find_motifs` finds.
        absolute_value: normalised loss with the weights for absolute value alone.
        with_motifs: normalised loss with those of asymmetric superposition and inhibition, too.
        everything: normalised loss of the whole network.
    """

    absolute_value: float
    with_motifs: float
    everything: float


class Shift(NamedTuple):
    """How the weights of the role "rest" move an output when one feature alone is present.

    Attributes:
        feature: the feature that is present, at the end of its range that moves the output more.
        side: that end: 1 or -1.
        output: the feature whose output moves; it may be the same one.
        amount: by how much the output moves before its ReLU, signed.
        effect: "helps" or "hurts" if the output's error is smaller or larger than without the
            rest; "none" if it is the same, for instance because the ReLU cuts off both.
    """

    feature: int
    side: int
    output: int
    amount: float
    effect: Literal["helps", "hurts", "none"]


def find_roles(weights: Weights, thresholds: MotifThresholds | None = None) -> Roles:
    """Give every weight its role.

    An input weight and an output weight of one neuron and feature, with a path gain of at least
    0.1, compute a part of one side of the feature. Their role is absolute value, unless the neuron
    computes another feature whose input weight is larger or smaller by `thresholds.ratio` or more:
    then the role of both pairs is asymmetric superposition. These weights push other outputs up;
    weights of neurons that each take away at least `thresholds.part` of such a push have the role
    inhibition.

    Args:
        weights: the network.
        thresholds: what counts as the motif; the defaults if None.
    """
    W1_roles, W2_roles = _roles(weights, thresholds or MotifThresholds())
    motifs = tuple(find_motifs(weights.W1, weights.W2, thresholds))
    return Roles(W1=W1_roles, W2=W2_roles, motifs=motifs)


def decompose(
    config: Config, weights: Weights, thresholds: MotifThresholds | None = None
) -> Decomposition:
    """Give every weight its role, and measure how much of the loss the roles explain.

    Example:
        parts = tm.decompose(model.config, model.weights)
        parts.absolute_value, parts.with_motifs, parts.everything  # losses

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
        thresholds: what counts as the motif; the defaults if None.

    Returns:
        The roles, as `find_roles` gives them, and the losses.
    """
    found = find_roles(weights, thresholds)
    kept_roles = [(ONE_SIDE, BOTH_SIDES), (ONE_SIDE, BOTH_SIDES, ASYMMETRIC, INHIBITION)]
    reduced = [
        _keep(weights, np.isin(found.W1, roles), np.isin(found.W2, roles)) for roles in kept_roles
    ]
    losses = [evaluate(config, each).value for each in (*reduced, weights)]
    return Decomposition(
        W1=found.W1,
        W2=found.W2,
        motifs=found.motifs,
        absolute_value=losses[0],
        with_motifs=losses[1],
        everything=losses[2],
    )


def shifts_of_the_rest(
    config: Config, weights: Weights, found: Roles, min_amount: float = 0.0
) -> list[Shift]:
    """Compute how the weights of the role "rest" move each output; exact for one feature alone.

    Args:
        config: gives the task.
        weights: the network.
        found: its roles.
        min_amount: smaller shifts are left out.

    Returns:
        The shifts, the largest first.
    """
    without = _keep(weights, found.W1 != REST, found.W2 != REST)
    whole, reduced = interference(config, weights), interference(config, without)
    idle_after, idle_before = (
        (each.W2 @ np.maximum(each.b_hidden, 0) + each.b)[:, None] for each in (weights, without)
    )
    upper = np.abs(whole.high - reduced.high) >= np.abs(whole.low - reduced.low)
    after, before = (np.where(upper, each.high, each.low) for each in (whole, reduced))
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
        if not amount[i, k] or abs(amount[i, k]) < min_amount:
            break
        more = error_after[i, k] - error_before[i, k]
        effect = "none" if abs(more) < _ROUNDING else "hurts" if more > 0 else "helps"
        shifts.append(Shift(int(k), 1 if upper[i, k] else -1, int(i), float(amount[i, k]), effect))
    return shifts


def _roles(
    weights: Weights, limits: MotifThresholds
) -> tuple[Int[np.ndarray, "neuron feature"], Int[np.ndarray, "feature neuron"]]:
    W1, out = weights.W1, weights.W2.T
    size = np.abs(W1)
    computes = size * out >= _MIN_GAIN
    largest = np.where(computes, size, 0).max(axis=1, keepdims=True)
    smallest = np.where(computes, size, np.inf).min(axis=1, keepdims=True)
    asymmetric = computes & ((largest >= limits.ratio * size) | (size >= limits.ratio * smallest))
    plain = computes & ~asymmetric
    both = (plain & (W1 > 0)).any(axis=0) & (plain & (W1 < 0)).any(axis=0)
    W1_roles = np.where(plain, np.where(both, BOTH_SIDES, ONE_SIDE), REST)
    W1_roles[asymmetric] = ASYMMETRIC
    out_roles = W1_roles.copy()
    # An inhibitor may itself push another output up, which others inhibit, and so on.
    while _add_inhibition(W1, out, W1_roles, out_roles, limits):
        pass
    return W1_roles, out_roles.T


def _add_inhibition(
    W1: Float[np.ndarray, "neuron feature"],
    out: Float[np.ndarray, "neuron feature"],
    W1_roles: Int[np.ndarray, "neuron feature"],
    out_roles: Int[np.ndarray, "neuron feature"],
    limits: MotifThresholds,
) -> bool:
    # Marks the inhibitors of the pushes by weights that have a role, in place; whether any is new.
    size, before = np.abs(W1), np.count_nonzero(W1_roles) + np.count_nonzero(out_roles)
    for a in range(W1.shape[1]):
        for side in (W1[:, a] > 0, W1[:, a] < 0):
            known = np.where(side & (W1_roles[:, a] != REST), size[:, a], 0)
            push = known @ np.where(out_roles != REST, np.maximum(out, 0), 0)
            push[a] = 0
            added = np.where(side, size[:, a], 0)[:, None] * out
            inhibits = (push >= _MIN_GAIN) & (added <= -limits.part * push)
            out_roles[inhibits & (out_roles == REST)] = INHIBITION
            W1_roles[inhibits.any(axis=1) & (W1_roles[:, a] == REST), a] = INHIBITION
    return bool(np.count_nonzero(W1_roles) + np.count_nonzero(out_roles) > before)


def _keep(weights: Weights, W1: np.ndarray, W2: np.ndarray) -> Weights:
    # The network with the weights where these are true, and 0 for the others.
    return replace(
        weights, W1=np.where(W1, weights.W1, 0), W2=np.where(W2, weights.W2, 0).astype(np.float32)
    )
