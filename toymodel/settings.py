"""Validated settings: frozen, keyword-only, and refused in words a person can act on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from types import UnionType
from typing import Any, Literal, NamedTuple, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.fields import FieldInfo


class Problem(NamedTuple):
    """One refused field: its name, the value given, and what is allowed instead."""

    field: str
    value: object
    allowed: str

    def __str__(self) -> str:
        shown = json.dumps(self.value) if isinstance(self.value, str) else repr(self.value)
        if len(shown) > 60:
            shown = shown[:57] + "..."
        return f"{self.field} = {shown}: must be {self.allowed}"


class SettingError(ValueError):
    """Some settings are not allowed; `problems` lists each field, its value and its range."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))

    def __reduce__(self) -> tuple[type[SettingError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def require_whole(name: str, value: int, low: int, high: int) -> None:
    """Raise `SettingError` unless low <= value <= high."""
    if not low <= value <= high:
        raise SettingError((Problem(name, value, f"a whole number from {low:,} to {high:,}"),))


class Settings(BaseModel):
    """Base of all settings: frozen, unknown fields forbidden, numbers taken strictly."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

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
        """The settings in a parsed JSON object; raises `SettingError` as the constructor does."""
        return cls(**fields)

    @classmethod
    def allowed(cls, field: str) -> str:
        """What `field` may be, in words: 'a whole number from 1 to 2,000'."""
        return _allowed(cls.model_fields[field])

    @classmethod
    def bounds(cls, field: str) -> tuple[Any, Any]:
        """The lowest and the highest number that a field's range names, be they allowed or not."""
        limits = _limits(cls.model_fields[field])
        return limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new one."""
        return type(self)(**(self.model_dump() | changes))

    def canonical(self) -> str:
        """JSON of what differs from the defaults, with sorted keys: the text that keys are made of.

        A setting that is added later, whose default is what was done before, leaves it as it is.
        """
        fields = self.model_dump(exclude_defaults=True)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def plain_type(field: FieldInfo) -> object:
    """The field's type without "or None"."""
    types = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    return types[0] if isinstance(field.annotation, UnionType) else field.annotation


def _problems(owner: type[Settings], error: ValidationError) -> tuple[Problem, ...]:
    known = owner.model_fields
    found: dict[str, Problem] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else owner.__name__
        if name in known:
            allowed = _allowed(known[name])
        else:
            allowed = f"one of the fields of {owner.__name__}: {', '.join(known)}"
        found.setdefault(name, Problem(name, item["input"], allowed))
    return tuple(found.values())


def _allowed(field: FieldInfo) -> str:
    if field.description:  # where the bounds alone do not say it
        return field.description
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(field.annotation))
    limits = _limits(field)
    if plain_type(field) is int:
        return f"a whole number from {limits['ge']:,} to {limits['le']:,}"
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
