"""The forms in which a function is called: where PyTorch has it, and which of its arguments count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """How an operation is called: what counts for PyTorch's sentences about arguments.

    Attributes:
        name: ``add``, or ``add_`` in place.
        own: how many of the arguments are the tensor whose method it is.
        owner: the module that shows it.
    """

    name: str
    own: int = 0
    owner: str = "torchlike"

    @property
    def path(self) -> str:
        """Where PyTorch has it: ``torch.Tensor.add_``."""
        return f"{'torch.Tensor' if self.own else self.owner.replace('torchlike', 'torch')}.{self.name}"
