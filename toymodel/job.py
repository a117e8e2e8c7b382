"""One job, as the worker process runs it, and what it shows of its progress in files."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float32
from safetensors import SafetensorError

from toymodel.cached import load_or_train
from toymodel.config import Config, Recipe
from toymodel.errors import TrainingCancelled, TrainingDiverged
from toymodel.model import Model, Weights
from toymodel.model_file import model_key, pack, unpack, write_whole
from toymodel.store import Store

if TYPE_CHECKING:
    from toymodel.training import Snapshot


_WRITE_SECONDS = 0.25
State = Literal["waiting", "running", "failed"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a request stands.

    place: jobs ahead of it in the queue. losses and weights: by model key, as of the last
    snapshot; losses are (restart,) and NaN at first. remaining: seconds, NaN while unknown.
    """

    state: State
    place: int = 0
    step: int = 0
    steps: int = 0
    remaining: float = float("nan")
    losses: dict[str, Float32[np.ndarray, " restart"]] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
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


def run_job(
    configs: list[Config], recipe: Recipe, root: Path, max_bytes: int, scratch: Path
) -> JobResult:
    """A job, in the worker process: train, show progress in `scratch`, store.

    Raises `TrainingCancelled` when a file "cancel" appears in `scratch`, or when the process
    that started this one is gone.
    """
    store = Store(root, max_bytes=max_bytes)
    parent = os.getppid()
    due = 0.0

    def on_snapshot(snapshot: Snapshot) -> None:
        nonlocal due
        if (scratch / "cancel").exists() or os.getppid() != parent:
            raise TrainingCancelled
        if snapshot.step and time.monotonic() >= due:
            start = time.monotonic()
            _write_progress(scratch, recipe, snapshot)
            end = time.monotonic()
            due = end + max(_WRITE_SECONDS, 10 * (end - start))  # large models show less often

    failures: dict[str, str] = {}
    try:
        models = load_or_train(configs, recipe, store=store, on_snapshot=on_snapshot)
    except TrainingDiverged as error:
        lost = [c for c, model in zip(configs, error.models, strict=True) if model is None]
        failures = {
            model_key(c, recipe): reason for c, reason in zip(lost, error.reasons, strict=True)
        }
        models = [model for model in error.models if model]
    unsaved = [model for model in models if store.in_memory(model.config, recipe)]
    return JobResult(unsaved, failures, list(store.notes))


def _write_progress(scratch: Path, recipe: Recipe, snapshot: Snapshot) -> None:
    keys = [model_key(config, recipe) for config in snapshot.configs]
    tensors: dict[str, np.ndarray] = {}
    for index, key in enumerate(keys):
        weights = snapshot.weights(index)
        tensors |= {f"{key}.{name}": value for name, value in vars(weights).items()}
        tensors[f"{key}.losses"] = snapshot.losses[index]
    about = {
        "step": snapshot.step,
        "steps": snapshot.steps,
        "remaining": snapshot.remaining,
        "keys": keys,
    }
    with suppress(OSError):  # a full disk must not stop a training
        write_whole(scratch / "progress", pack(tensors, about), durable=False)


def read_progress(scratch: Path, last: tuple[float, Progress]) -> tuple[float, Progress]:
    """When a job last wrote its progress and what; `last` where there is nothing newer."""
    path = scratch / "progress"
    try:
        modified = path.stat().st_mtime
        if modified == last[0]:
            return last
        tensors, about = unpack(path.read_bytes())
    except (OSError, SafetensorError, KeyError, ValueError):
        return last
    names = ("W1", "W2", "b", "b_hidden")
    progress = Progress(
        state="running",
        step=about["step"],
        steps=about["steps"],
        remaining=about["remaining"],
        losses={key: tensors[f"{key}.losses"] for key in about["keys"]},
        weights={
            key: Weights(**{name: tensors[f"{key}.{name}"] for name in names})
            for key in about["keys"]
        },
    )
    return modified, progress
