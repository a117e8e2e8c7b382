"""The exceptions of training, in a module of their own so that catching them needs no torch."""

from __future__ import annotations

from toymodel.model import Model


class TrainingCancelled(Exception):
    """Raise it in `on_snapshot` to stop a training at once. The training returns nothing."""


class TrainingDiverged(RuntimeError):
    """All restarts of one config or more diverged.

    Attributes:
        models: one for each config, in order; None for a config that diverged.
        reasons: one sentence for each config that diverged, in order.
    """

    def __init__(self, models: list[Model | None], reasons: list[str]) -> None:
        self.models = models
        self.reasons = reasons
        super().__init__(" ".join(reasons))

    def __reduce__(self) -> tuple[type[TrainingDiverged], tuple[list[Model | None], list[str]]]:
        return type(self), (self.models, self.reasons)
