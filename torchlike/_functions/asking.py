"""Questions about tensors as functions: ``is_tensor``, ``numel`` and their kin."""

from __future__ import annotations

from torchlike._autograd.variable import TensorBase


def _tensor(name: str, input) -> TensorBase:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input


def is_tensor(obj) -> bool:
    """Whether it is a tensor."""
    return isinstance(obj, TensorBase)


def numel(input) -> int:
    """The number of elements."""
    return _tensor("numel", input)._aval.numel


def is_floating_point(input) -> bool:
    """Whether the dtype is a floating point one."""
    return _tensor("is_floating_point", input)._aval.dtype.is_floating_point


def is_complex(input) -> bool:
    """Whether the dtype is complex."""
    return _tensor("is_complex", input)._aval.dtype.is_complex


def is_signed(input) -> bool:
    """Whether the dtype has negative numbers."""
    return _tensor("is_signed", input)._aval.dtype.is_signed


def is_nonzero(input) -> bool:
    """Whether the one element is not zero.

    Raises:
        RuntimeError: there are more or none.
    """
    return bool(_tensor("is_nonzero", input))


def is_same_size(input, other) -> bool:
    """Whether two tensors have the same shape."""
    return input._aval.shape == other._aval.shape


def is_inference(input) -> bool:
    """Whether it was made in inference mode, or is a view of what was."""
    return input._storage.inference


def is_distributed(input) -> bool:
    """Whether its elements lie in several processes: no."""
    return False


def get_device(input) -> int:
    """The index of the GPU, -1 on the CPU."""
    return _tensor("get_device", input).get_device()


def detach(input):
    """A tensor on the same elements that is apart from the tape."""
    return _tensor("detach", input).detach()


def detach_(input):
    """Take a tensor off the tape; see `Tensor.detach_`."""
    return _tensor("detach_", input).detach_()


for _public in (
    *(is_tensor, numel, is_floating_point, is_complex, is_signed, is_nonzero, is_same_size, is_inference),
    *(is_distributed, get_device, detach, detach_),
):
    _public.__module__ = "torchlike"
