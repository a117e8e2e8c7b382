"""What a neuron is worth: how much the loss rises without it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from toymodel.analysis.loss import evaluation_examples
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import evaluation_batches
from toymodel.settings import require_whole


class Ablation(NamedTuple):
    """How much the normalised loss rises when a neuron's activation is set to 0.

    Measured on the evaluation stream, as the loss is. by_feature: (feature,), the rise of each
    feature's part of the loss; below 0 where the feature is better off without the neuron. They
    sum to `rise`.
    """

    rise: float
    by_feature: Float64[np.ndarray, " feature"]


def ablate(
    config: Config, weights: Weights, neuron: int, *, examples: int | None = None
) -> Ablation:
    """What happens to the loss without one neuron, nothing else changed.

    Raises `SettingError` for a neuron that is not there.
    """
    require_whole("neuron", neuron, 0, config.n_neurons - 1)
    rise = np.zeros(config.n_features)
    count = 0
    for x, weight in evaluation_batches(config, examples or evaluation_examples(config)):
        count += x.shape[1]
        hidden = weights.hidden(x)
        fires = np.flatnonzero(hidden[neuron])  # elsewhere nothing changes
        hidden, target = hidden[:, fires], config.definition.target(x[:, fires])
        drive = weights.W2 @ hidden + weights.b[:, None]
        before = (np.maximum(drive, 0) - target) ** 2
        drive -= np.outer(weights.W2[:, neuron], hidden[neuron])
        after = (np.maximum(drive, 0) - target) ** 2
        rise += (after - before) @ weight[fires]
    by_feature = rise * config.importance / (count * config.loss_scale)
    return Ablation(float(by_feature.sum()), by_feature)
