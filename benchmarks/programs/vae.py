"""A variational autoencoder of digits: noise drawn in the model, summed binary cross entropy and divergence, Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._setup import BATCHES, SEED, Setup, Step, Weights, twin

LR = 1e-3


def build(setup: Setup, pixels: int, hidden: int, latent: int, batch: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(pixels, hidden)
            self.mean, self.logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
            self.outer, self.image = nn.Linear(latent, hidden), nn.Linear(hidden, pixels)

        def forward(self, x: Any) -> tuple:
            h = F.relu(self.inner(x))
            mean, logvar = self.mean(h), self.logvar(h)
            z = mean
            if self.training:
                std = torch.exp(0.5 * logvar)
                z = mean + torch.randn_like(std) * std
            return torch.sigmoid(self.image(F.relu(self.outer(z)))), mean, logvar

    torch.manual_seed(0)
    model = setup.place(VAE()).train(setup.dropout)
    forward = setup.forward(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)

    @setup.whole
    def step(x: Any) -> float:
        optimizer.zero_grad()
        image, mean, logvar = forward(x)
        likelihood = F.binary_cross_entropy(image, x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + logvar - mean.pow(2) - logvar.exp())
        loss = likelihood + divergence
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, _data(pixels, batch))


def jax_twin(setup: Setup, pixels: int, hidden: int, latent: int, batch: int) -> Step:
    """The same training step in JAX and optax."""
    import jax
    import jax.numpy as jnp
    import optax

    from ._jax import linear

    def loss_fn(params: Weights, key: Any, x: Any) -> tuple:
        h = jax.nn.relu(linear(params, "inner", x))
        mean, logvar = linear(params, "mean", h), linear(params, "logvar", h)
        z = mean
        if setup.dropout:
            key, sub = jax.random.split(key)
            z = mean + jax.random.normal(sub, mean.shape) * jnp.exp(0.5 * logvar)
        logits = linear(params, "image", jax.nn.relu(linear(params, "outer", z)))
        likelihood = optax.losses.sigmoid_binary_cross_entropy(logits, x).sum()
        return likelihood - 0.5 * (1 + logvar - mean**2 - jnp.exp(logvar)).sum(), key

    return twin(loss_fn, optax.adam(LR), dict(setup.weights), jax.random.key(SEED), _data(pixels, batch))


def _data(pixels: int, batch: int) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(SEED)
    return [[rng.random((batch, pixels), dtype=np.float32)] for _ in range(BATCHES)]
