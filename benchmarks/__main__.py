"""`python -m benchmarks`: the figures table of the README, side by side with the usual recipe.

Times are of one run on this machine and mean little by themselves: the ratios are the result.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence

import click
import numpy as np

import toymodel as tm
from benchmarks import growth, usual
from toymodel.polysemanticity import CLASSES, neurons
from toymodel.sweep import PAPER_CONFIG, PAPER_DENSITIES, sweep


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Times the usual recipe is paired.")
@click.option("--usual-steps", default=300, show_default=True, help="Of its 10,000; scaled up.")
@click.option("--seeds", default=5, show_default=True, help="Of the standard preset.")
@click.option("--thorough-seeds", default=3, show_default=True, help="Of the thorough preset.")
@click.option("--skip-usual-loss", is_flag=True, help="Leave out the usual recipe's losses.")
def main(
    rounds: int, usual_steps: int, seeds: int, thorough_seeds: int, skip_usual_loss: bool
) -> None:
    """Train the paper's sweep by every preset, and print losses, classes and times."""
    reference: list[float] = []
    ratios: dict[str, list[float]] = {"standard": [], "thorough": []}
    models: dict[str, list[list[tm.Model]]] = {"standard": [], "thorough": [], "quick": []}

    def reference_seconds() -> float:
        each = usual.seconds_per_step(PAPER_DENSITIES, steps=usual_steps)
        reference.append(each * usual.STEPS)
        return reference[-1]

    for preset, count in (("standard", max(rounds, seeds)), ("thorough", thorough_seeds)):
        for seed in range(count):
            before = reference_seconds() if seed < rounds else None
            seconds, trained = timed(preset, seed)
            models[preset].append(trained)
            if before:
                ratios[preset].append((before + reference_seconds()) / 2 / seconds)
            click.echo(f"{preset}, seed {seed}: {seconds:.1f} s", err=True)
    models["quick"] = [timed("quick", 0)[1]]

    click.echo(f"Usual recipe in plain PyTorch, 7 models, {usual.STEPS:,} steps of 1,024, scaled")
    click.echo(f"up from {usual_steps}: median {statistics.median(reference):.0f} s")
    for preset, found in ratios.items():
        if found:
            middle = statistics.median(found)
            click.echo(f"{preset}: {middle:.2f} times as fast ({min(found):.2f}-{max(found):.2f})")
    click.echo()
    click.echo(row("normalised loss at 1 - S =", (f"{p:g}" for p in PAPER_DENSITIES)))
    click.echo(row("without superposition", losses([models["standard"][0]], yardstick=True)))
    if not skip_usual_loss:
        click.echo(row("usual, seed 0", losses([timed("usual", 0)[1]])))
    click.echo(row("quick, seed 0", losses(models["quick"])))
    click.echo(row(f"standard, median of {len(models['standard'])}", losses(models["standard"])))
    for seed, trained in enumerate(models["thorough"]):
        click.echo(row(f"thorough, seed {seed}", losses([trained])))
    click.echo()
    click.echo("neurons: " + " / ".join(CLASSES))
    for preset, found in models.items():
        for seed, trained in enumerate(found):
            click.echo(row(f"{preset}, seed {seed}", map(classes, trained)))
    click.echo()
    growth.report()


def timed(preset: str, seed: int) -> tuple[float, list[tm.Model]]:
    """Train the paper's sweep by a preset; seconds, evaluation included, and the models."""
    configs = sweep(PAPER_CONFIG.replace(seed=seed), PAPER_DENSITIES)
    start = time.perf_counter()
    models = tm.train(configs, tm.RECIPES[preset])
    return time.perf_counter() - start, models


def losses(runs: Sequence[Sequence[tm.Model]], *, yardstick: bool = False) -> list[str]:
    """The median loss at each density."""
    values = [
        [tm.no_superposition_loss(model.config) if yardstick else model.loss for model in run]
        for run in runs
    ]
    return [f"{value:.5f}" for value in np.median(values, axis=0)]


def classes(model: tm.Model) -> str:
    """The counts of classes, with slashes."""
    return "/".join(str(count) for count in neurons(model.W1).counts.values())


def row(name: str, cells: Iterable[str]) -> str:
    """A line of the table."""
    return f"{name:<28}" + "".join(f"{cell:>10}" for cell in cells)


if __name__ == "__main__":
    main()
