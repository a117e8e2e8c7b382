"""Training from the shell: the progress bar, and the table that answers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import numpy as np
from tqdm import tqdm

from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.analysis.sweep_table import sweep_table
from toymodel.config import Config, Recipe
from toymodel.model import Model
from toymodel.storage.model_file import model_key
from toymodel.storage.store import default_store
from toymodel.training.load_or_train import load_or_train

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot


def run(configs: list[Config], recipe: Recipe, quiet: bool, device: str) -> list[Model]:
    """Models from the store or from training, with what the store has to say."""
    store = default_store()
    with progress_bar(recipe, quiet) as show:
        models = load_or_train(configs, recipe, store=store, on_snapshot=show, device=device)
    for note in store.notes:
        click.echo(f"toymodel: {note}", err=True)
    return models


@contextmanager
def progress_bar(recipe: Recipe, quiet: bool) -> Iterator[Callable[[Snapshot], None]]:
    """A bar of steps with losses beside it, as what is called with snapshots."""
    with tqdm(total=recipe.total_steps, unit="step", disable=quiet or None, leave=False) as bar:

        def show(snapshot: Snapshot) -> None:
            bar.update(snapshot.step - bar.n)
            losses = [snapshot.history(i).lowest for i in range(min(len(snapshot.configs), 8))]
            if np.isfinite(losses).any():
                bar.set_postfix_str("loss " + " ".join(f"{loss:.2g}" for loss in losses))

        yield show


def answer(models: list[Model], as_json: bool) -> None:
    """Print one line a model, or JSON."""
    table = sweep_table(models, Thresholds())
    if as_json:
        rows = [
            {
                "key": model_key(model.config, model.recipe),
                "config": model.config.model_dump(),
                "recipe": model.recipe.model_dump(),
                **{k: v if not _missing(v) else None for k, v in row.items()},
            }
            for model, row in zip(models, table.to_dict("records"), strict=True)
        ]
        click.echo(json.dumps(rows))
        return
    click.echo(
        f"{'1 - S':>8}{'loss':>10}{'+-':>9}{'yardstick':>11}{'gain':>7}  {' / '.join(CLASSES)}"
    )
    for row in table.to_dict("records"):
        counts = " / ".join(str(row[name]) for name in CLASSES)
        click.echo(
            f"{row['density']:>8g}{row['loss']:>10.5f}{row['loss_error']:>9.5f}"
            f"{row['no_superposition_loss']:>11.5f}{row['gain']:>7.2f}  {counts}"
        )


def _missing(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
