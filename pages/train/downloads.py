"""Downloads of a model: its file, weights and charts; and its link and Python code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast
from urllib.parse import urlencode

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.models import Shown, was_brought
from pages.shared.weights_view import FIRST_NEURONS
from pages.train.state import TrainState
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.export import KINDS, Kind, write_chart
from toymodel.charts.figures import figures, not_drawn
from toymodel.charts.look import theme
from toymodel.charts.network.figures import MODEL_FIGURES
from toymodel.charts.network.weight_table import weight_table
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import difference
from toymodel.storage.model_file import to_bytes
from toymodel.text import rounded

_CHART, _KIND = "train.take.chart", "train.take.kind"
_PREPARED = "train.take.prepared"
_MIME = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
_LABELS: dict[Kind, str] = {"svg": "SVG", "png": "PNG", "json": "Vega-Lite JSON"}
_MAX_UNASKED = 8_000_000  # bytes of a file that is made before anybody asks for it


def draw_downloads(state: TrainState, shown: Sequence[Shown]) -> None:
    """Draw the downloads of a finished model.

    A model from a file has no link and no code: its settings may give other weights.

    Args:
        state: of the page.
        shown: the model.
    """
    (each,) = shown
    model = each.model
    if model is None:
        return
    name = file_name(state.choice)
    restart = f"-restart{each.restart}" if each.restart != model.best else ""
    with st.container(horizontal=True):
        _offer(
            "Model (.safetensors)",
            lambda: to_bytes(model),
            _size(model),
            f"{name}.safetensors",
            "application/octet-stream",
            "Weights of every restart, losses, settings: `toymodel.load` reads it.",
        )
        _offer(
            "Weights (.csv)",
            lambda: weight_table(each.weights).to_csv(index=False).encode(),
            50 * each.weights.W1.size,
            f"{name}{restart}.csv",
            "text/csv",
            "One row for each neuron and feature: neuron, feature, w_in, w_out. "
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
        kind = st.segmented_control(
            "Kind",
            KINDS,
            default=KINDS[0],
            required=True,
            format_func=lambda kind: _LABELS[kind],
            key=_KIND,
        )
        _offer(
            f"Chart (.{kind})",
            lambda: _chart(state, model, each, chart, cast("Kind", kind)),
            0,
            f"{name}{restart}-{chart}.{kind}",
            _MIME[kind],
        )
    if was_brought(state.config, state.recipe):
        return
    st.markdown("**Link** to this page as it is: it gives anybody the same model.")
    st.code(f"{st.context.url}?{urlencode(state.link)}", language=None, wrap_lines=True)
    st.markdown("**In Python**, from the project's folder or where toymodel is installed:")
    st.code(
        snippet(state.choice, each.restart if restart else None),
        language=None,
        wrap_lines=True,
    )


def _offer(
    label: str, make: Callable[[], bytes], size: int, name: str, mime: str, help: str | None = None
) -> None:
    # A file that Streamlit makes at the click is not found where the page runs again in between,
    # so a click always finds a file that is there; of a large one it is the second click.
    prepared = st.session_state.setdefault(_PREPARED, set())
    if size > _MAX_UNASKED and name not in prepared:
        st.button(
            f"Prepare the file, {size / 1e6:.0f} MB: {label}",
            on_click=prepared.add,
            args=(name,),
            help=help,
            key=f"prepare-{mime}",
        )
        return
    st.download_button(
        label, make(), name, mime, on_click="ignore", help=help, key=f"take-{label[:5]}"
    )


def _size(model: Model) -> int:
    numbers = 2 * model.W1.size + model.config.n_features + model.config.n_neurons
    return 4 * (numbers * len(model.restarts) + model.history.loss.size)


def file_name(choice: Choice) -> str:
    """A model's settings as the name of its files: "n6-m10-p0.1-seed0"."""
    config, default = choice.config, Config()
    parts = [
        f"n{config.n_features}",
        f"m{config.n_neurons}",
        f"p{rounded(config.feature_probability)}",
    ]
    if config.importance_decay != default.importance_decay:
        parts.append(f"d{rounded(config.importance_decay)}")
    parts.append(f"seed{config.seed}")
    if config.task != default.task:
        parts.insert(0, config.task)
    if config.hidden_bias:
        parts.append("hidden-bias")
    if config.activation != default.activation:
        parts.append("linear")
    if choice.preset != Choice().preset:
        parts.append(choice.preset)
    return "-".join(parts)


def _chart(state: TrainState, model: Model, shown: Shown, chart: str, kind: Kind) -> bytes:
    neurons = None
    if state.neurons == "first" and model.config.n_neurons > FIRST_NEURONS:
        neurons = FIRST_NEURONS
    with st.spinner("Drawing the chart"):
        return _drawn(
            shown.name,
            chart,
            kind,
            state.features,
            neurons,
            state.thresholds.canonical(),
            st.context.theme.type == "dark",
            _model=model,
            _shown=shown,
            _thresholds=state.thresholds,
        )


@st.cache_data(show_spinner=False, max_entries=50)
def _drawn(
    name: str,
    chart: str,
    kind: Kind,
    features: tuple[int, ...] | None,
    neurons: int | None,
    thresholds: str,
    dark: bool,
    *,
    _model: Model,
    _shown: Shown,
    _thresholds: Thresholds,
) -> bytes:
    drawn = figures(
        _model,
        names=[chart],
        restart=_shown.restart,
        theme=theme(dark=dark),
        thresholds=_thresholds,
        features=features,
        neurons=neurons,
    )
    return write_chart(drawn[chart], kind)


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
