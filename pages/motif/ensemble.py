"""All networks of the motif page's ensemble, by loss, and the ensemble in training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.motif.bars import draw_live_bars
from pages.motif.state import MOTIF_PAGE, PANELS, MotifState
from pages.shared.cached_analysis import BY_TEXT
from pages.shared.chart import clicked, draw
from pages.shared.models import Shown, find_model
from pages.shared.resources import colours
from pages.shared.sections import bring_into_view
from toymodel.analysis.ensemble import Member, members
from toymodel.analysis.loss import no_superposition_loss
from toymodel.analysis.motifs import MotifThresholds
from toymodel.charts.motif.ensemble_strip import (
    SELECTION,
    Naming,
    ensemble_strip,
    ensemble_table,
)
from toymodel.charts.motif.neuron_counts import counts_by_quarter, neuron_counts
from toymodel.config import Config
from toymodel.jobs.job import Live, Progress
from toymodel.model import Model
from toymodel.storage.model_file import model_key

_MIN_QUARTERED = 8
LOWEST = 12
"""The networks with the lowest losses that tables compare with all."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The networks of a state that are in the store.

    Attributes:
        models: the models by config; None for one that is not there.
        members: every network by its number.
        table: what `ensemble_table` gives.
        digest: a key of the networks for caches.
    """

    models: Mapping[Config, Model | None]
    members: dict[int, Member]
    table: pd.DataFrame
    digest: str

    @classmethod
    def of(cls, state: MotifState) -> Ensemble:
        """The ensemble of a state."""
        recipe = state.choice.recipe
        models = {config: find_model(config, recipe) for config in state.configs}
        found = members(list(models.values()), recipe.restarts)
        digest = _digest(found)
        table = _table(digest, state, found)
        return cls(models, {one.number: one for one in found}, table, digest)

    @property
    def missing(self) -> int:
        """How many models are not in the store."""
        return list(self.models.values()).count(None)

    def shown(self, state: MotifState) -> Shown | None:
        """The network that is looked at: the chosen one, or the one with the lowest loss."""
        if not self.members:
            return None
        number = state.member
        if number not in self.members:
            number = int(self.table["member"].iloc[0])
        one = self.members[number]
        model = self.models[one.config]
        assert model is not None
        return Shown.of(model, one.restart)

    def number_of(self, shown: Shown) -> int:
        """The place of a network in the ensemble."""
        return next(
            number
            for number, one in self.members.items()
            if (one.config, one.restart) == (shown.config, shown.restart)
        )


def _digest(found: Sequence[Member]) -> str:
    digest = hashlib.sha256()
    for one in found:
        digest.update(repr((one.number, one.loss)).encode())
        digest.update(one.weights.W1.tobytes())
        digest.update(one.weights.W2.tobytes())
    return digest.hexdigest()


def _table(digest: str, state: MotifState, found: Sequence[Member]) -> pd.DataFrame:
    several = state.seeds > 1
    by: Naming = "seed" if several else "restart"
    if several and state.choice.recipe.restarts > 1:
        by = "both"
    return _cached_table(digest, found, state.thresholds, by)


@st.cache_data(show_spinner="Looking for instances.", max_entries=100, hash_funcs=BY_TEXT)
def _cached_table(
    digest: str, _found: Sequence[Member], thresholds: MotifThresholds, by: Naming
) -> pd.DataFrame:
    return ensemble_table(_found, thresholds, by=by)


def draw_all(state: MotifState, ensemble: Ensemble, shown: Shown) -> None:
    """Draw every network by loss, with its asymmetric neurons, and the same by quarter."""
    table = ensemble.table
    if len(table) < 2:
        return
    st.header(f"All {len(table)} by loss")
    st.dataframe(
        neurons_by_loss(table),
        hide_index=True,
        width="content",
        alt="How many networks have two or more asymmetric neurons",
    )
    st.caption("Neurons: asymmetric ones. **Click a point** to look at that network.")
    number = ensemble.number_of(shown)
    left, right = st.columns([6, 4])
    with left:
        _strip(table, shown, number, on_click=True)
    if len(table) >= _MIN_QUARTERED:
        with right:
            draw(
                neuron_counts(counts_by_quarter(table), theme=colours(), height=300),
                "motif-quarters",
                alt="Share of networks with 0, 1, 2 and more asymmetric neurons, by quarter",
            )


def neurons_by_loss(table: pd.DataFrame) -> pd.DataFrame:
    """How many networks have two or more asymmetric neurons: of the best by loss, and of all.

    Args:
        table: what `ensemble_table` gives.

    Returns:
        Columns: networks, number, with two or more neurons, neurons a network, pairs
        of features a network.
    """
    groups = {"lowest losses": table.head(LOWEST), "all": table}
    return pd.DataFrame(
        [
            {
                "networks": name,
                "number": len(each),
                "with two or more neurons": int((each["neurons"].to_numpy() >= 2).sum()),
                "neurons a network": f"{each['neurons'].to_numpy().mean():.2f}",
                "pairs of features a network": f"{each['pairs'].to_numpy().mean():.2f}",
            }
            for name, each in groups.items()
        ]
    )


def _strip(table: pd.DataFrame, shown: Shown, number: int, *, on_click: bool) -> None:
    # A chart keeps its own selection; in a new one the same point can be clicked again.
    key = f"motif-strip-{number if on_click else 'live'}"
    draw(
        ensemble_strip(
            table,
            shown=number,
            baseline=no_superposition_loss(shown.config),
            theme=colours(),
            height=300,
        ),
        key,
        alt=f"{len(table)} networks by loss; the colour is their number of asymmetric neurons",
        **({"selection": SELECTION, "on_select": _shows(key)} if on_click else {}),
    )


def _shows(key: str) -> Callable[[], None]:
    def show() -> None:
        number = clicked(key, SELECTION, "member")
        if number is not None:
            MOTIF_PAGE.show(MOTIF_PAGE.state.changed(member=number, tab="panels"))
            bring_into_view(PANELS)

    return show


def draw_live(state: MotifState, progress: Progress) -> None:
    """Draw the ensemble while it trains: all networks by loss, and the one with the lowest."""
    recipe = state.choice.recipe
    found = _live(state, progress)
    if not found:
        st.info("Waiting for its first weights.")
        return
    table = ensemble_table(list(found.values()), state.thresholds)
    best = found[int(table["member"].iloc[0])]
    history = progress.models[model_key(best.config, recipe)].history
    shown = Shown(best.config, recipe, best.weights, history, best.restart)
    st.caption(
        "Training losses. They are noisy, and at first those of sparser features and of outputs "
        "with a slope below zero. Below: the network with the lowest loss so far."
    )
    _strip(table, shown, best.number, on_click=False)
    draw_live_bars(state, shown)


def _live(state: MotifState, progress: Progress) -> dict[int, Member]:
    recipe = state.choice.recipe
    found: dict[int, Member] = {}
    for k, config in enumerate(state.configs):
        live: Live | None = progress.models.get(model_key(config, recipe))
        if live is None or not live.history.step.size:
            continue
        for restart, weights in live.weights.items():
            loss = float(live.history.loss[restart, -1])
            if weights.finite and loss > 0:
                number = k * recipe.restarts + restart
                found[number] = Member(number, config, restart, weights, loss)
    return found
