"""The phase diagram of two neurons and two features: trained, and worked out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from pages.phase.cell import draw_cell
from pages.phase.models import phase_diagram
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.charts.phase.diagram_map import SELECTION, borders_between, phase_map
from toymodel.charts.phase.tables import diagram_cells, theory_cells
from toymodel.phase.candidates import Theory
from toymodel.phase.diagram import PHASES, Diagram
from toymodel.text import number


def draw_diagram(state: PhaseState) -> None:
    """The trained networks' diagram beside the exact one, and the cell that was clicked."""
    st.header("The smallest system: two neurons, two features")
    found = phase_diagram()
    if isinstance(found, str):
        st.info(found)
        return
    diagram, theory = found
    least = state.thresholds.second_weight
    st.markdown(
        "Two neurons can compute |x| of one feature exactly, or share both features and err. Which "
        "of the two is better depends on how rare features are and on how much the second one "
        f"matters. Left: the best of {diagram.recipe.restarts} networks trained a cell. Right: the "
        "solution with the lowest **exact** expected loss, from integrals, nothing sampled and "
        "nothing trained. The line, on both, is where the best solution changes. "
        "**Click a cell** to open it."
    )
    segments(PHASE_PAGE, "colour")
    trained = diagram_cells(diagram, theory, least)
    exact = theory_cells(diagram, theory, least)
    names = tuple(
        name for name in PHASES if name in {*trained["phase"], *exact["phase"], *PHASES[:3]}
    )
    borders = borders_between(theory.best(least), diagram.densities, diagram.ratios)
    for cell, (kind, title, cells) in zip(
        st.columns(2),
        (
            ("trained", f"Trained, best of {diagram.recipe.restarts}", trained),
            ("exact", "Exact: the best solution", exact),
        ),
        strict=True,
    ):
        with cell:
            key = f"phase-map-{kind}-{state.colour}"
            draw(
                phase_map(
                    cells,
                    names=names,
                    title=title,
                    theme=colours(),
                    borders=borders,
                    labels=_labels(cells.head(0) if state.colour == "weights" else cells),
                    selected=state.cell,
                    shaded=state.colour == "weights",
                ),
                key,
                selection=SELECTION,
                on_select=_opens(key),
            )
    st.markdown(_words(trained, theory, diagram, least))
    draw_cell(state, diagram, theory)


def _labels(cells: pd.DataFrame) -> pd.DataFrame:
    # A phase's name where its cells are, about their middle.
    rows = []
    for phase, own in cells.groupby("phase"):
        if len(own) < 20:
            continue
        log = np.log(own[["density", "ratio"]])
        far = ((log - log.mean()) ** 2).sum(axis=1)
        middle = own.iloc[int(far.to_numpy().argmin())]
        rows.append({"density": middle["density"], "ratio": middle["ratio"], "text": phase})
    return pd.DataFrame(rows, columns=["density", "ratio", "text"])


def _opens(key: str) -> Callable[[], None]:
    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if chosen:
            row, column = int(chosen[0]["row"]), int(chosen[0]["column"])
            PHASE_PAGE.show(PHASE_PAGE.state.at_cell(row, column))

    return open_it


def _words(cells: pd.DataFrame, theory: Theory, diagram: Diagram, least: float) -> str:
    odd = int(np.count_nonzero(cells["disagrees"]))
    above = (cells["loss"] / cells["lowest"] - 1).to_numpy()
    said = [
        f"**They agree** on all {len(cells)} cells."
        if not odd
        else f"**They disagree** on {odd} of {len(cells)} cells, marked by a point.",
        f"The best network's loss is above the exact one by {_percent(np.median(above))} in the "
        f"median and {_percent(above.max())} at most"
        + (
            ", and nowhere below it: no network found a solution that is not among the candidates."
            if above.min() > -1e-4
            else f"; in places it is below, by {_percent(-above.min())} at most: the candidates "
            "are not all that there is."
        ),
    ]
    every = diagram.losses / theory.lowest[..., None] - 1
    sound = every[np.isfinite(every)]
    said.append(
        f"Single trainings do worse: {np.mean(sound > 0.01):.0%} of the {sound.size:,} networks "
        "end more than 1 % above it, in another solution. "
    )
    return " ".join(said) + "\n\n" + _jump_or_drift(theory, diagram, least)


def _jump_or_drift(theory: Theory, diagram: Diagram, least: float) -> str:
    tilt = np.tan(np.minimum(theory.angle, np.pi / 2 - theory.angle))
    sparsest = tilt[-1]
    shared = sparsest >= least
    if not shared.any():
        return ""
    onset = sparsest[shared].min()
    highest = sparsest.max()
    return (
        "**Two kinds of change.** Along importance at the sparsest density, sharing begins with a "
        f"small weight and grows: in the first cells that share, the smaller weight is {onset:.2f} "
        f"of the larger, in the middle {highest:.2f}. That is a drift. Where both features matter "
        "the same, the one that leads changes at once, at every density: a jump. "
        f"{_evenly(theory, diagram)}"
    )


def _evenly(theory: Theory, diagram: Diagram) -> str:
    middle = int(np.abs(np.log(diagram.ratios)).argmin())
    even, best, alone = (
        float(theory.losses[name][-1, middle]) for name in ("equal", "shared", "first")
    )
    if best > 0.999 * even:
        return ""
    return (
        f"Even there the best ratio is not 1: at 1 − S = {number(diagram.densities[-1])} sharing "
        f"evenly has a loss of {even:.3f}, sharing at the best ratio {best:.3f}, and one feature "
        f"alone {alone:.3f}. Asymmetric superposition pays in the smallest system already."
    )


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"
