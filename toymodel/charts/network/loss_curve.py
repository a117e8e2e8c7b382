"""How the loss fell: a line a restart, on a log axis, beside what it is measured against."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme
from toymodel.charts.scales import SHORT, log_ticks

_HIGHEST = 30.0


_ANSWERING_0, _YARDSTICK = "answering 0", "without superposition"


def loss_range(losses: Iterable[float], yardstick: float) -> tuple[float, float]:
    """The y axis that shows both rules and these losses, but for what a divergence shoots up to."""
    shown = [1.0, *losses, *([yardstick] if yardstick > 0 else [])]
    low, high = min(shown), min(max(shown), _HIGHEST)
    room = max(1.7, (high / low) ** 0.09)  # for the names above and below the rules
    return low / room, high * room


def loss_curve(
    curves: pd.DataFrame,
    *,
    against: Literal["step", "seconds"],
    yardstick: float,
    shown: int | None,
    theme: Theme,
    domain: tuple[float, float] | None = None,
    reach: float | None = None,
    height: int = 260,
) -> Drawing:
    """Loss against steps or seconds, from the frame that `frames.loss_curves` gives.

    yardstick: the loss without superposition; not drawn where it is 0. shown: the restart to
    emphasise; None where all count the same. domain: the y axis, and reach: the upper end of the
    x axis, where charts are compared (`loss_range` gives a y axis for several).
    """
    rules = {_ANSWERING_0: (1.0, False)}
    if yardstick > 0:
        ends = curves.groupby("restart")["loss"].last().to_numpy()
        # The name stands on the side of its rule where no line ends, and not on that of the other.
        below = yardstick > 0.5 or bool((ends > yardstick).any())
        rules[_YARDSTICK] = (yardstick, below)
    chosen = curves["restart"] == (curves["restart"] if shown is None else shown)
    template = _template(
        against,
        domain or loss_range(curves["loss"], yardstick),
        reach or float(curves[against].to_numpy().max(initial=0)) or 1.0,
        tuple((name, below) for name, (_, below) in rules.items()),
        alone=shown is not None,
        single=len(set(curves[against])) == 1,
        theme=theme,
        height=height,
    )
    data = {"faint": curves.loc[~chosen], "full": curves.loc[chosen]}
    return Drawing(
        template,
        data
        | {
            name: pd.DataFrame({"loss": [value], "name": [name]})
            for name, (value, _) in rules.items()
        },
    )


@lru_cache(maxsize=64)
def _template(
    against: str,
    domain: tuple[float, float],
    reach: float,
    rules: tuple[tuple[str, bool], ...],
    *,
    alone: bool,
    single: bool,
    theme: Theme,
    height: int,
) -> dict[str, Any]:
    low, high = domain
    x = alt.X(
        f"{against}:Q",
        title="steps" if against == "step" else "seconds",
        scale=alt.Scale(domain=[0, reach], nice=False),
        axis=alt.Axis(tickCount=6, format=",~g" if reach < 1 else ",~r", grid=False),
    )
    y = alt.Y(
        "loss:Q",
        title="normalised loss (log)",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=log_ticks(low, high), labelExpr=SHORT),
    )

    def point(colour: str) -> alt.OverlayMarkDef | bool:
        # A line through one record is nothing to see.
        return single and alt.OverlayMarkDef(size=40, color=colour, opacity=1, clip=False)

    faint = (
        alt.Chart(alt.NamedData("faint"))
        .mark_line(
            color=theme.node, opacity=0.55, strokeWidth=1, clip=True, point=point(theme.node)
        )
        .encode(x=x, y=y, detail="restart:N", tooltip="restart:N")
    )
    full = alt.Chart(alt.NamedData("full")).encode(x=x, y=y)
    line = full.mark_line(
        color=theme.negative,
        strokeWidth=2.5 if alone else 1.5,
        clip=True,
        point=point(theme.negative),
    ).encode(detail="restart:N")
    # The pointer finds a line's records, not the line.
    hit = full.mark_circle(opacity=0, size=60, clip=True).encode(
        tooltip=[
            alt.Tooltip("restart:N"),
            alt.Tooltip("step:Q", format=","),
            alt.Tooltip("seconds:Q", format=".3~g"),
            alt.Tooltip("loss:Q", format=".4~g"),
        ]
    )
    drawn = [_rule(name, below, theme=theme) for name, below in rules]
    return alt.LayerChart(
        layer=[
            *(rule for rule, *_ in drawn),
            faint,
            line,
            *(t for _, *ts in drawn for t in ts),
            hit,
        ],
        height=height,
        description=f"Normalised loss against {against}, a line a restart, on a log axis.",
    ).to_dict()


def _rule(name: str, below: bool, *, theme: Theme) -> list[alt.Chart]:
    base = alt.Chart(alt.NamedData(name)).encode(y="loss:Q")
    rule = base.mark_rule(color=theme.ink, strokeDash=[4, 3], clip=True).encode(
        tooltip=["name:N", alt.Tooltip("loss:Q", format=".4~g")]
    )
    baseline, shift = ("top", 5) if below else ("bottom", -5)
    place: dict[str, Any] = {"align": "right", "baseline": baseline, "dx": -4, "dy": shift}
    halo = base.mark_text(**place, clip=True, stroke=theme.background, strokeWidth=4)
    text = base.mark_text(**place, clip=True, color=theme.ink)
    return [rule, *(t.encode(x=alt.value("width"), text="name:N") for t in (halo, text))]
