from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from toymodel.storage.checkpoint import Checkpoint
from toymodel.storage.model_file import model_key

CONFIGS = [tm.Config(n_features=3, n_neurons=2, seed=seed) for seed in (0, 1)]
RECIPE = tm.Recipe(steps=5)
CHECKPOINT = Checkpoint(
    [model_key(config, RECIPE) for config in CONFIGS],
    {"one": np.arange(4, dtype=np.float32), "other": np.zeros(1)},
    {"done": 3, "shards": [], "draws": [{"state": 2**127}]},
)


def test_a_checkpoint_fits_the_training_that_it_is_of_and_no_other():
    assert CHECKPOINT.fits(CONFIGS, RECIPE)
    assert not CHECKPOINT.fits(CONFIGS[::-1], RECIPE)
    assert not CHECKPOINT.fits(CONFIGS[:1], RECIPE)
    assert not CHECKPOINT.fits(CONFIGS, RECIPE.replace(cycles=2))


@pytest.mark.parametrize(
    "change",
    [
        {"keys": CHECKPOINT.keys[::-1]},
        {"about": {**CHECKPOINT.about, "done": 4}},
        {"tensors": {**CHECKPOINT.tensors, "one": np.array([0, 1, 2, 4], np.float32)}},
        {"tensors": {**CHECKPOINT.tensors, "one": np.arange(4, dtype=np.float32)[None]}},
        {"tensors": {**CHECKPOINT.tensors, "other": np.zeros(2, np.float32)}},
        {"tensors": {"two": CHECKPOINT.tensors["one"], "other": CHECKPOINT.tensors["other"]}},
    ],
)
def test_whatever_changes_changes_the_checksum(change: dict[str, object]):
    again = replace(CHECKPOINT, tensors=dict(list(CHECKPOINT.tensors.items())[::-1]))
    assert again.checksum == CHECKPOINT.checksum
    assert replace(CHECKPOINT, **change).checksum != CHECKPOINT.checksum
