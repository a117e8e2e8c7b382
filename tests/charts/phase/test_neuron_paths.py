"""What neurons hold along a chain of densities: the tables, and the charts of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.helpers.chart_specs import THEMES, mixed, picture, shows
from toymodel.charts.look import LIGHT, Theme
from toymodel.charts.phase.neuron_paths import (
    DIRECTIONS,
    TURNS,
    by_density,
    direction_curves,
    followed_neurons,
    neuron_paths,
    turns,
)
from toymodel.config import Config
from toymodel.phase.chain import Chain
from toymodel.recipe import Recipe

FALLS, RISES = DIRECTIONS
DENSITIES = (1.0, 0.1, 0.01, 0.1, 1.0)
ROWS = {"one": [1, 0, 0], "between": [1, 0.25, 0], "several": [0.5, 1, 0], "none": [0, 0, 0]}


def chain_of(*networks: Sequence[str]) -> Chain:
    """Networks whose neurons hold so much at each place: a word a place, a letter a neuron."""
    letters = {name[0]: row for name, row in ROWS.items()}
    W1 = [[[letters[letter] for letter in word] for word in network] for network in networks]
    return Chain(
        config=Config(n_features=3, n_neurons=len(networks[0][0])),
        recipe=Recipe(restarts=len(networks)),
        densities=DENSITIES,
        W1=np.array(W1, np.float32).swapaxes(0, 1),
        losses=np.arange(5 * len(networks), dtype=np.float32).reshape(5, -1),
    )


# Each word is a place, each letter a neuron: o for one feature, b in between, s for several.
CHAIN = chain_of(["ooon", "sboo", "ssoo", "ssoo", "obos"], ["oooo", "ooos", "ooss", "ooso", "oooo"])


def test_every_neuron_is_followed_through_both_directions():
    found = followed_neurons(CHAIN)
    assert len(found) == 6 * 2 * 4  # the sparsest place counts in both directions
    own = found.loc[(found["network"] == 0) & (found["neuron"] == 1)]
    assert own["direction"].tolist() == [FALLS] * 3 + [RISES] * 3
    assert own["place"].tolist() == [0, 1, 2, 2, 3, 4]
    assert own["density"].tolist() == [1, 0.1, 0.01, 0.01, 0.1, 1]
    assert own["holds"].tolist() == ["one", "in between", *["several"] * 3, "in between"]
    effective = {"one": 1, "in between": 1.25**2 / 1.0625, "several": 1.5**2 / 1.25}
    assert own["effective"].tolist() == pytest.approx([effective[kind] for kind in own["holds"]])
    assert own["primary"].tolist() == [0, 0, 1, 1, 1, 0]
    assert found.loc[(found["network"] == 0) & (found["neuron"] == 3), "holds"].iloc[0] == "none"


def test_a_turn_is_a_jump_where_nothing_is_in_between():
    found = turns(followed_neurons(CHAIN)).set_index(["direction", "network", "neuron"])
    assert found.to_dict("index") == {
        (FALLS, 0, 0): {"density": 1.0, "steps": 1},
        (FALLS, 0, 1): {"density": 1.0, "steps": 2},
        (FALLS, 1, 2): {"density": 0.1, "steps": 1},
        (FALLS, 1, 3): {"density": 1.0, "steps": 1},
        (RISES, 0, 0): {"density": 0.1, "steps": 1},
        (RISES, 1, 2): {"density": 0.1, "steps": 1},
        (RISES, 1, 3): {"density": 0.01, "steps": 1},
    }


def test_only_the_first_turn_of_a_neuron_counts():
    again = chain_of(["o", "s", "o", "s", "o"])
    found = turns(followed_neurons(again))
    assert found["direction"].tolist() == [FALLS, RISES]
    assert found["density"].tolist() == [1.0, 0.1]
    still = turns(followed_neurons(chain_of(["o", "b", "b", "o", "o"])))
    assert still.empty and list(still) == list(found)


def test_both_directions_stand_beside_each_other():
    followed = followed_neurons(CHAIN)
    table = by_density(CHAIN, followed)
    assert table["density"].tolist() == [1.0, 0.1, 0.01]
    assert table["loss falls"].tolist() == [0.5, 2.5, 4.5]
    assert table["loss rises"].tolist() == [8.5, 6.5, 4.5]
    assert table["turns falls"].tolist() == [3, 1, 0]
    assert table["turns rises"].tolist() == [0, 2, 1]
    b, s = 1.25**2 / 1.0625, 1.8
    falls = [7 / 8, (s + b + 5 + s) / 8, (4 * s + 4) / 8]
    assert table["effective falls"].tolist() == pytest.approx(falls)
    rises = [(b + s + 6) / 8, (3 * s + 5) / 8, falls[2]]
    assert table["effective rises"].tolist() == pytest.approx(rises)


@THEMES
def test_a_line_is_a_neuron_and_its_colour_says_how_it_turns(theme: Theme):
    chart = neuron_paths(followed_neurons(CHAIN), 0, FALLS, theme=theme)
    paths = chart.tables["paths"]
    kinds = paths.drop_duplicates("neuron").set_index("neuron")["turn"].to_dict()
    assert kinds == {0: TURNS[0], 1: TURNS[1], 2: TURNS[2], 3: TURNS[2]}
    assert paths["density"].max() == 1 and len(paths) == 3 * 4 - 1  # one has no weights at first
    back = neuron_paths(followed_neurons(CHAIN), 0, RISES, theme=theme).tables["paths"]
    assert back.drop_duplicates("neuron")["turn"].tolist() == [TURNS[0], *TURNS[2:] * 3]
    assert chart.tables["limits"]["effective"].tolist() == [1.25, 1.75]
    drawn = picture(chart, theme)
    assert shows(drawn, theme.positive) or shows(
        drawn, mixed(theme.positive, theme.background, 0.8)
    )


def test_the_curves_are_means_of_networks():
    runs = direction_curves(followed_neurons(CHAIN), theme=LIGHT).tables["runs"]
    found = runs.set_index(["series", "run", "x"])["y"]
    assert len(found) == 12
    assert found[FALLS, 1, 0.01] == pytest.approx((2 + 2 * 1.8) / 4)
    assert found[FALLS, 0, 0.01] == found[RISES, 0, 0.01]
