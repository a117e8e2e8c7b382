"""What to notice on the page that trains one model."""

from __future__ import annotations

from pages.shared.head import draw_notes

_NOTES = """
- **Outputs have a slope below zero at first**, wherever their target is positive, so that none dies
  before it has found its feature: early responses may dip below zero. Later every output is a plain
  ReLU.
- **Features are sparser at first**, which is easier to learn; the training loss is that of the
  density at each step.
- **Restarts end at different losses** at sparse features: the loss has many valleys, which one is
  reached is luck, and taking the lowest of several is part of the recipe.
- **The most important features settle first**: their lines among the outputs follow |x| while those
  of less important ones still move.
- **A gain above 1**, where m is even, cannot come from giving neurons to features: it takes
  computing several with the same neurons.
"""


def draw_what_to_notice() -> None:
    """Draw what to notice, folded."""
    draw_notes(_NOTES)
