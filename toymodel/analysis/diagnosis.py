"""Why a training went badly, in words, and what to change (numpy only)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from toymodel.analysis.loss import dead_outputs, no_superposition_loss
from toymodel.config import RECIPES, Config, Recipe
from toymodel.model import Model

Kind = Literal[
    "diverged",
    "restarts diverged",
    "dead outputs",
    "empty batches",
    "still falling",
    "above the yardstick",
    "sound",
]

_SMALLEST_PROBABILITY = 1e-12
_NEGLIGIBLE = 1e-4  # of the loss of answering 0 to everything
_CLEARLY_BELOW, _CLEARLY_ABOVE = 0.97, 1.03  # gains
_DEAD_SHARE = 1 / 3  # of the loss; good sparse models leave out features that weigh less
_EMPTY_SHARE = 0.5  # of the examples
_FALL = 0.08  # of the loss, over the records that are looked at
_SURE = 5  # standard errors
_FEWEST_RECORDS = 8
_DENSE = 0.3  # the feature probability from which on superposition does not pay
_FACTOR = 5  # between a setting that works and the standard one
_HARMLESS = {"warmup", "beta1", "beta2"}  # by themselves
_FEW = 2  # settings
_MANY_RESTARTS, _MOST_RESTARTS, _MOST_CYCLES = 8, 64, 100


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about a training, and what to do about it.

    says: a few sentences. changes: fields of its `Recipe` that would help; action: the same in
    words for a button. Both are empty where no change of the recipe helps.
    """

    kind: Kind
    says: str
    changes: dict[str, object] = field(default_factory=dict)
    action: str = ""


def diagnose(model: Model, restart: int | None = None) -> list[Finding]:
    """What went wrong with a restart, the best one unless told, in the order of importance.

    A model with nothing wrong gets one finding, "sound", which says how good it is.
    """
    which = model.best if restart is None else restart
    lost = _restarts_diverged(model)
    found = [lost] if lost else []
    if model.losses[which] > _NEGLIGIBLE:
        causes = (_dead_outputs(model, which), _empty_batches(model, which), _falling(model, which))
        explained = [cause for cause in causes if cause]
        found += explained
        if not explained and _falls_short(model, which):
            found.append(_above_the_yardstick(model, which))
    return found or [_sound(model, which)]


def diagnose_divergence(config: Config, recipe: Recipe, message: str) -> Finding:
    """What went wrong with a training of which nothing is left but its error message."""
    _, changes = likely_cause(config, recipe)
    return Finding(
        kind="diverged",
        says=f"{message} The loss grew beyond all bounds, and no weights are left to look at.",
        changes=changes,
        action=_action(changes),
    )


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
        "learning_rate": float(f"{recipe.learning_rate / 10:.3g}")
    }


def _falls_short(model: Model, restart: int) -> bool:
    loss, yardstick = float(model.losses[restart]), no_superposition_loss(model.config)
    beyond = loss - yardstick > max(_NEGLIGIBLE, 3 * float(model.loss_errors[restart]))
    return beyond and yardstick < _CLEARLY_BELOW * loss


def _restarts_diverged(model: Model) -> Finding | None:
    asked, left = model.recipe.restarts, len(model.restarts)
    if left == asked:
        return None
    cause, changes = likely_cause(model.config, model.recipe)
    return Finding(
        kind="restarts diverged",
        says=f"{asked - left} of the {asked} restarts diverged and were dropped: {cause}.",
        changes=changes,
        action=_action(changes),
    )


def _dead_outputs(model: Model, restart: int) -> Finding | None:
    config, recipe = model.config, model.recipe
    served = min(config.n_neurons, config.n_features)
    dead = dead_outputs(config, model.restarts[restart])[:served]
    importance = config.importance.astype(np.float64)
    share = importance[:served][dead].sum() / importance.sum() / float(model.losses[restart])
    if share < _DEAD_SHARE:
        return None
    says = (
        f"{dead.sum()} of the {served} most important outputs answer 0 to every input, which is"
        f" {min(share, 1):.0%} of the loss. Such an output has no gradient, so no training wakes"
        " it up again."
    )
    standard = Recipe().linear_until
    why, changes = _better(recipe)
    if recipe.linear_until < standard:
        why = "An output that starts linear hardly ever dies."
        changes = dict[str, object](linear_until=standard)
    return Finding(
        kind="dead outputs", says=f"{says} {why}", changes=changes, action=_action(changes)
    )


def _empty_batches(model: Model, restart: int) -> Finding | None:
    config = model.config
    empty = (1 - config.feature_probability) ** config.n_features
    iid = model.recipe.sampler == "iid"
    if not iid or empty < _EMPTY_SHARE or not _falls_short(model, restart):
        return None
    says = (
        f"At p = {config.feature_probability:g}, {empty:.0%} of the examples hold no feature at"
        " all, and the model learns next to nothing from them. The tilted sampler draws"
        " features more often and weights the examples so that the expected loss is the same."
    )
    changes: dict[str, object] = {"sampler": "tilted"}
    if model.recipe.linear_until < Recipe().linear_until:
        says += " It helps most where outputs start linear, so that none dies."
        changes["linear_until"] = Recipe().linear_until
    return Finding(kind="empty batches", says=says, changes=changes, action=_action(changes))


def _falling(model: Model, restart: int) -> Finding | None:
    recipe, history = model.recipe, model.history
    in_cycle = history.step > recipe.total_steps - recipe.steps
    steps, losses = history.step[in_cycle], history.loss[restart][in_cycle]
    # A cosine's falling rate lowers the noise of the weights, and with it the loss, whether more
    # steps would help or not; over the last tenth it has next to nothing left to lower.
    share = 0.1 if recipe.schedule == "cosine" else 0.25
    count = max(_FEWEST_RECORDS, round(share * len(steps)))
    if len(steps) < count or recipe.cycles == _MOST_CYCLES:
        return None
    fall, error = _slope(np.log(np.maximum(losses[-count:], np.finfo(np.float32).tiny)))
    if fall > math.log(1 - _FALL) or fall > -_SURE * error:
        return None
    return Finding(
        kind="still falling",
        says=(
            "The loss was still falling when the training stopped: by"
            f" {-math.expm1(fall):.0%} over the last {steps[-1] - steps[-count]:,} steps."
        ),
        changes={"cycles": recipe.cycles + 1},
        action=f"Train {recipe.steps:,} steps more",
    )


def _slope(values: np.ndarray) -> tuple[float, float]:
    """Rise of the straight line through values, from the first to the last, and its error."""
    at = np.linspace(-0.5, 0.5, len(values))
    values = values.astype(np.float64) - values.mean(dtype=np.float64)
    spread = at @ at
    slope = at @ values / spread
    left = values - slope * at
    return float(slope), math.sqrt(left @ left / (len(values) - 2) / spread)


def _above_the_yardstick(model: Model, restart: int) -> Finding:
    config, loss = model.config, float(model.losses[restart])
    yardstick = no_superposition_loss(config)
    says = f"The loss, {loss:.3g}, is above the yardstick: {config.definition.each} for each "
    if yardstick:
        says += (
            f"of the {config.n_neurons // config.definition.neurons} most important features would "
            f"give {yardstick:.3g}"
            f" (gain {yardstick / loss:.2f})."
        )
    else:
        says += "feature would give 0."
    changes: dict[str, object] = {}
    if restart != model.best and not _falls_short(model, model.best):
        why = f"The best restart of this model did better: {model.loss:.3g}."
    else:
        why, changes = _better(model.recipe)
    return Finding(
        kind="above the yardstick", says=f"{says} {why}", changes=changes, action=_action(changes)
    )


def _sound(model: Model, restart: int) -> Finding:
    config, loss = model.config, float(model.losses[restart])
    p, yardstick = config.feature_probability, no_superposition_loss(config)
    if yardstick == 0:
        own = config.definition.each
        says = f"Nothing is wrong: every feature has its {own}, and the loss is {loss:.2g}."
        return Finding(kind="sound", says=says)
    if loss <= _NEGLIGIBLE and yardstick <= _NEGLIGIBLE:
        says = f"Nothing is wrong: the loss is {loss:.2g}, next to nothing."
        return Finding(kind="sound", says=says)
    gain = yardstick / loss
    says = f"Nothing is wrong: the superposition gain is {gain:.2f}"
    if gain > _CLEARLY_ABOVE:
        says += (
            ". With an odd number of neurons one is left over and can compute one side of one more"
            " feature, which alone gives a gain above 1"
            if config.n_neurons % config.definition.neurons
            else ". The model computes more than it has neurons for"
        )
        says += f": its loss is {loss:.3g}, without superposition it would be {yardstick:.3g}."
        served = min(config.n_neurons, config.n_features)
        dead = int(dead_outputs(config, model.restarts[restart])[:served].sum())
        if dead:
            are = "output is" if dead == 1 else "outputs are"
            says += (
                f" {dead} of the {served} most important {are} dead: left out, which"
                " costs little here."
            )
        return Finding(kind="sound", says=says)
    says += ", as good as a model without superposition can be"
    if p >= _DENSE:
        says += f". At p = {p:g} features are too dense for superposition to gain much."
        return Finding(kind="sound", says=says)
    why, changes = _better(model.recipe)
    says += f". At p = {p:g} there may be more to gain. {why}"
    return Finding(kind="sound", says=says, changes=changes, action=_action(changes))


def _better(recipe: Recipe) -> tuple[str, dict[str, object]]:
    """What helps a training that works on the whole: why, and the changes."""
    unlike = _unlike_standard(recipe)
    luck = (
        "Training ends in the arrangement of neurons that it happens to find; of several restarts"
        " the best is kept."
    )
    more = dict[str, object](restarts=_MANY_RESTARTS) if recipe.restarts < _MANY_RESTARTS else {}
    if unlike:
        why = f"Its recipe is far from those that train well, in {', '.join(unlike)}."
        if len(unlike) > _FEW or not more:
            return why, unlike
        return f"{why} {luck}", unlike | more  # a setting or two may not be what it was about
    if more:
        return luck, more
    thorough = RECIPES["thorough"].steps
    if recipe.steps < thorough:
        return "Longer training finds better arrangements of neurons.", {"steps": thorough}
    if recipe.restarts < _MOST_RESTARTS:
        return "More restarts may find a better arrangement of neurons.", {
            "restarts": min(2 * recipe.restarts, _MOST_RESTARTS)
        }
    return "Another seed may find a better arrangement of neurons.", {}


def _unlike_standard(recipe: Recipe) -> dict[str, object]:
    standard = Recipe()
    unlike = {
        name: getattr(standard, name)
        for name in ("schedule", "init", "sampler")
        if getattr(recipe, name) != getattr(standard, name)
    }
    for name in ("learning_rate", "warmup", "init_scale", "linear_until", "beta1", "beta2"):
        given, good = getattr(recipe, name), getattr(standard, name)
        if name.startswith("beta"):  # how many steps Adam's average spans is 1 / (1 - beta)
            given, good = 1 - given, 1 - good
        if not good / _FACTOR <= given <= good * _FACTOR:
            unlike[name] = getattr(standard, name)
    for name in ("steps", "batch_size"):
        if getattr(recipe, name) < getattr(standard, name) / _FACTOR:
            unlike[name] = getattr(standard, name)
    return {} if unlike.keys() <= _HARMLESS else unlike


def _action(changes: dict[str, object]) -> str:
    if not changes:
        return ""
    if len(changes) > _FEW + 1:
        return f"Take {len(changes)} settings from the standard recipe"
    words = (f"{n} to {v:,}" if isinstance(v, int) else f"{n} to {v}" for n, v in changes.items())
    return "Set " + ", ".join(words)
