"""The page on the identity task, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.identity.models import models_of, table_of
from pages.shared import resources
from tests.helpers.apps import button_labels, opened, said, table
from tests.helpers.networks import model
from toymodel.analysis.loss import superposition_gain
from toymodel.config import Config
from toymodel.storage.model_file import model_key
from toymodel.sweeps.shipped import (
    IDENTITY,
    IDENTITY_ABS,
    IDENTITY_ABS_BIAS,
    IDENTITY_BIAS,
    IDENTITY_GROWTH,
    Family,
)
from toymodel.text import estimate

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "identity/page.py"
KINDS = {
    "x, with hidden bias": IDENTITY_BIAS,
    "x, without": IDENTITY,
    "|x|, with hidden bias": IDENTITY_ABS_BIAS,
    "|x|, without": IDENTITY_ABS,
}


def test_the_first_view_is_the_papers_sweep_without_hidden_bias():
    app = opened(SCRIPT)
    assert app.title[0].value.startswith("Given the chance, a network that copies")
    rows = [text.value for text in app.markdown if text.value.startswith("**1 − S = ")]
    assert [row.split("**")[1] for row in rows] == [
        f"1 − S = {p}" for p in ("0.75", "0.35", "0.15", "0.1", "0.06", "0.02", "0.01")
    ]
    gains = [superposition_gain(*each) for each in losses(IDENTITY)]
    assert [row.split("**")[3] for row in rows] == [f"{gain:.2f}" for gain in gains]
    assert len(app.get("vega_lite_chart")) == 1
    assert not app.warning and not app.error


def losses(family: Family) -> list[tuple[Config, float]]:
    return [(config, each.loss) for config, each in models_of(family).items()]


def test_the_matrices_have_the_losses_and_with_a_hidden_bias_the_biases():
    app = opened(SCRIPT, tab="matrices")
    assert len(app.get("vega_lite_chart")) == 1 + 7
    assert "Hidden biases" not in said(app)
    app = opened(SCRIPT, hidden="with", tab="matrices")
    rows = [text.value for text in app.caption if text.value.startswith("Hidden biases ")]
    for row, each in zip(rows, models_of(IDENTITY_BIAS).values(), strict=True):
        assert estimate(each.loss, each.loss_error) in said(app)
        for bias in each.b_hidden:
            assert f"{bias:+.2f}".replace("-", "−") in row


def test_the_tables_have_the_numbers_of_the_networks():
    app = opened(SCRIPT, tab="relu")
    growth = table_of(IDENTITY_GROWTH)
    kinds = table(app, "factor from", "factor to").set_index("network")
    for name, family in KINDS.items():
        if name in kinds.index:
            each = table_of(family)
            assert kinds.loc[name, "factor from"] == each["factor"].min()
            assert kinds.loc[name, "factor to"] == each["factor"].max()
            assert kinds.loc[name, "bias from"] == each["bias_low"].min()
    app = opened(SCRIPT, tab="bias")
    grown = table(app, "mean added", "without its ReLU")
    assert grown["without its ReLU"].tolist() == growth["without_relu"].tolist()
    assert grown["mean added"].iloc[-1] == f"{growth['mean'].iloc[-1]:.2f}"
    assert grown["standard deviation"].iloc[-1] == f"{growth['spread'].iloc[-1]:.2f}"


def test_what_the_paper_says_holds_in_our_networks():
    biased, plain, absolute = (table_of(f) for f in (IDENTITY_BIAS, IDENTITY, IDENTITY_ABS))
    assert (biased["bias_low"] > 0).all()
    assert biased["factor"].max() < 1.02
    assert absolute["factor"].min() > 1.5
    assert plain["factor"].iloc[0] < 1.02
    assert plain["factor"].iloc[-1] > 1.5
    growth = table_of(IDENTITY_GROWTH)
    assert growth["factor"].iloc[-1] < 1.02 < growth["factor"].iloc[0]


def test_absolute_values_with_a_hidden_bias_are_compared_where_they_are_there(own_shipped: Path):
    for config in IDENTITY_ABS_BIAS.configs:
        key = model_key(config, IDENTITY_ABS_BIAS.recipe)
        (own_shipped / f"{key}.safetensors").unlink(missing_ok=True)
    app = opened(SCRIPT, tab="relu")
    name = "|x|, with hidden bias"
    assert f"Networks for {name}:" in said(app)
    assert "Train 7 models" in button_labels(app)
    assert name not in table(app, "factor from")["network"].tolist()
    for config in IDENTITY_ABS_BIAS.configs:
        assert resources.store().put(model(config, IDENTITY_ABS_BIAS.recipe))
    app = opened(SCRIPT, tab="relu")
    assert not [button.label for button in app.button if button.label.startswith("Train")]
    assert table(app, "factor from")["network"].tolist() == list(KINDS)
    assert not app.warning and not app.error


@pytest.mark.parametrize("link", [{"hidden": "maybe"}, {"n": "3"}, {"v": "2"}])
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert "This link was not read in full" in app.warning[0].value
    assert app.query_params["hidden"] == "without"


@pytest.mark.parametrize("tab", ["relu", "bias", "numbers"])
def test_networks_that_are_not_there_are_told(own_shipped: Path, tab: str):
    for path in own_shipped.glob("*.safetensors"):
        path.unlink()
    app = opened(SCRIPT, tab=tab)
    assert [info.value.startswith("These networks are not in the store") for info in app.info] == [
        True,
        True,
    ]


def test_every_network_is_in_the_table_of_all():
    shown = table(opened(SCRIPT, tab="numbers"), "density", "factor")
    families = (*KINDS.values(), IDENTITY_GROWTH)
    assert len(shown) == sum(len(models_of(family)) for family in families)


def test_the_links_lead_to_models_that_are_there():
    for family in (IDENTITY, IDENTITY_BIAS, IDENTITY_ABS, IDENTITY_GROWTH):
        assert len(models_of(family)) == len(family.configs)
