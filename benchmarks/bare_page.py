"""A page of three charts of 200 bars and a button: the floor of `benchmarks.pages`."""

import numpy as np
import streamlit as st

seed = st.session_state.setdefault("seed", 0)


def _next() -> None:
    st.session_state["seed"] += 1


st.header(f"Number {seed}")
st.button("Next", on_click=_next)
for number in range(3):
    heights = np.random.default_rng((seed, number)).random(200)
    st.vega_lite_chart(
        {"values": [{"x": k, "y": float(y)} for k, y in enumerate(heights)]},
        {"mark": "bar", "encoding": {"x": {"field": "x"}, "y": {"field": "y"}}},
    )
