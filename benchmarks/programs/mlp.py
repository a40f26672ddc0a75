"""A multi-layer perceptron with Adam: `width`s from the input to the logits, `accumulate` backwards a step."""

from __future__ import annotations

from typing import Any

from ._setup import BATCHES, Setup, Step, classified, twin


def build(setup: Setup, widths: tuple[int, ...], batch: int, accumulate: int = 1) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(0)
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = setup.place(nn.Sequential(*layers[:-1]))
    forward = setup.forward(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    @setup.whole
    def step(x: Any, y: Any) -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    @setup.whole
    def accumulated_step(*pairs: Any) -> float:
        total = 0.0
        optimizer.zero_grad()
        for x, y in zip(pairs[::2], pairs[1::2], strict=True):
            loss = F.cross_entropy(forward(x), y) / accumulate
            loss.backward()
            total += loss.detach()
        optimizer.step()
        return total.item()

    return model, setup.fed(step if accumulate == 1 else accumulated_step, _data(widths, batch, accumulate))


def jax_twin(setup: Setup, widths: tuple[int, ...], batch: int, accumulate: int = 1) -> Step:
    """The same training step in JAX and optax."""
    import jax
    import optax

    depth = len(widths) - 1
    weights = setup.weights
    params = [(weights[f"{2 * i}.weight"].T, weights[f"{2 * i}.bias"]) for i in range(depth)]

    def mean_loss(params: Any, x: Any, y: Any) -> Any:
        for weight, bias in params[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = params[-1]
        return optax.losses.softmax_cross_entropy_with_integer_labels(x @ weight + bias, y).mean()

    def loss_fn(params: Any, carry: Any, *batch: Any) -> tuple:
        pairs = zip(batch[::2], batch[1::2], strict=True)
        return sum(mean_loss(params, x, y) for x, y in pairs) / accumulate, carry

    return twin(loss_fn, optax.adam(1e-3), params, (), _data(widths, batch, accumulate))


def _data(widths: tuple[int, ...], batch: int, accumulate: int) -> list:
    """For each step its inputs and labels, one pair after another."""
    pairs = classified(widths[:1], widths[-1], batch, BATCHES * accumulate)
    return [sum(pairs[i : i + accumulate], []) for i in range(0, len(pairs), accumulate)]
