"""What tests of pages without a browser share: to open one, and to read what it says."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from pages.shared import resources
from pages.shared.explorer.state import ExplorerState
from pages.shared.model_choice import Choice
from pages.shared.navigation import PAGES
from tests.helpers.networks import ROOT, model
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.recipe import RECIPES, Recipe


def opened(script: str = "", **link: str) -> AppTest:
    """The dashboard as a link opens it: the page of this script, or the overview."""
    app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    if script:
        # `switch_page` would draw the overview first, to learn which pages there are.
        (path,) = [entry.path for entry in PAGES if entry.script == script]
        app._page_hash = calc_hash(path)
    app.run()
    assert not app.exception, app.exception[0].value
    return app


QUICK = RECIPES["quick"]


def put(config: Config, *networks: Weights, recipe: Recipe = QUICK) -> ExplorerState:
    """Store a hand-made model, its last restart the best; its pages' state."""
    recipe = recipe.replace(restarts=len(networks))
    made = dataclasses.replace(model(config, recipe), restarts=networks)
    assert resources.store().put(made)
    return ExplorerState(choice=Choice.of(config, recipe))


def small(n: int, m: int, p: float = 0.5) -> Config:
    return Config(n_features=n, n_neurons=m, feature_probability=p)


def random_network(config: Config, seed: int = 0) -> Weights:
    return model(config, QUICK, seed=seed).weights


def look(script: str, state: ExplorerState) -> AppTest:
    """Open a page, which must have nothing to complain about."""
    return fine(opened(script, **state.link))


def by_slot(widgets: Sequence[Any], slot: str) -> Any:
    """The widget of a slot, "train.n": its key ends in the number of times the page set it."""
    (widget,) = [w for w in widgets if w.key and re.fullmatch(rf"{re.escape(slot)}\.\d+", w.key)]
    return widget


def fine(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].value
    assert not app.warning and not app.error, [w.value for w in (*app.warning, *app.error)]
    return app


def of_link(app: AppTest, name: str) -> str | None:
    return app.query_params.get(name)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def said(app: AppTest) -> str:
    parts = (app.header, app.subheader, app.markdown, app.caption, app.info)
    return "\n".join(element.value for each in parts for element in each)


def button_labels(app: AppTest) -> list[str]:
    """The labels of all buttons, without the estimated time of those that train."""
    return [button.label.partition(" (about ")[0] for button in app.button]


def press(app: AppTest, label: str) -> AppTest:
    labels = button_labels(app)
    assert labels.count(label) == 1, labels
    button = app.button[labels.index(label)]
    assert not button.disabled
    return fine(button.click().run())


def disabled(app: AppTest) -> set[str]:
    return {button.label for button in app.button if button.disabled}


def table(app: AppTest, *columns: str) -> pd.DataFrame:
    """The table with these columns."""
    found = [t.value for t in app.dataframe if set(columns) <= set(t.value.columns)]
    assert len(found) == 1
    return found[0]
