"""How the loss fell: a line a restart, on a log axis, beside what it is measured against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.scales import SHORT, log_ticks
from toymodel.charts.vega import layer, nominal, quantitative, tip
from toymodel.model import History

MAX_RECORDS = 250
"""Of a restart's losses; more than a chart has pixels for."""

_HIGHEST = 30.0
_ANSWERING_0, _BASELINE = "answering 0", "without superposition"


def loss_records(history: History) -> pd.DataFrame:
    """How the loss fell; what a log axis cannot show is left out.

    Args:
        history: of a training.

    Returns:
        One row a record of a restart; of more than 250 records evenly spaced ones, the last among
        them. Columns: restart, step, seconds, loss (finite and above 0).
    """
    restarts, records = history.loss.shape
    kept = np.arange(records)
    if records > MAX_RECORDS:
        kept = np.linspace(0, records - 1, MAX_RECORDS).round().astype(int)
    table = pd.DataFrame(
        {
            "restart": np.repeat(np.arange(restarts), len(kept)),
            "step": np.tile(history.step[kept], restarts),
            "seconds": np.tile(history.seconds[kept], restarts),
            "loss": history.loss[:, kept].ravel(),
        }
    )
    drawable = np.isfinite(table["loss"]) & (table["loss"] > 0)
    return table.loc[drawable].reset_index(drop=True)


def loss_range(losses: Iterable[float], baseline: float) -> tuple[float, float]:
    """The vertical axis that shows both rules and these losses.

    It ends at a loss of about 30, above which a training has diverged.

    Args:
        losses: what is drawn.
        baseline: the loss without superposition.
    """
    shown = [1.0, *losses, *([baseline] if baseline > 0 else [])]
    low, high = min(shown), min(max(shown), _HIGHEST)
    room = max(1.7, (high / low) ** 0.09)  # for the names above and below the rules
    return low / room, high * room


def loss_curve(
    records: pd.DataFrame,
    *,
    against: Literal["step", "seconds"],
    baseline: float,
    shown: int | None,
    theme: Theme,
    domain: tuple[float, float] | None = None,
    reach: float | None = None,
    height: int = 260,
) -> Chart:
    """Loss against steps or seconds, a line a restart.

    Args:
        records: what `loss_records` gives.
        against: what the horizontal axis is.
        baseline: the loss without superposition; not drawn where it is 0.
        shown: the restart to emphasise; None where all count the same.
        theme: the colours.
        domain: the ends of the vertical axis, for charts that are compared; `loss_range` gives
            those of several.
        reach: the upper end of the horizontal axis, for charts that are compared.
        height: in pixels.
    """
    rules = {_ANSWERING_0: (1.0, False)}
    if baseline > 0:
        ends = records.groupby("restart")["loss"].last().to_numpy()
        # The name stands on the side of its rule where no line ends, and not on that of the other.
        below = baseline > 0.5 or bool((ends > baseline).any())
        rules[_BASELINE] = (baseline, below)
    chosen = records["restart"] == (records["restart"] if shown is None else shown)
    end = reach or float(records[against].to_numpy().max(initial=0)) or 1.0
    place = {
        "x": quantitative(
            against,
            title="steps" if against == "step" else "seconds",
            scale={"domain": [0, end], "nice": False},
            axis={"tickCount": 6, "format": ",~g" if end < 1 else ",~r", "grid": False},
        ),
        "y": _losses(*(domain or loss_range(records["loss"], baseline))),
    }
    single = len(set(records[against])) == 1

    def line(colour: str, **options: Any) -> Spec:
        # A line through one record is nothing to see.
        point = {"size": 40, "color": colour, "opacity": 1, "clip": False}
        point = point if single else False
        return {"type": "line", "color": colour, "clip": True, "point": point, **options}

    by_restart = {**place, "detail": nominal("restart")}
    drawn = [_rule(name, below, theme) for name, (_, below) in rules.items()]
    spec = {
        "layer": [
            *(rule for rule, _ in drawn),
            layer(
                "faint",
                line(theme.node, opacity=0.55, strokeWidth=1),
                {**by_restart, "tooltip": tip("restart")},
            ),
            layer(
                "full",
                line(theme.negative, strokeWidth=1.5 if shown is None else 2.5),
                by_restart,
            ),
            *(name for _, names in drawn for name in names),
            # The pointer finds a line's records, not the line.
            layer(
                "full",
                {"type": "circle", "opacity": 0, "size": 60, "clip": True},
                {
                    **place,
                    "tooltip": [
                        tip("restart"),
                        tip("step", format=","),
                        tip("seconds", format=".3~g"),
                        tip("loss", format=".4~g"),
                    ],
                },
            ),
        ],
        "height": height,
        "description": f"Normalised loss against {against}, a line a restart, on a log axis.",
    }
    tables = {"faint": records.loc[~chosen], "full": records.loc[chosen]}
    tables |= {
        name: pd.DataFrame({"loss": [value], "name": [name]}) for name, (value, _) in rules.items()
    }
    return Chart(spec, tables)


def _losses(low: float, high: float) -> Spec:
    return quantitative(
        "loss",
        title="normalised loss (log)",
        scale={"type": "log", "domain": [low, high], "nice": False},
        axis={"values": log_ticks(low, high), "labelExpr": SHORT},
    )


def _rule(name: str, below: bool, theme: Theme) -> tuple[Spec, list[Spec]]:
    y = quantitative("loss")
    rule = layer(
        name,
        {"type": "rule", "color": theme.ink, "strokeDash": [4, 3], "clip": True},
        {"y": y, "tooltip": [tip("name"), tip("loss", format=".4~g")]},
    )
    baseline, shift = ("top", 5) if below else ("bottom", -5)
    text = {"type": "text", "align": "right", "baseline": baseline, "dx": -4, "dy": shift}
    text["clip"] = True
    halo = text | {"stroke": theme.background, "strokeWidth": 4}
    place = {"x": {"value": "width"}, "y": y, "text": nominal("name")}
    return rule, [layer(name, halo, place), layer(name, text | {"color": theme.ink}, place)]
