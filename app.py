"""The dashboard: `streamlit run app.py`.

Streamlit reads a folder `pages/` beside its script as pages of the older kind until that script
calls `st.navigation`: a link to a page would fail as the first request to a new server.
The script therefore lies inside `pages/`, and this file is the app that serves it.
A server whose environment variables are wrong says so and ends.
"""

import streamlit as st

from toymodel.environment import read_environment
from toymodel.settings import SettingError

try:
    read_environment()
except SettingError as error:
    raise SystemExit(f"toymodel: {error}") from None

app = st.App("pages/main.py")
