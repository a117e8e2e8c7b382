"""A page of three charts of 200 bars and a button: the floor of `benchmarks.pages`."""

import numpy as np
import pandas as pd
import streamlit as st

seed = st.session_state.setdefault("seed", 0)


def _next() -> None:
    st.session_state["seed"] += 1


st.header(f"Number {seed}")
st.button("Next", on_click=_next)
for number in range(3):
    heights = np.random.default_rng((seed, number)).random(200)
    st.vega_lite_chart(
        pd.DataFrame({"x": np.arange(len(heights)), "y": heights}),
        {
            "mark": "bar",
            "encoding": {
                "x": {"field": "x", "type": "quantitative"},
                "y": {"field": "y", "type": "quantitative"},
            },
        },
    )
