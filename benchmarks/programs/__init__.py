"""The programs that are measured, a row of the table each.

A program is a module with two functions: `build`, written in PyTorch's API, which takes the library in its setup and is
therefore the very same source for each; and `jax_twin`, the same training written by hand in JAX and optax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from . import convnet, gpt, lstm, mlp
from ._setup import Setup as Setup
from ._setup import Step as Step
from ._setup import export as export


@dataclass(frozen=True)
class Row:
    """A program, its sizes, and the words that name it in the table."""

    title: str
    program: ModuleType
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def build(self, setup: Setup) -> tuple[Any, Step]:
        """Return the model and the training step in PyTorch's API."""
        return self.program.build(setup, **self.sizes)

    def jax_twin(self, setup: Setup) -> Step:
        """Return the same training step in JAX."""
        return self.program.jax_twin(setup, **self.sizes)


ROWS = {
    "mlp-small": Row("MLP 16-16-16-4, batch 8, Adam", mlp, {"widths": (16, 16, 16, 4), "batch": 8}),
    "mlp-middle": Row("MLP 784-128-128-10, batch 64, Adam", mlp, {"widths": (784, 128, 128, 10), "batch": 64}),
    "mlp-large": Row("MLP 784-512-512-10, batch 256, Adam", mlp, {"widths": (784, 512, 512, 10), "batch": 256}),
    "gpt": Row(
        "GPT, 4 layers, width 256, 8 x 128 tokens, AdamW",
        gpt,
        {"layers": 4, "width": 256, "heads": 4, "batch": 8, "length": 128},
    ),
    "convnet": Row("MNIST ConvNet, batch 64, SGD with momentum", convnet, {"batch": 64}),
    "lstm": Row(
        "LSTM language model, 2 x 200, 20 x 35 tokens, SGD by hand",
        lstm,
        {"layers": 2, "width": 200, "vocabulary": 1000, "length": 35, "batch": 20},
    ),
    "accumulate": Row(
        "MLP 784-128-128-10, 4 backwards a step of batch 64, Adam",
        mlp,
        {"widths": (784, 128, 128, 10), "batch": 64, "accumulate": 4},
    ),
}
