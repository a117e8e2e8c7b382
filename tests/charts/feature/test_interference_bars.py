from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import weights
from toymodel.analysis.features import Interference, interference
from toymodel.charts.feature.interference_bars import (
    interference_bars,
    interference_table,
    push_counts,
    strongest_effects,
)
from toymodel.charts.feature.interference_map import MIN_CELL, interference_cells
from toymodel.charts.look import LIGHT
from toymodel.config import Config

THREE = Config(n_features=3, n_neurons=4, importance_decay=0.25)
FOUND = Interference(
    high=np.array([[9, 0.5, -0.25], [0, 9, 0.125], [0.3, -0.4, 9]]),
    low=np.array([[9, -0.75, 0], [0, 9, -0.5], [0.1, 0.2, 9]]),
)


def test_what_a_feature_receives_is_a_row_and_what_it_does_a_column_the_worst_first():
    table = interference_table(THREE, FOUND, 0, received=True)
    assert table["feature"].tolist() == [1, 2]
    assert table["importance"].tolist() == [0.25, 0.0625]
    assert table["worst"].tolist() == [-0.75, -0.25]
    assert table["mean"].tolist() == [-0.0625, -0.0625]
    assert table["high"].tolist() == [0.5, -0.25]
    assert table["low"].tolist() == [-0.75, 0]
    table = interference_table(THREE, FOUND, 0, received=False)
    assert table["feature"].tolist() == [2, 1]
    assert table["importance"].tolist() == [0.0625, 0.25]
    assert table["worst"].tolist() == [0.3, 0]
    assert table["high"].tolist() == [0.3, 0]
    assert table["low"].tolist() == [0.1, 0]


def test_of_equal_effects_the_more_important_feature_comes_first():
    high = np.full((4, 4), 0.5) * np.array([1, -1, 1, -1])
    table = interference_table(
        Config(n_features=4, n_neurons=1), Interference(high=high, low=0 * high), 2, received=True
    )
    assert table["feature"].tolist() == [0, 1, 3]


@given(n=st.integers(1, 6), m=st.integers(1, 7), seed=st.integers(0, 10**6), data=st.data())
def test_lists_and_map_tell_the_same(n: int, m: int, seed: int, data: st.DataObject):
    random = np.random.default_rng(seed)
    config = Config(n_features=n, n_neurons=m)
    found = interference(
        config, weights(random.normal(size=(m, n)), random.normal(size=(n, m)) ** 3)
    )
    feature = data.draw(st.integers(0, n - 1))
    drawn = interference_cells(config, found)
    for received, mine, theirs in (
        (True, "receiving", "interfering"),
        (False, "interfering", "receiving"),
    ):
        table = interference_table(config, found, feature, received=received)
        assert sorted(table["feature"]) == [i for i in range(n) if i != feature]
        assert table["worst"].abs().is_monotonic_decreasing
        assert (table[["high", "low"]].abs().max(axis=1) == table["worst"].abs()).all()
        told = table.set_index("feature")["worst"]
        part = drawn[drawn[mine] == feature].set_index(theirs)["value"]
        assert part.to_dict() == {i: told[i] for i in part.index}
        left_out = told.drop(part.index).abs()
        assert (left_out < MIN_CELL * np.abs(found.worst).max() + 1e-12).all()


def test_the_strongest_effects_are_those_up_and_then_those_down_by_either_end():
    table = interference_table(THREE, FOUND, 0, received=True)
    assert list(strongest_effects(table).itertuples(index=False, name=None)) == [
        (1, "positive", 0.5),
        (1, "negative", -0.75),
        (2, "positive", -0.25),
    ]
    assert push_counts(table) == (1, 2)
    weak = table.assign(high=0.009, low=-0.009)
    assert strongest_effects(weak).empty
    assert push_counts(weak) == (0, 0)


def test_eight_effects_of_either_kind_are_drawn():
    n = 30
    config = Config(n_features=n, n_neurons=1)
    high = np.tile(np.arange(n) / 10.0, (n, 1))
    table = interference_table(config, Interference(high=high, low=-high), 0, received=True)
    bars = interference_bars(strongest_effects(table), theme=LIGHT, height=200).tables["bars"]
    strongest = [n - 1 - k for k in range(8)]
    assert bars["feature"].tolist() == [*strongest, *strongest]
    assert bars["name"].tolist() == [f"f{i} ({sign})" for sign in "+−" for i in strongest]
