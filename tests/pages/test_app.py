"""Every page with good, odd and hostile links, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.navigation import MENU, PAGES
from tests.helpers.apps import button_labels, by_slot, opened, said

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("shipped")


def test_the_overview_has_a_card_for_every_page_in_the_menus_groups():
    app = opened()
    assert app.title[0].value.startswith("Networks can compute")
    assert [header.value for header in app.header] == [group for group in MENU if group]
    labels = [link.proto.label for link in app.get("page_link")]
    assert labels == [f"**{entry.title}** · Open" for entry in PAGES[1:]]
    assert len(app.get("vega_lite_chart")) == 4
    assert not app.warning and not app.error


def test_the_smallest_example_is_drawn_when_it_is_open():
    assert "3 features, 6 neurons" not in said(opened())
    app = opened("overview/page.py", open="smallest")
    assert "3 features, 6 neurons" in said(app)
    assert len(app.get("vega_lite_chart")) == 5
    assert not app.warning and not app.error


def headings(app: AppTest) -> list[str]:
    return [text.value for text in app.markdown if text.value.startswith("**1 − S = ")]


def test_the_sweep_opens_with_the_papers_seven_panels():
    app = opened("sweep/page.py")
    shown = headings(app)
    assert [text.split("**")[1] for text in shown] == [
        f"1 − S = {p}" for p in ("1", "0.3", "0.1", "0.03", "0.01", "0.003", "0.001")
    ]
    assert "40 mono, 0 slightly, 0 poly" in shown[0]
    assert all("gain **" in text for text in shown)
    assert len(app.get("vega_lite_chart")) == 1
    assert not app.warning
    assert not app.error


HOSTILE = [
    {"n": "-1"},
    {"n": "9" * 5_000},
    {"p": "0.1," * 3_000},
    {"p": "1,nan"},
    {"seed": "<script>alert(1)</script>"},
    {"recipe": "../../etc/passwd"},
    {"v": "999"},
    {"neuron": "4000", "at": "0.01"},
    {"colour": "[x](javascript:alert(1))"},
    {"wat": "`**`"},
]


@pytest.mark.parametrize("link", HOSTILE, ids=lambda link: next(iter(link)))
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened("sweep/page.py", **link)
    assert len(app.warning) == 1
    assert next(iter(link)) in app.warning[0].value
    assert len(headings(app)) == 7


EXTREME = [
    {"d": "1e-9"},
    {"mono": "1e-9", "slight": "1e-9"},
    {"slight": "100", "mono": "1"},
    {"n": "2000", "m": "2000", "seed": "2147483647", "restarts": "64"},
    {"n": "1", "m": "1"},
    {"p": "1e-300"},
]


@pytest.mark.parametrize("link", EXTREME, ids=lambda link: next(iter(link)))
def test_the_ends_of_the_ranges_are_allowed(link: dict[str, str]):
    app = opened("sweep/page.py", **link)
    assert not app.warning and not app.error


def test_a_number_that_its_box_takes_and_the_model_refuses_is_told():
    app = opened("sweep/page.py")
    by_slot(app.number_input, "sweep.d").set_value(0.0).run()
    assert "above 0 and at most 1" in app.error[0].value
    assert by_slot(app.number_input, "sweep.d").value == 0.8


def test_settings_that_are_not_stored_offer_training_and_import_no_torch():
    app = opened("sweep/page.py", n="20", m="8", recipe="quick", p="0.5,0.1")
    assert "Train 2 models" in button_labels(app)


def test_densities_that_cannot_be_read_stay_in_the_box_with_what_is_wrong():
    app = opened("sweep/page.py")
    box = by_slot(app.text_input, "sweep.p")
    box.set_value("1, two").run()
    assert by_slot(app.text_input, "sweep.p").value == "1, two"
    assert "1 to 12 different numbers" in app.error[0].value
    by_slot(app.text_input, "sweep.p").set_value("1, 0.3").run()
    assert not app.error
    assert len(headings(app)) == 2


def test_widgets_keep_their_values_between_pages():
    app = opened("sweep/page.py")
    by_slot(app.number_input, "sweep.mono").set_value(0.2).run()
    app.switch_page("overview/page.py").run()
    app.query_params.clear()
    app.switch_page("sweep/page.py").run()
    assert by_slot(app.number_input, "sweep.mono").value == 0.2
