"""`python -m benchmarks.speed`: a step beside its five matrix products, and models per second."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import torch

from benchmarks.record import record
from toymodel.analysis.ensemble import MAX_SEEDS
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.training.engine import Draws, Shard
from toymodel.training.train import train

_SHAPES = {1: (1, 1), 7: (7, 1), 28: (7, 4), 256: (7, 37)}
"""For each number of instances: densities, and restarts of each. 7 times 37 stands for 256."""

_SMALL = Config(n_features=6, n_neurons=10, feature_probability=0.1)


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How often each is timed.")
@click.option(
    "--instances",
    default="64,1024,16384",
    show_default=True,
    help="How many models of n = 6, m = 10 are trained.",
)
def main(rounds: int, instances: str) -> None:
    """Print the medians of both, and store them as JSON."""
    torch.set_num_threads(1)
    figures: dict[str, object] = {}
    click.echo("A step of n = 100, m = 40, batch 128, over its five matrix products, one thread")
    for count, (densities, restarts) in _SHAPES.items():
        step, floor, ratio = times_the_floor(densities, restarts, rounds)
        figures[f"times_the_floor_{count}"] = ratio
        click.echo(
            f"{densities * restarts:>5} instances: {1e6 * step:>8.0f} us, products "
            f"{1e6 * floor:>8.0f} us, {ratio:.2f} times"
        )
    small_models(64, RECIPES["standard"], "cpu")  # starts the workers
    for device in ("cpu", "cuda"):
        if device == "cuda" and not torch.cuda.is_available():
            click.echo("On a GPU: not measured, none is here")
            figures["cuda"] = "not measured"
            continue
        click.echo(f"n = 6, m = 10, 1 - S = 0.1, `quick`, {device}, with measuring")
        for count in map(int, instances.split(",")):
            seconds, megabytes = small_models(count, RECIPES["quick"], device)
            figures[f"{device}_models_a_second_{count}"] = count / seconds
            figures[f"{device}_seconds_{count}"] = seconds
            figures[f"{device}_megabytes_{count}"] = megabytes
            click.echo(
                f"{count:>7}: {count / seconds:>7.1f} a second, {seconds:>6.1f} s, "
                f"{megabytes:,.0f} MB at most, all processes"
            )
    record("speed", figures)


def times_the_floor(densities: int, restarts: int, rounds: int) -> tuple[float, float, float]:
    """Medians of the seconds of a late step, of its products alone, and of their ratio."""
    configs = sweep(PAPER_CONFIG, PAPER_DENSITIES[-densities:])
    recipe = RECIPES["standard"].replace(restarts=restarts)
    shard = Shard(configs, range(restarts), recipe, "cpu")
    draws = Draws(configs, recipe)
    draws.advance(16)
    uniform = draws.uniform(configs)
    late = recipe.steps - 1

    def step(k: int) -> None:
        shard.step(uniform[k % 16], late, record=False)

    products = _products(densities, restarts, recipe.batch_size)
    repeats = max(10, 2_000 // (densities * restarts))
    pairs = [
        (_seconds(step, repeats), _seconds(lambda _: products(), repeats)) for _ in range(rounds)
    ]
    ratio = statistics.median(a / b for a, b in pairs)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), ratio


def _products(C: int, R: int, B: int) -> Callable[[], None]:
    n, m = PAPER_CONFIG.n_features, PAPER_CONFIG.n_neurons
    x, W1 = torch.randn(C, n, B), torch.randn(C, R * m, n)
    W2, dz = torch.randn(C * R, n, m), torch.randn(C * R, n, B)
    h, z = torch.empty(C, R * m, B), torch.empty(C * R, n, B)
    gW2, dh, gW1 = torch.empty(C * R, n, m), torch.empty(C * R, m, B), torch.empty(C, R * m, n)

    def all_five() -> None:
        torch.bmm(W1, x, out=h)
        torch.bmm(W2, h.view(C * R, m, B), out=z)
        torch.bmm(dz, h.view(C * R, m, B).transpose(1, 2), out=gW2)
        torch.bmm(W2.transpose(1, 2), dz, out=dh)
        torch.bmm(dh.view(C, R * m, B), x.transpose(1, 2), out=gW1)

    return all_five


def _seconds(call: Callable[[int], None], repeats: int) -> float:
    call(0)
    began = time.perf_counter()
    for k in range(repeats):
        call(k)
    return (time.perf_counter() - began) / repeats


def small_models(count: int, recipe: Recipe, device: str) -> tuple[float, float]:
    """Seconds to train and measure so many models, and the highest memory use so far in MB."""
    restarts = min(count, MAX_SEEDS)
    configs = [_SMALL.replace(seed=seed) for seed in range(max(1, count // restarts))]
    began = time.perf_counter()
    train(configs, recipe.replace(restarts=restarts), device=device)
    return time.perf_counter() - began, _megabytes()


def _megabytes() -> float:
    """The sum of the highest memory uses of this process and its children."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    total = 0
    for process in ("self", *children):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return total / 1024


if __name__ == "__main__":
    main()
