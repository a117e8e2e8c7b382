"""Grids: what a file may say, which models it means, and how they are put into shards."""

import codecs
import json
from pathlib import Path

import pytest

from toymodel.config import Config
from toymodel.recipe import RECIPES
from toymodel.settings import SettingError
from toymodel.sweeps.grid import Grid, grid_of, read_grid, shards


def test_a_file_means_every_combination_with_every_seed(tmp_path: Path):
    path = tmp_path / "small.toml"
    path.write_text(
        """
        seeds = 2
        recipe = "quick"
        [config]
        n_features = 6
        n_neurons = [8, 10]
        feature_probability = { from = 1, to = 0.01, count = 3, scale = "log" }
        [set]
        restarts = 4
        """
    )
    grid = read_grid(path)
    assert grid.name == "small"
    assert grid.recipe == RECIPES["quick"].replace(restarts=4)
    assert len(grid.configs) == 2 * 3 * 2
    assert grid.configs[0] == Config(n_features=6, n_neurons=8)
    assert grid.configs[1].seed == 1
    assert {c.feature_probability for c in grid.configs} == {1.0, 0.1, 0.01}
    assert grid.swept == ("n_neurons", "feature_probability", "seed")
    for word in ("n_neurons × 2", "feature_probability × 3", "seed × 2", "restarts = 4"):
        assert word in grid.words


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"from": 0.2, "to": 1, "count": 5}, (0.2, 0.4, 0.6, 0.8, 1.0)),
        ({"from": 1, "to": 0.001, "count": 4, "scale": "log"}, (1.0, 0.1, 0.01, 0.001)),
        ([0.5, 0.25], (0.5, 0.25)),
        (0.3, (0.3,)),
    ],
)
def test_values_are_one_or_a_list_or_a_range(values, expected):
    grid = grid_of("g", {"config": {"feature_probability": values}})
    assert grid.axes == (("feature_probability", expected),)
    whole = grid_of("g", {"config": {"n_neurons": {"from": 2, "to": 5, "count": 9}}})
    assert whole.axes[0][1] == (2, 3, 4, 5)
    assert grid_of("none", {}).configs == (Config(),)


@pytest.mark.parametrize(
    ("about", "named"),
    [
        ({"colour": 3}, "colour"),
        ({"config": 3}, "config"),
        ({"set": []}, "set"),
        ({"recipe": "best"}, "recipe"),
        ({"set": {"step": 4}}, "step"),
        ({"set": {"steps": 0}}, "steps"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": True}, "seeds"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"seeds": []}, "seeds"),
        ({"seeds": ["a"]}, "seeds"),
        ({"seeds": [-1]}, "seed"),
        ({"config": {"seed": 3}}, "seed"),
        ({"config": {"neurons": 3}}, "neurons"),
        ({"config": {"n_neurons": 0}}, "n_neurons"),
        ({"config": {"n_neurons": []}}, "n_neurons"),
        ({"config": {"n_neurons": [3, 3]}}, "n_neurons"),
        ({"config": {"n_neurons": [True]}}, "n_neurons"),
        ({"config": {"feature_probability": [1, 1.0, 0.1]}}, r"feature_probability.*different"),
        ({"config": {"feature_probability": [0.5, 2]}}, "feature_probability"),
        ({"config": {"n_neurons": {"from": 0, "to": 1, "count": 3, "scale": "log"}}}, "n_neurons"),
        ({"config": {"feature_probability": {"from": 0.1, "to": 1}}}, "feature_probability"),
        ({"config": {"feature_probability": {"from": 0.1, "to": 1, "count": 1}}}, "count"),
        ({"config": {"feature_probability": {"from": 0.1, "to": 1, "count": 3, "by": 2}}}, "by"),
        ({"config": {"feature_probability": {"from": "a", "to": 1, "count": 3}}}, "from"),
        ({"config": {"hidden_bias": 1}}, "hidden_bias"),
        ({"config": {"n_features": {"from": 1, "to": 2000, "count": 2000}}, "seeds": 99}, "models"),
    ],
)
def test_what_a_file_may_not_say_is_refused_by_name(about, named: str):
    with pytest.raises(SettingError, match=named):
        grid_of("g", about)


@pytest.mark.parametrize("text", ["seeds = ", "\x00", "[config\nn = 3"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=r"odd\.toml.*TOML"):
        read_grid(path)


GRID_TEXT = "# ein Raster für später\r\nseeds = 2\r\n[config]\r\nn_neurons = [3, 4]\r\n"


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, mark: bytes, end: str):
    path = tmp_path / "marked.toml"
    path.write_bytes(mark + GRID_TEXT.replace("\r\n", end).encode())
    about = {"seeds": 2, "config": {"n_neurons": [3, 4]}}
    assert read_grid(path) == grid_of("marked", about)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_encodings_are_refused_by_name(tmp_path: Path, encoding: str):
    path = tmp_path / "wide.toml"
    path.write_bytes(GRID_TEXT.encode(encoding))
    name = encoding[:6].upper()
    with pytest.raises(SettingError, match=rf'wide\.toml = "{name}": must be .* in UTF-8'):
        read_grid(path)
    path.write_bytes(GRID_TEXT.encode("latin-1"))
    with pytest.raises(SettingError, match=r"wide\.toml = .*must be a TOML file in UTF-8"):
        read_grid(path)


def test_a_grid_is_written_and_read():
    grid = grid_of("g", {"config": {"task": ["abs", "identity"], "n_features": 5}, "seeds": [4, 2]})
    again = Grid.from_json(grid.to_json())
    assert again == grid and again.configs == grid.configs


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"name": "g", "axes": 3})])
def test_what_is_not_a_grid_is_refused(text: str):
    with pytest.raises(ValueError):
        Grid.from_json(text)


def test_keys_tell_grids_apart_by_what_they_mean():
    about = {"config": {"n_neurons": [3, 4]}}
    key = grid_of("g", about).key
    assert grid_of("other", about).key == key
    others = (about | {"seeds": 2}, about | {"recipe": "quick"}, {"config": {"n_neurons": 3}})
    assert len({key, *(grid_of("g", other).key for other in others)}) == 4


@pytest.mark.parametrize(
    ("field", "values", "same"),
    [
        ("feature_probability", [1, 0.1], [1.0, 0.1]),
        ("importance_decay", 1, 1.0),
        ("feature_probability", {"from": 1, "to": 1, "count": 2}, [1]),
    ],
)
def test_equal_values_are_one_grid(field: str, values: object, same: object):
    grid, other = (grid_of("g", {"config": {field: each}}) for each in (values, same))
    assert (grid, grid.key, grid.to_json()) == (other, other.key, other.to_json())


def test_shards_hold_each_config_once_and_shapes_apart():
    about = {"config": {"n_features": 6, "n_neurons": [4, 8]}, "seeds": 3_000, "recipe": "quick"}
    grid = grid_of("g", about)
    found = list(shards(grid.configs, grid.recipe))
    assert [config for shard in found for config in shard] == sorted(
        grid.configs, key=lambda config: config.n_neurons
    )
    assert all(len({config.n_neurons for config in shard}) == 1 for shard in found)
    assert len(found) > 2
    large = [Config(n_features=2_000, n_neurons=2_000, seed=seed) for seed in range(3)]
    assert [len(shard) for shard in shards(large, RECIPES["thorough"])] == [1, 1, 1]


def test_a_grid_has_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("toymodel.sweeps.grid.MAX_MODELS", 50)
    fits = {"config": {"n_neurons": list(range(1, 11))}, "seeds": 5}
    assert len(grid_of("g", fits).configs) == 50
    with pytest.raises(SettingError, match="models = 60: must be 50 at most in one grid"):
        grid_of("g", fits | {"seeds": 6})
