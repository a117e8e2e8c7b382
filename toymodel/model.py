"""A trained model: its weights, its history, and what it computes (numpy only)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Int

from toymodel.arrays import as_array
from toymodel.config import Activation, Config
from toymodel.recipe import Recipe
from toymodel.settings import Problem, SettingError

_AXES = {"W1": "neuron feature", "W2": "feature neuron", "b": "feature", "b_hidden": "neuron"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """The weights of one network: h = ReLU(W1 x + b_hidden), y = ReLU(W2 h + b).

    Paper: "Computation in Superposition". In the identity task W2 is W1 transposed.

    Lists, arrays of other types and tensors of torch become float32 arrays.

    Attributes:
        W1: input weights, (neuron, feature).
        W2: output weights, (feature, neuron).
        b: output biases, (feature,).
        b_hidden: hidden biases, (neuron,). Zeros in models trained without `hidden_bias`.
        activation: of the hidden layer: "relu", or "none" for h = W1 x + b_hidden.

    Raises:
        SettingError: for what is no array of numbers, and for shapes that do not fit together.
    """

    W1: Float32[np.ndarray, "neuron feature"]
    W2: Float32[np.ndarray, "feature neuron"]
    b: Float32[np.ndarray, " feature"]
    b_hidden: Float32[np.ndarray, " neuron"]
    activation: Activation = "relu"

    def __post_init__(self) -> None:
        n = len(self.b)
        for name, axes in _AXES.items():
            value = getattr(self, name)
            if not (type(value) is np.ndarray and value.dtype == np.float32):
                array = as_array(name, value, axes).astype(np.float32)
                object.__setattr__(self, name, array)
        m = len(self.b_hidden)
        shapes = {"W1": (m, n), "W2": (n, m), "b": (n,), "b_hidden": (m,)}
        for name, shape in shapes.items():
            found = getattr(self, name).shape
            if found != shape:
                allowed = f"{shape}, {_AXES[name]}, where b has {n} and b_hidden {m} values"
                raise SettingError((Problem(f"shape of {name}", found, allowed),))

    @property
    def finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        return all(np.isfinite(a).all() for a in (self.W1, self.W2, self.b, self.b_hidden))

    @property
    def largest(self) -> float:
        """The largest absolute value of a weight or a bias."""
        return max(float(np.abs(a).max()) for a in (self.W1, self.W2, self.b, self.b_hidden))

    def activate(self, drive: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Apply the hidden layer's activation function to pre-activations of any shape."""
        return np.maximum(drive, 0) if self.activation == "relu" else drive

    def hidden(
        self, x: Float32[np.ndarray, "feature example"]
    ) -> Float32[np.ndarray, "neuron example"]:
        """Compute the activations of the neurons.

        Args:
            x: inputs, (feature, example).

        Returns:
            Activations, (neuron, example), 0 and up unless the hidden layer is linear.
        """
        return self.activate(self.W1 @ x + self.b_hidden[:, None])

    def output(
        self, x: Float32[np.ndarray, "feature example"]
    ) -> Float32[np.ndarray, "feature example"]:
        """Compute the outputs of the network.

        Args:
            x: inputs, (feature, example).

        Returns:
            Outputs, (feature, example), 0 and up.
        """
        return np.maximum(self.W2 @ self.hidden(x) + self.b[:, None], 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """The training losses, recorded at the same steps in every run of a recipe.

    Attributes:
        step: (record,), optimiser steps done.
        seconds: (record,), since the training began.
        loss: (restart, record), normalised training loss: the mean over some batches since the
            record before. It has sampling noise, and it is the loss of the leaky output for as
            long as the output is leaky.
        together: how many models were trained at once in these seconds, restarts not counted.
    """

    step: Int[np.ndarray, " record"]
    seconds: Float32[np.ndarray, " record"]
    loss: Float32[np.ndarray, "restart record"]
    together: int = 1

    @property
    def leader(self) -> int:
        """The restart with the lowest training loss at the last record; 0 before the first."""
        if not self.step.size:
            return 0
        last = self.loss[:, -1]
        return int(np.argmin(np.where(np.isfinite(last), last, np.inf)))

    @property
    def lowest(self) -> float:
        """The leader's training loss at the last record; NaN before the first."""
        return float(self.loss[self.leader, -1]) if self.step.size else float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A trained model: the best of a config's restarts, with all its restarts.

    Example:
        model = tm.load_or_train([tm.Config(feature_probability=0.01)])[0]
        model.W1.shape, model.loss, tm.superposition_gain(model.config, model.loss)

    Attributes:
        config: what was trained.
        recipe: how it was trained.
        restarts: the weights of every restart that did not diverge.
        losses: (restart,), normalised losses on the evaluation inputs; answering 0 to everything
            scores 1.
        loss_errors: (restart,), their Monte Carlo standard errors.
        history: the training losses.
    """

    config: Config
    recipe: Recipe
    restarts: tuple[Weights, ...] = field(repr=False)
    losses: Float32[np.ndarray, " restart"]
    loss_errors: Float32[np.ndarray, " restart"]
    history: History = field(repr=False)

    @property
    def best(self) -> int:
        """The number of the restart with the lowest loss."""
        return int(np.argmin(self.losses))

    @property
    def weights(self) -> Weights:
        """The weights of the best restart."""
        return self.restarts[self.best]

    @property
    def W1(self) -> Float32[np.ndarray, "neuron feature"]:
        """Input weights of the best restart, (neuron, feature)."""
        return self.weights.W1

    @property
    def W2(self) -> Float32[np.ndarray, "feature neuron"]:
        """Output weights of the best restart, (feature, neuron)."""
        return self.weights.W2

    @property
    def b(self) -> Float32[np.ndarray, " feature"]:
        """Output biases of the best restart, (feature,)."""
        return self.weights.b

    @property
    def b_hidden(self) -> Float32[np.ndarray, " neuron"]:
        """Hidden biases of the best restart, (neuron,); zeros unless the config has them."""
        return self.weights.b_hidden

    @property
    def loss(self) -> float:
        """The normalised loss of the best restart."""
        return float(self.losses[self.best])

    @property
    def loss_error(self) -> float:
        """The Monte Carlo standard error of `loss`."""
        return float(self.loss_errors[self.best])
