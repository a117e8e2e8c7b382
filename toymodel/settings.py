"""Validated settings: frozen, keyword-only, with errors that say what is allowed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from types import UnionType
from typing import Any, Literal, NamedTuple, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.fields import FieldInfo

from toymodel.text import one_line

_MAX_SHOWN = 60  # characters of a field's name and of its value


class Allowed(NamedTuple):
    """What a field may be, in words, where its type and its bounds do not say it all."""

    words: str


class Problem(NamedTuple):
    """One refused field: its name, the value given, and what is allowed instead."""

    field: str
    value: object
    allowed: str

    def __str__(self) -> str:
        shown = json.dumps(self.value) if isinstance(self.value, str) else repr(self.value)
        field, shown = one_line(self.field, _MAX_SHOWN), one_line(shown, _MAX_SHOWN)
        return f"{field} = {shown}: must be {self.allowed}"


class SettingError(ValueError):
    """Some settings are not allowed.

    Attributes:
        problems: one for each refused field: its name, its value, and what is allowed.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))

    def __reduce__(self) -> tuple[type[SettingError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def require_whole(name: str, value: int, low: int, high: int) -> None:
    """Check a number that is not a field of settings.

    Raises:
        SettingError: unless low <= value <= high.
    """
    if not low <= value <= high:
        raise SettingError((Problem(name, value, whole_words(low, high)),))


def whole_words(low: int, high: int) -> str:
    """What a whole number may be, in words: "a whole number from 1 to 2,000", or "0"."""
    return f"a whole number from {low:,} to {high:,}" if low < high else f"{low:,}"


class Settings(BaseModel):
    """Base of all settings: frozen, unknown fields forbidden, numbers taken strictly.

    A field says once what it is: its `title` is its label on a page, its `description` is what it
    does in a sentence or two, and its `alias` is its short name in links and in the shell. Only
    the field's own name is accepted by the constructor.

    Raises:
        SettingError: for an unknown field or a value that is not allowed. It names the field, the
            value and what is allowed.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=False,
    )

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise SettingError(_problems(type(self), error)) from None

    @field_validator("*", mode="before")
    @classmethod
    def _accept_numpy_numbers(cls, value: object) -> object:
        # A loop over np.arange or np.logspace hands over numpy's own number types.
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, Integral):
            return int(value)
        return float(value) if isinstance(value, Real) else value

    @classmethod
    def from_mapping(cls, fields: Mapping[str, Any]) -> Self:
        """The settings in a parsed JSON object.

        Raises:
            SettingError: as the constructor does.
        """
        return cls(**fields)

    @classmethod
    def allowed(cls, field: str) -> str:
        """What `field` may be, in words: "a whole number from 1 to 2,000"."""
        return allowed_words(cls.model_fields[field])

    @classmethod
    def bounds(cls, field: str) -> tuple[Any, Any]:
        """The ends of a field's range, whether or not the ends themselves are allowed."""
        return bounds(cls.model_fields[field])

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new one."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**(fields | changes))

    def canonical(self) -> str:
        """JSON of the fields that differ from their defaults, with sorted keys.

        The keys of stored models are made of it. So a field that is added later leaves them as
        they are, if its default is what was done before.
        """
        fields = self.model_dump(exclude_defaults=True)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def plain_type(field: FieldInfo) -> Any:
    """The type of a field without "or None"."""
    if get_origin(field.annotation) not in (Union, UnionType):
        return field.annotation
    return next(kind for kind in get_args(field.annotation) if kind is not type(None))


def bounds(field: FieldInfo) -> tuple[Any, Any]:
    """The ends of a field's range, whether or not the ends themselves are allowed."""
    limits = _limits(field)
    return limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))


def _problems(owner: type[Settings], error: ValidationError) -> tuple[Problem, ...]:
    known = owner.model_fields
    found: dict[str, Problem] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else owner.__name__
        if name in known:
            allowed = allowed_words(known[name])
        else:
            allowed = f"one of the fields of {owner.__name__}: {', '.join(known)}"
        found.setdefault(name, Problem(name, item["input"], allowed))
    return tuple(found.values())


def allowed_words(field: FieldInfo) -> str:
    """What a field may be, in words, from its type and its bounds."""
    for item in field.metadata:
        if isinstance(item, Allowed):
            return item.words
    if plain_type(field) is bool:
        return "true or false"
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(field.annotation))
    limits = _limits(field)
    if plain_type(field) is int:
        return whole_words(limits["ge"], limits["le"])
    low = f"from {limits['ge']:g}" if "ge" in limits else f"above {limits['gt']:g}"
    if "lt" in limits:
        return f"a number {low} and below {limits['lt']:g}"
    high = limits.get("le", math.inf)
    return f"a number {low} {'to' if 'ge' in limits else 'and at most'} {high:g}"


def _limits(field: FieldInfo) -> dict[str, Any]:
    return {
        name: getattr(item, name)
        for item in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(item, name, None) is not None
    }
