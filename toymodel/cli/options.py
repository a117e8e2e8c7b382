"""Options that several commands share. Those for fields of settings are generated from them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe, require_trained
from toymodel.settings import allowed_words, plain_type
from toymodel.task import TASKS
from toymodel.training.devices import DEVICES

_Command = Callable[..., Any]
_DENSITY = "feature_probability"
_DENSITY_OPTION = "--feature-probability"
_HELP_WIDTH = 78
_NAME_WIDTH = 16


def model_options(command: _Command) -> _Command:
    """Add what says which model: the fields of a `Config` but the density, and the recipe."""
    fields = {name: field for name, field in Config.model_fields.items() if name != _DENSITY}
    options = [
        *(_field_option(name, field) for name, field in fields.items()),
        click.option(
            "--recipe",
            "-r",
            "preset",
            type=click.Choice(list(RECIPES)),
            default="standard",
            show_default=True,
            help="How to train: a preset.",
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


def _field_option(name: str, field: FieldInfo) -> Callable[[_Command], _Command]:
    """The option for a field; the short name of a number is the first letter of its alias."""
    option, kind = "--" + name.replace("_", "-"), plain_type(field)
    if kind is bool:
        return click.option(option, is_flag=True, default=field.default, help=_words(field))
    if get_origin(kind) is Literal:
        names, words = [option], field.description
        if name == "task":
            words = (
                f"{words} {', '.join(f'{each}: {task.symbol}' for each, task in TASKS.items())}."
            )
        kind = click.Choice(get_args(kind))
    else:
        names, words = [option, f"-{(field.alias or name)[0]}"], _words(field)
        kind = _WholeNumber() if kind is int else kind
    return click.option(
        *names, name, type=kind, default=field.default, show_default=True, help=words
    )


class _WholeNumber(click.ParamType):
    """A whole number, in any way of writing it: 1000, 1e3."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number = _whole(value) if isinstance(value, str) else value
        if not isinstance(number, int):
            self.fail(f"{value!r} is not a whole number", param, ctx)
        return number


class _OneNumber(click.types.FloatParamType):
    """A number where other commands take several."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if "," in str(value):
            self.fail(f"{value!r} is several numbers, and this command takes one", param, ctx)
        return super().convert(value, param, ctx)


def _words(field: FieldInfo) -> str:
    """What a field does, and what is allowed."""
    allowed = allowed_words(field)
    return f"{field.description} {allowed[0].upper()}{allowed[1:]}."


def density_option(command: _Command) -> _Command:
    """Add the density of a command about one model."""
    field = Config.model_fields[_DENSITY]
    return click.option(
        _DENSITY_OPTION,
        "-p",
        _DENSITY,
        type=_OneNumber(),
        default=field.default,
        show_default=True,
        help=f"1 - S. {_words(field)}",
    )(command)


def densities_option(default: str) -> Callable[[_Command], _Command]:
    """Add the densities of a command about several models, which `densities_of` parses."""
    return click.option(
        _DENSITY_OPTION,
        "-p",
        "densities",
        default=default,
        show_default=True,
        help=f"1 - S, up to 12 with commas. {_words(Config.model_fields[_DENSITY])}",
    )


def device_option(command: _Command) -> _Command:
    """Add the device to train on."""
    return click.option(
        "--device",
        type=click.Choice(DEVICES),
        default="auto",
        show_default=True,
        help="Where to train; auto is CUDA where there is a device.",
    )(command)


def answer_options(command: _Command) -> _Command:
    """Add how a command that trains answers."""
    command = click.option("--quiet", "-q", is_flag=True, help="No progress bar.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def recipe_fields() -> str:
    """The fields of a recipe, for the end of a help text: name, meaning, range and default."""
    lines = ["\b", "Fields of the recipe, for --set; in brackets those of the standard preset:"]
    for name, field in Recipe.model_fields.items():
        if field.description:
            default = "chosen" if field.default is None else field.default
            lines += textwrap.wrap(
                f"{_words(field)} [{default}]",
                _HELP_WIDTH,
                initial_indent=f"  {name:<{_NAME_WIDTH}}",
                subsequent_indent=" " * (_NAME_WIDTH + 2),
            )
    return "\n".join(lines)


def recipe_of(preset: str, changes: Sequence[str]) -> Recipe:
    """The recipe that --recipe and --set ask for.

    Args:
        preset: a name of `RECIPES`.
        changes: each "FIELD=VALUE".

    Raises:
        click.BadParameter: for a change without "=".
        SettingError: for an unknown field, a value that is not allowed, and imported weights.
    """
    fields: dict[str, object] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise click.BadParameter(f"{change!r} is not FIELD=VALUE", param_hint="--set")
        fields[name.strip()] = _parse(value.strip(), name.strip())
    recipe = RECIPES[preset].replace(**fields)
    require_trained(recipe)
    return recipe


def _parse(value: str, name: str) -> object:
    # What is not a number stays text, which the settings refuse with the allowed range.
    field = Recipe.model_fields.get(name)
    kind = plain_type(field) if field else str
    if kind is int:
        return _whole(value)
    try:
        return float(value) if kind is float else value
    except ValueError:
        return value


def _whole(text: str) -> int | str:
    """The whole number that a text is, as "1000" or as "1e3"; another text stays as it is."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else text


def densities_of(text: str) -> list[float]:
    """Parse densities with commas between them.

    Args:
        text: such as "1,0.3,0.1".

    Raises:
        click.BadParameter: for a part that is not a number.
    """
    return [_number(part) for part in text.split(",")]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        words = f"{text.strip()!r} is not a number"
        raise click.BadParameter(words, param_hint=_DENSITY_OPTION) from None


def given_options(context: click.Context) -> set[str]:
    """The names of the parameters that the command line has, not their defaults."""
    given = click.core.ParameterSource.COMMANDLINE
    names = {parameter.name or "" for parameter in context.command.params}
    return {name for name in names if context.get_parameter_source(name) == given}


def refuse_model_options(context: click.Context) -> None:
    """Refuse options that choose a stored model, for a command that was given a file.

    Raises:
        click.UsageError: naming the first such option.
    """
    given = given_options(context) & {*Config.model_fields, "preset", "changes", "densities"}
    for parameter in context.command.params:
        if parameter.name in given:
            raise click.UsageError(
                f"{parameter.opts[0]} and --model cannot go together: the file is one model"
            )
