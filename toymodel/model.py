"""A trained model: its weights, how it came about, and what it computes (numpy only)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int

from toymodel.config import Config, Recipe


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """h = ReLU(W1 x + b_hidden), y = ReLU(W2 h + b). Paper: "Computation in Superposition".

    W1: (neuron, feature). W2: (feature, neuron). b: (feature,). b_hidden: (neuron,), zeros where
    |x| was trained here, which takes no hidden bias. In the identity task W2 is W1 transposed.
    """

    W1: Float32[np.ndarray, "neuron feature"]
    W2: Float32[np.ndarray, "feature neuron"]
    b: Float32[np.ndarray, " feature"]
    b_hidden: Float32[np.ndarray, " neuron"]

    @property
    def finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        return all(np.isfinite(a).all() for a in (self.W1, self.W2, self.b, self.b_hidden))

    def hidden(
        self, x: Float32[np.ndarray, "feature example"]
    ) -> Float32[np.ndarray, "neuron example"]:
        """Activations of the neurons, 0 and up, for inputs x with one example a column."""
        return np.maximum(self.W1 @ x + self.b_hidden[:, None], 0)

    def output(
        self, x: Float32[np.ndarray, "feature example"]
    ) -> Float32[np.ndarray, "feature example"]:
        """What the model answers, 0 and up, for inputs x with one example a column."""
        return np.maximum(self.W2 @ self.hidden(x) + self.b[:, None], 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """How the loss fell, recorded at the same steps in every run of a recipe.

    step: (record,), the number of steps done. seconds: (record,), since the training began.
    loss: (restart, record), normalised: means of the training loss over some batches since the
    record before, so they carry sampling noise, and the loss of the leaky output while it is
    leaky. together: how many models, restarts not counted, shared the seconds.
    """

    step: Int[np.ndarray, " record"]
    seconds: Float32[np.ndarray, " record"]
    loss: Float32[np.ndarray, "restart record"]
    together: int = 1

    @property
    def leader(self) -> int:
        """The restart whose training loss was lowest at the last record; 0 before the first."""
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
    """The best of a config's restarts, and the others to look at.

    restarts: the weights of every restart that did not diverge, as trained. losses, loss_errors:
    (restart,), the normalised loss of each (answering 0 to everything is 1) and its Monte Carlo
    standard error, measured on the evaluation stream.
    """

    config: Config
    recipe: Recipe
    restarts: tuple[Weights, ...] = field(repr=False)
    losses: Float32[np.ndarray, " restart"]
    loss_errors: Float32[np.ndarray, " restart"]
    history: History = field(repr=False)

    @property
    def best(self) -> int:
        """Which restart has the lowest loss."""
        return int(np.argmin(self.losses))

    @property
    def weights(self) -> Weights:
        """The weights of the best restart."""
        return self.restarts[self.best]

    @property
    def W1(self) -> Float32[np.ndarray, "neuron feature"]:
        """Input weights, (neuron, feature)."""
        return self.weights.W1

    @property
    def W2(self) -> Float32[np.ndarray, "feature neuron"]:
        """Output weights, (feature, neuron)."""
        return self.weights.W2

    @property
    def b(self) -> Float32[np.ndarray, " feature"]:
        """Output bias, (feature,)."""
        return self.weights.b

    @property
    def b_hidden(self) -> Float32[np.ndarray, " neuron"]:
        """Hidden bias, (neuron,); of trained models zeros unless the config has `hidden_bias`."""
        return self.weights.b_hidden

    @property
    def loss(self) -> float:
        """The normalised loss of the best restart."""
        return float(self.losses[self.best])

    @property
    def loss_error(self) -> float:
        """The Monte Carlo standard error of `loss`."""
        return float(self.loss_errors[self.best])
