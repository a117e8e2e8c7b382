from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import weights
from toymodel.analysis.activations import activity
from toymodel.analysis.example_inputs import BANDS, Band, Example
from toymodel.charts.neuron.example_table import example_table
from toymodel.config import Config


def band(*examples: Example) -> Band:
    return Band("top", 0.9, 1.0, examples)


def listed(contributions: Sequence[float], values: Sequence[float] | None = None) -> str:
    """What is said of an input with these contributions of the features 0, 1, ..."""
    features = tuple(range(len(contributions)))
    example = Example(0.5, features, tuple(values or [1.0] * len(features)), tuple(contributions))
    table = example_table([band(example)])
    assert table["features"].tolist() == [len(features)]
    return table["contributions"][0]


def test_an_input_is_written_out_feature_by_feature():
    one = Example(0.95, (3, 1), (0.8, -0.5), (0.8, 0.15))
    other = Example(0.9, (7,), (-1.0,), (0.9,))
    table = example_table([band(one, other)])
    assert table["activation"].tolist() == [0.95, 0.9]
    assert table["features"].tolist() == [2, 1]
    assert table["contributions"].tolist() == [
        "f3 = +0.80 → +0.80;  f1 = −0.50 → +0.15",
        "f7 = −1.00 → +0.90",
    ]
    text = listed([0.5, 0.25, 0.1, 0.05, -0.01, -0.4, 0.3, -0.2, 0.02])
    assert text == (
        "f0 = +1.00 → +0.50;  f6 = +1.00 → +0.30;  f1 = +1.00 → +0.25;  f2 = +1.00 → +0.10;  "
        "f7 = +1.00 → −0.20;  f5 = +1.00 → −0.40;  3 others → +0.06"
    )
    assert listed([0.5] * 6 + [-0.1]).endswith("f5 = +1.00 → +0.50;  1 other → −0.10")
    many = listed([1e-3] * 1_200 + [-0.2])
    assert many == "f1200 = +1.00 → −0.20;  1,200 others → +1.20"
    assert listed([0.5, 0, 0.004]) == "f0 = +1.00 → +0.50;  2 others → 0"
    assert listed([0.5, -0.001], [0.3, 0.001]) == "f0 = +0.30 → +0.50;  1 other → 0"
    assert listed([0.0]) == "1 other → 0"
    low = Band("bottom", 0.0, 0.1, (other,))
    both = example_table([band(one), low])
    assert both["band"].tolist() == ["strongest tenth", "weakest tenth"]
    assert both["activation"].tolist() == [0.95, 0.9]
    table = example_table([band()])
    assert table.empty
    assert list(table.columns) == ["band", "activation", "contributions", "features"]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_every_feature_of_an_input_is_written_out_or_summed(shares: list[float]):
    parts = listed(shares).split(";  ")
    summed = int(parts[-1].split()[0]) if "other" in parts[-1] else 0
    written = [part for part in parts if part.startswith("f")]
    assert len(written) + summed == len(shares)
    assert len(written) == min(6, sum(abs(share) >= 0.005 for share in shares))
    total = sum(float(part.split("→ ")[1].replace("−", "-")) for part in parts)
    assert total == pytest.approx(sum(shares), abs=0.005 * len(parts) + 1e-9)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "+0.50"),
        (-0.5, "−0.50"),
        (12.346, "+12.35"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.004, "0"),
        (-0.004, "0"),
        (0.006, "+0.01"),
        (-0.006, "−0.01"),
    ],
)
def test_a_number_has_its_sign_and_two_digits(value: float, text: str):
    assert listed([1.0], [value]) == f"f0 = {text} → +1.00"


@pytest.mark.parametrize("p", [0.02, 1.0])
def test_what_was_measured_can_be_listed(p: float):
    config = Config(n_features=12, n_neurons=3, feature_probability=p)
    network = weights(np.random.default_rng(0).normal(size=(3, 12)), np.zeros((12, 3)))
    found = activity(config, network, 1, examples=4_000)
    assert [each.name for each in found.bands] == [name for name, *_ in BANDS]
    for each in found.bands:
        table = example_table([each])
        assert len(table) == len(each.examples) > 0
        for example, text in zip(each.examples, table["contributions"], strict=True):
            said = [float(part.split("→ ")[1].replace("−", "-")) for part in text.split(";  ")]
            assert sum(said) == pytest.approx(example.activation, abs=0.005 * len(said))
