"""Every page of the dashboard, in the groups and the order of the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.chart import where_to
from pages.shared.page_session import complete_link, current_page, note_page

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


PAPER = "https://transformer-circuits.pub/2022/toy_model/index.html"
_SECTION = f"{PAPER}#computation"


class Entry(NamedTuple):
    """A page of the dashboard.

    Attributes:
        script: its file, relative to pages/.
        title: its name in the menu, and of the browser's tab.
        path: in links.
        claim: what it shows, in a sentence.
        icon: its Material symbol.
        paper: the address of what it is about in the paper; empty where the paper has nothing.
    """

    script: str
    title: str
    path: str
    claim: str
    icon: str
    paper: str = ""

    def streamlit_page(self) -> StreamlitPage:
        """The page for `st.navigation`; the first one opens without a path."""
        return st.Page(
            self.script,
            title=self.title,
            url_path=self.path,
            icon=f":material/{self.icon}:",
            default=self is OVERVIEW,
        )


OVERVIEW = Entry(
    "overview/page.py",
    "Overview",
    "overview",
    "What the models compute, and why it is interesting.",
    "home",
    PAPER,
)
SWEEP = Entry(
    "sweep/page.py",
    "Sparsity sweep",
    "sweep",
    "Neurons go from monosemantic to polysemantic as features get sparser.",
    "stacked_bar_chart",
    _SECTION,
)
TRAIN = Entry(
    "train/page.py",
    "Train your own",
    "train",
    "Set a model, watch it learn, see why it went well or badly, and take it away.",
    "model_training",
)
NEURONS = Entry(
    "neurons/page.py",
    "Neuron explorer",
    "neurons",
    "What is this neuron? Its large activations come from its primary feature, its small ones "
    "from many.",
    "scatter_plot",
    _SECTION,
)
FEATURES = Entry(
    "features/page.py",
    "Feature explorer",
    "features",
    "Which neurons carry a feature, what comes out, and what features do to each other.",
    "grid_on",
)

MOTIFS = Entry(
    "motif/page.py",
    "The motif",
    "motif",
    "Asymmetric superposition with inhibition: found by definition, taken apart, and tried out.",
    "hub",
    _SECTION,
)

PHASE = Entry(
    "phase/page.py",
    "Phase change",
    "phase",
    "Whether neurons turn polysemantic at once, and what two neurons do with two features.",
    "ssid_chart",
    _SECTION,
)

IDENTITIES = Entry(
    "identity/page.py",
    "Identity and its limits",
    "identity",
    "Networks that only copy their features do without their ReLU, given the chance.",
    "content_copy",
    _SECTION,
)

REAL = Entry(
    "real/page.py",
    "In real networks",
    "real",
    "What the paper expects of real networks, measured in the toy model, and what does not follow.",
    "psychology",
    f"{PAPER}#strategic",
)

GRIDS = Entry(
    "sweeps/page.py",
    "Grids of settings",
    "sweeps",
    "Any settings, trained by the hundred in the shell or on a cluster, on one map.",
    "apps",
)

OWN = Entry(
    "own/page.py",
    "Bring your own weights",
    "own",
    "A network of yours, from a file: its stack plot, classes, neurons, features and motifs.",
    "upload_file",
)

MENU = {
    "": (OVERVIEW,),
    "The paper": (SWEEP, NEURONS, MOTIFS, PHASE, IDENTITIES, REAL),
    "Explore": (TRAIN, FEATURES, OWN),
    "At scale": (GRIDS,),
}
"""Every page, by the menu's groups."""

PAGES = tuple(page for group in MENU.values() for page in group)


def navigate() -> None:
    """Run the requested page, with the menu of all pages."""
    page = _menu()
    if asked := where_to():
        path, link = asked
        complete_link()
        _end_redraws()
        st.switch_page(_entry(path).script, query_params=link)
    note_page(page.url_path or PAGES[0].path)
    page.run()
    complete_link()


def _menu() -> StreamlitPage:
    return st.navigation(
        {group: [page.streamlit_page() for page in pages] for group, pages in MENU.items()},
        expanded=True,
    )


def _entry(path: str) -> Entry:
    return next(entry for entry in PAGES if entry.path == path)


def _end_redraws() -> None:
    # A browser requests fragments until it hears of the next page. If a request comes while that
    # page is drawn, Streamlit would run the old page's fragment after it and empty the browser.
    if context := get_script_run_ctx():
        context.fragment_storage.clear()


def link_to(page: Entry, label: str, link: Mapping[str, str], *, help: str | None = None) -> None:
    """A link to a page in some state.

    Args:
        page: the page; it may be the one on which the link stands.
        label: what the link says.
        link: the parameters of the state's link.
        help: its tooltip.
    """
    # A link to the page itself has no version: `PageSession` tells it from a repeated request.
    own = page.path == current_page()
    parameters = {name: text for name, text in link.items() if not (own and name == "v")}
    st.page_link(page.script, label=label, query_params=parameters, help=help)
