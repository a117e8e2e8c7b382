"""What a person does with the pages, in a real browser."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.navigation import OVERVIEW, PAGES
from tests.helpers.browser import click_column, link, panel, strips, wait_until_idle
from tests.helpers.contrast import low_contrast
from toymodel.charts.sweep.strips import PITCH

pytestmark = pytest.mark.browser

MAX_HEIGHT = 2_200
NAMELESS = """[...document.querySelectorAll('a, button, input, [tabindex="0"]')].filter(e =>
    e.tabIndex >= 0 && !e.disabled && e.dataset.testid != 'data-grid-canvas'
    && e.checkVisibility({ checkVisibilityCSS: true })
    && !(e.textContent.trim() || e.ariaLabel || e.title || e.labels?.length
         || e.getAttribute("aria-labelledby") || e.placeholder)
).map(e => e.outerHTML.slice(0, 200))"""
"""Where the keyboard stops at something that has no name."""
SMALL = "n=12&m=6&p=0.5,0.1,0.02&recipe=quick"


def train(page: Page, count: int) -> None:
    page.get_by_role("button", name=f"Train {count} models").click()
    expect(page.get_by_text("Against density")).to_be_visible(timeout=90_000)
    wait_until_idle(page)


def test_the_first_thing_a_new_server_is_asked_for_may_be_a_pages_link(new_server: str, page: Page):
    page.goto(f"{new_server}/sweep")
    expect(page.get_by_role("link", name="Sparsity sweep")).to_be_visible()
    expect(page.get_by_role("heading", name="Neurons turn polysemantic")).to_be_visible()
    wait_until_idle(page)
    expect(page.get_by_role("dialog")).to_have_count(0)  # such as "Page not found"
    assert link(page)["p"] == "1,0.3,0.1,0.03,0.01,0.003,0.001"


def test_the_sweep_draws_the_papers_seven_panels(server: str, page: Page):
    page.goto(f"{server}/sweep")
    expect(strips(page)).to_be_visible()
    densities = ("1", "0.3", "0.1", "0.03", "0.01", "0.003", "0.001")
    boxes = [panel(page, density).bounding_box() for density in densities]
    around = strips(page).bounding_box()
    assert around
    for number, box in enumerate(boxes):
        assert box
        assert box["height"] == pytest.approx(PITCH, abs=1)
        assert box["y"] == pytest.approx(around["y"] + PITCH * number, abs=2)
        assert box["width"] == pytest.approx(around["width"], abs=2)
    assert around["y"] + around["height"] < 900  # on one screen
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)


def test_the_overview_leads_to_every_page(server: str, page: Page):
    page.goto(server)
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(4)
    for number in range(4):
        expect(charts.nth(number).locator("svg, canvas").first).to_be_visible()
    wait_until_idle(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") < 2_200
    for entry in PAGES[1:]:
        link = page.locator(f".st-key-card-{entry.path}").get_by_role("link")
        expect(link).to_have_text(f"{entry.title} · Open")
    # A card is a link as a whole, its chart too.
    box = page.locator(".st-key-card-sweep").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 60)
    expect(page.get_by_role("heading", name="Neurons turn polysemantic")).to_be_visible()


def test_a_strip_is_opened_large_and_closed(server: str, page: Page):
    page.goto(f"{server}/sweep")
    panel(page, "0.003").get_by_role("button", name="Open large").click()
    large = page.locator(".st-key-large")
    expect(large.get_by_role("heading", name="1 − S = 0.003")).to_be_in_viewport()
    expect(large.get_by_test_id("stVegaLiteChart").locator(".marks").first).to_be_visible()
    page.wait_for_function("location.search.includes('at=0.003')")
    assert "neuron" not in link(page)
    large.get_by_role("button", name="Close").click()
    expect(large).to_have_count(0)
    page.wait_for_function("!location.search.includes('at=')")


def scrolled(page: Page) -> float:
    return page.get_by_test_id("stMain").evaluate("main => main.scrollTop")


def test_one_back_is_one_step_and_leads_to_where_one_was(server: str, page: Page):
    page.goto(server)
    wait_until_idle(page)
    at_first = page.evaluate("history.length")
    menu = page.get_by_test_id("stSidebarNav")
    menu.get_by_role("link", name="Sparsity sweep").click()
    expect(strips(page)).to_be_visible()
    wait_until_idle(page)
    sweep = page.url
    click_column(page, "0.01", 0.71)
    expect(page.get_by_role("heading", name=re.compile(r"^Neuron \d+: "))).to_be_visible()
    wait_until_idle(page)
    neuron = page.url
    page.get_by_role("link", name="(primary)").first.click()
    expect(page.get_by_role("heading", name="Features correspond")).to_be_visible()
    wait_until_idle(page)
    feature = page.url
    menu.get_by_role("link", name="The motif").click()
    expect(page.get_by_role("heading", name="inhibition").first).to_be_visible()
    wait_until_idle(page)
    assert page.evaluate("history.length") == at_first + 4
    for address in (feature, neuron, sweep, f"{server}/"):
        page.go_back()
        page.wait_for_timeout(500)  # the browser asks for the page a moment later
        wait_until_idle(page)
        assert page.url == address


def test_back_scrolls_to_where_one_was(server: str, page: Page):
    page.goto(f"{server}/neurons")
    wait_until_idle(page)
    page.mouse.move(900, 500)
    page.mouse.wheel(0, 350)
    page.wait_for_timeout(500)
    place = scrolled(page)
    assert place > 0
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Networks can compute")).to_be_visible()
    wait_until_idle(page)
    page.go_back()
    expect(page.get_by_role("heading", name=re.compile(r"^Neuron \d+: "))).to_be_visible()
    page.wait_for_function(
        "place => Math.abs(document.querySelector('[data-testid=stMain]').scrollTop - place) < 3",
        arg=place,
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_headings_are_in_order_and_every_stop_has_a_name(
    theme: Literal["light", "dark"], server: str, browser: Browser
):
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=theme)
    page = context.new_page()
    for entry in PAGES:
        page.goto(f"{server}/{'' if entry is OVERVIEW else entry.path}")
        expect(page.locator("h1")).to_have_count(1)
        wait_until_idle(page)
        page.wait_for_timeout(500)
        assert low_contrast(page) == {}, entry.title
        levels = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMain] :is(h1, h2, h3, h4)')]"
            ".map(h => Number(h.tagName[1]))"
        )
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), entry.title
        assert page.evaluate(NAMELESS) == [], entry.title
        height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
        assert height <= MAX_HEIGHT, entry.title
    context.close()


def test_switches_change_the_panels_and_the_link(server: str, page: Page):
    page.goto(f"{server}/sweep")
    expect(strips(page)).to_be_visible()
    for choice, name in (("output", "weights"), ("raw", "heights"), ("feature", "colour")):
        wait_until_idle(page)
        before = strips(page).screenshot()
        page.get_by_role("radio", name=choice, exact=True).click()
        page.wait_for_function(f"location.search.includes('{name}={choice}')")
        wait_until_idle(page)
        expect(strips(page)).to_be_visible()
        assert strips(page).screenshot() != before


def test_a_small_sweep_trains_and_its_link_shows_the_same_numbers(
    server: str, page: Page, browser: Browser
):
    page.goto(f"{server}/sweep?{SMALL}&seed=11")
    train(page, 3)
    text = panel(page, "0.02").get_by_test_id("stMarkdown").last.inner_text()
    assert "gain" in text
    context = browser.new_context()
    other = context.new_page()
    other.goto(page.evaluate("location.href"))
    expect(other.get_by_text("Against density")).to_be_visible()
    wait_until_idle(other)
    expect(panel(other, "0.02").get_by_test_id("stMarkdown").last).to_have_text(
        text, use_inner_text=True
    )
    context.close()


def test_a_changed_control_offers_to_train_what_is_missing(server: str, page: Page):
    page.goto(f"{server}/sweep?{SMALL}&seed=12")
    train(page, 3)
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("13")
    seed.press("Enter")
    page.wait_for_function("location.search.includes('seed=13')")
    expect(page.get_by_role("button", name="Train 3 models")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Against density")).to_be_visible()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("12")


def test_a_training_moves_can_be_left_found_again_and_cancelled(server: str, page: Page):
    page.goto(f"{server}/sweep?n=60&m=20&p=0.1,0.01&recipe=thorough&restarts=2&seed=14")
    page.get_by_role("button", name="Train 2 models").click()
    expect(strips(page)).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    wait_until_idle(page)
    address = page.evaluate("location.href")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("The smallest example")).to_be_visible()
    page.get_by_role("link", name="Sparsity sweep").first.click()
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    wait_until_idle(page)
    assert page.evaluate("location.href") == address
    page.reload()
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Train 2 models")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Train 2 models")).to_be_visible()


def test_a_training_that_diverges_is_explained_and_the_others_are_shown(server: str, page: Page):
    page.goto(f"{server}/sweep?n=6&m=3&p=1,1e-300&recipe=quick")
    page.get_by_role("button", name="Train 2 models").click()
    expect(page.get_by_text("Training diverged at p = 1e-300")).to_be_visible()
    expect(page.get_by_role("button", name="Train 1 model")).to_be_visible()
    expect(strips(page)).to_be_visible()


def test_a_hostile_link_is_shown_as_text(server: str, page: Page):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{server}/sweep?seed=<img src=x onerror=alert(1)>&n=%00&colour=**bold**")
    warning = page.get_by_test_id("stAlert")
    expect(warning).to_contain_text("onerror=alert(1)")
    expect(warning).to_contain_text("from 0 to 2,147,483,647")
    expect(warning.locator("img, strong")).to_have_count(0)
    expect(strips(page)).to_be_visible()


def test_nothing_is_wider_than_a_phone(server: str, browser: Browser):
    paths = ["", "train?n=100&m=40&p=0.01&recipe=standard&vs.recipe=usual"]
    paths += [entry.path for entry in PAGES[1:]]
    for number, path in enumerate(paths):
        scheme = ("light", "dark")[number % 2]
        context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{server}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        wait_until_idle(page)
        wide = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMain] *')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth + 1"
            " && !e.closest('[data-testid=stDataFrame]') && !e.closest('.katex')"
            " && !e.closest('[role=tablist]')"  # it scrolls
            " && e.tagName !== 'INPUT')"  # that of a slider is for screen readers
            ".map(e => e.outerHTML.slice(0, 120))"
        )
        assert wide == [], path
        context.close()
