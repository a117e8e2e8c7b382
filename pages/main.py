"""The script that runs for every page: page config, style and navigation."""

from pathlib import Path

import streamlit as st

from pages.shared.navigation import navigate

st.set_page_config(layout="wide")
st.html(Path(__file__).with_name("style.css"))
navigate()
