"""`python -m benchmarks.pages`: how long a visitor waits, in headless Chromium with a warm cache.

Every round starts a new server that has the shipped models alone. Times depend on this machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.record import record

ROOT = Path(__file__).resolve().parent.parent
PANELS = (
    "document.querySelectorAll('.st-key-strip-headings [class*=st-key-panel]').length == 7 && "
    "document.querySelectorAll('.st-key-strips .marks').length == 1"
)
OVERVIEW = (
    "document.querySelector('.st-key-card-sweep') && "
    "document.querySelectorAll('[data-testid=stVegaLiteChart] .marks').length == 4"
)
PICTURE = (
    "document.querySelector('[data-testid=stProgress]') && "
    "document.querySelectorAll('[data-testid=stVegaLiteChart] .marks').length > 0"
)
IDLE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState == 'notRunning'"
HEADING = "document.querySelector('h2')?.innerText"
NEURON = (
    f"{IDLE} && {HEADING}?.startsWith('Neuron') && "
    "document.querySelectorAll('[data-testid=stVegaLiteChart] .marks').length >= 3"
)
MOTIF = (
    "document.querySelectorAll('[class*=st-key-motif-panel] [data-testid=stVegaLiteChart] .marks')"
    ".length == 6"
)
THREE_CHARTS = "document.querySelectorAll('[data-testid=stVegaLiteChart] .marks').length >= 3"
LOSS = "document.querySelector('[data-testid=stMetricValue]')?.innerText"
GREYED = ".st-key-before-the-training"
FLOOR = "a page of three charts and nothing else, a click"
# From a click to its trace in the page's address, in milliseconds.
CLICK = """against => new Promise(done => {
    const start = performance.now();
    [...document.querySelectorAll('[role=radio]')].find(e => e.innerText == against).click();
    const timer = setInterval(() => {
        const waited = performance.now() - start;  // a lost click shows as 5 seconds
        if (!location.search.includes('against=' + against) && waited < 5000) return;
        clearInterval(timer);
        done(waited);
    }, 5);
})"""
TRAININGS = {
    "n = 100, m = 40": "n=100&m=40&p=0.01&recipe=thorough&restarts=16",
    "n = 1,000, m = 400": "n=1000&m=400&p=0.01&recipe=standard&restarts=4",
}


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How many servers are started.")
def main(rounds: int) -> None:
    """Print medians and all values, in seconds."""
    times: dict[str, list[float]] = defaultdict(list)
    busy: dict[str, list[float]] = defaultdict(list)
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    port = free_port()  # one for all servers: a browser's cache goes by address
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        with server(port) as address:  # fills the browser's cache
            page.goto(f"{address}/sweep")
            page.wait_for_function(PANELS)
        for number in range(rounds):
            with server(port) as address:
                timed = _Timed(page, times)
                timed(
                    "seven panels, first request to a server",
                    lambda a=address: page.goto(f"{a}/sweep"),
                    PANELS,
                )
                look(page, address, timed)
                visit_sweep(page, address, 1_000 + number, timed)
                visit_slider(page, address, timed)
                for name, settings in TRAININGS.items():
                    link = f"{address}/train?{settings}&seed={1_000 + number}"
                    visit_training(page, link, name, times)
            with server(port, "benchmarks/bare_page.py") as address:
                visit_bare_page(page, address, _Timed(page, times))
            with server(port) as address, someone_trains(browser, address):
                page.goto(f"{address}/sweep")
                page.wait_for_function(PANELS)
                page.wait_for_timeout(2_000)
                look(page, address, _Timed(page, busy))
        browser.close()
    for name, values in times.items():
        click.echo(_line(name, values))
    floor = statistics.median(times[FLOOR])
    next_neuron = statistics.median(times["the next neuron"])
    click.echo(f"The next neuron takes {next_neuron / floor:.2f} times as long as a bare page.")
    click.echo("While somebody trains:")
    slower = {
        name: statistics.median(values) / statistics.median(times[name])
        for name, values in busy.items()
    }
    for name, values in busy.items():
        click.echo(f"{_line(name, values)}   {slower[name]:.2f} times")
    medians = {name: statistics.median(values) for name, values in times.items()}
    record("pages", {"seconds": medians, "times_while_somebody_trains": slower})


def _line(name: str, values: Sequence[float]) -> str:
    every = ", ".join(f"{value:.2f}" for value in values)
    return f"{name:<58}{statistics.median(values):>6.2f}   ({every})"


class _Timed:
    """Does something on a page, waits until a condition holds, and keeps the seconds by name."""

    def __init__(self, page: Page, times: dict[str, list[float]]) -> None:
        self.page, self.times = page, times

    def __call__(self, name: str, action: Callable[[], object], seen: str) -> None:
        start = time.perf_counter()
        action()
        self.page.wait_for_function(seen, polling=20)
        self.times[name].append(time.perf_counter() - start)
        self.page.wait_for_timeout(1_000)


@contextmanager
def someone_trains(browser: Browser, address: str) -> Iterator[None]:
    """Another visitor runs a long training meanwhile."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/sweep?recipe=thorough&seed=77")
    button = page.get_by_role("button", name=re.compile("^Train 7 models"))
    button.click()
    page.wait_for_function(PICTURE)
    page.close()  # the training goes on, without a browser that would take time
    try:
        yield
    finally:
        context.close()


def look(page: Page, address: str, timed: _Timed) -> None:
    """Time one visitor who looks at stored models."""
    menu = page.get_by_role("navigation")
    timed("seven panels, later", lambda: page.goto(f"{address}/sweep"), PANELS)
    timed("to the overview", menu.get_by_role("link", name="Overview").click, OVERVIEW)
    timed("to the sweep", menu.get_by_role("link", name="Sparsity sweep").click, PANELS)
    box = page.locator(".st-key-panel-0-01").bounding_box()
    assert box
    x, y = box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"]
    timed("a neuron clicked, the first of a model", lambda: page.mouse.click(x, y), NEURON)
    for _ in range(3):
        before = json.dumps(page.locator("h2").first.inner_text())
        button = page.get_by_role("button", name="Next in the plot")
        timed("the next neuron", button.click, f"{NEURON} && {HEADING} != {before}")
    feature = page.get_by_role("link", name="(primary)")
    timed("its primary feature", feature.click, f"{IDLE} && {HEADING}?.startsWith('Feature')")
    timed("the motif's three panels, 64 seeds", lambda: page.goto(f"{address}/motif"), MOTIF)
    page.wait_for_function(IDLE)
    page.get_by_role("tab", name="Turn it down").click()
    page.get_by_role("slider").wait_for()
    page.wait_for_function(IDLE)
    for number in range(1, 4):
        less = f"document.body.innerText.includes('With {5 * number}% of its inhibition')"
        slider = page.get_by_role("slider")
        timed("inhibition turned by 5 %", lambda s=slider: s.press("ArrowRight"), less)


def visit_sweep(page: Page, address: str, seed: int, timed: _Timed) -> None:
    """Time one visitor who trains the sweep, and cancels it."""
    page.goto(f"{address}/sweep?seed={seed}")
    train = page.get_by_role("button", name=re.compile("^Train 7 models"))
    train.wait_for()
    page.wait_for_timeout(4_000)  # as long as it takes to read what the page says
    timed("first moving picture after the click", train.click, PANELS)
    start = time.perf_counter()
    page.get_by_role("button", name="Cancel").click()
    train.wait_for()
    timed.times["cancelled, as the page shows it"].append(time.perf_counter() - start)


def visit_slider(page: Page, address: str, timed: _Timed) -> None:
    """Time a slider of density, from its release to the picture of the new model."""
    page.goto(f"{address}/train?n=100&m=40&p=0.01&recipe=standard")
    page.wait_for_function(f"{IDLE} && {LOSS}")
    page.wait_for_timeout(4_000)
    slider = page.get_by_role("slider").first
    for _ in range(4):
        before = json.dumps(page.evaluate(LOSS))
        new = f"{IDLE} && {LOSS} && {LOSS} != {before} && !document.querySelector('{GREYED}')"
        timed("density's slider moved, trained anew", lambda: slider.press("ArrowRight"), new)


def visit_bare_page(page: Page, address: str, timed: _Timed) -> None:
    """Time a click on a page that has three charts and nothing else."""
    page.goto(address)
    page.wait_for_function(f"{IDLE} && {HEADING} == 'Number 0' && {THREE_CHARTS}")
    for number in range(1, 4):
        there = f"{IDLE} && {HEADING} == 'Number {number}' && {THREE_CHARTS}"
        timed(FLOOR, page.get_by_role("button", name="Next").click, there)


def visit_training(page: Page, address: str, name: str, times: dict[str, list[float]]) -> None:
    """Time one training of one model, from the click to the cancellation."""
    page.goto(address)
    train = page.get_by_role("button", name=re.compile("^Train "))
    train.wait_for()
    page.wait_for_timeout(4_000)  # as long as it takes to read what the page says

    def timed(what: str, action: Callable[[], object], wait: Callable[[], object]) -> None:
        start = time.perf_counter()
        action()
        wait()
        times[f"{name}: {what}"].append(time.perf_counter() - start)
        page.wait_for_timeout(1_500)

    def picture() -> None:
        page.wait_for_function(PICTURE, polling=20)

    timed("first moving picture", train.click, picture)
    page.get_by_role("radio", name="seconds").scroll_into_view_if_needed()
    for number in range(6):
        answered = page.evaluate(CLICK, ("seconds", "steps")[number % 2])
        times[f"{name}: a click is answered while it trains"].append(answered / 1e3)
        page.wait_for_timeout(1_000 + 130 * number)
    timed(
        "paused, as the page shows it",
        page.get_by_role("button", name="Pause").click,
        page.get_by_role("button", name="Go on").wait_for,
    )
    timed("goes on", page.get_by_role("button", name="Go on").click, picture)
    timed(
        "cancelled, as the page shows it",
        page.get_by_role("button", name="Cancel").click,
        train.wait_for,
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def server(port: int, script: str = "app.py") -> Iterator[str]:
    """Start a dashboard, or another script, and yield its address once it answers."""
    with tempfile.TemporaryDirectory() as cache:
        shutil.copytree(ROOT / "cache" / "shipped", Path(cache) / "shipped")
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)],
            cwd=ROOT,
            env=os.environ | {"TOYMODEL_CACHE": cache},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            while True:
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield address
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
