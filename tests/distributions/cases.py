"""The distributions that the tests go through: for each class with what parameters it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """One way to make distributions.

    Attributes:
        name: the class's, and what is said of this way.
        parameters: the name of each argument, and what its elements are (see `KINDS`).
        make: makes the distribution of the library and the tensors, where it is not the class's own constructor.
    """

    name: str
    parameters: dict[str, str]
    make: Callable[..., Any] | None = None

    def distribution(self, torch, *tensors):
        """The distribution with these parameters."""
        if self.make is not None:
            return self.make(torch, *tensors)
        named = dict(zip(self.parameters, tensors, strict=True))
        return getattr(torch.distributions, self.name.split()[0])(**named)

    def arrays(self, batch: Sequence[int], dtype: str, seed: int = 0) -> list[np.ndarray]:
        """Parameters; those after the first are broadcast along the last dimension of a batch."""
        random = np.random.default_rng(seed)
        shapes = [tuple(batch), *[(*batch[:-1], 1) if batch else ()] * (len(self.parameters) - 1)]
        kinds = zip(self.parameters.values(), shapes, strict=True)
        return [KINDS[kind](random, shape).astype(dtype) for kind, shape in kinds]


def _matrix(random: np.random.Generator, shape: tuple) -> np.ndarray:
    a = random.standard_normal((*shape, 3, 3))
    return a @ np.swapaxes(a, -1, -2) + 2 * np.eye(3)


def _simplex(random: np.random.Generator, shape: tuple) -> np.ndarray:
    drawn = random.uniform(0.1, 1, (*shape, 4))
    return drawn / drawn.sum(-1, keepdims=True)


# what the elements of parameters are: functions of a generator and a batch shape
KINDS: dict[str, Callable[[np.random.Generator, tuple], np.ndarray]] = {
    "real": lambda random, shape: random.standard_normal(shape),
    "positive": lambda random, shape: random.uniform(0.4, 3, shape),
    "above one": lambda random, shape: random.uniform(1.2, 4, shape),
    "above two": lambda random, shape: random.uniform(4.5, 7, shape),
    "below": lambda random, shape: random.uniform(-3, -1, shape),
    "unit": lambda random, shape: random.uniform(0.05, 0.95, shape),
    "large": lambda random, shape: random.uniform(8, 30, shape),
    "count": lambda random, shape: random.integers(3, 40, shape).astype(float),
    "simplex": _simplex,
    "vector": lambda random, shape: random.standard_normal((*shape, 4)),
    "positive vector": lambda random, shape: random.uniform(0.4, 3, (*shape, 4)),
    "loc": lambda random, shape: random.standard_normal((*shape, 3)),
    "diagonal": lambda random, shape: random.uniform(0.4, 3, (*shape, 3)),
    "factor": lambda random, shape: random.standard_normal((*shape, 3, 2)),
    "matrix": _matrix,
    "precision": lambda random, shape: np.linalg.inv(_matrix(random, shape)),
    "triangle": lambda random, shape: np.linalg.cholesky(_matrix(random, shape)),
}

CASES = [
    Case("Bernoulli by probs", {"probs": "unit"}),
    Case("Bernoulli by logits", {"logits": "real"}),
    Case("Categorical by probs", {"probs": "simplex"}),
    Case("Categorical by logits", {"logits": "vector"}),
    Case("Normal", {"loc": "real", "scale": "positive"}),
    Case("Uniform", {"low": "below", "high": "positive"}),
]
