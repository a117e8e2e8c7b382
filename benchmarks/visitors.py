"""`python -m benchmarks.visitors`: many visitors who each ask for a training at the same time."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import click
from playwright.sync_api import sync_playwright

from benchmarks.pages import free_port, server
from benchmarks.record import record

_TRAIN = re.compile("^Train [(]about")
_DONE = "Train another seed"
_SETTINGS = "n=100&m=40&p=0.01&recipe=quick"


@click.command()
@click.option("--visitors", default=20, show_default=True, help="How many browser sessions.")
def main(visitors: int) -> None:
    """Print how many got a model, in which time, and the memory of the server and its workers."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    port = free_port()
    os.environ["TOYMODEL_MAX_LIVE_SECONDS"] = "0"  # all ask at the same time, by a click
    with sync_playwright() as playwright, server(port) as address:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        pages = [browser.new_context().new_page() for _ in range(visitors)]
        for seed, page in enumerate(pages):
            page.goto(f"{address}/train?{_SETTINGS}&seed={1_000 + seed}")
            page.get_by_role("button", name=_TRAIN).wait_for(timeout=120_000)
        start = time.perf_counter()
        for page in pages:
            page.get_by_role("button", name=_TRAIN).click()
        asked = time.perf_counter() - start
        done = [False] * visitors
        highest = 0.0
        while not all(done):
            highest = max(highest, megabytes(port))
            for number, page in enumerate(pages):
                done[number] = done[number] or page.get_by_role("button", name=_DONE).count() > 0
            if time.perf_counter() - start > 600:
                break
            time.sleep(0.2)
        trained = time.perf_counter() - start
        errors = sum(page.get_by_test_id("stException").count() for page in pages)
        refused = sum(page.get_by_text("trainings wait already").count() for page in pages)
        click.echo(f"asked within {asked:.1f} s; {sum(done)} of {visitors} have their model")
        click.echo(f"the last after {trained:.1f} s; {errors} errors, {refused} refused")
        click.echo(f"server and workers together: {highest:.0f} MB at most")
        record(
            "visitors",
            {"visitors": visitors, "models": sum(done), "seconds": trained, "megabytes": highest},
        )
        browser.close()


def megabytes(port: int) -> float:
    """Resident memory of the server on this port and of its children."""
    parents: dict[int, int] = {}
    sizes: dict[int, float] = {}
    roots: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines()
            )
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid] = int(status["PPid"])
        sizes[pid] = float(status.get("VmRSS", "0 kB").split()[0]) / 1024
        if b"--server.port" in words and str(port).encode() in words:
            roots.append(pid)

    def below(pid: int) -> bool:
        while pid and pid not in roots:
            pid = parents.get(pid, 0)
        return pid in roots

    return sum(size for pid, size in sizes.items() if below(pid))


if __name__ == "__main__":
    main()
