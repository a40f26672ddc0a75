"""A small GPT: causal attention, GELU, AdamW; predicts the next of `length` random tokens."""

from __future__ import annotations

from typing import Any

from ._setup import Setup, Step, Weights, tokens, twin

VOCABULARY = 256
LR, DECAY = 3e-4, 0.01


def build(setup: Setup, layers: int, width: int, heads: int, batch: int, length: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            q, k, v = (
                part.view(b, t, heads, c // heads).transpose(1, 2) for part in self.qkv(self.norm1(x)).split(c, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(y.transpose(1, 2).reshape(b, t, c))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(VOCABULARY, width), nn.Embedding(length, width)
            self.blocks = nn.ModuleList(Block() for _ in range(layers))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)

        def forward(self, x: Any) -> Any:
            h = self.token(x) + self.position(torch.arange(x.shape[1], device=x.device))
            for block in self.blocks:
                h = block(h)
            return self.head(self.norm(h))

    torch.manual_seed(0)
    model = setup.place(GPT())
    forward = setup.forward(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=DECAY)

    @setup.whole
    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x).view(-1, VOCABULARY), y.view(-1))
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, tokens(VOCABULARY, (batch, length), axis=1))


def jax_twin(setup: Setup, layers: int, width: int, heads: int, batch: int, length: int) -> Step:
    """The same training step in JAX and optax."""
    import jax
    import jax.numpy as jnp
    import optax

    from ._jax import layer_norm, linear

    def block(params: Weights, name: str, x: Any) -> Any:
        b, t, c = x.shape
        q, k, v = (
            part.reshape(b, t, heads, c // heads)
            for part in jnp.split(linear(params, f"{name}.qkv", layer_norm(params, f"{name}.norm1", x)), 3, axis=2)
        )
        y = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        x = x + linear(params, f"{name}.proj", y.reshape(b, t, c))
        h = jax.nn.gelu(linear(params, f"{name}.mlp.0", layer_norm(params, f"{name}.norm2", x)), approximate=False)
        return x + linear(params, f"{name}.mlp.2", h)

    def loss_fn(params: Weights, carry: Any, x: Any, y: Any) -> tuple:
        h = params["token.weight"][x] + params["position.weight"]
        for i in range(layers):
            h = block(params, f"blocks.{i}", h)
        logits = linear(params, "head", layer_norm(params, "norm", h))
        return optax.losses.softmax_cross_entropy_with_integer_labels(logits, y).mean(), carry

    optimizer = optax.adamw(LR, weight_decay=DECAY)
    return twin(loss_fn, optimizer, dict(setup.weights), (), tokens(VOCABULARY, (batch, length), axis=1))
