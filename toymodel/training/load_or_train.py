"""Training through the store: stored models are read, missing ones are trained and stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toymodel.config import Config, as_configs
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.recipe import Recipe, as_recipe
from toymodel.storage.checkpoint import Checkpoint
from toymodel.storage.store import Store, default_store
from toymodel.training.snapshot import Snapshot


def load_or_train(
    configs: Sequence[Config],
    recipe: Recipe | str | None = None,
    *,
    store: Store | None = None,
    resume: Checkpoint | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    device: str = "auto",
) -> list[Model]:
    """One model for each config: from the store if it is there, trained and stored if not.

    Missing models are trained together, and each is stored even if another one diverges. So are
    the models of each cycle of the recipe, so that a longer training can go on from there. Torch
    is imported only if something is missing.

    Args:
        configs: what to train.
        recipe: how: a recipe, or the name of a preset; the standard recipe unless given.
        store: the default store unless given.
        resume: the checkpoint of a paused training of the missing models. One of another training
            is ignored.
        on_snapshot: called with snapshots of the training, which are of the missing configs only.
        device: as in `train`.

    Returns:
        The models, in the order of the configs.

    Raises:
        TrainingDiverged: if all restarts of a config did. It has the models of the others.
        SettingError: for what is no config or recipe, for imported weights, and for a device that
            is not there.
    """
    configs, recipe = as_configs(configs), as_recipe(recipe)
    store = store or default_store()
    models = {config: store.get(config, recipe) for config in configs}
    missing = [config for config, model in models.items() if model is None]
    if missing:
        from toymodel.training.train import train, train_previous_cycles

        def train_cycles(
            recipe: Recipe, on_snapshot: Callable[[Snapshot], None] | None
        ) -> list[Model]:
            return load_or_train(
                missing, recipe, store=store, resume=resume, on_snapshot=on_snapshot, device=device
            )

        start = None
        if recipe.cycles > 1:
            start = train_previous_cycles(recipe, on_snapshot, train_cycles)
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
