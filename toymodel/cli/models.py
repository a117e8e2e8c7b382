"""Models for commands: trained ones with a progress bar, stored ones, and how they are printed."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
import numpy as np
from tqdm import tqdm

from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.analysis.sweep_table import sweep_table
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import Recipe
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store, default_store
from toymodel.text import number, one_line, percent
from toymodel.training.load_or_train import load_or_train
from toymodel.training.snapshot import Snapshot

_MAX_SHOWN_LOSSES = 8


def load_or_train_models(
    configs: list[Config], recipe: Recipe, quiet: bool, device: str
) -> tuple[list[Model], bool]:
    """The models from the default store, or trained with a progress bar.

    Returns:
        The models, and whether all of them are in the store now.
    """
    store = default_store()
    with progress_bar(recipe, quiet) as show:
        models = load_or_train(configs, recipe, store=store, on_snapshot=show, device=device)
    _print_notes(store)
    return models, not any(store.in_memory(model.config, model.recipe) for model in models)


@contextmanager
def progress_bar(recipe: Recipe, quiet: bool) -> Iterator[Callable[[Snapshot], None]]:
    """A bar of steps, with the losses of the first models beside it.

    Yields:
        A function to call with each snapshot.
    """
    with tqdm(total=recipe.total_steps, unit="step", disable=quiet or None, leave=False) as bar:

        def show(snapshot: Snapshot) -> None:
            bar.update(snapshot.step - bar.n)
            shown = range(min(len(snapshot.configs), _MAX_SHOWN_LOSSES))
            losses = [snapshot.history(i).lowest for i in shown]
            if np.isfinite(losses).any():
                bar.set_postfix_str("loss " + " ".join(f"{loss:.2g}" for loss in losses))

        yield show


def stored_models(
    configs: Sequence[Config], recipe: Recipe, preset: str, changes: Sequence[str]
) -> list[Model]:
    """The models from the default store.

    Args:
        configs: which models.
        recipe: how they were trained.
        preset: the --recipe of the command line.
        changes: the --set of the command line.

    Raises:
        click.ClickException: where one is missing. The message has the command that trains it.
    """
    store = default_store()
    found = {config: store.get(config, recipe) for config in configs}
    _print_notes(store)
    missing = [config for config, model in found.items() if model is None]
    if missing:
        config, which = missing[0], ",".join(number(c.feature_probability) for c in missing)
        sizes = {"-n": config.n_features, "-m": config.n_neurons, "-p": which}
        rest = {"-d": number(config.importance_decay), "-s": config.seed, "-r": preset}
        words = [str(part) for pair in (sizes | rest).items() for part in pair]
        words += ["--task", config.task] * (config.task != "abs")
        words += ["--hidden-bias"] * config.hidden_bias
        words += ["--activation", config.activation] * (config.activation != "relu")
        words += [word for change in changes for word in ("--set", change)]
        command = "train" if len(missing) == 1 else "sweep"
        raise click.ClickException(
            f"not in the store: n = {config.n_features}, m = {config.n_neurons}, "
            f"1 - S = {which}; train it with: python -m toymodel {command} {shlex.join(words)}"
        )
    return [model for model in found.values() if model]


def _print_notes(store: Store) -> None:
    for note in store.notes:
        click.echo(f"toymodel: {one_line(note)}", err=True)


def print_models(models: list[Model], as_json: bool) -> None:
    """Print a line for each model, or JSON."""
    table = sweep_table(models, Thresholds())
    if as_json:
        rows = [
            {
                "key": model_key(model.config, model.recipe),
                "config": model.config.model_dump(),
                "recipe": model.recipe.model_dump(),
                "trained_features": model.recipe.trained_features(model.config),
                **{k: v if not _missing(v) else None for k, v in row.items()},
            }
            for model, row in zip(models, table.to_dict("records"), strict=True)
        ]
        click.echo(json.dumps(rows))
        return
    click.echo(
        f"{'1 - S':>8}{'loss':>10}{'+-':>9}{'baseline':>11}{'gain':>7}  {' / '.join(CLASSES)}"
    )
    for row in table.to_dict("records"):
        counts = " / ".join(str(row[name]) for name in CLASSES)
        click.echo(
            f"{row['density']:>8g}{row['loss']:>10.3g}{row['loss_error']:>9.1g}"
            f"{row['no_superposition_loss']:>11.3g}{row['gain']:>7.2f}  {counts}"
        )
    _print_left_out(models)


def _print_left_out(models: list[Model]) -> None:
    n = models[0].config.n_features
    counts = [n - model.recipe.trained_features(model.config) for model in models]
    if any(counts):
        most = max(model.recipe.importance_left_out(model.config) for model in models)
        listed = ", ".join(f"{left:,}" for left in counts)
        share = percent(most) + (" at most" if len(models) > 1 else "")
        click.echo(
            f"left out of the training: {listed} of {n:,} features, with {share} of the "
            "importance; --set min_importance=0 trains all"
        )


def _missing(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
