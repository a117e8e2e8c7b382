"""The page that trains one model, in a real browser."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

import toymodel as tm
from pages.train.state import TrainState
from tests.helpers.browser import button, link, slider, wait_until_idle
from tests.helpers.browser_requests import Requests
from tests.helpers.networks import run_python, same
from toymodel.storage.store import Store

pytestmark = pytest.mark.browser

LONG = "n=30&m=12&p=0.1&recipe=standard&steps=200000"
SHORT = "n=6&m=4&p=0.1&recipe=quick&steps=400"
FAILING = "n=100&m=40&p=0.001&recipe=usual"


def wait_for_model(page: Page) -> None:
    expect(button(page, "Train another seed")).to_be_visible(timeout=90_000)
    wait_until_idle(page)


def train(page: Page, server: str, settings: str) -> None:
    page.goto(f"{server}/train?{settings}")
    button(page, "Train").click()
    wait_for_model(page)


def metric(page: Page, label: str) -> str:
    found = page.get_by_test_id("stMetric").filter(has_text=label).first
    return found.get_by_test_id("stMetricValue").inner_text()


def step(page: Page) -> int:
    words = page.get_by_test_id("stProgress").inner_text()
    found = re.search(r"Step ([\d,]+) of", words)
    return int(found[1].replace(",", "")) if found else 0


def download(page: Page, name: str) -> bytes:
    wait_until_idle(page)  # a run that is on its way takes the file's name with it
    with page.expect_download(timeout=90_000) as caught:
        button(page, name).click()
    return Path(caught.value.path()).read_bytes()


@pytest.fixture
def store(server_cache: Path) -> Store:
    return Store(server_cache)


def state(page: Page) -> TrainState:
    found, problems = TrainState.from_link({k: [v] for k, v in link(page).items()})
    assert not problems
    return found


def stored(page: Page, store: Store) -> tm.Model:
    model = store.get(state(page).config, state(page).recipe)
    assert model
    return model


def test_a_model_is_trained_and_shown(server: str, page: Page, store: Store):
    train(page, server, SHORT + "&seed=100")
    model = stored(page, store)
    assert metric(page, "Loss") == f"{model.loss:.3g}"
    assert metric(page, "Without superposition") == f"{tm.no_superposition_loss(model.config):.3g}"
    gain = tm.superposition_gain(model.config, model.loss)
    assert metric(page, "Superposition gain") == f"{gain:.2f}"
    counts = tm.neurons(model.W1).counts
    assert metric(page, "Mono / slightly / poly") == " / ".join(
        str(counts[name]) for name in ("monosemantic", "slightly polysemantic", "polysemantic")
    )
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(4)  # loss, both layers, outputs
    for number in range(4):
        expect(charts.nth(number).locator("svg, canvas").first).to_be_visible()


def test_a_click_before_the_controls_are_there_leaves_their_settings(server: str, page: Page):
    held: list[Route] = []

    def hold(request: Route) -> None:
        held.append(request)

    page.route(re.compile(r"/js/(NumberInput|Selectbox|Checkbox|ButtonGroup)"), hold)
    page.goto(f"{server}/train?{LONG}&seed=177&task=identity&hidden=yes&colour=feature")
    button(page, "Train").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    asked = state(page)
    assert held
    for request in held:
        request.continue_()
    expect(page.get_by_label("Features n", exact=True)).to_have_value("30")
    expect(page.get_by_text("Hidden bias", exact=True)).to_be_visible()
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()
    assert state(page) == asked
    assert asked.config == tm.Config(
        task="identity",
        n_features=30,
        n_neurons=12,
        feature_probability=0.1,
        seed=177,
        hidden_bias=True,
    )


def test_a_training_moves_pauses_and_goes_on(server: str, page: Page):
    page.goto(f"{server}/train?{LONG}&seed=101")
    button(page, "Train").click()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    expect(page.get_by_text("Training loss", exact=True)).to_be_visible()
    first = step(page)
    page.wait_for_function(
        "first => Number((document.querySelector('[data-testid=stProgress]')?.innerText"
        ".match(/Step ([\\d,]+)/)?.[1] ?? '0').replaceAll(',', '')) > first",
        arg=first,
    )
    button(page, "Pause").click()
    paused = page.get_by_text(re.compile(r"Paused at step [\d,]+ of 200,000"))
    expect(paused).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    at = int(paused.inner_text().split("step ")[1].split(" ")[0].replace(",", ""))
    assert at >= first
    page.reload()
    expect(paused).to_be_visible()
    button(page, "Go on").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    assert step(page) >= at
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()
    page.reload()
    expect(button(page, "Train")).to_be_visible()
    expect(paused).to_have_count(0)


def test_a_paused_training_can_be_discarded(server: str, page: Page):
    page.goto(f"{server}/train?{LONG}&seed=102")
    button(page, "Train").click()
    button(page, "Pause").click()
    button(page, "Discard").click()
    button(page, re.compile("^Discard .* for good$")).click()
    expect(button(page, "Train")).to_be_visible()


def test_a_training_can_be_left_and_found_again(server: str, page: Page, browser: Browser):
    page.goto(f"{server}/train?{LONG}&seed=103")
    button(page, "Train").click()
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    address = page.evaluate("location.href")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Networks can compute")).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("link", name="Train your own").first.click()
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    assert link(page)["seed"] == "103"
    other = browser.new_context().new_page()
    other.goto(address)
    expect(other.get_by_test_id("stProgress")).to_be_visible()
    other.context.close()
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()


def test_clicks_are_answered_while_it_trains(server: str, page: Page):
    page.goto(f"{server}/train?{LONG}&seed=104")
    button(page, "Train").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    page.get_by_role("radio", name="seconds").click()
    expect(page.get_by_role("radio", name="seconds")).to_be_checked()
    page.wait_for_function("location.search.includes('against=seconds')")
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()


def test_a_restart_of_a_link_is_shown_while_it_trains(server: str, page: Page):
    page.goto(f"{server}/train?{LONG}&seed=114&restarts=2&restart=1")
    button(page, "Train").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("left")
    expect(page.get_by_label("Show", exact=True)).to_have_value("restart 1")
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()


def test_training_longer_goes_on_from_where_it_stands(server: str, page: Page, store: Store):
    train(page, server, SHORT + "&seed=105")
    before = stored(page, store)
    button(page, "Train 400 steps more").click()
    page.wait_for_function("location.search.includes('cycles=2')")
    wait_for_model(page)
    after = stored(page, store)
    records = len(before.history.step)
    np.testing.assert_array_equal(after.history.loss[:, :records], before.history.loss)
    assert after.history.step[-1] == 800
    page.go_back()
    page.wait_for_function("!location.search.includes('cycles=2')")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{before.loss:.3g}")


def test_a_number_that_was_just_typed_counts(server: str, page: Page):
    page.goto(f"{server}/train?{SHORT}&seed=120")
    expect(button(page, "Train")).to_be_visible()
    wait_until_idle(page)
    page.get_by_label("Neurons m", exact=True).fill("5")
    button(page, "Train").click()
    wait_for_model(page)
    assert link(page)["m"] == "5"


def test_a_link_on_the_page_to_itself_is_in_the_address(server: str, page: Page):
    page.goto(f"{server}/train")
    wait_for_model(page)
    page.get_by_role("link", name="The smallest absolute value").click()
    page.wait_for_function("location.search.includes('n=3')")
    wait_for_model(page)
    page.reload()
    wait_for_model(page)
    expect(page.get_by_label("Features n", exact=True)).to_have_value("3")


def test_another_seed_is_one_click(server: str, page: Page):
    train(page, server, SHORT + "&seed=106")
    button(page, "Train another seed").click()
    page.wait_for_function("location.search.includes('seed=107')")
    wait_for_model(page)


def test_any_restart_can_be_shown(server: str, page: Page, store: Store):
    train(page, server, SHORT + "&seed=108&restarts=3&tab=download")
    model = stored(page, store)
    worst = int(np.argmax(model.losses))
    page.get_by_label("Show", exact=True).click()
    page.get_by_role("option", name=re.compile(f"^restart {worst}")).click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{model.losses[worst]:.3g}")
    assert link(page)["restart"] == str(worst)
    table = pd.read_csv(io.BytesIO(download(page, "Weights (.csv)")))
    assert table["w_in"].abs().sum() == pytest.approx(np.abs(model.restarts[worst].W1).sum())


def test_what_was_tried_is_listed_opened_compared_removed_and_kept(
    server: str, page: Page, store: Store
):
    train(page, server, SHORT + "&seed=109&open=tried")
    wait_until_kept(page, 109)
    one = stored(page, store)
    train(page, server, SHORT + "&seed=110&d=0.5&open=tried")
    wait_until_kept(page, 110)
    other = stored(page, store)
    page.reload()  # the browser keeps the list
    wait_for_model(page)
    choose_rows(page, 1)
    button(page, "Open again").click()
    page.wait_for_function("location.search.includes('seed=109')")
    wait_until_idle(page)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{one.loss:.3g}")
    choose_rows(page, 0)
    button(page, "Compare with the one above").click()
    left, right = (page.locator(f".st-key-compared-{side}") for side in ("left", "right"))
    expect(left.get_by_test_id("stMetricValue").first).to_have_text(f"{one.loss:.3g}")
    expect(right.get_by_test_id("stMetricValue").first).to_have_text(f"{other.loss:.3g}")
    assert link(page)["vs.seed"] == "110"
    assert link(page)["vs.d"] == "0.5"
    assert "vs.n" not in link(page)
    wait_until_idle(page)
    button(page, "Back to the right one").click()
    page.wait_for_function("location.search.includes('seed=110')")
    wait_for_model(page)
    choose_rows(page, 0, 1)
    button(page, "Compare").click()
    expect(left).to_be_visible()
    wait_until_idle(page)
    choose_rows(page, 0, 1)
    button(page, "Remove").click()
    expect(page.get_by_text("Models that you train or open here are listed")).to_be_visible()
    wait_until_idle(page)
    assert kept(page) == []


def choose_rows(page: Page, *rows: int) -> None:
    wait_until_idle(page)
    table = page.locator("[class*=st-key-tried-]").get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    for row in rows:
        page.mouse.click(box["x"] + 18, box["y"] + 36 * (row + 1) + 17)
        page.wait_for_timeout(200)
    wait_until_idle(page)


def wait_until_kept(page: Page, seed: int) -> None:
    page.wait_for_function(
        'seed => localStorage.getItem(\'toymodel.tried\')?.includes(`"seed":"${seed}"`)', arg=seed
    )


def kept(page: Page) -> list[object]:
    return json.loads(page.evaluate("localStorage.getItem('toymodel.tried')"))


def test_what_was_opened_again_is_brought_into_view(server: str, page: Page):
    page.goto(f"{server}/train?open=tried")
    wait_for_model(page)
    page.get_by_role("link", name="The smallest absolute value").click()
    page.wait_for_function("location.search.includes('n=3')")
    wait_for_model(page)
    choose_rows(page, 1)
    assert page.evaluate(SCROLLED) > 100
    button(page, "Open again").click()
    page.wait_for_function("location.search.includes('n=6')")
    page.wait_for_function(f"{SCROLLED} == 0")


SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"


@pytest.mark.parametrize("settings", ["", "n=100&m=40&p=0.01&recipe=standard"])
def test_the_first_view_is_short(server: str, page: Page, settings: str):
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{server}/train?{settings}")
    wait_for_model(page)
    expect(page.get_by_test_id("stVegaLiteChart").last.locator(".marks").first).to_be_visible()
    page.wait_for_timeout(1_000)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 2_200
    assert page.get_by_test_id("stVegaLiteChart").count() <= 5


def test_a_slider_trains_at_once_beside_the_model_of_before(live_server: str, page: Page):
    page.goto(f"{live_server}/train")
    wait_for_model(page)
    before = metric(page, "Loss")
    density = slider(page, "Slide the density")
    density.focus()
    page.evaluate(WATCH)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.search.includes('p=0.125')")
    wait_for_model(page)
    assert metric(page, "Loss") != before
    seen = page.evaluate("window.seen")
    assert seen["greyed"] > 0  # the model of before was there
    assert seen["blank"] == 0  # and the page was never without a number
    expect(page.locator(GREYED)).to_have_count(0)


GREYED = ".st-key-before-the-training"
WATCH = f"""() => {{
    window.seen = {{ greyed: 0, blank: 0 }};
    const look = () => {{
        window.seen.greyed += document.querySelectorAll('{GREYED}').length;
        window.seen.blank += document.querySelector('[data-testid=stMetricValue]') ? 0 : 1;
        requestAnimationFrame(look);
    }};
    look();
}}"""


def test_files_are_there_whichever_way_one_came(server: str, page: Page):
    page.goto(server)
    page.get_by_role("link", name="Train your own").first.click()
    wait_for_model(page)
    page.goto(f"{server}/train?n=3&m=6&p=1&recipe=standard&restarts=8&tab=download")
    wait_for_model(page)
    for _ in range(2):
        for name in ("Model (.safetensors)", "Weights (.csv)", "Chart (.svg)"):
            assert download(page, name)
        page.reload()
        wait_for_model(page)


def test_two_recipes_side_by_side_show_only_what_differs(server: str, page: Page):
    page.goto(f"{server}/train?n=100&m=40&p=0.001&recipe=standard&vs.recipe=usual")
    left = page.locator(".st-key-compared-left")
    expect(left.get_by_test_id("stMetric").first).to_be_visible()
    wait_until_idle(page)
    assert {k: v for k, v in link(page).items() if k.startswith("vs.")} == {"vs.recipe": "usual"}
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(4 + 4)  # stacks, losses and outputs


def test_every_download_is_what_the_page_shows(
    server: str, page: Page, store: Store, tmp_path: Path
):
    train(page, server, SHORT + "&seed=111&restarts=2&tab=download")
    model = stored(page, store)
    (tmp_path / "model.safetensors").write_bytes(download(page, "Model (.safetensors)"))
    loaded = tm.load(tmp_path / "model.safetensors")
    assert (loaded.config, loaded.recipe) == (model.config, model.recipe)
    assert all(map(same, loaded.restarts, model.restarts))

    table = pd.read_csv(io.BytesIO(download(page, "Weights (.csv)")))
    assert list(table) == ["neuron", "feature", "w_in", "w_out"]
    assert len(table) == model.W1.size
    np.testing.assert_allclose(
        table.groupby("neuron")["w_in"].sum(), model.W1.sum(axis=1), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        table.groupby("feature")["w_out"].sum(), model.W2.sum(axis=1), rtol=1e-4, atol=1e-5
    )

    chooser = page.get_by_label("Chart", exact=True)
    chooser.click()
    names = page.get_by_role("option").all_inner_texts()
    assert len(names) == 8
    page.keyboard.press("Escape")
    for number, name in enumerate(names):
        chooser.click()
        page.get_by_role("option", name=name, exact=True).click()
        wait_until_idle(page)
        # All kinds of the first chart, one of each other: what is written is tested elsewhere.
        kinds = KINDS if number == 0 else (KINDS[number % 3],)
        for kind in kinds:
            page.get_by_role("radio", name=kind, exact=True).click()
            check_chart(kind, download(page, f"Chart (.{SUFFIXES[kind]})"))


SUFFIXES = {"SVG": "svg", "PNG": "png", "Vega-Lite JSON": "json"}
KINDS = tuple(SUFFIXES)


def check_chart(kind: str, data: bytes) -> None:
    if kind == "SVG":
        svg = ElementTree.fromstring(data)
        assert svg.tag.endswith("svg")
        assert any("seed 111" in (text.text or "") for text in svg.iter())
    elif kind == "PNG":
        picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    else:
        assert "seed 111" in json.dumps(alt.Chart.from_json(data.decode()).to_dict())


def test_the_link_and_the_snippet_give_the_same_model(
    server: str, page: Page, browser: Browser, store: Store, tmp_path: Path
):
    train(page, server, SHORT + "&seed=112&restarts=2&tab=download")
    model = stored(page, store)
    expect(page.get_by_test_id("stCode")).to_have_count(2)
    address, snippet = page.get_by_test_id("stCode").all_inner_texts()
    other = browser.new_context().new_page()
    other.goto(address.strip())
    wait_for_model(other)
    assert metric(other, "Loss") == metric(page, "Loss")
    other.context.close()

    code = snippet + f'\ntm.save(model, r"{tmp_path / "again.safetensors"}")\n'
    result = run_python("-c", code)
    assert result.returncode == 0, result.stderr
    again = tm.load(tmp_path / "again.safetensors")
    assert all(map(same, again.restarts, model.restarts))


def test_the_failing_preset_is_explained_and_can_be_mended(server: str, page: Page):
    page.goto(f"{server}/train")
    wait_for_model(page)
    page.get_by_label("Start from").click()
    page.get_by_role("option", name="The usual recipe, failing").click()
    page.wait_for_function("location.search.includes('recipe=usual')")
    why = page.get_by_role("heading", name="Why did it go badly?")
    expect(why).to_be_visible()
    wait_until_idle(page)
    expect(page.get_by_text("Dead outputs.")).to_be_visible()
    expect(page.get_by_text("Empty batches.")).to_be_visible()
    button(page, "Set Output slope to 0.3, Slope until to 0.8").click()
    page.wait_for_function("location.search.includes('slope=0.3&slope-until=0.8')")
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()


@pytest.mark.parametrize("by_link_of_now", [True, False])
def test_what_a_browser_had_before_changes_nothing_back(
    server: str, page: Page, by_link_of_now: bool
):
    requests = Requests(page)
    page.goto(f"{server}/train")
    wait_for_model(page)
    page.get_by_label("Start from").click()
    page.get_by_role("option", name="The usual recipe, failing").click()
    page.wait_for_function("location.search.includes('recipe=usual')")
    page.wait_for_timeout(200)
    requests.ask_again(by_link_of_now=by_link_of_now)
    page.wait_for_timeout(1_000)
    wait_until_idle(page)
    expect(page.get_by_label("Features n", exact=True)).to_have_value("100")
    expect(page.get_by_role("heading", name="Why did it go badly?")).to_be_visible()
    assert link(page)["recipe"] == "usual"


def test_a_divergence_is_explained_and_can_be_mended(server: str, page: Page):
    page.goto(
        f"{server}/train?n=6&m=4&p=0.5&recipe=quick&steps=100&lr=10&schedule=constant&warmup=0"
        "&slope=1&slope-until=1&seed=3"
    )
    button(page, "Train").click()
    expect(page.get_by_role("heading", name="Why did it go badly?")).to_be_visible()
    expect(page.get_by_text("learning rate 10 is probably too high")).to_be_visible()
    expect(page.get_by_text("not trained here yet")).to_have_count(0)
    page.get_by_role("main").get_by_role("button", name=re.compile("Learning rate")).click()
    wait_for_model(page)
    assert (link(page)["lr"], link(page)["schedule"]) == ("0.078", "constant")


def test_a_file_is_opened_again_and_nothing_or_rubbish_is_refused(
    server: str, page: Page, browser: Browser, store: Store, tmp_path: Path
):
    (model,) = tm.train(
        [tm.Config(n_features=5, n_neurons=4, feature_probability=0.2, seed=113)],
        tm.Recipe(steps=100, batch_size=16),
    )
    tm.save(model, tmp_path / "mine.safetensors")
    page.goto(f"{server}/train")
    wait_for_model(page)
    page.get_by_text("Open a model's file").click()
    wait_until_idle(page)
    box = page.locator("input[type=file]")
    for content in (b"", b"PK\x03\x04", (2**62).to_bytes(8, "little") + b"{}", bytes(2_000)):
        box.set_input_files({"name": "x.safetensors", "mimeType": "", "buffer": content})
        expect(page.get_by_text("x.safetensors is not a usable model")).to_be_visible()
        wait_until_idle(page)
    box.set_input_files(tmp_path / "mine.safetensors")
    expect(page.get_by_text("From your file, as is its loss: seen by you alone")).to_be_visible()
    wait_until_idle(page)
    assert metric(page, "Loss") == f"{model.loss:.3g}"
    assert link(page)["seed"] == "113"
    assert store.get(model.config, model.recipe) is None
    other = browser.new_context().new_page()
    other.goto(page.evaluate("location.href"))
    expect(button(other, "Train")).to_be_visible()
    other.context.close()


def test_a_warning_about_a_link_stays(server: str, page: Page):
    page.goto(f"{server}/train?n=abc")
    wait_for_model(page)
    page.wait_for_timeout(2_000)
    wait_until_idle(page)
    expect(page.get_by_test_id("stAlert").first).to_contain_text("from 1 to 2,000")


def test_a_hostile_link_is_shown_as_text(server: str, page: Page):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{server}/train?seed=<img src=x onerror=alert(1)>&vs.n=%00&lr=**bold**&features=9e9")
    warning = page.get_by_test_id("stAlert").first
    expect(warning).to_contain_text("onerror=alert(1)")
    expect(warning).to_contain_text("above 0 and at most 10")
    expect(warning.locator("img, strong")).to_have_count(0)
    wait_for_model(page)
