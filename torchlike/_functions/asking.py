"""Questions about tensors as functions: ``is_tensor``, ``numel`` and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchlike._autograd.variable import TensorBase
from torchlike._function import function

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


def _tensor(name: str, input: Tensor) -> TensorBase:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input


@function(of_modes=True)
def is_tensor(obj: Any) -> bool:
    """Whether it is a tensor."""
    return isinstance(obj, TensorBase)


@function
def numel(input: Tensor) -> int:
    """The number of elements."""
    return _tensor("numel", input)._aval.numel


@function
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating point one."""
    return _tensor("is_floating_point", input)._aval.dtype.is_floating_point


@function
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return _tensor("is_complex", input)._aval.dtype.is_complex


@function
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return _tensor("is_signed", input)._aval.dtype.is_signed


@function
def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero.

    Raises:
        RuntimeError: there are more or none.
    """
    return bool(_tensor("is_nonzero", input))


@function(several=True)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input._aval.shape == other._aval.shape


@function
def is_inference(input: Tensor) -> bool:
    """Whether it was made in inference mode, or is a view of what was."""
    return input._storage.inference


@function
def is_distributed(input: Tensor) -> bool:
    """Whether its elements lie in several processes: no."""
    return False


@function
def get_device(input: Tensor) -> int:
    """The index of the GPU, -1 on the CPU."""
    return _tensor("get_device", input).get_device()


@function
def detach(input: Tensor) -> Tensor:
    """A tensor on the same elements that is apart from the tape."""
    return _tensor("detach", input).detach()


@function
def detach_(input: Tensor) -> Tensor:
    """Take a tensor off the tape; see `Tensor.detach_`."""
    return _tensor("detach_", input).detach_()
