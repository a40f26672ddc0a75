"""Blocks of MobileNet: a depthwise 3 x 3 and a pointwise convolution, batch norm after each; SGD with momentum."""

from __future__ import annotations

from typing import Any

from ._setup import Setup, Step, Weights, classified, twin

LR, MOMENTUM = 0.05, 0.9
CLASSES, STRIDES = 10, (1, 2, 1, 2)


def build(setup: Setup, batch: int, width: int, size: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
            self.bn1 = nn.BatchNorm2d(inputs)
            self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)

        def forward(self, x: Any) -> Any:
            x = F.relu6(self.bn1(self.depthwise(x)))
            return F.relu6(self.bn2(self.pointwise(x)))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, width, 1, bias=False)
            blocks, inputs = [], width
            for stride in STRIDES:
                blocks.append(Block(inputs, inputs * stride, stride))
                inputs *= stride
            self.blocks = nn.Sequential(*blocks)
            self.fc = nn.Linear(inputs, CLASSES)

        def forward(self, x: Any) -> Any:
            return self.fc(self.blocks(self.stem(x)).mean([2, 3]))

    torch.manual_seed(0)
    model = setup.place(Net())
    forward = setup.forward(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM)

    @setup.whole
    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, classified((3, size, size), CLASSES, batch))


def jax_twin(setup: Setup, batch: int, width: int, size: int) -> Step:
    """The same training step in JAX and optax, with channels last."""
    import jax
    import optax

    from . import _jax

    def block(params: Weights, stats: dict, name: str, x: Any, stride: int) -> Any:
        x = _jax.conv(params, f"{name}.depthwise", x, stride, 1, groups=x.shape[3])
        x = jax.nn.relu6(_jax.batch_norm(params, stats, f"{name}.bn1", x))
        return jax.nn.relu6(_jax.batch_norm(params, stats, f"{name}.bn2", _jax.conv(params, f"{name}.pointwise", x)))

    def loss_fn(params: Weights, stats: dict, x: Any, y: Any) -> tuple:
        stats = dict(stats)
        x = _jax.conv(params, "stem", x)
        for i, stride in enumerate(STRIDES):
            x = block(params, stats, f"blocks.{i}", x, stride)
        logits = _jax.linear(params, "fc", x.mean((1, 2)))
        return optax.losses.softmax_cross_entropy_with_integer_labels(logits, y).mean(), stats

    params, stats = _jax.channels_last(setup.weights), _jax.running(setup.weights)
    data = _jax.images(classified((3, size, size), CLASSES, batch))
    return twin(loss_fn, optax.sgd(LR, momentum=MOMENTUM), params, stats, data)
