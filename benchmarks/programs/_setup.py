"""What every benchmark program shares: how it meets a library, and how its twin in JAX trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

Step = Callable[[], float]
Weights = Mapping[str, np.ndarray]
SEED = 0
BATCHES = 4  # different batches that the steps go round
VARIETY = 200  # steps after which a program whose shapes vary begins anew


@dataclass(frozen=True)
class Setup:
    """What a program is built with.

    Attributes:
        torch: a library with PyTorch's API; None for a twin in JAX.
        device: where tensors live.
        compile: what `torch.compile` is called with: the `"model"`, the whole `"step"`, or nothing.
        dropout: off where losses are compared, for no two libraries draw the same masks.
        weights: the model's initial weights; the library's own when None.
    """

    torch: Any = None
    device: str = "cpu"
    compile: str | None = None
    dropout: bool = True
    weights: Weights | None = None

    def place(self, model: Any) -> Any:
        """Give the model its initial weights and its device."""
        if self.weights is not None:
            model.load_state_dict({name: self.torch.from_numpy(value) for name, value in self.weights.items()})
        return model.to(self.device)

    def forward(self, model: Any) -> Any:
        """What a step calls: the model, or what `torch.compile` makes of it."""
        return self.torch.compile(model) if self.compile == "model" else model

    def whole(self, step: Callable) -> Callable:
        """A step that is one function of tensors, or what `torch.compile` makes of it."""
        return self.torch.compile(step) if self.compile == "step" else step

    def fed(self, step: Callable[..., float], arrays: Sequence[Sequence[np.ndarray]]) -> Step:
        """The step with the next of these batches as tensors, again and again."""
        batches = cycle([[self.torch.from_numpy(a).to(self.device) for a in batch] for batch in arrays])
        return lambda: step(*next(batches))


def export(model: Any) -> dict[str, np.ndarray]:
    """Copy the model's weights out."""
    return {name: value.detach().cpu().numpy().copy() for name, value in model.state_dict().items()}


def classified(features: tuple[int, ...], classes: int, batch: int, count: int = BATCHES) -> list[list[np.ndarray]]:
    """Random inputs `(batch, *features)` in float32 with int64 labels `(batch,)`."""
    rng = np.random.default_rng(SEED)
    return [
        [rng.standard_normal((batch, *features), dtype=np.float32), rng.integers(0, classes, batch)]
        for _ in range(count)
    ]


def tokens(vocabulary: int, shape: tuple[int, int], axis: int) -> list[list[np.ndarray]]:
    """Random int64 tokens of a shape, and each one's successor along the axis."""
    rng = np.random.default_rng(SEED)
    longer = tuple(n + (i == axis) for i, n in enumerate(shape))
    draws = [rng.integers(0, vocabulary, longer) for _ in range(BATCHES)]
    length = shape[axis]
    return [
        [np.ascontiguousarray(t.take(range(length), axis)), np.ascontiguousarray(t.take(range(1, length + 1), axis))]
        for t in draws
    ]


def twin(loss_fn: Callable, optimizer: Any, params: Any, carry: Any, arrays: Sequence[Sequence[np.ndarray]]) -> Step:
    """Return the training step as one writes it in JAX: one donated `jax.jit` over loss, gradient and optax.

    Args:
        loss_fn: `(params, carry, *batch) -> (loss, carry)`.
        optimizer: an optax transformation.
        params: the initial weights, a pytree of NumPy arrays.
        carry: what a step hands to the next besides weights (a hidden state, a random key); `()` for none.
        arrays: the batches that the steps go round.
    """
    import jax
    import optax

    # Copies: an array that JAX shares with NumPy's memory cannot be donated.
    params = jax.tree.map(partial(jax.numpy.array, copy=True), params)
    state = optimizer.init(params)
    batches = cycle([[jax.device_put(_narrow(a)) for a in batch] for batch in arrays])

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(params: Any, state: Any, carry: Any, *batch: Any) -> tuple:
        (loss, carry), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, carry, *batch)
        updates, state = optimizer.update(grads, state, params)
        return loss, optax.apply_updates(params, updates), state, carry

    def step() -> float:
        nonlocal params, state, carry
        loss, params, state, carry = update(params, state, carry, *next(batches))
        return loss.item()

    return step


def _narrow(array: np.ndarray) -> np.ndarray:
    """Labels in 32 bits, JAX's own choice."""
    return array.astype(np.int32) if array.dtype == np.int64 else array
