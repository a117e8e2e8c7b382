"""The script that runs for every page: page config, style and navigation."""

from pathlib import Path

import streamlit as st

from pages.shared.navigation import navigate

_HERE = Path(__file__).parent

st.set_page_config(page_icon=_HERE / "icon.svg", layout="wide")
st.html(_HERE / "style.css")
st.html(
    f"<script>{(_HERE / 'history.js').read_text(encoding='utf-8')}</script>",
    unsafe_allow_javascript=True,
)
navigate()
