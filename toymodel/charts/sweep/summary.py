"""The sweep in two small charts: how many neurons of each class, and what superposition gains."""

from __future__ import annotations

import altair as alt
import pandas as pd

from toymodel.charts.look import Theme

_DENSITY = "density 1 − S (sparser to the right)"


def class_shares(table: pd.DataFrame, *, theme: Theme, height: int = 360) -> alt.LayerChart:
    """Share of each class against density, from the frame that `sweep_table` gives."""
    names = [name for name in theme.class_ink if name in table]
    long = table.melt(id_vars="density", value_vars=names, var_name="class", value_name="neurons")
    long["order"] = long["class"].map(names.index)
    total = long.groupby("density")["neurons"].transform("sum")
    long["share"] = long["neurons"] / total
    base = alt.Chart(long).encode(
        x=alt.X("density:O", sort="descending", title=_DENSITY, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", stack=True, title="share of neurons", axis=alt.Axis(format="%")),
        order="order:Q",
    )
    bars = base.mark_bar(stroke=theme.gap, strokeWidth=0.5).encode(
        color=alt.Color(
            "class:N",
            scale=alt.Scale(domain=names, range=[theme.class_ink[name] for name in names]),
            legend=alt.Legend(orient="top", title=None, labelLimit=200, columns=1),
        ),
        tooltip=["density:O", "class:N", "neurons:Q", alt.Tooltip("share:Q", format=".0%")],
    )
    return alt.LayerChart(
        layer=[bars], height=height, description="Share of each class against density."
    )


def gain(table: pd.DataFrame, *, theme: Theme, height: int = 360) -> alt.LayerChart:
    """Superposition gain against density, with the line at 1 where nothing is gained."""
    x = alt.X("density:O", sort="descending", title=_DENSITY, axis=alt.Axis(labelAngle=0))
    line = (
        alt.Chart(table)
        .mark_line(
            point=alt.OverlayMarkDef(size=60, filled=True, color=theme.negative),
            color=theme.negative,
        )
        .encode(
            x=x,
            y=alt.Y(
                "gain:Q",
                scale=alt.Scale(type="log", nice=False, padding=20),
                title="superposition gain (log)",
                axis=alt.Axis(
                    values=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100], format="~g"
                ),
            ),
            tooltip=[
                "density:O",
                alt.Tooltip("gain:Q", format=".2f"),
                alt.Tooltip("loss:Q", format=".3g"),
                alt.Tooltip("no_superposition_loss:Q", format=".3g", title="yardstick"),
            ],
        )
    )
    one = alt.Chart(pd.DataFrame({"y": [1], "name": ["no superposition"]}))
    rule = one.mark_rule(color=theme.ink, strokeDash=[4, 3]).encode(y="y:Q")
    name = one.mark_text(align="right", baseline="top", dx=-4, dy=4, color=theme.ink).encode(
        x=alt.value("width"), y="y:Q", text="name:N"
    )
    return alt.LayerChart(
        layer=[line, rule, name], height=height, description="Gain against density."
    )
