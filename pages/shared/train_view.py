"""One model, or two side by side: numbers, weights, how the loss fell, what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.shared.draw import draw
from pages.shared.resources import colours
from pages.shared.stack_legend import stack_legend
from pages.shared.train_state import MOST_FEATURES, TRAIN_STATE, TrainState
from toymodel.charts.loss_curve import loss_curve, loss_range
from toymodel.charts.network import network
from toymodel.charts.raw_weights import raw_weights
from toymodel.charts.response import response
from toymodel.charts.stack_panel import stack_panel
from toymodel.config import Config, Recipe
from toymodel.frames import (
    LEAST_BLOCK,
    blocks,
    columns,
    edges,
    loss_curves,
    responses,
    signed_bars,
    spans,
)
from toymodel.loss import dead_outputs, no_superposition_loss, superposition_gain
from toymodel.model import History, Model, Weights
from toymodel.model_file import model_key
from toymodel.polysemanticity import CLASSES, UNUSED, Thresholds, neurons

FIRST_NEURONS = 100
_SMALL = (12, 24)  # features and neurons up to which every weight is a bar of its own
_LIVE_WORK = 50_000  # weights up to which the outputs are tried while the model still trains
_LIVE_EXAMPLES = 512
_LEAST_LIVE_BLOCK = 0.1
_LOWEST_TOP = 4.0
_LOWEST = "lowest"
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 100)


@dataclass(frozen=True, eq=False)
class Shown:
    """A restart of a model: of a finished one, or (model is None) of one that trains."""

    config: Config
    recipe: Recipe
    weights: Weights
    history: History
    restart: int
    model: Model | None = None

    @classmethod
    def of(cls, model: Model, restart: int | None) -> Shown:
        """A restart of a finished model; the best one where there is no such restart."""
        if restart is None or restart >= len(model.restarts):
            restart = model.best
        weights = model.restarts[restart]
        return cls(model.config, model.recipe, weights, model.history, restart, model)

    @property
    def name(self) -> str:
        """What tells it from other models, for what is computed once."""
        return f"{model_key(self.config, self.recipe)}-{self.restart}"

    @property
    def loss(self) -> float:
        """Normalised loss; of a model that still trains, its last training loss."""
        if self.model:
            return float(self.model.losses[self.restart])
        return float(self.history.loss[self.restart, -1]) if self.history.step.size else math.nan

    @property
    def small(self) -> bool:
        """Whether every weight is drawn as a bar of its own, and the network as a graph."""
        return self.config.n_features <= _SMALL[0] and self.config.n_neurons <= _SMALL[1]


def draw_figures_that_matter(shown: Shown, thresholds: Thresholds) -> None:
    """Loss and yardstick, gain, classes, dead outputs and time, as metrics."""
    config, model, history = shown.config, shown.model, shown.history
    loss, yardstick = shown.loss, no_superposition_loss(config)
    gain = superposition_gain(config, loss)
    seconds = float(history.seconds[-1]) if history.step.size else 0.0
    beside = history.together - 1
    counts = neurons(shown.weights.W1, thresholds).counts
    first = min(config.n_features, config.n_neurons)
    dead = _dead(shown, first)
    error = f" The Monte Carlo error is {model.loss_errors[shown.restart]:.1g}." if model else ""
    with st.container(horizontal=True):
        _metric(
            "Loss" if model else "Training loss",
            _figure(loss),
            "Normalised: answering 0 to everything scores 1." + error,
        )
        _metric(
            "Without superposition",
            _figure(yardstick),
            "The exact loss with two neurons for each of the most important features and the best "
            "constant for the others.",
        )
        _metric(
            "Superposition gain",
            "none" if math.isnan(gain) else f"{gain:.2f}" if gain < 1e4 else f"{gain:.1e}",
            "The loss without superposition divided by this one: above 1 the model computes more "
            "than it has neurons for. Nothing is to be gained where every feature has its neurons.",
        )
        _metric(
            "Mono / slightly / poly",
            " / ".join(str(counts[name]) for name in CLASSES),
            "How many neurons are monosemantic, slightly polysemantic and polysemantic, by their "
            "input weights." + (f" {counts[UNUSED]} are unused." if UNUSED in counts else ""),
        )
        _metric(
            "Dead outputs",
            "–" if dead is None else f"{dead} of {first}",
            f"Of the {first} most important outputs, how many are 0 on every input that was tried: "
            "they have no gradient, so no training wakes them up."
            + (" Tried when the training is done." if dead is None else ""),
        )
    restarts = "1 restart" if shown.recipe.restarts == 1 else f"{shown.recipe.restarts} restarts"
    st.caption(
        f"Trained for {seconds:.1f} s, {restarts}"
        + (f", beside {beside} other {'model' if beside == 1 else 'models'}." if beside else ".")
    )


def _metric(label: str, value: str, explanation: str) -> None:
    st.metric(label, value, help=explanation, width="content")


def _figure(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.3g}" if value == 0 or value >= 1e-4 else f"{value:.0e}"


def _dead(shown: Shown, first: int) -> int | None:
    if shown.model:
        return _dead_of_finished(shown.name, shown, first)
    weights = 2 * shown.config.n_features * shown.config.n_neurons
    if weights > _LIVE_WORK or not shown.weights.finite:
        return None
    found = dead_outputs(shown.config, shown.weights, examples=_LIVE_EXAMPLES)
    return int(found[:first].sum())


@st.cache_data(show_spinner=False, max_entries=1_000)
def _dead_of_finished(name: str, _shown: Shown, first: int) -> int:
    return int(dead_outputs(_shown.config, _shown.weights)[:first].sum())


def choose_restart(shown: Shown, available: Sequence[int]) -> None:
    """Which restart is shown: the lowest, or any of them."""
    if shown.recipe.restarts == 1:
        return
    history, model = shown.history, shown.model
    if model:
        losses = model.losses
    else:
        losses = history.loss[:, -1] if history.step.size else [math.nan] * shown.recipe.restarts
    lowest = model.best if model else history.leader
    names: dict[int | str, str] = {_LOWEST: f"lowest loss: restart {lowest}"}
    names |= {r: f"restart {r}: {_figure(float(losses[r]))}" for r in available}
    chosen = TRAIN_STATE.left().view.restart
    st.selectbox(
        "Show",
        list(names),
        format_func=lambda restart: names.get(restart, ""),
        width=260,
        **TRAIN_STATE.bound(
            "view",
            "restart",
            _LOWEST if chosen is None or chosen not in names else chosen,
            lambda value: None if value == _LOWEST else value,
        ),
    )


def draw_charts(state: TrainState, shown: Sequence[Shown]) -> None:
    """Weights, network, loss and responses; of two models side by side, on the same axes."""
    left, right = _weights(state, shown, "input"), _weights(state, shown, "output")
    if len(shown) > 1:
        _rows(left, right)
    elif shown[0].small:
        _rows([*left, *right])
        st.caption(
            "One column is one neuron, by the feature that it holds most; one colour is one "
            "feature, as in the charts below."
        )
    else:
        _rows(left)
        _rows(right)
    if not all(each.small for each in shown):
        _choose_look(state, shown)
    if len(shown) > 1:
        _choose_axis(state)
        _rows(_losses(state, shown))
        _choose_features(state, shown)
        _rows(_responses(state, shown))
    else:
        one, other = st.columns(2)
        with one:
            _choose_axis(state)
            _rows(_losses(state, shown))
        with other:
            _choose_features(state, shown)
            _rows(_responses(state, shown))
    graphs = _graphs(shown)
    if any(each.small for each in shown):
        st.markdown("**The network**: inputs above, neurons in the middle, outputs below.")
        _rows(graphs)
        st.caption(
            "Solid red edges are positive, dashed blue ones negative; thicker is larger. Edges "
            "below 3 % of their layer's largest are left out."
        )


def _rows(*rows: Sequence[Callable[[], None]]) -> None:
    for row in rows:
        if len(row) == 1:
            row[0]()
            continue
        for cell, show in zip(st.columns(len(row)), row, strict=True):
            with cell:
                show()


def _weights(state: TrainState, shown: Sequence[Shown], side: str) -> list[Callable[[], None]]:
    small = [each for each in shown if each.small]
    bars = {id(each): signed_bars(each.weights, side=side) for each in small}
    reach = _rounded_up(
        max((frame[["low", "high"]].abs().to_numpy().max() for frame in bars.values()), default=0.0)
    )
    stacks = {
        id(each): blocks(
            each.config,
            each.weights,
            side=side,
            least=LEAST_BLOCK if each.model else _LEAST_LIVE_BLOCK,
        )
        for each in shown
        if not each.small
    }
    highest = max((f["high"].to_numpy().max(initial=0) for f in stacks.values()), default=0)
    top = max(_LOWEST_TOP, math.ceil(highest * 1.05))
    title = "W₁: input → neuron" if side == "input" else "W₂: neuron → output"

    def show(number: int, each: Shown) -> None:
        theme, key = colours(), f"weights-{side}-{number}-{bool(each.model)}"
        if each.small:
            chart = raw_weights(
                bars[id(each)],
                n_features=each.config.n_features,
                title=title,
                theme=theme,
                reach=reach or None,
                height=200,
            )
            draw(chart, key)
            return
        found = columns(each.weights, state.thresholds)
        frame, drawn = stacks[id(each)], len(found)
        if state.view.neurons == "first" and drawn > FIRST_NEURONS:
            drawn = FIRST_NEURONS
            found, frame = (f.loc[f["column"] < drawn] for f in (found, frame))
        panel = stack_panel(
            frame,
            found,
            spans(found),
            n_features=each.config.n_features,
            top=top,
            theme=theme,
            colour=state.view.colour,
        )
        what = "input weights |W₁|" if side == "input" else "output weights |W₂|"
        st.markdown(f"**{title}**")
        draw(panel, key, alt=f"Neuron weight stack plot of the {what}")

    return [lambda n=n, each=each: show(n, each) for n, each in enumerate(shown)]


def _losses(state: TrainState, shown: Sequence[Shown]) -> list[Callable[[], None]]:
    against = "step" if state.view.against == "steps" else "seconds"
    frames = [loss_curves(each.history) for each in shown]
    ranges = [
        loss_range(frame["loss"], no_superposition_loss(each.config))
        for frame, each in zip(frames, shown, strict=True)
    ]
    domain = (
        1 / _rounded_up(1 / min(low for low, _ in ranges)),
        _rounded_up(max(high for _, high in ranges)),
    )
    # A training's steps are known before they are done, its seconds are not.
    ends = (
        [float(each.recipe.total_steps) for each in shown]
        if against == "step"
        else [_rounded_up(frame["seconds"].to_numpy().max()) for frame in frames if len(frame)]
    )

    def show(number: int) -> None:
        each = shown[number]
        chart = loss_curve(
            frames[number],
            against=against,
            yardstick=no_superposition_loss(each.config),
            shown=each.restart,
            theme=colours(),
            domain=domain,
            reach=max(ends, default=None),
        )
        draw(chart, f"loss-{number}-{bool(each.model)}")

    return [lambda n=n: show(n) for n in range(len(shown))]


def _responses(state: TrainState, shown: Sequence[Shown]) -> list[Callable[[], None]]:
    def show(number: int, each: Shown) -> None:
        chosen = [i for i in _features(state, shown) if i < each.config.n_features]
        frame = responses(each.config, each.weights, chosen)
        chart = response(frame, n_features=each.config.n_features, theme=colours())
        draw(chart, f"response-{number}-{bool(each.model)}")

    return [lambda n=n, each=each: show(n, each) for n, each in enumerate(shown)]


def _graphs(shown: Sequence[Shown]) -> list[Callable[[], None]]:
    def show(number: int, each: Shown) -> None:
        if not each.small:
            st.caption("Too large to draw as a graph.")
            return
        n, m = each.config.n_features, each.config.n_neurons
        chart = network(edges(each.weights), n_features=n, n_neurons=m, theme=colours())
        draw(chart, f"network-{number}-{bool(each.model)}")

    return [lambda n=n, each=each: show(n, each) for n, each in enumerate(shown)]


def _features(state: TrainState, shown: Sequence[Shown]) -> Sequence[int]:
    fewest = min(each.config.n_features for each in shown)
    return state.view.features or range(min(6, fewest))


def _choose_axis(state: TrainState) -> None:
    st.markdown("**Loss of every restart**")
    st.segmented_control(
        "Against",
        ["steps", "seconds"],
        required=True,
        label_visibility="collapsed",
        **TRAIN_STATE.bound("view", "against", state.view.against),
    )


def _choose_features(state: TrainState, shown: Sequence[Shown]) -> None:
    st.markdown("**Output of a feature that is there alone**, against its value")
    most = max(each.config.n_features for each in shown)
    bound = TRAIN_STATE.bound(
        "view", "features", list(_features(state, shown)), lambda chosen: tuple(chosen) or None
    )
    st.multiselect(
        "Features",
        range(most),
        max_selections=MOST_FEATURES,
        label_visibility="collapsed",
        placeholder="Features to draw",
        **bound,
    )


def _choose_look(state: TrainState, shown: Sequence[Shown]) -> None:
    most = max(each.config.n_neurons for each in shown)
    names = {"first": f"the first {FIRST_NEURONS}", "all": f"all {most:,}"}
    with st.container(horizontal=True):
        st.segmented_control(
            "Colour by",
            ["superposition", "feature"],
            required=True,
            **TRAIN_STATE.bound("view", "colour", state.view.colour),
        )
        if most > FIRST_NEURONS:
            st.segmented_control(
                "Neurons",
                list(names),
                format_func=names.__getitem__,
                required=True,
                help="Those that hold the most important features come first.",
                **TRAIN_STATE.bound("view", "neurons", state.view.neurons),
            )
    stack_legend(
        "weight, |W₁| above and |W₂| below",
        "relative to the neuron's largest",
        state.view.colour,
        max(each.config.n_features for each in shown),
    )


def _rounded_up(value: float) -> float:
    # Axes that seldom change while a model trains are calm, and charts are quicker to make.
    if not value > 0 or math.isinf(value):
        return 0.0
    unit = 10 ** math.floor(math.log10(value))
    return next(step * unit for step in _STEPS if step * unit >= value)
