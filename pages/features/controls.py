"""The controls that choose a feature."""

from __future__ import annotations

import numpy as np

from pages.shared.explorer.controls import draw_finders, draw_jump, draw_steps
from pages.shared.explorer.state import ExplorerState
from pages.shared.models import Shown
from toymodel.analysis.features import CARRIES, Interference
from toymodel.analysis.polysemanticity import path_gain, superposition

_OWN = 2  # neurons that a feature needs for both sides


def with_feature(state: ExplorerState, shown: Shown) -> ExplorerState:
    """The state with a feature chosen; if none is, one that more than two neurons carry."""
    if state.feature is not None:
        return state
    gains = np.abs(path_gain(shown.weights.W1, shown.weights.W2))
    shared = (gains >= CARRIES).sum(axis=0) > _OWN
    return state.changed(feature=int(shared.argmax()))


def choose_feature(state: ExplorerState, shown: Shown, found: Interference) -> None:
    """Draw the controls: by name, by number (its rank of importance), or an instructive one."""
    feature, W1 = state.feature, shown.weights.W1
    assert feature is not None
    shared = superposition(W1)
    represented = np.array([side != "not represented" for side in found.sides])
    alone = represented & (np.nan_to_num(shared, nan=np.inf) < 0.05)
    most = int(np.nanargmax(shared)) if np.isfinite(shared).any() else 0
    draw_jump(state, "f")
    numbers = range(shown.config.n_features)
    draw_steps("feature", feature, {"by number": (numbers, "From f0, the most important, on.")})
    draw_finders(
        "feature",
        [
            (
                "One with neurons of its own",
                "The most important one with a superposition below 0.05.",
                int(alone.argmax()) if alone.any() else None,
            ),
            (
                "The one that shares most",
                "The largest superposition.",
                most if shared[most] > 0 else None,
            ),
            (
                "One that is not represented",
                "The most important one that no side is computed of.",
                None if represented.all() else int(np.logical_not(represented).argmax()),
            ),
        ],
    )
