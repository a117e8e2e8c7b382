"""Training steps of many models side by side, with hand-written gradients. Imports torch.

Axes: C configs with R restarts each are I = C * R instances of n trained features and m neurons; a
batch has B examples. Inputs depend on the config alone. Examples are the last axis everywhere, so
that one matrix product serves all restarts of a config.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from toymodel.analysis.loss import best_constant_loss
from toymodel.config import Activation, Config
from toymodel.model import Weights
from toymodel.recipe import Recipe, drawn_features
from toymodel.sampling import (
    Draw,
    Stream,
    curriculum_density,
    generator,
    independent,
    log_ratio,
    sampling_probability,
    stratified,
)

_STATE = ("params", "first_moment", "second_moment", "window")  # names in stored checkpoints
_PARAMS_MULTIPLE = 64
_LEVELS = 100  # of the density while the curriculum lasts


class Shard:
    """Instances of equal shape that take every step together: some restarts of some configs.

    Args:
        configs: C configs that agree in task, hidden bias, activation, m, the number of trained
            features, and what the recipe chooses for them.
        restarts: the numbers of the R restarts of each config.
        recipe: how to train them.
        device: "cpu" or "cuda".
        start: for each config the weights of all of its restarts, to go on from; None draws new
            weights.

    Attributes:
        W1, W2, b, b_hidden: views of the weights, (instance, ...); instances are ordered by
            config, then by restart.
        gW1, gW2, gb, gb_hidden: the gradients of the last step, in the same shapes.
        window: (instance,), the sum of the losses recorded since `pop_mean_loss`.
        window_steps: how many steps are in that sum.
    """

    def __init__(
        self,
        configs: Sequence[Config],
        restarts: range,
        recipe: Recipe,
        device: str,
        start: Sequence[Sequence[Weights]] | None = None,
    ) -> None:
        self.configs, self.restarts = configs, restarts
        densities = _densities(configs, recipe)
        self.recipe = recipe = recipe.resolve(configs[0])
        C, R, B = len(configs), len(restarts), recipe.batch_size
        n, m, I = recipe.trained_features(configs[0]), configs[0].n_neurons, C * R
        task = configs[0].definition

        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, device=device)

        self.task = task
        self.densities = torch.from_numpy(densities).to(device)
        self.weighted = bool(self.densities[:, 1:3].any())
        self.level = -1
        self.density = torch.empty_like(self.densities[0])
        self.input_slope, self.log_ratio_constant, self.log_ratio_slope, norm = (
            self.density.unbind()
        )
        self.loss_norm = norm.expand(C, R, 1).view(C, R)
        # d loss / d output is this times the error: the square's 2, the loss scale, the mean.
        with np.errstate(divide="ignore", over="ignore"):  # p near 0: reported as a divergence
            importance = np.stack([2 * c.importance[:n] / c.loss_scale / B for c in configs])
        self.importance = torch.from_numpy(importance).float().to(device).reshape(C, n, 1)

        self.hidden_bias = configs[0].hidden_bias
        self.activation: Activation = configs[0].activation
        self.n_params = I * self._params_per_instance(n, m)
        # Padded to whole SIMD vectors: Adam rounds a remainder differently from full vectors.
        padded = -(-self.n_params // _PARAMS_MULTIPLE) * _PARAMS_MULTIPLE
        self.params = torch.zeros(padded, device=device)
        self.grads = torch.zeros_like(self.params)
        self.W1, self.W2, self.b, self.b_hidden = self._views(self.params, I, n, m)
        self.gW1, self.gW2, self.gb, self.gb_hidden = self._views(self.grads, I, n, m)
        if task.tied:  # the output layer's share of the gradient of W1, before it is added
            self.gW2 = empty(I, n, m)
        self._initialise(start)
        self.first_moment = torch.zeros_like(self.params)
        self.second_moment = torch.zeros_like(self.params)
        self.count = torch.zeros((), device=device)  # Adam's step number, from 1

        # Every array that a step writes: to allocate one costs as much as a matrix product.
        self.x, self.target = empty(C, n, B), empty(C, n, B)
        self.scale = self.importance.expand(C, n, B).clone()
        self.active, self.below = empty(C, 1, B), empty(C, n, B)
        # The loss of the features that are left out, which answer the best constant.
        self.left_out = np.array([[_left_out_loss(config, n)] for config in configs], np.float32)
        self.h, self.dh = empty(I, m, B), empty(I, m, B)
        self.z, self.dz = empty(I, n, B), empty(I, n, B)
        # Views are made once: a step has some fifteen of them, as dear as its smaller operators.
        self.each_z, self.each_dz = self.z.view(C, R, n, B), self.dz.view(C, R, n, B)
        each_target = self.target if task.low < 0 else self.x
        self.each_target, self.each_scale = each_target.unsqueeze(1), self.scale.unsqueeze(1)
        self.each_below = self.below.unsqueeze(1)
        self.h_of_config, self.dh_of_config = self.h.view(C, R * m, B), self.dh.view(C, R * m, B)
        self.W1_of_config = self.W1.view(C, R * m, n)
        self.gW1_of_config = self.gW1.view(C, R * m, n)
        self.W2_transposed, self.b_column = self.W2.transpose(1, 2), self.b.unsqueeze(2)
        self.h_transposed, self.x_transposed = self.h.transpose(1, 2), self.x.transpose(1, 2)
        self.window = torch.zeros(I, device=device)
        self.window_steps = 0

    def _params_per_instance(self, n: int, m: int) -> int:
        layers = 1 if self.task.tied else 2
        return layers * n * m + n + (m if self.hidden_bias else 0)

    def _views(self, flat: Tensor, I: int, n: int, m: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        own = 0 if self.task.tied else n * m
        biases = m if self.hidden_bias else 0
        sizes = [I * m * n, I * own, I * n, I * biases]
        W1, W2, b, b_hidden = flat[: self.n_params].split(sizes)
        W1 = W1.view(I, m, n)
        return (
            W1,
            W1.transpose(1, 2) if self.task.tied else W2.view(I, n, m),
            b.view(I, n),
            b_hidden.view(I, biases),
        )

    def _initialise(self, start: Sequence[Sequence[Weights]] | None) -> None:
        chosen = [(c, restart) for c in range(len(self.configs)) for restart in self.restarts]
        n = self.b.shape[1]
        for i, (c, restart) in enumerate(chosen):
            if start:
                before = start[c][restart]
                self.W1[i].copy_(torch.from_numpy(before.W1[:, :n]))
                self.W2[i].copy_(torch.from_numpy(before.W2[:n]))
                self.b[i].copy_(torch.from_numpy(before.b[:n]))
                if self.hidden_bias:
                    self.b_hidden[i].copy_(torch.from_numpy(before.b_hidden))
                continue
            random = generator(Stream.INITIAL_WEIGHTS, self.configs[c].seed, restart)
            for W in (self.W1[i],) if self.task.tied else (self.W1[i], self.W2[i]):
                out, fan_in = W.shape
                if self.recipe.init == "xavier":
                    drawn = random.standard_normal((out, fan_in)) * math.sqrt(2 / (out + fan_in))
                else:
                    # As the usual recipe calls it on a batched tensor (instance, out, in), where
                    # PyTorch takes out * in for the fan-in.
                    bound = math.sqrt(6 / (out * fan_in))
                    drawn = random.uniform(-bound, bound, (out, fan_in))
                W.copy_(torch.from_numpy(drawn * self.recipe.init_scale))

    def pop_mean_loss(self) -> Float32[np.ndarray, "config restart"]:
        """The mean of the losses that were recorded since the last call of this method."""
        mean = self.window / max(self.window_steps, 1)
        self.window.zero_()
        self.window_steps = 0
        losses = mean.cpu().numpy().reshape(len(self.configs), len(self.restarts))
        return losses + self.left_out

    def weights(self, config: int, restart: int) -> Weights:
        """A copy of one instance's weights.

        Args:
            config: the position of its config in this shard, from 0.
            restart: the number of the restart in the whole training.
        """
        instance = config * len(self.restarts) + self.restarts.index(restart)

        def copy(tensor: Tensor) -> np.ndarray:
            return tensor.detach().cpu().numpy().copy()

        W1, W2, b = copy(self.W1[instance]), copy(self.W2[instance]), copy(self.b[instance])
        about = self.configs[config]
        if rest := about.n_features - len(b):
            W1, W2 = np.pad(W1, ((0, 0), (0, rest))), np.pad(W2, ((0, rest), (0, 0)))
            b = np.append(
                b, np.full(rest, about.feature_probability * about.definition.mean, np.float32)
            )
        b_hidden = np.zeros(len(W1), np.float32)
        if self.hidden_bias:
            b_hidden = copy(self.b_hidden[instance])
        return Weights(W1=W1, W2=W2, b=b, b_hidden=b_hidden, activation=self.activation)

    def state(self) -> dict[str, np.ndarray]:
        """A copy of every array that the next steps depend on, by name."""
        return {name: getattr(self, name)[: self.n_params].cpu().numpy().copy() for name in _STATE}

    def restore(self, state: Mapping[str, np.ndarray], window_steps: int) -> None:
        """Take over the `state` and the `window_steps` of a shard of the same instances."""
        for name in _STATE:
            getattr(self, name)[: len(state[name])].copy_(torch.from_numpy(state[name]))
        self.window_steps = window_steps

    def step(self, uniform: Tensor, t: int, *, record: bool) -> None:
        """Take optimiser step number t.

        Args:
            uniform: (C or 1, n, B), uniform numbers in [0, 1); 1 where all configs share them.
            t: from 0.
            record: whether to add the loss of this step to `window`.
        """
        self.count.fill_(t + 1)
        self.set_density(t)
        slope, rate = slope_at(self.recipe, t), learning_rate_at(self.recipe, t)
        self.train_step(uniform, slope, rate, record=record)
        self.window_steps += record

    def set_density(self, t: int) -> None:
        """Draw the inputs of the next steps at the density of step t."""
        level = (len(self.densities) - 1) * t // self.recipe.steps
        if level != self.level:
            self.level = level
            self.density.copy_(self.densities[level])

    def train_step(
        self, uniform: Tensor, slope: float | Tensor, rate: float | Tensor, *, record: bool
    ) -> None:
        """Compute the gradients of one batch and update the weights; `count` is set already.

        Args:
            uniform: (C or 1, n, B), uniform numbers in [0, 1).
            slope: of the output unit for negative pre-activations where the target is positive.
                Like `rate` a number, or a scalar tensor where the step is captured as a CUDA graph.
            rate: Adam's learning rate.
            record: whether to add the loss of this step to `window`.
        """
        task = self.task
        x = torch.mul(uniform, self.input_slope, out=self.x).add_(task.high)
        torch.threshold_(x, task.low, 0.0)
        target = x
        if task.low < 0:
            target = torch.abs(x, out=self.target)
        if self.weighted:
            active = torch.ceil(target, out=self.scale)  # targets are 1 at most
            active = torch.sum(active, dim=1, keepdim=True, out=self.active)
            active.mul_(self.log_ratio_slope).add_(self.log_ratio_constant).exp_()
            torch.mul(self.importance, active, out=self.scale)

        torch.bmm(self.W1_of_config, x, out=self.h_of_config)
        if self.hidden_bias:
            self.h.add_(self.b_hidden.unsqueeze(2))
        h = self.h.relu_() if self.activation == "relu" else self.h
        z = torch.baddbmm(self.b_column, self.W2, h, out=self.z)
        self._output(slope)  # in place of z
        error = torch.sub(self.each_z, self.each_target, out=self.each_dz)
        if record:
            square = error.square().mul_(self.each_scale).sum(dim=(2, 3))
            self.window.add_(square.mul_(self.loss_norm).view(-1), alpha=0.5)
        error.mul_(self.each_scale)
        dz = self.dz
        # Where the target is 0 and z was negative, the error is 0: no slope there.
        leaky_relu_backward(dz, z, slope)

        torch.sum(dz, dim=2, out=self.gb)
        torch.bmm(dz, self.h_transposed, out=self.gW2)
        dh = torch.bmm(self.W2_transposed, dz, out=self.dh)
        if self.activation == "relu":
            torch.ops.aten.threshold_backward.grad_input(dh, h, 0.0, grad_input=dh)
        torch.bmm(self.dh_of_config, self.x_transposed, out=self.gW1_of_config)
        if task.tied:
            self.gW1.add_(self.gW2.transpose(1, 2))
        if self.hidden_bias:
            torch.sum(dh, dim=2, out=self.gb_hidden)
        self._adam(rate)

    def _output(self, slope: float | Tensor) -> None:
        """Replace the pre-activations z by the outputs."""
        if not isinstance(slope, Tensor) and not slope:
            self.z.relu_()
            return
        # slope * z where the target is positive, 0 where it is 0.
        below = torch.sign(self.each_target, out=self.each_below).mul_(slope)
        torch.mul(self.each_z, below, out=self.each_dz)
        torch.maximum(self.z, self.dz, out=self.z)

    def _adam(self, rate: float | Tensor) -> None:
        torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
            [self.params],
            [self.grads],
            [self.first_moment],
            [self.second_moment],
            [],
            [self.count],
            lr=rate,
            beta1=self.recipe.beta1,
            beta2=self.recipe.beta2,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


def leaky_relu_backward(gradient: Tensor, z: Tensor, slope: float | Tensor) -> None:
    """Turn the gradient of a leaky ReLU into that of its input, in place.

    Args:
        gradient: of the outputs.
        z: inputs or outputs, which have the same sign.
        slope: for negative inputs.
    """
    if isinstance(slope, Tensor):
        gradient.mul_(torch.where(z > 0, 1.0, slope))
    elif slope:
        torch.ops.aten.leaky_relu_backward.grad_input(
            gradient, z, slope, False, grad_input=gradient
        )
    else:
        torch.ops.aten.threshold_backward.grad_input(gradient, z, 0.0, grad_input=gradient)


def slope_at(recipe: Recipe, t: int) -> float:
    """The output unit's slope for negative pre-activations at step t of a resolved recipe."""
    end = (recipe.slope_until or 0.0) * recipe.steps
    if not end:
        return 0.0
    return recipe.slope * min(1.0, max(0.0, 2 * (1 - t / end)))


def learning_rate_at(recipe: Recipe, t: int) -> float:
    """Adam's learning rate at step t of the last cycle of a resolved recipe."""
    warmup = recipe.warmup * recipe.steps
    highest = recipe.learning_rate or 0.0
    if recipe.cycles > 1 and recipe.schedule == "cosine":
        highest /= 3  # at the full rate, losses at middle densities rise
    if t < warmup:
        return highest * (t + 1) / (warmup + 1)
    if recipe.schedule == "constant":
        return highest
    done = (t - warmup) / max(recipe.steps - warmup, 1)
    return highest * 0.5 * (1 + math.cos(math.pi * done))


def _left_out_loss(config: Config, n: int) -> float:
    importance = config.importance.astype(np.float64)
    return float(importance[n:].sum() / importance.sum() * best_constant_loss(config))


def _densities(
    configs: Sequence[Config], recipe: Recipe
) -> Float32[np.ndarray, "level about config 1 1"]:
    """What steps need to know of the densities of their inputs, for every level of the curriculum.

    Returns:
        (level, about, config, 1, 1). About: the slope from a uniform number to an input, the
        constant and the slope of the logarithm of the likelihood ratio, and p over the density of
        the level, by which a loss is multiplied to be normalised at that density.
    """
    curriculum = recipe.resolve(configs[0]).curriculum
    levels = _LEVELS if curriculum and recipe.cycles == 1 else 0
    shares = [level / levels for level in range(levels + 1)] if levels else [1.0]
    of_config: dict[Config, list[tuple[float, ...]]] = {}
    for config in (config.replace(seed=0) for config in configs):  # seeds change nothing here
        if config in of_config:
            continue
        task, p, n = config.definition, config.feature_probability, recipe.trained_features(config)
        of_config[config] = [
            ((task.low - task.high) / q, *log_ratio(now, q, n), p / now)
            for now in (curriculum_density(config, recipe, share) for share in shares)
            for q in (sampling_probability(now, n, recipe),)
        ]
    table = np.array([of_config[config.replace(seed=0)] for config in configs], np.float32)
    return np.ascontiguousarray(table.transpose(1, 2, 0))[..., None, None]


class Draws:
    """Uniform numbers for training inputs: one stream for each seed and number of drawn features.

    Densities and restarts share a stream, so that they are compared on the same inputs.
    """

    def __init__(self, configs: Sequence[Config], recipe: Recipe) -> None:
        draw = stratified if recipe.sampler == "tilted" else independent
        cycle = (recipe.cycles - 1,) if recipe.cycles > 1 else ()
        self.generators = {
            (c.seed, drawn_features(c, recipe)): generator(Stream.TRAINING_DATA, c.seed, *cycle)
            for c in configs
        }
        self.recipe = recipe
        self.streams: dict[int, Draw] = {}
        self.rows: dict[tuple[int, int], int] = {}
        for n in dict.fromkeys(n for _, n in self.generators):
            own = {key: random for key, random in self.generators.items() if key[1] == n}
            self.streams[n] = draw(list(own.values()), n, recipe.batch_size)
            self.rows |= {key: row for row, key in enumerate(own)}
        self.drawn: dict[int, Tensor] = {}

    def state(self) -> dict[tuple[int, int], Mapping[str, Any]]:
        """The state of each generator, for JSON, by seed and number of drawn features."""
        return {key: random.bit_generator.state for key, random in self.generators.items()}

    def restore(self, state: Mapping[tuple[int, int], Mapping[str, Any]]) -> None:
        """Go on from a `state`. Streams start anew where it is that of `DeviceDraws`."""
        for key, random in self.generators.items():
            if "bit_generator" in state[key]:
                random.bit_generator.state = dict(state[key])

    def advance(self, steps: int) -> None:
        """Draw the numbers of the next `steps` steps."""
        self.drawn = {n: torch.from_numpy(draw(steps)) for n, draw in self.streams.items()}

    def uniform(self, configs: Sequence[Config]) -> Tensor:
        """The drawn numbers for configs with the same number of trained features.

        Returns:
            (step, config, feature, example), in [0, 1). The config axis has length 1 where all
            configs share a seed.
        """
        n = drawn_features(configs[0], self.recipe)
        drawn = select_streams(self.drawn[n], [self.rows[c.seed, n] for c in configs])
        return drawn[:, :, : self.recipe.trained_features(configs[0])]


def select_streams(drawn: Tensor, rows: Sequence[int]) -> Tensor:
    """Some rows of (stream, step, feature, example), as `Draws.uniform` returns them.

    The result is a view, not a copy, where the rows are consecutive.
    """
    if len(set(rows)) == 1:
        rows = rows[:1]
    first = rows[0]
    if list(rows) == list(range(first, first + len(rows))):
        return drawn[first : first + len(rows)].transpose(0, 1)
    return drawn[list(rows)].transpose(0, 1)
