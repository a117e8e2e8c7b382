"""The neuron explorer and the feature explorer, in a real browser."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.browser import (
    click_column,
    click_drawing,
    drawing,
    go_back_to,
    heading,
    link,
    metric,
    panel,
    slider,
    strips,
    wait_until_idle,
)
from tests.helpers.browser_requests import Requests

pytestmark = pytest.mark.browser

SPARSE = "p=0.01&recipe=standard"


def test_from_the_sweep_to_a_neuron_its_feature_another_neuron_and_back(server: str, page: Page):
    page.goto(f"{server}/sweep")
    click_column(page, "0.01", 0.71)
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    first = link(page)["neuron"]
    assert "/neurons" in page.evaluate("location.pathname")
    assert link(page)["p"] == "0.01"
    expect(heading(page, f"^Neuron {first}: ")).to_be_visible()

    page.get_by_role("link", name="(primary)").click()
    expect(heading(page, r"^Feature f\d+: ")).to_be_visible()
    feature = link(page)["feature"]
    expect(heading(page, f"^Feature f{feature}: ")).to_be_visible()
    assert metric(page, "Gain of the positive side")

    click_drawing(page, "carriers-", 0.9, 0.5)
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    second = link(page)["neuron"]
    assert second != first

    go_back_to(page, f"^Feature f{feature}: ")
    go_back_to(page, f"^Neuron {first}: ")
    page.go_back()
    expect(page.get_by_role("heading", name="Neurons turn polysemantic")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_the_same_link_shows_the_same_numbers_in_a_fresh_browser(
    server: str, page: Page, browser: Browser
):
    page.goto(f"{server}/neurons?{SPARSE}")
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    said = page.get_by_text("contributes most in")
    expect(said).to_be_visible()
    wait_until_idle(page)
    words, address = said.inner_text(), page.evaluate("location.href")
    silent = metric(page, "Silent")
    context = browser.new_context()
    other = context.new_page()
    other.goto(address)
    expect(other.get_by_text("contributes most in")).to_have_text(words, use_inner_text=True)
    assert metric(other, "Silent") == silent
    context.close()


def test_a_click_in_the_stack_plot_and_the_buttons_choose_the_neuron(server: str, page: Page):
    page.goto(f"{server}/neurons?{SPARSE}")
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    wait_until_idle(page)
    before = link(page)["neuron"]
    click_drawing(page, "explore-stack", 0.9, 0.5)
    page.wait_for_function(f"!location.search.includes('neuron={before}&')")
    clicked = link(page)["neuron"]
    expect(heading(page, f"^Neuron {clicked}: ")).to_be_visible()
    page.get_by_role("button", name="Next in the plot").click()
    expect(heading(page, f"^Neuron {clicked}: ")).to_have_count(0)
    page.wait_for_timeout(500)  # the chart takes its new mark a moment later
    click_drawing(page, "explore-stack", 0.9, 0.5)  # the same one again
    expect(heading(page, f"^Neuron {clicked}: ")).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("button", name="A monosemantic one").click()
    expect(heading(page, r"^Neuron \d+: monosemantic")).to_be_visible()
    one = link(page)["neuron"]
    page.get_by_role("button", name="Next by number").click()
    page.wait_for_function(f"!location.search.includes('neuron={one}&')")
    wait_until_idle(page)
    page.get_by_role("textbox", name="Go to").fill("n3")
    page.get_by_role("textbox", name="Go to").press("Enter")
    expect(heading(page, "^Neuron 3: ")).to_be_visible()
    wait_until_idle(page)
    page.go_back()
    expect(heading(page, "^Neuron 3: ")).to_have_count(0)


def test_the_histograms_scale_and_threshold_are_in_the_link_and_in_the_chart(
    server: str, page: Page
):
    page.goto(f"{server}/neurons?{SPARSE}")
    chart = drawing(page, "histogram")
    expect(chart).to_be_visible()
    wait_until_idle(page)
    said = page.get_by_text("contributes most in").inner_text()
    before = chart.screenshot()
    slider(page, "Threshold").press("ArrowLeft")
    page.wait_for_function("location.search.includes('above=0.49')")
    expect(page.get_by_text("contributes most in")).not_to_have_text(said, use_inner_text=True)
    wait_until_idle(page)
    assert chart.screenshot() != before
    page.get_by_role("radio", name="linear", exact=True).click()
    page.wait_for_function("location.search.includes('counts=linear')")
    expect(drawing(page, "histogram")).to_be_visible()


def test_a_cell_of_the_map_opens_the_feature_of_its_row(server: str, page: Page):
    model = "n=6&m=10&p=0.1&d=0.8&recipe=standard&restarts=8"
    page.goto(f"{server}/features?{model}&feature=2&section=map")
    expect(heading(page, "^Feature f2: ")).to_be_visible()
    expect(drawing(page, "map-2")).to_be_visible()
    # Effects that are too small to draw have no cells, so several places of the map are tried. f5
    # is the least important of six features: its output receives what the others push.
    places = itertools.product((0.46, 0.3, 0.62, 0.77), (0.68, 0.56, 0.44, 0.06))
    for across, down in places:
        click_drawing(page, "map-", across, down)
        page.wait_for_timeout(1_500)
        if link(page)["feature"] != "2":
            break
    found = link(page)["feature"]
    assert found != "2"
    expect(heading(page, f"^Feature f{found}: ")).to_be_visible()


def test_neurons_of_the_train_page_open_too(server: str, page: Page):
    page.goto(f"{server}/train")
    click_drawing(page, "weights-input-0", 0.5, 0.4)
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    assert (link(page)["n"], link(page)["m"]) == ("6", "10")


def test_an_input_entered_by_hand_is_answered_and_in_the_link(server: str, page: Page):
    page.goto(f"{server}/neurons?{SPARSE}&neuron=16&given=0:0.5,1:-0.25&tab=input")
    expect(page.get_by_text("Neurons that fire")).to_be_visible()
    wait_until_idle(page)
    slider(page, "Value of f1").press("ArrowRight")
    page.wait_for_function("decodeURIComponent(location.search).includes('given=0:0.5,1:-0.24')")
    expect(page.get_by_text("What comes out, and what should")).to_be_visible()


BARS = """
(chart) => [...chart.querySelectorAll('text')]
  .filter((text) => /^n\\d/.test(text.textContent))
  .sort((a, b) => a.getBoundingClientRect().x - b.getBoundingClientRect().x)
  .map((text) => text.textContent)
"""
"""The names below the bars of a chart, from left to right."""


def test_bars_stand_by_size_after_a_change_too(server: str, page: Page):
    page.goto(f"{server}/neurons?{SPARSE}&neuron=26&given=16:1&tab=input")
    bars = drawing(page, "fires-26")
    expect(bars).to_be_visible()
    wait_until_idle(page)
    first = bars.evaluate(BARS)[0]
    box = page.get_by_role("combobox", name="Features that are there")
    box.click()
    box.press_sequentially("f11")
    page.get_by_role("option", name="f11", exact=True).click()
    page.wait_for_function("decodeURIComponent(location.search).includes('given=16:1,11:1')")
    wait_until_idle(page)
    # The neuron of f11 fires most now, and was not there before.
    page.wait_for_function(
        f"(chart) => ({BARS})(chart)[0] !== '{first}'", arg=bars.element_handle()
    )
    drawn = bars.evaluate(BARS)
    page.reload()
    expect(bars).to_be_visible()
    wait_until_idle(page)
    assert bars.evaluate(BARS) == drawn


def test_a_neuron_is_picked_among_all(server: str, page: Page):
    page.goto(f"{server}/neurons?{SPARSE}&neuron=26")
    expect(drawing(page, "histogram")).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("tab", name="All neurons").click()
    click_drawing(page, "all-neurons", 0.06, 0.1)  # the first of the plot
    expect(heading(page, r"^Neuron \d+: monosemantic")).to_be_visible()
    expect(drawing(page, "histogram")).to_be_visible()
    assert link(page)["tab"] == "fires"
    assert link(page)["neuron"] != "26"


def test_the_first_view_of_a_neuron_has_its_histogram_on_the_first_screen(server: str, page: Page):
    page.set_viewport_size({"width": 1400, "height": 900})
    for path, key, charts in (("neurons", "histogram", 3), ("features", "carriers-", 4)):
        page.goto(f"{server}/{path}?{SPARSE}")
        expect(heading(page, r"^(Neuron \d+|Feature f\d+): ")).to_be_visible()
        expect(drawing(page, key)).to_be_visible()
        wait_until_idle(page)
        box = drawing(page, key).bounding_box()
        assert box and box["y"] + 200 < 900
        assert page.get_by_test_id("stVegaLiteChart").count() == charts
        height = "document.querySelector('[data-testid=stMain]').scrollHeight"
        assert page.evaluate(height) <= 2_200


def test_a_finished_panel_is_opened_while_others_train(server: str, page: Page):
    requests = Requests(page)
    page.goto(f"{server}/sweep?n=100&m=40&p=0.01,0.02&recipe=thorough&restarts=8")
    page.get_by_role("button", name="Train 1 model").click()
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    expect(strips(page)).to_be_visible()
    page.wait_for_timeout(2_000)
    # The page redraws itself all the time; a click may hit the moment in which the chart is new.
    for share in (0.7, 0.5, 0.3):
        box = panel(page, "0.01").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.6)
        for _ in range(50):
            page.wait_for_timeout(50)
            requests.redraw_again()  # as if the browser had not heard of the next page yet
        if "/neurons" in page.evaluate("location.pathname"):
            break
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    page.goto(f"{server}/sweep?n=100&m=40&p=0.01,0.02&recipe=thorough&restarts=8")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Train 1 model")).to_be_visible()


def test_the_menu_takes_model_and_thresholds_from_one_explorer_to_the_other(
    server: str, page: Page
):
    page.goto(f"{server}/neurons?p=0.1&recipe=standard&mono=0.2&neuron=3")
    expect(heading(page, "^Neuron 3: ")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Feature explorer").click()
    expect(heading(page, r"^Feature f\d+: ")).to_be_visible()
    wait_until_idle(page)
    assert (link(page)["p"], link(page)["mono"]) == ("0.1", "0.2")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^1 − S = 0.1,"))
    page.get_by_text("Where the classes end").click()
    threshold = page.get_by_label("Monosemantic: second largest weight below", exact=True)
    expect(threshold).to_have_value("0.2")
