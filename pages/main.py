"""The script that runs for every page: page config and navigation."""

import streamlit as st

from pages.shared.navigation import navigate

st.set_page_config(page_title="Computation in superposition", layout="wide")
navigate()
