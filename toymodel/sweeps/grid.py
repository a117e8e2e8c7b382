"""A sweep over any settings, from a TOML file: its models, and how they are put into shards."""

from __future__ import annotations

import codecs
import hashlib
import itertools
import json
import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe, nearest_preset, recipe_name
from toymodel.settings import Problem, SettingError
from toymodel.training.memory import training_megabytes

MAX_MODELS = 100_000
"""Of a grid."""

_MAX_VALUES = 10_000  # of a field
_MAX_SEEDS = 10_000
_MAX_SHARD_WORK = 2e12  # multiplications: some tens of seconds on two cores
_MAX_SHARD_MODELS = 2_048
_MAX_SHARD_MEGABYTES = 1_000
_OTHER_ENCODINGS = {  # by how files begin; UTF-16 may have no mark, but a letter and a zero
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, b"\0\0\0"),
    "UTF-16": (
        codecs.BOM_UTF16_LE,
        codecs.BOM_UTF16_BE,
        b"\0",
        *(bytes((letter, 0)) for letter in range(1, 128)),
    ),
}
_SCALES = ("linear", "log")
_RANGE = '{ from = ..., to = ..., count = ..., scale = "linear" or "log" }'
_SWEPT = tuple(name for name in Config.model_fields if name != "seed")


@dataclass(frozen=True)
class Grid:
    """Every combination of some values of a config's fields, with every seed.

    Attributes:
        name: the name of the file.
        axes: the fields in the order of the file, each with its values.
        seeds: the seeds of every combination.
        recipe: how all models are trained.
    """

    name: str
    axes: tuple[tuple[str, tuple[Any, ...]], ...]
    seeds: tuple[int, ...]
    recipe: Recipe

    @cached_property
    def configs(self) -> tuple[Config, ...]:
        """The configs of all models; seeds change fastest, then the last axis."""
        names = [name for name, _ in self.axes]
        return tuple(
            Config.from_mapping(dict(zip(names, values, strict=True)) | {"seed": seed})
            for values in itertools.product(*(values for _, values in self.axes))
            for seed in self.seeds
        )

    @property
    def swept(self) -> tuple[str, ...]:
        """The fields that have several values; the seed is one of them."""
        several = [name for name, values in self.axes if len(values) > 1]
        return (*several, *(["seed"] if len(self.seeds) > 1 else []))

    @property
    def key(self) -> str:
        """A hash of the models it trains, without its name: 16 hexadecimal digits."""
        text = json.dumps([self.axes, self.seeds, self.recipe.canonical()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def words(self) -> str:
        """A short description: "feature_probability × 7, seed × 8, standard"."""
        sizes = {name: len(values) for name, values in self.axes} | {"seed": len(self.seeds)}
        several = [f"{name} × {sizes[name]}" for name in self.swept]
        return ", ".join([*several, recipe_name(self.recipe)])

    def to_json(self) -> str:
        """Write the grid as JSON, for `from_json`."""
        about = {
            "name": self.name,
            "axes": [[name, list(values)] for name, values in self.axes],
            "seeds": list(self.seeds),
            "preset": nearest_preset(self.recipe),
            "recipe": self.recipe.model_dump(),
        }
        return json.dumps(about, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Grid:
        """Read a grid that `to_json` wrote.

        Raises:
            ValueError: for anything else.
        """
        about = json.loads(text)
        try:
            return cls(
                name=str(about["name"]),
                axes=tuple((str(name), tuple(values)) for name, values in about["axes"]),
                seeds=tuple(about["seeds"]),
                recipe=Recipe.from_mapping(about["recipe"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a grid: {error}") from None


def read_grid(path: Path) -> Grid:
    """Read the grid of a TOML file.

    The table `config` gives each field of `Config`, except the seed, a value, a list of values, or
    a range {from, to, count, scale}. Outside of it stand `seeds`, which is a number of seeds from
    0 on or a list of seeds, `recipe`, the name of a preset, and the table `set`, changes to it.

    Raises:
        SettingError: for a file with wrong content; it names the field.
        OSError: for a file that cannot be read.
    """
    try:
        about = tomllib.loads(_text(path))
    except UnicodeDecodeError as error:
        raise _refused(path.name, str(error), "a TOML file in UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused(path.name, str(error), "a TOML file") from None
    return grid_of(path.stem, about)


def _text(path: Path) -> str:
    # In UTF-8, with or without the mark at the start that some editors write.
    data = path.read_bytes()
    for name, marks in _OTHER_ENCODINGS.items():
        if data.startswith(marks):
            raise _refused(path.name, name, "a TOML file in UTF-8: save it in this encoding")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def grid_of(name: str, about: Mapping[str, Any]) -> Grid:
    """Make the grid of a parsed file.

    Args:
        name: the name of the grid.
        about: the content of the file, as `read_grid` describes it.

    Raises:
        SettingError: for wrong content; it names the field.
    """
    known = ("config", "seeds", "recipe", "set")
    for key in about:
        if key not in known:
            raise _refused(key, about[key], "one of " + ", ".join(known))
    fields, changes = about.get("config", {}), about.get("set", {})
    for key, value in (("config", fields), ("set", changes)):
        if not isinstance(value, dict):
            raise _refused(key, value, f"a table, [{key}]")
    preset = about.get("recipe", "standard")
    if preset not in RECIPES:
        raise _refused("recipe", preset, "one of " + ", ".join(map(repr, RECIPES)))
    grid = Grid(
        name=name,
        axes=tuple((field, _values(field, value)) for field, value in fields.items()),
        seeds=_seeds(about.get("seeds", 1)),
        recipe=RECIPES[preset].replace(**changes),
    )
    count = math.prod(len(values) for _, values in grid.axes) * len(grid.seeds)
    if count > MAX_MODELS:
        raise _refused("models", count, f"{MAX_MODELS:,} at most in one grid")
    if not grid.configs:  # made here, so that a config that is not allowed is reported now
        raise _refused("config", fields, "at least one value of each field")
    return grid


def _refused(field: str, value: object, allowed: str) -> SettingError:
    return SettingError((Problem(field, value, allowed),))


def _seeds(value: object) -> tuple[int, ...]:
    allowed = f"a number of seeds from 1 to {_MAX_SEEDS:,}, or a list of different seeds"
    if type(value) is int and 1 <= value <= _MAX_SEEDS:
        return tuple(range(value))
    listed = value if isinstance(value, list) else []
    whole = all(type(seed) is int for seed in listed)
    if whole and 1 <= len(set(listed)) == len(listed) <= _MAX_SEEDS:
        return tuple(listed)
    raise _refused("seeds", value, allowed)


def _values(field: str, value: object) -> tuple[Any, ...]:
    if field not in _SWEPT:
        raise _refused(
            field, value, f"one of {', '.join(_SWEPT)} (seeds are not given in [config])"
        )
    if isinstance(value, dict):
        values = _range(field, value)
    else:
        values = tuple(value) if isinstance(value, list) else (value,)
    allowed = f"1 to {_MAX_VALUES:,} different values, or {_RANGE}"
    if not 1 <= len(values) <= _MAX_VALUES:
        raise _refused(field, value, allowed)
    # As a config has them: a file may say 1 or 1.0, and means the same models.
    values = tuple(getattr(Config.from_mapping({field: each}), field) for each in values)
    if len(set(values)) < len(values):
        raise _refused(field, value, allowed)
    return values


def _range(field: str, about: Mapping[str, Any]) -> tuple[Any, ...]:
    scale, count = about.get("scale", "linear"), about.get("count")
    low, high = (_end(about.get(name)) for name in ("from", "to"))
    allowed = (
        set(about) <= {"from", "to", "count", "scale"}
        and math.isfinite(low)
        and math.isfinite(high)
        and type(count) is int
        and 2 <= count <= _MAX_VALUES
        and scale in _SCALES
    )
    if not allowed or (scale == "log" and min(low, high) <= 0):
        raise _refused(field, dict(about), f"{_RANGE}, on a log scale with ends above 0")
    number = int(count or 0)
    points = np.geomspace(low, high, number) if scale == "log" else np.linspace(low, high, number)
    if Config.model_fields[field].annotation is int:
        return tuple(dict.fromkeys(round(point) for point in points.tolist()))
    return tuple(dict.fromkeys(float(f"{point:.4g}") for point in points.tolist()))


def _end(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def shape_of(config: Config) -> tuple[str, bool, str, int, int]:
    """What configs must have in common to be trained in one batch."""
    kind = config.task, config.hidden_bias, config.activation
    return *kind, config.n_features, config.n_neurons


def shards(configs: Sequence[Config], recipe: Recipe) -> Iterator[tuple[Config, ...]]:
    """Divide configs into shards, each of which is one training.

    The configs of a shard have one shape, and are no more than can be trained in some tens of
    seconds and in 1,000 MB, but at least one.

    Args:
        configs: what to train.
        recipe: how.
    """
    by_shape: dict[tuple[str, bool, str, int, int], list[Config]] = defaultdict(list)
    for config in configs:
        by_shape[shape_of(config)].append(config)
    for alike in by_shape.values():
        first = alike[0]
        examples = 5 * recipe.total_steps * recipe.batch_size * recipe.restarts
        work = examples * (first.n_features * first.n_neurons + 20 * first.n_features)
        megabytes = training_megabytes([first], recipe)
        size = int(min(_MAX_SHARD_MODELS, _MAX_SHARD_WORK / work, _MAX_SHARD_MEGABYTES / megabytes))
        for start in range(0, len(alike), max(1, size)):
            yield tuple(alike[start : start + max(1, size)])
