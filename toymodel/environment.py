"""The environment variables of this program; no other module reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field

from toymodel.settings import Allowed, Problem, SettingError, Settings

_PREFIX = "TOYMODEL_"
_FOLDER = "a folder; it is made where it is missing"

QUEUE = Field(ge=1, le=1_000)
MEMORY_MB = Field(ge=1, le=10**8)
STEPS = Field(ge=1, le=10**8)
LIVE_SECONDS = Field(ge=0, le=600)


class Environment(Settings):
    """What the variables say. A variable that is not set, or is empty, is None here.

    Attributes:
        cache: $TOYMODEL_CACHE, the folder of the store.
        cache_mb: $TOYMODEL_CACHE_MB, the size of the trained models in it, in megabytes.
        processes: $TOYMODEL_PROCESSES, how many share a training.
        max_queue: $TOYMODEL_MAX_QUEUE, trainings of a server that wait or run.
        max_memory_mb: $TOYMODEL_MAX_MEMORY_MB, memory of one of them.
        max_steps: $TOYMODEL_MAX_STEPS, steps of one of them.
        max_live_seconds: $TOYMODEL_MAX_LIVE_SECONDS, seconds of training a minute without a click.
    """

    cache: Annotated[Path | None, Allowed(_FOLDER)] = None
    cache_mb: Annotated[int | None, Field(ge=1, le=10**6)] = None
    processes: Annotated[int | None, Field(ge=1, le=256)] = None
    max_queue: Annotated[int | None, QUEUE] = None
    max_memory_mb: Annotated[int | None, MEMORY_MB] = None
    max_steps: Annotated[int | None, STEPS] = None
    max_live_seconds: Annotated[int | None, LIVE_SECONDS] = None


def read_environment() -> Environment:
    """Read and check all variables.

    Spaces around a value do not count, and an empty value is as none. A folder may begin with
    "~", the home folder.

    Raises:
        SettingError: naming each variable that is wrong, and what it may be.
    """
    given = {name: _value(_PREFIX + name.upper()) for name in Environment.model_fields}
    problems: list[Problem] = []
    found: dict[str, object] = {}
    for name, text in given.items():
        value = None
        if text:
            value = _folder(text) if name == "cache" else _number(text)
        try:
            Environment.from_mapping({name: value})
            found[name] = value
        except SettingError as error:
            allowed = error.problems[0].allowed
            problems.append(Problem(_PREFIX + name.upper(), text, allowed))
    if problems:
        raise SettingError(tuple(problems))
    return Environment.from_mapping(found)


def user_cache() -> Path:
    """The user's folder for caches: $XDG_CACHE_HOME where it is a whole path, or ~/.cache."""
    given = _folder(_value("XDG_CACHE_HOME"))
    if isinstance(given, Path) and given.is_absolute():
        return given
    return Path.home() / ".cache"


def _value(variable: str) -> str:
    return os.environ.get(variable, "").strip()


def _folder(text: str) -> Path | str:
    # Text, which no field for a folder allows, where there is no folder by this name.
    try:
        path = Path(text).expanduser()
        return text if path.exists() and not path.is_dir() else path
    except (OSError, RuntimeError):  # no access, or nobody's home folder
        return text


def _number(text: str) -> int | str:
    # At most 12 digits: Python refuses to read numbers with thousands of them.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else text
