"""Phase diagrams of few cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from toymodel.phase import diagram
from toymodel.phase.diagram import Diagram, train_diagram
from toymodel.recipe import Recipe


def trained(
    densities: Sequence[float], ratios: Sequence[float], recipe: Recipe, **options: Any
) -> Diagram:
    """A diagram of other cells than the shipped one's, trained by another recipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagram, "DENSITIES", tuple(densities))
        patch.setattr(diagram, "RATIOS", tuple(ratios))
        patch.setattr(diagram, "RECIPE", recipe)
        return train_diagram(**options)
