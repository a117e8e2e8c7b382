"""The subcommand `motifs`: asymmetric superposition with inhibition in a stored model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from toymodel.analysis.ablation import Intervention, interventions
from toymodel.analysis.decomposition import Decomposition, decompose
from toymodel.charts.motif.words import describe
from toymodel.cli.models import stored_models
from toymodel.cli.options import density_option, model_options, recipe_of, refuse_model_options
from toymodel.config import Config, recipe_name
from toymodel.model import Model
from toymodel.settings import require_whole
from toymodel.storage.model_file import load
from toymodel.text import count


@click.command("motifs")
@model_options
@density_option
@click.option(
    "--model",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Look at the model in this file instead of a stored one.",
)
@click.option("--restart", type=int, help="Which restart to look at; the best unless given.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_context
def motifs_command(
    context: click.Context,
    file: Path | None,
    restart: int | None,
    changes: Sequence[str],
    preset: str,
    as_json: bool,
    **fields: Any,
) -> None:
    """Find asymmetric superposition with inhibition in a stored model, and test each instance."""
    if file:
        refuse_model_options(context)
        model = load(file)
    else:
        (model,) = stored_models([Config(**fields)], recipe_of(preset, changes), preset, changes)
    if model.config.task != "abs":
        raise click.UsageError("motifs are of networks that compute |x|: --task abs")
    restart = model.best if restart is None else restart
    require_whole("restart", restart, 0, len(model.restarts) - 1)
    weights = model.restarts[restart]
    found = decompose(model.config, weights)
    checks = [interventions(model.config, weights, motif) for motif in found.motifs]
    if as_json:
        click.echo(json.dumps(_json(model, restart, found, checks)))
    else:
        _print(model, restart, found, checks)


def _json(
    model: Model, restart: int, found: Decomposition, checks: Sequence[Sequence[Intervention]]
) -> dict[str, object]:
    return {
        "config": model.config.model_dump(),
        "recipe": model.recipe.model_dump(),
        "restart": restart,
        "loss": float(model.losses[restart]),
        "loss_of_roles": {
            "absolute_value": found.absolute_value,
            "with_motifs": found.with_motifs,
            "everything": found.everything,
        },
        "motifs": [
            motif._asdict() | {"interventions": [check._asdict() for check in of_motif]}
            for motif, of_motif in zip(found.motifs, checks, strict=True)
        ],
    }


def _print(
    model: Model, restart: int, found: Decomposition, checks: Sequence[Sequence[Intervention]]
) -> None:
    config = model.config
    which = f", restart {restart}" if len(model.restarts) > 1 else ""
    click.echo(
        f"n = {config.n_features}, m = {config.n_neurons}, 1 - S = {config.feature_probability:g}, "
        f"seed {config.seed}{which}, {recipe_name(model.recipe)}"
    )
    click.echo(
        f"loss {found.everything:.3g}; with the weights for absolute value alone "
        f"{found.absolute_value:.3g}, with those of the motifs too {found.with_motifs:.3g}"
    )
    click.echo(count(len(found.motifs), "instance"))
    for motif, (_, *changed) in zip(found.motifs, checks, strict=True):
        click.echo(
            f"neuron {motif.neuron} (ratios in {motif.input_ratio:.1f}, out "
            f"{motif.output_ratio:.1f}): {describe(model.restarts[restart], motif)}"
        )
        for check in changed:
            click.echo(
                f"  {check.name}: loss {check.loss:.3g}, output {motif.receiving_feature} to "
                f"f{motif.interfering_feature} alone {check.output:.2f}"
            )
