"""Why a training went badly, and what to change (numpy only)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float32

from toymodel.analysis.loss import dead_outputs, no_superposition_loss
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES, Recipe
from toymodel.text import count

Kind = Literal[
    "diverged",
    "restarts diverged",
    "dead outputs",
    "empty batches",
    "still falling",
    "above the baseline",
    "sound",
]
Changes = dict[str, object]

_SMALLEST_PROBABILITY = 1e-12
_NEGLIGIBLE = 1e-4  # of the loss of answering 0 to everything
_CLEARLY_BELOW, _CLEARLY_ABOVE = 0.97, 1.03  # gains
_DEAD_SHARE = 1 / 3  # of the loss; good sparse models do without features that cost less
_EMPTY_SHARE = 0.5  # of the examples
_FALL = 0.08  # of the loss, over the last records
_SURE = 5  # standard errors
_MIN_RECORDS = 8
_DENSE = 0.3  # the feature probability from which on superposition gains little
_FACTOR = 5  # a setting that differs more from the standard one may be the cause
_HARMLESS = {"warmup", "beta1", "beta2", "curriculum"}  # if no other setting differs
_FEW, _MAX_NAMED = 2, 4  # settings
_LONG_SLOPE = 0.8  # of the steps; the learning rate is low then
_MANY_RESTARTS, _MAX_RESTARTS, _MAX_CYCLES = 8, 64, 100
_LUCK = (
    "Training ends in the arrangement of neurons that it happens to find; of several restarts"
    " the best is kept."
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about a training, and what to do about it.

    Attributes:
        kind: what was found.
        message: what was found, in a few sentences.
        changes: fields of the `Recipe` with values that would help; empty if none would.
        action: the changes as the text of a button; empty if there are none.
    """

    kind: Kind
    message: str
    changes: Changes = field(default_factory=dict)
    action: str = ""


def diagnose(model: Model, restart: int | None = None) -> list[Finding]:
    """Find out what went wrong in the training of a model.

    Args:
        model: the model.
        restart: which restart to look at; the best one if None.

    Returns:
        The findings, the most important first. A model with nothing wrong has one finding,
        "sound", which says how good the model is.
    """
    which = model.best if restart is None else restart
    lost = _restarts_diverged(model)
    findings = [lost] if lost else []
    if model.losses[which] > _NEGLIGIBLE:
        causes = (_dead_outputs(model, which), _empty_batches(model, which), _falling(model, which))
        explained = [cause for cause in causes if cause]
        findings += explained
        if not explained and _falls_short(model, which):
            findings.append(_above_the_baseline(model, which))
    return findings or [_sound(model, which)]


def diagnose_divergence(config: Config, recipe: Recipe, message: str) -> Finding:
    """Say why a training diverged of which only the error message is left."""
    _, changes = likely_cause(config, recipe)
    return _finding(
        "diverged",
        f"{message} The loss grew beyond all bounds, and there are no weights to show.",
        changes,
    )


def likely_cause(config: Config, recipe: Recipe) -> tuple[str, Changes]:
    """The most likely reason why a training diverged, and the changes of the recipe that help."""
    standard = RECIPES["standard"].resolve(config)
    rate, good = recipe.resolve(config).learning_rate or 0.0, standard.learning_rate or 0.0
    if config.feature_probability < _SMALLEST_PROBABILITY:
        return "examples with a feature are too rare for the precision of the weights", {}
    if rate > 2 * good:
        return (
            f"learning rate {rate:g} is probably too high (the standard recipe has {good:g})"
        ), {"learning_rate": good}
    if recipe.init_scale > 2:
        return f"initial scale {recipe.init_scale:g} probably starts the weights too large", {
            "init_scale": standard.init_scale
        }
    return f"try a learning rate below {rate:g}, or a longer warm-up", {
        "learning_rate": float(f"{rate / 10:.3g}")
    }


def _falls_short(model: Model, restart: int) -> bool:
    loss, baseline = float(model.losses[restart]), no_superposition_loss(model.config)
    beyond = loss - baseline > max(_NEGLIGIBLE, 3 * float(model.loss_errors[restart]))
    return beyond and baseline < _CLEARLY_BELOW * loss


def _restarts_diverged(model: Model) -> Finding | None:
    wanted, left = model.recipe.restarts, len(model.restarts)
    if left == wanted:
        return None
    cause, changes = likely_cause(model.config, model.recipe)
    message = f"{wanted - left} of the {wanted} restarts diverged and were dropped: {cause}."
    return _finding("restarts diverged", message, changes)


def _dead_outputs(model: Model, restart: int) -> Finding | None:
    config, recipe = model.config, model.recipe
    served = min(config.n_neurons, config.n_features)
    dead = dead_outputs(config, model.restarts[restart])[:served]
    importance = config.importance.astype(np.float64)
    share = importance[:served][dead].sum() / importance.sum() / float(model.losses[restart])
    if share < _DEAD_SHARE:
        return None
    message = (
        f"{dead.sum()} of the {served} most important outputs answer 0 to every input, which is"
        f" {min(share, 1):.0%} of the loss. Such an output has no gradient, so training cannot"
        " revive it."
    )
    if sloped := _more_slope(config, recipe, until=_LONG_SLOPE):
        why = "An output hardly ever dies while it has a slope below zero."
        return _finding("dead outputs", f"{message} {why}", sloped)
    why, changes = _improvement(config, recipe)
    return _finding("dead outputs", f"{message} {why}", changes)


def _empty_batches(model: Model, restart: int) -> Finding | None:
    config, trained = model.config, model.recipe.trained_features(model.config)
    empty = (1 - config.feature_probability) ** trained
    iid = model.recipe.sampler == "iid"
    if not iid or empty < _EMPTY_SHARE or not _falls_short(model, restart):
        return None
    which = "" if trained == config.n_features else f" of the {trained} that are trained"
    message = (
        f"At density {config.feature_probability:g}, {empty:.0%} of the examples have no active"
        f" feature{which}, and the model learns next to nothing from them. Importance sampling"
        ' (the sampler "tilted") draws features more often and weights the examples so that the'
        " expected loss is the same."
    )
    changes: Changes = {"sampler": "tilted"}
    if sloped := _more_slope(config, model.recipe):
        message += " It helps most where outputs have a slope below zero at first: none dies then."
        changes |= sloped
    return _finding("empty batches", message, changes)


def _falling(model: Model, restart: int) -> Finding | None:
    recipe, history = model.recipe, model.history
    in_cycle = history.step > recipe.total_steps - recipe.steps
    steps, losses = history.step[in_cycle], history.loss[restart][in_cycle]
    # A falling learning rate lowers the noise of the weights, and with it the loss, whether or not
    # more steps would help. Over the last tenth of a cosine there is hardly any noise left.
    share = 0.1 if recipe.schedule == "cosine" else 0.25
    last = max(_MIN_RECORDS, round(share * len(steps)))
    if len(steps) < last or recipe.cycles == _MAX_CYCLES:
        return None
    fall, error = _slope(np.log(np.maximum(losses[-last:], np.finfo(np.float32).tiny)))
    if fall > math.log(1 - _FALL) or fall > -_SURE * error:
        return None
    return Finding(
        kind="still falling",
        message=(
            "The loss was still falling when the training stopped: by"
            f" {-math.expm1(fall):.0%} over the last {steps[-1] - steps[-last]:,} steps."
        ),
        changes={"cycles": recipe.cycles + 1},
        action=f"Train {count(recipe.steps, 'step')} more",
    )


def _slope(values: Float32[np.ndarray, " record"]) -> tuple[float, float]:
    # How much the straight line through the values rises from first to last, and its error.
    at = np.linspace(-0.5, 0.5, len(values))
    values = values.astype(np.float64) - values.mean(dtype=np.float64)
    spread = at @ at
    slope = at @ values / spread
    residual = values - slope * at
    return float(slope), math.sqrt(residual @ residual / (len(values) - 2) / spread)


def _above_the_baseline(model: Model, restart: int) -> Finding:
    config, loss = model.config, float(model.losses[restart])
    baseline = no_superposition_loss(config)
    message = (
        f"The loss, {loss:.3g}, is above the no-superposition baseline:"
        f" {_without_superposition(config)} would give {baseline:.3g}"
    )
    if config.activation == "none" and config.definition.low < 0:
        why = "with a ReLU. A linear hidden layer cannot compute |x|: its output follows one side."
        return _finding("above the baseline", f"{message} {why}")
    message += f" (gain {baseline / loss:.2f})." if baseline else "."
    if restart != model.best and not _falls_short(model, model.best):
        message += f" The best restart of this model did better: {model.loss:.3g}."
        return _finding("above the baseline", message, {})
    why, changes = _improvement(config, model.recipe)
    return _finding("above the baseline", f"{message} {why}", changes)


def _without_superposition(config: Config) -> str:
    task = config.definition
    served, left_over = divmod(config.n_neurons, task.neurons)
    if served >= config.n_features:
        return f"{task.neurons_in_words} for each feature"
    groups: list[str] = []
    if served:
        which = f"each of the {served} most important features"
        groups.append(
            f"{task.neurons_in_words} for {which if served > 1 else 'the most important feature'}"
        )
    if left_over:
        groups.append(f"one for the {'next' if served else 'most important'} feature")
    return " and ".join(groups)


def _sound(model: Model, restart: int) -> Finding:
    config, loss = model.config, float(model.losses[restart])
    p, baseline, task = config.feature_probability, no_superposition_loss(config), config.definition
    start = "Nothing is wrong:"
    if baseline == 0:
        own = task.neurons_in_words
        return _finding(
            "sound", f"{start} every feature has its {own}, and the loss is {loss:.2g}."
        )
    if loss <= _NEGLIGIBLE and baseline <= _NEGLIGIBLE:
        return _finding("sound", f"{start} the loss is {loss:.2g}, next to nothing.")
    gain = baseline / loss
    message = f"{start} the superposition gain is {gain:.2f}"
    if gain > _CLEARLY_ABOVE:
        message += (
            ". The model computes more than it has neurons for: its loss is"
            f" {loss:.3g}, without superposition it would be {baseline:.3g}."
        )
        served = min(config.n_neurons, config.n_features)
        dead = int(dead_outputs(config, model.restarts[restart])[:served].sum())
        if dead:
            message += (
                f" Of the {served} most important outputs, {dead} always answer 0, which costs"
                " little here."
            )
        return _finding("sound", message)
    message += ", as good as a model without superposition can be"
    if p >= _DENSE:
        message += f". At density {p:g} features are too dense for superposition to gain much."
        return _finding("sound", message)
    why, changes = _improvement(config, model.recipe)
    message += f". At density {p:g} there may be more to gain. {why}"
    return _finding("sound", message, changes)


def _finding(kind: Kind, message: str, changes: Changes | None = None) -> Finding:
    changes = changes or {}
    return Finding(kind=kind, message=message, changes=changes, action=_action(changes))


def _action(changes: Changes) -> str:
    if not changes:
        return ""
    if len(changes) > _MAX_NAMED:
        return f"Take {len(changes)} settings from the standard recipe"
    words = (
        f"{_title(n)} to {v:,}" if isinstance(v, int) else f"{_title(n)} to {v}"
        for n, v in changes.items()
    )
    return "Set " + ", ".join(words)


def _title(name: str) -> str:
    # What the pages call a field of the recipe.
    return str(Recipe.model_fields[name].title)


def _more_slope(
    config: Config, recipe: Recipe, *, share: float = 1.0, until: float | None = None
) -> Changes:
    # The standard slope of outputs below zero, where it and its duration, multiplied, are less
    # than this share of the standard ones. The duration is chosen unless given.
    standard = RECIPES["standard"].replace(slope_until=until).resolve(config)
    own = recipe.resolve(config)
    good = standard.slope * (standard.slope_until or 0.0)
    if own.slope * (own.slope_until or 0.0) >= share * good:
        return {}
    return _standard_values(standard, own, "slope", "slope_until")


def _standard_values(standard: Recipe, own: Recipe, *names: str) -> Changes:
    # Those of the fields that differ.
    values = {name: getattr(standard, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(own, name)}


def _with_rate(config: Config, recipe: Recipe, changes: Changes) -> Changes:
    # A learning rate that was chosen is chosen anew where what it depends on changes.
    def chosen(recipe: Recipe) -> float | None:
        return recipe.replace(learning_rate=None).resolve(config).learning_rate

    before, after = chosen(recipe), chosen(recipe.replace(**changes))
    if recipe.resolve(config).learning_rate != before or after == before:
        return changes
    return changes | {"learning_rate": after}


def _improvement(config: Config, recipe: Recipe) -> tuple[str, Changes]:
    # What would improve a training that went well on the whole: the reason and the changes.
    unlike = _unlike_standard(config, recipe)
    more: Changes = {"restarts": _MANY_RESTARTS} if recipe.restarts < _MANY_RESTARTS else {}
    if unlike:
        why = f"Its recipe is far from those that train well, in {', '.join(map(_title, unlike))}."
        changes = _with_rate(config, recipe, unlike)
        if len(unlike) > _FEW or not more:
            return why, changes
        return f"{why} {_LUCK}", changes | more  # a few settings may not have been the cause
    if more:
        return _LUCK, more
    thorough = RECIPES["thorough"].steps
    if recipe.steps < thorough:
        changes = _with_rate(config, recipe, {"steps": thorough})
        how = " at a lower learning rate" if "learning_rate" in changes else ""
        return f"Longer training{how} finds better arrangements of neurons.", changes
    if recipe.restarts < _MAX_RESTARTS:
        return "More restarts may find a better arrangement of neurons.", {
            "restarts": min(2 * recipe.restarts, _MAX_RESTARTS)
        }
    return "Another seed may find a better arrangement of neurons.", {}


def _unlike_standard(config: Config, recipe: Recipe) -> Changes:
    # The standard recipe's values of the fields in which this one is far from it. The more steps,
    # the lower the learning rate that trains well.
    standard, recipe = RECIPES["standard"], recipe.resolve(config)
    few_steps = recipe.steps < standard.steps / _FACTOR
    steps = standard.steps if few_steps else recipe.steps
    standard = standard.replace(steps=steps).resolve(config)
    unlike = _standard_values(standard, recipe, "schedule", "init", "sampler")
    numbers = ["learning_rate", "warmup", "init_scale", "beta1", "beta2", "curriculum"]
    if recipe.trained_features(config) != standard.trained_features(config):
        numbers.append("min_importance")
    for name in numbers:
        given, good = getattr(recipe, name), getattr(standard, name)
        if name.startswith("beta"):  # how many steps Adam's average spans is 1 / (1 - beta)
            given, good = 1 - given, 1 - good
        if not good / _FACTOR <= given <= good * _FACTOR:
            unlike[name] = getattr(standard, name)
    unlike |= _more_slope(config, recipe, share=1 / _FACTOR)
    if few_steps:
        unlike["steps"] = steps
    if recipe.batch_size < standard.batch_size / _FACTOR:
        unlike["batch_size"] = standard.batch_size
    return {} if unlike.keys() <= _HARMLESS else unlike
