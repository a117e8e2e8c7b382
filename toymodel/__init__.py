"""Computation in superposition: small ReLU networks that compute |x| with too few neurons.

Elhage et al., 2022, "Toy Models of Superposition", section "Computation in Superposition".

Train a network on sparse features and look at what its neurons do:

    import toymodel as tm

    config = tm.Config(n_features=100, n_neurons=40, feature_probability=0.01)
    model = tm.load_or_train([config])[0]
    tm.superposition_gain(config, model.loss)  # above 1: more features than it has neurons for
    tm.neurons(model.W1).counts                # how many neurons are monosemantic
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toymodel.analysis.ablation import ablate
from toymodel.analysis.activations import activity
from toymodel.analysis.decomposition import decompose
from toymodel.analysis.features import carriers, interference
from toymodel.analysis.loss import (
    evaluate,
    loss_by_feature,
    no_superposition_loss,
    superposition_gain,
)
from toymodel.analysis.motifs import Motif, find_motifs, scale_neurons
from toymodel.analysis.polysemanticity import Thresholds, neurons, path_gain, superposition
from toymodel.config import Config
from toymodel.errors import TrainingCancelled, TrainingDiverged
from toymodel.model import Model, Weights
from toymodel.recipe import RECIPES, Recipe
from toymodel.settings import SettingError

if TYPE_CHECKING:
    from toymodel.storage.model_file import load, save
    from toymodel.training.load_or_train import load_or_train
    from toymodel.training.train import train

__all__ = [
    "RECIPES",
    "Config",
    "Model",
    "Motif",
    "Recipe",
    "SettingError",
    "Thresholds",
    "TrainingCancelled",
    "TrainingDiverged",
    "Weights",
    "ablate",
    "activity",
    "carriers",
    "decompose",
    "evaluate",
    "find_motifs",
    "interference",
    "load",
    "load_or_train",
    "loss_by_feature",
    "neurons",
    "no_superposition_loss",
    "path_gain",
    "save",
    "scale_neurons",
    "superposition",
    "superposition_gain",
    "train",
]

_LAZY = {
    "train": "training.train",
    "load_or_train": "training.load_or_train",
    "load": "storage.model_file",
    "save": "storage.model_file",
}


def __getattr__(name: str) -> Any:
    # Imported at their first use: who only looks at trained models must not wait for torch.
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(f"toymodel.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'toymodel' has no attribute {name!r}")
