from __future__ import annotations

import pytest

import toymodel as tm
from toymodel.sweeps.paper import (
    MAX_DENSITIES,
    PAPER_CONFIG,
    PAPER_DENSITIES,
    PAPER_PANELS,
    paper_panel,
    sweep,
)


def test_a_sweep_is_one_config_at_each_density_in_order():
    base = tm.Config(n_features=7, n_neurons=3, seed=5)
    configs = sweep(base, (0.1, 1.0, 0.5))
    assert [config.feature_probability for config in configs] == [0.1, 1.0, 0.5]
    assert {config.replace(feature_probability=1.0) for config in configs} == {base}


@pytest.mark.parametrize(
    "densities", [(), (0.1, 0.1), tuple(0.01 * (i + 1) for i in range(MAX_DENSITIES + 1))]
)
def test_none_too_many_or_repeated_densities_are_refused(densities: tuple[float, ...]):
    with pytest.raises(tm.SettingError, match=r"densities = .*must be 1 to 12 different densities"):
        sweep(tm.Config(), densities)
    assert len(sweep(tm.Config(), [0.01 * (i + 1) for i in range(MAX_DENSITIES)])) == 12
    with pytest.raises(tm.SettingError, match=r"feature_probability = .*above 0 and at most 1"):
        sweep(tm.Config(), (0.5, float("nan")))


def test_the_paper_has_a_panel_of_all_neurons_for_each_density():
    assert tuple(PAPER_PANELS) == PAPER_DENSITIES == (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    assert (PAPER_CONFIG.n_features, PAPER_CONFIG.n_neurons) == (100, 40)
    assert PAPER_CONFIG.importance_decay == 0.8
    assert all(sum(panel.counts) == 40 for panel in PAPER_PANELS.values())


def test_the_panel_of_the_paper_belongs_to_its_own_setting_whatever_the_seed():
    config = tm.Config(feature_probability=0.03, seed=7)
    panel = paper_panel(config)
    assert panel is not None
    assert panel.counts == (22, 8, 10)
    assert paper_panel(config.replace(feature_probability=0.02)) is None
    assert paper_panel(config.replace(n_neurons=41)) is None
    assert paper_panel(config.replace(importance_decay=0.9)) is None
