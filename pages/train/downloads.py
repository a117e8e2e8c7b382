"""Downloads of a model: its file, weights and charts; and its link and Python code."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.models import Shown
from pages.shared.resources import colours
from pages.shared.weights_view import FIRST_NEURONS
from pages.train.state import TrainState
from toymodel.charts.export import KINDS, Kind, write_chart
from toymodel.charts.figures import figures, not_drawn
from toymodel.charts.network.figures import MODEL_FIGURES
from toymodel.charts.network.weight_table import weight_table
from toymodel.model import Model
from toymodel.recipe import difference
from toymodel.storage.model_file import model_key, to_bytes

_CHART = "train.take.chart"
_MIME = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
_LABELS = {"svg": "SVG", "png": "PNG", "json": "Vega-Lite JSON"}


def draw_downloads(state: TrainState, model: Model, shown: Shown, *, brought: bool) -> None:
    """Draw the downloads.

    Args:
        state: of the page.
        model: the model.
        shown: the restart that is shown.
        brought: whether it is from a file. Its settings may then give other weights, so there is
            no link and no code.
    """
    st.subheader("Take it away")
    name = f"toymodel-{model_key(model.config, model.recipe)[:8]}"
    restart = f"-restart{shown.restart}" if shown.restart != model.best else ""
    with st.container(horizontal=True):
        st.download_button(
            "Model (.safetensors)",
            lambda: to_bytes(model),
            f"{name}.safetensors",
            "application/octet-stream",
            on_click="ignore",
            help="Weights of every restart, losses, settings: `toymodel.load` reads it.",
        )
        st.download_button(
            "Weights (.csv)",
            lambda: weight_table(shown.weights).to_csv(index=False).encode(),
            f"{name}{restart}.csv",
            "text/csv",
            on_click="ignore",
            help="One row for each neuron and feature: neuron, feature, w_in, w_out. "
            "Biases are in the model's file.",
        )
    # The page chooses no neuron and no feature, so only charts of the whole model are offered.
    names = [figure for figure in MODEL_FIGURES if not not_drawn(figure, model.config)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chart = st.selectbox(
            "Chart",
            names,
            format_func=lambda name: MODEL_FIGURES[name].description,
            key=_CHART,
            width=420,
        )
        for kind in KINDS:
            st.download_button(
                _LABELS[kind],
                _chart(state, model, shown, chart, kind),
                f"{name}{restart}-{chart}.{kind}",
                _MIME[kind],
                on_click="ignore",
                key=f"take-{kind}",
            )
    if brought:
        return
    st.markdown("**Link** to this page as it is: it gives anybody the same model.")
    st.code(f"{st.context.url}?{urlencode(state.link)}", language=None, wrap_lines=True)
    st.markdown("**In Python**, from the project's folder or where toymodel is installed:")
    st.code(
        snippet(state.choice, shown.restart if restart else None),
        language="python",
        wrap_lines=True,
    )


def _chart(
    state: TrainState, model: Model, shown: Shown, chart: str, kind: Kind
) -> Callable[[], bytes]:
    theme = colours()
    neurons = None
    if state.neurons == "first" and model.config.n_neurons > FIRST_NEURONS:
        neurons = FIRST_NEURONS

    def write() -> bytes:
        drawn = figures(
            model,
            names=[chart],
            restart=shown.restart,
            theme=theme,
            thresholds=state.thresholds,
            features=state.features,
            neurons=neurons,
        )
        return write_chart(drawn[chart], kind)

    return write


def snippet(choice: Choice, restart: int | None = None) -> str:
    """Python code that makes the same model, for a notebook's cell."""
    config = ", ".join(f"{name}={value!r}" for name, value in choice.config.model_dump().items())
    changes = ", ".join(
        f"{name}={value!r}"
        for name, value in difference(choice.preset, choice.recipe, choice.config).items()
    )
    recipe = f'tm.RECIPES["{choice.preset}"]' + (f".replace({changes})" if changes else "")
    lines = [
        "import toymodel as tm",
        "",
        f"config = tm.Config({config})",
        f"recipe = {recipe}",
        "(model,) = tm.load_or_train([config], recipe)",
        "weights = model.weights  # of the restart with the lowest loss"
        if restart is None
        else f"weights = model.restarts[{restart}]",
        "weights.W1, weights.W2, weights.b  # (neuron, feature), (feature, neuron), (feature,)",
        f"loss = model.losses[{'model.best' if restart is None else restart}]",
        "loss, tm.superposition_gain(config, loss)",
    ]
    return "\n".join(lines) + "\n"
