"""From configs and a recipe to models. Its modules are the only ones that import torch."""
