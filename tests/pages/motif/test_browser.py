"""The page of the motif, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.helpers.browser import (
    button,
    click_drawing,
    drawing,
    heading,
    link,
    metric,
    slider,
    wait_until_idle,
)

pytestmark = pytest.mark.browser

PANELS = 6


def wait_for_page(page: Page) -> None:
    expect(page.get_by_text("What to notice")).to_be_visible()
    wait_until_idle(page)


def model_line(page: Page) -> Locator:
    return page.get_by_text(re.compile(r"^Model: \d+ features"))


def seed(page: Page) -> str:
    found = re.search(r", seed (\d+),", model_line(page).inner_text())
    assert found
    return found[1]


def test_a_neuron_of_a_panel_opens_its_page_and_back_leads_to_the_motif(server: str, page: Page):
    errors: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Streamlit looks for its own files below the page's path first, and for the icon in the
        # browser's tab on a server that is not there without a network.
        url = message.location["url"]
        if message.type == "error" and "_stcore" not in url:
            errors.append(f"{message.text} {message.location['url']}")

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/motif")
    wait_for_page(page)
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(PANELS)
    expect(charts.locator("svg.marks, canvas.marks")).to_have_count(PANELS)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 2_200
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert int(metric(page, "Asymmetric neurons")) >= 2
    assert errors == []

    of = seed(page)
    # Only bars take a click, so a column of the panel is tried from top to bottom.
    for down in (0.3, 0.34, 0.38, 0.42, 0.46, 0.5, 0.54, 0.58, 0.62):
        click_drawing(page, "motif-motif-input", 0.5, down)
        page.wait_for_timeout(1_000)
        if "/neurons" in page.evaluate("location.pathname"):
            break
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    opened = link(page)
    assert (opened["seed"], opened["n"], opened["m"]) == (of, "6", "10")
    expect(heading(page, f"^Neuron {opened['neuron']}: ")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("At first glance")).to_be_visible()
    wait_for_page(page)
    assert seed(page) == of
    assert errors == []


def test_the_slider_and_the_networks_by_loss_are_in_the_link(server: str, page: Page):
    page.goto(f"{server}/motif")
    wait_for_page(page)
    page.get_by_role("tab", name="Turn it down").click()
    expect(page.get_by_text("With 0% of its inhibition")).to_be_visible()
    for left in ("0.05", "0.1", "0.15"):
        slider(page, "Inhibition that is left").press("ArrowRight")
        page.wait_for_function(f"location.search.includes('left={left}&')")
    said = page.locator("p", has_text="With 15% of its inhibition")
    expect(said).to_be_visible()
    wait_until_idle(page)
    words = said.inner_text()
    assert re.fullmatch(r"With 15% of its inhibition: loss [\d.]+, × [\d.]+", words)
    page.reload()
    wait_for_page(page)
    expect(said).to_have_text(words, use_inner_text=True)
    expect(slider(page, "Inhibition that is left")).to_have_value("0.15")

    before = seed(page)
    page.get_by_role("tab", name="How common").click()
    click_drawing(page, "motif-strip-", 0.9, 0.5)
    page.wait_for_function("location.search.includes('member=')")
    wait_for_page(page)
    expect(
        page.get_by_text(re.compile(r"^Shown: .* of these seed \d+, number"))
    ).to_be_in_viewport()
    assert seed(page) == link(page)["member"] != before
    assert link(page)["left"] == "0.15"


def test_a_click_on_a_cell_leads_to_the_panels_of_its_setting(server: str, page: Page):
    page.goto(f"{server}/motif?seeds=1&tab=common")
    wait_for_page(page)
    expect(drawing(page, "motif-grid-")).to_be_visible()
    click_drawing(page, "motif-grid-", 0.5, 0.4)
    page.wait_for_function("location.search.includes('restarts=64')")
    wait_for_page(page)
    setting = link(page)
    assert (setting["p"], setting["d"], setting["seeds"]) != ("0.1", "0.8", "64")
    assert setting["tab"] == "panels"
    told = f"Shown: d = {setting['d']}, 1 − S = {setting['p']}, 64 restarts; of these restart "
    expect(page.get_by_text(told)).to_be_in_viewport()
    expect(drawing(page, "motif-all-input")).to_be_in_viewport(ratio=0.5)
    expect(model_line(page)).to_contain_text(f"1 − S = {setting['p']}, ")
    expect(model_line(page)).to_contain_text(re.compile(r", restart \d+, "))
    page.get_by_role("combobox", name="Show").click()
    expect(page.get_by_role("option", name=re.compile(r"^restart \d+$")).first).to_be_visible()


def test_an_ensemble_of_ones_own_is_trained_and_shown(server: str, page: Page):
    page.goto(f"{server}/motif?n=3&m=4&p=0.5&recipe=quick&steps=300&seeds=4&restarts=1&tab=common")
    wait_for_page(page)
    expect(page.get_by_text("4 of 4 models are not trained here yet.")).to_be_visible()
    button(page, "Train 4 models").click()
    expect(heading(page, "^All 4 by loss$")).to_be_visible()
    wait_for_page(page)
    expect(button(page, "Train 4 models")).to_have_count(0)
    assert metric(page, "+ the rest")
    assert seed(page) in {"0", "1", "2", "3"}
    page.reload()
    expect(heading(page, "^All 4 by loss$")).to_be_visible()
