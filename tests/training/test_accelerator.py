"""What runs on an accelerator, here on the processor: the same operators, without CUDA's graph."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import toymodel as tm
from toymodel.analysis.loss import no_superposition_loss
from toymodel.storage.checkpoint import Checkpoint
from toymodel.training.accelerator import (
    CapturedShard,
    DeviceDraws,
    resolve_device,
    splitmix64,
    to_uniform,
)
from toymodel.training.engine import Draws, Shard
from toymodel.training.train import train, training

CONFIGS = [
    tm.Config(n_features=6, n_neurons=4, feature_probability=p, seed=seed)
    for p, seed in ((1.0, 0), (0.3, 1), (0.02, 1))
]
RECIPE = tm.Recipe(steps=60, batch_size=32, restarts=2)


def train_as(monkeypatch: pytest.MonkeyPatch, *, on_accelerator: bool) -> None:
    """Train as on an accelerator, or not, whatever the device."""
    for module in ("train", "shard_group"):
        monkeypatch.setattr(
            f"toymodel.training.{module}.accelerated", lambda device: on_accelerator
        )


@pytest.fixture
def on_accelerator(monkeypatch: pytest.MonkeyPatch, short_evaluation: None) -> None:
    train_as(monkeypatch, on_accelerator=True)


@pytest.mark.parametrize("choice", ["gpu", "cuda:0", "", "mps"])
def test_other_words_for_a_device_are_refused(choice: str):
    with pytest.raises(tm.SettingError, match=r"device = .*'auto' or 'cpu'"):
        resolve_device(choice)


def test_cuda_is_taken_where_it_is_and_refused_where_it_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [resolve_device(choice) for choice in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [resolve_device(choice) for choice in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(tm.SettingError, match="no CUDA device is found here"):
        resolve_device("cuda")
    with pytest.raises(tm.SettingError, match="no CUDA device is found here"):
        tm.train(CONFIGS, RECIPE, device="cuda")


def split_mix(number: int) -> int:
    """The finaliser of SplitMix64 as its author wrote it."""
    mask = 2**64 - 1
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & mask
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & mask
    return number ^ (number >> 31)


def test_bits_are_mixed_as_splitmix_does():
    numbers = [0, 1, 2, 2**63, 2**64 - 1, 0x9E3779B97F4A7C15, 123_456_789_012_345]
    signed = np.array(numbers, np.uint64).view(np.int64)
    found = splitmix64(torch.from_numpy(signed)).numpy().view(np.uint64)
    assert found.tolist() == [split_mix(number) for number in numbers]
    expected = [(split_mix(number) >> 40) / 2**24 for number in numbers]
    np.testing.assert_array_equal(
        to_uniform(torch.from_numpy(found.view(np.int64))).numpy(), expected
    )


@pytest.mark.parametrize("sampler", ["tilted", "iid"])
def test_draws_are_uniform_and_features_and_steps_independent(sampler: str):
    config = tm.Config(n_features=50, importance_decay=1.0)
    draws = DeviceDraws([config], tm.Recipe(batch_size=64, sampler=sampler), "cpu")
    draws.advance(200)
    u = draws.uniform([config])[:, 0].numpy()
    assert u.shape == (200, 50, 64)
    assert (u.min() >= 0, u.max() < 1) == (True, True)
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    assert np.abs(counts / counts.mean() - 1).max() < 0.02
    between = np.corrcoef(u.transpose(1, 0, 2).reshape(50, -1)) - np.eye(50)
    assert np.abs(between).max() < 0.05
    steps = np.corrcoef(u.reshape(200, -1)) - np.eye(200)
    assert np.abs(steps).max() < 0.09
    examples = np.corrcoef(u.reshape(-1, 64).T) - np.eye(64)
    # With importance sampling, two examples stand in no more than a thousand different relations.
    assert np.abs(examples).max() < (0.13 if sampler == "tilted" else 0.05)


@pytest.mark.parametrize("sampler", ["tilted", "iid"])
def test_draws_depend_on_seed_and_step_alone(sampler: str):
    recipe = tm.Recipe(batch_size=32, sampler=sampler)
    draws, alone = DeviceDraws(CONFIGS, recipe, "cpu"), DeviceDraws(CONFIGS[2:], recipe, "cpu")
    draws.advance(5)
    block = draws.uniform(CONFIGS)
    assert block.shape == (5, 3, 6, 32)
    assert torch.equal(block[:, 1], block[:, 2])  # one seed
    assert not torch.equal(block[:, 0], block[:, 2])
    assert draws.uniform(CONFIGS[1:]).shape == (5, 1, 6, 32)
    parts = []
    for _ in range(5):
        alone.advance(1)
        parts.append(alone.uniform(CONFIGS[2:]))
    assert torch.equal(torch.cat(parts)[:, 0], block[:, 2])
    again = DeviceDraws(CONFIGS, recipe.replace(cycles=2), "cpu")
    again.advance(5)
    assert not torch.equal(again.uniform(CONFIGS), block)


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_cuda)])
def test_a_replayed_step_is_the_step(device: str):
    recipe = RECIPE.replace(slope_until=0.5, curriculum=3.0)
    there, here = (Shard(CONFIGS, range(2), recipe, where) for where in (device, "cpu"))
    replayed = CapturedShard(there, device)
    draws = Draws(CONFIGS, recipe)
    for t in range(recipe.steps):
        draws.advance(1)
        uniform = draws.uniform(CONFIGS)[0]
        here.step(uniform, t, record=True)
        replayed.step(uniform.to(device), t)
    if device == "cuda":
        assert replayed.graph is not None
        np.testing.assert_allclose(there.W1.cpu().numpy(), here.W1.numpy(), atol=1e-3)
        return
    assert there.window_steps == recipe.steps
    for name in ("W1", "W2", "b"):
        found, expected = getattr(there, name).numpy(), getattr(here, name).numpy()
        np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_allclose(there.pop_mean_loss(), here.pop_mean_loss(), rtol=1e-3)


def test_what_is_trained_beside_a_model_changes_nothing_there_either(on_accelerator: None):
    configs = [
        tm.Config(n_features=40, n_neurons=10, feature_probability=p, importance_decay=d)
        for p, d in ((0.1, 0.8), (0.03, 0.716), (0.03, 0.8))
    ]
    assert [RECIPE.trained_features(config) for config in configs] == [16, 16, 21]
    for config, model in zip(configs, train(configs, RECIPE), strict=True):
        (alone,) = train([config], RECIPE)
        np.testing.assert_allclose(model.W1, alone.W1, atol=1e-5)
        assert not model.W1[:, RECIPE.trained_features(config) :].any()


def test_models_are_as_good_as_elsewhere(on_accelerator: None):
    configs = [
        tm.Config(n_features=6, n_neurons=4, feature_probability=p, seed=seed)
        for p in (1.0, 0.05)
        for seed in range(3)
    ]
    models = train(configs, tm.Recipe(steps=1_500, batch_size=64, restarts=4))
    ratios = [model.loss / no_superposition_loss(model.config) for model in models]
    assert np.median(ratios[:3]) < 1.02
    assert np.median(ratios[3:]) < 0.9


@pytest.mark.parametrize("sampler", ["tilted", "iid"])
def test_a_training_can_be_paused_there_too(on_accelerator: None, sampler: str):
    recipe = RECIPE.replace(steps=80, sampler=sampler)
    whole = train(CONFIGS, recipe)
    run = training(CONFIGS, recipe, interval=0.0)
    checkpoint = next(s.checkpoint() for s in run if s.step)
    run.close()
    about = json.loads(json.dumps(dict(checkpoint.about)))
    resume = Checkpoint(checkpoint.keys, checkpoint.tensors, about)
    for one, other in zip(whole, train(CONFIGS, recipe, resume=resume), strict=True):
        for name in ("W1", "W2", "b"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)


@pytest.mark.parametrize("first", [True, False])
def test_what_was_paused_goes_on_on_another_device(
    first: bool, monkeypatch: pytest.MonkeyPatch, short_evaluation: None
):
    recipe = RECIPE.replace(steps=500, batch_size=64)
    train_as(monkeypatch, on_accelerator=first)
    run = training(CONFIGS, recipe, interval=0.0)
    resume = next(s.checkpoint() for s in run if s.step >= 100)
    run.close()
    train_as(monkeypatch, on_accelerator=not first)
    for model in train(CONFIGS, recipe, resume=resume):
        assert model.history.step[-1] == 500
        assert model.loss < 0.6
