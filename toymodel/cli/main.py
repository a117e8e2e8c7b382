"""The shell command: train one model or a sweep, draw them, and look after the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import numpy as np

from toymodel.cli.figures import figures_command
from toymodel.cli.motifs import motifs_command
from toymodel.cli.options import answer_options, device_option, model_options, recipe_of
from toymodel.cli.phase import phase_command
from toymodel.cli.sweep import sweep_command
from toymodel.cli.training import answer, progress_bar, run
from toymodel.config import Config, Recipe
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.settings import SettingError
from toymodel.storage.model_file import DamagedFile, load_named, model_key, save
from toymodel.storage.store import Store, default_store
from toymodel.sweeps.executors import NoCluster
from toymodel.sweeps.shipped import SHIPPED

if TYPE_CHECKING:
    pass


def main() -> None:
    """Run the command; bad input is one line on standard error and exit code 2."""
    try:
        code = cli(standalone_mode=False)  # click returns what `Exit` was raised with
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        raise SystemExit(error.exit_code) from None
    except click.Abort:
        _fail("stopped", 130)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except SettingError as error:
        _fail(str(error), 2)
    except (TrainingDiverged, NoCluster) as error:
        _fail(str(error), 1)
    except (OSError, ValueError) as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    raise SystemExit(code)


def _fail(message: str, code: int) -> NoReturn:
    click.echo("toymodel: " + " ".join(message.split()), err=True)
    raise SystemExit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Small ReLU networks that compute |x| in superposition (Elhage et al., 2022)."""


@cli.command()
@model_options
@answer_options
@device_option
@click.option("--density", "-p", default=1.0, show_default=True, help="Feature probability 1 - S.")
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Also write the model here.")
def train(
    density: float,
    out: Path | None,
    changes: Sequence[str],
    preset: str,
    as_json: bool,
    quiet: bool,
    device: str,
    **fields: Any,
) -> None:
    """Train one model, or read it from the store."""
    config = Config(feature_probability=density, **fields)
    recipe = recipe_of(preset, changes)
    if out and not out.resolve().parent.is_dir():
        raise click.BadParameter(f"{out.parent} is not a folder", param_hint="--out")
    if out and out.is_dir():
        raise click.BadParameter(f"{out} is a folder, not a file", param_hint="--out")
    models = run([config], recipe, quiet or as_json, device)
    if out:
        save(models[0], out)
    answer(models, as_json)


cli.add_command(figures_command)
cli.add_command(motifs_command)
cli.add_command(phase_command)
cli.add_command(sweep_command)


@cli.command()
@click.option("--clear", is_flag=True, help="Remove the models trained here, not the shipped ones.")
@click.option("--check", is_flag=True, help="Read every file and say which are damaged.")
@click.option(
    "--ship", is_flag=True, help="Train the shipped models anew, and say how far they are apart."
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def cache(clear: bool, check: bool, ship: bool, as_json: bool) -> None:
    """Say what the store holds."""
    store = default_store()
    if ship:
        _answer_ship(store, as_json)
        return
    removed = store.clear() if clear else 0
    damaged = [str(path) for path in store.files() if check and not _sound(path)]
    counts = {
        kind.name: {
            "models": len(paths := [f for f in store.files() if f.parent == kind]),
            "bytes": sum(path.stat().st_size for path in paths),
        }
        for kind in (store.shipped, store.trained)
    }
    if as_json:
        about = {"folder": str(store.root), "max_bytes": store.max_bytes, **counts}
        click.echo(json.dumps(about | {"removed": removed, "damaged": damaged}))
    else:
        click.echo(f"{store.root}")
        for kind, count in counts.items():
            click.echo(f"  {kind}: {count['models']} models, {count['bytes'] / 2**20:.1f} MB")
        if clear:
            click.echo(f"  removed: {removed}")
        if check:
            click.echo(f"  damaged: {', '.join(damaged) or 'none'}")
    if damaged:
        raise click.exceptions.Exit(1)


def _answer_ship(store: Store, as_json: bool) -> None:
    rows: list[dict[str, object]] = []
    for configs, recipe in SHIPPED:
        old = [store.get(config, recipe) for config in configs]
        for before, model in zip(old, _train(configs, recipe, as_json), strict=True):
            store.put(model, shipped=True)
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
    if as_json:
        click.echo(json.dumps(rows))


def _train(configs: Sequence[Config], recipe: Recipe, quiet: bool) -> list[Model]:
    from toymodel.training.train import train

    with progress_bar(recipe, quiet) as show:
        # What is shipped is what a machine without a GPU gives.
        return train(configs, recipe, on_snapshot=show, device="cpu")


def _sound(path: Path) -> bool:
    try:
        load_named(path)
    except DamagedFile:
        return False
    return True
