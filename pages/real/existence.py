"""The prediction that polysemantic neurons exist."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from pages.real import numbers
from pages.real.models import MAIN, Sweeps
from pages.real.predictions import Evidence, Link, Numbers, Prediction
from pages.shared.chart import draw
from pages.shared.navigation import SWEEP
from pages.shared.resources import colours
from pages.sweep.state import SweepState
from toymodel.analysis.predictions import Existence
from toymodel.charts.sweep.class_shares import class_shares
from toymodel.charts.sweep.gain_curve import gain_curve


def existence(found: Sweeps) -> Prediction:
    """Polysemantic neurons exist."""
    measured = found.existence
    return Prediction(
        name="exist",
        title="Polysemantic neurons exist",
        paper="They form in the model that computes |x|, as they do in a wide range of neural "
        "networks.",
        rule=Existence.rule,
        verdict=measured.verdict if measured else None,
        evidence=partial(_evidence, measured, found.tables[MAIN]) if measured else None,
        against_real="each apparently polysemantic neuron turns out to respond to one feature that "
        "unites the others, or the network's answers depend on only one of them.",
        against_toy="networks whose neurons hold several features do no better than networks whose "
        "neurons hold one feature each.",
        open="Why they exist. In the toy model the exact no-superposition baseline shows whether "
        "they pay. A real network has no such baseline, and its neurons may be polysemantic "
        "without any gain.",
        links=lambda: (
            Link(
                SWEEP.script,
                "Every network of this sweep",
                SweepState(thresholds=found.thresholds).link,
                "All 40 neurons at all seven densities, with loss and gain.",
            ),
        ),
    )


def _evidence(measured: Existence, table: pd.DataFrame) -> Evidence:
    return Evidence(
        (numbers.of_existence(measured, table),),
        partial(_draw, table),
        Numbers(
            table,
            "± is the standard error of the loss.",
            "Loss, gain and classes of neurons at every density",
        ),
    )


def _draw(table: pd.DataFrame) -> None:
    st.markdown("**Classes of neurons and superposition gain**, against density")
    draw(class_shares(table, theme=colours(), height=300), "real-classes")
    if bool(table["gain"].notna().any()):
        draw(gain_curve(table, theme=colours(), height=240), "real-gain")
