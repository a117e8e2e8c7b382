"""Why a training went badly, in words, and what to change."""

from __future__ import annotations

from toymodel.config import Config, Recipe

_SMALLEST_PROBABILITY = 1e-12


def likely_cause(config: Config, recipe: Recipe) -> tuple[str, dict[str, object]]:
    """Why a training diverged, most likely, and the changes of the recipe that would help."""
    standard = Recipe()
    if config.feature_probability < _SMALLEST_PROBABILITY:
        return "examples with a feature are too rare for the precision of the weights", {}
    if recipe.learning_rate > 2 * standard.learning_rate:
        return (
            f"learning_rate {recipe.learning_rate:g} is probably too high"
            f" (the standard recipe has {standard.learning_rate:g})"
        ), {"learning_rate": standard.learning_rate}
    if recipe.init_scale > 2:
        return f"init_scale {recipe.init_scale:g} probably starts the weights too large", {
            "init_scale": standard.init_scale
        }
    return f"try a learning_rate below {recipe.learning_rate:g}, or a longer warmup", {
        "learning_rate": recipe.learning_rate / 10
    }
