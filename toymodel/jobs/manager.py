"""The queue of trainings that all visitors of a dashboard share: progress, pause, cancel.

A job trains some configs with one recipe. Its progress and the orders to stop are files in a
scratch folder. So any `concurrent.futures` executor can run it whose workers see the same folders:
`WorkerExecutor` on this machine, or that of a cluster.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toymodel.config import Config
from toymodel.jobs.failure import Failure
from toymodel.jobs.job import (
    JobResult,
    Progress,
    job_name,
    pause_refusal,
    pause_refused,
    paused_owner,
    read_progress,
    run_job,
)
from toymodel.jobs.limits import Limits, Refused
from toymodel.jobs.live import LiveBudget
from toymodel.jobs.pace import Pace
from toymodel.jobs.scratch import Scratch, sweep_scratch
from toymodel.recipe import Recipe
from toymodel.storage.checkpoint import TrainingPaused
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.text import refusal

_MAX_PAUSED_SEEN = 8
_MAX_FAILURES = 1_000
_GRACE_SECONDS = 0.35  # from asking a training to stop to killing its process


@dataclass(kw_only=True, eq=False)
class _Job:
    configs: list[Config]
    recipe: Recipe
    keys: list[str]
    scratch: Path
    visitors: set[str]
    future: Future[Any]
    stopping: bool = False
    cancelled: bool = False
    refused: str = ""
    owners: Collection[str] = ()  # of whoever cancelled it
    snapshot: tuple[float, Progress] = (0.0, Progress(state="running"))


class JobManager:
    """Takes requests for models, trains each missing model once, and reports the progress.

    A model that several visitors or requests ask for is in one job only.

    Args:
        store: where models are read and written.
        executor: runs the jobs.
        limits: what is refused; those of `Limits()` unless given.
        present: whether a visitor is still there. A job goes on after a cancellation while other
            visitors who asked for it are present.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        limits: Limits | None = None,
        present: Callable[[str], bool] = lambda visitor: True,
    ) -> None:
        self._present = present
        self.store = store
        self.executor = executor
        self.limits = limits or Limits()
        sweep_scratch()
        self._scratch = Scratch()
        self.pace = Pace()
        self.budget = LiveBudget(self.limits.live_seconds)
        self._jobs: OrderedDict[int, _Job] = OrderedDict()
        self._paused_seen: OrderedDict[str, tuple[float, Progress]] = OrderedDict()
        self._failures: OrderedDict[str, Failure] = OrderedDict()
        self._count = 0
        self._closing = False
        self._lock = threading.RLock()

    def request(self, configs: Sequence[Config], recipe: Recipe, visitor: str) -> None:
        """Queue a job for the models that are neither stored nor in another job.

        Raises:
            Refused: beyond the limits, when the queue is full, and where the system refuses it.
        """
        with self._lock:
            missing = self._missing(configs, recipe)
            by_key = self._active()
            fresh = [c for c in missing if model_key(c, recipe) not in by_key]
            if fresh:
                self.limits.check(fresh, recipe)
            if fresh and len(self._jobs) >= self.limits.queue:
                raise Refused(
                    f"{len(self._jobs)} trainings wait already, which is all that this copy takes."
                    " Try again in a little while, or run toymodel on your own machine."
                )
            for config in missing:
                if job := by_key.get(model_key(config, recipe)):
                    job.visitors.add(visitor)
            if fresh:
                self._start(fresh, recipe, visitor)

    def request_live(self, configs: Sequence[Config], recipe: Recipe, visitor: str) -> bool:
        """Queue the same because a setting was changed, if the visitor's budget allows it.

        Returns:
            Whether it does.

        Raises:
            Refused: as in `request`.
        """
        seconds = self.estimate(configs, recipe)
        if not self.budget.allows(visitor, seconds):
            return False
        self.request(configs, recipe, visitor)
        self.budget.charge(visitor, seconds)
        return True

    def estimate(self, configs: Sequence[Config], recipe: Recipe) -> float:
        """About how many seconds the training of the missing models will take on this machine."""
        missing = self._missing(configs, recipe)
        cycles = recipe.cycles
        for done in range(recipe.cycles - 1, 0, -1):
            if not self._missing(missing, recipe.replace(cycles=done)):
                cycles -= done
                break
        return self.pace.seconds(missing, recipe, cycles)

    def _missing(self, configs: Sequence[Config], recipe: Recipe) -> list[Config]:
        return [c for c in dict.fromkeys(configs) if not self.store.has(c, recipe)]

    def progress(self, configs: Sequence[Config], recipe: Recipe) -> Progress | None:
        """The state of the training of these configs; None if there is none.

        A failure is reported until the same model is requested again.
        """
        keys = [model_key(config, recipe) for config in configs]
        with self._lock:
            order = list(self._jobs.values())
            wanted = [job for job in order if set(job.keys) & set(keys)]
            failure = next((self._failures[key] for key in keys if key in self._failures), None)
        if not wanted:
            paused = self._paused(self._name(configs, recipe))
            if paused:
                return (
                    replace(paused, message=failure.message, failure=failure.kind)
                    if failure
                    else paused
                )
            if failure is None:
                return None
            return Progress(state="failed", message=failure.message, failure=failure.kind)
        for job in wanted:
            job.snapshot = read_progress(job.scratch / "progress", job.snapshot)
        parts = [job.snapshot[1] for job in wanted]
        running = [part for part in parts if part.steps]
        shown = max(running, key=lambda part: part.steps - part.step) if running else parts[0]
        return Progress(
            state="running" if any(job.future.running() for job in wanted) else "waiting",
            place=order.index(wanted[0]),
            step=shown.step,
            steps=shown.steps or wanted[0].recipe.total_steps,
            remaining=shown.remaining if len(running) == len(parts) else float("nan"),
            models={key: value for part in parts for key, value in part.models.items()},
            message=" ".join(
                filter(None, (job.refused or pause_refused(job.scratch) for job in wanted))
            ),
        )

    def _name(self, configs: Sequence[Config], recipe: Recipe) -> str:
        """The name of the job that a request for these configs would start."""
        return job_name([model_key(config, recipe) for config in self._missing(configs, recipe)])

    def _paused(self, name: str) -> Progress | None:
        path = self.store.paused(name)
        if not path.exists():
            return None
        with self._lock:
            last = self._paused_seen.pop(name, (0.0, Progress(state="running")))
        found = read_progress(path, last)
        with self._lock:
            self._paused_seen[name] = found
            while len(self._paused_seen) > _MAX_PAUSED_SEEN:
                self._paused_seen.popitem(last=False)
        return replace(found[1], state="paused") if found[1].steps else None

    def pause(
        self, configs: Sequence[Config], recipe: Recipe, visitor: str, owner: str = ""
    ) -> int:
        """Stop the training of these configs so that a later request goes on with it.

        A job that waits leaves the queue. Where the checkpoint cannot be written, the training
        goes on, and its progress says why.

        Args:
            configs: what is trained.
            recipe: how.
            visitor: who pauses it.
            owner: the only one who may discard it later, in a name that outlives the visit.

        Returns:
            How many jobs go on, because other visitors wait for them or because they train other
            configs as well.
        """
        released, others = self._release(configs, recipe, visitor, whole=True)
        for job in released:
            try:
                _order(job, "pause", owner)
            except OSError as error:
                if not job.future.cancel():
                    job.refused, job.stopping, job.visitors = pause_refusal(error), False, {visitor}
            else:
                job.future.cancel()
        return others

    def cancel(
        self,
        configs: Sequence[Config],
        recipe: Recipe,
        visitor: str,
        owners: Collection[str] = (),
        *,
        kill: bool = True,
    ) -> int:
        """Stop the training of these configs, and forget a checkpoint that is the visitor's.

        Args:
            configs: what is trained.
            recipe: how.
            visitor: who cancels it.
            owners: by which names the visitor may have paused it. A checkpoint without an owner
                is anybody's.
            kill: whether the process is ended where it does not stop soon. The next training then
                waits for a new one.

        Returns:
            How many jobs go on, because other visitors wait for them.
        """
        released, others = self._release(configs, recipe, visitor)
        for job in released:
            job.owners = ("", *owners)
            self._forget(job_name(job.keys), job.owners)
            self._stop(job, kill=kill)
        if not others:
            self._forget(self._name(configs, recipe), ("", *owners))
        return others

    def _forget(self, name: str, owners: Collection[str]) -> None:
        if paused_owner(self.store, name) in owners:
            with suppress(OSError):
                self.store.paused(name).unlink(missing_ok=True)

    def _stop(self, job: _Job, *, kill: bool = True) -> None:
        job.cancelled = True
        with suppress(OSError):
            _order(job, "cancel")
        if not job.future.cancel() and kill:
            end_worker = getattr(self.executor, "kill", None)
            if end_worker:
                threading.Timer(_GRACE_SECONDS, end_worker, (job.future,)).start()

    def _release(
        self, configs: Sequence[Config], recipe: Recipe, visitor: str, *, whole: bool = False
    ) -> tuple[list[_Job], int]:
        """Take a visitor off the jobs of these configs.

        Args:
            configs: whose jobs.
            recipe: by which they are trained.
            visitor: who no longer waits.
            whole: whether to leave out jobs that train other configs as well.

        Returns:
            The jobs that nobody waits for any more, which are to stop; and how many go on.
        """
        keys = {model_key(config, recipe) for config in configs}
        with self._lock:
            wanted = [job for job in self._jobs.values() if keys & set(job.keys)]
            left = [job for job in wanted if not whole or set(job.keys) <= keys]
            for job in left:
                job.visitors = {v for v in job.visitors - {visitor} if self._present(v)}
            released = [job for job in left if not job.visitors]
            for job in released:
                job.stopping = True  # a new request gets a new job
        return released, len(wanted) - len(released)

    def close(self) -> None:
        """Stop all jobs and shut the executor down. Checkpoints stay, for the next server."""
        with self._lock:
            jobs = list(self._jobs.values())
        self._closing = True
        for job in jobs:
            job.stopping = True
            self._stop(job)
        self.executor.shutdown(wait=True)
        self._scratch.close()

    def _active(self) -> dict[str, _Job]:
        active = [
            job for job in self._jobs.values() if not job.stopping or pause_refused(job.scratch)
        ]
        return {key: job for job in active for key in job.keys}

    def _start(self, configs: list[Config], recipe: Recipe, visitor: str) -> None:
        self._count += 1
        number = self._count
        try:
            scratch = self._scratch.folder(str(number))
        except OSError as error:
            raise Refused(
                f"The system refuses a folder for this training: {refusal(error)}. Try again later."
            ) from None
        keys = [model_key(config, recipe) for config in configs]
        for key in keys:
            self._failures.pop(key, None)
        future = self.executor.submit(
            run_job, configs, recipe, self.store.root, self.store.max_bytes, scratch
        )
        self._jobs[number] = _Job(
            configs=configs,
            recipe=recipe,
            keys=keys,
            scratch=scratch,
            visitors={visitor},
            future=future,
        )
        future.add_done_callback(lambda future: self._finish(number, future))

    def _finish(self, number: int, future: Future[Any]) -> None:
        with self._lock:
            job = self._jobs[number]
            failures: dict[str, Failure] = {}
            try:
                result: JobResult = future.result()
                self.pace.learn(job.configs, job.recipe, result.seconds)
                for model in result.unsaved:
                    self.store.put_in_memory(model)
                self.store.notes.extend(n for n in result.notes if n not in self.store.notes)
                failures = {key: Failure("diverged", r) for key, r in result.failures.items()}
            except (CancelledError, TrainingPaused):
                pass
            except Exception as error:
                if not job.cancelled:
                    failures = dict.fromkeys(job.keys, Failure.of(error))
            self._failures |= failures
            while len(self._failures) > _MAX_FAILURES:
                self._failures.popitem(last=False)
            if job.cancelled and not self._closing:
                self._forget(job_name(job.keys), job.owners)  # it may have been pausing
            del self._jobs[number]
        shutil.rmtree(job.scratch, ignore_errors=True)


def _order(job: _Job, order: str, text: str = "") -> None:
    job.scratch.mkdir(parents=True, exist_ok=True)  # the system may have cleaned it up
    (job.scratch / order).write_text(text, encoding="utf-8")
