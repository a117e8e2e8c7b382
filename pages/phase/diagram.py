"""The phase diagram of two neurons and two features: trained, and exact."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.phase.agreement import draw_agreement
from pages.phase.cell import draw_cell
from pages.phase.models import phase_diagram as stored_diagram
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.charts.phase.phase_diagram import SELECTION, borders_between, phase_diagram
from toymodel.phase.comparison import exact_cells, trained_cells
from toymodel.phase.diagram import PHASES


def draw_diagram(state: PhaseState) -> None:
    """Draw the trained diagram beside the exact one, and the cell that was clicked."""
    st.header("The smallest system: two neurons, two features")
    found = stored_diagram()
    if isinstance(found, str):
        st.info(found)
        return
    diagram, theory = found
    second_weight = state.thresholds.second_weight
    st.markdown(
        "Two neurons can compute |x| of one feature exactly, or share both features and make "
        "errors. Which is better depends on how rare the features are and on how important the "
        f"second one is. Left: the best of {diagram.recipe.restarts} trained networks in each "
        "cell. Right: the solution with the lowest **exact** expected loss, computed from "
        "integrals, without sampling or training. On both, the line is where the best solution "
        "changes. **Click a cell** to open it."
    )
    segments(PHASE_PAGE, "colour")
    trained = trained_cells(diagram, theory, second_weight)
    exact = exact_cells(diagram, theory, second_weight)
    names = tuple(
        name for name in PHASES if name in {*trained["phase"], *exact["phase"], *PHASES[:3]}
    )
    borders = borders_between(theory.best(second_weight), diagram.densities, diagram.ratios)
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
                phase_diagram(
                    cells,
                    names=names,
                    title=title,
                    theme=colours(),
                    borders=borders,
                    by_weight=state.colour == "weights",
                    selected=state.cell,
                ),
                key,
                selection=SELECTION,
                on_select=_opens(key),
            )
    draw_agreement(trained, theory, diagram, second_weight)
    draw_cell(state, diagram, theory)


def _opens(key: str) -> Callable[[], None]:
    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if chosen:
            row, column = int(chosen[0]["row"]), int(chosen[0]["column"])
            PHASE_PAGE.show(PHASE_PAGE.state.at_cell(row, column))

    return open_it
