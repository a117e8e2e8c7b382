"""The head of a page: its claim, one line of setup, and examples to try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import streamlit as st

from pages.shared.navigation import Entry, link_to


class Example(NamedTuple):
    """An instructive setting of a page.

    Attributes:
        name: a few words.
        link: the parameters of its link.
        expect: what is to be seen there.
    """

    name: str
    link: Mapping[str, str]
    expect: str


def draw_head(page: Entry, claim: str, setup: str, examples: Iterable[Example] = ()) -> None:
    """Draw the title, the setup with a link to the paper, and the examples as chips.

    Args:
        page: whose head it is.
        claim: the title: what the page shows, in a sentence.
        setup: what is computed by what, in a line or two of Markdown.
        examples: links to the same page in other states.
    """
    st.title(claim)
    st.markdown(setup + (f" [In the paper]({page.paper})" if page.paper else ""))
    if examples := tuple(examples):
        with st.container(horizontal=True, vertical_alignment="center", key="examples"):
            st.markdown("Try:", width="content")
            for example in examples:
                link_to(page, example.name, example.link, help=example.expect)


def draw_notes(text: str, draw_more: Callable[[], None] | None = None) -> None:
    """Draw what to notice, folded.

    Args:
        text: Markdown.
        draw_more: draws what stands below the text.
    """
    with st.expander("What to notice"):
        st.markdown(text)
        if draw_more:
            draw_more()
