"""`python -m benchmarks.best`: how far one preset is from the best known losses, size by size.

Every setting is trained by `standard` with four seeds and by `thorough` with one. Lower losses than
`best.json` knows are written there; so are those of the stored shipped models.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import numpy as np

from benchmarks.record import record
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES
from toymodel.storage.best_losses import best_loss, record_best
from toymodel.storage.store import default_store
from toymodel.sweeps.shipped import SHIPPED
from toymodel.training.train import train

# n, m, d, p: from few features to many, with few neurons and with many, sparse and dense.
_SETTINGS = (
    (16, 10, 0.7, 0.03),
    (20, 8, 0.8, 0.003),
    (24, 40, 0.8, 0.1),
    (30, 20, 0.9, 0.05),
    (40, 30, 0.6, 0.01),
    (50, 50, 1.0, 0.02),
    (64, 16, 0.95, 0.3),
    (80, 60, 0.9, 0.003),
    (100, 40, 1.0, 0.01),
    (128, 100, 0.85, 0.03),
    (160, 60, 0.97, 0.003),
)
_SEEDS = 4


@click.command()
@click.option("--thorough-seeds", default=1, show_default=True, help="0: only read and compare.")
def main(thorough_seeds: int) -> None:
    """Print how far the best of four seeds of `standard` is from the best known loss."""
    record_best(_shipped())
    click.echo(f"{'n':>5}{'m':>5}{'d':>6}{'p':>8}{'standard':>11}{'best of 4':>11}{'best':>11}")
    figures: list[dict[str, object]] = []
    for n, m, d, p in _SETTINGS:
        config = Config(n_features=n, n_neurons=m, importance_decay=d, feature_probability=p)
        models = train([config.replace(seed=s) for s in range(_SEEDS)], RECIPES["standard"])
        losses = [model.loss for model in models]
        record_best(models)
        if thorough_seeds:
            seeds = [config.replace(seed=s) for s in range(thorough_seeds)]
            record_best(train(seeds, RECIPES["thorough"]))
        best = best_loss(config)
        assert best is not None
        excess = best.excess(min(losses))
        click.echo(
            f"{n:>5}{m:>5}{d:>6g}{p:>8g}{np.median(losses):>11.5f}{min(losses):>11.5f}"
            f"{best.loss:>11.5f}  best of 4: {excess:+.1%}"
        )
        figures.append({"setting": [n, m, d, p], "losses": losses, "best": best.loss})
    record("best", {"settings": figures})


def _shipped() -> Iterator[Model]:
    store = default_store()
    for configs, recipe in SHIPPED:
        for config in configs:
            if model := store.get(config, recipe):
                yield model


if __name__ == "__main__":
    main()
