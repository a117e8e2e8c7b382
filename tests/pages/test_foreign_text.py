"""Text from a link, a file or the system is never markup, wherever a page shows it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import safetensors.numpy
import streamlit as st
from streamlit.testing.v1 import AppTest

import toymodel as tm
from pages.shared import resources
from pages.shared.messages import plain
from tests.helpers.apps import button_labels, opened
from tests.helpers.networks import model
from toymodel.jobs import manager
from toymodel.storage.model_file import to_bytes
from toymodel.storage.tensor_file import checksum, pack, unpack
from toymodel.text import MAX_FOREIGN

pytestmark = pytest.mark.usefixtures("shipped")

NAME = "evil`\r\r# evil\r\r[evil](http://evil) ![evil](http://evil/x.png) $evil$ :red[evil]\u202e"
TEXT = NAME + 200 * "\n\n<evil> www.evil.org **evil**"
CONFIG, RECIPE = tm.Config(n_features=3, n_neurons=2), tm.Recipe(steps=5)


def shown(app: AppTest) -> list[str]:
    kinds = (app.error, app.warning, app.info, app.success, app.markdown, app.caption)
    return [element.value for kind in kinds for element in kind]


def harmless(app: AppTest) -> None:
    """The text is shown somewhere, as code, and short."""
    assert not app.exception
    found = [text for text in shown(app) if "evil" in text]
    assert found
    for text in found:
        assert "evil" not in re.sub(r"`[^`\n\r]*`", "", text), text
        assert not re.search(r"[\r\0\u202e]", text)
        assert all(len(code) <= MAX_FOREIGN + 2 for code in re.findall(r"`[^`]*`", text))


def test_foreign_text_is_one_code_span_whatever_it_is():
    for text in (NAME, TEXT, "", "`", "``", "\n", "\0"):
        assert re.fullmatch(r"`[^`\n\r]+`", plain(text))
    assert plain("it's `x`") == "`it's 'x'`"


@pytest.mark.parametrize("script", ["train/page.py", "neurons/page.py", "own/page.py"])
def test_a_link(script: str):
    harmless(opened(script, **{"seed": TEXT, TEXT[:100]: "1", "w1": TEXT}))


def test_a_link_of_many_wrong_parameters_is_told_in_a_few_lines():
    app = opened("neurons/page.py", **{f"evil{k}": "1" for k in range(500)})
    (told,) = [text for text in shown(app) if "evil" in text]
    assert told.count("\n") < 20
    assert "and 488 more" in told


def test_what_the_store_says():
    resources.store().notes.append(TEXT)
    harmless(opened("neurons/page.py"))


def _model_file(**about: object) -> bytes:
    tensors, known = unpack(to_bytes(model(CONFIG, RECIPE)))
    known.pop("checksum")
    known |= about
    return pack(tensors, known | {"checksum": checksum(tensors, known)})


@pytest.mark.parametrize(
    "data",
    [
        _model_file(format=TEXT),
        _model_file(versions={"engine": TEXT}),
        _model_file(config={TEXT: 1}),
        _model_file(recipe={"steps": TEXT}),
        safetensors.numpy.save({TEXT: np.ones(1)}, {"toymodel": '{"format": 2}'}),
        b"",
    ],
    ids=["format", "engine", "name of a field", "value of a field", "tensor", "name of the file"],
)
def test_a_models_file(data: bytes):
    app = opened("train/page.py", open="file")
    app.file_uploader[0].upload(f"{NAME}.safetensors", data).run()
    harmless(app)


@pytest.mark.parametrize(
    "data",
    [
        safetensors.numpy.save({NAME: np.ones((2, 3))}),
        safetensors.numpy.save({"evil `#` [evil](http://evil)": np.ones((2, 3), np.float32)}),
        b"",
    ],
    ids=["name that is refused", "name that is taken", "name of the file"],
)
def test_a_file_of_weights(data: bytes):
    app = opened("own/page.py")
    app.file_uploader[0].upload(f"{NAME}.safetensors", data).run()
    harmless(app)


def test_why_a_training_failed(monkeypatch: pytest.MonkeyPatch):
    class Refusing:
        def submit(self, *arguments: object) -> None:
            future = manager.Future()
            future.set_exception(RuntimeError(TEXT))
            return future

        def shutdown(self, **options: object) -> None: ...

    monkeypatch.setattr(resources.jobs(), "executor", Refusing())
    for script in ("train/page.py", "neurons/page.py"):
        st.cache_data.clear()
        app = opened(script, seed="77", n="3", m="2", steps="5")
        harmless(app.button[button_labels(app).index("Train")].click().run())
