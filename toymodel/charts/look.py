"""One look for all charts: the colours of classes, features and signs, in both themes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from toymodel.analysis.polysemanticity import CLASSES, UNUSED
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.vega import nominal, quantitative

MAX_NAMED_FEATURES = 20
NEURON_COUNTS = ("0", "1", "2", "3 or more")
"""What numbers of asymmetric neurons are called; from the last on, models are shown together."""

FEATURE_COLOURS = (
    *("#2d69d2", "#e1d21e", "#a51e00", "#ffb4ff", "#c38769", "#694b78", "#7896d2", "#69d2a5"),
    *("#966978", "#c3a500", "#b45a00", "#0fb4a5", "#783ca5", "#6978b4", "#9678f0", "#a5a5ff"),
    *("#b4870f", "#f0b469", "#874b4b", "#3c96a5"),
)
"""Of up to 20 features. Each is as far as can be from those before it, for who sees no red or no
green, too."""

_INKS = ("#ffffff", "#17181d")
_VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
_PLASMA = ("#0d0887", "#7e03a8", "#cc4778", "#f89540", "#f0f921")


@dataclass(frozen=True, kw_only=True, eq=False)
class Theme:
    """Colours that differ between the light and the dark theme."""

    class_background: dict[str, str]
    class_ink: dict[str, str]
    background: str
    gap: str
    block_edge: str
    ink: str
    quiet: str
    faint: str
    mark: str
    node: str
    positive: str
    negative: str
    neuron_counts: tuple[str, ...]
    phases: tuple[str, ...]


_NAMES = (*CLASSES, UNUSED)

LIGHT = Theme(
    class_background=dict(zip(_NAMES, ("#e6dce9", "#dbe7ee", "#fdf6d3", "#e8e8e8"), strict=True)),
    class_ink=dict(zip(_NAMES, ("#6a0b83", "#2a628c", "#7d6200", "#5c5c5c"), strict=True)),
    background="#ffffff",
    gap="#ffffff",
    block_edge="#ffffff",
    ink="#31333f",
    quiet="#595b66",
    faint="#c9cbd1",
    mark="#d6336c",
    node="#a3a6ad",
    positive="#d1495b",
    negative="#2f5fd0",
    neuron_counts=("#b9bdc6", "#5aa9bd", "#3b64b8", "#3f1a78"),
    phases=("#bcd2f5", "#f7dca4", "#a9dcc0", "#e2d3ec", "#e8e8e8"),
)
DARK = Theme(
    class_background=dict(zip(_NAMES, ("#52405c", "#2f4b5c", "#544b29", "#3d3d42"), strict=True)),
    class_ink=dict(zip(_NAMES, ("#e6c4f2", "#a5d3f2", "#f2da85", "#cfcfcf"), strict=True)),
    background="#0f1116",
    gap="#16171d",
    block_edge="#b9a6c4",  # darker ones would leave the darkest blocks without an edge
    ink="#fafafa",
    quiet="#b3b6c2",
    faint="#4b4e57",
    mark="#ff7aa8",
    node="#8b8e96",
    positive="#ff8a8a",
    negative="#7fa8ff",
    neuron_counts=("#5d616c", "#5f83d6", "#62c3c9", "#f3eda8"),
    phases=("#2b4a7d", "#7d5a1e", "#2e6b57", "#5f4a6e", "#3d3d42"),
)


def theme(dark: bool) -> Theme:
    """The colours of one of the two themes."""
    return DARK if dark else LIGHT


def feature_colour(n_features: int, chosen: Sequence[int | str] | None = None) -> Spec:
    """A colour a feature: 20 categories while they are few, else by rank of importance.

    Args:
        n_features: of the network.
        chosen: the features that a chart shows of many. Up to 20 of them are categories too,
            because neighbours by rank look alike.
    """
    if named := named_colours(n_features, chosen):
        scale: Spec = {"domain": list(named), "range": list(named.values())}
        return nominal("feature", scale=scale, title="feature")
    scale = {"scheme": "plasma", "domain": [0, n_features - 1], "reverse": True}
    return quantitative("feature", scale=scale, title="feature, by importance")


def named_colours(
    n_features: int, chosen: Sequence[int | str] | None = None
) -> dict[int | str, str]:
    """The colours of features that are categories, as `feature_colour` has them; none of many."""
    named = range(n_features) if chosen is None or n_features <= MAX_NAMED_FEATURES else chosen
    if len(named) > MAX_NAMED_FEATURES:
        return {}
    return dict(zip(named, FEATURE_COLOURS, strict=False))


def ink_on(colour: str) -> str:
    """Black or white, whichever is more legible on a colour, "#rrggbb"."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return _INKS[int(luminance > 0.2)]


def colour_stops(colour: Literal["superposition", "feature"], n_features: int) -> str:
    """The colours of blocks from the first to the last, as stops of a CSS gradient.

    Args:
        colour: what blocks are coloured by.
        n_features: of the network.
    """
    if colour == "superposition":
        return ", ".join(_VIRIDIS)
    if n_features > MAX_NAMED_FEATURES:
        return ", ".join(reversed(_PLASMA))
    step = 100 / n_features
    return ", ".join(
        f"{FEATURE_COLOURS[i]} {i * step:.4g}% {(i + 1) * step:.4g}%" for i in range(n_features)
    )


def superposition_colour() -> Spec:
    """Viridis as in the paper: dark for a feature by itself, yellow where it shares."""
    scale = {"scheme": "viridis", "domain": [0, 1], "clamp": True}
    return quantitative("superposition", scale=scale, title="superposition of the feature")


def neuron_counts_colour(theme: Theme) -> Spec:
    """A colour a number of asymmetric neurons, further from the background the more there are."""
    scale = {"domain": list(NEURON_COUNTS), "range": list(theme.neuron_counts)}
    return nominal("neurons", scale=scale, title="asymmetric neurons")


def neuron_count_names(counts: Iterable[int]) -> list[str]:
    """What these numbers of asymmetric neurons are called."""
    return [NEURON_COUNTS[min(count, len(NEURON_COUNTS) - 1)] for count in counts]


def signed_scale(reach: float, theme: Theme) -> Spec:
    """A scale from the colour of negative values to that of positive ones, by the background at 0.

    Args:
        reach: the size from which on colours stay the same.
        theme: the colours.
    """
    return {
        "domain": [-reach, 0, reach],
        "range": [theme.negative, theme.background, theme.positive],
        "interpolate": "rgb",
        "clamp": True,
    }


def legible(spec: Spec, theme: Theme) -> Spec:
    """A Vega-Lite specification whose axes and legends have enough contrast to be read.

    Args:
        spec: of a chart on a page.
        theme: the colours.
    """
    quiet = {"labelColor": theme.quiet, "titleColor": theme.quiet}
    config = spec.get("config", {})
    for part in ("axis", "legend", "header"):
        config = config | {part: quiet | config.get(part, {})}
    return spec | {"config": config}


def standing_alone(
    chart: Chart, *, title: str, subtitle: Sequence[str], theme: Theme, width: int
) -> Chart:
    """A chart with what a page gives it: title, width, background, and legible text on it.

    Args:
        chart: as it is on a page.
        title: what it shows.
        subtitle: lines below the title.
        theme: the colours.
        width: in pixels.
    """
    legible = {
        "labelColor": theme.ink,
        "titleColor": theme.ink,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    config = {
        "background": theme.background,
        "title": {
            "anchor": "start",
            "offset": 14,
            "color": theme.ink,
            "fontSize": 16,
            "subtitleColor": theme.ink,
            "subtitleFontSize": 12,
            "subtitleLineHeight": 16,
            "subtitlePadding": 6,
        },
        "axis": {
            **legible,
            "titlePadding": 8,
            "gridColor": theme.faint,
            "gridOpacity": 0.5,
            "domainColor": theme.node,
            "tickColor": theme.node,
        },
        "legend": {**legible, "titleLimit": 300},
        "view": {"stroke": None},
    }
    alone = {
        "width": width,
        "padding": 16,
        "title": {"text": title, "subtitle": list(subtitle)},
        "config": config,
    }
    return replace(chart, spec={**chart.spec, **alone})
