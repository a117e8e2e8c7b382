"""Stored models for the shell's commands that look at them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

from toymodel.config import Config, Recipe
from toymodel.model import Model
from toymodel.storage.store import default_store


def refuse_model_options(context: click.Context) -> None:
    """Refuse options that say which model where a file says it."""
    given = click.core.ParameterSource.COMMANDLINE
    for parameter in context.command.params:
        chooses = parameter.name in {
            *Config.model_fields,
            "preset",
            "changes",
            "densities",
            "density",
        }
        if chooses and context.get_parameter_source(parameter.name or "") == given:
            raise click.UsageError(
                f"{parameter.opts[0]} and --model cannot go together: the file is one model"
            )


def stored_models(
    configs: Sequence[Config], recipe: Recipe, preset: str, changes: Sequence[str]
) -> list[Model]:
    """The stored models of these configs; where one is missing, how to train it is the error."""
    store = default_store()
    found = {config: store.get(config, recipe) for config in configs}
    for note in store.notes:
        click.echo(f"toymodel: {note}", err=True)
    missing = [config for config, model in found.items() if model is None]
    if missing:
        config, which = missing[0], ",".join(short(c.feature_probability) for c in missing)
        sizes = {"-n": config.n_features, "-m": config.n_neurons, "-p": which}
        rest = {"-d": short(config.importance_decay), "-s": config.seed, "-r": preset}
        words = [str(part) for pair in (sizes | rest).items() for part in pair]
        words += ["--task", config.task] * (config.task != "abs")
        words += ["--hidden-bias"] * config.hidden_bias
        words += [word for change in changes for word in ("--set", change)]
        command = "train" if len(missing) == 1 else "sweep"
        raise click.ClickException(
            f"not in the store: n = {config.n_features}, m = {config.n_neurons}, "
            f"1 - S = {which}; train it with: python -m toymodel {command} {shlex.join(words)}"
        )
    return [model for model in found.values() if model]


def short(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
