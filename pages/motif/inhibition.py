"""The inhibition turned down: the receiving output's error, and the loss."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.motif.instances import choose_instance, chosen, say_none
from pages.motif.state import MOTIF_PAGE, MotifState
from pages.shared.cached_analysis import interventions_of, losses_by_inhibition
from pages.shared.chart import draw
from pages.shared.metrics import figure
from pages.shared.models import Shown
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.analysis.ablation import SHARES, without_inhibition
from toymodel.analysis.decomposition import Decomposition
from toymodel.charts.lines import lines
from toymodel.charts.motif.error_map import error_map

_INSTANCE = "motif.inhibition.instance"


def draw_inhibition(state: MotifState, shown: Shown, found: Decomposition) -> None:
    """Draw the error with all of the inhibition and with less, and the loss."""
    if not found.motifs:
        say_none()
        return
    choose_instance(state, found, _INSTANCE)
    motif = found.motifs[chosen(state, found)]
    several = len(found.motifs) > 1
    left, right = st.columns([6, 3], vertical_alignment="bottom")
    left_over = MOTIF_PAGE.parameter("left")
    left.slider(
        str(left_over.title),
        0.0,
        1.0,
        step=SHARES[1],
        help=left_over.description,
        **MOTIF_PAGE.bound("left"),
    )
    if several:
        segments(MOTIF_PAGE, "of", right, names={"this": "this instance", "all": "all instances"})
    one = state.of == "this" or not several
    motifs = (motif,) if one else found.motifs
    whose = "its inhibition" if one else "all inhibition"
    share = state.left
    losses = losses_by_inhibition(shown.name, shown, motifs)
    loss = float(losses[SHARES.index(share)])
    a, c = motif.interfering_feature, motif.receiving_feature
    with_, less, curve = st.columns(3)
    for cell, words, weights, key in (
        (with_, f"**As it is**: loss {figure(losses[-1])}", shown.weights, "as-it-is"),
        (
            less,
            f"**With {share:.0%} of {whose}**: loss {figure(loss)}, × {loss / losses[-1]:.3g}",
            without_inhibition(shown.weights, motifs, share),
            "less",
        ),
    ):
        with cell:
            st.markdown(words)
            draw(
                error_map(shown.config, weights, motif, theme=colours(), height=340),
                f"motif-map-{key}",
                alt=f"Error of output {c} over the values of f{a} and f{c}, {key}",
            )
    with curve:
        st.markdown("**Loss** against the inhibition that is left")
        draw(
            lines(
                pd.DataFrame({"series": "loss", "x": SHARES, "y": losses}),
                across="inhibition that is left",
                up="normalised loss (log)",
                series=["loss"],
                colours=[colours().negative],
                dashes=[[1, 0]],
                log=True,
                at=share,
                mark=colours().mark,
                height=340,
            ),
            "motif-loss-by-inhibition",
        )
    before, after, *_ = interventions_of(shown.name, shown, motif)
    st.caption(
        "All other features are 0. Red: the output is too large; blue: it is too small. Colours "
        f"end at an error of ±1. At the end of its range, f{a} alone makes output {c} answer "
        f"{before.output:.2f}; without the inhibition of this instance, {after.output:.2f}. It "
        "should be 0."
    )
