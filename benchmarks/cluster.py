"""`python -m benchmarks.cluster`: a grid on a cluster of one process and of two."""

from __future__ import annotations

import statistics
import tempfile

import click

from benchmarks.record import record
from toymodel.storage.store import Store
from toymodel.sweeps.executors import open_executor
from toymodel.sweeps.grid import grid_of
from toymodel.sweeps.run_grid import run_grid

_GRID = {
    "recipe": "quick",
    "seeds": 4,
    "config": {
        "n_features": 40,
        "n_neurons": [10, 12, 14, 16, 18, 20, 22, 24],
        "feature_probability": [1.0, 0.1, 0.01],
    },
}


@click.command()
@click.option(
    "--rounds", default=3, show_default=True, help="How often each cluster is timed, in turns."
)
def main(rounds: int) -> None:
    """Print the seconds of both, without the start of the cluster, and their ratio."""
    grid = grid_of("benchmark", _GRID)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, found in seconds.items():
            with (
                open_executor(workers=workers) as where,
                tempfile.TemporaryDirectory() as folder,
            ):
                for future in [where.executor.submit(_warm) for _ in range(2 * workers)]:
                    future.result()
                outcome = run_grid(
                    grid,
                    Store(folder),
                    where.executor,
                    at_once=where.at_once,
                    processes=where.processes,
                )
                found.append(outcome.progress.seconds)
                assert outcome.progress.done == len(grid.configs)
    ratios = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
    for workers, found in seconds.items():
        click.echo(f"{workers} workers: {statistics.median(found):.1f} s (median of {rounds})")
    click.echo(
        f"two over one: {statistics.median(ratios):.2f} times as fast "
        f"({min(ratios):.2f} to {max(ratios):.2f}), {len(grid.configs)} models"
    )
    record("cluster", {"two_over_one": statistics.median(ratios), "ratios": ratios})


def _warm() -> None:
    import toymodel.training.train  # noqa: F401


if __name__ == "__main__":
    main()
