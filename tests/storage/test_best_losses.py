from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.networks import model
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES
from toymodel.storage.best_losses import BEST_FILE, best_loss, record_best

CONFIG = Config(n_features=5, n_neurons=4, feature_probability=0.1)


def with_loss(config: Config, loss: float) -> Model:
    trained = model(config, RECIPES["quick"].replace(restarts=1))
    losses = np.array([loss], np.float32)
    return replace(trained, losses=losses, loss_errors=losses / 100)


def test_nothing_is_known_without_a_file(tmp_path: Path):
    assert best_loss(CONFIG, tmp_path / "best.json") is None


def test_only_a_lower_loss_takes_the_place_of_the_one_that_is_known(tmp_path: Path):
    path = tmp_path / "best.json"
    for seed, loss, written in ((3, 0.25, True), (4, 0.5, False), (5, 0.125, True)):
        found = record_best([with_loss(CONFIG.replace(seed=seed), loss)], path)
        assert [each.config.seed for each in found] == [seed] * written
    best = best_loss(CONFIG.replace(seed=77), path)
    assert best is not None
    assert (best.loss, best.error, best.recipe, best.seed) == (0.125, 0.00125, "quick", 5)
    assert best.excess(0.25) == 1
    assert best_loss(CONFIG.replace(feature_probability=0.2), path) is None


def test_settings_are_told_apart_and_kept_in_order(tmp_path: Path):
    path = tmp_path / "best.json"
    configs = [CONFIG.replace(feature_probability=p) for p in (0.5, 0.25, 1.0)]
    record_best([with_loss(config, config.feature_probability) for config in configs], path)
    assert list(json.loads(path.read_text())) == sorted(json.loads(path.read_text()))
    found = [best_loss(config, path) for config in configs]
    assert [each and each.loss for each in found] == [0.5, 0.25, 1.0]


@pytest.mark.skipif(not BEST_FILE.exists(), reason="it lies beside the benchmarks of a clone")
def test_the_losses_that_are_known_are_possible():
    for setting, about in json.loads(BEST_FILE.read_text()).items():
        config = Config.from_mapping(json.loads(setting))
        assert best_loss(config) is not None
        assert 0 < about["loss"] <= 1
        # Where every feature has its neurons, the loss is next to nothing and has no exact error.
        assert 0 <= about["error"] < 0.02 * about["loss"] + 1e-9
