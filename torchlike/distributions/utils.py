"""What distributions share: arguments that are broadcast, probabilities and their logits, properties computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from torchlike._autograd.modes import enable_grad
from torchlike._functions.creation import empty
from torchlike._functions.making import tensor
from torchlike._functions.ranges import arange
from torchlike._functions.views import broadcast_tensors
from torchlike._ops.nn.activations import softmax
from torchlike._types.dtypes import get_default_dtype
from torchlike._types.limits import finfo
from torchlike.overrides import is_tensor_like
from torchlike.tensor import Tensor as Tensor
from torchlike.types import Number, _Number

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

euler_constant = 0.57721566490153286060


def broadcast_all(*values: Tensor | Number) -> tuple[Tensor, ...]:
    """Tensors and numbers, broadcast against each other.

    Args:
        values: a number becomes a tensor of the first tensor's dtype and device, or of the default ones.

    Raises:
        ValueError: one is neither a tensor nor a number.
    """
    if not all(is_tensor_like(each) or isinstance(each, _Number) for each in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    first = next((each for each in values if isinstance(each, Tensor)), None)
    like: dict[str, Any] = {"dtype": get_default_dtype()}
    if first is not None:
        like = {"dtype": first.dtype, "device": first.device}
    found = [each if is_tensor_like(each) else tensor(each, **like) for each in values]
    return tuple(found) if len({each.shape for each in found}) == 1 else broadcast_tensors(*found)


def _standard_normal(shape: Sequence[int], dtype: dtypes.dtype | None, device: Device) -> Tensor:
    return empty(shape, dtype=dtype, device=device).normal_()


def _sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last `dim` dimensions."""
    return value.reshape((*value.shape[:-dim], -1)).sum(-1) if dim else value


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """The probabilities of logits: log-odds if `is_binary`, else logarithms up to a constant along the last dimension."""
    return logits.sigmoid() if is_binary else softmax(logits, -1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities at least the dtype's ``eps`` away from 0 and 1."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """The logits of probabilities (see `logits_to_probs`), which are clamped first, so that all are finite."""
    clamped = clamp_probs(probs)
    return clamped.log() - (-clamped).log1p() if is_binary else clamped.log()


class lazy_property:
    """A property that is computed when it is first asked for, under the tape, and an attribute from then on.

    Args:
        wrapped: the method that computes it.
    """

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        update_wrapper(self, wrapped)  # type: ignore[arg-type]

    def __get__(self, instance: Any, obj_type: Any = None) -> Any:
        if instance is None:
            return _lazy_property_and_property(self.wrapped)
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


class _lazy_property_and_property(lazy_property, property):
    """What the class shows of a lazy property: a property, to whoever documents it."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        property.__init__(self, wrapped)


def _lower_mask(size: int, diag: int, device: Device) -> Tensor:
    """Where a square matrix has its lower triangle, up to a diagonal."""
    places = arange(size, device=device)
    return places < places.view(-1, 1) + (diag + 1)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements of the lower triangle of matrices ``(*, n, n)``, row by row.

    Args:
        diag: the last diagonal that belongs to it.

    Raises:
        ValueError: there is no such diagonal.
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat[..., _lower_mask(n, diag, mat.device)]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """The inverse of `tril_matrix_to_vec`: lower triangular matrices ``(*, n, n)``.

    Raises:
        ValueError: no triangle has so many elements.
    """
    size, inside = vec.shape[-1], 1 + 2 * diag
    n = (-inside + (inside**2 + 8 * size + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {size} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    n = round(n)
    mat = vec.new_zeros((*vec.shape[:-1], n, n))
    mat[..., _lower_mask(n, diag, vec.device)] = vec
    return mat
