"""A server with a store of its own, and a browser to open it in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]

expect.set_options(timeout=30_000)  # other programs may want the processor too


@pytest.fixture(scope="session")
def server_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's store, which holds the shipped models alone at first."""
    cache = tmp_path_factory.mktemp("cache")
    shutil.copytree(ROOT / "cache" / "shipped", cache / "shipped")
    return cache


@pytest.fixture(scope="session")
def server(server_cache: Path) -> Iterator[str]:
    """The address of a dashboard."""
    cache = server_cache
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = (cache / "server.log").open("wb")
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        env=os.environ | {"TOYMODEL_CACHE": str(cache)},
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
    context.set_default_timeout(30_000)
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
