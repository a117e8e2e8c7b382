"""The dashboard: `streamlit run app.py`.

Streamlit takes a folder named pages/ beside its script for the older kind of app, until the script has
called `st.navigation`: a link to a page that is the first request to a new server would not be found.
So the script is in that folder, and this file is the app that serves it.
"""

import streamlit as st

app = st.App("pages/main.py")
