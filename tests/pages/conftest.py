"""The shipped models for pages, a server with a store of its own, a browser to open it in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

from pages.shared import resources
from tests.helpers.networks import ROOT

expect.set_options(timeout=60_000)  # other programs may want the processor too


@pytest.fixture(autouse=True)
def completed_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page run without a browser has the address that the browser would complete for it."""
    run = AppTest._run

    def run_and_complete(app: AppTest, *args: Any, **options: Any) -> AppTest:
        run(app, *args, **options)
        if link := app.session_state.get("page.link", None):
            app.query_params = dict(link)
        return app

    monkeypatch.setattr(AppTest, "_run", run_and_complete)


@pytest.fixture(autouse=True)
def trained_by_a_click(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changed settings do not train, so that a test says when; tests of that allow it again."""
    monkeypatch.setenv("TOYMODEL_MAX_LIVE_SECONDS", "0")


@pytest.fixture(scope="session")
def shipped_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the shipped models, which no test may change."""
    folder = tmp_path_factory.mktemp("shipped") / "shipped"
    shutil.copytree(ROOT / "cache" / "shipped", folder)
    before = _times(folder)
    yield folder
    assert _times(folder) == before, "a test that changes shipped models takes `own_shipped`"


def _times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shipped(cache: Path, shipped_models: Path) -> Iterator[Path]:
    """The store of the pages has the shipped models."""
    folder = cache / "shipped"
    folder.rmdir()
    folder.symlink_to(shipped_models, target_is_directory=True)
    st.cache_resource.clear()
    yield folder
    resources.jobs().close()
    st.cache_resource.clear()


@pytest.fixture
def own_shipped(shipped: Path, shipped_models: Path) -> Path:
    """The same, in a folder that this test may change."""
    shipped.unlink()
    shutil.copytree(shipped_models, shipped)
    return shipped


@pytest.fixture(scope="session")
def server_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's store, which holds the shipped models alone at first."""
    cache = tmp_path_factory.mktemp("cache")
    shutil.copytree(ROOT / "cache" / "shipped", cache / "shipped")
    return cache


@contextmanager
def serving(cache: Path, **environment: str) -> Iterator[str]:
    """A dashboard with this store and environment; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = (cache / "server.log").open("wb")
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        env=os.environ
        | {"TOYMODEL_CACHE": str(cache), "TOYMODEL_MAX_LIVE_SECONDS": "0"}
        | environment,
        stdout=log,
        stderr=log,
    )
    try:
        _wait_for(address + "/_stcore/health")
        yield address
    finally:
        process.terminate()
        process.wait(10)
        log.close()
    said = (cache / "server.log").read_text()
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def server(server_cache: Path) -> Iterator[str]:
    """The address of a dashboard that all tests share."""
    with serving(server_cache) as address:
        yield address


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard that trains as settings change, as a copy does by itself."""
    cache = tmp_path_factory.mktemp("live")
    shutil.copytree(ROOT / "cache" / "shipped", cache / "shipped")
    with serving(cache, TOYMODEL_MAX_LIVE_SECONDS="60") as address:
        yield address


@pytest.fixture
def new_server(cache: Path) -> Iterator[str]:
    """The address of a dashboard that nobody has asked for anything, with an empty store."""
    with serving(cache) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh browser session."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    # What a person does waits until they see what they do it to: a click or a number that comes
    # while the page is being drawn again may go to what was there before.
    running = page.locator('[data-test-script-state="running"]')
    page.add_locator_handler(running, lambda _: expect(running).to_have_count(0))
    yield page
    context.close()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)
