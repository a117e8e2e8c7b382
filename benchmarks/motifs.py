"""`python -m benchmarks.motifs`: training 64 seeds, finding motifs, and how common they are.

Times depend on this machine. The grid is read from the store.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks.record import record
from toymodel.analysis.ablation import loss_by_inhibition
from toymodel.analysis.decomposition import decompose
from toymodel.analysis.ensemble import members
from toymodel.analysis.motif_effects import relative_weights
from toymodel.analysis.motifs import count_words, find_motifs
from toymodel.charts.motif.ensemble_strip import ensemble_table
from toymodel.charts.motif.frequency import motif_frequency
from toymodel.charts.motif.neuron_counts import MAX_COUNTED
from toymodel.recipe import RECIPES
from toymodel.storage.store import default_store
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.shipped import MOTIF, MOTIF_GRID
from toymodel.training.train import train

_ROUNDS = 3
_LARGEST = 500
_LOWEST = 12
_SAMPLES = 7


def main() -> None:
    """Print all of these."""
    seconds = _seeds()
    _samples()
    record("motifs", {"seconds_of_64_seeds": seconds, "seconds_of_500_x_500": _finding()})
    _grid()
    _sweep()


def _seeds() -> list[float]:
    seconds: list[float] = []
    models = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        models = train(MOTIF.configs, MOTIF.recipe)
        seconds.append(time.perf_counter() - start)
    print(
        f"{len(models)} seeds of n = 6, m = 10, 1 - S = 0.1, trained and measured: median "
        f"{statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})"
    )
    table = ensemble_table(members(models, 1))
    lowest = table.head(_LOWEST)
    print(
        f"  of the {_LOWEST} with the lowest losses {(lowest['neurons'] >= 2).sum()} have two "
        f"or more asymmetric neurons; of all {(table['neurons'] >= 2).sum()}"
    )
    for name, some in ((f"the {_LOWEST} lowest", lowest), ("all", table)):
        weights = [models[int(k)].weights for k in some["member"]]
        relative = np.concatenate(
            [relative_weights(each.W1, find_motifs(each.W1, each.W2)) for each in weights]
        )
        minor = relative[relative < 1]
        median = f"{np.median(minor):.2f}" if len(minor) else "none"
        print(
            f"  {name}: the interfering feature is a minor weight in {len(minor)} of "
            f"{len(relative)} inhibitors, relative weight {median} (median)"
        )
    best = models[int(table["member"].iloc[0])]
    found = decompose(best.config, best.weights)
    without = loss_by_inhibition(best.config, best.weights, found.motifs, [0.0])[0]
    print(
        f"  the best, {table['name'].iloc[0]}: loss {found.everything:.4f}, without inhibition "
        f"{without:.3f} (x {without / found.everything:.0f}); absolute value alone "
        f"{found.absolute_value:.3f}, and the motif {found.with_motifs:.3f}"
    )
    return seconds


def _samples() -> None:
    config, recipe = MOTIF.configs[0], MOTIF_GRID.recipe
    print(f"{recipe.restarts} restarts each, of the same data")
    for seed in range(_SAMPLES):
        table = ensemble_table(members(train([config.replace(seed=seed)], recipe), recipe.restarts))
        lowest = table.head(_LOWEST)
        print(
            f"  seed {seed}: {(lowest['neurons'] >= 2).sum()} of the {_LOWEST} lowest losses "
            f"have two or more asymmetric neurons; the lowest, {table['loss'].iloc[0]:.4f}, has "
            f"{table['neurons'].iloc[0]}, with {table['pairs'].iloc[0]} pairs of features"
        )


def _finding() -> list[float]:
    random = np.random.default_rng(0)
    W1, W2 = random.normal(size=(2, _LARGEST, _LARGEST)).astype(np.float32)
    seconds: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        find_motifs(W1, W2)
        seconds.append(time.perf_counter() - start)
    print(f"find_motifs, {_LARGEST} x {_LARGEST}: median {statistics.median(seconds):.3f} s")
    return seconds


def _grid() -> None:
    models = [default_store().get(config, MOTIF_GRID.recipe) for config in MOTIF_GRID.configs]
    table = motif_frequency([model for model in models if model])
    print(
        "share of 64 restarts with 0, 1, 2, 3 or more asymmetric neurons; best and worst quarter "
        "by loss"
    )
    for row in table.to_dict("records"):
        shares = " ".join(f"{row[f'share_{count}']:4.0%}" for count in range(MAX_COUNTED + 1))
        print(
            f"  d = {row['decay']:<4g} 1 - S = {row['density']:<4g} {shares}   mean "
            f"{row['mean']:.2f} neurons, {row['pairs']:.2f} pairs of features; neurons: best "
            f"{row['best']:.2f}, worst {row['worst']:.2f}, standard error of the difference "
            f"{row['error']:.2f}"
        )


def _sweep() -> None:
    for preset in ("standard", "thorough"):
        for config in sweep(PAPER_CONFIG, PAPER_DENSITIES):
            model = default_store().get(config, RECIPES[preset])
            found = find_motifs(model.W1, model.W2) if model else []
            print(
                f"n = 100, m = 40, {preset}, 1 - S = {config.feature_probability:g}: "
                f"{count_words(found)}"
            )


if __name__ == "__main__":
    main()
