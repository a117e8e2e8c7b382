"""What a model computes, as a formula and in words."""

from __future__ import annotations

from toymodel.config import Config

TASK_NAMES = {
    "abs": "absolute value, |x|",
    "identity": "identity, x, with tied weights",
}
"""The tasks as a person chooses them."""


def formula(config: Config) -> str:
    """The network, in LaTeX."""
    if config.task == "abs":
        return r"$y = \mathrm{ReLU}(W_2\,\mathrm{ReLU}(W_1 x) + b)$"
    hidden = "W x + c" if config.hidden_bias else "W x"
    return rf"$y = \mathrm{{ReLU}}(W^\top\mathrm{{ReLU}}({hidden}) + b)$"


def target(config: Config) -> str:
    """What each output should be, in LaTeX."""
    return "$|x_i|$" if config.task == "abs" else "$x_i$"


def values(config: Config) -> str:
    """The range of a feature that is there."""
    task = config.definition
    return f"[{task.low:g}, {task.high:g}]".replace("-", "−")
