"""How little networks that copy use their ReLU, compared with networks that compute |x|."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.identity.models import table_of
from pages.shared.chart import draw
from pages.shared.resources import colours
from toymodel.charts.lines import lines
from toymodel.charts.sweep.density_lines import DASHES, density_lines
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_ABS, IDENTITY_BIAS, IDENTITY_GROWTH
from toymodel.text import number

_KINDS = {
    "x, with hidden bias": IDENTITY_BIAS,
    "x, without": IDENTITY,
    "|x|": IDENTITY_ABS,
}


def draw_limits() -> None:
    """Draw how often the ReLU matters, and the bias that many features simulate."""
    tables = {name: table_of(family) for name, family in _KINDS.items()}
    growth = table_of(IDENTITY_GROWTH)
    if growth.empty or any(table.empty for table in tables.values()):
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    st.header("Does it use its ReLU?")
    _draw_numbers(tables, growth)
    _draw_charts(tables, growth)
    with st.expander("In numbers"):
        st.dataframe(
            pd.concat([*tables.values(), growth], ignore_index=True),
            hide_index=True,
            height=320,
            alt="Every network's measures",
            column_config={
                name: st.column_config.NumberColumn(name.replace("_", " "), format="%.3f")
                for name in tables[next(iter(tables))].columns[5:]
            },
        )


def _draw_numbers(tables: dict[str, pd.DataFrame], growth: pd.DataFrame) -> None:
    st.markdown(
        "A neuron whose pre-activation is above 0 on all the inputs that drive it is linear: it "
        "does not use its ReLU. Given a hidden bias, a network that copies is close to linear. "
        "Without one, the average of many features acts as a bias. A network that computes |x| "
        "cannot avoid its ReLU, because each of its neurons computes one side. This makes it the "
        "better object of study."
    )
    left, right = st.columns(2)
    with left:
        st.dataframe(
            pd.DataFrame([_kind(name, table) for name, table in tables.items()]),
            hide_index=True,
            alt="Driven pre-activations above 0 and hidden biases of three kinds of networks",
            column_config={
                name: st.column_config.NumberColumn(name, format="percent")
                for name in ("lowest share above 0", "highest share above 0")
            },
        )
        biased = tables[next(iter(_KINDS))]
        positive = int((biased["bias_low"].to_numpy() > 0).sum())
        st.caption(
            "The share of driven pre-activations above 0, over all densities. All hidden biases "
            f"are positive at {positive} of {len(biased)} densities; they lie between "
            f"{biased['bias_low'].min():.2f} and {biased['bias_high'].max():.2f}."
        )
    with right:
        ends = growth.iloc[[0, -1]]
        st.dataframe(
            pd.DataFrame(
                {
                    "features n": ends["features"],
                    "mean added": [_number(mean) for mean in ends["mean"]],
                    "standard deviation": [_number(spread) for spread in ends["spread"]],
                    "share above 0": ends["driven"],
                }
            ),
            hide_index=True,
            alt="What the other features add, with the fewest and the most features",
            column_config={
                "share above 0": st.column_config.NumberColumn("share above 0", format="percent")
            },
        )
        st.caption(
            "Networks without a hidden bias, with the fewest and the most features. The mean of "
            "what the other features add to a pre-activation takes the place of a bias."
        )


def _kind(name: str, table: pd.DataFrame) -> dict[str, object]:
    return {
        "network": name,
        "lowest share above 0": table["driven"].min(),
        "highest share above 0": table["driven"].max(),
    }


def _draw_charts(tables: dict[str, pd.DataFrame], growth: pd.DataFrame) -> None:
    left, right = st.columns(2)
    theme = colours()
    inks = (theme.positive, theme.negative, theme.ink)
    with left:
        st.markdown("**Driven pre-activations above 0**, against density")
        shares = {
            name: (table["density"].tolist(), table["driven"].tolist())
            for name, table in tables.items()
        }
        draw(
            density_lines(shares, up="share above 0", theme=theme, height=300),
            "identity-driven",
            alt="Share of driven pre-activations above 0 against density, of three kinds",
        )
        st.caption(
            "The inputs that drive a neuron are those with one of its features. On those with a "
            "pre-activation above 0 the ReLU changes nothing. Means over neurons; n = 10, m = 5, "
            "d = 0.75."
        )
    with right:
        st.markdown("**The simulated bias**: without a hidden bias, against the number of features")
        simulated = pd.concat(
            pd.DataFrame({"series": name, "x": growth["features"], "y": growth[column]})
            for name, column in (
                ("mean of what the others add", "mean"),
                ("its standard deviation", "spread"),
                ("driven pre-activations above 0", "driven"),
            )
        )
        draw(
            lines(
                simulated,
                across="features n (m = n/2)",
                up="mean over neurons",
                series=list(dict.fromkeys(simulated["series"])),
                colours=inks,
                dashes=DASHES,
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


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
