"""What tests in a real browser share: to find things on a page, and to wait for it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from playwright.sync_api import Locator, Page, expect


def panel(page: Page, density: str) -> Locator:
    return page.locator(f".st-key-panel-{density.replace('.', '-')}")


def strips(page: Page) -> Locator:
    return page.locator(".st-key-strips").get_by_test_id("stVegaLiteChart").locator(".marks").first


def link(page: Page) -> dict[str, str]:
    """The parameters of the address, which a page completes at the end of its run."""
    wait_until_idle(page)
    search = page.evaluate("location.search.slice(1)")
    return {name: values[0] for name, values in parse_qs(search).items()}


def wait_until_idle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    # A page completes its address at the end of its run.
    page.wait_for_function("location.pathname == '/' || location.search.includes('v=1')")


def click_column(page: Page, density: str, share: float) -> None:
    expect(strips(page)).to_be_visible()
    wait_until_idle(page)
    panel(page, density).scroll_into_view_if_needed()
    box = panel(page, density).bounding_box()
    assert box
    # In the strip, below its heading.
    page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.6)


def heading(page: Page, words: str) -> Locator:
    return page.get_by_role("heading", name=re.compile(words), level=2).first


def drawing(page: Page, key: str) -> Locator:
    return page.locator(f"[class*='st-key-{key}']").first.locator("svg.marks, canvas.marks").first


def click_drawing(page: Page, key: str, across: float, down: float) -> None:
    chart = drawing(page, key)
    expect(chart).to_be_visible()
    wait_until_idle(page)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True).get_by_role("slider")


def metric(page: Page, label: str) -> str:
    found = page.get_by_test_id("stMetric").filter(has_text=label).first
    return found.get_by_test_id("stMetricValue").inner_text()


def go_back_to(page: Page, words: str) -> None:
    page.go_back()
    page.wait_for_timeout(500)  # the browser asks for the page a moment later
    wait_until_idle(page)
    expect(heading(page, words)).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """A button; one that trains may have the estimated time behind its name."""
    if isinstance(name, str):
        name = re.compile(rf"^{re.escape(name)}( \(about [^)]*\))?$")
    return page.get_by_role("button", name=name)
