"""`python -m benchmarks.explorers`: how long the computations for a neuron or a feature take.

The models are random, because the time depends on the sizes and on the density alone.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import click
import numpy as np

import toymodel as tm
from benchmarks.record import record
from toymodel.analysis.activations import activity, shares_of_all
from toymodel.analysis.inputs import input_examples

SIZES = ((100, 40), (1_000, 400))
DENSITIES = (1.0, 0.1, 0.01, 0.001)


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How many neurons are timed.")
def main(rounds: int) -> None:
    """Print medians in milliseconds, and the highest memory use."""
    names = ("a neuron's activations", "all neurons' shares", "ablation", "losses of features")
    figures: dict[str, object] = {}
    click.echo(f"{'':<34}{'inputs':>10}" + "".join(f"{name:>24}" for name in names))
    for n, m in SIZES:
        for p in DENSITIES:
            config = tm.Config(n_features=n, n_neurons=m, feature_probability=p)
            weights = _weights(config)
            steps: tuple[Callable[[int], object], ...] = (
                lambda j, c=config, w=weights: activity(c, w, j),
                lambda _, c=config, w=weights: shares_of_all(c, w),
                lambda j, c=config, w=weights: tm.ablate(c, w, j),
                lambda _, c=config, w=weights: tm.loss_by_feature(c, w),
            )
            times = [statistics.median(_time(step, j) for j in range(rounds)) for step in steps]
            name = f"n = {n:,}, m = {m:,}, 1 - S = {p:g}"
            figures |= {f"{what}, {name}": t for what, t in zip(names, times, strict=True)}
            click.echo(
                f"{name:<34}{input_examples(config):>10,}"
                + "".join(f"{1e3 * seconds:>21.0f} ms" for seconds in times)
            )
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    click.echo(f"highest memory use of the Python process: {highest:.0f} MB")
    record("explorers", {"seconds": figures, "megabytes": highest})


def _time(step: Callable[[int], object], neuron: int) -> float:
    start = time.perf_counter()
    step(neuron)
    return time.perf_counter() - start


def _weights(config: tm.Config) -> tm.Weights:
    random, n, m = np.random.default_rng(0), config.n_features, config.n_neurons
    return tm.Weights(
        W1=random.normal(size=(m, n)).astype(np.float32),
        W2=random.normal(size=(n, m)).astype(np.float32),
        b=np.zeros(n, np.float32),
        b_hidden=np.zeros(m, np.float32),
    )


if __name__ == "__main__":
    main()
