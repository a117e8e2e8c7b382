"""The subcommand `figures`: the dashboard's charts of stored models as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from toymodel.charts.export import KINDS, Kind, write_chart
from toymodel.charts.feature.figures import FEATURE_FIGURES
from toymodel.charts.figure import Figure
from toymodel.charts.figures import (
    FIGURES,
    SWEEP_FIGURES,
    SweepFigure,
    figures,
    not_drawn,
    sweep_figures,
)
from toymodel.charts.look import theme
from toymodel.charts.motif.figures import MOTIF_FIGURES, ROLE_FIGURES
from toymodel.charts.network.figures import MODEL_FIGURES
from toymodel.charts.neuron.figures import NEURON_FIGURES
from toymodel.cli.models import stored_models
from toymodel.cli.options import (
    densities_of,
    densities_option,
    model_options,
    recipe_of,
    refuse_model_options,
)
from toymodel.config import Config
from toymodel.model import Model
from toymodel.storage.model_file import load
from toymodel.sweeps.paper import sweep
from toymodel.text import number

if TYPE_CHECKING:
    import altair as alt

_GROUPS = {
    "Charts of each model": MODEL_FIGURES,
    "Of one of its neurons": NEURON_FIGURES,
    "Of one of its features, and of all": FEATURE_FIGURES,
    "Of the motif": MOTIF_FIGURES,
    "Of several densities": SWEEP_FIGURES,
}


def _listed(charts: Mapping[str, Figure | SweepFigure]) -> str:
    return "".join(f"\n  {name:<19} {chart.description}" for name, chart in charts.items())


@click.command(
    "figures",
    epilog="\b\n" + "\n".join(f"{group}:{_listed(of)}" for group, of in _GROUPS.items()),
)
@model_options
@densities_option("1")
@click.option(
    "--model",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Draw the model in this file instead of stored ones.",
)
@click.option(
    "--chart",
    "names",
    multiple=True,
    type=click.Choice([*FIGURES, *SWEEP_FIGURES]),
    metavar="NAME",
    help="Draw this chart, of those below; all that apply unless given.",
)
@click.option(
    "--format",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    default=("svg",),
    show_default=True,
    help="PNG for slides, JSON for the Vega editor.",
)
@click.option(
    "--out",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to write to; made where it is missing.",
)
@click.option(
    "--theme",
    "look",
    type=click.Choice(["light", "dark"]),
    default="light",
    show_default=True,
    help="Of the colours.",
)
@click.option("--restart", type=int, help="Which restart to draw; the best unless given.")
@click.option(
    "--neuron",
    type=int,
    help="Whose charts to draw; unless given, one with clear secondary features.",
)
@click.option("--feature", type=int, help="Whose charts to draw; 0 unless given.")
@click.option(
    "--neuron-scale",
    "scale",
    type=click.Choice(["paper", "trained"]),
    help="Of the weights in charts of the motif: neurons scaled as in the paper, which changes no "
    "output, or as trained.  [default: paper]",
)
@click.option("--json", "as_json", is_flag=True, help="Answer with the files' names in JSON.")
@click.pass_context
def figures_command(
    context: click.Context,
    densities: str,
    file: Path | None,
    names: Sequence[str],
    kinds: Sequence[Kind],
    out: Path,
    look: Literal["light", "dark"],
    restart: int | None,
    neuron: int | None,
    feature: int | None,
    scale: Literal["paper", "trained"] | None,
    changes: Sequence[str],
    preset: str,
    as_json: bool,
    **fields: Any,
) -> None:
    """Write charts of stored models as SVG, PNG or Vega-Lite JSON."""
    if not out.resolve().parent.is_dir():
        raise click.BadParameter(f"{out.parent} is not a folder", param_hint="--out")
    _refuse_unused("--neuron", neuron, names, NEURON_FIGURES)
    _refuse_unused("--feature", feature, names, FEATURE_FIGURES)
    _refuse_unused("--neuron-scale", scale, names, ROLE_FIGURES)
    if file:
        refuse_model_options(context)
        models = [load(file)]
    else:
        configs = sweep(Config(**fields), densities_of(densities))
        models = stored_models(configs, recipe_of(preset, changes), preset, changes)
    charts = _charts(
        models, names, restart, neuron, feature, dark=look == "dark", scaled=scale != "trained"
    )
    out.mkdir(exist_ok=True)
    written: list[str] = []
    for name, chart in charts.items():
        for kind in dict.fromkeys(kinds):
            path = out / f"{name}.{kind}"
            path.write_bytes(write_chart(chart, kind))
            written.append(str(path))
            if not as_json:
                click.echo(path)
    if as_json:
        click.echo(json.dumps(written))


def _refuse_unused(
    option: str, value: object, names: Sequence[str], charts: Mapping[str, Figure]
) -> None:
    if value is not None and names and not charts.keys() & set(names):
        raise click.UsageError(f"{option} is for the charts {', '.join(charts)}: ask for one")


def _charts(
    models: Sequence[Model],
    names: Sequence[str],
    restart: int | None,
    neuron: int | None,
    feature: int | None,
    *,
    dark: bool,
    scaled: bool,
) -> Mapping[str, alt.LayerChart]:
    """The charts asked for by the names of their files; all that apply if none are asked for."""
    several = len(models) > 1
    for name in names:
        reason = not_drawn(name, models[0].config)
        if name in SWEEP_FIGURES and not several:
            reason = f"{name} compares densities: give two or more with -p"
        if reason:
            raise click.BadParameter(reason, param_hint="--chart")
    asked = [name for name in names if name in FIGURES] if names else None
    charts: dict[str, alt.LayerChart] = {}
    for model in models:
        ending = f"-{number(model.config.feature_probability)}" if several else ""
        of_model = figures(
            model,
            names=asked,
            restart=restart,
            theme=theme(dark),
            neuron=neuron,
            feature=feature,
            scaled=scaled,
        )
        charts |= {name + ending: chart for name, chart in of_model.items()}
    if several and (not names or SWEEP_FIGURES.keys() & set(names)):
        of_all = sweep_figures(models, names=names or None, theme=theme(dark))
        if "gain" in names and "gain" not in of_all:
            reason = "gain: there is nothing to gain, every feature has two neurons"
            raise click.BadParameter(reason, param_hint="--chart")
        charts |= of_all
    return charts
