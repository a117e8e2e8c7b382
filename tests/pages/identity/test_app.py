"""The page on the identity task, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.identity.models import models_of, table_of
from tests.helpers.apps import opened, said, table
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_ABS, IDENTITY_BIAS, IDENTITY_GROWTH

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "identity/page.py"


def test_the_first_view_is_the_papers_sweep_without_hidden_bias():
    app = opened(SCRIPT)
    assert app.title[0].value.startswith("Given the chance, a network that copies")
    rows = [text.value for text in app.markdown if text.value.startswith("**1 − S = ")]
    assert [row.split("**")[1] for row in rows] == [
        f"1 − S = {p}" for p in ("0.75", "0.35", "0.15", "0.1", "0.06", "0.02", "0.01")
    ]
    assert not any("Hidden biases" in row for row in rows)
    assert len(app.get("vega_lite_chart")) == 2 * 7 + 3  # the legend is one
    assert not app.warning and not app.error


def test_with_a_hidden_bias_the_biases_are_told():
    app = opened(SCRIPT, hidden="with")
    rows = [text.value for text in app.markdown if text.value.startswith("**1 − S = ")]
    for row, model in zip(rows, models_of(IDENTITY_BIAS).values(), strict=True):
        for bias in model.b_hidden:
            assert f"{bias:+.2f}".replace("-", "−") in row


def test_the_tables_have_the_numbers_of_the_networks():
    app = opened(SCRIPT)
    families = (IDENTITY_BIAS, IDENTITY, IDENTITY_ABS)
    biased, plain, absolute = (table_of(family) for family in families)
    growth = table_of(IDENTITY_GROWTH)
    kinds = table(app, "lowest share above 0", "highest share above 0")
    assert kinds.iloc[:, 1:].values.tolist() == [
        [each["driven"].min(), each["driven"].max()] for each in (biased, plain, absolute)
    ]
    ends = table(app, "mean added", "share above 0")
    assert ends["share above 0"].tolist() == growth["driven"].iloc[[0, -1]].tolist()
    assert ends["mean added"].iloc[-1] == f"{growth['mean'].iloc[-1]:.2f}"
    assert ends["standard deviation"].iloc[-1] == f"{growth['spread'].iloc[-1]:.2f}"
    low, high = biased["bias_low"].min(), biased["bias_high"].max()
    assert f"at 7 of 7 densities; they lie between {low:.2f} and {high:.2f}." in said(app)
    # What the paper says, in our networks.
    assert (biased["bias_low"] > 0).all()
    assert biased["driven"].min() > 0.9
    assert growth["driven"].iloc[-1] > growth["driven"].iloc[0] + 0.1
    assert absolute["driven"].between(0.49, 0.51).all()


@pytest.mark.parametrize("link", [{"hidden": "maybe"}, {"n": "3"}, {"v": "2"}])
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert "This link was not read in full" in app.warning[0].value
    assert app.query_params["hidden"] == "without"


def test_networks_that_are_not_there_are_told(own_shipped: Path):
    for path in own_shipped.glob("*.safetensors"):
        path.unlink()
    app = opened(SCRIPT)
    assert [info.value.startswith("These networks are not in the store") for info in app.info] == [
        True,
        True,
    ]


def test_the_links_lead_to_models_that_are_there():
    for family in (IDENTITY, IDENTITY_BIAS, IDENTITY_ABS, IDENTITY_GROWTH):
        assert len(models_of(family)) == len(family.configs)
