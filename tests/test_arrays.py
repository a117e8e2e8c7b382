"""Weights as callers have them: lists, arrays of other types, tensors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import toymodel as tm
from tests.helpers.networks import run_python
from toymodel.arrays import as_array

W1 = np.array([[1, 0, 0.5], [0, -2, 0]], np.float32)
W2 = np.array([[1, 0], [0, 1], [0.25, 0]], np.float32)
KINDS: dict[str, Callable[[np.ndarray], object]] = {
    "list": np.ndarray.tolist,
    "float64": np.float64,
    "tensor": torch.tensor,
    "bfloat16": lambda array: torch.tensor(array).bfloat16(),
    "parameter": lambda array: torch.nn.Parameter(torch.tensor(array)),
}


def test_weights_are_taken_in_every_kind_and_their_shapes_are_checked():
    # In a Python of its own, without the checks of signatures that tests have.
    code = """
import numpy as np, torch, toymodel as tm
W1, W2 = np.array([[1, 0, .5], [0, -2, 0]]), np.array([[1, 0], [0, 1], [.25, 0]])
b, b_hidden = np.array([0, 1, 2]), np.zeros(2)
parameter = lambda array: torch.nn.Parameter(torch.tensor(array).float())
bfloat16 = lambda array: torch.tensor(array).bfloat16()
for kind in (np.ndarray.tolist, np.float64, np.float32, torch.tensor, parameter, bfloat16):
    found = tm.Weights(W1=kind(W1), W2=kind(W2), b=kind(b), b_hidden=kind(b_hidden))
    for array, expected in ((found.W1, W1), (found.W2, W2), (found.b, b)):
        assert type(array) is np.ndarray and array.dtype == np.float32, array
        assert np.array_equal(array, expected), array
for wrong in (W1.T, "text", None, np.ones((1, 2, 3))):
    try:
        tm.Weights(W1=wrong, W2=W2, b=b, b_hidden=b_hidden)
    except tm.SettingError as error:
        print(error)
"""
    result = run_python("-c", code)
    assert result.stderr == ""
    first, *others = result.stdout.splitlines()
    assert first.startswith("shape of W1 = (3, 2): must be (2, 3)")
    assert [line.startswith("W1 = ") for line in others] == [True] * 3


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_analysis_takes_weights_of_every_kind(kind: Callable[[np.ndarray], object]):
    assert tm.neurons(kind(W1)).counts == tm.neurons(W1).counts
    np.testing.assert_allclose(tm.superposition(kind(W1)), tm.superposition(W1))
    np.testing.assert_array_equal(tm.path_gain(kind(W1), kind(W2)), tm.path_gain(W1, W2))
    assert tm.find_motifs(kind(W1), kind(W2)) == tm.find_motifs(W1, W2)


@pytest.mark.parametrize(
    "value",
    [np.ones(3), "text", None, [[1], [1, 2]], [["a"]], np.ones((1, 2, 3)), np.array([[1j]])],
)
def test_what_is_no_matrix_is_refused_by_name(value: object):
    with pytest.raises(tm.SettingError, match=r"W1 = .*an array of numbers with the axes \(neuron"):
        tm.neurons(value)


def test_an_array_of_floats_is_not_copied():
    assert as_array("W1", W1, "neuron feature") is W1
