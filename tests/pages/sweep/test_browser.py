"""The sparsity sweep, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.browser import button, panel, strips, wait_until_idle

pytestmark = pytest.mark.browser

SMALL = "n=4&m=3&p=1,0.1&recipe=quick&restarts=1&steps=300"
GREYED = ".st-key-before-the-training"


def change(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Enter")


def test_a_changed_setting_trains_at_once_and_the_strips_before_stay(live_server: str, page: Page):
    page.goto(f"{live_server}/sweep?{SMALL}")
    expect(panel(page, "0.1")).to_contain_text("gain", timeout=90_000)
    wait_until_idle(page)
    page.evaluate(WATCH)
    change(page, "Seed", "7")
    page.wait_for_function("location.search.includes('seed=7')")
    page.wait_for_function("window.seen.greyed > 0 && !document.querySelector(window.greyed)")
    expect(panel(page, "0.1")).to_contain_text("gain")
    expect(page.get_by_text("The new one is not trained yet.")).to_have_count(0)
    assert page.evaluate("window.seen.waiting") == 0  # no strip said that it is not trained


def test_what_takes_long_has_a_button_beside_the_strips_before(server: str, page: Page):
    page.goto(f"{server}/sweep")
    expect(panel(page, "0.1")).to_contain_text("gain")
    wait_until_idle(page)
    change(page, "Seed", "23")
    expect(button(page, "Train 7 models")).to_be_visible()
    expect(page.locator(GREYED)).to_contain_text("gain")
    expect(strips(page)).to_be_visible()
    change(page, "Seed", "0")
    expect(page.locator(GREYED)).to_have_count(0)


WATCH = f"""() => {{
    window.greyed = '{GREYED}';
    window.seen = {{ greyed: 0, waiting: 0 }};
    const look = () => {{
        const strips = document.querySelector('.st-key-strip-headings')?.innerText ?? '';
        window.seen.greyed += document.querySelectorAll(window.greyed).length;
        window.seen.waiting += /not trained|waiting for/.test(strips) ? 1 : 0;
        requestAnimationFrame(look);
    }};
    look();
}}"""
