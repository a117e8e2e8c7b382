"""Widgets that show a setting and change it, with the label and the range of its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.model_choice import ACTIVATION_NAMES, PRESETS, TASK_NAMES
from pages.shared.page_session import PageSession
from toymodel.settings import bounds, plain_type

Cell = DeltaGenerator | Any
"""Where a widget stands: a column, or Streamlit's main module."""

ODD = " The neuron that is left over computes one side of the next feature."
"""What the no-superposition baseline does with the last neuron where m is odd."""

_STEP = 0.01
STEPS = {"lr": 0.005, "active": 0.5, "slight": 0.1} | dict.fromkeys(
    ("d", "gain-from", "gain-to", "side-from", "side-to", "ratio", "inhibited", "part"), 0.05
)
"""By how much a click on a box changes a number, where that is not 0.01."""


def number_box(
    page: PageSession[Any],
    name: str,
    cell: Cell = st,
    *,
    value: float | None = None,
    limits: tuple[float, float] | None = None,
    help: str | None = None,
) -> None:
    """Draw a box for a number.

    Args:
        page: whose state has the setting.
        name: the setting's parameter.
        cell: where the box stands.
        value: what it shows, where that is not the setting.
        limits: the ends of its range, where these are not the field's.
        help: its tooltip, where that is not the field's description; "" for none.
    """
    info = page.parameter(name)
    low, high = limits or bounds(info)
    options: dict[str, Any] = {}
    if plain_type(info) is float:
        low, high = float(low), float(high)
        options = {"step": STEPS.get(name, _STEP), "format": "%.4g"}
    cell.number_input(
        str(info.title),
        low,
        high,
        help=info.description if help is None else help or None,
        **options,
        **page.bound(name, value=value),
    )


def option_box(
    page: PageSession[Any],
    name: str,
    cell: Cell = st,
    *,
    options: Sequence[Any] | None = None,
    names: Mapping[Any, str] | None = None,
    value: Any = None,
    read: Callable[[Any], object] = lambda value: value,
    help: str | None = None,
    label: str | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> None:
    """Draw a box for one of several options.

    Args:
        page: whose state has the setting.
        name: the setting's parameter.
        cell: where the box stands.
        options: what can be chosen; the field's choices unless given.
        names: what the options are called; themselves unless given.
        value: the option that is shown, where that is not the setting.
        read: from the option to the setting.
        help: its tooltip, where that is not the field's description; "" for none.
        label: its label, where that is not the field's title.
        width: in pixels, or "stretch".
    """
    info = page.parameter(name)
    options = list(options or names or get_args(plain_type(info)))
    cell.selectbox(
        label or str(info.title),
        format_func=(lambda option: names.get(option, "")) if names else str,
        help=info.description if help is None else help or None,
        width=width,
        **page.bound_option(name, options, value=value, read=read),
    )


def segments(
    page: PageSession[Any],
    name: str,
    cell: Cell = st,
    *,
    names: Mapping[Any, str] | None = None,
    hide_label: bool = False,
) -> None:
    """Draw a row of buttons, one for each of a field's choices; one is always chosen.

    Args:
        page: whose state has the setting.
        name: the setting's parameter.
        cell: where the buttons stand.
        names: what the choices are called; themselves unless given.
        hide_label: whether the label is for screen readers alone.
    """
    info = page.parameter(name)
    cell.segmented_control(
        str(info.title),
        get_args(plain_type(info)),
        format_func=names.__getitem__ if names else str,
        required=True,
        help=None if hide_label else info.description,
        label_visibility="collapsed" if hide_label else "visible",
        **page.bound(name, by="default"),
    )


def task_inputs(page: PageSession[Any]) -> None:
    """Draw the boxes of the task, the hidden layer's activation and the hidden bias."""
    option_box(page, "task", names=TASK_NAMES)
    option_box(page, "activation", names=ACTIVATION_NAMES)
    info = page.parameter("hidden")
    st.checkbox(str(info.title), help=info.description, **page.bound("hidden"))


def model_inputs(page: PageSession[Any]) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Draw the boxes of a model's settings in two columns, and return the columns."""
    left, right = st.columns(2)
    for name, cell in (("n", left), ("m", right), ("p", left), ("d", right), ("seed", left)):
        number_box(page, name, cell)
    return left, right


def preset_box(page: PageSession[Any], cell: Cell = st) -> None:
    """Draw the box of the recipe."""
    option_box(page, "recipe", cell, names=PRESETS)


def threshold_inputs(page: PageSession[Any]) -> None:
    """Draw the boxes of the thresholds between the classes of neurons."""
    with st.expander("Where the classes end"):
        number_box(page, "mono")
        number_box(page, "slight")
