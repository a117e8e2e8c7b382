"""The file of weights that a visitor uploaded: read, assigned and measured for them alone."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.own.state import OWN_PAGE, OwnState
from pages.shared.explorer.state import DEFAULT
from pages.shared.messages import plain
from pages.shared.models import Shown, bring, find_model, forget_own_weights
from toymodel.model import Model
from toymodel.storage.foreign_file import SlowFile, read_elsewhere
from toymodel.storage.imported_weights import (
    Assignment,
    as_model,
    assign,
    count_instances,
    guess,
    one_instance,
)
from toymodel.storage.weight_file import MAX_MEGABYTES, Array, UnusableWeights, read_arrays
from toymodel.text import one_line

_UPLOAD = "own.upload"
_FILE = "own.file"
_MEASURED = "own.measured"
_SAID = "own.said"
_ROUND = "own.round"
_NAME_SHOWN = 80
_SAMPLE = "toymodel-sample.npz"


@dataclass(frozen=True, eq=False)
class OwnFile:
    """A file that was read.

    Attributes:
        name: of the file.
        arrays: by name.
        instances: how many networks it holds; None without a leading axis.
    """

    name: str
    arrays: Mapping[str, Array]
    instances: int | None = None

    def of(self, instance: int) -> dict[str, Array]:
        """The arrays of one network."""
        return one_instance(self.arrays, instance)


def own_file() -> OwnFile | None:
    """The last usable file that this visitor uploaded."""
    return st.session_state.get(_FILE)


def settled(state: OwnState, file: OwnFile) -> OwnState:
    """The state with arrays assigned, by a guess if the link has no assignment, and an instance."""
    wanted = state
    if (file.instances or 1) <= state.instance:
        last = (file.instances or 1) - 1
        st.warning(
            f"This file has no instance {state.instance}: they go from 0 to {last}."
            if file.instances
            else "This file holds one network, so its instance is 0."
        )
        wanted = wanted.replace(instance=0)
    if wanted.assignment.W1 is None:
        wanted = wanted.replace(assignment=guess(file.of(wanted.instance)))
    if wanted != state:
        OWN_PAGE.settle(wanted)
    return wanted


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
        _use(name, read_elsewhere(lambda: read_arrays(file.getvalue())), OWN_PAGE.state)
    except (UnusableWeights, SlowFile) as error:
        st.session_state[_SAID] = f"{name} is not used: {error}."


def _use(name: str, arrays: Mapping[str, Array], state: OwnState) -> None:
    file = OwnFile(name, arrays, count_instances(arrays))
    fits = state.instance < (file.instances or 1)
    assignment = _assignment(file.of(state.instance if fits else 0), state.assignment)
    # A link's instance that is not there is told by `settled`; that of the file before is not.
    if not fits and own_file():
        state = state.replace(instance=0)
    st.session_state[_FILE] = file
    OWN_PAGE.show(state.replace(assignment=assignment))


def _assignment(arrays: Mapping[str, Array], before: Assignment) -> Assignment:
    # The link's assignment, or that of the file before, if it fits.
    try:
        assign(arrays, before)
    except UnusableWeights:
        return guess(arrays)
    return before


def draw_sample() -> None:
    """Draw the buttons that load a shipped network as if it were uploaded, and that save it."""
    model = find_model(DEFAULT.config, DEFAULT.recipe)
    if model is None:
        return
    config = model.config
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Try a sample", on_click=_use_sample, args=(model,))
        st.download_button(
            "Download the sample",
            _sample_file(Shown.of(model, None).name, model),
            _SAMPLE,
            mime="application/octet-stream",
            on_click="ignore",
        )
        st.caption(
            f"A network of the sparsity sweep: {config.n_features} features, {config.n_neurons} "
            f"neurons, 1 − S = {config.feature_probability:g}."
        )


def _use_sample(model: Model) -> None:
    config = model.config
    state = OWN_PAGE.state.changed(
        task=config.task,
        activation=config.activation,
        p=config.feature_probability,
        d=config.importance_decay,
    )
    _use(_SAMPLE, {"W1": model.W1, "W2": model.W2, "b": model.b}, state)


@st.cache_data(show_spinner=False, max_entries=4)
def _sample_file(name: str, _model: Model) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, W1=_model.W1, W2=_model.W2, b=_model.b)
    return file.getvalue()


def forget() -> None:
    """Forget this visitor's file and its model."""
    for key in (_FILE, _MEASURED):
        st.session_state.pop(key, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    forget_own_weights()
    OWN_PAGE.show(OWN_PAGE.state.replace(assignment=Assignment(), instance=0))


def model_of(file: OwnFile, state: OwnState) -> Model:
    """Make a model from the file, measure it and keep it for this visitor.

    Raises:
        UnusableWeights: if the arrays do not form a network."""
    made_of = (file, state.assignment, state.instance, state.config)
    if st.session_state.get(_MEASURED, (None,))[0] != made_of:
        with st.spinner("Measuring the network."):
            weights = assign(file.of(state.instance), state.assignment, state.config.activation)
            model = as_model(weights, state.config)
        st.session_state[_MEASURED] = (made_of, model)
    model = st.session_state[_MEASURED][1]
    bring(model)
    return model
