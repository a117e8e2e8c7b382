from __future__ import annotations

import numpy as np

from tests.helpers.chart_specs import by_field
from tests.helpers.networks import two_neurons_a_feature
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.neuron.ablated_response import ablated_response
from toymodel.config import Config

CONFIG = Config(n_features=2, n_neurons=4)


def drawn(neuron: int) -> Chart:
    # Neurons 0 and 2 hold feature 0.
    return ablated_response(CONFIG, two_neurons_a_feature(2), neuron, 0, theme=LIGHT, height=240)


def curves(chart: Chart) -> dict[str, np.ndarray]:
    table = chart.tables["lines"]
    return {name: curve["y"].to_numpy() for name, curve in table.groupby("series", sort=False)}


def test_an_output_is_drawn_with_the_neuron_on_and_off():
    x = np.linspace(-1, 1, 101, dtype=np.float32)
    found = curves(drawn(2))
    assert list(found) == ["with neuron 2", "without it", "target |x|"]
    np.testing.assert_array_equal(found["with neuron 2"], abs(x))
    np.testing.assert_array_equal(found["without it"], np.maximum(x, 0))
    np.testing.assert_array_equal(found["target |x|"], abs(x))
    encoding = by_field(drawn(2).spec, "strokeDash", "series")["encoding"]
    titles = [encoding[name]["title"] for name in ("x", "y")]
    assert titles == ["value of f0, alone", "output 0"]
    found = curves(drawn(1))
    np.testing.assert_array_equal(found["with neuron 1"], found["without it"])
