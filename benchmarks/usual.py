"""The usual tutorial recipe in plain PyTorch, with which this project is compared."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

STEPS = 10_000


def seconds_per_step(
    densities: Sequence[float],
    *,
    steps: int,
    n: int = 100,
    m: int = 40,
    decay: float = 0.8,
    batch: int = 1_024,
    seed: int = 0,
) -> float:
    """Train one model for each density in a batch, with autograd and Adam 1e-3; time the steps."""
    torch.manual_seed(seed)
    models = len(densities)
    W1 = torch.nn.Parameter(torch.nn.init.kaiming_uniform_(torch.empty(models, m, n)))
    W2 = torch.nn.Parameter(torch.nn.init.kaiming_uniform_(torch.empty(models, n, m)))
    b = torch.nn.Parameter(torch.zeros(models, n))
    optimiser = torch.optim.Adam([W1, W2, b], lr=1e-3)
    importance = decay ** torch.arange(n)
    p = torch.tensor(densities).view(models, 1, 1)

    def step() -> None:
        present = torch.rand(models, batch, n) < p
        x = (torch.rand(models, batch, n) * 2 - 1) * present
        h = torch.relu(torch.einsum("imn,ibn->ibm", W1, x))
        y = torch.relu(torch.einsum("inm,ibm->ibn", W2, h) + b[:, None])
        loss = ((y - x.abs()) ** 2 * importance).mean((1, 2)).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    for _ in range(10):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps
