"""The table of models that a visitor tried: to open again, compare, or remove."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.models import find_model
from pages.shared.resources import jobs
from pages.shared.training.browser_memory import keep_list
from pages.train.controls import show
from pages.train.scroll import ask_to_scroll_up
from pages.train.state import DEFAULT, TRAIN_PAGE
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.config import Config
from toymodel.recipe import recipe_name
from toymodel.text import count, rounded

MOST = 200
_TRIED = "train.tried"
_ANSWERED = "train.tried.answered"
_GONE = "train.tried.gone"
_REMOVED = "train.tried.removed"
_NUMBERS = "train.tried.numbers"
_ROUND = "train.tried.round"
_CHANGED = "train.tried.changed"


def note_tried(*shown: Choice) -> None:
    """Add the models that the page shows to the table, at the top if they are new.

    A model that was removed while it was shown stays out until the page has shown another one.
    Uploaded weights stay out, because they are gone when the page is closed.
    """
    shown = tuple(choice for choice in shown if not choice.recipe.weights)
    removed = [choice for choice in st.session_state.get(_REMOVED, []) if choice in shown]
    st.session_state[_REMOVED] = removed
    tried = _tried()
    new = [choice for choice in shown if choice not in tried and choice not in removed]
    if new:
        st.session_state[_TRIED] = [*new, *tried][:MOST]
        gone = st.session_state.get(_GONE, [])
        st.session_state[_GONE] = [choice for choice in gone if choice not in new]
        _choose_none()  # a choice is of row numbers


def tried_label() -> str:
    """The name of the section with the table."""
    tried = len(_tried())
    return f"What you tried: {count(tried, 'model')}" if tried else "What you tried"


def draw_tried() -> None:
    """Draw the table and its buttons."""
    if st.session_state.pop(_CHANGED, False):
        st.rerun()  # so that the browser's list and the section's name follow
    thresholds = TRAIN_PAGE.state.thresholds
    tried = _tried()
    if not tried:
        st.caption("Models that you train or open here are listed in this place.")
        return
    st.caption(
        "Your own list: this browser keeps it. Choose a row to open or to remove it, two rows to "
        "compare them; click on a column's name to sort."
    )
    # A table keeps its selection; a table with a new key has none.
    key = f"tried-{st.session_state.get(_ROUND, 0)}"
    chosen = st.dataframe(
        pd.DataFrame([_row(choice, thresholds) for choice in tried]),
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Models tried: settings, loss, gain and classes",
        column_config=_COLUMNS,
        placeholder="–",
    )
    rows = [tried[i] for i in chosen["selection"]["rows"] if i < len(tried)]
    with st.container(horizontal=True):
        st.button("Open again", disabled=len(rows) != 1, on_click=_open, args=(rows,))
        shown = TRAIN_PAGE.state.choice
        with_shown = len(rows) == 1 and rows[0] != shown
        st.button(
            "Compare with the one above" if with_shown else "Compare",
            disabled=not (len(rows) == 2 or with_shown),
            on_click=_compare,
            args=([shown, *rows][-2:],),
        )
        st.button("Remove", disabled=not rows, on_click=_remove, args=(rows,))


def _tried() -> list[Choice]:
    return st.session_state.get(_TRIED, [])


def keep_tried() -> None:
    """Have the browser keep the list, and take up what it kept before."""
    tried, gone = _tried(), st.session_state.get(_GONE, [])
    text = keep_list(
        "tried",
        [choice.link for choice in tried],
        [choice.link for choice in gone],
        most=MOST,
        answered=_ANSWERED in st.session_state,
    )
    if text is not None and text != st.session_state.get(_ANSWERED):
        st.session_state[_ANSWERED] = text
        more = [c for c in _read(text) if c not in tried and c not in gone]
        st.session_state[_TRIED] = [*tried, *more][:MOST]


def _read(text: str) -> list[Choice]:
    # The browser's text cannot be trusted.
    try:
        links = json.loads(text) if text else []
        read = [
            DEFAULT.with_link({str(k): [str(v)] for k, v in link.items()}) for link in links[:MOST]
        ]
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return []
    sound = (choice for choice, problems in read if not problems)
    return list(dict.fromkeys(choice for choice in sound if not choice.recipe.weights))


def _row(choice: Choice, thresholds: Thresholds) -> dict[str, Any]:
    config = choice.config
    row: dict[str, Any] = {
        "model": _name(choice),
        "loss": None,
        "gain": None,
        "mono / slightly / poly": None,
        "recipe": _recipe(choice),
    }
    # Reading many large models at every click would take long.
    numbers = st.session_state.setdefault(_NUMBERS, {})
    found = numbers.get((choice, thresholds)) or _numbers(choice, thresholds)
    if found is None:
        progress = jobs().progress([config], choice.recipe)
        return row | {
            "mono / slightly / poly": progress.state if progress else "not stored any more"
        }
    numbers[choice, thresholds] = found
    return row | found


def _name(choice: Choice) -> str:
    # Short, because a telephone has no room for a column for each setting.
    config = choice.config
    parts = [f"n {config.n_features:,}", f"m {config.n_neurons:,}"]
    parts.append(f"1−S {rounded(config.feature_probability)}")
    if config.importance_decay != Config.model_fields["importance_decay"].default:
        parts.append(f"d {rounded(config.importance_decay)}")
    if config.seed:
        parts.append(f"seed {config.seed}")
    return " ".join(parts)


def _recipe(choice: Choice) -> str:
    config = choice.config
    return (
        recipe_name(choice.recipe, config)
        + (", identity" if config.task == "identity" else "")
        + (", hidden bias" if config.hidden_bias else "")
        + (", linear hidden layer" if config.activation == "none" else "")
    )


def _numbers(choice: Choice, thresholds: Thresholds) -> dict[str, Any] | None:
    model = find_model(choice.config, choice.recipe)
    if model is None:
        return None
    counts = neurons(model.W1, thresholds).counts
    gain = superposition_gain(choice.config, model.loss)
    return {
        "loss": model.loss,
        "gain": None if math.isnan(gain) else gain,
        "mono / slightly / poly": " / ".join(str(counts[name]) for name in CLASSES),
    }


_COLUMNS = {
    "model": st.column_config.TextColumn("model", width=150),
    "loss": st.column_config.NumberColumn("loss", format="%.3g", width=60),
    "gain": st.column_config.NumberColumn("gain", format="%.2f", width=55),
    "mono / slightly / poly": st.column_config.TextColumn(
        "mono / slightly / poly", help="How many neurons are of each class", width=150
    ),
    "recipe": st.column_config.TextColumn("recipe", width="medium"),
}


def _open(rows: list[Choice]) -> None:
    TRAIN_PAGE.show(TRAIN_PAGE.state.replace(other=None))
    show(rows[0])
    ask_to_scroll_up()
    _choose_none()


def _compare(pair: list[Choice]) -> None:
    show(pair[0])
    TRAIN_PAGE.show(TRAIN_PAGE.state.replace(other=pair[1]))
    ask_to_scroll_up()
    _choose_none()


def _remove(rows: list[Choice]) -> None:
    st.session_state[_TRIED] = [choice for choice in _tried() if choice not in rows]
    st.session_state[_REMOVED] = rows
    st.session_state[_GONE] = [*rows, *st.session_state.get(_GONE, [])][:MOST]
    st.session_state[_CHANGED] = True
    _choose_none()


def _choose_none() -> None:
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
