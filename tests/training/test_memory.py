from __future__ import annotations

from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import run_python
from toymodel.training.memory import physical_megabytes, training_megabytes

# Features, neurons, batch size, restarts.
CASES = [(800, 400, 128, 8), (100, 40, 4_096, 32), (2_000, 1, 2_000, 1), (20, 10, 65_536, 1)]
MEASURE = f"""
import os
import toymodel as tm
from toymodel.jobs.job import _progress
from toymodel.training.train import training

def highest():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

for n, m, batch, restarts in {CASES}:
    if not os.fork():  # each with the memory of a process that has done no training
        config = tm.Config(n_features=n, n_neurons=m)
        recipe = tm.Recipe(batch_size=batch, restarts=restarts, min_importance=0.0)
        before = highest()
        for snapshot in training([config], recipe, interval=0.01, processes=1):
            if snapshot.step > 2:
                checkpoint = snapshot.checkpoint()
                checkpoint.checksum
                _progress(snapshot, recipe, checkpoint)
                break
        print(highest() - before, flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_the_estimate_is_near_what_a_training_takes():
    result = run_python("-c", MEASURE)
    assert result.returncode == 0, result.stderr
    for (n, m, batch, restarts), line in zip(CASES, result.stdout.splitlines(), strict=True):
        config, measured = tm.Config(n_features=n, n_neurons=m), float(line)
        recipe = tm.Recipe(batch_size=batch, restarts=restarts, min_importance=0.0)
        assert 0.6 * measured < training_megabytes([config], recipe) < 2 * measured + 50


def test_more_of_anything_takes_more():
    config, recipe = tm.Config(n_features=500, n_neurons=200), tm.Recipe(batch_size=1_024)
    least = training_megabytes([config], recipe)
    assert training_megabytes([config, config.replace(seed=1)], recipe) > least
    assert training_megabytes([config], recipe.replace(restarts=8)) > least
    assert training_megabytes([config], recipe.replace(batch_size=4_096)) > least
    assert training_megabytes([config.replace(n_neurons=400)], recipe) > least
    assert training_megabytes([config], recipe.replace(min_importance=0.0)) > least
    assert physical_megabytes() > 100
