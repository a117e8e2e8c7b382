"""Recipes on pages: the presets' names, and what each field does, in a sentence."""

from __future__ import annotations

from typing import Literal

from pages.shared.links import Param
from toymodel.config import Recipe
from toymodel.settings import Settings
from toymodel.text import number

Preset = Literal["quick", "standard", "thorough", "usual"]

PRESETS = {
    "quick": "quick: for a first look",
    "standard": "standard",
    "thorough": "thorough: lowest loss",
    "usual": "usual: as in courses",
}

RECIPE_PARAMS = (
    Param("steps", Recipe, "steps"),
    Param("batch", Recipe, "batch_size"),
    Param("lr", Recipe, "learning_rate", write=number),
    Param("schedule", Recipe, "schedule"),
    Param("warmup", Recipe, "warmup", write=number),
    Param("beta1", Recipe, "beta1", write=number),
    Param("beta2", Recipe, "beta2", write=number),
    Param("init", Recipe, "init"),
    Param("scale", Recipe, "init_scale", write=number),
    Param("sampler", Recipe, "sampler"),
    Param("active", Recipe, "min_active", write=number),
    Param("linear", Recipe, "linear_until", write=number),
    Param("restarts", Recipe, "restarts"),
    Param("cycles", Recipe, "cycles"),
    Param("weights", Recipe, "weights"),
)

FIELDS = {
    "steps": ("Steps", "Optimiser steps of one run of the schedule."),
    "batch_size": ("Batch size", "Examples a step."),
    "learning_rate": ("Learning rate", "Adam's, at its highest."),
    "schedule": (
        "Schedule",
        "cosine: the learning rate falls to zero after the warm-up. constant: it stays.",
    ),
    "warmup": ("Warm-up", "Share of the steps over which the learning rate rises from zero."),
    "beta1": ("Adam β₁", "How slowly Adam's average of the gradient forgets."),
    "beta2": ("Adam β₂", "How slowly Adam's average of the squared gradient forgets."),
    "init": (
        "Initial weights",
        "xavier: normal. kaiming: uniform, as courses call it on a batched tensor.",
    ),
    "init_scale": ("Initial scale", "Factor on the initial weights. Biases start at zero."),
    "sampler": (
        "Sampler",
        "iid: examples from the true distribution, most of them empty where features are sparse. "
        "tilted: features are there more often, and examples are weighted so that the expected "
        "loss is the same.",
    ),
    "min_active": (
        "Active features",
        "How many features an example of the tilted sampler has, where the density gives fewer.",
    ),
    "linear_until": (
        "Linear until",
        "Share of the steps over which the output unit turns from linear into a ReLU, so that none "
        "dies before it found its feature. 0: a ReLU from the start.",
    ),
    "cycles": (
        "Cycles",
        "How often the schedule is run: each later time goes on from where the model stands.",
    ),
}
"""Of every field of a recipe that can be set, but the restarts: its label, and what it does."""


class Base(Settings):
    """The preset that a recipe was made from."""

    preset: Preset = "standard"
