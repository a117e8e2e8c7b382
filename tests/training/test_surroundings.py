"""What the caller set in torch, or did with the process, changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
import torch

import toymodel as tm
from tests.helpers.networks import run_python, same_model

RECIPE = tm.Recipe(steps=30, batch_size=16)
CONFIG = tm.Config(n_features=5, n_neurons=3, feature_probability=0.3)


@contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def precision():
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")


SETTINGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "default dtype": default_dtype,
    "default device": lambda: torch.device("meta"),
    "precision": precision,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
}


def settings() -> tuple[object, ...]:
    return (
        *(torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads()),
        *(torch.get_float32_matmul_precision(), torch.is_autocast_enabled("cpu")),
        *(torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_torch_change_nothing_and_stay(name: str):
    (expected,) = tm.train([CONFIG], RECIPE, processes=1)
    with SETTINGS[name]():
        before, seen = settings(), []
        (found,) = tm.train(
            [CONFIG], RECIPE, processes=1, on_snapshot=lambda _: seen.append(settings())
        )
        assert settings() == before
        assert {each[:2] + each[3:] for each in seen} == {before[:2] + before[3:]}
    assert same_model(found, expected)
    assert found.W1.dtype == np.float32


def test_a_training_neither_reads_nor_moves_random_states():
    torch.manual_seed(1)
    np.random.seed(1)
    (expected,) = tm.train([CONFIG], RECIPE)
    drawn = torch.rand(3).tolist(), np.random.rand(3).tolist()
    torch.manual_seed(1)
    np.random.seed(1)
    assert (torch.rand(3).tolist(), np.random.rand(3).tolist()) == drawn
    assert same_model(tm.train([CONFIG], RECIPE)[0], expected)


def test_a_process_that_is_forked_after_a_training_trains_too(monkeypatch: pytest.MonkeyPatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name)  # what hangs without care is a pool of threads
    code = """
import multiprocessing as mp, torch, warnings, toymodel as tm
warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
recipe = tm.RECIPES["standard"].replace(steps=100)
configs = [tm.Config(feature_probability=p) for p in (1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)]
def sums(processes):
    return [float(model.W1.sum()) for model in tm.train(configs, recipe, processes=processes)]
def child(answers):
    answers.put(sums(2))
if __name__ == "__main__":
    torch.set_num_threads(2)
    torch.ones(2000, 2000) @ torch.ones(2000, 2000) + torch.ones(2000, 2000).exp()
    here, context = sums(2), mp.get_context("fork")
    answers = context.Queue()
    process = context.Process(target=child, args=(answers,))
    process.start()
    try:
        print(answers.get(timeout=40) == here, sums(2) == here)
    finally:
        process.kill()
"""
    result = run_python("-c", code)
    assert (result.stdout, result.stderr) == ("True True\n", "")


def test_a_forked_process_takes_no_workers_and_no_threads_of_its_parent():
    code = """
import os, sys, warnings, torch
warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
from toymodel.training.train import _torch_threads
from toymodel.training.workers import borrow_workers
with borrow_workers(1, start=True) as workers:
    kept = [worker.pid for worker in workers]
child = os.fork()
if child == 0:
    with borrow_workers(1, start=False) as workers, _torch_threads(4):
        os._exit(10 * len(workers) + torch.get_num_threads())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
with borrow_workers(1, start=False) as workers:
    print(len(kept), [worker.pid for worker in workers] == kept)
"""
    result = run_python("-c", code)
    assert (result.stdout, result.stderr) == ("1\n1 True\n", "")
