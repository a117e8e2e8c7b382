"""What to notice on the page that trains one model, and links to instructive settings."""

from __future__ import annotations

import streamlit as st

from pages.shared.navigation import TRAIN, link_to
from pages.train.examples import EXAMPLES
from pages.train.state import TrainState

_PAIR = ("The paper's sweep, 1 − S = 0.001", "The usual recipe, failing")


def draw_notes() -> None:
    """Draw what to notice, and the links."""
    st.subheader("What to notice")
    st.markdown(
        "- **Outputs have a slope below zero at first**, wherever their target is positive, so "
        "that none dies before it has found its feature: early responses may dip below zero. "
        "Later every output is a plain ReLU.\n"
        "- **Features are sparser at first**, which is easier to learn; the training loss is that "
        "of the density at each step.\n"
        "- **Restarts end at different losses** at sparse features: the loss has many valleys, "
        "which one is reached is luck, and taking the lowest of several is part of the recipe.\n"
        "- **The most important features settle first**: their lines in the response chart follow "
        "|x| while those of less important ones still move.\n"
        "- **A gain above 1**, where m is even, cannot come from giving neurons to features: it "
        "takes computing several with the same neurons."
    )
    st.subheader("Try")
    for name, example in EXAMPLES.items():
        if example.expect:
            _link(name, TrainState(choice=example.choice), example.expect)
    good, usual = (EXAMPLES[name].choice for name in _PAIR)
    _link(
        "Two recipes side by side",
        TrainState(choice=good, other=usual),
        "The same model by the standard recipe and by that of courses, on the same axes.",
    )


def _link(name: str, state: TrainState, expect: str) -> None:
    link_to(TRAIN, name, state.link)
    st.caption(expect)
