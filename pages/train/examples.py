"""Instructive settings to start from."""

from __future__ import annotations

from typing import NamedTuple

from pages.shared.head import Example as HeadExample
from pages.shared.model_choice import Choice
from pages.train.state import TRAIN_PAGE
from toymodel.recipe import RECIPES
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES
from toymodel.sweeps.shipped import SMALL, SMALLEST, Family
from toymodel.text import number


class Example(NamedTuple):
    """An instructive setting.

    Attributes:
        choice: the model.
        expect: what to expect of it; empty if it is not among the links to begin with.
    """

    choice: Choice
    expect: str = ""


_PAIR = ("The paper's sweep, 1 − S = 0.001", "The usual recipe, failing")


def _small(family: Family) -> Choice:
    return Choice.of(family.configs[0], family.recipe)


def _paper(density: float, preset: str = "standard") -> Choice:
    config = PAPER_CONFIG.replace(feature_probability=density)
    return Choice.of(config, RECIPES[preset])


EXAMPLES = {
    "The smallest absolute value": Example(
        _small(SMALLEST), "n = 3, m = 6: two neurons a feature, and an exact answer."
    ),
    "The motif's setting": Example(
        _small(SMALL), "n = 6, m = 10: one pair of neurons too few, and features that are sparse."
    ),
    **{f"The paper's sweep, 1 − S = {number(p)}": Example(_paper(p)) for p in PAPER_DENSITIES},
    "The usual recipe, failing": Example(
        _paper(0.001, "usual"),
        "The sparsest of the paper's models, trained as in courses: dead outputs, and a loss not "
        "far below that of answering 0.",
    ),
}


def links() -> list[HeadExample]:
    """The examples that the page offers to begin with, and two recipes side by side."""
    good, usual = (EXAMPLES[name].choice for name in _PAIR)
    shown = TRAIN_PAGE.state.replace(other=None)  # what is open stays open
    return [
        *(
            HeadExample(name, shown.showing(example.choice).link, example.expect)
            for name, example in EXAMPLES.items()
            if example.expect
        ),
        HeadExample(
            "Two recipes side by side",
            shown.showing(good).replace(other=usual).link,
            "The same model by the standard recipe and by that of courses, on the same axes.",
        ),
    ]


def example_name(choice: Choice) -> str | None:
    """The name of the example with these settings, or None."""
    return next((name for name, example in EXAMPLES.items() if example.choice == choice), None)
