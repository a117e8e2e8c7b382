"""The overview: why superposition matters, a card for every page, and the smallest example."""

from pages.overview.cards import draw_cards
from pages.overview.smallest import draw_smallest
from pages.overview.state import OVERVIEW_PAGE
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.navigation import OVERVIEW
from pages.shared.resources import store
from pages.shared.sections import expander

_, problems = OVERVIEW_PAGE.open()

draw_head(
    OVERVIEW,
    "Networks can compute with more features than they have neurons",
    "Many neurons of real networks answer to several unrelated things, which makes networks hard "
    "to understand and to trust. One explanation is **computation in superposition**: several "
    "features share a neuron, which pays when they are sparse, because two are then rarely there "
    "at once.\n\nThe networks here are small enough to see it. They compute the absolute value of "
    r"every input, $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$, for which two neurons a feature "
    "are exact, and they have fewer. Every figure comes from models that this program trained, "
    "after Elhage et al., 2022.",
)
show_problems(problems, tuple(store().notes))
draw_cards()
expander(
    OVERVIEW_PAGE, "open", "smallest", "The smallest example: nothing is shared", draw_smallest
)
