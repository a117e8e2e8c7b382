"""A sweep over any settings, from a file: which models it trains, and in which shards."""

from __future__ import annotations

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

from toymodel.config import RECIPES, Config, Recipe, nearest_preset, recipe_name
from toymodel.settings import Problem, SettingError
from toymodel.training.memory import training_megabytes

MOST_MODELS = 100_000
_MOST_VALUES = 10_000
_MOST_SEEDS = 10_000
_SHARD_WORK = 2e12  # multiplications: some tens of seconds of two cores
_SHARD_MODELS = 2_048
_SHARD_MEGABYTES = 1_000
_SCALES = ("linear", "log")
_RANGE = '{ from = ..., to = ..., count = ..., scale = "linear" or "log" }'
_SWEPT = tuple(name for name in Config.model_fields if name != "seed")


@dataclass(frozen=True)
class Grid:
    """Every combination of some values of the fields of a config, with every seed.

    name: what the file is called. axes: the values of each field that the file names, in its
    order. seeds: of every combination. recipe: of all.
    """

    name: str
    axes: tuple[tuple[str, tuple[Any, ...]], ...]
    seeds: tuple[int, ...]
    recipe: Recipe

    @cached_property
    def configs(self) -> tuple[Config, ...]:
        """What is trained, the last axis and the seeds changing fastest."""
        names = [name for name, _ in self.axes]
        return tuple(
            Config.from_mapping(dict(zip(names, values, strict=True)) | {"seed": seed})
            for values in itertools.product(*(values for _, values in self.axes))
            for seed in self.seeds
        )

    @property
    def swept(self) -> tuple[str, ...]:
        """The fields that have several values, the seed among them."""
        several = [name for name, values in self.axes if len(values) > 1]
        return (*several, *(["seed"] if len(self.seeds) > 1 else []))

    @property
    def key(self) -> str:
        """What tells it from other grids: 16 hexadecimal digits, the name not counted."""
        text = json.dumps([self.axes, self.seeds, self.recipe.canonical()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def words(self) -> str:
        """What it is, in a line: "feature_probability x 7, seed x 8, standard"."""
        sizes = {name: len(values) for name, values in self.axes} | {"seed": len(self.seeds)}
        several = [f"{name} × {sizes[name]}" for name in self.swept]
        return ", ".join([*several, recipe_name(self.recipe)])

    def to_json(self) -> str:
        """What `from_json` reads."""
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
        """The grid that `to_json` wrote; raises `ValueError` for anything else."""
        about = json.loads(text)
        try:
            axes = tuple((str(name), tuple(values)) for name, values in about["axes"])
            grid = cls(
                name=str(about["name"]),
                axes=axes,
                seeds=tuple(about["seeds"]),
                recipe=Recipe.from_mapping(about["recipe"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a grid: {error}") from None
        return grid


def read_grid(path: Path) -> Grid:
    """The grid of a TOML file; raises `SettingError` for what it may not say, `OSError`.

    A file has a table `config`, in which each field of `Config` but the seed is a value, a list of
    values, or a range {from, to, count, scale}; and, outside of it, `seeds`, a number of seeds from
    0 on or a list of them, `recipe`, a preset, and a table `set` with changes to it.
    """
    try:
        about = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(path.name, str(error), "a TOML file") from None
    return grid_of(path.stem, about)


def grid_of(name: str, about: Mapping[str, Any]) -> Grid:
    """The grid of a parsed file; raises `SettingError` as `read_grid` does."""
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
    if count > MOST_MODELS:
        raise _refused("models", count, f"{MOST_MODELS:,} at most in one grid")
    if not grid.configs:  # made here, so that what a config refuses is said at once
        raise _refused("config", fields, "at least one value of each field")
    return grid


def _refused(field: str, value: object, allowed: str) -> SettingError:
    return SettingError((Problem(field, value, allowed),))


def _seeds(value: object) -> tuple[int, ...]:
    allowed = f"a number of seeds from 1 to {_MOST_SEEDS:,}, or a list of different seeds"
    if type(value) is int and 1 <= value <= _MOST_SEEDS:
        return tuple(range(value))
    listed = value if isinstance(value, list) else []
    whole = all(type(seed) is int for seed in listed)
    if whole and 1 <= len(set(listed)) == len(listed) <= _MOST_SEEDS:
        return tuple(listed)
    raise _refused("seeds", value, allowed)


def _values(field: str, value: object) -> tuple[Any, ...]:
    if field not in _SWEPT:
        raise _refused(field, value, f"one of {', '.join(_SWEPT)} (seeds stand outside of config)")
    if isinstance(value, dict):
        found = _range(field, value)
    else:
        found = tuple(value) if isinstance(value, list) else (value,)
    if not 1 <= len(found) <= _MOST_VALUES or len(set(map(repr, found))) < len(found):
        raise _refused(field, value, f"1 to {_MOST_VALUES:,} different values, or {_RANGE}")
    return found


def _range(field: str, about: Mapping[str, Any]) -> tuple[Any, ...]:
    scale, count = about.get("scale", "linear"), about.get("count")
    low, high = (_end(about.get(name)) for name in ("from", "to"))
    sound = (
        set(about) <= {"from", "to", "count", "scale"}
        and math.isfinite(low)
        and math.isfinite(high)
        and type(count) is int
        and 2 <= count <= _MOST_VALUES
        and scale in _SCALES
    )
    if not sound or (scale == "log" and min(low, high) <= 0):
        raise _refused(field, dict(about), f"{_RANGE}, on a log scale with ends above 0")
    number = int(count or 0)
    places = np.geomspace(low, high, number) if scale == "log" else np.linspace(low, high, number)
    if Config.model_fields[field].annotation is int:
        return tuple(dict.fromkeys(round(place) for place in places.tolist()))
    return tuple(dict.fromkeys(float(f"{place:.4g}") for place in places.tolist()))


def _end(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def shards(configs: Sequence[Config], recipe: Recipe) -> Iterator[tuple[Config, ...]]:
    """Configs that are trained together: of one shape, and not more than is soon done.

    One at least, whatever it takes.
    """
    alike: dict[tuple[str, bool, int, int], list[Config]] = defaultdict(list)
    for config in configs:
        kind = config.task, config.hidden_bias, config.n_features, config.n_neurons
        alike[kind].append(config)
    for members in alike.values():
        first = members[0]
        each = 5 * recipe.total_steps * recipe.batch_size * recipe.restarts
        work = each * (first.n_features * first.n_neurons + 20 * first.n_features)
        megabytes = training_megabytes([first], recipe)
        size = int(min(_SHARD_MODELS, _SHARD_WORK / work, _SHARD_MEGABYTES / megabytes))
        for start in range(0, len(members), max(1, size)):
            yield tuple(members[start : start + max(1, size)])
