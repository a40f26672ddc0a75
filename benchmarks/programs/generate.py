"""A GPT that says one token after another: keys and values of what was said are kept and grow by one each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._setup import SEED, VARIETY, Setup, Step

VOCABULARY, PROMPT = 256, 8


def build(setup: Setup, layers: int, width: int, heads: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model, and the step that says a token and returns it."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any, past: Any) -> tuple:
            b, t, c = x.shape
            q, k, v = (
                part.view(b, t, heads, c // heads).transpose(1, 2) for part in self.qkv(self.norm1(x)).split(c, dim=2)
            )
            if past is not None:
                k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=past is None)
            x = x + self.proj(y.transpose(1, 2).reshape(b, t, c))
            return x + self.mlp(self.norm2(x)), (k, v)

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(VOCABULARY, width), nn.Embedding(PROMPT + VARIETY, width)
            self.blocks = nn.ModuleList(Block() for _ in range(layers))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)

        def forward(self, x: Any, cache: list) -> tuple:
            begin = cache[0][0].size(2) if cache[0] is not None else 0
            h = self.token(x) + self.position(torch.arange(begin, begin + x.size(1), device=x.device))
            grown = []
            for block, past in zip(self.blocks, cache, strict=True):
                h, kept = block(h, past)
                grown.append(kept)
            return self.head(self.norm(h[:, -1])), grown

    torch.manual_seed(0)
    model = setup.place(GPT()).eval()
    forward = setup.forward(model)
    prompt = torch.from_numpy(np.random.default_rng(SEED).integers(0, VOCABULARY, (1, PROMPT))).to(setup.device)
    said, word, cache = 0, prompt, [None] * layers

    @torch.no_grad()
    def step() -> float:
        nonlocal said, word, cache
        if said % VARIETY == 0:
            word, cache = prompt, [None] * layers
        logits, cache = forward(word, cache)
        word = logits.argmax(dim=-1, keepdim=True)
        said += 1
        return float(word.item())

    return model, step
