"""`python -m benchmarks`: losses, classes and times of every preset, beside the usual recipe.

Times depend on this machine; their ratios are the result.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence

import click
import numpy as np

import toymodel as tm
from benchmarks import usual
from benchmarks.record import record
from toymodel.analysis.polysemanticity import CLASSES, neurons
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.training.train import training

_EXAMPLES = 8_192


@click.command()
@click.option(
    "--rounds",
    default=3,
    show_default=True,
    help="How often each preset is timed between two runs of the usual recipe.",
)
@click.option(
    "--usual-steps",
    default=300,
    show_default=True,
    help="Steps of the usual recipe that are timed, and scaled up to its 10,000.",
)
@click.option("--seeds", default=15, show_default=True, help="Seeds of quick and standard.")
@click.option(
    "--thorough-seeds", default=3, show_default=True, help="Seeds of the thorough preset."
)
def main(rounds: int, usual_steps: int, seeds: int, thorough_seeds: int) -> None:
    """Train the paper's sweep by every preset, and print losses, classes and times."""
    figures: dict[str, object] = {"densities": PAPER_DENSITIES}
    timed("standard", seeds)  # starts the workers, which a second training finds running
    reference: list[float] = []
    counts = {"quick": seeds, "standard": seeds, "thorough": thorough_seeds}
    ratios: dict[str, list[float]] = {preset: [] for preset in counts}
    models: dict[str, list[list[tm.Model]]] = {preset: [] for preset in counts}

    def reference_seconds() -> float:
        each = usual.seconds_per_step(PAPER_DENSITIES, steps=usual_steps)
        reference.append(each * usual.STEPS)
        return reference[-1]

    for preset, count in counts.items():
        for seed in range(count):
            before = reference_seconds() if seed < rounds else None
            seconds, trained = timed(preset, seed)
            models[preset].append(trained)
            if before:
                ratios[preset].append((before + reference_seconds()) / 2 / seconds)
            click.echo(f"{preset}, seed {seed}: {seconds:.1f} s", err=True)
    models["usual"] = [timed("usual", 0)[1]]
    usual_seconds = statistics.median(reference)

    click.echo(f"Usual recipe in plain PyTorch, 7 models, {usual.STEPS:,} steps of 1,024, scaled")
    click.echo(f"up from {usual_steps}: median {usual_seconds:.0f} s")
    for preset, found in ratios.items():
        if found:
            middle = statistics.median(found)
            click.echo(f"{preset}: {middle:.2f} times as fast ({min(found):.2f}-{max(found):.2f})")
            figures[f"{preset}_times_as_fast"] = {"median": middle, "all": found}
    click.echo()
    click.echo(row("normalised loss at 1 - S =", (f"{p:g}" for p in PAPER_DENSITIES)))
    click.echo(row("without superposition", losses([models["standard"][0]], baseline=True)))
    for preset, runs in models.items():
        figures[f"{preset}_losses"] = [[model.loss for model in run] for run in runs]
    for name, runs in (
        ("usual, seed 0", models["usual"]),
        *((f"{name}, median of {seeds}", models[name]) for name in ("quick", "standard")),
        *((f"thorough, seed {seed}", [run]) for seed, run in enumerate(models["thorough"])),
    ):
        click.echo(row(name, losses(runs)))
    click.echo()
    targets = [model.loss for model in models["usual"][0]]
    reached = np.array([seconds_to_reach(targets, seed) for seed in range(rounds)])
    middle = np.median(reached, axis=0)
    click.echo(row("seconds to usual's loss", (f"{seconds:.2f}" for seconds in middle)))
    click.echo(row("times as fast", (f"{usual_seconds / seconds:.0f}" for seconds in middle)))
    figures["seconds_to_the_usual_loss"] = reached.tolist()
    figures["times_as_fast_to_the_usual_loss"] = (usual_seconds / middle).tolist()
    click.echo()
    click.echo("neurons: " + " / ".join(CLASSES))
    for preset, runs in models.items():
        for seed, trained in enumerate(runs):
            click.echo(row(f"{preset}, seed {seed}", map(classes, trained)))
        figures[f"{preset}_classes"] = [[classes(model) for model in run] for run in runs]
    record("sweep", figures)


def timed(preset: str, seed: int) -> tuple[float, list[tm.Model]]:
    """Train the paper's sweep by a preset; seconds, evaluation included, and the models."""
    configs = sweep(PAPER_CONFIG.replace(seed=seed), PAPER_DENSITIES)
    start = time.perf_counter()
    models = tm.train(configs, tm.RECIPES[preset])
    return time.perf_counter() - start, models


def seconds_to_reach(targets: Sequence[float], seed: int) -> list[float]:
    """Train the paper's sweep by `standard`, and time how long each density takes to reach a loss.

    Args:
        targets: the loss for each density. It is measured as for finished models, whose output
            unit is a plain ReLU, but on fewer inputs.
        seed: of the configs.

    Returns:
        Seconds for each density, without the time for measuring; NaN where it is never reached.
    """
    configs = sweep(PAPER_CONFIG.replace(seed=seed), PAPER_DENSITIES)
    reached = [float("nan")] * len(targets)
    spent, began = 0.0, time.perf_counter()
    run = training(configs, tm.RECIPES["standard"], interval=0.05)
    for snapshot in run:
        spent += time.perf_counter() - began
        for index, config in enumerate(configs):
            if np.isnan(reached[index]) and snapshot.step:
                found = tm.evaluate(config, snapshot.weights(index, 0), examples=_EXAMPLES)
                if found.value <= targets[index]:
                    reached[index] = spent
        if not np.isnan(reached).any():
            break
        began = time.perf_counter()
    run.close()
    return reached


def losses(runs: Sequence[Sequence[tm.Model]], *, baseline: bool = False) -> list[str]:
    """The median loss at each density, or with `baseline` that without superposition."""
    values = [
        [tm.no_superposition_loss(model.config) if baseline else model.loss for model in run]
        for run in runs
    ]
    return [f"{value:.5f}" for value in np.median(values, axis=0)]


def classes(model: tm.Model) -> str:
    """How many neurons are in each class, such as "30/9/1"."""
    return "/".join(str(count) for count in neurons(model.W1).counts.values())


def row(name: str, cells: Iterable[str]) -> str:
    """A line of the table."""
    return f"{name:<28}" + "".join(f"{cell:>10}" for cell in cells)


if __name__ == "__main__":
    main()
