"""How little networks that copy use their ReLU, compared with networks that compute |x|."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.identity.models import models_of, table_of
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.training_panel import offer_training, progress_of, watch_training
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

_KINDS = {
    "x, with hidden bias": IDENTITY_BIAS,
    "x, without": IDENTITY,
    "|x|, with hidden bias": IDENTITY_ABS_BIAS,
    "|x|, without": IDENTITY_ABS,
}


def draw_limits() -> None:
    """Draw what networks lose without their ReLU, and the bias that many features simulate."""
    # In this order: a training that ends in between is then among the models.
    active = {name for name, family in _KINDS.items() if _in_training(family)}
    tables = {name: table_of(family) for name, family in _KINDS.items()}
    tables = {name: table for name, table in tables.items() if not table.empty}
    growth = table_of(IDENTITY_GROWTH)
    if growth.empty or not tables:
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    st.header("Does it use its ReLU?")
    st.markdown(
        "Take the ReLU out of the hidden layer of a trained network, $h = W x + c$, and fit the "
        "output biases again, nothing else. What its loss becomes says how much the network uses "
        "its ReLU."
    )
    _draw_charts(tables, growth)
    _draw_numbers(tables, growth)
    for name, family in _KINDS.items():
        _offer_missing(name, family, active=name in active)
    with st.expander("Every network in numbers"):
        everything = pd.concat([*tables.values(), growth], ignore_index=True)
        st.dataframe(
            everything,
            hide_index=True,
            height=320,
            alt="Every network's measures",
            column_config={
                name: st.column_config.NumberColumn(name.replace("_", " "), format="%.3f")
                for name in everything.columns[5:]
            },
        )


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


def _draw_charts(tables: dict[str, pd.DataFrame], growth: pd.DataFrame) -> None:
    left, right = st.columns(2)
    theme = colours()
    with left:
        st.markdown("**The loss without the ReLU, over that with it**, against density")
        draw(
            _factors(tables, theme),
            "identity-factor",
            alt="Loss without the hidden ReLU over the loss with it, against density",
        )
        config = IDENTITY.configs[0]
        st.caption(
            f"1: the network does as well without its ReLU. n = {config.n_features}, "
            f"m = {config.n_neurons}, d = {config.importance_decay:g}."
        )
    with right:
        st.markdown("**The simulated bias**: without a hidden bias, against the number of features")
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
        config = IDENTITY_GROWTH.configs[0]
        st.caption(
            "What the features other than a neuron's primary one add to its pre-activation, "
            "exactly. A mean above 0 works as a bias; the standard deviation is its noise. "
            f"1 − S = {number(config.feature_probability)}; all features matter equally."
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


def _draw_numbers(tables: dict[str, pd.DataFrame], growth: pd.DataFrame) -> None:
    left, right = st.columns(2)
    with left:
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
            "From the lowest to the highest over all densities: the loss without the ReLU over "
            "that with it, and the hidden biases."
        )
    with right:
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
        st.caption(
            "Networks that copy, without a hidden bias. The mean of what the other features add to "
            "a pre-activation takes the place of a bias."
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
