"""Opening a model's file."""

from __future__ import annotations

import streamlit as st

from pages.shared.messages import plain
from pages.shared.model_choice import Choice
from pages.shared.models import bring, find_model, was_brought
from pages.shared.navigation import OWN
from pages.train.controls import show
from pages.train.scroll import ask_to_scroll_up
from toymodel.storage.foreign_file import SlowFile, read_elsewhere
from toymodel.storage.model_file import MAX_MEGABYTES, DamagedFile, from_upload
from toymodel.text import one_line

_UPLOAD = "train.upload"
_SAID = "train.upload.said"
_NAME_SHOWN = 80


def draw_upload() -> None:
    """Draw the upload box; a message below it says what is wrong with a file."""
    st.file_uploader(
        "A .safetensors file that this page, `toymodel.save` or the shell command wrote. "
        "You alone will see it.",
        type="safetensors",
        max_upload_size=MAX_MEGABYTES,
        key=_UPLOAD,
        on_change=_take,
    )
    st.page_link(OWN.script, label="Weights alone, from elsewhere, have a page of their own")
    if said := st.session_state.pop(_SAID, None):
        st.error(plain(said))


def _take() -> None:
    file = st.session_state[_UPLOAD]
    if file is None:
        return
    name = one_line(file.name, _NAME_SHOWN)
    try:
        model = read_elsewhere(lambda: from_upload(file.getvalue(), name))
    except DamagedFile as error:
        st.session_state[_SAID] = str(error)
        return
    except SlowFile as error:
        st.session_state[_SAID] = f"{name} is not open: {error}."
        return
    if find_model(model.config, model.recipe) and not was_brought(model.config, model.recipe):
        st.session_state[_SAID] = (
            "A model with these settings is here already: it is shown, not the one in the file."
        )
    bring(model)
    ask_to_scroll_up()
    show(Choice.of(model.config, model.recipe))
