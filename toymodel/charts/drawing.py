"""A chart whose data stand apart from it, because putting a chart together takes much longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import altair as alt
import pandas as pd


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A copy of a template with what stands for something else in its place.

    A string that is a key of `values`, or a list of that string alone, becomes its value. So one
    template does for charts that differ in their words and in their ranges.
    """
    if isinstance(template, dict):
        return {name: filled(part, values) for name, part in template.items()}
    if isinstance(template, list):
        only = template[0] if len(template) == 1 else None
        if isinstance(only, str) and only in values:
            return values[only]
        return [filled(part, values) for part in template]
    return values.get(template, template) if isinstance(template, str) else template


class Drawing(NamedTuple):
    """A chart in two parts.

    template: Vega-Lite that names its data; it is shared, and not to be changed. data: by name.
    """

    template: dict[str, Any]
    data: dict[str, pd.DataFrame]

    @property
    def spec(self) -> dict[str, Any]:
        """Both parts as Vega-Lite, with frames for data."""
        return self.template | {"datasets": self.data}

    @property
    def chart(self) -> alt.LayerChart:
        """Both parts as a chart."""
        chart = alt.LayerChart.from_dict(self.template, validate=False)
        chart.datasets = {name: frame.to_dict("records") for name, frame in self.data.items()}
        return chart
