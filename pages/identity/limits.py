"""The weakness: how little of the ReLU networks that copy use, beside those that compute |x|."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.identity.models import table_of
from pages.shared.chart import draw
from pages.shared.resources import colours
from toymodel.charts.lines import lines
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_ABS, IDENTITY_BIAS, IDENTITY_GROWTH
from toymodel.text import number

_KINDS = {
    "x, with hidden bias": IDENTITY_BIAS,
    "x, without": IDENTITY,
    "|x|": IDENTITY_ABS,
}
_DASHES = ((1, 0), (5, 3), (2, 2))


def draw_limits() -> None:
    """How often the ReLU matters, and the bias that many features simulate."""
    tables = {name: table_of(family) for name, family in _KINDS.items()}
    growth = table_of(IDENTITY_GROWTH)
    if growth.empty or any(table.empty for table in tables.values()):
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    st.header("Does it use its ReLU?")
    st.markdown(_sentence(tables, growth))
    left, right = st.columns(2)
    theme = colours()
    inks = (theme.positive, theme.negative, theme.ink)
    with left:
        st.markdown("**Driven pre-activations above 0**, against density")
        frame = pd.concat(
            pd.DataFrame({"series": name, "x": table["density"], "y": table["driven"]})
            for name, table in tables.items()
        )
        draw(
            lines(
                frame,
                across="density 1 − S (sparser to the right)",
                up="share above 0",
                series=list(tables),
                colours=inks,
                dashes=_DASHES,
                height=300,
                steps="descending",
            ),
            "identity-driven",
            alt="Share of driven pre-activations above 0 against density, of three kinds",
        )
        st.caption(
            "Of the inputs on which one of a neuron's features is there, those on which its "
            "pre-activation is above 0: there the ReLU changes nothing. At 100 % a neuron is "
            "linear. Means over neurons; n = 10, m = 5, d = 0.75."
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
                dashes=_DASHES,
                height=300,
                steps="ascending",
            ),
            "identity-growth",
            alt="Mean and spread of what other features add, against the number of features",
        )
        config = IDENTITY_GROWTH.configs[0]
        st.caption(
            "What the features other than a neuron's primary one add to its pre-activation, "
            "exactly. A mean above 0 works as a bias; the standard deviation is the noise that "
            f"comes with it. 1 − S = {number(config.feature_probability)}, all features matter "
            "equally."
        )
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


def _sentence(tables: dict[str, pd.DataFrame], growth: pd.DataFrame) -> str:
    biased, plain, absolute = (tables[name] for name in _KINDS)
    first, last = growth.iloc[0], growth.iloc[-1]
    positive = (biased["bias_low"].to_numpy() > 0).sum()
    average = (
        f"from n = {first['features']} to {last['features']} the mean of what they add goes from "
        f"{_number(first['mean'])} to {_number(last['mean'])} (standard deviation "
        f"{last['spread']:.2f}), and the share above 0 from {first['driven']:.0%} to "
        f"{last['driven']:.0%}"
    )
    return (
        f"**Given a hidden bias**, all biases are positive at {positive} of {len(biased)} "
        f"densities (from {biased['bias_low'].min():.2f} to {biased['bias_high'].max():.2f}), and "
        f"{_range(biased)} of the driven pre-activations are above 0: the network is next to "
        f"linear. **Without one** it is {_range(plain)}, and with more features the others' "
        f"average takes the bias's place: {average}. **A network that computes |x|** cannot get "
        f"around its ReLU: {_range(absolute)}. So it is the better object of study: what it "
        "computes needs its neurons to be neurons."
    )


def _range(table: pd.DataFrame) -> str:
    low, high = (f"{end:.0%}" for end in (table["driven"].min(), table["driven"].max()))
    return low if low == high else f"{low} to {high}"


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
