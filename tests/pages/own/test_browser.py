"""Weights from elsewhere, in a real browser."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.browser import drawing, heading, link, metric, wait_until_idle

pytestmark = pytest.mark.browser


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def upload(page: Page, server: str, data: bytes, name: str = "mine.npz") -> None:
    page.goto(f"{server}/own")
    expect(page.get_by_role("heading", name="Your own weights")).to_be_visible()
    wait_until_idle(page)
    again(page, data, name)


def again(page: Page, data: bytes, name: str) -> None:
    box = page.locator("input[type=file]")
    box.set_input_files({"name": name, "mimeType": "", "buffer": data})


def test_weights_are_uploaded_and_their_neurons_opened(
    server: str, server_cache: Path, page: Page, browser: Browser
):
    before = set(server_cache.rglob("*"))
    random = np.random.default_rng(1)
    W1, W2 = random.normal(size=(16, 30)), random.normal(size=(30, 16))
    upload(page, server, npz(W_in=W1.T, W_out=W2.T))
    expect(drawing(page, "weights-input-0")).to_be_visible()
    expect(drawing(page, "weights-output-0")).to_be_visible()
    wait_until_idle(page)
    loss = metric(page, "Loss")
    assert float(loss) > 1
    assert (link(page)["w1"], link(page)["w1t"]) == ("W_in", "yes")

    page.get_by_role("main").get_by_role("link", name="Its neurons").click()
    expect(heading(page, r"^Neuron \d+: polysemantic")).to_be_visible()
    expect(page.get_by_text("Your own weights: seen by you alone")).to_be_visible()
    expect(page.get_by_text(f"Normalised loss {loss}")).to_be_visible()
    assert (link(page)["n"], link(page)["m"]) == ("30", "16")
    wait_until_idle(page)

    other = browser.new_context().new_page()
    other.goto(page.evaluate("location.href"))
    expect(other.get_by_text("A visitor uploaded these weights")).to_be_visible()
    other.context.close()
    assert set(server_cache.rglob("*")) == before

    page.get_by_role("main").get_by_role("link", name="The whole model").click()
    expect(drawing(page, "weights-input-0")).to_be_visible()
    wait_until_idle(page)
    assert metric(page, "Loss") == loss


def test_a_bad_file_is_refused_and_the_one_before_stays(server: str, page: Page):
    upload(page, server, npz(W1=np.array([[1, np.inf]])), "bad.npz")
    refusal = page.get_by_test_id("stAlert")
    expect(refusal).to_contain_text("bad.npz is not used: 'W1' has numbers that are not finite")
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(0)
    again(page, npz(W1=np.ones((3, 2)), W2=np.ones((2, 3))), "good.npz")
    expect(drawing(page, "weights-input-0")).to_be_visible()
    wait_until_idle(page)
    loss = metric(page, "Loss")
    again(page, (2**31).to_bytes(8, "little") + b"{}", "large.safetensors")
    expect(refusal).to_contain_text(re.compile("large.safetensors is not used: it is neither"))
    expect(drawing(page, "weights-input-0")).to_be_visible()
    assert metric(page, "Loss") == loss
