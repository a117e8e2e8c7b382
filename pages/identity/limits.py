"""How little networks that copy use their ReLU, compared with networks that compute |x|."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.identity.models import models_of, table_of
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.training.panel import offer_training, progress_of, watch_training
from toymodel.charts.chart import Chart
from toymodel.charts.lines import lines
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY
from toymodel.charts.sweep.density_lines import DASHES
from toymodel.sweeps.shipped import (
    IDENTITY,
    IDENTITY_ABS,
    IDENTITY_ABS_BIAS,
    IDENTITY_BIAS,
    IDENTITY_GROWTH,
    Family,
)
from toymodel.text import number

_NOT_HERE = "These networks are not in the store: `python -m toymodel cache --ship`."
_KINDS = {
    "x, with hidden bias": IDENTITY_BIAS,
    "x, without": IDENTITY,
    "|x|, with hidden bias": IDENTITY_ABS_BIAS,
    "|x|, without": IDENTITY_ABS,
}


def draw_relu() -> None:
    """Draw what networks lose without their ReLU, and offer to train kinds that are missing."""
    # In this order: a training that ends in between is then among the models.
    active = {name for name, family in _KINDS.items() if _in_training(family)}
    tables = _tables()
    if not tables:
        st.info(_NOT_HERE)
        return
    st.markdown(
        "Take the ReLU out of the hidden layer of a trained network, $h = W x + c$, and fit the "
        "output biases again, nothing else. What its loss becomes says how much the network uses "
        "its ReLU."
    )
    left, right = st.columns(2)
    with left:
        draw(
            _factors(tables, colours()),
            "identity-factor",
            alt="Loss without the hidden ReLU over the loss with it, against density",
        )
        st.caption("1: the network does as well without its ReLU.")
    with right:
        _draw_kinds(tables)
    for name, family in _KINDS.items():
        _offer_missing(name, family, active=name in active)


def draw_bias() -> None:
    """Draw the bias that many features simulate."""
    growth = table_of(IDENTITY_GROWTH)
    if growth.empty:
        st.info(_NOT_HERE)
        return
    density = number(IDENTITY_GROWTH.configs[0].feature_probability)
    st.markdown(
        "Without a hidden bias, what the other features add to a neuron's pre-activation has a "
        f"mean above 0, which works as a bias. Here 1 − S = {density}, and all features matter "
        "equally."
    )
    left, right = st.columns(2)
    with left:
        _draw_growth(growth)
    with right:
        _draw_simulated(growth)


def draw_networks() -> None:
    """Draw every network's measures as a table."""
    tables = [*_tables().values(), table_of(IDENTITY_GROWTH)]
    everything = pd.concat([table for table in tables if not table.empty] or [pd.DataFrame()])
    if everything.empty:
        st.info(_NOT_HERE)
        return
    st.dataframe(
        everything,
        hide_index=True,
        alt="Every network's measures",
        column_config={
            name: st.column_config.NumberColumn(name.replace("_", " "), format="%.3f")
            for name in everything.columns[5:]
        },
    )


def _tables() -> dict[str, pd.DataFrame]:
    tables = {name: table_of(family) for name, family in _KINDS.items()}
    return {name: table for name, table in tables.items() if not table.empty}


def _in_training(family: Family) -> bool:
    progress = progress_of(family.configs, family.recipe)
    return progress is not None and progress.active


def _offer_missing(name: str, family: Family, *, active: bool) -> None:
    missing = len(family.configs) - len(models_of(family))
    if not missing:
        return
    st.caption(f"Networks for {name}:")
    if active:
        watch_training(family.configs, family.recipe)
    else:
        key = f"train-{list(_KINDS).index(name)}"
        offer_training(family.configs, family.recipe, missing=missing, key=key)


def _draw_growth(growth: pd.DataFrame) -> None:
    theme = colours()
    simulated = pd.concat(
        pd.DataFrame({"series": name, "x": growth["features"], "y": growth[column]})
        for name, column in (
            ("mean of what the others add", "mean"),
            ("its standard deviation", "spread"),
        )
    )
    draw(
        lines(
            simulated,
            across="features n (m = n/2)",
            up="mean over neurons",
            series=list(dict.fromkeys(simulated["series"])),
            colours=(theme.positive, theme.negative),
            dashes=DASHES[:2],
            height=300,
            steps="ascending",
        ),
        "identity-growth",
        alt="Mean and spread of what other features add, against the number of features",
    )


def _factors(tables: dict[str, pd.DataFrame], theme: Theme) -> Chart:
    # The task is a colour, the hidden bias a dash.
    return lines(
        pd.concat(
            pd.DataFrame({"series": name, "x": table["density"], "y": table["factor"]})
            for name, table in tables.items()
        ),
        across=DENSITY,
        up="loss without ReLU / loss (log)",
        series=list(tables),
        colours=[theme.positive if name.startswith("|x|") else theme.negative for name in tables],
        dashes=[DASHES[name.endswith("without")] for name in tables],
        height=300,
        log=True,
        steps="descending",
    )


def _draw_kinds(tables: dict[str, pd.DataFrame]) -> None:
    st.dataframe(
        pd.DataFrame([_kind(name, table) for name, table in tables.items()]),
        hide_index=True,
        alt="Loss without the hidden ReLU over the loss with it, of four kinds of networks",
        column_config={
            name: st.column_config.NumberColumn(name, format="%.2f")
            for name in ("factor from", "factor to", "bias from", "bias to")
        },
    )
    st.caption(
        "Lowest and highest over all densities. Factor: the loss without the ReLU over that with "
        "it; bias: the hidden biases."
    )


def _draw_simulated(growth: pd.DataFrame) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "features n": growth["features"],
                "mean added": [_number(mean) for mean in growth["mean"]],
                "standard deviation": [_number(spread) for spread in growth["spread"]],
                "loss": growth["loss"],
                "without its ReLU": growth["without_relu"],
            }
        ),
        hide_index=True,
        alt="What the other features add, and the loss with and without the hidden ReLU",
        column_config={
            name: st.column_config.NumberColumn(name, format="%.3f")
            for name in ("loss", "without its ReLU")
        },
    )


def _kind(name: str, table: pd.DataFrame) -> dict[str, object]:
    return {
        "network": name,
        "factor from": table["factor"].min(),
        "factor to": table["factor"].max(),
        "bias from": table["bias_low"].min(),
        "bias to": table["bias_high"].max(),
    }


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
