from __future__ import annotations

from tests.helpers.chart_specs import THEMES, layers, picture, shows
from toymodel.charts.colour_bar import colour_bar
from toymodel.charts.look import FEATURE_COLOURS, feature_colour, superposition_colour


def encoding(*given):
    (layer,) = layers(colour_bar(*given).spec)
    return layer["encoding"]


def test_features_have_a_stripe_each_and_what_is_more_a_scale_without_gaps():
    assert colour_bar("feature", 3).tables["stripes"]["feature"].tolist() == [0, 1, 2]
    found = encoding("feature", 3)
    assert found["color"] == feature_colour(3) | {"legend": None}
    assert found["x"]["axis"]["values"] == [0.5, 1.5, 2.5]
    table = colour_bar("superposition", 100).tables["stripes"]
    assert table["superposition"].tolist() == table["low"].tolist()
    assert (table["low"].iloc[0], table["high"].iloc[-1]) == (0, 1)
    found = encoding("superposition", 100)
    assert found["color"] == superposition_colour() | {"legend": None}
    assert found["x"]["axis"]["values"] == [0, 0.5, 1]
    table = colour_bar("feature", 500).tables["stripes"]
    assert len(table) == 200
    assert (table["low"].iloc[1:].to_numpy() < table["high"].iloc[:-1].to_numpy()).all()
    assert table["high"].iloc[-1] == 500
    found = encoding("feature", 500)
    assert found["x"]["scale"]["domain"] == [0, 500]
    assert "values" not in found["x"]["axis"]


@THEMES
def test_each_feature_has_its_colour(theme):
    found = picture(colour_bar("feature", 3), theme)
    for colour in FEATURE_COLOURS[:3]:
        assert shows(found, colour, 500)
    assert not shows(found, "#ffbf79")
