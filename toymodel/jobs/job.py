"""One job, as the worker process runs it, and the file that shows its progress."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from toymodel.config import Activation, Config
from toymodel.errors import TrainingCancelled, TrainingDiverged
from toymodel.jobs.failure import Kind
from toymodel.model import History, Model, Weights
from toymodel.recipe import Recipe
from toymodel.storage.checkpoint import Checkpoint, TrainingPaused
from toymodel.storage.model_file import ENGINE_VERSION, model_key
from toymodel.storage.store import Store
from toymodel.storage.tensor_file import pack, unpack, write_atomically
from toymodel.text import refusal
from toymodel.training.load_or_train import load_or_train
from toymodel.training.snapshot import Snapshot

_MIN_WRITE_SECONDS = 0.25
_MAX_SHOWN_WEIGHTS = 2_000_000  # of all restarts of a config; beyond, only the leader's are shown
_MAX_HEADER = 2**26  # bytes of the header of a paused training, which may be of many models
_CHECKPOINT_PREFIX = "run."
_PAUSE_REFUSED = "refused"
_TENSORS = ("W1", "W2", "b", "b_hidden")

State = Literal["waiting", "running", "paused", "failed"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Live:
    """A model in training.

    Attributes:
        history: its losses so far.
        weights: by restart; of large models only those of the leading one.
    """

    history: History
    weights: dict[int, Weights]

    @property
    def leading(self) -> Weights:
        """The weights of the restart with the lowest loss so far."""
        return self.weights[self.history.leader]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The state of the training that a request asked for.

    Attributes:
        state: "waiting" in the queue, "running", "paused" or "failed".
        place: how many jobs are ahead of it in the queue.
        step: steps done, of all cycles.
        steps: steps in all; 0 while unknown.
        remaining: seconds; NaN while unknown.
        models: by model key, as of the last snapshot.
        message: why it failed, or why it could not be paused.
        failure: what kind of failure that was; None where there was none.
        owner: who paused it, as `JobManager.pause` was told; empty where nobody knows.
    """

    state: State
    place: int = 0
    step: int = 0
    steps: int = 0
    remaining: float = float("nan")
    models: dict[str, Live] = field(default_factory=dict)
    message: str = ""
    failure: Kind | None = None
    owner: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")


@dataclass(frozen=True)
class JobResult:
    """What a job could not leave in the store.

    Attributes:
        unsaved: models that could not be written.
        failures: why others were not trained, by model key.
        notes: what the store has to say.
        seconds: how long the training took; 0 where it was not one cycle from its start.
    """

    unsaved: list[Model]
    failures: dict[str, str]
    notes: list[str]
    seconds: float = 0.0


def job_name(keys: Sequence[str]) -> str:
    """The name of the job that trains the models with these keys: 32 hexadecimal digits."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]


def run_job(
    configs: list[Config], recipe: Recipe, root: Path, max_bytes: int, scratch: Path
) -> JobResult:
    """Run a job in the worker process: train, show the progress, store the models.

    A training that was paused goes on from its checkpoint.

    Args:
        configs: what to train; a config of which the store has the model is not trained.
        recipe: how.
        root: the folder of the store.
        max_bytes: how large the store may become.
        scratch: a folder for this job. The progress is written there; a file "cancel" or "pause"
            in it stops the training. The latter says who paused it.

    Raises:
        TrainingCancelled: when a file "cancel" appears.
        TrainingPaused: when a file "pause" appears, after the checkpoint is in the store. Where it
            cannot be written the training goes on, and `pause_refused` says why.
    """
    store = Store(root, max_bytes=max_bytes)
    name = job_name([model_key(config, recipe) for config in configs])
    due = 0.0

    def on_snapshot(snapshot: Snapshot) -> None:
        nonlocal due
        if (scratch / "cancel").exists():
            raise TrainingCancelled
        if (scratch / "pause").exists() and snapshot.step < snapshot.steps:
            _pause(store, name, scratch, snapshot, recipe)
        if snapshot.step and time.monotonic() >= due:
            start = time.monotonic()
            with suppress(OSError):  # a full disk must not stop a training
                scratch.mkdir(parents=True, exist_ok=True)  # the system may have cleaned it up
                write_atomically(scratch / "progress", _progress(snapshot, recipe), durable=False)
            end = time.monotonic()
            due = end + max(_MIN_WRITE_SECONDS, 10 * (end - start))  # large models show less often

    import toymodel.training.train  # noqa: F401  # it takes seconds, and is not training

    failures: dict[str, str] = {}
    resume = _read_checkpoint(store.paused(name))
    began = time.monotonic()
    try:
        models = load_or_train(configs, recipe, store=store, resume=resume, on_snapshot=on_snapshot)
    except TrainingDiverged as error:
        lost = [c for c, model in zip(configs, error.models, strict=True) if model is None]
        failures = {
            model_key(c, recipe): reason for c, reason in zip(lost, error.reasons, strict=True)
        }
        models = [model for model in error.models if model]
    whole = resume is None and recipe.cycles == 1 and not failures
    seconds = time.monotonic() - began if whole else 0.0
    with suppress(OSError):
        store.paused(name).unlink(missing_ok=True)
    unsaved = [model for model in models if store.in_memory(model.config, recipe)]
    return JobResult(unsaved, failures, list(store.notes), seconds)


def pause_refused(scratch: Path) -> str:
    """Why a job could not be paused; "" where it could, or was not asked to."""
    try:
        return (scratch / _PAUSE_REFUSED).read_text(
            encoding="utf-8"
        ) or "It cannot be paused, so it goes on."
    except OSError:
        return ""


def pause_refusal(error: OSError) -> str:
    """Why a training is not paused, in a sentence."""
    return f"It cannot be paused ({refusal(error)}), so it goes on."


def _pause(store: Store, name: str, scratch: Path, snapshot: Snapshot, recipe: Recipe) -> None:
    checkpoint = snapshot.checkpoint()
    # What somebody else went on with still belongs to who paused it first.
    owner = paused_owner(store, name) or (scratch / "pause").read_text(encoding="utf-8")
    try:
        store.put_paused(name, _progress(snapshot, recipe, checkpoint, owner))
    except OSError as error:  # it goes on then, so that nothing is lost
        with suppress(OSError):  # a full disk may have no space for a new file, nor for its text
            (scratch / "pause").replace(scratch / _PAUSE_REFUSED)
            (scratch / _PAUSE_REFUSED).write_text(pause_refusal(error), encoding="utf-8")
        return
    raise TrainingPaused


def paused_owner(store: Store, name: str) -> str:
    """Who paused a training; "" where it is not paused or nobody knows."""
    return read_progress(store.paused(name), (0.0, Progress(state="running")))[1].owner


def _progress(
    snapshot: Snapshot, recipe: Recipe, checkpoint: Checkpoint | None = None, owner: str = ""
) -> bytes:
    tensors: dict[str, np.ndarray] = {}
    # Keys of the whole recipe, whichever of its cycles is running.
    keys = [model_key(config, recipe) for config in snapshot.configs]
    about: dict[str, Any] = {
        "step": snapshot.step,
        "steps": snapshot.steps,
        "remaining": snapshot.remaining,
        "restarts": {},
        "activations": {k: c.activation for k, c in zip(keys, snapshot.configs, strict=True)},
        "together": len(keys),
        "owner": owner,
        "versions": {"engine": str(ENGINE_VERSION)},
    }
    for index, (key, config) in enumerate(zip(keys, snapshot.configs, strict=True)):
        history = snapshot.history(index)
        if not len(history.loss):
            continue  # it diverged in an earlier cycle
        restarts = range(len(history.loss))
        if 2 * config.n_features * config.n_neurons * len(restarts) > _MAX_SHOWN_WEIGHTS:
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
        tensors |= {_CHECKPOINT_PREFIX + name: value for name, value in checkpoint.tensors.items()}
        about["run"] = {
            "keys": checkpoint.keys,
            "about": dict(checkpoint.about),
            "checksum": checkpoint.checksum,
        }
    return pack(tensors, about)


def read_progress(path: Path, last: tuple[float, Progress]) -> tuple[float, Progress]:
    """The progress that a job has written.

    Args:
        path: the file.
        last: what the call before returned.

    Returns:
        When the file was written, and the progress; `last` where there is nothing newer.
    """
    try:
        modified = path.stat().st_mtime
        if modified == last[0]:
            return last
        with safe_open(path, "np") as file:
            about = json.loads(file.metadata()["toymodel"])
            names = [name for name in file.keys() if not name.startswith(_CHECKPOINT_PREFIX)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
        progress = Progress(
            state="running",
            step=about["step"],
            steps=about["steps"],
            remaining=about["remaining"],
            owner=about.get("owner", ""),
            models={
                key: _live(
                    tensors,
                    key,
                    restarts,
                    activation=about["activations"][key],
                    together=about["together"],
                )
                for key, restarts in about["restarts"].items()
            },
        )
    except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError):
        return last
    return modified, progress


def _live(
    tensors: dict[str, np.ndarray],
    key: str,
    restarts: list[int],
    *,
    activation: Activation,
    together: int,
) -> Live:
    return Live(
        history=History(
            step=tensors[f"{key}.step"],
            seconds=tensors[f"{key}.seconds"],
            loss=tensors[f"{key}.loss"],
            together=together,
        ),
        weights={
            r: Weights(
                **{name: tensors[f"{key}.{r}.{name}"] for name in _TENSORS}, activation=activation
            )
            for r in restarts
        },
    )


def _read_checkpoint(path: Path) -> Checkpoint | None:
    try:
        tensors, about = unpack(path.read_bytes(), max_header=_MAX_HEADER)
        run = about["run"]
        state = {
            n.removeprefix(_CHECKPOINT_PREFIX): v
            for n, v in tensors.items()
            if n.startswith(_CHECKPOINT_PREFIX)
        }
        checkpoint = Checkpoint(run["keys"], state, run["about"])
        if checkpoint.checksum == run["checksum"]:
            return checkpoint
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        pass
    return None  # the training begins anew
