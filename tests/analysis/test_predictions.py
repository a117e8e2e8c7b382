"""What the paper expects of real networks, in hand-made models with known answers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.networks import model, weights
from toymodel.analysis.activations import INTERVALS, shares_of_all
from toymodel.analysis.loss import no_superposition_loss
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.analysis.predictions import (
    BOTTOM,
    CONFIRMED,
    IN_PART,
    REFUTED,
    TOP,
    Existence,
    MixedLayers,
    Mixture,
    Reading,
    SparsestSetting,
    SparsityTrend,
    TopVersusBottom,
    Trend,
    density_table,
    existence,
    leads_alone,
    mixed_layers,
    polysemantic_without_gain,
    sparsest_setting,
    sparsity_trend,
    top_versus_bottom,
)

N, M = 6, 4
PURE, SLIGHT, MANY, UNUSED = [0, 0, 0, 0], [0, 0, 0, 0.5], [0.5, 1, 0.5, 0], None


def made(p: float, *kinds: list[float] | None, loss: float = 0.01, error: float = 0.0) -> tm.Model:
    """A network whose neuron j has feature j first and these weights for the four after it."""
    W1 = np.zeros((M, N))
    for j, others in enumerate(kinds):
        if others is not None:
            W1[j, j] = 2
            W1[j, [(j + k) % N for k in (1, 2, 3, 4)]] = 2 * np.array(others)
    config = tm.Config(n_features=N, n_neurons=M, feature_probability=p)
    return replace(
        model(config, tm.Recipe()),
        restarts=(weights(W1, np.ones((N, M))),),
        losses=np.array([loss], np.float32),
        loss_errors=np.array([error], np.float32),
    )


def table_of(*rows: tuple[float, int, bool]) -> pd.DataFrame:
    """Rows of density, polysemantic neurons of 4, and whether the network is better."""
    return pd.DataFrame(
        [{"density": p, CLASSES[2]: k, "share": k / 4, "better": good} for p, k, good in rows]
    )


# The table


def test_a_row_counts_the_used_neurons_and_their_features():
    (row,) = density_table([made(0.1, PURE, SLIGHT, MANY, UNUSED)]).to_dict("records")
    assert [row[name] for name in (*CLASSES, "used")] == [1, 1, 1, 3]
    assert row["share"] == pytest.approx(1 / 3)
    of_slight, of_many = 1.5**2 / 1.25, 3**2 / 2.5
    assert row["effective"] == pytest.approx((1 + of_slight + of_many) / 3)
    assert row["effective_max"] == pytest.approx(of_many)
    (moved,) = density_table(
        [made(0.1, PURE, SLIGHT, MANY, UNUSED)], Thresholds(extra_weight=0.5)
    ).to_dict("records")
    assert moved["share"] == pytest.approx(2 / 3)


def test_rows_are_densest_first():
    densities = [0.1, 1.0, 0.3]
    table = density_table([made(p, PURE, PURE, PURE, PURE) for p in densities])
    assert table["density"].tolist() == [1.0, 0.3, 0.1]
    (row,) = density_table([made(0.1, UNUSED, UNUSED, UNUSED, UNUSED)]).to_dict("records")
    assert row["used"] == 0
    assert all(math.isnan(row[name]) for name in ("share", "effective", "effective_max"))
    assert density_table([]).empty


@pytest.mark.parametrize(("errors", "better"), [(2.1, True), (1.9, False), (-1.0, False)])
def test_better_is_below_the_baseline_by_two_standard_errors(errors: float, better: bool):
    baseline = no_superposition_loss(made(0.1).config)
    error = baseline / 100
    table = density_table([made(0.1, MANY, loss=baseline - errors * error, error=error)])
    assert table["better"].tolist() == [better]


# Polysemantic neurons exist


@pytest.mark.parametrize(
    ("rows", "holding", "better", "verdict"),
    [
        ([(1.0, 0, False), (0.1, 0, True)], (), (), REFUTED),
        ([(1.0, 0, False), (0.1, 3, True)], (0.1,), (0.1,), CONFIRMED),
        ([(0.1, 1, True), (0.01, 4, False)], (0.1, 0.01), (0.1,), IN_PART),
        ([(0.1, 4, False)], (0.1,), (), IN_PART),
    ],
)
def test_polysemantic_neurons_exist_where_they_pay(rows, holding, better, verdict):
    found = existence(table_of(*rows))
    assert found == Existence(holding=holding, better=better)
    assert found.verdict == verdict


def test_networks_may_be_polysemantic_without_gain():
    table = table_of((1.0, 0, False), (0.3, 2, True), (0.1, 1, False), (0.01, 4, False))
    assert polysemantic_without_gain(table)["density"].tolist() == [0.1, 0.01]


# Clean and polysemantic ones in one layer


def test_a_mixture_has_its_counts_ranks_and_order():
    (found,) = mixed_layers([made(0.1, PURE, MANY, SLIGHT, MANY)]).mixtures
    assert found == Mixture(0.1, (1, 1, 2), 0, 2, 1)
    assert found.balance == 1
    (found,) = mixed_layers([made(0.1, PURE, MANY, PURE, UNUSED)]).mixtures
    assert (found.clean, found.mixed, found.ordered) == (1, 1, 0.5)
    one = made(0.1, PURE, MANY, UNUSED, UNUSED)
    one.W1[1] = [2, 2, 2, 0, 0, 0]  # the first of the largest is its primary feature
    assert mixed_layers([one]).mixtures[0].ordered == 0.5
    assert not mixed_layers([made(0.1, PURE, SLIGHT), made(0.3, MANY, SLIGHT)]).mixtures


def mixture(counts: tuple[int, int, int], ordered: float, density: float = 0.1) -> Mixture:
    return Mixture(density, counts, 1, 2, ordered)


@pytest.mark.parametrize(
    ("orders", "verdict"),
    [((), REFUTED), ((0.75, 1.0), CONFIRMED), ((0.74, 1.0), IN_PART), ((0.2,), IN_PART)],
)
def test_both_kinds_in_the_order_of_importance(orders: tuple[float, ...], verdict: str):
    assert MixedLayers(tuple(mixture((1, 0, 1), each) for each in orders)).verdict == verdict


def test_the_most_balanced_mixture_is_shown():
    mixtures = (mixture((9, 0, 1), 1), mixture((4, 0, 4), 1, 0.03), mixture((3, 5, 6), 1, 0.01))
    assert MixedLayers(mixtures).shown == mixtures[1]
    assert MixedLayers(()).shown is None


# More of them the sparser


def test_a_trend_knows_where_it_falls_and_where_it_stays():
    trend = Trend((1.0, 0.3, 0.1, 0.01), (0.0, 0.5, 0.5, 0.25))
    assert trend.rises
    assert trend.falls == ((0.1, 0.01),)
    assert trend.level == ((0.3, 0.1),)


@pytest.mark.parametrize(
    ("sweeps", "verdict"),
    [
        ([(0, 0, 4), (0, 1, 2)], CONFIRMED),
        ([(0, 0, 4), (0, 3, 2)], IN_PART),
        ([(0, 0, 4), (2, 2, 2)], IN_PART),
        ([(0, 4, 0), (2, 2, 2)], REFUTED),
    ],
)
def test_the_share_rises_and_falls_nowhere(sweeps: list[tuple[int, ...]], verdict: str):
    densities = (1.0, 0.1, 0.01)
    tables = {
        str(k): table_of(*zip(densities, counts, (True, True, True), strict=True))
        for k, counts in enumerate(sweeps)
    }
    found = sparsity_trend(tables)
    assert found == SparsityTrend(
        {
            str(k): Trend(densities, tuple(count / 4 for count in counts))
            for k, counts in enumerate(sweeps)
        }
    )
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("last", "verdict"),
    [((4, 4), CONFIRMED), ((4, 2), IN_PART), ((3, 0), IN_PART), ((2, 2), REFUTED)],
)
def test_all_are_polysemantic_at_the_sparsest(last: tuple[int, int], verdict: str):
    tables = {str(k): table_of((1.0, 0, True), (0.01, n, True)) for k, n in enumerate(last)}
    found = sparsest_setting(tables)
    assert found == SparsestSetting({"0": last[0] / 4, "1": last[1] / 4})
    assert found.verdict == verdict


# How they fire


def shares(*ends: tuple[float, float]) -> np.ndarray:
    """How often a primary feature leads at the bottom and at the top."""
    table = np.full((len(ends), len(INTERVALS)), 0.7)
    table[:, [BOTTOM, TOP]] = ends
    return table


def test_neurons_are_read_from_above_and_from_below():
    found = neurons(made(0.1, PURE, SLIGHT, MANY, MANY).W1)
    read = top_versus_bottom(found, shares((0.1, 1), (0.4, 0.9), (0.5, 1), (0.1, 0.89)))
    # SLIGHT, with 0.5 of its largest weight, fits by its weights alone; MANY has two equal ones.
    slight, none = Reading(1, 1, 1, 1, 1), Reading(0, 0, 0, 0, 0)
    assert read.several == Reading(neurons=3, clean=2, mixed=2, both=1, forced=1)
    assert read.by_second == (none, slight, none, none, Reading(2, 1, 1, 0, 0))
    assert read.monosemantic == Reading(1, 1, 1, 1, 0)
    found = neurons(made(0.1, SLIGHT, UNUSED, UNUSED, UNUSED).W1)
    nan = math.nan
    read = top_versus_bottom(found, shares((nan, nan), (nan, nan), (nan, nan), (nan, nan)))
    assert read.several == Reading(1, 0, 0, 0, 1)
    assert read.monosemantic.neurons == 0
    found = neurons(made(0.1, [0.9, 0, 0, 0], [0.3, 0.8, 0, 0], [0.2, 0, 0, 0], PURE).W1)
    read = top_versus_bottom(found, shares(*[(0.1, 0.5)] * 4))
    assert [each.neurons for each in read.by_second] == [1, 0, 0, 2, 0]
    assert [each.forced for each in read.by_second] == [1, 0, 0, 0, 0]
    assert (INTERVALS[BOTTOM], INTERVALS[TOP]) == ((0.02, 0.1), (0.75, 1.0))


@pytest.mark.parametrize(
    ("several", "both", "verdict"),
    [(4, 3, CONFIRMED), (4, 2, IN_PART), (4, 1, IN_PART), (4, 0, REFUTED), (0, 0, REFUTED)],
)
def test_large_activations_look_clean_and_small_ones_do_not(several: int, both: int, verdict: str):
    none = Reading(0, 0, 0, 0, 0)
    found = TopVersusBottom(
        several=Reading(several, both, both, both, several), by_second=(), monosemantic=none
    )
    assert found.verdict == verdict


def test_the_weights_alone_say_how_often_the_primary_feature_leads():
    found = neurons(np.array([[2, -0.6, 0, 0.1], [1, 1, 1, 0], [0, 0, 3, 0], [0, 0, 0, 0.0]]))
    leads = leads_alone(found)
    # Between 0.02 and 0.1 the weights 1, 0.3 and 0.05 reach 0.08, 0.08 / 0.3 and 0.03 / 0.05.
    assert leads[0, 0] == pytest.approx(0.08 / (0.08 + 0.08 / 0.3 + 0.03 / 0.05))
    assert leads[0, 2] == pytest.approx(0.25 / (0.25 + 0.05 / 0.3))
    assert leads[0, 3:5].tolist() == [1, 1]
    assert leads[1, :5] == pytest.approx(1 / 3)
    assert leads[2, :5].tolist() == [1] * 5
    assert np.isnan(leads[:, 5]).all() and np.isnan(leads[3]).all()


def test_with_few_active_features_the_weights_alone_say_what_is_measured():
    config = tm.Config(n_features=6, n_neurons=1, feature_probability=1e-4)
    network = weights([[1, 0.5, -0.3, 0.2, 0, 0]], np.ones((6, 1)))
    measured = shares_of_all(config, network)[0, :5]
    assert measured == pytest.approx(leads_alone(neurons(network.W1))[0, :5], abs=0.05)
