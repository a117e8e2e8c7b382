"""Inputs that make a neuron fire, written out in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toymodel.analysis.example_inputs import Band

_MAX_FEATURES = 6  # written out of an input; the others are summed up
_MIN_WRITTEN = 0.005
_NAMES = {
    "top": "strongest tenth",
    "middle": "around the median",
    "bottom": "weakest tenth",
}
_COLUMNS = ["band", "activation", "contributions", "features"]


def example_table(bands: Sequence[Band]) -> pd.DataFrame:
    """The inputs of some bands of a neuron's activations, one row each.

    Columns: band (where its activation is among all), activation (share of the range),
    contributions (text: each feature's value and what it contributes), features (how many are
    active).
    """
    rows: list[dict[str, object]] = []
    for name, example in ((band.name, each) for band in bands for each in band.examples):
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
                "band": _NAMES[name],
                "activation": example.activation,
                "contributions": ";  ".join(text),
                "features": len(parts),
            }
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _signed(value: float) -> str:
    # With two digits; what rounds to 0 has no sign.
    return "0" if abs(value) < _MIN_WRITTEN else f"{value:+.2f}".replace("-", "−")
