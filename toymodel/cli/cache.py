"""The subcommand `cache`: what the store holds, and the shipped models."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
import numpy as np

from toymodel.cli.models import progress_bar
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import Recipe
from toymodel.storage.model_file import DamagedFile, OtherEngine, load_named, model_key
from toymodel.storage.store import Store, default_store
from toymodel.sweeps.run_grid import remember
from toymodel.sweeps.shipped import SHIPPED
from toymodel.sweeps.shipped_grids import SHIPPED_GRIDS


@click.command("cache")
@click.option("--clear", is_flag=True, help="Remove the models trained here, not the shipped ones.")
@click.option("--check", is_flag=True, help="Read every file, and list those that cannot be used.")
@click.option(
    "--ship",
    is_flag=True,
    help="Train the shipped models again, and print how much they differ from those before.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def cache_command(clear: bool, check: bool, ship: bool, as_json: bool) -> None:
    """Say what the store holds."""
    store = default_store()
    if ship:
        _ship(store, as_json)
        return
    removed = store.clear() if clear else 0
    damaged, other_engine = _unusable(store) if check else ([], [])
    counts = {
        kind.name: {
            "models": len(paths := [f for f in store.files() if f.parent == kind]),
            "bytes": sum(path.stat().st_size for path in paths),
        }
        for kind in (store.shipped, store.trained)
    }
    if as_json:
        about = {"folder": str(store.root), "max_bytes": store.max_bytes, **counts}
        click.echo(
            json.dumps(
                about | {"removed": removed, "damaged": damaged, "other_engine": other_engine}
            )
        )
    else:
        click.echo(f"{store.root}")
        for kind, count in counts.items():
            click.echo(f"  {kind}: {count['models']} models, {count['bytes'] / 2**20:.1f} MB")
        if clear:
            click.echo(f"  removed: {removed}")
        if other_engine:
            click.echo(
                f"  of other versions of the engine: {len(other_engine)}; they are not used, and "
                "go first when the space is needed"
            )
        if check:
            click.echo(f"  damaged: {', '.join(damaged) or 'none'}")
    if damaged:
        raise click.exceptions.Exit(1)


def _ship(store: Store, as_json: bool) -> None:
    rows: list[dict[str, object]] = []
    stored = True
    for configs, recipe in SHIPPED:
        old = [store.get(config, recipe) for config in configs]
        for before, model in zip(old, _train(configs, recipe, as_json), strict=True):
            stored &= store.put(model, shipped=True)
            apart = float(np.abs(model.W1 - before.W1).max()) if before else None
            rows.append(
                {
                    "key": model_key(model.config, recipe),
                    "density": model.config.feature_probability,
                    "loss": model.loss,
                    "loss_before": before.loss if before else None,
                    "largest_difference_in_W1": apart,
                }
            )
            if not as_json:
                was = f"{before.loss:.6g} before, W1 {apart:.2g} apart" if before else "new"
                click.echo(f"{rows[-1]['key']}  loss {model.loss:.6g}, {was}")
    for grid in SHIPPED_GRIDS:
        remember(grid, store, shipped=True)
    if as_json:
        click.echo(json.dumps(rows))
    if not stored:
        raise click.ClickException(" ".join(store.notes))


def _train(configs: Sequence[Config], recipe: Recipe, quiet: bool) -> list[Model]:
    from toymodel.training.train import train

    with progress_bar(recipe, quiet) as show:
        # On the processor: the shipped models are those of a machine without a GPU.
        return train(configs, recipe, on_snapshot=show, device="cpu")


def _unusable(store: Store) -> tuple[list[str], list[str]]:
    """The damaged files, and those of other versions of the engine."""
    damaged: list[str] = []
    other_engine: list[str] = []
    for path in store.files():
        try:
            load_named(path)
        except OtherEngine:
            other_engine.append(str(path))
        except DamagedFile:
            damaged.append(str(path))
    return damaged, other_engine
