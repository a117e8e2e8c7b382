from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import (
    ROOT,
    SOMETIMES_WILD,
    two_neurons_a_feature,
    weights,
    without_superposition,
)
from toymodel.analysis.diagnosis import Finding, diagnose, diagnose_divergence
from toymodel.analysis.loss import dead_outputs, no_superposition_loss
from toymodel.model import History, Model, Weights
from toymodel.storage.store import Store
from toymodel.sweeps.paper import PAPER_CONFIG
from toymodel.sweeps.shipped import IDENTITY, LINEAR, SHIPPED

STANDARD, USUAL = tm.RECIPES["standard"], tm.RECIPES["usual"]
STEADY = STANDARD.replace(steps=2_000, schedule="constant")
DENSE = tm.Config(n_features=4, n_neurons=4, importance_decay=0.5)  # baseline 0.05
SPARSE = tm.Config(n_features=8, n_neurons=4, feature_probability=0.01)
LARGE = tm.Config(n_features=60, n_neurons=4)  # of which 13 are trained


def made(
    config: tm.Config,
    recipe: tm.Recipe,
    *losses: float,
    restarts: list[Weights] | None = None,
    curve: np.ndarray | None = None,
    error: float = 0.0,
) -> Model:
    """A model of these losses; its history is `curve` over the last cycle, flat unless given."""
    count = len(losses)
    curve = np.ones(200) if curve is None else curve
    every = recipe.steps // len(curve)
    step = recipe.total_steps - recipe.steps + every * np.arange(1, len(curve) + 1)
    return Model(
        config=config,
        recipe=recipe,
        restarts=tuple(restarts or [without_superposition(config)] * count),
        losses=np.array(losses, np.float32),
        loss_errors=np.full(count, error, np.float32),
        history=History(
            step=step.astype(np.int64),
            seconds=np.arange(len(step), dtype=np.float32),
            loss=np.tile(curve.astype(np.float32), (count, 1)),
        ),
    )


def kinds(model: Model, restart: int | None = None) -> list[str]:
    """Of the findings, whose changes must all make another recipe of the model's."""
    found = diagnose(model, restart)
    for finding in found:
        assert (finding.action == "") == (not finding.changes)
        assert not finding.changes or model.recipe.replace(**finding.changes) != model.recipe
    return [finding.kind for finding in found]


def only(model: Model, restart: int | None = None) -> Finding:
    """The one finding."""
    assert len(kinds(model, restart)) == 1
    return diagnose(model, restart)[0]


# Sound models


def test_two_neurons_for_every_feature_are_sound():
    config = tm.Config(n_features=3, n_neurons=6)
    found = only(made(config, STANDARD, 3e-5, restarts=[two_neurons_a_feature(3)]))
    assert (found.kind, found.changes, found.action) == ("sound", {}, "")
    assert "every feature has its two neurons, and the loss is 3e-05" in found.message


def test_a_model_at_the_baseline_or_below_says_its_gain_and_what_to_try():
    found = only(made(DENSE, STANDARD, 0.05))
    assert (found.kind, found.changes) == ("sound", {})
    assert "gain is 1.00, as good as a model without superposition can be" in found.message
    assert "At density 1 features are too dense" in found.message
    found = only(made(SPARSE, STANDARD, no_superposition_loss(SPARSE)))
    assert (found.kind, found.changes) == ("sound", {"restarts": 8})
    assert "At density 0.01 there may be more to gain." in found.message
    baseline = no_superposition_loss(SPARSE)
    found = only(made(SPARSE, STANDARD, baseline / 4))
    assert (found.kind, found.changes) == ("sound", {})
    assert "gain is 4.00. The model computes more than it has neurons for" in found.message
    assert f"{baseline:.3g}" in found.message


def test_a_loss_next_to_nothing_is_sound_whatever_the_baseline():
    config = tm.Config(n_features=50, n_neurons=98)
    assert 0 < no_superposition_loss(config) < 1e-5
    found = only(made(config, STANDARD, 9e-5, curve=np.exp(-np.linspace(0, 9, 200))))
    assert found.message == "Nothing is wrong: the loss is 9e-05, next to nothing."


# Divergence


def test_restarts_that_diverged_are_counted():
    recipe = STANDARD.replace(restarts=3, learning_rate=0.2)
    found = only(made(DENSE, recipe, 0.05))
    assert found.kind == "restarts diverged"
    assert found.message.startswith(
        "2 of the 3 restarts diverged and were dropped: learning rate 0.2"
    )
    assert found.changes == {"learning_rate": 0.078}
    assert found.action == "Set Learning rate to 0.078"
    # What else is wrong with what is left is told, too.
    both = ["restarts diverged", "above the baseline"]
    assert kinds(made(DENSE, STANDARD.replace(restarts=8), 0.08)) == both


@pytest.mark.parametrize(
    ("p", "recipe", "changes", "action"),
    [
        (1.0, STANDARD.replace(learning_rate=1.0), {"learning_rate": 0.078}, "Set Learning rate"),
        (1.0, STANDARD.replace(init_scale=5.0), {"init_scale": 1.0}, "Set Initial scale to 1.0"),
        (1.0, STANDARD.replace(learning_rate=0.05), {"learning_rate": 0.005}, "Set Learning rate"),
        (1e-100, STANDARD, {}, ""),
    ],
)
def test_a_training_of_which_nothing_is_left_gets_its_likely_cause(
    p: float, recipe: tm.Recipe, changes: dict[str, object], action: str
):
    config = DENSE.replace(feature_probability=p)
    found = diagnose_divergence(config, recipe, "Training diverged.")
    assert found.kind == "diverged"
    assert found.message.startswith("Training diverged. The loss grew beyond all bounds")
    assert found.changes == pytest.approx(changes)
    assert found.action.startswith(action)
    assert (found.action == "") == (not changes)


# Dead outputs


def with_dead(config: tm.Config, *dead: int) -> Weights:
    """No superposition, and these outputs always 0."""
    sound = without_superposition(config)
    W2, b = sound.W2.copy(), sound.b.copy()
    W2[list(dead)], b[list(dead)] = 0, -1
    return weights(sound.W1, W2, b)


@pytest.mark.parametrize(
    ("recipe", "changes", "action"),
    [
        (
            STANDARD.replace(slope=0.0),
            {"slope": 0.3, "slope_until": 0.8},
            "Set Output slope to 0.3, Slope until to 0.8",
        ),
        (STANDARD, {"slope_until": 0.8}, "Set Slope until to 0.8"),
        (
            STANDARD.replace(slope=1.0),
            {"slope": 0.3, "slope_until": 0.8},
            "Set Output slope to 0.3, ",
        ),
        (STANDARD.replace(slope_until=0.8), {"restarts": 8}, "Set Restarts to 8"),
        (
            STANDARD.replace(slope_until=0.8, schedule="constant"),
            {"schedule": "cosine", "restarts": 8},
            "Set Schedule to cosine, Restarts to 8",
        ),
    ],
)
def test_dead_outputs_are_counted_and_weighed(
    recipe: tm.Recipe, changes: dict[str, object], action: str
):
    # Importances 8, 4, 2, 1 of 15: the loss is that of the two dead outputs and of a half more.
    found = only(made(DENSE, recipe, 15 / 15, restarts=[with_dead(DENSE, 0, 2)]))
    assert found.kind == "dead outputs"
    assert found.message.startswith(
        "2 of the 4 most important outputs answer 0 to every input, which is 67% of the loss."
    )
    assert found.changes == changes
    assert found.action.startswith(action)


def test_dead_outputs_that_hardly_matter_are_not_named():
    found = only(made(DENSE, STANDARD, 0.3, restarts=[with_dead(DENSE, 3)]))
    assert found.kind == "above the baseline"
    config = DENSE.replace(n_neurons=2)  # outputs 2 and 3 are beyond its means
    loss = no_superposition_loss(config)
    assert kinds(made(config, STANDARD, loss, restarts=[with_dead(config, 2, 3)])) == ["sound"]


def test_the_restart_that_is_asked_for_is_looked_at():
    restarts = [without_superposition(DENSE), with_dead(DENSE, 0)]
    model = made(DENSE, STANDARD.replace(restarts=2), 0.05, 0.6, restarts=restarts)
    assert kinds(model) == kinds(model, 0) == ["sound"]
    assert kinds(model, 1) == ["dead outputs"]


# Empty batches


def test_empty_batches_are_found_where_they_do_harm():
    iid = STANDARD.replace(sampler="iid")
    above, below = 2 * no_superposition_loss(SPARSE), no_superposition_loss(SPARSE) / 2
    found = only(made(SPARSE, iid, above))
    assert (found.kind, found.changes) == ("empty batches", {"sampler": "tilted"})
    assert "At density 0.01, 92% of the examples have no active feature" in found.message  # 0.99^8
    plain = only(made(SPARSE, iid.replace(slope=0.0), above))
    assert plain.changes == {"sampler": "tilted", "slope": 0.3}
    assert plain.action == "Set Sampler to tilted, Output slope to 0.3"
    assert kinds(made(SPARSE, iid, below)) == ["sound"]
    assert kinds(made(SPARSE, STANDARD, above)) == ["above the baseline"]
    fuller = SPARSE.replace(feature_probability=0.1)  # 0.9^8 = 43 %
    assert kinds(made(fuller, iid, 2 * no_superposition_loss(fuller))) == ["above the baseline"]
    # 0.97^60 = 16 %, but 0.97^18 = 58 %.
    found = only(made(LARGE.replace(feature_probability=0.03), iid, 0.99))
    assert "58% of the examples have no active feature of the 18 that are" in found.message


# Still falling


def falling(share: float, fall: float, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """200 losses, of which the last `share` falls by `fall`, with noise in the logarithm."""
    count = round(200 * share)
    curve = np.zeros(200)
    curve[-count:] = np.linspace(0, np.log(1 - fall), count)
    return np.exp(curve + noise * np.random.default_rng(seed).normal(size=200))


def test_a_loss_that_still_falls_is_told_with_the_figures_of_its_fall():
    found = only(made(DENSE, STEADY, 0.4, curve=falling(0.25, 0.2)))
    assert (found.kind, found.changes) == ("still falling", {"cycles": 2})
    assert "by 20% over the last 490 steps" in found.message  # 50 records, 10 steps apart
    assert found.action == "Train 2,000 steps more"
    assert kinds(made(DENSE, STEADY, 0.05, curve=falling(0.25, 0.2)[-7:])) == ["sound"]
    assert kinds(made(DENSE, STEADY, 0.05, curve=falling(0.25, 0.2)[-8:])) == ["sound"]
    assert kinds(made(DENSE, STEADY, 0.05, curve=falling(1, 0.9)[::25])) == ["still falling"]
    last = STEADY.replace(cycles=100)
    assert kinds(made(DENSE, last, 0.05, curve=falling(0.25, 0.2))) == ["sound"]


def test_a_fall_that_is_slight_or_long_past_is_none():
    assert kinds(made(DENSE, STEADY, 0.05, curve=falling(0.25, 0.05))) == ["sound"]
    past = np.concatenate([falling(1, 0.9)[:150], np.full(50, 0.1)])
    assert kinds(made(DENSE, STEADY, 0.05, curve=past)) == ["sound"]
    cosine = STEADY.replace(schedule="cosine")
    curve = falling(0.25, 0.5)
    curve[-20:] = curve[-20]
    assert kinds(made(DENSE, cosine, 0.05, curve=curve)) == ["sound"]
    assert kinds(made(DENSE, cosine, 0.05, curve=falling(0.1, 0.3))) == ["still falling"]


@pytest.mark.parametrize("seed", range(10))
def test_sampling_noise_is_no_fall_and_hides_none(seed: int):
    noisy, steep = falling(0.25, 0.0, 0.4, seed), falling(0.25, 0.9, 0.4, seed)
    assert kinds(made(SPARSE, STEADY, 0.01, curve=noisy)) == ["sound"]
    assert kinds(made(SPARSE, STEADY, 0.01, curve=steep)) == ["still falling"]


def test_the_last_cycle_alone_counts_and_the_next_is_asked_for():
    twice = made(DENSE, STEADY.replace(cycles=2), 0.05, curve=falling(0.25, 0.2))
    assert only(twice).changes == {"cycles": 3}
    before = twice.history
    both = History(
        step=np.concatenate([before.step - 2_000, before.step]),
        seconds=np.arange(400, dtype=np.float32),
        loss=np.concatenate([falling(1, 0.9), np.full(200, 0.1)])[None].astype(np.float32),
    )
    assert kinds(replace(twice, history=both)) == ["sound"]


# Above the baseline


def test_a_loss_above_the_baseline_is_told_with_both():
    found = only(made(DENSE, STANDARD, 0.0625))
    assert (found.kind, found.changes) == ("above the baseline", {"restarts": 8})
    assert "The loss, 0.0625, is above the no-superposition baseline" in found.message
    assert "each of the 2 most important features would give 0.05 (gain 0.80)" in found.message

    # Where every feature could have two neurons, the baseline is 0.
    config = tm.Config(n_features=3, n_neurons=6)
    found = only(made(config, STANDARD, 0.0123))
    assert found.kind == "above the baseline"
    assert "two neurons for each feature would give 0." in found.message


@pytest.mark.parametrize(
    ("n", "m", "said"),
    [
        (
            4,
            5,
            "two neurons for each of the 2 most important features and one for the next feature",
        ),
        (
            4,
            7,
            "two neurons for each of the 3 most important features and one for the next feature",
        ),
        (4, 3, "two neurons for the most important feature and one for the next feature"),
        (4, 2, "two neurons for the most important feature"),
        (4, 1, "one for the most important feature"),
        (1, 1, "one for the most important feature"),
        (4, 9, "two neurons for each feature"),
    ],
)
def test_the_baseline_is_told_with_the_neuron_that_is_left_over(n: int, m: int, said: str):
    config = tm.Config(n_features=n, n_neurons=m)
    found = only(made(config, STANDARD, no_superposition_loss(config) + 0.1))
    assert found.kind == "above the baseline"
    assert f"{said} would give" in found.message


def test_a_gain_with_an_odd_number_of_neurons_is_one_as_any_other():
    config = tm.Config(n_features=4, n_neurons=5, feature_probability=0.01)
    found = only(made(config, STANDARD, no_superposition_loss(config) / 1.2))
    assert (found.kind, found.changes) == ("sound", {})
    assert "gain is 1.20. The model computes more than it has neurons for" in found.message


def test_what_sampling_may_explain_is_not_held_against_a_model():
    assert kinds(made(DENSE, STANDARD, 0.06, error=0.005)) == ["sound"]
    assert kinds(made(DENSE, STANDARD, 0.06, error=0.003)) == ["above the baseline"]
    assert kinds(made(DENSE, STANDARD, 0.051)) == ["sound"]


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ({"learning_rate": 0.003}, {"learning_rate": 0.078, "restarts": 8}),
        ({"learning_rate": 0.003, "restarts": 8}, {"learning_rate": 0.078}),
        ({"learning_rate": 0.03, "beta2": 0.98, "init_scale": 0.3}, {"restarts": 8}),
        ({"beta1": 0.99, "warmup": 0.0, "curriculum": 0.0}, {"restarts": 8}),
        ({"slope": 0.0}, {"slope": 0.3, "restarts": 8}),
        ({"slope": 1.0, "slope_until": 0.01, "restarts": 8}, {"slope": 0.3, "slope_until": 0.2}),
        # What would leave out no other features is no difference.
        ({"min_importance": 0.0}, {"restarts": 8}),
        # The learning rate that is chosen follows the steps; one that is set does not.
        (
            {"steps": 200, "batch_size": 8},
            {"steps": 3_500, "batch_size": 256, "learning_rate": 0.078, "restarts": 8},
        ),
        (
            {"steps": 200, "batch_size": 8, "learning_rate": 0.05},
            {"steps": 3_500, "batch_size": 256, "restarts": 8},
        ),
        (
            {"steps": 200, "batch_size": 8, "beta1": 0.99},
            {"steps": 3_500, "batch_size": 256, "learning_rate": 0.078, "beta1": 0.8},
        ),
        ({"steps": 500_000}, {"restarts": 8}),
        ({"restarts": 4}, {"restarts": 8}),
        ({"restarts": 8}, {"steps": 10_000, "learning_rate": 0.046}),
        ({"restarts": 8, "learning_rate": 0.05}, {"steps": 10_000}),
        ({"restarts": 8, "steps": 20_000}, {"restarts": 16}),
        ({"restarts": 60, "steps": 20_000}, {"restarts": 64}),
        ({"restarts": 64, "steps": 20_000}, {}),
    ],
)
def test_what_is_proposed_goes_from_the_recipe_to_restarts_to_steps(
    before: dict[str, object], changes: dict[str, object]
):
    recipe = STANDARD.replace(**before)
    found = only(made(DENSE, recipe, *[0.08] * recipe.restarts))
    assert (found.kind, found.changes) == ("above the baseline", changes)
    # A model's recipe has every field set.
    resolved = made(DENSE, recipe.resolve(DENSE), *[0.08] * recipe.restarts)
    assert only(resolved) == found


def test_what_is_proposed_can_be_read():
    def action(**before: object) -> str:
        recipe = STANDARD.replace(**before)
        return only(made(DENSE, recipe, *[0.08] * recipe.restarts)).action

    assert action(restarts=8) == "Set Steps to 10,000, Learning rate to 0.046"
    assert action(steps=200, batch_size=8) == (
        "Set Steps to 3,500, Batch size to 256, Learning rate to 0.078, Restarts to 8"
    )
    found = only(made(DENSE, STANDARD.replace(restarts=8), *[0.08] * 8))
    assert found.message.endswith(
        "Longer training at a lower learning rate finds better arrangements of neurons."
    )
    found = only(made(DENSE, STANDARD.replace(restarts=8, learning_rate=0.05), *[0.08] * 8))
    assert found.message.endswith("Longer training finds better arrangements of neurons.")


def test_features_that_are_better_left_out_are_proposed_with_the_rate_of_the_others():
    found = only(made(LARGE, STANDARD.replace(min_importance=0.0), 0.9))
    assert found.changes == {"min_importance": 0.1, "learning_rate": 0.078, "restarts": 8}
    few = only(made(LARGE, STANDARD.replace(min_importance=1.0), 0.9))
    assert few.changes == {"min_importance": 0.1, "restarts": 8}
    assert only(made(LARGE, STANDARD.replace(min_importance=0.05), 0.9)).changes == {"restarts": 8}


def test_of_the_usual_recipe_all_that_differs_is_taken_from_the_standard_one():
    found = only(made(DENSE, USUAL, 0.08))
    assert found.changes.keys() == {
        *("schedule", "init", "sampler", "learning_rate", "warmup", "beta2"),
        *("slope", "slope_until", "curriculum"),
    }
    assert found.action == "Take 9 settings from the standard recipe"
    more = only(made(LARGE, USUAL, 0.9))
    assert more.changes.keys() == found.changes.keys() | {"min_importance"}


def test_a_linear_hidden_layer_is_not_blamed_on_the_recipe():
    found = only(made(DENSE.replace(activation="none"), STANDARD, 0.5))
    assert (found.kind, found.changes, found.action) == ("above the baseline", {}, "")
    assert found.message.endswith(
        "with a ReLU. A linear hidden layer cannot compute |x|: its output follows one side."
    )


def test_a_worse_restart_than_the_best_needs_no_other_recipe():
    found = only(made(DENSE, STANDARD.replace(restarts=2), 0.08, 0.05), restart=0)
    assert (found.kind, found.changes) == ("above the baseline", {})
    assert "The best restart of this model did better: 0.05." in found.message


# Trained models


SHIPPED_SWEEPS = [
    (config, family.recipe)
    for family in SHIPPED
    if family.recipe.sampler != "iid"  # which has empty batches, and is told so
    if family != LINEAR  # its baseline is that of neurons with a ReLU
    for config in family.configs[:: max(1, len(family.configs) // 6)]
]


@pytest.mark.parametrize(("config", "recipe"), SHIPPED_SWEEPS)
def test_good_models_are_accused_of_nothing_false(config: tm.Config, recipe: tm.Recipe):
    model = Store(ROOT / "cache").get(config, recipe)
    assert model
    served = dead_outputs(config, model.weights)[: config.n_neurons]
    if kinds(model) == ["dead outputs"]:  # told of a network by `quick`, where it is so
        assert recipe == tm.RECIPES["quick"]
        assert served.any()
        return
    short = tm.superposition_gain(config, model.loss) < 0.97
    assert kinds(model) == ["above the baseline" if short else "sound"]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.001, ["dead outputs", "empty batches"]),
        (0.01, ["dead outputs"]),
        (0.1, ["still falling"]),
        (1.0, ["above the baseline"]),
    ],
)
def test_the_usual_recipe_goes_wrong_in_each_way(p: float, expected: list[str]):
    config = PAPER_CONFIG.replace(feature_probability=p)
    model = Store(ROOT / "cache").get(config, USUAL)
    assert model
    assert kinds(model) == expected


def trained(config: tm.Config, recipe: tm.Recipe) -> Model:
    return tm.train([config], recipe)[0]


@pytest.mark.parametrize(
    ("config", "recipe", "expected", "factor"),
    [
        (
            tm.Config(n_features=6, n_neurons=6, feature_probability=0.01),
            tm.Recipe(steps=1_000, batch_size=64, slope=0.0, sampler="iid"),
            ["dead outputs", "empty batches"],
            0.5,
        ),
        (
            tm.Config(n_features=6, n_neurons=10),
            STEADY.replace(learning_rate=1e-4),
            ["still falling"],
            0.7,
        ),
        (
            tm.Config(n_features=2, n_neurons=2, feature_probability=0.01),
            tm.Recipe(steps=1_000),
            ["dead outputs"],
            0.98,
        ),
        (
            tm.Config(n_features=6, n_neurons=4, seed=1),
            tm.RECIPES["quick"],
            ["above the baseline"],
            0.9,
        ),
    ],
)
def test_what_is_proposed_helps(
    config: tm.Config, recipe: tm.Recipe, expected: list[str], factor: float
):
    model = trained(config, recipe)
    assert kinds(model) == expected
    changes = {k: v for finding in diagnose(model) for k, v in finding.changes.items()}
    assert trained(config, recipe.replace(**changes)).loss < factor * model.loss


def test_what_is_proposed_after_a_divergence_helps():
    config, wild = tm.Config(n_features=2, n_neurons=1), SOMETIMES_WILD
    with pytest.raises(tm.TrainingDiverged) as caught:
        trained(config, wild)
    found = diagnose_divergence(config, wild, str(caught.value))
    assert found.message.startswith(str(caught.value))
    assert trained(config, wild.replace(**found.changes)).loss < 1


def test_the_gain_of_the_identity_is_told():
    config, recipe = IDENTITY.configs[-1], IDENTITY.recipe
    model = Store(ROOT / "cache").get(config, recipe)
    assert model
    (finding,) = diagnose(model)
    assert (config.n_neurons, finding.kind) == (5, "sound")
    assert "The model computes more than it has neurons for" in finding.message
