"""A transformer encoder that classifies sentences; each batch is padded to the longest of its own."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ._setup import SEED, VARIETY, Setup, Step, Weights, twin

LR = 3e-4
CLASSES, LONGEST, PADDING = 4, 80, 0
BUCKET = 16  # the twin pads to its multiples: to the lengths themselves it would compile for each


def build(setup: Setup, layers: int, width: int, heads: int, vocabulary: int, batch: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.inner, self.outer = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any, padded: Any) -> Any:
            y, _ = self.attention(x, x, x, key_padding_mask=padded, need_weights=False)
            x = self.norm1(x + y)
            return self.norm2(x + self.outer(F.relu(self.inner(x))))

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Embedding(vocabulary, width, padding_idx=PADDING)
            self.position = nn.Embedding(LONGEST, width)
            self.layers = nn.ModuleList(Layer() for _ in range(layers))
            self.head = nn.Linear(width, CLASSES)

        def forward(self, x: Any) -> Any:
            padded = x == PADDING
            h = self.token(x) + self.position(torch.arange(x.size(1), device=x.device))
            for layer in self.layers:
                h = layer(h, padded)
            h = h.masked_fill(padded.unsqueeze(-1), 0.0).sum(dim=1)
            return self.head(h / (~padded).sum(dim=1, keepdim=True))

    torch.manual_seed(0)
    model = setup.place(Encoder())
    forward = setup.forward(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)

    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, _data(vocabulary, batch))


def jax_twin(setup: Setup, layers: int, width: int, heads: int, vocabulary: int, batch: int) -> Step:
    """The same training step in JAX and optax."""
    import jax
    import jax.numpy as jnp
    import optax

    from ._jax import layer_norm, linear

    def layer(params: Weights, name: str, x: Any, valid: Any) -> Any:
        inputs = {"weight": "attention.in_proj_weight", "bias": "attention.in_proj_bias"}
        packed = {f"in.{key}": params[f"{name}.{where}"] for key, where in inputs.items()}
        shape = (*x.shape[:2], heads, width // heads)
        q, k, v = (part.reshape(shape) for part in jnp.split(linear(packed, "in", x), 3, axis=2))
        y = jax.nn.dot_product_attention(q, k, v, mask=valid[:, None, None, :]).reshape(x.shape)
        x = layer_norm(params, f"{name}.norm1", x + linear(params, f"{name}.attention.out_proj", y))
        y = linear(params, f"{name}.outer", jax.nn.relu(linear(params, f"{name}.inner", x)))
        return layer_norm(params, f"{name}.norm2", x + y)

    def loss_fn(params: Weights, carry: Any, x: Any, y: Any) -> tuple:
        valid = x != PADDING
        h = params["token.weight"][x] + params["position.weight"][: x.shape[1]]
        for i in range(layers):
            h = layer(params, f"layers.{i}", h, valid)
        h = jnp.where(valid[:, :, None], h, 0.0).sum(1) / valid.sum(1, keepdims=True)
        logits = linear(params, "head", h)
        return optax.losses.softmax_cross_entropy_with_integer_labels(logits, y).mean(), carry

    data = [[np.pad(x, ((0, 0), (0, -x.shape[1] % BUCKET))), y] for x, y in _data(vocabulary, batch)]
    return twin(loss_fn, optax.adam(LR), dict(setup.weights), (), data)


def _data(vocabulary: int, batch: int) -> list[list[np.ndarray]]:
    """Sentences whose lengths are spread as those of a text; the padding is at their ends."""
    lengths, rng = random.Random(SEED), np.random.default_rng(SEED)
    batches = []
    for _ in range(VARIETY):
        wanted = [min(LONGEST, max(3, round(lengths.lognormvariate(3.0, 0.5)))) for _ in range(batch)]
        x = rng.integers(1, vocabulary, (batch, max(wanted)))
        for row, length in zip(x, wanted, strict=True):
            row[length:] = PADDING
        batches.append([x, rng.integers(0, CLASSES, batch)])
    return batches
