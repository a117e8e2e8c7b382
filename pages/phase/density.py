"""Along density: classes, the spread of effective features, the gain, and when each rank turns."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.phase.models import AlongDensity, along_density
from pages.phase.state import PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.bands import bands
from toymodel.charts.look import Theme
from toymodel.charts.phase.share_map import share_map
from toymodel.charts.phase.tables import ONE, TWO, class_curves, curve, turning
from toymodel.sweeps.shipped import DENSITY_SWEEP
from toymodel.text import number

_KINDS = ("one", "between", "more")
_SIDE_BY_SIDE = 0.1  # of the neurons
_ACROSS = "density 1 − S (sparser to the right)"


def draw_density(state: PhaseState) -> None:
    """The networks from dense to sparse, with every restart to be seen."""
    st.header("Along density: a jump or a drift?")
    found = along_density(state.thresholds)
    if found is None or found.networks.empty:
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    table, turned = found.networks, turning(found.ranks)
    restarts = DENSITY_SWEEP.recipe.restarts
    densities = set(table["density"].tolist())
    st.markdown(
        f"{len(densities)} densities from {number(max(densities))} to {number(min(densities))}, "
        f"{restarts} networks each that differ in their initial "
        "weights. Thin lines: each of them; thick: their median; shaded: from the lowest to the "
        "highest."
    )
    st.markdown(_words(found, turned))
    theme = colours()
    left, right = st.columns(2)
    with left:
        st.markdown("**Share of each class**")
        draw_classes(table, "phase-classes", height=320)
    with right:
        st.markdown("**How many features a neuron holds**")
        draw(
            share_map(
                found.effective,
                up="effective features",
                title="share of neurons",
                theme=theme,
                log=True,
                height=320,
            ),
            "phase-effective",
        )
    left, right = st.columns(2)
    with left:
        st.markdown("**Which neuron turns when**")
        draw(
            share_map(
                found.ranks,
                up="rank of the neuron",
                title="share of networks in which it is not monosemantic",
                theme=theme,
                points=turned.dropna().assign(y=turned["rank"] + 0.5),
                height=400,
            ),
            "phase-ranks",
        )
        st.caption(
            "Rank: a neuron's place in its network's stack plot, by the importance of its primary "
            "feature; 0 is the most important one. Points: where half of the networks have the "
            "neuron of this rank not monosemantic for the first time."
        )
    with right:
        st.markdown("**What it gains, and features represented**")
        for column, name, height in (
            ("gain", "superposition gain", 220),
            ("represented", "features represented", 220),
        ):
            draw(
                bands(
                    curve(table, "density", column, name),
                    across=_ACROSS,
                    up=name,
                    series={name: theme.negative},
                    theme=theme,
                    falling=True,
                    log=column == "gain",
                    height=height,
                ),
                f"phase-{column}",
            )
        st.caption(
            "Gain: the exact loss without superposition over this network's; above 1 it computes "
            "more than it has neurons for. A feature is represented where its input weights are "
            "1 % of the largest feature's and more."
        )
    with st.expander("In numbers"):
        st.dataframe(
            table.drop(columns=["steps", "sampler"]),
            hide_index=True,
            height=320,
            alt="Every network's measures",
            column_config={
                "density": st.column_config.NumberColumn("1 − S", format="%g"),
                "one": st.column_config.NumberColumn(f"below {ONE} features", format="percent"),
                "between": st.column_config.NumberColumn("in between", format="percent"),
                "more": st.column_config.NumberColumn(f"{TWO} and more", format="percent"),
                **{name: st.column_config.NumberColumn(name, format="percent") for name in CLASSES},
            },
        )


def draw_classes(table: pd.DataFrame, key: str, *, height: int) -> None:
    """The share of each class of a `network_table` against density."""
    draw(
        bands(
            class_curves(table, "density"),
            across=_ACROSS,
            up="share of neurons",
            series=class_inks(colours()),
            theme=colours(),
            falling=True,
            share=True,
            height=height,
        ),
        key,
    )


def class_inks(theme: Theme) -> dict[str, str]:
    """A colour a class for curves."""
    return {name: theme.class_ink[name] for name in CLASSES}


def _words(found: AlongDensity, turned: pd.DataFrame) -> str:
    said = [jump_or_drift(found.networks)]
    known = turned.dropna()
    if len(known) < 2:
        return said[0]
    quarter = max(1, len(turned) // 4)
    first = known.loc[known["rank"] < quarter, "density"].median()
    last = known.loc[known["rank"] >= len(turned) - quarter, "density"].median()
    if not first < last:
        said.append(
            "**The layer** turns at about the same density for important and unimportant features: "
            f"{number(first)} and {number(last)} (medians of the first and the last quarter)."
        )
        return " ".join(said)
    said.append(
        f"**The layer drifts:** the last quarter of its neurons, those of the least important "
        f"features, turns at 1 − S = {number(last)}, the first quarter at {number(first)} "
        f"(medians), {last / first:.0f} times sparser. So it is not one change that all neurons "
        "make at once: a front goes from the least important neurons to the most important ones."
    )
    return " ".join(said)


def jump_or_drift(networks: pd.DataFrame) -> str:
    """Whether single neurons jump from one feature to several, in words, by a `network_table`."""
    # Where both kinds stand side by side: are there fewer neurons on the way than at either end?
    both: list[float] = []
    fewer: list[float] = []
    slow: list[float] = []
    shares = (float(str(density)) for density in networks["density"].unique())
    for density in sorted(shares, reverse=True):
        own = networks.loc[networks["density"] == density]
        one, between, more = (float(own[name].to_numpy().mean()) for name in _KINDS)
        if min(one, more) >= _SIDE_BY_SIDE:
            both.append(density)
            if between < min(one, more):
                fewer.append(density)
        if between > one and between >= _SIDE_BY_SIDE:
            slow.append(density)
    if not both:
        return (
            f"**A neuron drifts:** at no density are a tenth of the neurons below {ONE:g} "
            f"effective features and another tenth at {TWO:g} and more."
        )
    said = (
        f"At {len(both)} densit{'y' if len(both) == 1 else 'ies'} neurons of one feature (below "
        f"{ONE:g} effective ones) and of several ({TWO:g} and more) stand side by side, a tenth of "
        f"the layer and more each; at {len(fewer)} of these fewer neurons are in between than at "
        "either end"
    )
    if len(fewer) <= len(both) / 2:
        return f"**A neuron drifts:** {said[0].lower()}{said[1:]}."
    if slow:
        said += (
            f". Not so the last ones: at 1 − S = {', '.join(map(number, slow))} more are in "
            "between than hold one feature"
        )
    return f"**Most neurons jump:** {said[0].lower()}{said[1:]}."
