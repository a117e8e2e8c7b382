"""A chart whose data stand apart from it, because putting a chart together takes much longer."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import pandas as pd


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
