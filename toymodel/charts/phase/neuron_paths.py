"""What single neurons hold as density falls and rises, in networks that are followed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import neurons
from toymodel.charts.bands import bands
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.phase.network_curves import ONE_FEATURE, TWO_FEATURES
from toymodel.charts.scales import DENSITY, SHORT, log_range, log_ticks
from toymodel.charts.vega import layer, nominal, quantitative, tip
from toymodel.phase.chain import Chain

Direction = Literal["density falls", "density rises"]
DIRECTIONS: tuple[Direction, Direction] = ("density falls", "density rises")
"""The two halves of a chain that goes to the sparsest density and back."""

TURNS = ("in one step", "over several steps", "does not turn")
"""How a neuron goes between one feature and several."""

_ONE, _BETWEEN, _SEVERAL, _NONE = "one", "in between", "several", "none"
_ENDS: dict[Direction, tuple[str, str]] = {
    "density falls": (_ONE, _SEVERAL),
    "density rises": (_SEVERAL, _ONE),
}
_DASHES = ([1, 0], [6, 3], [2, 3])


def followed_neurons(chain: Chain) -> pd.DataFrame:
    """What every neuron of a chain holds at every density.

    Args:
        chain: whose densities fall, and then rise.

    Returns:
        One row a place, network and neuron, in the order of the chain; the place of the sparsest
        density is in both directions. Columns: direction (one of DIRECTIONS), place, density,
        network, neuron, effective (features), primary (feature), holds ("one" below ONE_FEATURE
        effective features, "in between" below TWO_FEATURES, "several", and "none" for a neuron
        without weights).
    """
    sparsest = int(np.argmin(chain.densities))
    halves = (range(sparsest + 1), range(sparsest, len(chain.densities)))
    rows = []
    for direction, places in zip(DIRECTIONS, halves, strict=True):
        for place in places:
            for network, W1 in enumerate(chain.W1[place]):
                found = neurons(W1)
                effective = found.effective_features
                rows.append(
                    pd.DataFrame(
                        {
                            "direction": direction,
                            "place": place,
                            "density": chain.densities[place],
                            "network": network,
                            "neuron": range(len(effective)),
                            "effective": effective,
                            "primary": found.primary,
                            "holds": np.select(
                                [
                                    effective == 0,
                                    effective < ONE_FEATURE,
                                    effective < TWO_FEATURES,
                                ],
                                [_NONE, _ONE, _BETWEEN],
                                _SEVERAL,
                            ),
                        }
                    )
                )
    return pd.concat(rows, ignore_index=True)


def turns(followed: pd.DataFrame) -> pd.DataFrame:
    """The first turn of every neuron that turns: from one feature to several, or back.

    Where density falls it is from one to several, where density rises from several to one.

    Args:
        followed: what `followed_neurons` gives.

    Returns:
        One row a direction and neuron that turns. Columns: direction, network, neuron, density (of
        the last place before the turn), steps (of density until the turn is complete; 1 for a
        jump).
    """
    rows = []
    names = ["direction", "network", "neuron"]
    for _, path in followed.groupby(names, sort=False):
        start, end = _ENDS[path["direction"].iloc[0]]
        before = None
        for k, kind in enumerate(path["holds"].tolist()):
            if kind == start:
                before = k
            elif kind == end and before is not None:
                rows.append(
                    {
                        **{name: path[name].iloc[0] for name in names},
                        "density": path["density"].iloc[before],
                        "steps": k - before,
                    }
                )
                break
    return pd.DataFrame(rows, columns=[*names, "density", "steps"])


def by_density(chain: Chain, followed: pd.DataFrame) -> pd.DataFrame:
    """Both directions beside each other, means over the networks.

    Args:
        chain: the networks.
        followed: what `followed_neurons` gives for them.

    Returns:
        One row a density, densest first. Columns: density, and for either direction, with "falls"
        and "rises" as endings: effective (features of a neuron), loss (normalised), turns (neurons
        whose turn begins at this density, in all networks).
    """
    mean = followed.assign(loss=chain.losses.mean(axis=1)[followed["place"].to_numpy()])
    mean = mean.pivot_table(index="density", columns="direction", values=["effective", "loss"])
    begun = turns(followed)
    table = pd.DataFrame(index=mean.index[::-1])
    for direction, end in zip(DIRECTIONS, ("falls", "rises"), strict=True):
        table[f"effective {end}"] = mean["effective", direction]
        table[f"loss {end}"] = mean["loss", direction]
        count = begun.loc[begun["direction"] == direction, "density"].value_counts()
        table[f"turns {end}"] = count.reindex(table.index, fill_value=0)
    return table.reset_index()


def neuron_paths(
    followed: pd.DataFrame, network: int, direction: Direction, *, theme: Theme
) -> Chart:
    """A line a neuron: its effective number of features against density.

    Colour and dashes say how the neuron turns.

    Args:
        followed: what `followed_neurons` gives.
        network: which network's neurons.
        direction: which half of the chain.
        theme: the colours.
    """
    own = followed.loc[(followed["network"] == network) & (followed["effective"] > 0)]
    turned = turns(followed.loc[followed["network"] == network])
    turned = turned.loc[turned["direction"] == direction].set_index("neuron")["steps"]
    steps = own["neuron"].map(turned)
    kind = np.select([steps == 1, steps > 1], TURNS[:2], TURNS[2])
    # Both directions have the axes of both, so that they can be compared.
    x_ends = [float(own["density"].max()), float(own["density"].min())]
    y_ends = log_range(1.0, float(own["effective"].max()))
    x = quantitative(
        "density",
        title=DENSITY,
        scale={"type": "log", "domain": x_ends, "nice": False},
        axis={"values": log_ticks(x_ends[1], x_ends[0]), "labelExpr": SHORT, "grid": False},
    )
    y = quantitative(
        "effective",
        title="effective features",
        scale={"type": "log", "domain": list(y_ends), "nice": False},
        axis={"values": log_ticks(*y_ends), "labelExpr": SHORT, "grid": False},
    )
    legend = {
        "orient": "top",
        "title": None,
        "symbolType": "stroke",
        "symbolStrokeWidth": 2.5,
        "symbolOpacity": 1,
        "columns": 1,
    }

    def by_turn(values: tuple[object, ...]) -> dict[str, object]:
        return nominal("turn", scale={"domain": list(TURNS), "range": list(values)}, legend=legend)

    place = {"x": x, "y": y, "color": by_turn((theme.positive, theme.negative, theme.node))}
    lines = layer(
        "paths",
        {"type": "line", "strokeWidth": 1.4, "opacity": 0.8},
        {**place, "strokeDash": by_turn(_DASHES), "detail": nominal("neuron")},
    )
    # The pointer finds a line's points, not the line between them.
    hit = layer(
        "paths",
        {"type": "circle", "opacity": 0, "size": 60},
        {
            **place,
            "tooltip": [
                tip("neuron", "neuron"),
                tip("density", "density 1 − S", "~g"),
                tip("effective", "effective features", ".2f"),
                tip("primary", "primary feature"),
                tip("turn", "turns"),
            ],
        },
    )
    limits = layer(
        "limits",
        {"type": "rule", "color": theme.ink, "strokeWidth": 1, "opacity": 0.5},
        {"y": quantitative("effective")},
    )
    spec = {
        "layer": [limits, lines, hit],
        "height": 360,
        "description": f"Effective features of every neuron against density, as {direction}.",
    }
    columns = ["neuron", "density", "effective", "primary", "turn"]
    return Chart(
        spec,
        {
            "paths": own.assign(turn=kind).loc[own["direction"] == direction, columns],
            "limits": pd.DataFrame({"effective": [ONE_FEATURE, TWO_FEATURES]}),
        },
    )


def direction_curves(followed: pd.DataFrame, *, theme: Theme) -> Chart:
    """The mean effective features of each network where density falls and where it rises.

    Args:
        followed: what `followed_neurons` gives.
        theme: the colours.
    """
    by = ["direction", "density", "network"]
    mean = followed.pivot_table(index=by, values="effective").reset_index()
    inks: dict[str, str] = dict(zip(DIRECTIONS, (theme.negative, theme.positive), strict=True))
    return bands(
        pd.DataFrame(
            {
                "series": mean["direction"],
                "x": mean["density"],
                "y": mean["effective"],
                "run": mean["network"],
            }
        ),
        across=DENSITY,
        up="effective features of a neuron, mean",
        series=inks,
        theme=theme,
        falling=True,
        log=True,
        height=300,
    )
