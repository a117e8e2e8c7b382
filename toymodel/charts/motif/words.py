"""An instance of the motif in a sentence made from its numbers."""

from __future__ import annotations

import numpy as np

from toymodel.analysis.motifs import Motif
from toymodel.model import Weights

_MOST_NAMED = 3
_LEAST_TOLD = 0.1  # of what a feature takes from an output, for one unit of it


def describe(weights: Weights, motif: Motif) -> str:
    """What interferes with what, who takes it away, who is inhibited besides, what is left.

    Of features present alone, at 1 or -1. Paper: "a small amount of orange into a neuron", which
    inhibits red: "This also forces the main feature the neuron is operating on (blue) to inhibit
    red."
    """
    j, a, c = motif.neuron, motif.interfering_feature, motif.receiving_feature
    back = _push(weights, c, a, j)
    told = [
        f"f{a} {_side(weights, j, a)} interferes with f{c} by {_size(motif.interference)} through "
        f"neuron {j}, f{c} with f{a} by only {_size(back)}."
    ]
    told += [_inhibitor(weights, motif, k) for k in motif.inhibitors[:_MOST_NAMED]]
    rest = motif.inhibitors[_MOST_NAMED:]
    if rest:
        taken = -sum(_push(weights, a, c, k) for k in rest)
        told.append(
            f"{len(rest)} other neuron{'s' if len(rest) > 1 else ''} "
            f"({', '.join(map(str, rest))}) take{'' if len(rest) > 1 else 's'} {_size(taken)}."
        )
    x = np.zeros((weights.W1.shape[1], 1), np.float32)
    x[a] = np.sign(weights.W1[j, a])
    drive = float(weights.W2[c] @ weights.hidden(x)[:, 0] + weights.b[c])
    told.append(
        f"With all other weights and the bias, f{a} alone drives output {c} to {_signed(drive)}"
        + (", which its ReLU cuts off." if drive < 0 else ".")
    )
    return " ".join(told)


def main_feature(weights: Weights, neuron: int) -> int:
    """The feature that a neuron mainly serves: the one with the largest path gain."""
    return int(np.argmax(np.abs(weights.W1[neuron]) * weights.W2[:, neuron]))


def _inhibitor(weights: Weights, motif: Motif, neuron: int) -> str:
    a, c = motif.interfering_feature, motif.receiving_feature
    main = main_feature(weights, neuron)
    taken = -_push(weights, a, c, neuron)
    serves = f"serves f{main} itself" if main == a else f"mainly serves f{main}"
    others = [
        (-_push(weights, i, c, neuron), i) for i in range(weights.W1.shape[1]) if i not in (a, c)
    ]
    too = [
        f"f{i} {_side(weights, neuron, i)} (by {_size(by)})"
        for by, i in sorted(others, reverse=True)
        if by >= _LEAST_TOLD
    ]
    so = ""
    if too:
        verb = "inhibits" if len(too) == 1 else "inhibit"
        so = f", and so {_listed(too[:_MOST_NAMED])} {verb} f{c} too"
    return f"Neuron {neuron}, which {serves}, takes {_size(taken)} away{so}."


def _side(weights: Weights, neuron: int, feature: int) -> str:
    return "above 0" if weights.W1[neuron, feature] > 0 else "below 0"


def _size(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 0.95 else f"{value:.2g}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0"


def _push(weights: Weights, feature: int, output: int, neuron: int) -> float:
    # Of one unit of the feature on the side that drives the neuron.
    return float(abs(weights.W1[neuron, feature]) * weights.W2[output, neuron])


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
