from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import weights
from toymodel.analysis.activations import (
    BINS,
    EDGES,
    INTERVALS,
    MAX_FEATURES,
    STEP,
    Activity,
    Share,
    _overview_examples,
    activity,
    binomial_interval,
    histograms_of_all,
    shares_of_all,
)
from toymodel.analysis.example_inputs import BANDS, MAX_EXAMPLES
from toymodel.analysis.inputs import input_blocks
from toymodel.analysis.loss import Estimate
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import log_ratio, proposal_probability
from toymodel.settings import SettingError

SECOND = 0.3


def case(n: int, p: float, m: int = 1) -> Config:
    return Config(n_features=n, n_neurons=m, feature_probability=p)


def reading(W1: object) -> Weights:
    """Neurons with these input weights; what they feed does not matter here."""
    first = np.array(W1, np.float32)
    return weights(first, np.zeros(first.shape[::-1]))


def two_weights(n: int, first: int, second: int) -> Weights:
    W1 = np.zeros((1, n))
    W1[0, [first, second]] = 1, SECOND
    return reading(W1)


def random_neurons(n: int, m: int, seed: int = 0) -> Weights:
    return reading(np.random.default_rng(seed).normal(size=(m, n)) ** 3)


def all_inputs(config: Config, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Every input as a full row, and the weights."""
    rows, weight = [], []
    for inputs in input_blocks(config, examples):
        x = np.zeros((len(inputs.value), config.n_features))
        feature = np.broadcast_to(inputs.feature, inputs.value.shape)
        np.add.at(x, (np.arange(len(x))[:, None], feature), inputs.value)
        rows.append(x)
        weight.append(inputs.weight)
    return np.concatenate(rows), np.concatenate(weight)


def exact(p: float, low: float, high: float) -> tuple[float, float, float]:
    """Of a neuron that reads a + SECOND c the probability of an activation between low and high.

    Also of one that a contributes most to, and of one with a above 0.
    """

    def length(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return np.maximum(np.minimum(end, 1) - np.maximum(start, -1), 0)

    only_a = length(np.array(low), np.array(high)) / 2
    only_c = length(np.array(low / SECOND), np.array(high / SECOND)) / 2
    # Both: over c by quadrature, and for each the piece of [-1, 1] in which a may lie.
    c = SECOND * ((np.arange(200_000) + 0.5) / 100_000 - 1)
    both = length(low - c, high - c).mean() / 2
    both_a = length(np.maximum(low - c, c), high - c).mean() / 2
    both_there = length(np.maximum(low - c, 0), high - c).mean() / 2
    one, two = p * (1 - p), p**2
    return (
        float(one * (only_a + only_c) + two * both),
        float(one * only_a + two * both_a),
        float(one * only_a + two * both_there),
    )


def near(share: Share, value: float) -> bool:
    """Whether a share's interval, made twice as wide, holds a value."""
    middle, half = (share.low + share.high) / 2, (share.high - share.low) / 2
    return abs(value - middle) <= 2.05 * half


def by_hand(own: list[float], other: list[float], examples: int = 1_000) -> Activity:
    """An activity of examples with these weights, all of them between 0 and 1 step."""
    weight, square = np.zeros((100, 2)), np.zeros((100, 2))
    for group, each in enumerate((own, other)):
        weight[0, group] = sum(each)
        square[0, group] = sum(w**2 for w in each)
    return Activity(
        neuron=0,
        range=1.0,
        features=(0,),
        examples=examples,
        silent=Estimate(0.5, 0.0),
        heaviest=max((0.0, *own, *other)),
        weight=weight,
        square=square,
        presence=weight,
        presence_square=square,
        bands=(),
    )


def test_equal_inputs_have_the_interval_of_clopper_and_pearson():
    found = by_hand([1.0] * 8, [1.0] * 2).dominated(0)
    assert tuple(found) == pytest.approx((0.8, 0.4439, 0.9748, 10), abs=1e-4)
    assert tuple(by_hand([1.0] * 10, []).dominated(0)) == pytest.approx(
        (1, 0.6915, 1, 10), abs=1e-4
    )
    assert tuple(by_hand([], [1.0] * 10).dominated(0)) == pytest.approx(
        (0, 0, 0.3085, 10), abs=1e-4
    )


@pytest.mark.parametrize(("own", "other"), [(1, 400), (37, 5), (300, 300), (1, 0), (2, 1)])
def test_beyond_either_end_of_an_interval_the_counts_are_unlikely(own: int, other: int):
    low, high = binomial_interval(own, other)
    n = own + other

    def at_least(count: int, share: float) -> float:
        return sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(count, n + 1))

    assert at_least(own, low) == pytest.approx(0.025, rel=1e-3)
    if other:
        assert 1 - at_least(own + 1, high) == pytest.approx(0.025, rel=1e-3)
    else:
        assert high == 1


def test_inputs_count_by_the_heaviest_one():
    found = by_hand([3.0, 0.6], [1.5, 1.5]).dominated(0)
    assert (found.low, found.high) == pytest.approx(binomial_interval(1.2, 1.0))
    # Nearly nothing of the others: the upper end is above the share nevertheless.
    assert by_hand([1.0] * 30, [1e-6]).dominated(0).high > 1 - 1e-6


@pytest.mark.parametrize("p", [0.001, 0.01])
@pytest.mark.parametrize("alone", [0.001, 0.02, 0.98, 0.999])
@pytest.mark.parametrize("together", [0.1, 0.9])
@pytest.mark.parametrize("examples", [300, 3_000])
def test_intervals_near_the_ends_hold_their_share_under_importance_weights(
    p: float, alone: float, together: float, examples: int
):
    # The first of 100 features leads with one probability where one is active, and with another
    # where more are. Importance sampling draws the second kind more often, at small weights.
    config, trials = case(100, p), 400
    q = proposal_probability(config)
    constant, slope = log_ratio(p, q, config.n_features)
    random = np.random.default_rng(7)
    counts = np.arange(1, 101)
    chance = np.array([math.comb(100, k) * p**k * (1 - p) ** (100 - k) for k in counts])
    leads = np.where(counts == 1, alone, together)
    share = (chance * leads).sum() / chance.sum()
    held = 0
    for _ in range(trials):
        active = random.binomial(100, q, examples)
        active = active[active > 0]
        weight = np.exp(constant + slope * active)
        own = random.random(len(active)) < leads[active - 1]
        found = by_hand(weight[own].tolist(), weight[~own].tolist()).dominated(0)
        held += found.low <= share <= found.high
    assert held / trials >= 0.93


def test_the_variance_of_a_weighted_share_is_that_of_a_ratio():
    # Own: 3 and 1, other: 2 and 2. Share 1/2; sum of ((own - share) w)^2 over the total squared.
    found = by_hand([3.0, 1.0], [2.0, 2.0]).dominated(0)
    assert found.value == 0.5
    assert found.effective == pytest.approx(0.25 / ((9 + 1 + 4 + 4) / 4 / 64))


WEIGHTS = st.lists(st.floats(1e-3, 10), max_size=12)


@given(own=WEIGHTS, other=WEIGHTS, more=st.integers(2, 9))
def test_an_interval_holds_its_share_and_shrinks_with_more_examples(
    own: list[float], other: list[float], more: int
):
    if not own and not other:
        return
    one = by_hand(own, other).dominated(0)
    assert 0 <= one.low <= one.value + 1e-12
    assert one.value - 1e-12 <= one.high <= 1
    assert one.value == pytest.approx(sum(own) / (sum(own) + sum(other)))
    many = by_hand(own * more, other * more).dominated(0)
    assert many.value == pytest.approx(one.value)
    assert many.effective == pytest.approx(more * one.effective)
    assert many.high - many.low < one.high - one.low


@given(own=WEIGHTS, other=WEIGHTS, factor=st.floats(1e-6, 1e6))
def test_only_the_proportions_of_weights_count(own: list[float], other: list[float], factor: float):
    one = by_hand(own, other)
    scaled = by_hand([factor * w for w in own], [factor * w for w in other])
    known = np.array(one.dominated(0))
    np.testing.assert_allclose(np.array(scaled.dominated(0)), known, rtol=1e-6, atol=1e-9)
    assert scaled.effective == pytest.approx(one.effective)
    assert one.effective <= (len(own) + len(other)) * (1 + 1e-9)
    equal = by_hand([factor] * len(own), [factor] * len(other))  # which are all effective
    assert equal.dominated(0).effective == pytest.approx(len(own) + len(other))
    assert equal.effective == pytest.approx(len(own) + len(other))


def test_nothing_seen_is_no_share():
    found = by_hand([], [])
    assert [math.isnan(x) for x in found.dominated(0)[:3]] == [True] * 3
    assert (found.dominated(0).effective, found.effective) == (0, 0)
    assert math.isnan(found.kept(0.25))


@pytest.mark.parametrize("p", [1e-9, 1e-100])
def test_the_rarest_features_have_shares_as_well(p: float):
    config = case(6, p)
    found = activity(config, reading([[1, *[0.2] * 5]]), 0, examples=20_000)
    for low, high in INTERVALS:
        share = found.dominated(low, high)
        assert math.isnan(share.value) or -1e-12 <= share.low <= share.value <= share.high + 1e-12
        if 0.25 <= low < 1:  # where two others have to meet
            assert (share.value, share.high) == pytest.approx((1, 1))
            assert share.low > 0.9
    assert found.bands[0].examples


@pytest.mark.parametrize("p", [0.01, 0.3])
@pytest.mark.parametrize(("n", "first", "second"), [(2, 0, 1), (2, 1, 0), (60, 41, 7)])
def test_two_weights_have_their_exact_shares(p: float, n: int, first: int, second: int):
    found = activity(case(n, p), two_weights(n, first, second), 0)
    assert (found.range, found.features) == (1, (first, second))
    for low, high in INTERVALS:
        whole, own, there = exact(p, low, high)
        assert near(found.dominated(low, high), own / whole)
        assert near(found.with_primary(low, high), there / whole)
        total = found.weight[round(low / STEP) : None if math.isinf(high) else round(high / STEP)]
        spread = math.sqrt(found.square.sum()) / found.examples
        assert total.sum() / found.examples == pytest.approx(whole, abs=4 * spread)
    fires, own, _ = exact(p, 0, math.inf)
    assert found.silent.value == pytest.approx(1 - fires, abs=4 * found.silent.error)
    assert found.silent.error < 0.01
    small, _, _ = exact(p, 0, EDGES[0])
    assert found.faint == pytest.approx(small, rel=0.15)
    assert found.kept(0.25) == pytest.approx(exact(p, 0.25, math.inf)[1] / own, rel=0.05)


@pytest.mark.parametrize("p", [0.001, 0.01, 0.1])
def test_intervals_are_as_wide_as_repetition_has_it(p: float):
    # Neurons that read pairs of their own see nearly independent inputs.
    n, interval = 60, (0.1, 0.25)
    W1 = np.zeros((30, n))
    for j in range(30):
        W1[j, [j, 30 + j]] = 1, SECOND
    network = reading(W1)
    shares = [
        activity(case(n, p, 30), network, j, examples=8_000).dominated(*interval) for j in range(30)
    ]
    whole, own, _ = exact(p, *interval)
    value = own / whole
    assert sum(s.low <= value <= s.high for s in shares) >= 25
    spread = math.sqrt(value * (1 - value) / np.mean([s.effective for s in shares]))
    assert np.std([s.value for s in shares]) == pytest.approx(spread, rel=0.4)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("n", "p"), [(20, 0.01), (5, 0.4), (4, 1.0)])
def test_a_monosemantic_neuron_fires_for_its_feature_alone(sign: int, n: int, p: float):
    W1 = np.zeros((1, n))
    W1[0, 2] = 2 * sign
    found = activity(case(n, p), reading(W1), 0)
    assert (found.range, found.features) == (2, (2,))
    for low, high in INTERVALS[:-1]:
        for share in (found.dominated(low, high), found.with_primary(low, high)):
            assert share.value == 1
            assert share.high == pytest.approx(1, abs=1e-12)
            assert share.low > 0.95
    assert math.isnan(found.dominated(1.0).value)
    assert found.silent.value == pytest.approx(1 - p / 2, abs=4 * found.silent.error)
    assert found.kept(0.25) == pytest.approx(0.75, abs=0.05)
    assert (found.kept(0), found.kept(1.0)) == (1, 0)


def test_a_neuron_without_weights_stays_silent():
    found = activity(case(5, 0.1, 2), reading([[0] * 5, [1] * 5]), 0, examples=3_000)
    assert (found.silent, found.range, found.bands) == (Estimate(1.0, 0.0), 0, ())
    assert (found.weight.sum(), found.presence.sum(), found.effective, found.faint) == (0, 0, 0, 0)
    assert math.isnan(found.dominated(0).value)
    assert math.isnan(found.kept(0.5))


@pytest.mark.parametrize("p", [1.0, 0.4, 1e-4])
def test_a_network_can_be_one_neuron_on_one_feature(p: float):
    found = activity(case(1, p), reading([[-3]]), 0, examples=20_000)
    assert (found.range, found.features) == (3, (0,))
    assert found.silent.value == pytest.approx(1 - p / 2, abs=4 * found.silent.error)
    assert found.dominated(0).value == 1
    assert [len(band.examples) for band in found.bands] == [MAX_EXAMPLES] * 3
    assert shares_of_all(case(1, p), reading([[-3]])).tolist()[0][:-1] == [1] * 5


@pytest.mark.parametrize("neuron", [-1, 3, 2_000])
def test_a_neuron_that_is_not_there_is_refused(neuron: int):
    says = f"neuron = {neuron}: must be a whole number from 0 to 2$"
    with pytest.raises(SettingError, match=says):
        activity(case(4, 0.1, 3), random_neurons(4, 3), neuron, examples=100)


def test_features_told_apart_are_the_largest_ones_that_count():
    W1 = [[0.04, 1, -0.06, 0.5], [1, 1, 1, 1]]
    assert activity(case(4, 0.5, 2), reading(W1), 0, examples=500).features == (1, 3, 2)
    many = activity(case(20, 0.5), reading([[-1] * 20]), 0, examples=500)
    assert many.features == tuple(range(MAX_FEATURES))
    assert many.weight.shape[1] == MAX_FEATURES + 1
    # All contribute alike: those that are not told apart have 12 of 20 shares.
    assert many.weight[:, -1].sum() / many.weight.sum() == pytest.approx(0.6, abs=0.15)


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (6, 1.0), (6, 0.2), (40, 0.02), (40, 0.4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_tables_are_those_of_a_slow_count(n: int, p: float, seed: int):
    config, network, examples = case(n, p, 3), random_neurons(n, 3, seed), 3_000
    w = network.W1[1].astype(float)
    found = activity(config, network, 1, examples=examples)
    primary = max(range(n), key=lambda i: abs(w[i]))
    assert found.features[0] == primary
    assert found.range == pytest.approx(abs(w[primary]))
    weight, square = np.zeros_like(found.weight), np.zeros_like(found.square)
    presence, presence_square = np.zeros_like(found.presence), np.zeros_like(found.presence)
    silent = 0.0
    for x, v in zip(*all_inputs(config, examples), strict=True):
        contributions = [w[i] * x[i] for i in range(n)]
        share = sum(contributions) / abs(w[primary])
        if share <= 0:
            silent += v
            continue
        step = min(math.ceil(share / STEP) - 1, 999)
        most = max(range(n), key=lambda i: contributions[i])
        named = found.features
        group = named.index(most) if most in named else len(named)
        weight[step, group] += v
        square[step, group] += v**2
        side = 0 if contributions[primary] > 0 else 1
        presence[step, side] += v
        presence_square[step, side] += v**2
    np.testing.assert_allclose(found.weight, weight, rtol=1e-9)
    np.testing.assert_allclose(found.square, square, rtol=1e-9)
    np.testing.assert_allclose(found.presence, presence, rtol=1e-9)
    np.testing.assert_allclose(found.presence_square, presence_square, rtol=1e-9)
    fires = weight.sum() / examples
    assert found.silent.value == pytest.approx(1 - fires)
    if p in (1, 0.4):  # without a tilt every input weighs 1
        assert found.silent.value == pytest.approx(silent / examples)
        assert found.silent.error == pytest.approx(math.sqrt(fires * (1 - fires) / examples))


@pytest.mark.parametrize(("n", "p"), [(6, 0.2), (40, 0.02)])
def test_all_ways_to_count_agree(n: int, p: float):
    found = activity(case(n, p), random_neurons(n, 1), 0, examples=5_000)
    np.testing.assert_allclose(found.weight.sum(axis=1), found.presence.sum(axis=1), rtol=1e-12)
    fires = found.weight.sum() / found.examples
    assert found.silent.value + fires == pytest.approx(1)
    above = found.weight[round(EDGES[0] / STEP) :].sum() / found.examples
    assert found.faint == pytest.approx(fires - above)
    own = found.weight[:, 0].sum()
    assert found.dominated(0).value == pytest.approx(own / found.weight.sum())
    parts = [found.kept(low) - found.kept(high) for low, high in INTERVALS[:-1]]
    assert sum(parts) + found.kept(1.0) == pytest.approx(found.kept(EDGES[0]))
    assert found.kept(0) == 1
    # The primary cannot dominate where it is not there.
    for low, high in INTERVALS:
        assert found.dominated(low, high).value <= found.with_primary(low, high).value
    assert found.effective <= found.examples


def test_activations_of_more_than_ten_ranges_are_counted_in_the_last_step():
    # The sum of 100 uniform numbers: standard deviation 5.8.
    config, network = case(100, 1.0), reading([[1] * 100])
    found = activity(config, network, 0, examples=2_000)
    x, _ = all_inputs(config, 2_000)
    activation = x.sum(axis=1)
    assert found.weight.shape == (1_000, MAX_FEATURES + 1)
    assert found.weight[-1].sum() == (activation > 9.99).sum() > 50
    assert found.weight.sum() == (activation > 0).sum()
    assert found.dominated(1.0).effective == pytest.approx((activation > 1).sum())


@pytest.mark.parametrize(
    ("n", "p", "examples"),
    [(6, 0.3, 20_000), (6, 0.01, 20_000), (40, 0.02, 20_000), (150, 0.3, 2 * 8_192 + 6_000)],
)
def test_bands_show_inputs_from_between_their_quantiles(n: int, p: float, examples: int):
    config, network = case(n, p, 3), random_neurons(n, 3)
    x, weight = all_inputs(config, examples)
    w = network.W1[2].astype(float)
    found = activity(config, network, 2, examples=examples)
    activation = np.maximum(x @ w, 0) / found.range
    fires = activation > EDGES[0]
    activation, weight, x = activation[fires], weight[fires], x[fires]
    assert tuple(band[:3] for band in found.bands) == BANDS
    for band in found.bands:
        assert len(band.examples) == MAX_EXAMPLES
        shown = [example.activation for example in band.examples]
        assert shown == sorted(shown, reverse=True)
        for example in band.examples:
            features = list(example.features)
            full = np.zeros(n)
            full[features] = example.values
            assert np.isclose(x, full, rtol=0, atol=1e-9).all(axis=1).any()
            below = weight[activation < example.activation - 1e-6].sum() / weight.sum()
            above = weight[activation > example.activation + 1e-6].sum() / weight.sum()
            assert below <= band.high + 0.02  # some are taken from the first inputs alone
            assert above <= 1 - band.low + 0.02
            assert len(set(features)) == len(features)
            assert 0 not in example.values
            assert list(example.contributions) == sorted(example.contributions, reverse=True)
            own = w[features] * example.values / found.range
            np.testing.assert_allclose(example.contributions, own, rtol=1e-5)
            assert sum(example.contributions) == pytest.approx(example.activation, abs=1e-5)
    top, middle, bottom = ([e.activation for e in band.examples] for band in found.bands)
    assert min(top) > max(middle) > min(middle) > max(bottom) >= min(bottom) > EDGES[0]


def test_likely_inputs_are_shown_rather_than_those_drawn_often():
    # Under the tilt 3 of 4 inputs with feature 0 have another one, truly 1 of 25.
    W1 = np.zeros((1, 40))
    W1[0, 0] = 1
    found = activity(case(40, 0.001), reading(W1), 0, examples=20_000)
    alone = [example.features == (0,) for band in found.bands for example in band.examples]
    assert sum(alone) >= 14


def test_the_same_call_gives_the_same_answer():
    config, network = case(30, 0.03, 2), random_neurons(30, 2)
    one, other = (activity(config, network, 1, examples=4_000) for _ in range(2))
    assert one.bands == other.bands
    np.testing.assert_array_equal(one.weight, other.weight)
    elsewhere = activity(config.replace(seed=5), network, 1, examples=4_000)
    np.testing.assert_array_equal(one.weight, elsewhere.weight)


@pytest.mark.parametrize(("n", "p"), [(6, 0.3), (6, 1.0), (40, 0.02)])
def test_the_shares_of_all_neurons_are_those_of_each(n: int, p: float):
    config, network = case(n, p, 4), random_neurons(n, 4)
    network.W1[2] = 0
    found = shares_of_all(config, network)
    assert found.shape == (4, len(INTERVALS))
    each = [activity(config, network, j, examples=_overview_examples(config)) for j in range(4)]
    expected = [[one.dominated(*interval).value for interval in INTERVALS] for one in each]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.isnan(found[2]).all()
    assert np.isfinite(found[[0, 1, 3]]).any(axis=1).all()


def test_the_shares_of_all_neurons_are_exact_within_their_errors():
    config = case(60, 0.05, 2)
    W1 = np.zeros((2, 60))
    W1[0, [3, 50]] = 1, SECOND
    W1[1, 9] = -1
    found = shares_of_all(config, reading(W1))
    for k, interval in enumerate(INTERVALS[:-1]):
        whole, own, _ = exact(0.05, *interval)
        assert found[0, k] == pytest.approx(own / whole, abs=0.1)
    assert found[1, :-1].tolist() == [1] * 5
    assert math.isnan(found[1, -1])


def test_a_hidden_bias_leads_where_no_feature_adds_more():
    config = Config(
        task="identity", n_features=2, n_neurons=1, feature_probability=0.5, hidden_bias=True
    )
    network = reading([[1, 0.0]])
    with_bias = Weights(**vars(network) | {"b_hidden": np.array([0.5], np.float32)})
    found = activity(config, with_bias, 0, examples=20_000)
    assert found.range == 1.5
    assert found.silent.value == 0
    # The feature leads from 0.5 on, where the activation is 1 of 1.5.
    assert found.dominated(0.67).value == 1
    assert found.dominated(0.02, 0.66).value == 0
    share = found.weight[:, 0].sum() / found.weight.sum()
    assert share == pytest.approx(0.25, abs=0.02)
    first = shares_of_all(config, with_bias)[0]
    assert first[EDGES.index(0.25)] == 0
    assert first[EDGES.index(0.75)] == 1
    # One below zero leads nowhere.
    held = Weights(**vars(reading([[1, 0.5]])) | {"b_hidden": np.array([-0.25], np.float32)})
    found = activity(config, held, 0, examples=5_000)
    assert found.range == 0.75
    assert found.weight[:, :2].sum() == found.weight.sum()


def test_a_neuron_that_takes_two_features_is_not_silent():
    # x0 + x1 > 1.5, of which 1/32 of the square is left.
    config = Config(n_features=2, n_neurons=1)
    network = weights([[1, 1]], [[0], [0]])
    held = Weights(**vars(network) | {"b_hidden": np.array([-1.5], np.float32)})
    found = activity(config, held, 0)
    assert found.range == 0
    assert not found.weight.any()
    assert found.silent.value == pytest.approx(1 - 1 / 32, abs=5 * found.silent.error)
    assert found.silent.value < 1


def test_histograms_of_all_neurons_count_what_one_neurons_activity_counts():
    config = Config(n_features=12, n_neurons=3, feature_probability=0.1)
    network = weights(np.random.default_rng(0).normal(size=(3, 12)), np.zeros((12, 3)))
    counts = histograms_of_all(config, network)
    assert counts.shape == (3, len(BINS) - 1, 2)
    for j in range(3):
        found = activity(config, network, j)
        # Bins are five steps wide; the first one starts at 2 % of the range.
        per_step = found.weight / found.examples
        for k in (0, 4, 12):
            steps = per_step[max(5 * k, 2) : 5 * k + 5]
            leads, others = steps[:, 0].sum(), steps[:, 1:].sum()
            np.testing.assert_allclose(counts[j, k], [leads, others], rtol=0.2, atol=1e-3)
        assert counts[j].sum() == pytest.approx(1 - found.below, abs=0.01)
