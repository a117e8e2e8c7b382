"""What a chart says, and whether it draws anything."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import vl_convert
from PIL import Image

from toymodel.charts.chart import Chart
from toymodel.charts.look import DARK, LIGHT, Theme

Spec = dict[str, Any]

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def layers(spec: Spec) -> Iterator[Spec]:
    """Every layer with a mark, in the order in which they are drawn."""
    for layer in spec.get("layer", [spec]):
        if "layer" in layer:
            yield from layers(layer)
        else:
            yield layer


def mark(layer: Spec) -> Spec:
    found = layer["mark"]
    return {"type": found} if isinstance(found, str) else found


def of_kind(spec: Spec, kind: str) -> list[Spec]:
    """The layers with marks of this type."""
    return [layer for layer in layers(spec) if mark(layer)["type"] == kind]


def rows(spec: Spec, layer: Spec) -> pd.DataFrame:
    """The data of a layer, wherever the chart keeps it."""
    data = layer.get("data", spec.get("data", {}))
    return pd.DataFrame(data["values"] if "values" in data else spec["datasets"][data["name"]])


def by_field(spec: Spec, channel: str, field: str) -> Spec:
    """The one layer whose channel shows this field."""
    (layer,) = (
        layer
        for layer in layers(spec)
        if layer.get("encoding", {}).get(channel, {}).get("field") == field
    )
    return layer


def clicked(spec: Spec) -> tuple[str, list[str], Spec]:
    """The parameter that a click sets, the fields that it selects, and the layer that takes it."""
    (param,) = spec["params"]
    assert (param["select"]["type"], param["select"]["toggle"]) == ("point", False)
    (view,) = param["views"]
    (layer,) = (layer for layer in layers(spec) if layer.get("name") == view)
    return param["name"], param["select"]["fields"], layer


def whole(chart: Chart, **options: Any) -> Spec:
    """The chart as Vega-Lite with its data in it, without altair, which takes long."""
    tables = {name: table.to_dict("records") for name, table in chart.tables.items()}
    return chart.to_vega_lite() | {"datasets": tables} | options


def pixels(spec: Spec) -> np.ndarray:
    """A chart drawn on white, (row, column, red/green/blue)."""
    png = vl_convert.vegalite_to_png(spec, scale=1)
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


def picture(chart: Chart, theme: Theme, width: int = 300) -> np.ndarray:
    """The chart drawn on the background of its theme, (row, column, red/green/blue).

    It has words for those who cannot see it, and agrees with the schema of Vega-Lite.
    """
    assert chart.spec["description"]
    if theme is LIGHT:
        chart.to_altair().to_dict()  # which validates it
    return pixels(whole(chart, width=width, background=theme.background))


def marks(chart: Chart) -> int:
    """How many marks are drawn."""
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(whole(chart)))
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    return sum(bool(path.get("aria-label")) for path in paths)


def shows(picture: np.ndarray, colour: str, at_least: int = 20, *, within: int = 3) -> bool:
    """Whether some pixels have this colour, '#rrggbb', or one very close to it."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    near = np.abs(picture.astype(int) - wanted).max(axis=2) <= within
    return int(near.sum()) >= at_least


def mixed(colour: str, other: str, share: float) -> str:
    """A colour over another one, of which it covers a share."""
    parts = ([int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in (colour, other))
    mixture = (share * a + (1 - share) * b for a, b in zip(*parts, strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in mixture)
