"""The classic ConvNet for MNIST's images, with dropout, negative log likelihood, and SGD with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._setup import SEED, Setup, Step, Weights, classified, twin

LR, MOMENTUM = 0.01, 0.9
IMAGE, CLASSES = (1, 28, 28), 10


def build(setup: Setup, batch: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, 1), nn.Conv2d(32, 64, 3, 1)
            self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
            self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, CLASSES)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.conv1(x))
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = F.relu(self.fc1(torch.flatten(self.dropout1(x), 1)))
            return F.log_softmax(self.fc2(self.dropout2(x)), dim=1)

    torch.manual_seed(0)
    model = setup.place(Net()).train(setup.dropout)
    forward = setup.forward(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM)

    @setup.whole
    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = F.nll_loss(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, classified(IMAGE, CLASSES, batch))


def jax_twin(setup: Setup, batch: int) -> Step:
    """The same training step in JAX and optax, with channels last as JAX's users have them."""
    import jax
    import jax.numpy as jnp
    import optax
    from jax import lax

    weights = setup.weights
    params = {name: value for name, value in weights.items() if name.startswith("fc2") or name.endswith("bias")}
    for name in ("conv1.weight", "conv2.weight"):
        params[name] = weights[name].transpose(2, 3, 1, 0)
    params["fc1.weight"] = weights["fc1.weight"].reshape(128, 64, 12, 12).transpose(0, 2, 3, 1).reshape(128, 9216)

    def conv(params: Weights, name: str, x: Any) -> Any:
        kernel = params[f"{name}.weight"]
        y = lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return jax.nn.relu(y + params[f"{name}.bias"])

    def drop(key: Any, x: Any, rate: float) -> Any:
        if not setup.dropout:
            return x
        keep = jax.random.bernoulli(key, np.float32(1 - rate), x.shape)
        return jnp.where(keep, x / (1 - rate), 0)

    def loss_fn(params: Weights, key: Any, x: Any, y: Any) -> tuple:
        key, key1, key2 = jax.random.split(key, 3)
        x = conv(params, "conv2", conv(params, "conv1", x))
        x = lax.reduce_window(x, -np.float32(np.inf), lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        x = drop(key1, x.reshape(x.shape[0], -1), 0.25)
        x = drop(key2, jax.nn.relu(x @ params["fc1.weight"].T + params["fc1.bias"]), 0.5)
        logits = x @ params["fc2.weight"].T + params["fc2.bias"]
        return optax.losses.softmax_cross_entropy_with_integer_labels(logits, y).mean(), key

    data = [[x.transpose(0, 2, 3, 1), y] for x, y in classified(IMAGE, CLASSES, batch)]
    return twin(loss_fn, optax.sgd(LR, momentum=MOMENTUM), params, jax.random.key(SEED), data)
