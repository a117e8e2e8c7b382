"""The subcommand `train`: one model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from toymodel.cli.models import load_or_train_models, print_models
from toymodel.cli.options import (
    answer_options,
    density_option,
    device_option,
    model_options,
    recipe_fields,
    recipe_of,
)
from toymodel.config import Config
from toymodel.storage.model_file import save


@click.command("train", epilog=recipe_fields())
@model_options
@answer_options
@device_option
@density_option
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Also write the model here.")
def train_command(
    out: Path | None,
    changes: Sequence[str],
    preset: str,
    as_json: bool,
    quiet: bool,
    device: str,
    **fields: Any,
) -> None:
    """Train one model, or read it from the store.

    The exit code is 1 where the model could be written neither to the store nor to --out.
    """
    config = Config(**fields)
    recipe = recipe_of(preset, changes)
    if out and not out.resolve().parent.is_dir():
        raise click.BadParameter(f"{out.parent} is not a folder", param_hint="--out")
    if out and out.is_dir():
        raise click.BadParameter(f"{out} is a folder, not a file", param_hint="--out")
    models, stored = load_or_train_models([config], recipe, quiet or as_json, device)
    if out:
        save(models[0], out)
    print_models(models, as_json)
    if not (stored or out):
        raise click.exceptions.Exit(1)
