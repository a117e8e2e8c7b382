"""Short words for the pieces of Vega-Lite that most charts have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toymodel.charts.chart import Spec


def quantitative(field: str, **options: Any) -> Spec:
    """An encoding of a number."""
    return {"field": field, "type": "quantitative", **options}


def nominal(field: str, **options: Any) -> Spec:
    """An encoding of a name."""
    return {"field": field, "type": "nominal", **options}


def ordinal(field: str, **options: Any) -> Spec:
    """An encoding of one of few values that have an order."""
    return {"field": field, "type": "ordinal", **options}


def where(test: str, then: Spec, otherwise: Spec) -> Spec:
    """An encoding that depends on the row.

    Args:
        test: an expression about `datum`.
        then: the encoding where it is true.
        otherwise: the encoding elsewhere, a constant such as `{"value": "#ff0000"}`.
    """
    return {"condition": {"test": test, **then}, **otherwise}


def tip(field: str, title: str | None = None, format: str | None = None) -> Spec:
    """One line of a tooltip.

    Args:
        field: the column.
        title: what the line calls it; the column's name unless given.
        format: d3's format of a number. Without one the value, a number or a name, is shown as
            it is.
    """
    line: Spec = {"field": field, "type": "nominal" if format is None else "quantitative"}
    if title is not None:
        line["title"] = title
    if format:
        line["format"] = format
    return line


def layer(
    table: str,
    mark: str | Mapping[str, Any],
    encoding: Mapping[str, Any],
    *,
    transform: Sequence[Spec] | None = None,
    name: str | None = None,
) -> Spec:
    """One layer: a mark for every row of a table.

    Args:
        table: the name of one of the chart's tables.
        mark: its type, or the type and its properties.
        encoding: by channel.
        transform: applied to the table first.
        name: what `click` calls the layer.
    """
    made: Spec = {
        "data": {"name": table},
        "mark": dict(mark) if isinstance(mark, Mapping) else {"type": mark},
        "encoding": dict(encoding),
    }
    if transform:
        made["transform"] = list(transform)
    if name:
        made["name"] = name
    return made


def click(name: str, layer: str, *fields: str) -> Spec:
    """A parameter of a chart: a click on a mark of the named layer selects these fields' values.

    Streamlit looks for it among the chart's own parameters, not among those of a layer.
    """
    select = {"type": "point", "fields": list(fields), "toggle": False}
    return {"name": name, "select": select, "views": [layer]}
