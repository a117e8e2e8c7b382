"""Every page of the dashboard, in the order of the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.clicks import where_to
from pages.shared.widget_values import forget_values

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


class Entry(NamedTuple):
    """A page: its script, its name in the menu, its path in links, and what it shows."""

    script: str
    title: str
    path: str
    claim: str

    def streamlit_page(self) -> StreamlitPage:
        """The page as `st.navigation` takes it; the first one opens without a path."""
        return st.Page(self.script, title=self.title, url_path=self.path, default=self is PAGES[0])


OVERVIEW = Entry(
    "pages/overview/page.py",
    "Overview",
    "overview",
    "What the models compute, and why it is interesting.",
)
SWEEP = Entry(
    "pages/sweep/page.py",
    "Sparsity sweep",
    "sweep",
    "Neurons go from monosemantic to polysemantic as features get sparser.",
)
TRAIN = Entry(
    "pages/train/page.py",
    "Train your own",
    "train",
    "Set a model, watch it learn, see why it went well or badly, and take it away.",
)
NEURONS = Entry(
    "pages/neurons/page.py",
    "Neuron explorer",
    "neurons",
    "What is this neuron? Its large activations come from its primary feature, its small ones "
    "from many.",
)
FEATURES = Entry(
    "pages/features/page.py",
    "Feature explorer",
    "features",
    "Which neurons carry a feature, what comes out, and what features do to each other.",
)

MOTIFS = Entry(
    "pages/motif/page.py",
    "The motif",
    "motif",
    "Asymmetric superposition with inhibition: found by definition, taken apart, and tried out.",
)

PHASE = Entry(
    "pages/phase/page.py",
    "Phase change",
    "phase",
    "Whether neurons turn polysemantic at once, and what two neurons do with two features.",
)

IDENTITIES = Entry(
    "pages/identity/page.py",
    "Identity and its limits",
    "identity",
    "Networks that only copy their features do without their ReLU, given the chance.",
)

REAL = Entry(
    "pages/real/page.py",
    "In real networks",
    "real",
    "What the paper expects of real networks, measured in the toy model, and what does not follow.",
)

SWEEPS = Entry(
    "pages/sweeps/page.py",
    "Sweeps",
    "sweeps",
    "Grids of any settings, trained in the shell or on a cluster, on one map.",
)

OWN = Entry(
    "pages/own/page.py",
    "Bring your own weights",
    "own",
    "A network of yours, from a file: its stack plot, classes, neurons, features and motifs.",
)

PAGES = (OVERVIEW, SWEEP, TRAIN, NEURONS, FEATURES, MOTIFS, PHASE, IDENTITIES, REAL, OWN, SWEEPS)

_PAGE = "page"


def navigate() -> None:
    """Run the page that was asked for, with the menu of all pages."""
    page = _menu()
    if asked := where_to():
        path, link = asked
        script = next(entry.script for entry in PAGES if entry.path == path)
        _end_redraws()
        st.switch_page(script, query_params=link)
    page.run()


def _end_redraws() -> None:
    # A browser goes on asking for them until it hears of the next page. One that comes while that
    # is drawn would be done after it, in the name of the page before, and the browser be emptied.
    if context := get_script_run_ctx():
        context.fragment_storage.clear()


def _menu() -> StreamlitPage:
    return st.navigation([page.streamlit_page() for page in PAGES])


def begin() -> None:
    """Begin a page, with no widget's value from the page before."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        forget_values()
