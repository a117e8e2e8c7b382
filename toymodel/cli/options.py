"""Options that the shell's commands share, and how their text becomes settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from toymodel.config import RECIPES, Recipe, require_trained
from toymodel.task import TASKS
from toymodel.training.devices import DEVICES

_Command = Callable[..., Any]


def model_options(command: _Command) -> _Command:
    """What says which model: the fields of a `Config` but the density, a preset, its changes."""
    options = [
        click.option(
            "--task",
            type=click.Choice(list(TASKS)),
            default="abs",
            show_default=True,
            help="What each output should be: |x|, or x with tied weights.",
        ),
        click.option("--hidden-bias", is_flag=True, help="Neurons with a bias; identity alone."),
        click.option("--n-features", "-n", default=100, show_default=True, help="Features."),
        click.option("--n-neurons", "-m", default=40, show_default=True, help="Neurons."),
        click.option(
            "--importance-decay",
            "-d",
            default=0.8,
            show_default=True,
            help="Feature i has importance d^i.",
        ),
        click.option("--seed", "-s", default=0, show_default=True, help="Of weights and data."),
        click.option(
            "--recipe",
            "-r",
            "preset",
            type=click.Choice(list(RECIPES)),
            default="standard",
            show_default=True,
            help="How to train.",
        ),
        click.option(
            "--set",
            "changes",
            multiple=True,
            metavar="FIELD=VALUE",
            help="Change a field of the recipe, such as steps=4000 or restarts=8.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def device_option(command: _Command) -> _Command:
    """Where a command trains."""
    return click.option(
        "--device",
        type=click.Choice(DEVICES),
        default="auto",
        show_default=True,
        help="Where to train; auto is CUDA where there is a device.",
    )(command)


def answer_options(command: _Command) -> _Command:
    """How a command that trains answers."""
    command = click.option("--quiet", "-q", is_flag=True, help="No progress bar.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def recipe_of(preset: str, changes: Sequence[str]) -> Recipe:
    """The preset with each "FIELD=VALUE" changed."""
    fields: dict[str, object] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise click.BadParameter(f"{change!r} is not FIELD=VALUE", param_hint="--set")
        fields[name.strip()] = _parse(value.strip(), name.strip())
    recipe = RECIPES[preset].replace(**fields)
    require_trained(recipe)
    return recipe


def numbers(name: str, text: str) -> list[float]:
    """Numbers with commas between them; `name` is what an error calls them."""
    return [_number(name, part) for part in text.split(",")]


def _parse(value: str, name: str) -> object:
    # What does not parse stays text, for the settings to refuse with the range allowed.
    field = Recipe.model_fields.get(name)
    try:
        return field.annotation(value) if field and field.annotation in (int, float) else value
    except ValueError:
        return value


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"{text.strip()!r} is not a number", param_hint=name) from None
