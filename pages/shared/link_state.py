"""A page's state: checked settings that are written into the page's link and read from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self, get_args, get_origin

from pydantic.fields import FieldInfo

from toymodel.settings import SettingError, Settings, plain_type
from toymodel.text import number

VERSION = "1"
EMPTY = "none"
"""How an empty list stands in a link."""

Link = Mapping[str, list[str]]
"""The parameters of a link, each with every value that it was given."""

_MAX_SHOWN = 40


def each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Validate a list of which each value may be there once.

    Raises:
        ValueError: if one is there twice.
    """
    if len(set(values)) < len(values):
        raise ValueError
    return values


class Parameter(NamedTuple):
    """A parameter of a link.

    Attributes:
        path: the fields that lead from the state to the setting that the parameter carries.
        info: the declaration of that setting.
    """

    path: tuple[str, ...]
    info: FieldInfo


class LinkState(Settings):
    """A page's state. Everything that the page shows follows from it, and all of it is in a link.

    A field with an alias is a parameter of that name. A field that is a group of settings, such as
    a `Config`, gives a parameter for each of its fields with an alias. Of two parameters with one
    name the later one counts.
    """

    not_in_link: ClassVar[frozenset[str]] = frozenset()
    """Parameters of a group that this page does not have."""

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """Every parameter by name, in the order in which they are read and written."""
        found = {name: Parameter(path, info) for path, info, name in _walk(cls)}
        return {name: found[name] for name in found if name not in cls.not_in_link}

    def value(self, name: str) -> Any:
        """The setting that a parameter carries."""
        value: Any = self
        for field in self.parameters()[name].path:
            value = getattr(value, field)
        return value

    def changed(self, **values: object) -> Self:
        """This state with some settings changed, named by their parameters.

        Raises:
            SettingError: for a value that is not allowed.
        """
        state = self
        for name, value in values.items():
            state = state.with_value(name, value)
        return state.consistent()

    def with_value(self, name: str, value: object) -> Self:
        """This state with one setting changed, and with those that depend on it reset.

        Raises:
            SettingError: for a value that is not allowed.
        """
        field, *rest = self.parameters()[name].path
        if not rest:
            return self.replace(**{field: value})
        group = getattr(self, field)
        if isinstance(group, LinkState):
            return self.replace(**{field: group.with_value(name, value)})
        return self.replace(**{field: group.replace(**{rest[0]: value})})

    def impossible(self) -> dict[str, str]:
        """Settings that are allowed but do not fit the others, such as a neuron beyond the last.

        Returns:
            By parameter, what is wrong with it, in words.
        """
        return {}

    def consistent(self) -> Self:
        """This state without what is impossible."""
        return self

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters as text; settings that are None are left out."""
        written = _written(self)
        return {"v": VERSION} | {n: written[n] for n in self.parameters() if n in written}

    @classmethod
    def from_link(cls, link: Link) -> tuple[Self, list[str]]:
        """The state that a link means, and what is wrong with the link, in words.

        A setting that the link does not have, or has wrong, is as in a new state.
        """
        return cls().with_link(link)

    def with_link(self, link: Link) -> tuple[Self, list[str]]:
        """This state with the settings of a link, and what is wrong with the link, in words."""
        state, problems = self, list[str]()
        known = self.parameters()
        if link.get("v", [VERSION]) != [VERSION]:
            problems.append(f"v = {_shown(link['v'])}: this page reads links of version {VERSION}")
        for name in sorted(link.keys() & known.keys(), key=list(known).index):
            if len(link[name]) != 1:
                problems.append(f"{name}: given {len(link[name])} times, once is allowed")
                continue
            try:
                state = state.with_value(name, read(link[name][0], known[name].info))
            except SettingError as error:
                given = _shown(link[name])
                problems += [f"{name} = {given}: must be {p.allowed}" for p in error.problems]
        unknown = [name for name in link if name not in known and name != "v"]
        problems += [f"{_shown([name])} is not a setting of this page" for name in unknown]
        problems += [text for name, text in state.impossible().items() if name in link]
        return state.consistent(), problems


def _walk(
    owner: type[Settings], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo, str]]:
    for field, info in owner.model_fields.items():
        if info.alias:
            yield (*path, field), info, info.alias
        elif _is_group(info):
            yield from _walk(plain_type(info), (*path, field))


def _is_group(info: FieldInfo) -> bool:
    return isinstance(info.annotation, type) and issubclass(info.annotation, Settings)


def _written(settings: Settings) -> dict[str, str]:
    written: dict[str, str] = {}
    for field, info in type(settings).model_fields.items():
        value = getattr(settings, field)
        if info.alias and value is not None:
            written[info.alias] = write(value)
        elif isinstance(value, LinkState) and _is_group(info):
            written |= value.link
        elif isinstance(value, Settings) and _is_group(info):
            written |= _written(value)
    return written


def write(value: object) -> str:
    """A setting as it stands in a link: True is "yes", (1, 2) is "1,2", ((3, 0.5),) is "3:0.5"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        items = (":".join(map(write, v)) if isinstance(v, tuple) else write(v) for v in value)
        return ",".join(items) or EMPTY
    return str(value)


def read(text: str, info: FieldInfo) -> object:
    """The setting that a text stands for; the text itself, which no setting is, where it is none.

    Args:
        text: as `write` gives it.
        info: the declaration of the setting, whose type says how to read the text.
    """
    return _read(text, plain_type(info))


def _read(text: str, kind: Any) -> object:
    if kind is bool:
        return {"yes": True, "no": False}.get(text, text)
    try:
        if kind in (int, float):
            # Python's own parsers take "1_000", " 1" and digits of other scripts.
            plain = text.isascii() and "_" not in text and text == text.strip()
            return kind(text) if plain else text
        if get_origin(kind) is tuple:
            return () if text == EMPTY else tuple(_items(text, get_args(kind)[0]))
    except ValueError:
        pass
    return text


def _items(text: str, kind: Any) -> list[object]:
    items: list[object] = []
    for part in text.split(","):
        if get_origin(kind) is tuple:
            pair = tuple(map(_read, part.split(":"), get_args(kind)))
            items.append(pair if part.count(":") == len(get_args(kind)) - 1 else part)
        else:
            items.append(_read(part.strip(), kind))
    return items


def _shown(values: list[str]) -> str:
    text = ", ".join(values)
    return repr(text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "...")
