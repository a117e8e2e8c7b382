"""What a training step and a page's frames cost as models grow."""

from __future__ import annotations

import time

import click

import toymodel as tm
from toymodel.frames import blocks, columns, spans
from toymodel.training import training

SIZES = ((100, 40), (200, 80), (500, 200), (1_000, 400))


def report() -> None:
    """Print milliseconds a step, and milliseconds for the frames of a stack plot."""
    click.echo("size          ms/step, 1 model    ms/step, 7 models    ms, stack plot's frames")
    for n, m in SIZES:
        one, seven = (milliseconds_per_step(n, m, count) for count in (1, 7))
        click.echo(f"{n:>5} x {m:<5}{one:>14.2f}{seven:>21.2f}{frames_milliseconds(n, m):>27.1f}")


def milliseconds_per_step(n: int, m: int, models: int) -> float:
    """The median pace of a short run of the standard recipe."""
    configs = [tm.Config(n_features=n, n_neurons=m, seed=seed) for seed in range(models)]
    recipe = tm.Recipe(steps=100_000)
    paces: list[float] = []
    last = (0, 0.0)
    for snapshot in training(configs, recipe, interval=0.3):
        now = time.perf_counter()
        if snapshot.step > last[0]:
            paces.append((now - last[1]) / (snapshot.step - last[0]))
        last = (snapshot.step, now)
        if len(paces) == 6:
            break
    return sorted(paces)[len(paces) // 2] * 1e3


def frames_milliseconds(n: int, m: int) -> float:
    """Blocks, columns and spans of one model, which a page makes at every run."""
    config = tm.Config(n_features=n, n_neurons=m, feature_probability=0.01)
    weights = tm.train([config], tm.Recipe(steps=20))[0].weights
    start = time.perf_counter()
    blocks(config, weights)
    spans(columns(weights))
    return (time.perf_counter() - start) * 1e3
