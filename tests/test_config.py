from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toymodel as tm

CONFIG_LIMITS = {
    "n_features": (1, 2_000),
    "n_neurons": (1, 2_000),
    "feature_probability": (5e-324, 1.0),
    "importance_decay": (5e-324, 1.0),
    "seed": (0, 2**31 - 1),
}
RECIPE_LIMITS = {
    "steps": (1, 1_000_000),
    "batch_size": (1, 65_536),
    "learning_rate": (5e-324, 10.0),
    "warmup": (0.0, 1.0),
    "beta1": (0.0, math.nextafter(1, 0)),
    "beta2": (0.0, math.nextafter(1, 0)),
    "init_scale": (0.0, 10.0),
    "min_active": (5e-324, 100.0),
    "slope": (0.0, 1.0),
    "slope_until": (0.0, 1.0),
    "curriculum": (0.0, 100.0),
    "min_importance": (0.0, 1.0),
    "restarts": (1, 64),
    "cycles": (1, 100),
}
LIMITS = [(tm.Config, *item) for item in CONFIG_LIMITS.items()] + [
    (tm.Recipe, *item) for item in RECIPE_LIMITS.items()
]


@pytest.mark.parametrize(("owner", "field", "limits"), LIMITS)
def test_limits_are_allowed_and_what_lies_just_outside_is_not(owner, field, limits):
    for limit, away in zip(limits, (-math.inf, math.inf), strict=True):
        assert getattr(owner(**{field: limit}), field) == limit
        outside = limit + int(math.copysign(1, away))
        if isinstance(limit, float):
            outside = math.nextafter(limit, away)
        with pytest.raises(tm.SettingError, match=f"^{field} = "):
            owner(**{field: outside})


@pytest.mark.parametrize(("owner", "field", "limits"), LIMITS)
def test_what_is_no_number_in_range_is_refused_by_name(owner, field, limits):
    inf = math.inf
    absent = [] if owner.model_fields[field].default is None else [None]
    for value in (True, False, "1", "", *absent, [], {}, math.nan, inf, -inf, -1, 1e30, 10**30):
        with pytest.raises(tm.SettingError) as caught:
            owner(**{field: value})
        (problem,) = caught.value.problems
        assert problem.field == field
        assert problem.value is value or problem.value == value
        assert problem.allowed == owner.allowed(field)


@given(n=st.integers(-5, 2_010), p=st.floats(allow_nan=True), seed=st.integers(-(2**40), 2**40))
def test_a_config_is_made_exactly_when_all_fields_are_in_range(n: int, p: float, seed: int):
    fine = 1 <= n <= 2_000 and 0 < p <= 1 and 0 <= seed <= 2**31 - 1
    try:
        config = tm.Config(n_features=n, n_neurons=n, feature_probability=p, seed=seed)
    except tm.SettingError as error:
        assert not fine
        named = {problem.field for problem in error.problems}
        assert ("n_features" in named) == (not 1 <= n <= 2_000)
        assert ("feature_probability" in named) == (not 0 < p <= 1)
        assert ("seed" in named) == (not 0 <= seed <= 2**31 - 1)
    else:
        assert fine
        assert tm.Config.from_mapping(json.loads(config.canonical())) == config


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.floats() | st.text(), min_size=1))
def test_odd_mappings_are_refused_and_nothing_else_happens(fields: dict[str, object]):
    with pytest.raises(tm.SettingError):
        tm.Config.from_mapping(fields | {"nonsense": 1})


@pytest.mark.parametrize(
    ("owner", "field", "value", "allowed"),
    [
        (tm.Config, "task", "square", "one of 'abs', 'identity'"),
        (tm.Config, "hidden_bias", 1, "true or false"),
        (tm.Config, "activation", "tanh", "one of 'relu', 'none'"),
        (tm.Recipe, "schedule", "linear", "one of 'cosine', 'constant'"),
        (tm.Recipe, "init", 1, "one of 'xavier', 'kaiming'"),
        (tm.Recipe, "sampler", "IID", "one of 'tilted', 'iid'"),
        (tm.Recipe, "weights", "ABCDEF0123456789", tm.Recipe.allowed("weights")),
        (tm.Recipe, "weights", "0123456789abcdef\n", tm.Recipe.allowed("weights")),
        (tm.Recipe, "weights", "012345", tm.Recipe.allowed("weights")),
        (tm.Config, "n_features", 0, "a whole number from 1 to 2,000"),
        (tm.Config, "seed", 2**31, "a whole number from 0 to 2,147,483,647"),
        (tm.Config, "feature_probability", 0, "a number above 0 and at most 1"),
    ],
)
def test_the_error_names_field_value_and_allowed_range(owner, field, value, allowed):
    with pytest.raises(tm.SettingError) as caught:
        owner(**{field: value})
    shown = json.dumps(value)
    assert str(caught.value) == f"{field} = {shown}: must be {allowed}"


def test_numpy_numbers_are_taken():
    config = tm.Config(n_features=np.int64(7), feature_probability=np.float32(0.5))
    assert config == tm.Config(n_features=7, feature_probability=0.5)
    with pytest.raises(tm.SettingError, match="n_features"):
        tm.Config(n_features=np.bool_(True))


def test_importance_is_a_power_of_the_decay():
    config = tm.Config(n_features=4, importance_decay=0.5)
    np.testing.assert_array_equal(config.importance, [1, 0.5, 0.25, 0.125])
    assert config.importance.dtype == np.float32
    np.testing.assert_array_equal(config.replace(importance_decay=1.0).importance, np.ones(4))
    config = tm.Config(n_features=3, importance_decay=0.5, feature_probability=0.3)
    assert config.loss_scale == pytest.approx(0.3 / 3 * 1.75, rel=1e-12)


def test_defaults_are_those_that_links_and_files_were_made_with():
    assert tm.Config().model_dump() == {
        "task": "abs",
        "n_features": 100,
        "n_neurons": 40,
        "feature_probability": 1.0,
        "importance_decay": 0.8,
        "seed": 0,
        "hidden_bias": False,
        "activation": "relu",
    }
