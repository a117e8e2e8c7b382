"""The subcommand `sweep`: several densities side by side, or a grid of settings from a file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from toymodel.cli.models import load_or_train_models, print_models
from toymodel.cli.options import (
    answer_options,
    densities_of,
    densities_option,
    device_option,
    given_options,
    model_options,
    recipe_fields,
    recipe_of,
)
from toymodel.config import Config
from toymodel.storage.store import Store, default_store
from toymodel.sweeps.estimate import GridEstimate, estimate, size_of
from toymodel.sweeps.executors import ShardExecutor, open_executor
from toymodel.sweeps.grid import Grid, read_grid
from toymodel.sweeps.paper import PAPER_DENSITIES, sweep
from toymodel.sweeps.run_grid import GridProgress, Outcome, run_grid
from toymodel.text import one_line

_GRID_OPTIONS = ("scheduler", "workers", "dry_run")


@click.command("sweep", epilog=recipe_fields())
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@model_options
@answer_options
@device_option
@densities_option(",".join(f"{p:g}" for p in PAPER_DENSITIES))
@click.option("--scheduler", metavar="ADDRESS", help="Train on this Dask cluster: tcp://host:8786.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Train on a Dask cluster that is started here, with so many processes.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print how many models a grid has, how long they take and how large they are.",
)
@click.pass_context
def sweep_command(
    context: click.Context,
    file: Path | None,
    densities: str,
    scheduler: str | None,
    workers: int | None,
    dry_run: bool,
    changes: Sequence[str],
    preset: str,
    as_json: bool,
    quiet: bool,
    device: str,
    **fields: Any,
) -> None:
    """Train the same model at several densities, as in the paper's figure; or a grid from FILE.

    FILE is TOML. Each field of the config is a value, a list or a range; there are seeds and a
    recipe.

    \b
        seeds = 4
        recipe = "standard"
        [config]
        n_features = 6
        n_neurons = [8, 10]
        feature_probability = { from = 1, to = 0.01, count = 9, scale = "log" }

    Models that are in the store are not trained again, so the same command goes on where it was
    stopped.
    """
    given = given_options(context)
    if file is None:
        if wrong := given & set(_GRID_OPTIONS):
            name = sorted(wrong)[0].replace("_", "-")
            raise click.UsageError(f"--{name} is for a grid: give its file")
        base = Config(**fields)
        configs = sweep(base, densities_of(densities))
        recipe = recipe_of(preset, changes)
        models, stored = load_or_train_models(configs, recipe, quiet or as_json, device)
        print_models(models, as_json)
        if not stored:
            raise click.exceptions.Exit(1)
        return
    if wrong := given - {*_GRID_OPTIONS, "file", "as_json", "quiet", "device"}:
        options = {parameter.name: parameter.opts[0] for parameter in context.command.params}
        name = options[sorted(wrong)[0]]
        raise click.UsageError(f"{name} and a file cannot go together: the file says it")
    if scheduler and workers:
        raise click.UsageError("--scheduler and --workers cannot go together: one is a cluster")
    grid, store = read_grid(file), default_store()
    if dry_run:
        _print_estimate(grid, estimate(grid, store, device), store, as_json)
        return
    _refuse_too_large(grid, store)
    with open_executor(scheduler, workers) as where:
        outcome = _train(grid, store, where, device, quiet or as_json)
    _print_outcome(grid, outcome, as_json)


def _refuse_too_large(grid: Grid, store: Store) -> None:
    size = size_of(grid)
    if size > store.max_bytes:
        raise click.ClickException(
            f"this grid takes {size / 2**20:,.0f} MB, the store holds "
            f"{store.max_bytes / 2**20:,.0f}: set TOYMODEL_CACHE_MB={math.ceil(size / 2**20)} or "
            "more, or train fewer models"
        )


def _train(grid: Grid, store: Store, where: ShardExecutor, device: str, quiet: bool) -> Outcome:
    with tqdm(total=len(grid.configs), unit="model", disable=quiet or None, leave=False) as bar:

        def show(progress: GridProgress) -> None:
            bar.update(progress.before + progress.done + progress.failed - bar.n)
            if math.isfinite(progress.remaining):
                bar.set_postfix_str(f"{progress.remaining:.0f} s left")

        return run_grid(
            grid,
            store,
            where.executor,
            at_once=where.at_once,
            processes=where.processes,
            device=device,
            on_progress=show,
        )


def _print_estimate(grid: Grid, found: GridEstimate, store: Store, as_json: bool) -> None:
    fits = found.bytes <= store.max_bytes
    if as_json:
        about = {name: getattr(found, name) for name in found.__dataclass_fields__}
        click.echo(json.dumps({"grid": grid.key, **about, "fits": fits}))
        return
    click.echo(f"{grid.name}: {grid.words}")
    click.echo(
        f"{found.models:,} models, {found.models - found.missing:,} of them in the store; "
        f"{found.shards:,} shards"
    )
    click.echo(f"about {found.seconds:,.0f} s on this machine, {found.megabytes:,} MB a shard")
    click.echo(
        f"about {found.bytes / 2**20:,.1f} MB in the store"
        + ("" if fits else f", which holds {store.max_bytes / 2**20:,.0f}: TOYMODEL_CACHE_MB")
    )


def _print_outcome(grid: Grid, outcome: Outcome, as_json: bool) -> None:
    progress = outcome.progress
    if as_json:
        click.echo(
            json.dumps(
                {
                    "grid": grid.key,
                    "models": progress.total,
                    "there_before": progress.before,
                    "trained": progress.done,
                    "failed": progress.failed,
                    "seconds": progress.seconds,
                    "reasons": outcome.reasons,
                }
            )
        )
    else:
        click.echo(
            f"{grid.name}: {progress.total:,} models, {progress.before:,} were there, "
            f"{progress.done:,} trained in {progress.seconds:,.0f} s, {progress.failed:,} failed"
        )
        for reason in outcome.reasons:
            click.echo(f"  {one_line(reason, 1_000)}", err=True)
    if progress.failed:
        raise click.exceptions.Exit(1)
