"""The pages on the phase change and on the identity task, and first views, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pages.phase.state import PhaseState
from tests.helpers.browser import (
    click_drawing,
    drawing,
    heading,
    link,
    metric,
    wait_until_idle,
)
from toymodel.phase.diagram import DENSITIES, PHASES, RATIOS, Diagram, diagram_path, load_diagram

pytestmark = pytest.mark.browser

CHARTS = 2 + 2 + 2  # the figure, the maps, the cell's weights
MAP = "phase-map-trained-phase"


@pytest.fixture
def diagram(server_cache: Path) -> Diagram:
    return load_diagram(diagram_path(server_cache / "shipped"))


def wait_for_page(page: Page) -> None:
    expect(page.get_by_text("What to notice")).to_be_visible()
    wait_until_idle(page)


def cell_of(page: Page) -> tuple[str, str]:
    return link(page)["p"], link(page)["ratio"]


def loss_of(page: Page, diagram: Diagram) -> str:
    """The exact loss of the best network of the address's cell."""
    state, problems = PhaseState.from_link({k: [v] for k, v in link(page).items()})
    assert problems == []
    return f"{diagram.losses[state.cell].min():.4g}"


def wait_for_another_cell(page: Page, before: tuple[str, str]) -> None:
    page.wait_for_function(
        "([p, ratio]) => {const q = new URLSearchParams(location.search);"
        " return q.get('p') !== p || q.get('ratio') !== ratio}",
        arg=list(before),
    )
    wait_for_page(page)


def click_middle(page: Page, of: Locator) -> None:
    of.scroll_into_view_if_needed()
    box = of.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_click_in_the_map_opens_the_cell_under_it(server: str, page: Page, diagram: Diagram):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/phase?tab=two")
    wait_for_page(page)
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts.locator("svg.marks, canvas.marks")).to_have_count(CHARTS)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    first = cell_of(page)
    before = metric(page, "Loss, exact")
    assert before == loss_of(page, diagram)

    click_drawing(page, MAP, 0.35, 0.4)  # dense, and the second one matters more
    wait_for_another_cell(page, first)
    clicked = cell_of(page)
    assert DENSITIES[10] < float(clicked[0]) < 1
    assert RATIOS[15] < float(clicked[1]) < RATIOS[30]
    assert metric(page, "The neurons serve") == PHASES[1]
    assert metric(page, "Loss, exact") == loss_of(page, diagram) != before
    serves = page.get_by_test_id("stMetric").filter(has_text="The neurons serve")
    expect(serves).to_be_in_viewport()
    expect(drawing(page, MAP)).to_be_in_viewport()

    page.reload()
    wait_for_page(page)
    assert cell_of(page) == clicked
    assert metric(page, "Loss, exact") == loss_of(page, diagram)

    page.go_back()
    page.wait_for_function(f"location.search.includes('p={first[0]}&ratio={first[1]}&')")
    wait_for_page(page)
    assert metric(page, "Loss, exact") == before
    assert errors == []


def test_words_and_lines_on_the_map_are_no_obstacle(server: str, page: Page, diagram: Diagram):
    page.goto(f"{server}/phase?p=1&ratio=0.1&tab=two")
    wait_for_page(page)
    picture = drawing(page, MAP)
    words = picture.locator("text[font-weight=bold]")
    expect(words).to_have_count(3)
    for phase in sorted(words.all_text_contents()):
        before = cell_of(page)
        click_middle(page, words.filter(has_text=re.compile(f"^{phase}$")))
        wait_for_another_cell(page, before)
        assert metric(page, "The neurons serve") == phase
        assert metric(page, "Loss, exact") == loss_of(page, diagram)
    before = cell_of(page)
    click_middle(page, picture.locator(".mark-rule line").last)
    wait_for_another_cell(page, before)
    assert metric(page, "Loss, exact") == loss_of(page, diagram)


def test_the_map_by_weights_takes_a_click_too(server: str, page: Page, diagram: Diagram):
    page.goto(f"{server}/phase?tab=two")
    wait_for_page(page)
    first = cell_of(page)
    page.get_by_role("radio", name="weights", exact=True).click()
    page.wait_for_function("location.search.includes('colour=weights')")
    wait_for_page(page)
    click_drawing(page, "phase-map-exact-weights", 0.5, 0.5)
    wait_for_another_cell(page, first)
    assert link(page)["colour"] == "weights"
    assert metric(page, "Loss, exact") == loss_of(page, diagram)


def test_a_neuron_of_the_identity_task_opens_its_page_and_back_leads_there(server: str, page: Page):
    page.goto(f"{server}/identity")
    claim = page.get_by_role("heading", name="Given the chance")
    expect(claim).to_be_visible()
    expect(page.locator(".st-key-strips .marks").first).to_be_visible()
    wait_until_idle(page)
    box = page.locator(".st-key-identity-0-06").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"])
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    wait_until_idle(page)
    assert "/neurons" in page.evaluate("location.pathname")
    opened = link(page)
    assert {name: opened[name] for name in ("task", "n", "m", "p")} == {
        "task": "identity",
        "n": "10",
        "m": "5",
        "p": "0.06",
    }
    expect(heading(page, f"^Neuron {opened['neuron']}: ")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    page.go_back()
    expect(claim).to_be_visible()
    assert re.search(r"/identity$", page.evaluate("location.pathname"))


@pytest.mark.parametrize(("path", "charts"), [("phase", 4), ("real", 0), ("sweeps", 1)])
def test_the_first_view_has_few_charts_and_is_not_long(
    server: str, browser: Browser, path: str, charts: int
):
    context = browser.new_context(viewport={"width": 1_400, "height": 900})
    page = context.new_page()
    page.goto(f"{server}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    wait_until_idle(page)
    drawn = page.get_by_test_id("stVegaLiteChart").locator("svg.marks, canvas.marks")
    expect(drawn).to_have_count(charts)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 2_200
    context.close()
