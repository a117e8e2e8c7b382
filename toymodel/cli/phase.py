"""The subcommand `phase`: the phase diagram of two neurons, and networks along density."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from tqdm import tqdm

from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.phase.neuron_paths import followed_neurons, turns
from toymodel.cli.options import answer_options, device_option
from toymodel.phase.candidates import theory
from toymodel.phase.chain import (
    FOLLOW_RECIPE,
    Chain,
    chain_path,
    follow,
    save_chain,
    there_and_back,
)
from toymodel.phase.comparison import trained_cells
from toymodel.phase.diagram import (
    RECIPE,
    Diagram,
    diagram_path,
    load_diagram,
    save_diagram,
    train_diagram,
)
from toymodel.storage.model_file import DamagedFile
from toymodel.storage.store import default_store
from toymodel.sweeps.paper import PAPER_CONFIG
from toymodel.sweeps.shipped import FINE_DENSITIES

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot


@click.command("phase")
@click.option("--ship", is_flag=True, help="Store both as those that the dashboard shows.")
@answer_options
@device_option
def phase_command(ship: bool, as_json: bool, quiet: bool, device: str) -> None:
    """Train the phase diagram of two neurons, and compare it with the exact one.

    Then train the paper's network from dense to sparse and back, and follow its neurons.
    """
    if ship and device == "auto":
        device = "cpu"  # what is shipped is that of a machine without a GPU
    shipped = default_store().shipped
    path = diagram_path(shipped)
    hidden = quiet or as_json

    began = time.perf_counter()
    with _progress(RECIPE.total_steps, hidden) as show:
        diagram = train_diagram(on_snapshot=show, device=device)
    seconds = time.perf_counter() - began
    before = _before(path) if path.exists() else None
    if ship:
        save_diagram(diagram, path)

    began = time.perf_counter()
    densities = there_and_back(FINE_DENSITIES)
    with _progress(FOLLOW_RECIPE.steps * len(densities), hidden) as show:
        chain = follow(PAPER_CONFIG, densities, FOLLOW_RECIPE, on_snapshot=show, device=device)
    chain_seconds = time.perf_counter() - began
    if ship:
        save_chain(chain, chain_path(shipped))
    _print(diagram, seconds, before, chain, chain_seconds, as_json)


@contextmanager
def _progress(steps: int, hidden: bool) -> Iterator[Callable[[Snapshot], None]]:
    with tqdm(total=steps, unit="step", disable=hidden or None, leave=False) as bar:

        def show(snapshot: Snapshot) -> None:
            bar.update(snapshot.step - bar.n)

        yield show


def _before(path: Path) -> Diagram | None:
    try:
        return load_diagram(path)
    except (DamagedFile, OSError):
        return None


def _print(
    diagram: Diagram,
    seconds: float,
    before: Diagram | None,
    chain: Chain,
    chain_seconds: float,
    as_json: bool,
) -> None:
    exact = theory(diagram.densities, diagram.ratios)
    cells = trained_cells(diagram, exact, Thresholds().second_weight)
    above = (cells["loss"] / cells["lowest"] - 1).to_numpy()
    turned = turns(followed_neurons(chain))
    same = before is not None and before.W1.shape == diagram.W1.shape
    found = {
        "cells": len(cells),
        "networks": diagram.losses.size,
        "seconds": seconds,
        "networks_a_second": diagram.losses.size / seconds,
        "cells_that_disagree": int(np.count_nonzero(cells["disagrees"])),
        "above_the_exact_loss_median": float(np.median(above)),
        "above_the_exact_loss_most": float(above.max()),
        "largest_difference_in_W1": float(np.abs(diagram.W1 - before.W1).max())
        if before is not None and same
        else None,
        "followed_networks": chain.recipe.restarts,
        "followed_seconds": chain_seconds,
        "turns": len(turned),
        "turns_in_one_step": int(np.count_nonzero(turned["steps"] == 1)),
    }
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(
        f"{len(diagram.densities)} densities x {len(diagram.ratios)} ratios x "
        f"{diagram.recipe.restarts} restarts: "
        f"{found['networks']:,} networks in {seconds:.0f} s, "
        f"{found['networks_a_second']:.0f} a second"
    )
    click.echo(
        f"best network above the exact loss: {100 * found['above_the_exact_loss_median']:.2g} % in "
        f"the median, {100 * found['above_the_exact_loss_most']:.2g} % at most"
    )
    click.echo(f"cells that disagree with it: {found['cells_that_disagree']} of {found['cells']}")
    if found["largest_difference_in_W1"] is not None:
        click.echo(f"W1 {found['largest_difference_in_W1']:.2g} apart from the one in the store")
    click.echo(
        f"{len(chain.densities)} densities along a chain of {chain.recipe.restarts} networks in "
        f"{chain_seconds:.0f} s: {found['turns_in_one_step']} of {found['turns']} turns between "
        "one feature and several are within one step"
    )
