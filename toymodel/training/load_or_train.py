"""Training through the store: what is there is read, what is missing is trained and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from toymodel.config import Config, Recipe, require_trained
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.storage.checkpoint import Checkpoint
from toymodel.storage.store import Store, default_store

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot


def load_or_train(
    configs: Sequence[Config],
    recipe: Recipe | None = None,
    *,
    store: Store | None = None,
    resume: Checkpoint | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    device: str = "auto",
) -> list[Model]:
    """One model a config, in order, from the store where it has them.

    Imports torch only if something is missing. The missing ones are trained together, and each
    that comes out is stored even if another one fails; so is what each cycle of the recipe leaves,
    so that training longer goes on from there. `on_snapshot` is called while they train, about the
    missing configs only. resume: goes on where their training was paused. device: as in `train`.

    Raises `TrainingDiverged`, whose `models` go with `configs`, and `SettingError` for weights
    from elsewhere.
    """
    recipe = recipe or Recipe()
    require_trained(recipe)
    store = store or default_store()
    models = {config: store.get(config, recipe) for config in configs}
    missing = [config for config, model in models.items() if model is None]
    if missing:
        from toymodel.training.train import earlier_cycles, train

        def earlier(recipe: Recipe, show: Callable[[Snapshot], None] | None) -> list[Model]:
            return load_or_train(
                missing, recipe, store=store, resume=resume, on_snapshot=show, device=device
            )

        start = earlier_cycles(recipe, on_snapshot, earlier) if recipe.cycles > 1 else None
        if resume and not resume.fits(missing, recipe):
            resume = None
        try:
            trained = train(
                missing,
                recipe,
                start=start,
                resume=resume,
                on_snapshot=on_snapshot,
                device=device,
            )
            models |= zip(missing, trained, strict=True)
        except TrainingDiverged as error:
            models |= zip(missing, error.models, strict=True)
            raise TrainingDiverged([models[c] for c in configs], error.reasons) from None
        finally:
            for config in missing:
                if model := models[config]:
                    store.put(model)
    return [model for config in configs if (model := models[config])]
