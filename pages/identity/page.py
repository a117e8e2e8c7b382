"""Networks that copy their features, and why networks that compute |x| are studied instead."""

from pages.identity.limits import draw_bias, draw_networks, draw_relu
from pages.identity.notes import EXAMPLES, draw_notes
from pages.identity.state import IDENTITY_PAGE
from pages.identity.sweep import draw_matrices, draw_sweep
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.navigation import IDENTITIES
from pages.shared.resources import store
from pages.shared.sections import tabs
from toymodel.sweeps.shipped import IDENTITY

state, problems = IDENTITY_PAGE.open()
config = IDENTITY.configs[0]

draw_head(
    IDENTITIES,
    "Given the chance, a network that copies its features does without its ReLU",
    "Copying needs no ReLU, so a network that only has to copy tells little about computing: this "
    f"is why the paper goes on to |x|. Here {config.n_features} features, {config.n_neurons} "
    r"neurons, $y = \mathrm{ReLU}(W^\top\mathrm{ReLU}(W x) + b)$ should be $x$ itself; "
    f"importance $I_i = {config.importance_decay:g}^i$; a feature is 0 with probability $S$, else "
    "uniform on [0, 1].",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
draw_sweep(state)
tabs(
    IDENTITY_PAGE,
    "tab",
    {
        "notes": ("What to notice", draw_notes),
        "relu": ("Does it use its ReLU?", draw_relu),
        "bias": ("The simulated bias", draw_bias),
        "matrices": ("Weights as matrices", lambda: draw_matrices(IDENTITY_PAGE.state)),
        "numbers": ("In numbers", draw_networks),
    },
)
