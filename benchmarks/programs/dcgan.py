"""The two nets of a DCGAN: a generator of transposed convolutions against a discriminator, an Adam for each."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._setup import BATCHES, SEED, Setup, Step

LR, BETAS = 2e-4, (0.5, 0.999)
LATENT, COLOURS = 100, 3


def build(setup: Setup, batch: int, width: int, stages: int) -> tuple[Any, Step]:
    """The program in PyTorch's API, for images of `8 << stages` pixels: its models and its training step."""
    torch = setup.torch
    nn = torch.nn
    widths = [width << i for i in range(stages + 1)]

    def generator() -> Any:
        wide = widths[::-1]
        layers = [nn.ConvTranspose2d(LATENT, wide[0], 4, 1, 0, bias=False), nn.BatchNorm2d(wide[0]), nn.ReLU(True)]
        for i, o in zip(wide, wide[1:], strict=False):
            layers += [nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)]
        return nn.Sequential(*layers, nn.ConvTranspose2d(wide[-1], COLOURS, 4, 2, 1, bias=False), nn.Tanh())

    def discriminator() -> Any:
        layers = [nn.Conv2d(COLOURS, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        for i, o in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2, inplace=True)]
        return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 0, bias=False), nn.Sigmoid())

    def initialise(module: Any) -> None:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight.data, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight.data, 1.0, 0.02)
            nn.init.constant_(module.bias.data, 0)

    torch.manual_seed(0)
    nets = nn.ModuleDict({"generator": generator(), "discriminator": discriminator()})
    nets.apply(initialise)
    nets = setup.place(nets)
    generate, judge = setup.forward(nets["generator"]), setup.forward(nets["discriminator"])
    criterion = nn.BCELoss()
    optimizer_d = torch.optim.Adam(nets["discriminator"].parameters(), lr=LR, betas=BETAS)
    optimizer_g = torch.optim.Adam(nets["generator"].parameters(), lr=LR, betas=BETAS)

    @setup.whole
    def train(real: Any, noise: Any) -> float:
        optimizer_d.zero_grad()
        label = torch.full((batch,), 1.0, device=setup.device)
        loss_real = criterion(judge(real).view(-1), label)
        loss_real.backward()
        fake = generate(noise)
        label.fill_(0.0)
        loss_fake = criterion(judge(fake.detach()).view(-1), label)
        loss_fake.backward()
        optimizer_d.step()

        optimizer_g.zero_grad()
        label.fill_(1.0)
        loss_g = criterion(judge(fake).view(-1), label)
        loss_g.backward()
        optimizer_g.step()
        return (loss_real + loss_fake + loss_g).item()

    def step(real: Any) -> float:
        return train(real, torch.randn(batch, LATENT, 1, 1, device=setup.device))

    return nets, setup.fed(step, _data(batch, 8 << stages))


def _data(batch: int, size: int) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(SEED)
    return [[np.tanh(rng.standard_normal((batch, COLOURS, size, size), dtype=np.float32))] for _ in range(BATCHES)]
