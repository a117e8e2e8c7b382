"""Hand-made networks and models, and a Python of their own for tests that ask what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from toymodel.config import Config
from toymodel.model import History, Model, Weights
from toymodel.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]

SOMETIMES_WILD = Recipe(
    steps=100, batch_size=8, learning_rate=10.0, schedule="constant", warmup=0.0, slope=0.0
)
"""A recipe by which some trainings diverge."""

WILD = SOMETIMES_WILD.replace(slope=1.0, slope_until=1.0, beta2=0.0)
"""A recipe by which every training diverges."""


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own, with warnings as errors, in the root of the repository."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def weights(W1: object, W2: object, b: object = None) -> Weights:
    """Weights from nested lists or arrays; biases are 0 unless given."""
    first, second = (np.array(each, np.float32, order="C") for each in (W1, W2))
    bias = np.zeros(len(second)) if b is None else b
    return Weights(
        W1=first, W2=second, b=np.array(bias, np.float32), b_hidden=np.zeros(len(first), np.float32)
    )


def two_neurons_a_feature(n: int) -> Weights:
    """|x| without error: ReLU(x) + ReLU(-x)."""
    I = np.eye(n)
    return weights(np.concatenate([I, -I]), np.concatenate([I, I], axis=1))


def without_superposition(config: Config) -> Weights:
    """Two neurons for each of the first floor(m/2) features, and for the next one what is left.

    All other outputs are the best constant, p/2.
    """
    n, m, p = config.n_features, config.n_neurons, config.feature_probability
    W1, W2, b = np.zeros((m, n)), np.zeros((n, m)), np.full(n, p / 2)
    for i in range(min(m // 2, n)):
        W1[2 * i : 2 * i + 2, i] = (1, -1)
        W2[i, 2 * i : 2 * i + 2] = 1
        b[i] = 0
    if m % 2 and m < 2 * n:
        b[m // 2] = p / (4 - 1.5 * p)
        W1[m - 1, m // 2], W2[m // 2, m - 1] = 1, 1 - 1.5 * b[m // 2]
    return weights(W1, W2, b)


def model(config: Config, recipe: Recipe, *, seed: int = 0) -> Model:
    """A model with random weights, which took no training; its last restart is the best."""
    random = np.random.default_rng(seed)
    n, m, R = config.n_features, config.n_neurons, recipe.restarts
    return Model(
        config=config,
        recipe=recipe,
        restarts=tuple(
            replace(
                weights(
                    random.normal(size=(m, n)), random.normal(size=(n, m)), random.normal(size=n)
                ),
                activation=config.activation,
            )
            for _ in range(R)
        ),
        losses=np.linspace(0.5, 0.25, R, dtype=np.float32),
        loss_errors=np.full(R, 0.01, np.float32),
        history=History(
            step=np.array([1, 2], np.int64),
            seconds=np.array([0.5, 1.0], np.float32),
            loss=random.random((R, 2), dtype=np.float32),
        ),
    )


def model_of(*networks: object, density: float = 0.1) -> Model:
    """An untrained model with these restarts: weights, or input weights with W2 = W1.T."""
    each = [w if isinstance(w, Weights) else weights(w, np.transpose(w)) for w in networks]
    m, n = each[0].W1.shape
    config = Config(n_features=n, n_neurons=m, feature_probability=density, importance_decay=1.0)
    recipe = Recipe(restarts=len(each), cycles=2, steps=30, sampler="iid")
    return replace(model(config, recipe), restarts=tuple(each))


def same(one: Weights, other: Weights) -> bool:
    """Whether two networks agree bit for bit."""
    return all(np.array_equal(vars(one)[name], vars(other)[name]) for name in vars(one))


def same_restarts(some: Iterable[Model], others: Iterable[Model]) -> bool:
    """Whether all restarts of several models agree bit for bit."""
    pairs = zip(some, others, strict=True)
    return all(all(map(same, one.restarts, other.restarts)) for one, other in pairs)


def same_model(one: Model, other: Model) -> bool:
    """Whether two models agree in everything."""
    return (
        (one.config, one.recipe) == (other.config, other.recipe)
        and len(one.restarts) == len(other.restarts)
        and all(map(same, one.restarts, other.restarts))
        and np.array_equal(one.losses, other.losses)
        and np.array_equal(one.loss_errors, other.loss_errors)
        and np.array_equal(one.history.step, other.history.step)
        and np.array_equal(one.history.loss, other.history.loss)
    )
