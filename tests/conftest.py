"""Axes in signatures are checked, and every test has a store of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import hypothesis
import jaxtyping
import pytest

from tests.helpers import axes

# Matrices are tiny here: threads that share them out take longer than the work, and more so
# where tests run side by side.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

jaxtyping.install_import_hook("toymodel", f"{axes.__name__}.checked")

hypothesis.settings.register_profile("toymodel", deadline=None, database=None, max_examples=60)
hypothesis.settings.load_profile("toymodel")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the default store during a test; it ships nothing."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "shipped").mkdir()
    monkeypatch.setenv("TOYMODEL_CACHE", str(folder))
    limits = ("MAX_QUEUE", "MAX_MEMORY_MB", "MAX_STEPS", "MAX_LIVE_SECONDS")
    for name in ("CACHE_MB", "PROCESSES", *limits):
        monkeypatch.delenv(f"TOYMODEL_{name}", raising=False)
    return folder


@pytest.fixture(autouse=True)
def on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Device "auto" is the processor, whatever the machine has."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


@pytest.fixture
def short_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure models on 8,192 examples: enough for models as small as those of the tests."""
    monkeypatch.setattr("toymodel.analysis.loss.evaluation_examples", lambda config: 8_192)


class Answer(NamedTuple):
    """What a shell command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Run `toymodel` with these arguments."""
    from toymodel.cli.main import main

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr("sys.argv", ["toymodel", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run
