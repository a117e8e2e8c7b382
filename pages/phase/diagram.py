"""The phase diagram of two neurons and two features: trained, and exact."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.phase.agreement import draw_agreement, draw_changes
from pages.phase.cell import CELL, draw_cell
from pages.phase.models import phase_diagram as stored_diagram
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.sections import bring_into_view
from pages.shared.widgets import segments
from toymodel.charts.phase.phase_diagram import SELECTION, borders_between, phase_diagram
from toymodel.phase.comparison import exact_cells, trained_cells
from toymodel.phase.diagram import PHASES


def draw_diagram(state: PhaseState) -> None:
    """Draw the trained diagram beside the exact one, and beside them the cell that was clicked."""
    found = stored_diagram()
    if isinstance(found, str):
        st.info(found)
        return
    diagram, theory = found
    second_weight = state.thresholds.second_weight
    st.markdown(
        "Two neurons can compute |x| of one feature exactly, or share both features and make "
        "errors. Which is better depends on how rare the features are and on how important the "
        f"second one is. Above: the best of {diagram.recipe.restarts} trained networks in each "
        "cell. Below: the solution with the lowest **exact** expected loss, computed from "
        "integrals, without sampling or training. On both, the line is where the best solution "
        "changes. **Click a cell** to see its network beside."
    )
    trained = trained_cells(diagram, theory, second_weight)
    exact = exact_cells(diagram, theory, second_weight)
    names = tuple(
        name for name in PHASES if name in {*trained["phase"], *exact["phase"], *PHASES[:3]}
    )
    borders = borders_between(theory.best(second_weight), diagram.densities, diagram.ratios)
    maps, cell = st.columns([5, 4], gap="large")
    with maps:
        segments(PHASE_PAGE, "colour")
        for kind, title, cells in (
            ("trained", f"Trained, best of {diagram.recipe.restarts}", trained),
            ("exact", "Exact: the best solution", exact),
        ):
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
                    height=400,
                ),
                key,
                selection=SELECTION,
                on_select=_opens(key),
            )
        draw_agreement(trained, theory, diagram)
    with cell:
        draw_cell(state, diagram, theory)
    draw_changes(theory, diagram, second_weight)


def _opens(key: str) -> Callable[[], None]:
    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if chosen:
            row, column = int(chosen[0]["row"]), int(chosen[0]["column"])
            PHASE_PAGE.show(PHASE_PAGE.state.at_cell(row, column))
            bring_into_view(CELL)

    return open_it
