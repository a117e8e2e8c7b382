"""Charts: one module a chart, from a model or results to Vega-Lite, its table beside it."""
