"""Links and files that the version before gave out open as they did then.

`version_before/` holds 62 links with the link that each opened as and what the page said was wrong
with it, and ten files with what was read from them: models that `save` wrote, a training that was
paused on its way, a grid with the file that the store keeps of it, weights, and a diagram. Three
more files are of the first version of the engine, and say so when they are opened.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import numpy as np
import pytest

from pages.identity.state import IdentityState
from pages.motif.state import MotifState
from pages.own.state import OwnState
from pages.phase.state import PhaseState
from pages.real.state import RealState
from pages.shared.explorer.state import ExplorerState
from pages.sweep.state import SweepState
from pages.sweeps.state import SweepsState
from pages.train.state import TrainState
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.motifs import find_motifs
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.jobs.job import job_name, run_job
from toymodel.model import Weights
from toymodel.phase.diagram import load_diagram
from toymodel.recipe import Recipe
from toymodel.storage import imported_weights, weight_file
from toymodel.storage.model_file import OtherEngine, load, model_key, read_settings
from toymodel.storage.store import Store
from toymodel.sweeps.grid import Grid, read_grid

FOLDER = Path(__file__).parent / "version_before"
LINKS = json.loads((FOLDER / "links.json").read_text())
FILES: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text())
STATES = {
    "sweep": SweepState,
    "train": TrainState,
    "neurons": ExplorerState,
    "features": ExplorerState,
    "motif": MotifState,
    "phase": PhaseState,
    "identity": IdentityState,
    "real": RealState,
    "own": OwnState,
    "sweeps": SweepsState,
}


def of_kind(kind: str) -> list[str]:
    return [name for name, file in FILES.items() if file["kind"] == kind]


def sums(weights: Weights) -> dict[str, float]:
    names = ("W1", "W2", "b", "b_hidden")
    return {name: float(np.abs(getattr(weights, name)).sum(dtype=float)) for name in names}


def test_nothing_of_the_list_is_missing():
    assert len(LINKS) >= 60
    assert len(FILES) == 13
    assert {link["page"] for link in LINKS} == STATES.keys()


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link['page']}?{link['link'][:60]}")
def test_a_link_opens_as_before(link: dict[str, Any]):
    given = parse_qs(link["link"], keep_blank_values=True)
    page = STATES[link["page"]]
    state, problems = page.from_link(given)
    before = dict(parse_qsl(link["opens"], keep_blank_values=True))
    added = state.link.keys() - before.keys()
    assert state.link == before | {name: page().link[name] for name in added}
    assert sorted(problems) == sorted(link["problems"])


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link['page']}?{link['link'][:60]}")
def test_what_a_link_opened_as_is_a_link_of_its_own(link: dict[str, Any]):
    opens = parse_qs(link["opens"], keep_blank_values=True)
    state, problems = STATES[link["page"]].from_link(opens)
    assert opens.items() <= {name: [value] for name, value in state.link.items()}.items()
    assert problems == []


def test_a_setting_of_an_older_recipe_is_named_and_the_others_are_read():
    link = next(link for link in LINKS if "linear=0.5" in link["link"])
    state, problems = TrainState.from_link(parse_qs(link["link"]))
    assert problems == ["'linear' is not a setting of this page"]
    assert (state.recipe.steps, state.recipe.sampler, state.recipe.cycles) == (4_000, "iid", 2)
    assert (state.recipe.slope, state.recipe.slope_until) == (0.3, None)


@pytest.mark.parametrize("name", of_kind("model"))
def test_a_model_opens_as_before(name: str):
    before = FILES[name]
    model = load(FOLDER / name)
    assert model.config == Config(**before["config"])
    assert model.recipe == Recipe(**before["recipe"])
    assert model_key(model.config, model.recipe) == before["key"]
    # What a recipe chooses is part of the key: chosen otherwise, stored models are not found.
    assert Recipe(**before["asked"]).resolve(model.config) == model.recipe
    assert model.losses.tolist() == pytest.approx(before["losses"])
    assert len(model.history.step) == before["records"]
    assert sums(model.weights) == pytest.approx(before["sums"])
    assert superposition_gain(model.config, model.loss) == pytest.approx(before["gain"])
    assert len(find_motifs(model.W1, model.W2)) == before["motifs"]
    assert neurons(model.W1).counts == before["counts"]


def test_a_paused_training_goes_on(tmp_path: Path):
    (name,) = of_kind("paused")
    before = FILES[name]
    config, recipe = Config(**before["config"]), Recipe(**before["recipe"])
    store = Store(tmp_path / "cache")
    paused = store.paused(job_name([model_key(config, recipe)]))
    paused.parent.mkdir(parents=True)
    paused.write_bytes((FOLDER / name).read_bytes())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    run_job([config], recipe, store.root, store.max_bytes, scratch)
    model = store.get(config, recipe)
    assert model is not None
    # Another machine may round sums otherwise; the steps from the pause on are few.
    assert model.loss == pytest.approx(before["loss"], rel=0.2)
    assert not paused.exists()


def test_a_grid_means_the_same_models():
    (file,), (stored,) = of_kind("grid"), of_kind("stored grid")
    for name, grid in (
        (file, read_grid(FOLDER / file)),
        (stored, Grid.from_json((FOLDER / stored).read_text())),
    ):
        assert grid.key == FILES[name]["key"]
        assert [model_key(c, grid.recipe) for c in grid.configs] == FILES[name]["models"]


@pytest.mark.parametrize("name", of_kind("weights"))
def test_weights_from_elsewhere_are_read_as_before(name: str):
    arrays = weight_file.read_arrays((FOLDER / name).read_bytes())
    assignment = imported_weights.guess(arrays)
    assert assignment.model_dump() == FILES[name]["assignment"]
    weights = imported_weights.assign(arrays, assignment)
    assert sums(weights) == pytest.approx(FILES[name]["sums"])
    like = Config(feature_probability=0.1, importance_decay=1)
    assert imported_weights.as_model(weights, like).loss == pytest.approx(FILES[name]["loss"])


def test_a_phase_diagram_opens_as_before():
    (name,) = of_kind("diagram")
    diagram = load_diagram(FOLDER / name)
    assert diagram.losses.ravel().tolist() == pytest.approx(FILES[name]["losses"])
    assert diagram.best.ravel().tolist() == FILES[name]["best"]


OTHER_ENGINE = "was trained by engine 1; this version reads models of engine 2: train it again"


def test_a_model_of_an_older_engine_says_what_to_do():
    (name,) = of_kind("model of engine 1")
    for read in (load, read_settings):
        with pytest.raises(OtherEngine, match=f"^{name} {OTHER_ENGINE}$"):
            read(FOLDER / name)


def test_a_diagram_of_an_older_engine_says_what_to_do():
    (name,) = of_kind("diagram of engine 1")
    with pytest.raises(OtherEngine, match=f"^{name} {OTHER_ENGINE}$"):
        load_diagram(FOLDER / name)


def test_a_store_with_files_of_an_older_engine_works_as_without_them(tmp_path: Path):
    (model,), (paused,) = of_kind("model of engine 1"), of_kind("paused by engine 1")
    store = Store(tmp_path)
    store.trained.mkdir(parents=True)
    old = store.trained / f"{FILES[model]['key']}.safetensors"
    old.write_bytes((FOLDER / model).read_bytes())
    old_paused = store.paused(FILES[paused]["name"])
    old_paused.write_bytes((FOLDER / paused).read_bytes())
    new = load(FOLDER / of_kind("model")[0])
    assert store.put(new)
    assert store.contents() == [(new.config, new.recipe)]
    assert (old.exists(), old_paused.exists(), list(store.notes)) == (True, True, [])
    # In a full store they go first, although they were used last.
    for path in (old, old_paused):
        os.utime(path, (2e9, 2e9))
    path = store.trained / f"{model_key(new.config, new.recipe)}.safetensors"
    full = Store(tmp_path, max_bytes=2 * path.stat().st_size)
    assert full.put(load(FOLDER / of_kind("model")[1]))
    assert (old.exists(), old_paused.exists(), path.exists()) == (False, False, True)
    assert list(full.notes) == []


def test_a_training_that_an_older_engine_paused_begins_anew(tmp_path: Path):
    (name,) = of_kind("paused by engine 1")
    config, recipe = Config(n_features=3, n_neurons=2), Recipe(steps=20, batch_size=16)
    store = Store(tmp_path / "cache")
    paused = store.paused(job_name([model_key(config, recipe)]))
    paused.parent.mkdir(parents=True)
    paused.write_bytes((FOLDER / name).read_bytes())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert run_job([config], recipe, store.root, store.max_bytes, scratch).failures == {}
    assert store.has(config, recipe)
    assert not paused.exists()
