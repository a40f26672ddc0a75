"""Whole training runs: with equal seeds the losses are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import reference


def mlp(torch):
    nn = torch.nn
    return nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4)), torch.randn(96, 12)


def convnet(torch):
    nn = torch.nn
    body = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.MaxPool2d(2)
    )
    return nn.Sequential(body, nn.Flatten(), nn.Linear(32, 4)), torch.randn(96, 1, 8, 8)


def lstm(torch):
    class Reader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(20, 8)
            self.rnn = torch.nn.LSTM(8, 16, 2, batch_first=True)
            self.out = torch.nn.Linear(16, 4)

        def forward(self, x):
            return self.out(self.rnn(self.embedding(x))[0][:, -1])

    return Reader(), torch.randint(0, 20, (96, 7))


def losses(torch, build, steps: int = 50) -> list[float]:
    """The losses of a run whose loader shuffles."""
    torch.manual_seed(5)
    model, inputs = build(torch)
    targets = torch.randint(0, 4, (96,))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, targets), batch_size=32, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 20, 0.5)
    found: list[float] = []
    while len(found) < steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            found.append(loss.item())
    return found


@pytest.mark.parametrize("build", [mlp, convnet, lstm])
def test_losses_are_pytorchs_to_four_digits(build):
    np.testing.assert_allclose(losses(torchlike, build), losses(reference(), build), rtol=1e-4)
