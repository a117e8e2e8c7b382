"""Exact losses of networks with two features against sums over a fine grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.helpers.quadrature import by_brute_force
from toymodel.phase.exact_loss import squared_errors


@pytest.mark.parametrize("neurons", [1, 2, 3])
def test_errors_are_those_of_a_fine_grid(neurons: int):
    random = np.random.default_rng(neurons)
    W1 = random.normal(size=(12, neurons, 2))
    W2 = random.normal(size=(12, 2, neurons))
    b = random.normal(size=(12, 2)) * 0.3
    p = random.uniform(0.02, 1, 12)
    found = squared_errors(p, W1, W2, b)
    for k in range(12):
        assert_allclose(found[k], by_brute_force(p[k], W1[k], W2[k], b[k]), rtol=3e-5, atol=1e-7)


def test_a_network_that_is_exact_has_no_error_where_it_is():
    W1 = np.array([[[2.0, 0.0], [-0.5, 0.0]]])
    W2 = np.array([[[0.5, 2.0], [0.0, 0.0]]])
    found = squared_errors(np.array([0.3]), W1, W2, np.array([[0.0, 0.15]]))
    assert found[0, 0] == pytest.approx(0, abs=1e-15)
    # The best constant, p/2, costs p/3 - p^2/4.
    assert found[0, 1] == pytest.approx(0.3 / 3 - 0.3**2 / 4, rel=1e-12)


@pytest.mark.parametrize("p", [1e-6, 0.2, 1.0])
def test_a_network_that_answers_nothing_has_the_targets_square(p: float):
    nothing = np.zeros((1, 2, 2))
    assert_allclose(squared_errors(np.array([p]), nothing, nothing, np.zeros((1, 2))), p / 3)


@settings(deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=10, max_size=10),
    st.floats(0.01, 1),
    st.floats(0.1, 10),
    st.sampled_from([(1, 1), (-1, 1), (1, -1)]),
)
def test_scales_signs_and_order_of_features_change_nothing(numbers, p, scale, signs):
    W1, W2 = np.reshape(numbers[:4], (1, 2, 2)), np.reshape(numbers[4:8], (1, 2, 2))
    b, density = np.reshape(numbers[8:], (1, 2)), np.array([p])
    before = squared_errors(density, W1, W2, b)
    sizes = np.array([scale, 1.0])
    scaled = squared_errors(density, W1 * sizes[:, None] * signs, W2 / sizes, b)
    assert_allclose(scaled, before, rtol=2e-4, atol=1e-9)
    swapped = squared_errors(density, W1[:, :, ::-1], W2[:, ::-1], b[:, ::-1])
    assert_allclose(swapped[:, ::-1], before, rtol=2e-4, atol=1e-9)
