"""Charts as files: pictures made without a browser, and Vega-Lite for its online editor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import altair as alt

Kind = Literal["svg", "png", "json"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_PNG_SCALE = 2


def write_chart(chart: alt.TopLevelMixin, kind: Kind) -> bytes:
    """The chart as a file's bytes.

    Args:
        chart: what `figures` gives, or any other altair chart.
        kind: of file; "json" is the chart's Vega-Lite, data included.
    """
    # NaN is no JSON: a browser refuses it, and Vega takes null for what is missing.
    text = json.dumps(chart.to_dict())
    spec = json.loads(text, parse_constant=lambda name: None)
    if kind == "json":
        return (json.dumps(spec, indent=2, ensure_ascii=False) + "\n").encode()

    import vl_convert

    if kind == "png":
        return vl_convert.vegalite_to_png(spec, scale=_PNG_SCALE)
    return vl_convert.vegalite_to_svg(spec).encode()
