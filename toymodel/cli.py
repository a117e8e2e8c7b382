"""The shell command: train one model or a sweep, draw them, and look after the store."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import numpy as np
from tqdm import tqdm

from toymodel.cached import load_or_train
from toymodel.cli_figures import figures_command
from toymodel.cli_motifs import motifs_command
from toymodel.cli_options import answer_options, model_options, numbers, recipe_of
from toymodel.cli_phase import phase_command
from toymodel.config import Config, Recipe
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.model_file import DamagedFile, load_named, model_key, save
from toymodel.polysemanticity import CLASSES, Thresholds
from toymodel.settings import SettingError
from toymodel.shipped import SHIPPED
from toymodel.store import Store, default_store
from toymodel.sweep import PAPER_DENSITIES, sweep
from toymodel.sweep_table import sweep_table

if TYPE_CHECKING:
    from toymodel.training import Snapshot


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
    except TrainingDiverged as error:
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
@click.option("--density", "-p", default=1.0, show_default=True, help="Feature probability 1 - S.")
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Also write the model here.")
def train(
    density: float,
    out: Path | None,
    changes: Sequence[str],
    preset: str,
    as_json: bool,
    quiet: bool,
    **fields: Any,
) -> None:
    """Train one model, or read it from the store."""
    config = Config(feature_probability=density, **fields)
    recipe = recipe_of(preset, changes)
    if out and not out.resolve().parent.is_dir():
        raise click.BadParameter(f"{out.parent} is not a folder", param_hint="--out")
    if out and out.is_dir():
        raise click.BadParameter(f"{out} is a folder, not a file", param_hint="--out")
    models = _run([config], recipe, quiet or as_json)
    if out:
        save(models[0], out)
    _answer(models, as_json)


@cli.command("sweep")
@model_options
@answer_options
@click.option(
    "--densities",
    "-p",
    default=",".join(f"{p:g}" for p in PAPER_DENSITIES),
    show_default=True,
    help="Feature probabilities 1 - S, with commas, up to 12.",
)
def sweep_command(
    densities: str, changes: Sequence[str], preset: str, as_json: bool, quiet: bool, **fields: Any
) -> None:
    """Train the same model at several densities, as in the paper's figure."""
    base = Config(**fields)
    configs = sweep(base, numbers("densities", densities))
    _answer(_run(configs, recipe_of(preset, changes), quiet or as_json), as_json)


cli.add_command(figures_command)
cli.add_command(motifs_command)
cli.add_command(phase_command)


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
    from toymodel.training import train

    with _progress_bar(recipe, quiet) as show:
        return train(configs, recipe, on_snapshot=show)


def _sound(path: Path) -> bool:
    try:
        load_named(path)
    except DamagedFile:
        return False
    return True


def _run(configs: list[Config], recipe: Recipe, quiet: bool) -> list[Model]:
    store = default_store()
    with _progress_bar(recipe, quiet) as show:
        models = load_or_train(configs, recipe, store=store, on_snapshot=show)
    for note in store.notes:
        click.echo(f"toymodel: {note}", err=True)
    return models


@contextmanager
def _progress_bar(recipe: Recipe, quiet: bool) -> Iterator[Callable[[Snapshot], None]]:
    with tqdm(total=recipe.total_steps, unit="step", disable=quiet or None, leave=False) as bar:

        def show(snapshot: Snapshot) -> None:
            bar.update(snapshot.step - bar.n)
            losses = [snapshot.history(i).lowest for i in range(min(len(snapshot.configs), 8))]
            if np.isfinite(losses).any():
                bar.set_postfix_str("loss " + " ".join(f"{loss:.2g}" for loss in losses))

        yield show


def _answer(models: list[Model], as_json: bool) -> None:
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
