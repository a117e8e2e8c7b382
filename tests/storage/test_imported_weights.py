from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import model, two_neurons_a_feature
from toymodel.jobs.limits import Limits, Refused
from toymodel.model import Weights
from toymodel.storage.imported_weights import (
    Assignment,
    as_model,
    assign,
    assumptions,
    count_instances,
    digest,
    guess,
    one_instance,
)
from toymodel.storage.model_file import DamagedFile, model_key
from toymodel.storage.store import Store
from toymodel.storage.weight_file import UnusableWeights

M, N = 3, 5
W1 = np.arange(M * N, dtype=np.float32).reshape(M, N)
W2 = -np.arange(N * M, dtype=np.float32).reshape(N, M)
B, B_HIDDEN = np.full(N, 0.5, np.float32), np.full(M, 0.25, np.float32)
CONFIG = tm.Config(feature_probability=0.25, importance_decay=0.5, seed=7)


def of(*names: str, turned: bool = False) -> dict[str, np.ndarray]:
    """The four arrays under other names, in the order W1, W2, b, b_hidden."""
    arrays = (W1.T, W2.T, B, B_HIDDEN) if turned else (W1, W2, B, B_HIDDEN)
    return {name: array for name, array in zip(names, arrays, strict=True) if name}


def is_the_network(found: Weights, *, b: np.ndarray = B, b_hidden: np.ndarray = B_HIDDEN) -> None:
    arrays = (found.W1, found.W2, found.b, found.b_hidden)
    for array, expected in zip(arrays, (W1, W2, b, b_hidden), strict=True):
        assert array.flags.c_contiguous
        np.testing.assert_array_equal(array, expected)


# Which array is which


@pytest.mark.parametrize(
    ("names", "turned"),
    [
        (("W1", "W2", "b", "b_hidden"), False),
        (("w1", "w2", "b2", "b1"), False),
        (("fc1.weight", "fc2.weight", "fc2.bias", "fc1.bias"), False),
        (("0.weight", "2.weight", "2.bias", "0.bias"), False),
        (("net.0.weight", "net.2.weight", "net.2.bias", "net.0.bias"), False),
        (("mlp.up_proj.weight", "mlp.down_proj.weight", "mlp.b", "mlp.c"), False),
        (("blocks.0.mlp.W_in", "blocks.0.mlp.W_out", "mlp.b_out", "mlp.b_in"), True),
        (("W_enc", "W_dec", "b_dec", "b_enc"), True),
        (("W_in", "W_out", "b_out", "b_in"), False),  # the biases say how they are stored
        (("one", "two", "three", "four"), False),  # only the shapes say which is which
    ],
)
def test_common_names_are_known_in_any_order(names: tuple[str, ...], turned: bool):
    arrays = of(*names, turned=turned)
    chosen = guess(arrays)
    assert (chosen.W1, chosen.W2, chosen.b, chosen.b_hidden) == names
    assert (chosen.W1_transposed, chosen.W2_transposed) == (turned, turned)
    is_the_network(assign(arrays, chosen))
    if names[0] != "one":
        assert guess(dict(reversed(arrays.items()))) == chosen


def test_biases_may_be_missing():
    arrays = of("W1", "W2", "", "")
    chosen = guess(arrays)
    assert chosen == Assignment(W1="W1", W2="W2")
    is_the_network(assign(arrays, chosen), b=np.zeros(N), b_hidden=np.zeros(M))
    arrays = of("W1", "W2", "", "other")
    assert guess(arrays).b_hidden == "other"


def test_one_matrix_is_tied():
    chosen = guess({"W": W1})
    assert chosen == Assignment(W1="W", W2="W", W2_transposed=True)
    found = assign({"W": W1}, chosen)
    np.testing.assert_array_equal(found.W2, W1.T)
    assert guess({"W_in": W1.T}).W1_transposed
    np.testing.assert_array_equal(assign({"W_in": W1.T}, guess({"W_in": W1.T})).W1, W1)
    arrays = {"W": W1.copy()}
    found = assign(arrays, guess(arrays))
    arrays["W"][0] = 9
    assert found.W2[0, 0] != 9


def test_square_matrices_are_taken_as_their_names_say():
    square = np.eye(4, dtype=np.float32)
    assert guess({"W1": square, "W2": square}) == Assignment(W1="W1", W2="W2")
    found = guess({"W_in": square, "W_out": square})
    assert (found.W1_transposed, found.W2_transposed) == (True, True)
    found = guess({"W1": W1, "W2": W2.T})
    assert (found.W1_transposed, found.W2_transposed) == (False, True)
    with pytest.raises(UnusableWeights, match="none of its arrays has two axes"):
        guess({"b": B})


def test_arrays_are_chosen_by_hand():
    arrays = {"x": W2.T.copy(), "y": W1.T.copy(), "u": B_HIDDEN, "v": B}
    chosen = Assignment(W1="y", W2="x", b="v", b_hidden="u", W1_transposed=True, W2_transposed=True)
    is_the_network(assign(arrays, chosen))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, "W1: no array is chosen"),
        ({"W1": "z"}, "W1: the file has no 'z'"),
        ({"W1": "b"}, r"W1 has the shape \(5,\): it must have two axes"),
        ({"W1": "W1"}, "W2: no array is chosen"),
        (
            {"W1": "W1", "W2": "other"},
            r"W2 is \(4, 2\); with W1 \(neurons: 3, features: 5\) it must be \(5, 3\)",
        ),
        ({"W1": "W1", "W2": "W2", "W1_transposed": True}, r"it must be \(3, 5\)"),
        ({"W1": "W1", "W2": "W2", "b": "W1"}, r"b has the shape \(3, 5\): it must have one axis"),
        ({"W1": "W1", "W2": "W2", "b": "c"}, "b has 3 numbers; it needs 5, one for each feature"),
        ({"W1": "W1", "W2": "W2", "b_hidden": "b"}, "b_hidden has 5 numbers; it needs 3"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(chosen: dict[str, object], words: str):
    arrays = of("W1", "W2", "b", "c") | {"other": np.ones((4, 2), np.float32)}
    with pytest.raises(UnusableWeights, match=words):
        assign(arrays, Assignment(**chosen))


# Several networks in one file


def many(count: int = 2) -> dict[str, np.ndarray]:
    """As an ARENA state_dict: every array has the instance first."""
    scale = np.arange(1, count + 1, dtype=np.float32)
    arrays = {"W1": W1, "W2": W2, "b_final": B}
    return {name: np.multiply.outer(scale, array) for name, array in arrays.items()}


def test_one_network_of_several_is_read():
    arrays = many()
    assert count_instances(arrays) == 2
    for k in range(2):
        one = one_instance(arrays, k)
        chosen = guess(one)
        assert (chosen.W1, chosen.W2, chosen.b) == ("W1", "W2", "b_final")
        np.testing.assert_array_equal(assign(one, chosen).W1, (k + 1) * W1)
        np.testing.assert_array_equal(assign(one, chosen).b, (k + 1) * B)
    plain = {"W1": W1, "W2": W2}
    assert count_instances(plain) is None
    assert one_instance(plain, 7) == plain
    # A bias without the leading axis is that of all.
    shared = one_instance(many() | {"b_final": B}, 1)
    np.testing.assert_array_equal(shared["b_final"], B)


def test_what_is_wrong_with_several_networks_is_told():
    with pytest.raises(UnusableWeights, match="it has no instance 2: they go from 0 to 1"):
        one_instance(many(), 2)
    mixed = many(2) | {"W2": many(3)["W2"]}
    with pytest.raises(UnusableWeights, match="'W1' has 2, 'W2' has 3"):
        count_instances(mixed)


# What is assumed


def test_what_a_file_does_not_say_is_said():
    tied = {"W": W1}
    said = " ".join(assumptions(tied, guess(tied)))
    assert "one matrix, W1: its transpose is used as W2" in said
    assert "W1 is 'W', because of its shape" in said
    assert "W2 is" not in said
    assert "no output biases" in said and "no hidden biases" in said
    square = {"W1": np.eye(4, dtype=np.float32), "W2": np.eye(4, dtype=np.float32)}
    said = " ".join(assumptions(square, guess(square)))
    assert "W1 is square, 4 by 4" in said and "read as (neuron, feature)" in said
    full = of("W1", "W2", "b", "b_hidden")
    assert assumptions(full, guess(full)) == []
    assert assumptions(full | {"more": B}, guess(full)) == ["Not used: 'more'."]


# The model


def network(b_hidden: object = (0, 0, 0)) -> Weights:
    return Weights(W1=W1, W2=W2, b=B, b_hidden=np.array(b_hidden, np.float32))


def test_a_model_is_measured_as_asked_and_has_no_history():
    found = as_model(network(B_HIDDEN), CONFIG)
    assert found.config == CONFIG.replace(n_features=N, n_neurons=M, seed=0, hidden_bias=True)
    assert found.recipe == tm.Recipe(weights=digest(network(B_HIDDEN)))
    measured = tm.evaluate(found.config, network(B_HIDDEN))
    assert found.loss == pytest.approx(measured.value)
    assert found.loss_error == pytest.approx(measured.error)
    np.testing.assert_array_equal(found.b_hidden, B_HIDDEN)
    assert found.history.step.size == 0
    assert found.history.loss.shape == (1, 0)
    found = as_model(two_neurons_a_feature(4))
    assert found.loss == pytest.approx(0, abs=1e-9)
    assert (found.config.n_features, found.config.n_neurons) == (4, 8)
    plain, biased = as_model(network(), CONFIG), as_model(network(B_HIDDEN), CONFIG)
    assert plain.loss != biased.loss
    assert (plain.config.hidden_bias, biased.config.hidden_bias) == (False, True)


def test_a_file_does_not_tell_the_activation_of_the_hidden_layer():
    arrays = of("W1", "W2", "b", "b_hidden")
    relu, linear = (assign(arrays, guess(arrays), each) for each in ("relu", "none"))
    is_the_network(linear)
    x = -np.ones((N, 1), np.float32)
    np.testing.assert_allclose(linear.hidden(x), W1 @ x + B_HIDDEN[:, None])
    assert as_model(relu, CONFIG).config.activation == "relu"
    found = as_model(linear, CONFIG)
    assert found.config.activation == "none"
    assert found.loss == pytest.approx(tm.evaluate(found.config, linear).value)
    assert found.loss != as_model(relu, CONFIG).loss


def test_weights_that_differ_have_other_keys_and_none_of_a_trained_model():
    made = [network(), network(B_HIDDEN)]
    made.append(Weights(**vars(network()) | {"W2": W2 + 1}))
    made.append(Weights(**vars(network()) | {"b": B + 1}))
    keys = {model_key(m.config, m.recipe) for m in (as_model(w, CONFIG) for w in made)}
    trained = model_key(CONFIG.replace(n_features=N, n_neurons=M, seed=0), tm.Recipe())
    assert len(keys | {trained}) == len(made) + 1
    assert digest(network()) == digest(network())
    one = Weights(
        W1=np.ones((1, 2), np.float32),
        W2=np.ones((2, 1), np.float32),
        b=np.ones(2, np.float32),
        b_hidden=np.ones(1, np.float32),
    )
    other = Weights(
        W1=np.ones((2, 1), np.float32),
        W2=np.ones((1, 2), np.float32),
        b=np.ones(1, np.float32),
        b_hidden=np.ones(2, np.float32),
    )
    assert digest(one) != digest(other)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_tied_network_can_be_one_of_the_identity_task(bias: float):
    tied = Weights(W1=W1, W2=np.ascontiguousarray(W1.T), b=B, b_hidden=B_HIDDEN * 2 * bias)
    found = as_model(tied, CONFIG.replace(task="identity", hidden_bias=True))
    assert found.config.task == "identity"
    assert found.config.hidden_bias == bool(bias)
    with pytest.raises(UnusableWeights, match="W2 is W1 transposed: choose the same array"):
        as_model(network(), CONFIG.replace(task="identity"))


@pytest.mark.parametrize("p", [1.0, 0.01, 1e-9])
def test_weights_of_the_largest_size_are_measured(p: float):
    size = np.float32(1e5)
    shape = (2_000, 2_000)
    large = Weights(
        W1=np.full(shape, size), W2=np.full(shape, size), b=B[:1].repeat(2_000) * 2 * size,
        b_hidden=np.full(2_000, size),
    )  # fmt: skip
    found = as_model(large, tm.Config(feature_probability=p, importance_decay=1.0))
    assert 1e20 < found.loss < np.inf


def test_a_loss_that_cannot_be_told_is_refused():
    with pytest.raises(UnusableWeights, match="too large to be measured"):
        as_model(network(), tm.Config(feature_probability=1e-300))


# They are neither trained nor stored


OWN = as_model(network(), CONFIG)


def test_weights_from_elsewhere_are_not_saved(tmp_path):
    with pytest.raises(tm.SettingError, match="neither trained nor stored"):
        tm.save(OWN, tmp_path / "model")
    with pytest.raises(tm.SettingError, match="neither trained nor stored"):
        Store(tmp_path).put(OWN)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_claims_them_is_no_model(tmp_path, monkeypatch):
    made = model(tm.Config(n_features=3, n_neurons=2), OWN.recipe)
    with monkeypatch.context() as patch:
        patch.setattr("toymodel.storage.model_file.require_trained", lambda recipe: None)
        tm.save(made, tmp_path / "model")
    with pytest.raises(DamagedFile, match="neither trained nor stored"):
        tm.load(tmp_path / "model")


def test_weights_from_elsewhere_are_not_trained(tmp_path):
    with pytest.raises(tm.SettingError, match="neither trained nor stored"):
        tm.train([OWN.config], OWN.recipe)
    with pytest.raises(tm.SettingError, match="neither trained nor stored"):
        tm.load_or_train([OWN.config], OWN.recipe, store=Store(tmp_path))


def test_the_queue_and_the_shell_refuse_weights_from_elsewhere(tmp_path, shell):
    with pytest.raises(Refused, match="come from elsewhere: no training gives them"):
        Limits().check([OWN.config], OWN.recipe)
    answer = shell("train", "--set", f"weights={OWN.recipe.weights}")
    assert answer.code == 2
    assert "weights from elsewhere are neither trained nor stored" in answer.err
