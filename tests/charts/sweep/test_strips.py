from __future__ import annotations

import pytest

import toymodel as tm
from tests.helpers.chart_specs import THEMES, by_field, clicked, layers, picture, rows, shows
from tests.helpers.networks import weights
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT, named_colours
from toymodel.charts.network.stack_plot import OTHERS, stacks
from toymodel.charts.sweep.strips import PITCH, SELECTION, Strip, stack_strips

CONFIG = tm.Config(n_features=3, n_neurons=2)
# Neuron 1 holds feature 0 alone, neuron 0 holds features 1 and 2; then the other way round.
FIRST = weights([[0, 1, 1], [2, 0, 0]], [[0, 1], [1, 0], [1, 0]])
SECOND = weights([[2, 0, 0], [0.01, 4, 2]], [[1, 0], [0, 1], [0, 1]])


def strips(*given: Strip, **options) -> Chart:
    given = given or (Strip(stacks(CONFIG, FIRST)), Strip(stacks(CONFIG, SECOND), (3, 0, 1)))
    return stack_strips(given, **({"n_features": 3, "top": 2.0, "theme": LIGHT} | options))


def test_every_block_stands_in_its_strip_from_the_bottom_up():
    chart = strips()
    blocks = rows(chart.to_vega_lite(), by_field(chart.spec, "color", "superposition"))
    assert len(blocks) == 3 + 3
    for number, plot in enumerate((stacks(CONFIG, FIRST), stacks(CONFIG, SECOND))):
        columns = chart.tables["columns"].query("strip == @number")
        floor, height = columns["y2"].iloc[0], columns["y2"].iloc[0] - columns["y"].iloc[0]
        assert number * PITCH < columns["y"].iloc[0] < floor < (number + 1) * PITCH
        drawn = blocks[blocks["y2"].between(number * PITCH, (number + 1) * PITCH)]
        given = plot.blocks[plot.blocks["feature"] != OTHERS]
        # Two units of height fill a strip; a gap of half a pixel is left above a block.
        assert ((floor - drawn["y2"]) * 2 / height).tolist() == pytest.approx(given["low"].tolist())
        assert ((floor - drawn["y"] + 0.5) * 2 / height).tolist() == pytest.approx(
            given["high"].tolist()
        )
        assert ((drawn["start"] + drawn["end"]) / 2 - 0.5).tolist() == pytest.approx(
            given["column"].tolist()
        )
    assert chart.spec["height"] == 2 * PITCH


def test_a_click_selects_the_strip_and_the_neuron():
    spec = strips().to_vega_lite()
    name, fields, layer = clicked(spec)
    assert (name, fields) == (SELECTION, ["strip", "neuron"])
    found = rows(spec, layer)[["strip", "neuron", "start", "end"]].to_numpy().tolist()
    assert found == [[0, 1, 0, 1], [0, 0, 1, 2], [1, 0, 0, 1], [1, 1, 1, 2]]
    assert layer is list(layers(spec))[-1]  # nothing is in front of it


def test_what_still_trains_or_waits_takes_no_clicks():
    chart = strips(
        Strip(None, finished=False),
        Strip(stacks(CONFIG, FIRST), finished=False),
        Strip(stacks(CONFIG, SECOND)),
    )
    assert set(chart.tables["columns"]["strip"]) == {2}
    assert chart.tables["blocks"]["y"].min() > PITCH
    assert chart.tables["blocks"]["y"].lt(2 * PITCH).any()
    assert chart.spec["height"] == 3 * PITCH


def test_the_papers_counts_are_shares_of_the_width_below_the_strip():
    chart = strips()
    paper = chart.tables["paper"]
    assert paper[["start", "end"]].to_numpy().tolist() == [[0, 1.5], [1.5, 2]]
    assert paper["fill"].tolist() == [LIGHT.class_ink[CLASSES[0]], LIGHT.class_ink[CLASSES[2]]]
    assert (paper["y"] > chart.tables["columns"]["y2"].max()).all()
    assert (paper["y2"] <= 2 * PITCH).all()
    assert set(paper["counts"]) == {"3 monosemantic, 0 slightly polysemantic, 1 polysemantic"}
    assert strips(Strip(stacks(CONFIG, FIRST))).tables["paper"].empty


@pytest.mark.parametrize(("selected", "place"), [((1, 1), [1.0]), ((0, 1), [0.0]), (None, [])])
def test_one_neuron_of_one_strip_is_marked(selected: tuple[int, int] | None, place: list[float]):
    marked = strips(selected=selected).tables["selected"]
    assert marked["start"].tolist() == place
    if selected:
        assert marked["y"].between(selected[0] * PITCH, (selected[0] + 1) * PITCH).all()


def test_backgrounds_rules_and_names_are_those_of_the_classes():
    tables = strips().tables
    found = [CLASSES[0], CLASSES[2], CLASSES[0], CLASSES[1]]
    assert tables["bands"]["fill"].tolist() == [
        *(LIGHT.class_background[name] for name in found),
        *(LIGHT.class_ink[name] for name in found),
        LIGHT.faint,  # the small weight of the last neuron
    ]
    assert tables["names"]["name"].tolist() == [
        "monosemantic",
        "polysemantic",
        "monosemantic",
        "slightly\npolysemantic",
    ]


@THEMES
def test_all_of_it_is_drawn(theme):
    for colour in ("superposition", "feature"):
        drawn = picture(strips(theme=theme, colour=colour, selected=(1, 1)), theme, 600)
        for name in CLASSES[::2]:
            assert shows(drawn, theme.class_background[name])
            assert shows(drawn, theme.class_ink[name])
        assert shows(drawn, theme.mark)
    assert shows(drawn, named_colours(3)[0])


def test_small_weights_are_grey():
    network = weights([[1, 0.2, 0.2], [0, 1, 0]], [[1, 0], [0, 1], [0, 0]])
    chart = strips(Strip(stacks(CONFIG, network, smallest=0.5)))
    grey = chart.tables["bands"].query("fill == @LIGHT.faint")
    assert len(grey) == 1
    assert len(chart.tables["blocks"]) == 2
