"""How a training can end without its models; here so that catching them needs no torch."""

from __future__ import annotations

from toymodel.model import Model


class TrainingCancelled(Exception):
    """Raise it in `on_snapshot` to stop a training: within a step, and nothing is returned."""


class TrainingDiverged(RuntimeError):
    """All restarts of some configs diverged.

    models: one entry a config, in order; None for those that diverged. What did train is here.
    """

    def __init__(self, models: list[Model | None], reasons: list[str]) -> None:
        self.models = models
        self.reasons = reasons
        super().__init__(" ".join(reasons))

    def __reduce__(self) -> tuple[type[TrainingDiverged], tuple[list[Model | None], list[str]]]:
        return type(self), (self.models, self.reasons)
