"""Whether what is found is what longer training finds, with either sampler."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.phase.density import class_inks
from pages.phase.models import along_training
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.bands import bands
from toymodel.charts.phase.tables import class_curves
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_PANELS
from toymodel.sweeps.shipped import CONVERGENCE, LENGTHS, SAMPLERS

_NAMES = {"tilted": "tilted sampler (standard)", "iid": "plain sampler"}


def draw_training(state: PhaseState) -> None:
    """Classes and loss against training length, and the paper's counts."""
    st.header("Does it hold at convergence?")
    segments(PHASE_PAGE, "at")
    density = float(state.at)
    table = along_training(density, state.thresholds)
    if len(table[["sampler", "steps"]].drop_duplicates()) < len(CONVERGENCE):
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    counts: dict[str, int] = dict(zip(CLASSES, PAPER_PANELS[density].counts, strict=True))
    m = PAPER_CONFIG.n_neurons
    st.markdown(_words(table, counts))
    theme = colours()
    for cell, sampler in zip(st.columns(2), SAMPLERS, strict=True):
        with cell:
            st.markdown(f"**{_NAMES[sampler].capitalize()}**")
            paper = pd.DataFrame(
                [
                    {
                        "series": name,
                        "x": LENGTHS[-1],
                        "y": count / m,
                        "text": f"the paper's figure: {count} of {m} {name}",
                    }
                    for name, count in counts.items()
                ]
            )
            draw(
                bands(
                    class_curves(table.loc[table["sampler"] == sampler], "steps"),
                    across="steps of training",
                    up="share of neurons",
                    series=class_inks(theme),
                    theme=theme,
                    share=True,
                    marks=paper,
                    height=320,
                ),
                f"phase-training-{sampler}-{state.at}",
            )
    st.caption(
        "Crosses at the right end: the counts read off the paper's figure. Each length is a "
        "training of its own, whose learning rate falls to zero at its end; three networks each. "
        "The plain sampler draws from the true distribution, so that most of a batch is empty: at "
        f"1 − S = {state.at}, {(1 - density) ** PAPER_CONFIG.n_features:.0%} of the examples. "
        "The tilted one draws more active features and weighs each example so that the expected "
        "loss is the same."
    )
    st.markdown("**Loss**")
    losses = pd.DataFrame(
        {
            "series": [_NAMES[sampler] for sampler in table["sampler"]],
            "x": table["steps"],
            "y": table["loss"],
            "run": table["restart"],
        }
    )
    draw(
        bands(
            losses,
            across="steps of training",
            up="normalised loss",
            series=dict(zip(_NAMES.values(), (theme.negative, theme.positive), strict=True)),
            theme=theme,
            log=True,
            height=280,
        ),
        f"phase-training-loss-{state.at}",
    )
    with st.expander("In numbers"):
        st.dataframe(
            table[["sampler", "steps", "restart", "loss", "gain", *CLASSES, "effective"]],
            hide_index=True,
            height=320,
            alt="Every network's measures, by training length",
            column_config={
                name: st.column_config.NumberColumn(name, format="percent") for name in CLASSES
            },
        )


def _words(table: pd.DataFrame, paper: dict[str, int]) -> str:
    m = PAPER_CONFIG.n_neurons
    mono = CLASSES[0]
    by_length = {
        (sampler, steps): {
            name: float(np.median(own[name].to_numpy())) for name in (*CLASSES, "loss")
        }
        for sampler in SAMPLERS
        for steps in LENGTHS
        if len(own := table.loc[(table["sampler"] == sampler) & (table["steps"] == steps)])
    }
    short, long = min(LENGTHS), max(LENGTHS)
    said: list[str] = []
    for sampler, name in _NAMES.items():
        first, last = by_length[sampler, short], by_length[sampler, long]
        said.append(
            f"With the **{name}** {_count(first[mono] * m)} of {m} neurons are monosemantic after "
            f"{short:,} steps and {_count(last[mono] * m)} after {long:,}, at a loss of "
            f"{first['loss']:.2g} and {last['loss']:.2g}."
        )
    # One network's, as medians of three need not add up to all neurons.
    best = table.loc[table["loss"].idxmin()]
    found = " / ".join(_count(best[name] * m) for name in CLASSES)
    theirs = " / ".join(str(count) for count in paper.values())
    far = abs(best[mono] * m - paper[mono])
    verdict = (
        "close to the paper's figure"
        if far <= m / 10
        else "more monosemantic than in the paper's figure"
        if best[mono] * m > paper[mono]
        else "less monosemantic than in the paper's figure"
    )
    said.append(
        f"In the network with the lowest loss found here ({best['loss']:.2g}) the counts, "
        f"monosemantic / slightly polysemantic / polysemantic, are {found}: {verdict} ({theirs})."
    )
    said.append(_still_moving(by_length))
    return " ".join(said)


def _still_moving(by_length: dict[tuple[str, int], dict[str, float]]) -> str:
    m, mono = PAPER_CONFIG.n_neurons, CLASSES[0]
    before, last = sorted(LENGTHS)[-2:]
    changes = {
        sampler: float(by_length[sampler, last][mono] - by_length[sampler, before][mono])
        for sampler in SAMPLERS
    }
    moving = [
        f"{change * m:+.0f} with the {_NAMES[sampler]}".replace("-", "−")
        for sampler, change in changes.items()
        if abs(change) * m >= 1.5
    ]
    if not moving:
        return f"From {before:,} to {last:,} steps that number does not change any more."
    return (
        f"It is not at its end: from {before:,} to {last:,} steps the monosemantic neurons still "
        f"change by {' and '.join(moving)}."
    )


def _count(value: float) -> str:
    return f"{value:.0f}"
