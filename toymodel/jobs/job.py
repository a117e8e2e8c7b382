"""One job, as the worker process runs it, and what it shows of its progress in files."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from toymodel.config import Config, Recipe
from toymodel.errors import TrainingCancelled, TrainingDiverged
from toymodel.model import History, Model, Weights
from toymodel.storage.checkpoint import Checkpoint, TrainingPaused
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.storage.tensor_file import pack, unpack, write_atomically
from toymodel.training.load_or_train import load_or_train

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot


_WRITE_SECONDS = 0.25
_ALL_RESTARTS = 2_000_000  # weights that are shown while they train; beyond, the leader's alone
_RUN = "run."
_REFUSED = "refused"
_TENSORS = ("W1", "W2", "b", "b_hidden")

State = Literal["waiting", "running", "paused", "failed"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Live:
    """A model in training. weights: by restart; of large models the leading one's alone."""

    history: History
    weights: dict[int, Weights]

    @property
    def leading(self) -> Weights:
        """The weights of the restart that leads so far."""
        return self.weights[self.history.leader]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a request stands.

    place: jobs ahead of it in the queue. models: by model key, as of the last snapshot.
    remaining: seconds, NaN while unknown.
    """

    state: State
    place: int = 0
    step: int = 0
    steps: int = 0
    remaining: float = float("nan")
    models: dict[str, Live] = field(default_factory=dict)
    message: str = ""

    @property
    def active(self) -> bool:
        """Whether there is something to wait for."""
        return self.state in ("waiting", "running")


@dataclass(frozen=True)
class JobResult:
    """What a job could not leave in the store: models it could not write, and reasons."""

    unsaved: list[Model]
    failures: dict[str, str]
    notes: list[str]


def job_name(keys: Sequence[str]) -> str:
    """The name of a job that trains the models of these keys."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]


def run_job(
    configs: list[Config], recipe: Recipe, root: Path, max_bytes: int, scratch: Path
) -> JobResult:
    """A job, in the worker process: train, show progress in `scratch`, store.

    Goes on where it was paused before. Raises `TrainingCancelled` when a file "cancel" appears in
    `scratch`, or when the process that started this one is gone, and `TrainingPaused` for a file
    "pause", when all that the training needs to go on is in the store.
    """
    store = Store(root, max_bytes=max_bytes)
    name = job_name([model_key(config, recipe) for config in configs])
    parent = os.getppid()
    due = 0.0

    def on_snapshot(snapshot: Snapshot) -> None:
        nonlocal due
        if (scratch / "cancel").exists() or os.getppid() != parent:
            raise TrainingCancelled
        if (scratch / "pause").exists() and snapshot.step < snapshot.steps:
            _pause(store, name, scratch, snapshot, recipe)
        if snapshot.step and time.monotonic() >= due:
            start = time.monotonic()
            with suppress(OSError):  # a full disk must not stop a training
                write_atomically(scratch / "progress", _progress(snapshot, recipe), durable=False)
            end = time.monotonic()
            due = end + max(_WRITE_SECONDS, 10 * (end - start))  # large models show less often

    failures: dict[str, str] = {}
    resume = _read_checkpoint(store.paused(name))
    try:
        models = load_or_train(configs, recipe, store=store, resume=resume, on_snapshot=on_snapshot)
    except TrainingDiverged as error:
        lost = [c for c, model in zip(configs, error.models, strict=True) if model is None]
        failures = {
            model_key(c, recipe): reason for c, reason in zip(lost, error.reasons, strict=True)
        }
        models = [model for model in error.models if model]
    with suppress(OSError):
        store.paused(name).unlink(missing_ok=True)
    unsaved = [model for model in models if store.in_memory(model.config, recipe)]
    return JobResult(unsaved, failures, list(store.notes))


def pause_refused(scratch: Path) -> str:
    """Why a job could not be paused; "" where it was not asked to, or could."""
    try:
        return (scratch / _REFUSED).read_text()
    except OSError:
        return ""


def _pause(store: Store, name: str, scratch: Path, snapshot: Snapshot, recipe: Recipe) -> None:
    checkpoint = snapshot.checkpoint()
    try:
        store.put_paused(name, _progress(snapshot, recipe, checkpoint))
    except OSError as error:  # then it goes on, which loses nothing
        (scratch / "pause").unlink(missing_ok=True)
        (scratch / _REFUSED).write_text(f"It cannot be paused ({error.strerror}), so it goes on.")
        return
    raise TrainingPaused


def _progress(snapshot: Snapshot, recipe: Recipe, checkpoint: Checkpoint | None = None) -> bytes:
    tensors: dict[str, np.ndarray] = {}
    # The keys are those of what was asked for, whichever of its cycles is on.
    keys = [model_key(config, recipe) for config in snapshot.configs]
    about: dict[str, Any] = {
        "step": snapshot.step,
        "steps": snapshot.steps,
        "remaining": snapshot.remaining,
        "restarts": {},
        "together": len(keys),
    }
    for index, (key, config) in enumerate(zip(keys, snapshot.configs, strict=True)):
        history = snapshot.history(index)
        if not len(history.loss):
            continue  # it diverged in an earlier cycle
        restarts = range(len(history.loss))
        if 2 * config.n_features * config.n_neurons * len(restarts) > _ALL_RESTARTS:
            restarts = [history.leader]
        about["restarts"][key] = list(restarts)
        for restart in restarts:
            weights = snapshot.weights(index, restart)
            tensors |= {f"{key}.{restart}.{name}": getattr(weights, name) for name in _TENSORS}
        tensors |= {
            f"{key}.step": history.step,
            f"{key}.seconds": history.seconds,
            f"{key}.loss": np.ascontiguousarray(history.loss),
        }
    if checkpoint:
        tensors |= {_RUN + name: value for name, value in checkpoint.tensors.items()}
        about["run"] = {
            "keys": checkpoint.keys,
            "about": dict(checkpoint.about),
            "checksum": checkpoint.checksum,
        }
    return pack(tensors, about)


def read_progress(path: Path, last: tuple[float, Progress]) -> tuple[float, Progress]:
    """When a job last wrote its progress and what; `last` where there is nothing newer."""
    try:
        modified = path.stat().st_mtime
        if modified == last[0]:
            return last
        with safe_open(path, "np") as file:
            about = json.loads(file.metadata()["toymodel"])
            names = [name for name in file.keys() if not name.startswith(_RUN)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
        progress = Progress(
            state="running",
            step=about["step"],
            steps=about["steps"],
            remaining=about["remaining"],
            models={
                key: _live(tensors, key, restarts, about["together"])
                for key, restarts in about["restarts"].items()
            },
        )
    except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError):
        return last
    return modified, progress


def _live(tensors: dict[str, np.ndarray], key: str, restarts: list[int], together: int) -> Live:
    return Live(
        history=History(
            step=tensors[f"{key}.step"],
            seconds=tensors[f"{key}.seconds"],
            loss=tensors[f"{key}.loss"],
            together=together,
        ),
        weights={
            r: Weights(**{name: tensors[f"{key}.{r}.{name}"] for name in _TENSORS})
            for r in restarts
        },
    )


def _read_checkpoint(path: Path) -> Checkpoint | None:
    try:
        tensors, about = unpack(path.read_bytes())
        run = about["run"]
        state = {n.removeprefix(_RUN): v for n, v in tensors.items() if n.startswith(_RUN)}
        checkpoint = Checkpoint(run["keys"], state, run["about"])
        if checkpoint.checksum == run["checksum"]:
            return checkpoint
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        pass
    return None  # it is trained from the start then
