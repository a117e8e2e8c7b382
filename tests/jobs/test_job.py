"""What the worker process runs, run here; `test_manager` has the queue around it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.numpy

import toymodel as tm
from tests.helpers.networks import same_model
from toymodel.jobs import job as module
from toymodel.jobs.job import Progress, job_name, read_progress, run_job
from toymodel.storage.checkpoint import TrainingPaused
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.storage.tensor_file import pack, unpack

pytestmark = pytest.mark.usefixtures("short_evaluation")

CONFIG = tm.Config(n_features=4, n_neurons=3)
RECIPE = tm.Recipe(steps=20, batch_size=16, restarts=3)
KEY = model_key(CONFIG, RECIPE)
NOTHING = (0.0, Progress(state="running"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def run(store: Store, scratch: Path, *configs: tm.Config, recipe: tm.Recipe = RECIPE):
    return run_job(list(configs), recipe, store.root, store.max_bytes, scratch)


@functools.cache
def trained() -> tm.Model:
    """What training gives without a job around it."""
    return tm.train([CONFIG], RECIPE)[0]


def paused(store: Store, scratch: Path, recipe: tm.Recipe = RECIPE) -> Path:
    """The file of a training that was paused at its first snapshot."""
    (scratch / "pause").touch()
    with pytest.raises(TrainingPaused):
        run(store, scratch, CONFIG, recipe=recipe)
    (scratch / "pause").unlink()
    path = store.paused(job_name([model_key(CONFIG, recipe)]))
    assert path.exists()
    return path


# Progress


def test_progress_shows_every_restart(store: Store, scratch: Path):
    run(store, scratch, CONFIG)
    _, progress = read_progress(scratch / "progress", NOTHING)
    assert (progress.step, progress.steps) == (20, 20)
    assert progress.models[KEY].weights.keys() == {0, 1, 2}


def test_progress_knows_the_activation_of_each_model(store: Store, scratch: Path):
    linear = CONFIG.replace(activation="none")
    run(store, scratch, CONFIG, linear)
    _, progress = read_progress(scratch / "progress", NOTHING)
    found = {key: live.leading.activation for key, live in progress.models.items()}
    assert found == {KEY: "relu", model_key(linear, RECIPE): "none"}


def test_progress_of_large_models_shows_the_leader_alone(
    store: Store, scratch: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_MAX_SHOWN_WEIGHTS", 2 * 4 * 3 * 3 - 1)
    run(store, scratch, CONFIG)
    _, progress = read_progress(scratch / "progress", NOTHING)
    live = progress.models[KEY]
    history = live.history
    assert history.loss.shape == (3, len(history.step))
    assert live.weights.keys() == {int(history.loss[:, -1].argmin())}
    np.testing.assert_array_equal(live.leading.W1, trained().restarts[history.leader].W1)


def test_progress_leaves_out_what_diverged_in_an_earlier_cycle(
    store: Store, scratch: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_MIN_WRITE_SECONDS", 0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 0.0))
    recipe = RECIPE.replace(cycles=2)
    lost = CONFIG.replace(feature_probability=1e-300)
    result = run(store, scratch, CONFIG, lost, recipe=recipe)
    (reason,) = result.failures.values()
    assert reason.startswith("Training diverged at p = 1e-300 by step 20:")
    _, progress = read_progress(scratch / "progress", NOTHING)
    assert (progress.step, progress.steps) == (40, 40)
    assert progress.models.keys() == {model_key(CONFIG, recipe)}


# Pausing


def test_a_paused_job_leaves_a_file_and_goes_on_from_it(store: Store, scratch: Path):
    path = paused(store, scratch)
    assert not store.has(CONFIG, RECIPE)
    run(store, scratch, CONFIG)
    assert not path.exists()
    assert same_model(store.get(CONFIG, RECIPE), trained())


def test_a_pause_that_cannot_be_written_goes_on(tmp_path: Path, scratch: Path):
    (tmp_path / "file").write_text("")
    (scratch / "pause").touch()
    result = run(Store(tmp_path / "file" / "store"), scratch, CONFIG)
    assert not (scratch / "pause").exists()
    assert same_model(result.unsaved[0], trained())


def test_cancelling_goes_before_pausing(store: Store, scratch: Path):
    (scratch / "pause").touch()
    (scratch / "cancel").touch()
    with pytest.raises(tm.TrainingCancelled):
        run(store, scratch, CONFIG)
    assert not store.trained.exists()


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def without_a_tensor(data: bytes) -> bytes:
    tensors, about = unpack(data)
    return pack({n: v for n, v in tensors.items() if not n.endswith("first_moment")}, about)


def about(**change: object) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        tensors, old = unpack(data)
        return pack(tensors, old | change)

    return changed


@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        (lambda data: b"", False),
        (lambda data: b"\xff" * 100, False),
        (lambda data: data[:-1], False),
        (lambda data: safetensors.numpy.save({"a": np.zeros(1)}), False),
        (lambda data: safetensors.numpy.save({"a": np.zeros(1)}, {"toymodel": "[]"}), False),
        (lambda data: safetensors.numpy.save({"a": np.zeros(1)}, {"toymodel": "{}"}), False),
        (about(restarts=[1]), False),
        (about(run=5), True),
        (about(run={}), True),
        (flipped, True),
        (without_a_tensor, True),
    ],
)
def test_a_damaged_pause_means_training_from_the_start(
    store: Store, scratch: Path, damage: Callable[[bytes], bytes], shown: bool
):
    path = paused(store, scratch)
    path.write_bytes(damage(path.read_bytes()))
    assert (read_progress(path, NOTHING) != NOTHING) == shown
    run(store, scratch, CONFIG)
    assert not path.exists()
    assert same_model(store.get(CONFIG, RECIPE), trained())


def test_the_pause_of_another_training_is_not_used(store: Store, scratch: Path):
    foreign = paused(store, scratch, RECIPE.replace(batch_size=8))
    path = paused(store, scratch)
    path.write_bytes(foreign.read_bytes())
    run(store, scratch, CONFIG)
    assert same_model(store.get(CONFIG, RECIPE), trained())


def test_a_pause_says_where_it_stands(store: Store, scratch: Path):
    _, progress = read_progress(paused(store, scratch), NOTHING)
    assert (progress.step, progress.steps) == (0, 20)
    assert progress.models[KEY].weights.keys() == {0, 1, 2}
    _, written = unpack(store.paused(job_name([KEY])).read_bytes())
    assert written["run"]["keys"] == [KEY]
