"""A page's state in its link: parsed strictly, written in full, versioned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from toymodel.settings import Problem, SettingError, Settings, plain_type

VERSION = "1"


class Param(NamedTuple):
    """One parameter of a link: which field of which settings it carries."""

    name: str
    owner: type[Settings]
    field: str
    parse: Callable[[str], object] | None = None
    write: Callable[[Any], str] = str


class Parsed(NamedTuple):
    """What a link says: fields by owner, defaults where it says nothing or something wrong."""

    fields: dict[type[Settings], dict[str, object]]
    problems: list[str]


def parse(params: tuple[Param, ...], link: Mapping[str, list[str]]) -> Parsed:
    """Read a link's parameters; each wrong one is a problem in words and leaves its default."""
    fields: dict[type[Settings], dict[str, object]] = {param.owner: {} for param in params}
    problems: list[str] = []
    known = {param.name: param for param in params}
    version = link.get("v", [VERSION])
    if version != [VERSION]:
        problems.append(f"v = {_shown(version)}: this page reads links of version {VERSION}")
    # In the order of the parameters, as what one allows may depend on another of its owner.
    order = {name: place for place, name in enumerate(known)}
    for name in sorted(link, key=lambda name: order.get(name, len(order))):
        values = link[name]
        if name == "v":
            continue
        if name not in known:
            problems.append(f"{_shown([name])} is not a setting of this page")
            continue
        param = known[name]
        if len(values) != 1:
            problems.append(f"{name}: given {len(values)} times, once is allowed")
            continue
        try:
            value = (param.parse or _by_type(param))(values[0])
            param.owner(**(fields[param.owner] | {param.field: value}))
        except SettingError as error:
            problems += [f"{name} = {_shown(values)}: must be {p.allowed}" for p in error.problems]
        else:
            fields[param.owner][param.field] = value
    return Parsed(fields, problems)


def write(params: tuple[Param, ...], state: Mapping[type[Settings], Settings]) -> dict[str, str]:
    """The parameters of the link to a state: all of them, but for those that are None."""
    values = {p.name: (p, getattr(state[p.owner], p.field)) for p in params}
    written = {name: p.write(value) for name, (p, value) in values.items() if value is not None}
    return {"v": VERSION, **written}


def parse_flag(text: str) -> object:
    """True for "yes", False for "no"; anything else as it is, for the settings to refuse."""
    return {"yes": True, "no": False}.get(text, text)


def write_flag(value: bool) -> str:
    """A flag as `parse_flag` reads it."""
    return "yes" if value else "no"


def _by_type(param: Param) -> Callable[[str], object]:
    kind = plain_type(param.owner.model_fields[param.field])

    def convert(text: str) -> object:
        # Python's own parsers take "1_000", " 1" and other digits than 0 to 9.
        plain = text.isascii() and "_" not in text and text == text.strip()
        try:
            return kind(text) if plain and kind in (int, float) else text
        except ValueError:
            return text

    return convert


def _shown(values: list[str]) -> str:
    text = ", ".join(values)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def refused(name: str, value: object, allowed: str) -> SettingError:
    """The error of a parameter whose text cannot even be read."""
    return SettingError((Problem(name, value, allowed),))
