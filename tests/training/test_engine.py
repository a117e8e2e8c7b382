from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch

from toymodel.analysis.loss import evaluate
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.recipe import RECIPES, Recipe
from toymodel.sampling import inputs_from_uniform
from toymodel.training.accelerator import DeviceDraws
from toymodel.training.engine import Draws, Shard

N, M, B, R = 6, 4, 32, 3
CONFIGS = [
    Config(n_features=N, n_neurons=M, feature_probability=p, importance_decay=d, seed=seed)
    for p, d, seed in ((1.0, 0.8, 0), (0.3, 0.5, 1), (0.02, 0.9, 1))
]


IDENTITY = [config.replace(task="identity") for config in CONFIGS]
KINDS = {
    "abs": CONFIGS,
    "identity": IDENTITY,
    "identity with hidden bias": [config.replace(hidden_bias=True) for config in IDENTITY],
    "abs with hidden bias": [config.replace(hidden_bias=True) for config in CONFIGS],
    "abs, linear": [config.replace(activation="none") for config in CONFIGS],
    "identity, linear with hidden bias": [
        config.replace(activation="none", hidden_bias=True) for config in IDENTITY
    ],
}
every_kind = pytest.mark.parametrize("configs", KINDS.values(), ids=KINDS.keys())


def density(config: Config, recipe: Recipe, t: int) -> float:
    p = config.feature_probability
    factor = 1 + recipe.curriculum * (1 - p) * min(1, p * N)
    return p / factor ** max(0, 1 - t / recipe.steps / 0.7)


def slope(recipe: Recipe, t: int) -> float:
    end = recipe.slope_until * recipe.steps
    return recipe.slope * min(1, max(0, 2 - 2 * t / end)) if end else 0.0


def loss_of(
    config: Config, recipe: Recipe, t: int, params: list[torch.Tensor], u: np.ndarray
) -> torch.Tensor:
    """The importance-weighted, sloped, normalised loss, written again from its definition."""
    W1, *W2, b = params[: 3 if config.task == "abs" else 2]
    c = params[-1][:, None] if config.hidden_bias else 0.0
    p = density(config, recipe, t)
    q = p if recipe.sampler == "iid" else max(p, min(0.5, 1.5 / N))
    x = inputs_from_uniform(u, q, -1 if config.task == "abs" else 0, 1)
    k = np.count_nonzero(x, axis=0)
    w = np.ones(len(k)) if p == q else (p / q) ** k * ((1 - p) / (1 - q)) ** (N - k)
    I = config.importance_decay ** np.arange(N)
    inputs = torch.from_numpy(x).double()
    h = W1 @ inputs + c
    if config.activation == "relu":
        h = torch.relu(h)
    z = (W2[0] if W2 else W1.T) @ h + b[:, None]
    below = torch.where(inputs.abs() > 0, slope(recipe, t) * z, 0.0)
    y = torch.where(z > 0, z, below)
    each = torch.from_numpy(I) @ (y - inputs.abs()) ** 2
    return (torch.from_numpy(w) * each).mean() / (p / 3 * I.sum())


def scaled(config: Config, recipe: Recipe, t: int) -> float:
    """A gradient over that of the loss: it is not normalised anew while the density rises."""
    return density(config, recipe, t) / config.feature_probability


def names(config: Config) -> list[str]:
    """Of the parameters that are trained."""
    output = ["W2"] if config.task == "abs" else []
    return ["W1", *output, "b", *(["b_hidden"] if config.hidden_bias else [])]


def parameters(shard: Shard, instance: int) -> list[torch.Tensor]:
    return [
        getattr(shard, name)[instance].double().clone().requires_grad_()
        for name in names(shard.configs[0])
    ]


def draw(seed: int, configs: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((configs, N, B), dtype=np.float32))


def blur(shard: Shard) -> None:
    """Larger weights and some biases, so that outputs lie on both sides of zero."""
    random = np.random.default_rng(11)
    shard.params.copy_(torch.from_numpy(random.normal(0, 0.6, shard.params.shape)))


@pytest.mark.parametrize("shared", [True, False], ids=["one draw for all", "a draw a config"])
@pytest.mark.parametrize("t", [0, 45, 99], ids=lambda t: f"step {t}")
@pytest.mark.parametrize("sampler", ["tilted", "iid"])
@every_kind
def test_gradients_and_loss_agree_with_autograd(
    configs: list[Config], sampler: str, t: int, shared: bool
):
    schedules = {"slope": 0.4, "slope_until": 0.6, "curriculum": 3.0}
    recipe = Recipe(steps=100, batch_size=B, restarts=R, sampler=sampler, **schedules)
    assert [slope(recipe, s) for s in (0, 30, 45, 99)] == pytest.approx([0.4, 0.4, 0.2, 0])
    at_first = [density(config, recipe, 0) for config in configs]
    assert at_first == pytest.approx([1, 0.3 / 3.1, 0.02 / 1.3528])
    assert [density(config, recipe, 70) for config in configs] == [1, 0.3, 0.02]
    shard = Shard(configs, range(R), recipe, "cpu")
    blur(shard)
    uniform = draw(t, 1 if shared else len(configs))
    before = [parameters(shard, i) for i in range(len(configs) * R)]
    shard.step(uniform, t, record=True)
    recorded = shard.pop_mean_loss()
    assert recorded.shape == (len(configs), R)
    for i, params in enumerate(before):
        c, r = divmod(i, R)
        loss = loss_of(configs[c], recipe, t, params, uniform[0 if shared else c].numpy())
        loss.backward()
        assert recorded[c, r] == pytest.approx(loss.item(), rel=1e-4)
        for param, name in zip(params, names(configs[c]), strict=True):
            exact = param.grad.numpy() * scaled(configs[c], recipe, t)
            assert np.abs(exact).max() > 0
            np.testing.assert_allclose(
                getattr(shard, f"g{name}")[i].numpy(),
                exact,
                rtol=1e-4,
                atol=1e-5 * np.abs(exact).max(),
            )


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(steps=50, batch_size=B),
        Recipe(steps=50, batch_size=B, warmup=0.5, beta1=0.0, beta2=0.5),
        RECIPES["usual"].replace(batch_size=B),
    ],
    ids=["standard", "other averages", "usual"],
)
@every_kind
def test_steps_are_those_of_torch_adam_with_warm_up_and_cosine(
    configs: list[Config], recipe: Recipe
):
    recipe = recipe.resolve(configs[0])
    shard = Shard(configs, range(1), recipe, "cpu")
    blur(shard)
    all_params = [parameters(shard, i) for i in range(len(configs))]
    adam = torch.optim.Adam(
        [param for params in all_params for param in params], betas=(recipe.beta1, recipe.beta2)
    )
    for t in range(24):
        uniform = draw(t, 1)
        warmup = recipe.warmup * recipe.steps
        share = (t - warmup) / (recipe.steps - warmup)
        rate = recipe.learning_rate * (1 + math.cos(math.pi * share)) / 2
        if recipe.schedule == "constant":
            rate = recipe.learning_rate
        if t < warmup:
            rate = recipe.learning_rate * (t + 1) / (warmup + 1)
        adam.param_groups[0]["lr"] = rate
        adam.zero_grad()
        for i, params in enumerate(all_params):
            loss = loss_of(configs[i], recipe, t, params, uniform[0].numpy())
            (loss * scaled(configs[i], recipe, t)).backward()
        adam.step()
        shard.step(uniform, t, record=False)
    for i, params in enumerate(all_params):
        for param, name in zip(params, names(configs[i]), strict=True):
            found = getattr(shard, name)
            np.testing.assert_allclose(found[i].numpy(), param.detach().numpy(), atol=2e-4)


def test_the_recorded_loss_is_the_mean_since_it_was_last_taken():
    recipe = Recipe(steps=100, batch_size=B).resolve(CONFIGS[0])
    shard = Shard(CONFIGS[:1], range(1), recipe, "cpu")
    blur(shard)
    exact = []
    for t in range(4):
        uniform = draw(t, 1)
        params = parameters(shard, 0)
        shard.step(uniform, t, record=t in (1, 3))
        exact.append(loss_of(CONFIGS[0], recipe, t, params, uniform[0].numpy()).item())
    assert shard.pop_mean_loss()[0, 0] == pytest.approx((exact[1] + exact[3]) / 2, rel=1e-4)
    assert shard.pop_mean_loss()[0, 0] == 0


def test_initial_weights_have_the_spread_of_their_recipe():
    config = Config(n_features=300, n_neurons=200, importance_decay=1.0)
    xavier = Shard([config], range(1), Recipe(batch_size=1, init_scale=0.5), "cpu")
    spread = 0.5 * math.sqrt(2 / 500)
    for W in (xavier.W1, xavier.W2):
        assert W.std().item() == pytest.approx(spread, rel=0.02)
        assert W.mean().abs().item() < 0.01 * spread
    kaiming = Shard([config], range(1), RECIPES["usual"].replace(batch_size=1), "cpu")
    courses = torch.nn.init.kaiming_uniform_(torch.empty(3, 200, 300))
    bound = math.sqrt(6 / (300 * 200))
    assert courses.abs().max().item() == pytest.approx(bound, rel=0.01)
    for W in (kaiming.W1, kaiming.W2):
        assert bound * 0.99 < W.abs().max().item() <= bound
        assert W.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert not xavier.b.any()
    assert not kaiming.b.any()


QUADRATIC = np.random.default_rng(5).normal(size=40)


@pytest.mark.parametrize("sampler", ["tilted", "iid"])
@pytest.mark.parametrize(
    ("task", "n", "p"),
    [("abs", 6, 1.0), ("abs", 20, 0.3), ("identity", 6, 0.1), ("identity", 40, 0.01)],
)
def test_inputs_have_the_density_of_their_step_in_the_curriculum(
    task: str, n: int, p: float, sampler: str
):
    config = Config(
        task=task, n_features=n, n_neurons=1, feature_probability=p, importance_decay=1.0
    )
    recipe = Recipe(batch_size=2_048, sampler=sampler, curriculum=3.0, steps=1_000)
    shard, draws = Shard([config], range(1), recipe, "cpu"), Draws([config], recipe)
    weight, factor = QUADRATIC[:n], 1 + 3 * (1 - p) * min(1, p * n)
    for t, now in ((0, p / factor), (350, p / factor**0.5), (700, p), (999, p)):
        shard.set_density(t)
        likelihoods, means = [], []
        draws.advance(60)
        for uniform in draws.uniform([config]):
            shard.train_step(uniform, 0.0, 0.0, record=False)
            ratio = (shard.scale / shard.importance)[0, 0].double().numpy()
            likelihoods.append(ratio.mean())
            means.append((ratio * (weight @ shard.x[0].double().numpy() + 0.1) ** 2).mean())
        # E[(w x + 0.1)^2] where x is 0, or uniform with probability `now`.
        mean = 0.1 + (weight.sum() * now / 2 if task == "identity" else 0)
        variance = now / 3 - (now / 2) ** 2 * (task == "identity")
        exact = weight @ weight * variance + mean**2
        error = np.std(means) / 60**0.5
        assert np.mean(means) == pytest.approx(exact, abs=4 * error + 1e-6 * exact)
        assert error < 0.04 * exact
        assert np.mean(likelihoods) == pytest.approx(1, abs=0.03)


# Importances 1, 1/2, 1/4 and so on: two of these features have neurons of their own, and two more
# are trained.
LEAVES_OUT = Config(n_features=6, n_neurons=4, feature_probability=0.2, importance_decay=0.5)
FOUR = Recipe(steps=100, batch_size=B, min_importance=0.3)


@pytest.mark.parametrize("task", ["abs", "identity"])
def test_features_that_are_left_out_have_no_weights_and_the_best_constant(task: str):
    config = LEAVES_OUT.replace(task=task, n_neurons=4 if task == "abs" else 2)
    shard = Shard([config, config.replace(feature_probability=1.0)], range(2), FOUR, "cpu")
    assert shard.b.shape == (4, 4)
    for t in range(5):
        shard.step(draw(t, 1)[:, :4], t, record=False)
    for position, constant in ((0, 0.1), (1, 0.5)):
        found = shard.weights(position, 1)
        assert (found.W1.shape, found.W2.shape) == ((config.n_neurons, 6), (6, config.n_neurons))
        assert found.W1[:, :4].all() and not found.W1[:, 4:].any()
        assert found.W2[:4].all() and not found.W2[4:].any()
        assert found.b.tolist()[4:] == pytest.approx([constant] * 2, rel=1e-7)
        assert found.b[:4].all()
        np.testing.assert_array_equal(found.W1[:, :4], shard.W1[2 * position + 1].numpy())


def test_the_recorded_loss_has_the_part_of_features_that_are_left_out():
    I = np.array([[1], [1], [-1], [-1]], np.float32) * np.tile(np.eye(2, dtype=np.float32), (2, 1))
    config = LEAVES_OUT.replace(n_features=3)
    exact = Weights(
        W1=np.pad(I, ((0, 0), (0, 1))),
        W2=np.pad(np.abs(I).T.copy(), ((0, 1), (0, 0))),
        b=np.zeros(3, np.float32),
        b_hidden=np.zeros(4, np.float32),
    )
    recipe = FOUR.replace(min_importance=1.0, cycles=2)
    shard = Shard([config], range(1), recipe, "cpu", [[exact]])
    shard.step(draw(1, 1)[:, :2], 0, record=True)
    # The third importance is 1/4 of 7/4, and the best constant has a loss of 1 - 3 p/4.
    assert shard.pop_mean_loss()[0, 0] == pytest.approx(0.85 / 7, rel=1e-6)
    found = Shard([config], range(1), recipe, "cpu", [[exact]]).weights(0, 0)
    loss, error = evaluate(config, found)
    assert loss == pytest.approx(0.85 / 7, abs=4 * error + 1e-6)


def test_trained_features_learn_as_if_there_were_no_others():
    config = LEAVES_OUT.replace(n_features=20, importance_decay=0.3)
    alone, all_trained = config.replace(n_features=8), FOUR.replace(min_importance=0.0)
    recipe = FOUR.replace(min_importance=0.001)
    assert recipe.trained_features(config) == all_trained.trained_features(alone) == 8
    losses = []
    for each, how in ((config, recipe), (alone, all_trained)):
        shard, draws = Shard([each], range(1), how, "cpu"), Draws([each], how)
        draws.advance(100)
        for t, uniform in enumerate(draws.uniform([each])):
            shard.step(uniform, t, record=True)
        losses.append((shard.weights(0, 0), shard.pop_mean_loss()[0, 0]))
    (found, loss), (expected, of_trained) = losses
    for name in ("W1", "W2", "b"):
        trained = getattr(found, name)[(slice(None), slice(8)) if name == "W1" else slice(8)]
        np.testing.assert_allclose(trained, getattr(expected, name), atol=1e-4)
    scale = config.importance.sum() / alone.importance.sum()
    rest = config.importance[8:].sum() / alone.importance.sum() * 0.85
    assert loss * scale == pytest.approx(of_trained + rest, rel=1e-3)


def test_the_slope_is_only_there_where_the_target_is_positive():
    config = Config(n_features=2, n_neurons=1, importance_decay=1.0)
    below = Weights(
        W1=np.zeros((1, 2), np.float32),
        W2=np.zeros((2, 1), np.float32),
        b=np.array([-0.5, -0.5], np.float32),
        b_hidden=np.zeros(1, np.float32),
    )
    recipe = Recipe(batch_size=1, cycles=2)
    shard = Shard([config], range(1), recipe, "cpu", [[below]])
    # The features are 1/2 and 0. Both outputs are -1/2 before the slope.
    shard.set_density(0)
    shard.train_step(torch.tensor([[[0.25], [0.5]]]), 0.5, 0.0, record=True)
    # The first one is -1/4, its error -3/4, and the loss scale 1/3 of two features.
    assert shard.window.item() == pytest.approx(9 / 16 * 3 / 2)
    assert shard.gb.tolist() == [[pytest.approx(-3 / 4 * 1 / 2 * 2 * 3 / 2), 0]]


def test_weights_are_copies_of_one_instance():
    shard = Shard(CONFIGS, range(2, 5), Recipe(batch_size=B, restarts=5), "cpu")
    found = shard.weights(1, 3)
    instance = 1 * 3 + 1
    before = shard.W1[instance].numpy().copy()
    shard.params.zero_()
    np.testing.assert_array_equal(found.W1, before)
    assert found.W1.shape == (M, N)
    assert found.W2.shape == (N, M)
    np.testing.assert_array_equal(found.b_hidden, np.zeros(M))
    recipe = Recipe(batch_size=B, restarts=5)
    together = Shard(CONFIGS, range(5), recipe, "cpu").weights(2, 4)
    alone = Shard(CONFIGS[2:], range(4, 5), recipe, "cpu").weights(0, 4)
    other = Shard(CONFIGS[2:], range(3, 4), recipe, "cpu").weights(0, 3)
    np.testing.assert_array_equal(together.W1, alone.W1)
    assert np.abs(together.W1 - other.W1).min() > 0


def test_identity_models_have_tied_weights_and_their_hidden_bias():
    shard = Shard(KINDS["identity with hidden bias"], range(2), Recipe(batch_size=B), "cpu")
    for t in range(3):
        shard.step(draw(t, 1), t, record=False)
        found = shard.weights(1, 1)
        np.testing.assert_array_equal(found.W2, found.W1.T)
    assert found.b_hidden.shape == (M,)
    assert found.b_hidden.any()
    np.testing.assert_array_equal(found.b_hidden, shard.b_hidden[3].numpy())
    without = Shard(IDENTITY, range(1), Recipe(batch_size=B), "cpu").weights(0, 0)
    np.testing.assert_array_equal(without.b_hidden, np.zeros(M))


@every_kind
def test_a_shard_goes_on_from_given_weights(configs: list[Config]):
    first = Shard(configs, range(2), Recipe(batch_size=B), "cpu")
    blur(first)
    given = [[first.weights(c, r) for r in range(2)] for c in range(len(configs))]
    again = Shard(configs, range(2), Recipe(batch_size=B, cycles=2), "cpu", given)
    assert torch.equal(again.params[: again.n_params], first.params[: first.n_params])


@pytest.mark.parametrize("sampler", ["tilted", "iid"])
def test_draws_are_shared_by_densities_and_differ_between_seeds(sampler: str):
    a, b, c = (CONFIGS[0], CONFIGS[1].replace(seed=0), CONFIGS[2])  # seeds 0, 0, 1
    draws = Draws([a, b, c], Recipe(batch_size=B, sampler=sampler))
    draws.advance(3)
    assert draws.uniform([a, b]).shape == (3, 1, N, B)
    block = draws.uniform([a, b, c])
    assert block.shape == (3, 3, N, B)
    assert torch.equal(block[:, 0], block[:, 1])
    assert not torch.equal(block[:, 0], block[:, 2])
    assert not torch.equal(block[0], block[1])
    assert (block.min().item() >= 0, block.max().item() < 1) == (True, True)
    recipe = Recipe(batch_size=B, sampler=sampler)
    at_once, one_by_one = Draws(CONFIGS, recipe), Draws(CONFIGS, recipe)
    at_once.advance(4)
    parts = []
    for _ in range(4):
        one_by_one.advance(1)
        parts.append(one_by_one.uniform(CONFIGS))
    assert torch.equal(at_once.uniform(CONFIGS), torch.cat(parts))


@pytest.mark.parametrize("draws_of", [Draws, partial(DeviceDraws, device="cpu")])
@pytest.mark.parametrize("sampler", ["tilted", "iid"])
def test_densities_that_leave_out_more_features_have_the_inputs_of_the_others(
    draws_of, sampler: str
):
    recipe = Recipe(batch_size=B, sampler=sampler)
    dense = Config(n_features=60, n_neurons=10, importance_decay=0.8)
    sparse = dense.replace(feature_probability=0.01)
    other = sparse.replace(importance_decay=0.7)
    assert [recipe.trained_features(each) for each in (dense, sparse, other)] == [16, 26, 18]
    draws = draws_of([dense, sparse, other], recipe)
    draws.advance(3)
    few, more = draws.uniform([dense]), draws.uniform([sparse])
    assert (few.shape, more.shape) == ((3, 1, 16, B), (3, 1, 26, B))
    assert torch.equal(few, more[:, :, :16])
    alone = draws_of([other], recipe)
    alone.advance(3)
    assert torch.equal(draws.uniform([other]), alone.uniform([other]))
    # Of one seed, as many features share a stream, and others have their own.
    assert draws.state().keys() == {(0, 32), (0, 22)}


@pytest.mark.parametrize("draws_of", [Draws, partial(DeviceDraws, device="cpu")])
def test_importance_sampling_spreads_a_batch_evenly_and_plain_sampling_does_not(draws_of):
    def counts(sampler: str) -> set[float]:
        draws = draws_of(CONFIGS[:1], Recipe(batch_size=100, sampler=sampler))
        draws.advance(20)
        active = draws.uniform(CONFIGS[:1]) < 0.1
        return set(active.sum(dim=3).flatten().tolist())

    assert counts("tilted") <= {9, 10, 11}
    assert len(counts("iid")) > 5
