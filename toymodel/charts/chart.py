"""A chart: Vega-Lite as a plain dict, and the tables that it draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    import altair as alt

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

Spec = dict[str, Any]
"""A piece of Vega-Lite."""


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart, before it is put on a page or into a file.

    A plain dict takes 5 ms where altair takes 130 to 310 ms to put the same chart together, so
    altair comes in only for who wants to go on with the chart in Python.

    Attributes:
        spec: Vega-Lite whose layers name their tables: `{"data": {"name": "blocks"}}`.
        tables: the tables by name, one row a mark.
    """

    spec: Spec
    tables: dict[str, pd.DataFrame]

    def to_vega_lite(self) -> Spec:
        """The whole chart as Vega-Lite, with data frames for its data sets, as Streamlit takes it.

        Returns:
            A dict of its own; the spec and the tables in it are shared with this chart.
        """
        return {"$schema": SCHEMA, **self.spec, "datasets": self.tables}

    def to_altair(self) -> alt.LayerChart:
        """The whole chart as an `altair` chart, with its data in it.

        Returns:
            A chart that altair's methods change, notebooks show and `export.write_chart` writes.
        """
        import altair as alt

        chart = alt.LayerChart.from_dict(self.spec, validate=False)
        chart.datasets = {name: table.to_dict("records") for name, table in self.tables.items()}
        return chart
