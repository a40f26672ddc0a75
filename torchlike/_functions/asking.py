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
    """Whether it is a tensor.

    Example:
        >>> torch.is_tensor(torch.ones(1)), torch.is_tensor([1.0])
        (True, False)
    """
    return isinstance(obj, TensorBase)


@function
def numel(input: Tensor) -> int:
    """The number of elements.

    Example:
        >>> torch.numel(torch.ones(2, 3))
        6
    """
    return _tensor("numel", input)._aval.numel


@function
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating point one.

    Example:
        >>> torch.is_floating_point(torch.tensor(1.0)), torch.is_floating_point(torch.tensor(1))
        (True, False)
    """
    return _tensor("is_floating_point", input)._aval.dtype.is_floating_point


@function
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex.

    Example:
        >>> torch.is_complex(torch.tensor(1j)), torch.is_complex(torch.tensor(1.0))
        (True, False)
    """
    return _tensor("is_complex", input)._aval.dtype.is_complex


@function
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers.

    Example:
        >>> torch.is_signed(torch.tensor(1)), torch.is_signed(torch.tensor(1, dtype=torch.uint8))
        (True, False)
    """
    return _tensor("is_signed", input)._aval.dtype.is_signed


@function
def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero.

    Raises:
        RuntimeError: there are more or none.

    Example:
        >>> torch.is_nonzero(torch.tensor([0.5])), torch.is_nonzero(torch.tensor(0))
        (True, False)
    """
    return bool(_tensor("is_nonzero", input))


@function(several=True)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape.

    Example:
        >>> torch.is_same_size(torch.ones(2, 3), torch.zeros(2, 3))
        True
    """
    return input._aval.shape == other._aval.shape


@function
def is_inference(input: Tensor) -> bool:
    """Whether it was made in inference mode, or is a view of what was.

    Example:
        >>> with torch.inference_mode():
        ...     x = torch.ones(1)
        >>> torch.is_inference(x)
        True
    """
    return input._storage.inference


@function
def is_distributed(input: Tensor) -> bool:
    """Whether its elements lie in several processes: no.

    Example:
        >>> torch.is_distributed(torch.ones(1))
        False
    """
    return False


@function
def get_device(input: Tensor) -> int:
    """The index of the GPU, -1 on the CPU.

    Example:
        >>> torch.get_device(torch.ones(1))
        -1
    """
    return _tensor("get_device", input).get_device()


@function
def detach(input: Tensor) -> Tensor:
    """A tensor on the same elements that is apart from the tape.

    Example:
        >>> x = torch.ones(1, requires_grad=True)
        >>> torch.detach(x * 2)
        tensor([2.])
    """
    return _tensor("detach", input).detach()


@function
def detach_(input: Tensor) -> Tensor:
    """Take a tensor off the tape; see `Tensor.detach_`.

    Example:
        >>> x = torch.ones(1, requires_grad=True) * 2
        >>> torch.detach_(x)
        tensor([2.])
    """
    return _tensor("detach_", input).detach_()
