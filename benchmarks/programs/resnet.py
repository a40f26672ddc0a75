"""ResNet-18 in its form for images of 32 x 32: a 3 x 3 stem, no pooling before the blocks; SGD with momentum."""

from __future__ import annotations

from typing import Any

from ._setup import Setup, Step, Weights, classified, twin

LR, MOMENTUM, DECAY = 0.01, 0.9, 5e-4
CLASSES, BLOCKS = 10, 2


def build(setup: Setup, batch: int, width: int = 64, size: int = 32) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.downsample = None
            if stride != 1 or inputs != outputs:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, x: Any) -> Any:
            identity = x if self.downsample is None else self.downsample(x)
            x = F.relu(self.bn1(self.conv1(x)), inplace=True)
            x = self.bn2(self.conv2(x))
            x += identity
            return F.relu(x, inplace=True)

    class ResNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.relu = nn.ReLU(inplace=True)
            stages, inputs = [], width
            for i in range(4):
                for j in range(BLOCKS):
                    outputs = width << i
                    stages.append(Block(inputs, outputs, 2 if i and not j else 1))
                    inputs = outputs
            self.blocks = nn.Sequential(*stages)
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(inputs, CLASSES)
            for m in self.modules():
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

        def forward(self, x: Any) -> Any:
            x = self.blocks(self.relu(self.bn1(self.conv1(x))))
            return self.fc(torch.flatten(self.avgpool(x), 1))

    torch.manual_seed(0)
    model = setup.place(ResNet())
    forward = setup.forward(model)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY)

    @setup.whole
    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = criterion(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return model, setup.fed(step, classified((3, size, size), CLASSES, batch))


def jax_twin(setup: Setup, batch: int, width: int = 64, size: int = 32) -> Step:
    """The same training step in JAX and optax, with channels last."""
    import jax
    import optax

    from . import _jax

    def block(params: Weights, stats: dict, name: str, x: Any, stride: int) -> Any:
        identity = x
        if f"{name}.downsample.0.weight" in params:
            identity = _jax.conv(params, f"{name}.downsample.0", x, stride)
            identity = _jax.batch_norm(params, stats, f"{name}.downsample.1", identity)
        x = _jax.batch_norm(params, stats, f"{name}.bn1", _jax.conv(params, f"{name}.conv1", x, stride, 1))
        x = _jax.conv(params, f"{name}.conv2", jax.nn.relu(x), 1, 1)
        return jax.nn.relu(_jax.batch_norm(params, stats, f"{name}.bn2", x) + identity)

    def loss_fn(params: Weights, stats: dict, x: Any, y: Any) -> tuple:
        stats = dict(stats)
        x = jax.nn.relu(_jax.batch_norm(params, stats, "bn1", _jax.conv(params, "conv1", x, 1, 1)))
        for i in range(4 * BLOCKS):
            x = block(params, stats, f"blocks.{i}", x, 2 if i and i % BLOCKS == 0 else 1)
        logits = _jax.linear(params, "fc", x.mean((1, 2)))
        return optax.losses.softmax_cross_entropy_with_integer_labels(logits, y).mean(), stats

    optimizer = optax.chain(optax.add_decayed_weights(DECAY), optax.sgd(LR, momentum=MOMENTUM))
    data = _jax.images(classified((3, size, size), CLASSES, batch))
    return twin(loss_fn, optimizer, _jax.channels_last(setup.weights), _jax.running(setup.weights), data)
