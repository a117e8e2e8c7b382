"""`python -m benchmarks.growth`: how the costs of training steps and of charts' tables grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import click

import toymodel as tm
from benchmarks.record import record
from toymodel.charts.network.stack_plot import class_spans, stacks
from toymodel.training.train import training

_FEATURES = tuple((n, 40, 7) for n in (50, 100, 200, 400))
_NEURONS = tuple((100, m, 7) for m in (20, 40, 80, 160))
_INSTANCES = tuple((100, 40, count) for count in (1, 7, 28, 112))
_BOTH = tuple((n, 2 * n // 5, 1) for n in (100, 200, 500, 1_000))
_PACES = 5


@click.command()
def main() -> None:
    """Print milliseconds for a step, and for the tables of a stack plot, as models grow."""
    figures: dict[str, object] = {}
    click.echo("Milliseconds for a step of batch 128, all cores")
    for name, shapes in (
        ("n", _FEATURES),
        ("m", _NEURONS),
        ("instances", _INSTANCES),
        ("n and m", _BOTH),
    ):
        first = 0.0
        for n, m, count in shapes:
            milliseconds = _step(n, m, count)
            first = first or milliseconds
            click.echo(
                f"  {name:<10} n = {n:>5,}, m = {m:>3}, {count:>3} instances: {milliseconds:>7.2f}"
                f"   {milliseconds / first:>6.1f} times the first"
            )
            figures[f"step_ms_{n}_{m}_{count}"] = milliseconds
    for n, m, _ in _BOTH:
        milliseconds = _frames(n, m)
        click.echo(f"  tables of a stack plot, n = {n:>5,}, m = {m:>3}: {milliseconds:>7.1f}")
        figures[f"frames_ms_{n}_{m}"] = milliseconds
    record("growth", figures)


def _step(n: int, m: int, instances: int) -> float:
    """The median milliseconds for a step in a short run of the standard recipe."""
    configs = [tm.Config(n_features=n, n_neurons=m, seed=seed) for seed in range(min(instances, 7))]
    recipe = tm.Recipe(steps=100_000, restarts=-(-instances // 7))
    return 1e3 * statistics.median(_paces(configs, recipe))


def _paces(configs: Sequence[tm.Config], recipe: tm.Recipe) -> list[float]:
    paces: list[float] = []
    last: tuple[int, float] | None = None
    run = training(configs, recipe, interval=0.3)
    for snapshot in run:
        now = time.perf_counter()
        if last and snapshot.step > last[0]:
            paces.append((now - last[1]) / (snapshot.step - last[0]))
        if snapshot.step:  # the first steps are slower: workers and memory are new
            last = (snapshot.step, now)
        if len(paces) == _PACES:
            break
    run.close()
    return paces


def _frames(n: int, m: int) -> float:
    """Milliseconds for the tables of one stack plot, which a page makes at every run."""
    config = tm.Config(n_features=n, n_neurons=m, feature_probability=0.01)
    weights = tm.train([config], tm.Recipe(steps=20))[0].weights
    seconds: list[float] = []
    for _ in range(_PACES):
        start = time.perf_counter()
        class_spans(stacks(config, weights).columns)
        seconds.append(time.perf_counter() - start)
    return 1e3 * statistics.median(seconds)


if __name__ == "__main__":
    main()
