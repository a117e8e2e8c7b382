"""The names by which a visitor owns the trainings that they pause."""

from __future__ import annotations

import hashlib
import json
import secrets

import streamlit as st

from pages.shared.training.browser_memory import keep_list

_OWN = "training.owner"
_OTHERS = "training.owner.others"
_MAX_NAMES = 20


def own_name() -> str:
    """The name by which this visitor owns what they pause from now on."""
    return _name(_secret())


def own_names() -> set[str]:
    """Every name by which this browser has paused something."""
    return {own_name(), *map(_name, st.session_state.get(_OTHERS, ()))}


def remember_owner() -> None:
    """Have the browser keep this visit's name for later ones, and tell those of earlier ones."""
    text = keep_list(
        "owner", [_secret()], [], most=_MAX_NAMES, answered=_OTHERS in st.session_state
    )
    if text is not None:
        st.session_state[_OTHERS] = _read(text)


def _secret() -> str:
    return st.session_state.setdefault(_OWN, secrets.token_hex(16))


def _name(secret: str) -> str:
    # The file of a paused training has this, and not what proves who paused it.
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


def _read(text: str) -> tuple[str, ...]:
    # The browser's text cannot be trusted; a wrong name is nobody's.
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(found, list):
        return ()
    return tuple(item for item in found if isinstance(item, str))[:_MAX_NAMES]
