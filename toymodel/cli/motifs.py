"""The subcommand `motifs`: asymmetric superposition with inhibition in a stored model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from toymodel.analysis.ablation import Intervention, interventions
from toymodel.analysis.decomposition import Decomposition, decompose
from toymodel.analysis.motif_effects import Inhibitor, motif_effects, relative_weights
from toymodel.analysis.motifs import Motif, asymmetric_neurons, count_words
from toymodel.cli.models import stored_models
from toymodel.cli.options import density_option, model_options, recipe_of, refuse_model_options
from toymodel.config import Config
from toymodel.model import Model, Weights
from toymodel.recipe import recipe_name
from toymodel.settings import require_whole
from toymodel.storage.model_file import load


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
    if model.config.activation != "relu":
        raise click.UsageError("motifs are of neurons with a ReLU: --activation relu")
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
    W1 = model.restarts[restart].W1
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
        "neurons": len(asymmetric_neurons(found.motifs)),
        "pairs": len(found.motifs),
        "motifs": [
            motif._asdict()
            | {
                "relative_weights": relative_weights(W1, [motif]).tolist(),
                "interventions": [check._asdict() for check in of_motif],
            }
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
        f"seed {config.seed}{which}, {recipe_name(model.recipe, config)}"
    )
    _echo_rows(
        ("loss", f"{found.everything:.3g}"),
        ("loss, absolute value alone", f"{found.absolute_value:.3g}"),
        ("loss, absolute value and motifs", f"{found.with_motifs:.3g}"),
        ("asymmetric superposition", count_words(found.motifs)),
        indent="",
    )
    for motif, of_motif in zip(found.motifs, checks, strict=True):
        _print_motif(model.restarts[restart], motif, of_motif)


def _print_motif(weights: Weights, motif: Motif, checks: Sequence[Intervention]) -> None:
    effects = motif_effects(weights, motif)
    a, c = motif.interfering_feature, motif.receiving_feature
    click.echo(f"\nneuron {motif.neuron}: f{a} {_SIDES[effects.side]} interferes with f{c}")
    _echo_rows(
        ("ratio of input weights", f"{motif.input_ratio:.1f}"),
        ("ratio of output weights", f"{motif.output_ratio:.1f}"),
        (f"interference, f{a} with f{c}", f"{effects.interference:.2f}"),
        (f"interference, f{c} with f{a}", f"{effects.reverse:.2f}"),
        ("inhibition", f"{motif.inhibition:.2f}"),
        (f"output {c} before its ReLU, f{a} alone", f"{effects.drive:.2f}"),
    )
    click.echo("")
    _echo_rows(
        (
            "inhibitor",
            "main feature",
            f"f{a}, relative weight",
            "takes away",
            f"also inhibits f{c}",
        ),
        *(
            (
                f"neuron {each.neuron}",
                f"f{each.main_feature}",
                f"{each.relative_weight:.2f}",
                f"{each.amount:.2f}",
                _side_effects(each),
            )
            for each in effects.inhibitors
        ),
    )
    click.echo("")
    _echo_rows(
        ("change", "inhibition", "loss", f"output {c}, f{a} alone"),
        *(
            (check.name, f"x {check.inhibition:.2f}", f"{check.loss:.3g}", f"{check.output:.2f}")
            for check in checks
        ),
    )


_SIDES = {1: "above 0", -1: "below 0"}


def _side_effects(inhibitor: Inhibitor) -> str:
    each = [
        f"f{effect.feature} {_SIDES[effect.side]} by {effect.amount:.2f}"
        for effect in inhibitor.side_effects
    ]
    return ", ".join(each) or "-"


def _echo_rows(*rows: tuple[str, ...], indent: str = "  ") -> None:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(f"{indent}{'  '.join(cells)}".rstrip())
