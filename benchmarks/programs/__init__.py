"""The programs that are measured, a row of the table each.

A program is a module with two functions: `build`, written in PyTorch's API, which takes the library in its setup and is
therefore the very same source for each; and `jax_twin`, the same training written by hand in JAX and optax, where that
is what a user of JAX would write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from . import convnet, dcgan, encoder, generate, gpt, lstm, mlp, mobilenet, reinforce, resnet, seq2seq, unet, vae
from ._setup import VARIETY as VARIETY
from ._setup import Setup as Setup
from ._setup import Step as Step
from ._setup import export as export


@dataclass(frozen=True)
class Row:
    """A program, its sizes, and the words that name it in the table."""

    title: str
    program: ModuleType
    sizes: Mapping[str, Any] = field(default_factory=dict)
    varies: bool = False  # whether each step has shapes of its own, and `VARIETY` of them make a round
    tolerance: float = 1e-3  # relative; first losses that differ by more are another program's
    random: bool = False  # whether a step draws masks or noise that no two libraries draw alike

    @property
    def period(self) -> int:
        """After how many steps their shapes come again."""
        return VARIETY if self.varies else 1

    @property
    def twinned(self) -> bool:
        """Whether it was written in JAX too."""
        return hasattr(self.program, "jax_twin")

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
    "convnet": Row("MNIST ConvNet, batch 64, SGD with momentum", convnet, {"batch": 64}, random=True),
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
    "resnet18": Row("ResNet-18, 32 x 3 x 32 x 32, SGD with momentum", resnet, {"batch": 32}),
    "mobilenet": Row(
        "MobileNet's blocks, 32 x 3 x 32 x 32, SGD with momentum", mobilenet, {"batch": 32, "width": 32, "size": 32}
    ),
    "unet": Row("U-Net of 3 levels, 4 x 3 x 64 x 64, Adam", unet, {"batch": 4, "width": 16, "size": 64}),
    "vae": Row(
        "VAE 784-400-20, batch 128, Adam", vae, {"pixels": 784, "hidden": 400, "latent": 20, "batch": 128}, random=True
    ),
    "dcgan": Row(
        "DCGAN, 16 x 3 x 64 x 64, two Adams",
        dcgan,
        {"batch": 16, "width": 32, "stages": 3},
        tolerance=1e-2,  # Adam's first step goes by the signs of gradients, be they rounding alone
    ),
    "encoder": Row(
        "Transformer encoder, 2 layers, width 128, 16 sentences of varying length, Adam",
        encoder,
        {"layers": 2, "width": 128, "heads": 4, "vocabulary": 1000, "batch": 16},
        varies=True,
    ),
    "seq2seq": Row(
        "GRU to attention decoder, width 256, word by word, a new length each sentence, two SGDs",
        seq2seq,
        {"hidden": 256, "vocabulary": 1000},
        varies=True,
        random=True,
    ),
    "generate": Row(
        "GPT says a token, 4 layers, width 256, growing cache",
        generate,
        {"layers": 4, "width": 256, "heads": 4},
        varies=True,
    ),
    "reinforce": Row(
        "REINFORCE, an episode of cart-pole, 4-128-2, Adam", reinforce, {"hidden": 128, "longest": 100}, varies=True
    ),
}
