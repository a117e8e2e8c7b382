"""Inputs that make a neuron fire, written out in words."""

from __future__ import annotations

import pandas as pd

from toymodel.analysis.example_inputs import Band

_MAX_FEATURES = 6  # written out of an input; the others are summed up
_MIN_WRITTEN = 0.005


def example_table(band: Band) -> pd.DataFrame:
    """The inputs of a band of a neuron's activations, one row each.

    Columns: activation (share of the range), contributions (text: each feature's value and what
    it contributes), features (how many are active).
    """
    rows: list[dict[str, object]] = []
    for example in band.examples:
        parts = list(zip(example.features, example.values, example.contributions, strict=True))
        # The largest contributions of either sign say most, and what rounds to 0 says nothing.
        shown = sorted(parts, key=lambda part: -abs(part[2]))[:_MAX_FEATURES]
        shown = sorted((p for p in shown if abs(p[2]) >= _MIN_WRITTEN), key=lambda p: -p[2])
        text = [f"f{i} = {_signed(value)} → {_signed(share)}" for i, value, share in shown]
        if left := len(parts) - len(shown):
            rest = sum(example.contributions) - sum(part[2] for part in shown)
            text.append(f"{left:,} {'others' if left > 1 else 'other'} → {_signed(rest)}")
        rows.append(
            {
                "activation": example.activation,
                "contributions": ";  ".join(text),
                "features": len(parts),
            }
        )
    return pd.DataFrame(rows, columns=["activation", "contributions", "features"])


def _signed(value: float) -> str:
    # With two digits; what rounds to 0 has no sign.
    return "0" if abs(value) < _MIN_WRITTEN else f"{value:+.2f}".replace("-", "−")
