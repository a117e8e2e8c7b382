"""The dashboard: `streamlit run app.py`.

Streamlit reads a folder `pages/` beside its script as pages of the older kind until that script
calls `st.navigation`: a link to a page would fail as the first request to a new server.
The script therefore lies inside `pages/`, and this file is the app that serves it.
"""

import streamlit as st

app = st.App("pages/main.py")
