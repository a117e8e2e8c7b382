"""The paper's sweep, trained in full: what the README says of it holds on this machine."""

from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from toymodel.analysis.polysemanticity import CLASSES, neurons
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep

pytestmark = pytest.mark.slow

SEEDS = range(15)
TARGETS = (0.0034, 0.0098, 0.0107, 0.0092, 0.0062, 0.0040, 0.0042)


@pytest.fixture(scope="module")
def sweeps() -> list[list[tm.Model]]:
    configs = [
        config
        for seed in SEEDS
        for config in sweep(PAPER_CONFIG.replace(seed=seed), PAPER_DENSITIES)
    ]
    models = tm.train(configs, tm.RECIPES["standard"])
    return [models[start : start + 7] for start in range(0, len(models), 7)]


def test_the_standard_recipes_median_losses_reach_their_targets(sweeps):
    medians = np.median([[model.loss for model in models] for models in sweeps], axis=0)
    assert (medians <= TARGETS).all(), medians


def test_neurons_go_from_monosemantic_to_polysemantic(sweeps):
    counts = [[neurons(model.W1).counts for model in models] for models in sweeps]
    monosemantic = np.median([[c[CLASSES[0]] for c in run] for run in counts], axis=0)
    assert monosemantic[0] == monosemantic[1] == 40
    assert (np.diff(monosemantic) <= 0).all()
    assert all(run[-1][CLASSES[2]] >= 28 for run in counts)
