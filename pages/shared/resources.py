"""The store and the job manager that all sessions share, and a visitor's name and colours."""

from __future__ import annotations

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from toymodel.charts.look import Theme, theme
from toymodel.jobs.limits import Limits
from toymodel.jobs.manager import JobManager
from toymodel.storage.store import Store, default_store
from toymodel.training.workers import WorkerExecutor


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The server's store."""
    return default_store()


@st.cache_resource(show_spinner=False)
def jobs() -> JobManager:
    """The server's one job manager."""
    return JobManager(store(), WorkerExecutor(), Limits.from_environment(), _is_present)


def warm_worker() -> None:
    """Start the training process in the background, before a visitor starts a training."""
    executor = jobs().executor
    if isinstance(executor, WorkerExecutor):
        executor.warm()


def visitor() -> str:
    """This browser session's name for the job manager."""
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _is_present(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


def colours() -> Theme:
    """The chart colours of the theme that the visitor sees."""
    return theme(dark=st.context.theme.type == "dark")
