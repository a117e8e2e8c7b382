"""The page on the phase change, without a browser."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.phase.agreement import agreement, equal_losses
from pages.phase.models import along_density, along_training, phase_diagram
from pages.phase.state import PhaseState
from pages.phase.transition import layer_transition, neuron_transition
from pages.shared.model_choice import Choice
from pages.train.state import TrainState
from tests.helpers.apps import by_slot, fine, metrics, opened, said, table
from tests.helpers.links import as_link
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.charts.phase.density_map import turning_points
from toymodel.charts.phase.neuron_paths import DIRECTIONS, by_density, followed_neurons, turns
from toymodel.phase.candidates import Theory
from toymodel.phase.chain import chain_path, load_chain
from toymodel.phase.comparison import candidate_losses, trained_cells
from toymodel.phase.diagram import (
    DENSITIES,
    PHASES,
    RATIOS,
    Diagram,
    cell_config,
    diagram_path,
    larger_together,
    load_diagram,
    save_diagram,
)
from toymodel.recipe import recipe_name
from toymodel.storage.model_file import model_key
from toymodel.storage.store import default_store
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_PANELS
from toymodel.sweeps.shipped import DENSITY_SWEEP, FINE_DENSITIES, LENGTHS, SAMPLERS

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "phase/page.py"
TABS = ["Along density", "Two neurons", "Longer training"]
FIGURE, PATHS, RANKS, BACK, MAPS, CELL, TRAINING, SETS = 2, 2, 3, 1, 2, 2, 3, 1


def section(tab: str, *unfolded: str, **link: str) -> AppTest:
    """Open the page at one of its sections."""
    return opened(SCRIPT, tab=tab, open=",".join(unfolded) or "none", **link)


def tabs(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs]


def charts(app: AppTest) -> int:
    return len(app.get("vega_lite_chart"))


def there() -> tuple[Diagram, Theory]:
    found = phase_diagram()
    assert not isinstance(found, str), found
    return found


# The first view


def test_the_page_opens_along_density_and_draws_nothing_else():
    app = fine(opened(SCRIPT))
    assert app.title[0].value == "How neurons turn from monosemantic to polysemantic"
    assert tabs(app) == TABS
    assert not app.info
    assert charts(app) == FIGURE + PATHS
    assert app.query_params["p"] == f"{DENSITIES[24]:g}"


@pytest.mark.parametrize(
    ("tab", "unfolded", "drawn"),
    [
        ("density", ("ranks", "back"), PATHS + RANKS + BACK),
        ("density", ("sets",), PATHS),
        ("two", (), MAPS + CELL),
        ("two", ("sets", "ranks"), MAPS + CELL + SETS),
        ("training", (), TRAINING),
    ],
)
def test_a_link_opens_a_section_and_what_is_unfolded_in_it(
    tab: str, unfolded: tuple[str, ...], drawn: int
):
    app = fine(section(tab, *unfolded))
    assert not app.info
    assert charts(app) == FIGURE + drawn
    assert app.query_params["open"] == (",".join(unfolded) or "none")


def test_the_metrics_have_the_numbers_of_the_networks():
    app = opened(SCRIPT)
    found = along_density(Thresholds())
    assert found
    share = found.networks.groupby("density")[["one", "between", "more"]].mean()
    both = share.loc[share[["one", "more"]].min(axis=1) >= 0.1]
    gaps = both["between"] < both[["one", "more"]].min(axis=1)
    shown = metrics(app)
    assert shown["Densities with both kinds"] == str(len(both))
    assert shown["Of these, with a gap between"] == str(gaps.sum())
    assert ("**There is a gap**" in said(app)) == (gaps.sum() > len(both) / 2)
    assert f"(`{recipe_name(DENSITY_SWEEP.recipe)}`)" in said(app)
    turning = turning_points(found.ranks).set_index("rank")["density"]  # NaN: it never turns
    first, last = turning.loc[:9].median(), turning.loc[30:].median()
    assert shown["First quarter, from 1 − S"] == f"{first:g}"
    assert shown["Last quarter, from 1 − S"] == f"{last:g}"
    drifts = first < last
    assert shown["Last over first"] == (f"{last / first:.0f}" if drifts else "–")
    assert ("**Ranks differ**" in said(app)) == drifts
    shown = metrics(section("two"))
    diagram, theory = there()
    cells = trained_cells(diagram, theory, Thresholds().second_weight)
    odd = cells["disagrees"].sum()
    assert shown["Cells that disagree"] == f"{odd} of 961"
    above = cells["loss"] / cells["lowest"] - 1
    assert shown["Best networks above, median"] == f"{100 * above.median():.2g} %"
    assert shown["Best networks above, largest"] == f"{100 * above.max():.2g} %"
    shared = diagram.shared_cells(Thresholds().second_weight)
    assert len(shared) == (cells["phase"] == "both").sum() > 100
    assert shown["Larger weights together"] == f"{shared['together'].sum()} of {len(shared)}"
    assert shown["Cells with a threshold"] == f"{(shared['bias'] < 0).sum()} of {len(shared)}"
    losses = equal_losses(theory, diagram)
    assert losses["shared"] < 0.999 * min(losses["equal"], losses["first"])
    assert shown["Loss, shared evenly"] == f"{losses['equal']:.3f}"


def test_the_followed_neurons_are_counted():
    app = section("density", "back")
    chain = load_chain(chain_path(default_store().shipped))
    assert set(chain.densities) == set(FINE_DENSITIES)
    followed = followed_neurons(chain)
    turned, shown = turns(followed), metrics(app)
    for direction in DIRECTIONS:
        steps = turned.loc[turned["direction"] == direction, "steps"]
        assert len(steps) > 0
        expected = f"{(steps == 1).sum()} of {len(steps)}"
        assert shown[f"Jump, where {direction}"] == expected
    found = by_density(chain, followed)
    shown_table = table(app, "turns falls", "turns rises")
    assert shown_table["effective rises"].tolist() == found["effective rises"].tolist()
    sparsest = PAPER_CONFIG.replace(feature_probability=min(FINE_DENSITIES))
    gain = superposition_gain(sparsest, float(found["loss falls"].iloc[-1]))
    assert shown["Gain of the followed"] == f"{gain:.2f}"
    ratio = found["effective rises"] / found["effective falls"]
    assert shown["Hysteresis, largest"].startswith(f"{ratio.max():.2f} at ")
    networks = along_density(Thresholds())
    assert networks
    separate = networks.networks.groupby("density")["loss"].mean()[min(chain.densities)]
    expected = f"{found['loss falls'].iloc[-1] / separate:.2f}"
    assert shown["Loss, followed over separate"] == expected
    assert f"`{recipe_name(chain.recipe)}`" in said(app)


def test_a_damaged_chain_is_told_and_the_rest_is_shown(own_shipped: Path):
    chain_path(own_shipped).write_bytes(b"not a chain")
    app = opened(SCRIPT)
    (info,) = app.info
    assert info.value.startswith("chain.safetensors is not a usable chain of networks: ")
    assert info.value.endswith("`python -m toymodel phase --ship` trains them anew.")
    assert charts(app) == FIGURE
    assert "Jump, where density falls" not in metrics(app)


def test_the_counts_are_those_of_one_network():
    trained = along_training(0.001, Thresholds())
    best = trained.loc[trained["loss"].idxmin()]
    counts = [round(40 * best[name]) for name in CLASSES]
    assert sum(counts) == 40
    shown = table(section("training"), "network", *CLASSES, "loss")
    assert shown["loss"].iloc[0] == f"{best['loss']:.2g}"
    assert shown[list(CLASSES)].values.tolist() == [counts, list(PAPER_PANELS[0.001].counts)]


# What is not there


def test_an_empty_store_is_told_what_to_run(own_shipped: Path):
    shutil.rmtree(own_shipped)
    own_shipped.mkdir()
    networks = "These networks are not in the store: `python -m toymodel cache --ship`."
    for tab, missing in (
        (
            "density",
            "The followed networks are not in the store: `python -m toymodel phase --ship`.",
        ),
        ("two", "The phase diagram is not in the store: `python -m toymodel phase --ship`."),
        ("training", networks),
    ):
        app = section(tab)
        assert not app.error and not app.warning
        assert [info.value for info in app.info] == [networks, missing]
        assert not charts(app)


@pytest.mark.parametrize("content", [b"", b"not a diagram", b"\x08" + bytes(30)])
def test_a_damaged_diagram_is_told_and_the_rest_is_shown(own_shipped: Path, content: bytes):
    diagram_path(own_shipped).write_bytes(content)
    app = section("two", "sets")
    (info,) = app.info
    assert info.value.startswith("diagram.safetensors is not a usable phase diagram: ")
    assert info.value.endswith("`python -m toymodel phase --ship` trains it anew.")
    assert charts(app) == FIGURE + SETS


def test_a_diagram_of_another_grid_is_told(own_shipped: Path):
    path = diagram_path(own_shipped)
    whole = load_diagram(path)
    names = ("W1", "W2", "b", "losses")
    few = {name: getattr(whole, name)[:3] for name in names}
    save_diagram(replace(whole, densities=whole.densities[:3], **few), path)
    app = section("two")
    assert ["diagram.safetensors has other cells" in info.value for info in app.info] == [True]


def test_one_network_along_density_is_shown(own_shipped: Path):
    kept = model_key(DENSITY_SWEEP.configs[12], DENSITY_SWEEP.recipe)
    for path in own_shipped.glob("*.safetensors"):
        if path.stem != kept:
            path.unlink()
    app = section("density", "ranks")
    (density,) = set(table(app, "represented", *CLASSES)["density"])
    assert density == DENSITY_SWEEP.configs[12].feature_probability
    assert charts(app) == FIGURE + PATHS + RANKS
    assert metrics(app)["Loss, followed over separate"] == "–"


# Links


@pytest.mark.parametrize(
    "link", [{"p": "0.5"}, {"at": "1"}, {"wat": "`**`"}, {"tab": "one"}, {"open": "back,back"}]
)
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    (warning,) = app.warning
    assert "This link was not read in full" in warning.value
    assert next(iter(link)) in warning.value
    assert dict(app.query_params.items()) == PhaseState().link
    assert charts(app) == FIGURE + PATHS


def test_every_cell_comes_back_from_its_link():
    for row in range(len(DENSITIES)):
        for column in range(len(RATIOS)):
            state = PhaseState().at_cell(row, column)
            assert state.cell == (row, column)
            assert PhaseState.from_link(as_link(state.link)) == (state, [])


# The cell


@pytest.mark.parametrize(("row", "column"), [(30, 15), (0, 0), (12, 20)])
def test_the_cell_of_a_link_is_opened_with_the_librarys_numbers(row: int, column: int):
    app = fine(opened(SCRIPT, **PhaseState(tab="two").at_cell(row, column).link))
    diagram, theory = there()
    cells = trained_cells(diagram, theory, Thresholds().second_weight)
    (cell,) = cells.loc[(cells["row"] == row) & (cells["column"] == column)].itertuples()
    shown = metrics(app)
    assert shown["The neurons serve"] == cell.phase
    assert shown["Loss, exact"] == f"{cell.loss:.4g}"
    above = f"{100 * (cell.loss / cell.lowest - 1):.2g} %"
    assert shown["Above the best solution"] == above
    expected = candidate_losses(theory, row, column)
    shown = table(app, "solution", "loss", "above")
    assert shown["solution"].tolist() == expected["solution"].tolist()
    assert shown["loss"].tolist() == expected["loss"].tolist()
    weights = diagram.weights(row, column)
    neurons = table(app, "neuron", "together")
    assert neurons.iloc[:, 1:3].to_numpy().tolist() == weights.W1.tolist()
    assert neurons.iloc[:, 3:5].to_numpy().tolist() == weights.W2.T.tolist()
    together = larger_together(weights.W1, weights.W2)
    assert (neurons["together"] == "yes").tolist() == together.tolist()
    (losses,) = [t.value["loss"] for t in app.dataframe if list(t.value) == ["loss", "above"]]
    assert losses.tolist() == sorted(diagram.losses[row, column])
    assert by_slot(app.select_slider, "phase.p").value == DENSITIES[row]
    assert by_slot(app.select_slider, "phase.ratio").value == RATIOS[column]


def test_the_sliders_open_another_cell():
    app = section("two")
    fine(by_slot(app.select_slider, "phase.p").set_value(DENSITIES[0]).run())
    fine(by_slot(app.select_slider, "phase.ratio").set_value(RATIOS[30]).run())
    assert (app.query_params["p"], app.query_params["ratio"]) == ("1", "10")
    assert metrics(app)["The neurons serve"] == PHASES[1]


@pytest.mark.parametrize("column", [4, 26])
def test_the_cell_is_trained_again_as_it_was(column: int):
    app = opened(SCRIPT, **PhaseState(tab="two").at_cell(10, column).link)
    (link,) = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Train")]
    state, problems = TrainState.from_link(parse_qs(link.query_string))
    assert problems == []
    config, reverse = cell_config(DENSITIES[10], RATIOS[column])
    assert state.choice == Choice.of(config, there()[0].recipe)
    assert ("this diagram's second one is feature 0" in said(app)) == reverse == (column > 15)


# What else is chosen


def test_cells_are_coloured_by_weights():
    def keys(app: AppTest) -> list[str]:
        ids = [chart.proto.id for chart in app.get("vega_lite_chart")]
        return [name.rpartition("-")[2] for name in ids if "phase-map-" in name]

    assert keys(section("two")) == ["phase", "phase"]
    app = fine(section("two", colour="weights"))
    assert keys(app) == ["weights", "weights"]
    assert app.query_params["colour"] == "weights"


@pytest.mark.parametrize("at", ["0.003", "0.001"])
def test_the_density_whose_training_is_followed_is_chosen(at: str):
    app = fine(section("training", at=at))
    trained = along_training(float(at), Thresholds())
    assert len(trained) == 3 * len(SAMPLERS) * len(LENGTHS)
    shown = table(app, "steps", "loss, importance")
    assert shown["steps"].tolist() == list(LENGTHS)
    for sampler, name in (("tilted", "importance"), ("iid", "plain")):
        own = trained.loc[trained["sampler"] == sampler].groupby("steps")
        assert shown[f"loss, {name}"].tolist() == own["loss"].median().tolist()
        expected = [round(40 * share) for share in own[CLASSES[0]].median()]
        assert shown[f"monosemantic, {name}"].tolist() == expected
    assert f"at 1 − S = {at}," in said(app)
    counts = table(app, "network", *CLASSES)[list(CLASSES)].iloc[1]
    assert counts.tolist() == list(PAPER_PANELS[float(at)].counts)


def test_a_threshold_moves_the_classes():
    def shares(app: AppTest) -> np.ndarray:
        return table(app, "represented", *CLASSES)[list(CLASSES)].to_numpy()

    usual = section("density", "ranks")
    counted = shares(usual)
    moved = fine(by_slot(usual.number_input, "phase.mono").set_value(0.3).run())
    assert moved.query_params["mono"] == "0.3"
    found = along_density(Thresholds(second_weight=0.3))
    assert found
    assert np.array_equal(shares(moved), found.networks[list(CLASSES)].to_numpy())
    assert (shares(moved)[:, 0] >= counted[:, 0]).all()
    assert shares(moved)[:, 0].sum() > counted[:, 0].sum()


@pytest.mark.parametrize(
    "link", [{"mono": "1e-9", "slight": "1e-9"}, {"mono": "1", "slight": "100"}]
)
def test_the_ends_of_the_ranges_are_allowed(link: dict[str, str]):
    assert charts(fine(opened(SCRIPT, **link))) == FIGURE + PATHS


def test_the_links_to_try_lead_to_cells_that_are_there():
    links = {
        each.proto.label: PhaseState.from_link(parse_qs(each.proto.query_string))
        for each in opened(SCRIPT).get("page_link")
        if each.proto.page == "phase" and each.proto.query_string
    }
    assert len(links) == 3
    assert all(problems == [] for _, problems in links.values())
    states = [state for state, _ in links.values()]
    assert [state.density == DENSITIES[-1] for state in states if state.tab == "two"] == [True] * 2


def networks(*shares: tuple[float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(shares, columns=["density", "one", "between", "more"])


@pytest.mark.parametrize(
    ("found", "expected", "gap"),
    [
        (
            networks((1, 1, 0, 0), (0.1, 0.5, 0.1, 0.4), (0.01, 0, 0, 1)),
            ((0.1,), (0.1,), ()),
            True,
        ),
        (
            networks((1, 1, 0, 0), (0.1, 0.3, 0.4, 0.3), (0.01, 0, 0, 1)),
            ((0.1,), (), (0.1,)),
            False,
        ),
        (
            networks((1, 1, 0, 0), (0.1, 0, 1, 0), (0.1, 0, 0.5, 0.5), (0.01, 0, 0, 1)),
            ((), (), (0.1,)),
            False,
        ),
    ],
)
def test_there_is_a_gap_where_few_are_in_between(found: pd.DataFrame, expected: tuple, gap: bool):
    transition = neuron_transition(found)
    assert (transition, transition.gap) == (expected, gap)


@pytest.mark.parametrize(
    ("densities", "ends", "drifts"),
    [
        ([0.01, 0.1, 0.1, 1.0], (0.01, 1.0), True),
        ([0.1, np.nan, 0.3, 0.1], (0.1, 0.1), False),
        ([np.nan, 0.1, 0.3, 0.1], (np.nan, 0.1), False),
        ([0.1, np.nan, np.nan, np.nan], (np.nan, np.nan), False),
    ],
)
def test_a_layer_drifts_where_its_least_important_neurons_turn_first(densities, ends, drifts: bool):
    found = layer_transition(pd.DataFrame({"rank": range(4), "density": densities}))
    np.testing.assert_array_equal(found, ends)
    assert found.drifts == drifts


def test_the_diagrams_are_compared_by_the_losses_of_all_networks():
    diagram, theory = there()
    cells = trained_cells(diagram, theory, Thresholds().second_weight)
    lower = cells.assign(loss=cells["lowest"] * np.linspace(0.9, 1.5, len(cells)))
    found = agreement(lower, theory, diagram)
    assert (found.cells, found.networks) == (961, diagram.losses.size)
    assert [found.median, found.largest, found.below] == pytest.approx([0.2, 0.5, 0.1])
    assert agreement(cells.assign(loss=cells["lowest"]), theory, diagram).below == 0
    above = diagram.losses / theory.lowest[..., None] > 1.01
    assert found.clearly_above == above.mean()
