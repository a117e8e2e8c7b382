"""The file of weights that a visitor uploaded: read, assigned and measured for them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.own.state import OWN_PAGE, OwnState
from pages.shared.messages import plain
from pages.shared.models import bring, forget_own_weights
from toymodel.model import Model
from toymodel.storage.foreign_file import SlowFile, read_elsewhere
from toymodel.storage.imported_weights import Assignment, as_model, assign, guess
from toymodel.storage.weight_file import MAX_MEGABYTES, Array, UnusableWeights, read_arrays
from toymodel.text import one_line

_UPLOAD = "own.upload"
_FILE = "own.file"
_MEASURED = "own.measured"
_SAID = "own.said"
_ROUND = "own.round"
_NAME_SHOWN = 80


@dataclass(frozen=True, eq=False)
class OwnFile:
    """A file that was read.

    Attributes:
        name: of the file.
        arrays: by name."""

    name: str
    arrays: Mapping[str, Array]


def own_file() -> OwnFile | None:
    """The last usable file that this visitor uploaded."""
    return st.session_state.get(_FILE)


def settled(state: OwnState, file: OwnFile) -> OwnState:
    """The state with arrays assigned; by a guess if the link has no assignment."""
    if state.assignment.W1 is not None:
        return state
    state = state.replace(assignment=guess(file.arrays))
    OWN_PAGE.show(state)
    return state


def draw_upload() -> None:
    """Draw the upload box. An unusable file gets a message and does not replace the one before."""
    st.file_uploader(
        "A .safetensors or .npz file. You alone will see it; it is kept in memory until this page "
        "is closed, never on a disk.",
        type=["safetensors", "npz"],
        max_upload_size=MAX_MEGABYTES,
        key=_key(),
        on_change=_take,
    )
    if said := st.session_state.pop(_SAID, None):
        st.error(plain(said))


def _key() -> str:
    # An upload box keeps its file; a box with a new key is empty.
    return f"{_UPLOAD}-{st.session_state.get(_ROUND, 0)}"


def _take() -> None:
    file = st.session_state[_key()]
    if file is None:  # taken out of the box, or the visitor went to another page
        return
    name = one_line(file.name, _NAME_SHOWN)
    try:
        arrays = read_elsewhere(lambda: read_arrays(file.getvalue()))
        assignment = _assignment(arrays)
    except (UnusableWeights, SlowFile) as error:
        st.session_state[_SAID] = f"{name} is not used: {error}."
        return
    st.session_state[_FILE] = OwnFile(name, arrays)
    OWN_PAGE.show(OWN_PAGE.state.replace(assignment=assignment))


def _assignment(arrays: Mapping[str, Array]) -> Assignment:
    # The link's assignment, or that of the file before, if it fits.
    try:
        assign(arrays, OWN_PAGE.state.assignment)
    except UnusableWeights:
        return guess(arrays)
    return OWN_PAGE.state.assignment


def forget() -> None:
    """Forget this visitor's file and its model."""
    for key in (_FILE, _MEASURED):
        st.session_state.pop(key, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    forget_own_weights()
    OWN_PAGE.show(OWN_PAGE.state.replace(assignment=Assignment()))


def model_of(file: OwnFile, state: OwnState) -> Model:
    """Make a model from the file, measure it and keep it for this visitor.

    Raises:
        UnusableWeights: if the arrays do not form a network."""
    made_of = (file, state.assignment, state.config)
    if st.session_state.get(_MEASURED, (None,))[0] != made_of:
        with st.spinner("Measuring the network."):
            weights = assign(file.arrays, state.assignment, state.config.activation)
            model = as_model(weights, state.config)
        st.session_state[_MEASURED] = (made_of, model)
    model = st.session_state[_MEASURED][1]
    bring(model)
    return model
