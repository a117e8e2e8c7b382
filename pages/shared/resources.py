"""What all sessions of a server share: the store, the job manager; and who a visitor is."""

from __future__ import annotations

from uuid import uuid4

import streamlit as st

from toymodel.charts.look import Theme, theme
from toymodel.jobs import JobManager, Limits
from toymodel.store import Store, default_store
from toymodel.worker import WorkerExecutor


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The server's store."""
    return default_store()


@st.cache_resource(show_spinner=False)
def jobs() -> JobManager:
    """The server's one job manager."""
    return JobManager(store(), WorkerExecutor(), Limits.from_environment())


def warm_worker() -> None:
    """Start the training process in the background, when somebody looks about to train."""
    executor = jobs().executor
    if isinstance(executor, WorkerExecutor):
        executor.warm()


def visitor() -> str:
    """This browser session's name for the job manager."""
    return st.session_state.setdefault("visitor", uuid4().hex)


def colours() -> Theme:
    """The chart colours of the theme that the visitor sees."""
    return theme(dark=st.context.theme.type == "dark")
