"""A U-Net of three levels that segments images: skips joined by `cat`, `ConvTranspose2d` upwards, Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._setup import BATCHES, SEED, Setup, Step, Weights, twin

LR, LEVELS = 1e-3, 3


def build(setup: Setup, batch: int, width: int, size: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn = torch.nn

    def double(inputs: int, outputs: int) -> Any:
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = [width << i for i in range(LEVELS)]
            self.down = nn.ModuleList(double(i, o) for i, o in zip([3, *widths], widths, strict=False))
            self.pool = nn.MaxPool2d(2)
            self.bottom = double(widths[-1], 2 * widths[-1])
            self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths))
            self.join = nn.ModuleList(double(2 * w, w) for w in reversed(widths))
            self.head = nn.Conv2d(width, 1, 1)

        def forward(self, x: Any) -> Any:
            skips = []
            for down in self.down:
                skips.append(down(x))
                x = self.pool(skips[-1])
            x = self.bottom(x)
            for up, join in zip(self.up, self.join, strict=True):
                x = join(torch.cat([skips.pop(), up(x)], dim=1))
            return self.head(x)

    torch.manual_seed(0)
    model = setup.place(UNet())
    forward = setup.forward(model)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)

    @setup.whole
    def step(x: Any, mask: Any) -> float:
        optimizer.zero_grad()
        loss = criterion(forward(x), mask)
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, _data(batch, size))


def jax_twin(setup: Setup, batch: int, width: int, size: int) -> Step:
    """The same training step in JAX and optax, with channels last."""
    import jax
    import jax.numpy as jnp
    import optax

    from . import _jax

    def double(params: Weights, stats: dict, name: str, x: Any) -> Any:
        for i in (0, 3):
            x = _jax.conv(params, f"{name}.{i}", x, padding=1)
            x = jax.nn.relu(_jax.batch_norm(params, stats, f"{name}.{i + 1}", x))
        return x

    def up(params: Weights, name: str, x: Any) -> Any:
        b, h, w, _ = x.shape
        kernel = params[f"{name}.weight"]  # the stride is the size: each pixel becomes a square of its own
        y = jnp.einsum("bhwi,yxio->bhywxo", x, kernel).reshape(b, 2 * h, 2 * w, kernel.shape[3])
        return y + params[f"{name}.bias"]

    def loss_fn(params: Weights, stats: dict, x: Any, mask: Any) -> tuple:
        stats, skips = dict(stats), []
        for i in range(LEVELS):
            skips.append(double(params, stats, f"down.{i}", x))
            x = _jax.max_pool(skips[-1], 2)
        x = double(params, stats, "bottom", x)
        for i in range(LEVELS):
            x = jnp.concatenate([skips.pop(), up(params, f"up.{i}", x)], axis=3)
            x = double(params, stats, f"join.{i}", x)
        logits = _jax.conv(params, "head", x)
        return optax.losses.sigmoid_binary_cross_entropy(logits, mask).mean(), stats

    params = _jax.channels_last(setup.weights, [f"up.{i}.weight" for i in range(LEVELS)])
    data = _jax.images(_data(batch, size))
    return twin(loss_fn, optax.adam(LR), params, _jax.running(setup.weights), data)


def _data(batch: int, size: int) -> list[list[np.ndarray]]:
    """Images, and masks of one channel that tell where the first channel is bright."""
    rng = np.random.default_rng(SEED)
    draws = [rng.standard_normal((batch, 3, size, size), dtype=np.float32) for _ in range(BATCHES)]
    return [[x, np.float32(x[:, :1] > 0.5)] for x in draws]
