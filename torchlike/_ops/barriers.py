"""What changes no value and keeps XLA from seeing through."""

from __future__ import annotations

from jax import lax

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Arrays


@op
def barrier(tensors: Arrays) -> tuple[Array, ...]:
    """The tensors, in a program that computes what depends on them apart from what does not.

    Example:
        >>> barrier([torch.ones(2)])
        (tensor([1., 1.]),)
    """
    return tuple(lax.optimization_barrier(tuple(tensors)))
