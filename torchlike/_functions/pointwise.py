"""Functions of elements that choose between operations or look at values, and questions about dtypes."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._dispatch import operator
from torchlike._function import function
from torchlike._functions import making
from torchlike._ops import _promote, arithmetic, bitwise, bounds, comparison, conversion, powers, trigonometric, views
from torchlike._out import can_cast as _can_cast
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

# exponents that are part of the operation: what PyTorch computes without a logarithm, and 4
_FIXED = frozenset((-2, -1, -0.5, 0, 0.5, 1, 2, 3, 4))


def _is_fixed(exponent: Any) -> bool:
    kind = type(exponent)
    return kind in (int, bool) and (exponent < 0 or exponent in _FIXED) or kind is float and exponent in _FIXED


@function(several=True)
def pow(input: Tensor, exponent: Tensor | complex, *, out: Tensor | None = None) -> Tensor:
    """`input` to the power `exponent`, elementwise with broadcasting, in the promoted dtype.

    Args:
        input: a tensor, or a number where `exponent` is a tensor.
        exponent: a tensor or a number.

    Raises:
        RuntimeError: integers to a negative integer number.

    Example:
        >>> torch.pow(torch.tensor([1.0, 2.0, 3.0]), 2)
        tensor([1., 4., 9.])
    """
    if _is_fixed(exponent) and isinstance(input, TensorBase):
        return powers.fixed_power(input, exponent, type(exponent) is float, **_out(out))
    return powers.power(input, exponent, **_out(out))


def pow_(input: Tensor, exponent: Tensor | complex) -> Tensor:
    """`pow` in place."""
    if _is_fixed(exponent):
        return powers.fixed_power.inplace(input, exponent, type(exponent) is float)
    return powers.power.inplace(input, exponent)


def _out(out: Tensor | None) -> dict:
    return {} if out is None else {"out": out}


_power, _equal = operator(powers.power), operator(comparison.eq)


def pow_operator(self: Tensor, other: Any):
    """``self ** other``."""
    if _is_fixed(other):
        return powers.fixed_power(self, other, type(other) is float)
    return _power(self, other)


def abs_(input: Tensor) -> Tensor:
    """`abs` in place.

    Raises:
        RuntimeError: the tensor is complex, its absolute value real.

    Example:
        >>> torch.abs_(torch.tensor([-1.0, 2.0]))
        tensor([1., 2.])
    """
    if input._aval.dtype.is_complex:
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return bounds.abs.inplace(input)


def float_power_(input: Tensor, exponent: Tensor | complex) -> Tensor:
    """`float_power` in place.

    Raises:
        RuntimeError: the tensor is not of the result's dtype.
    """
    wanted = dtypes.complex128 if result_type(input, exponent).is_complex else dtypes.float64
    if input._aval.dtype is not wanted:
        names = dtypes.scalar_name(input._aval.dtype), dtypes.scalar_name(wanted)
        raise RuntimeError(
            "the base given to float_power_ has dtype {} but the operation's result requires dtype {}".format(*names)
        )
    return powers.float_power.inplace(input, exponent)


def eq_operator(self: Tensor, other: Any) -> Tensor:
    """``self == other``, the only operator for which an array becomes a tensor."""
    if isinstance(other, np.ndarray) and other.dtype.kind in "biufc":
        other = making.from_numpy(other)
    return _equal(self, other)


def reversed_operator(call: Callable) -> Callable[[Any, Any], Tensor]:
    """The operator with its operands exchanged: ``other - self``."""
    return operator(lambda self, other: call(other, self))


@operator
def divided(self: Tensor, other: Any) -> Tensor:
    """``other / self``, as PyTorch has it: a product with the reciprocal."""
    return arithmetic.reciprocal(self) * other


divided.__name__ = "__rtruediv__"


def invert(self: Tensor):
    """``~self``.

    Raises:
        TypeError: neither integers nor bools.
    """
    if self._aval.dtype.rank > 1:
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise.bitwise_not(self)


def array_wrap(self: Tensor, array: np.ndarray, context: Any = None, return_scalar: bool = False):
    """What NumPy's own functions give for a tensor: a tensor again, as in ``tensor + array`` or ``np.sin(tensor)``."""
    return making.from_numpy(array.astype("uint8") if array.dtype == bool else array)


# ---------------------------------------------------------------------- Python bools


@function(several=True, legacy={"tensor1": "input", "tensor2": "other"})
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and equal elements.

    Raises:
        TypeError: one is no tensor.

    Example:
        >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2])), torch.equal(torch.ones(2), torch.ones(3))
        (True, False)
    """
    _check_tensors("equal", input=input, other=other)
    if input._aval.shape != other._aval.shape:
        return False
    return comparison.all_equal(input, other).item()


@function(several=True)
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether elements are close: ``abs(input - other) <= atol + rtol * abs(other)``, or the same infinity.

    Args:
        rtol, atol: relative and absolute tolerance, not negative.
        equal_nan: whether two NaNs are close.

    Raises:
        RuntimeError: the dtypes differ, the shapes do not broadcast, or a tolerance is negative.

    Example:
        >>> torch.isclose(torch.tensor([1.0, 1.0]), torch.tensor([1.0 + 1e-6, 1.1]))
        tensor([ True, False])
    """
    _check_tolerances(rtol=rtol, atol=atol)
    return comparison.close(input, other, rtol, atol, equal_nan)


@function(several=True)
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements of two tensors are close; see `isclose`.

    Example:
        >>> torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-6]))
        True
    """
    _check_tensors("allclose", input=input, other=other)
    _check_tolerances(rtol=rtol, atol=atol)
    return comparison.all_close(input, other, rtol, atol, equal_nan).item()


def _check_tolerances(**given: Any) -> None:
    for name, value in given.items():
        if isinstance(value, numbers.Number) and not value >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value:g}")


def _check_tensors(name: str, **given: Any) -> None:
    for place, (parameter, each) in enumerate(given.items()):
        if not isinstance(each, TensorBase):
            raise TypeError(
                f"{name}(): argument '{parameter}' (position {place + 1}) must be Tensor, not {type(each).__name__}"
            )


# ---------------------------------------------------------------------- signs of views


@function
def is_conj(input: Tensor) -> bool:
    """Whether it is a view that reads the conjugates of the elements that lie there.

    Example:
        >>> x = torch.tensor([1j])
        >>> torch.is_conj(x), torch.is_conj(x.conj())
        (False, True)
    """
    return input._view is not None and input._view.sign[0]


@function
def is_neg(input: Tensor) -> bool:
    """Whether it is a view that reads the negatives of the elements that lie there.

    Example:
        >>> x = torch.tensor([1 + 2j])
        >>> torch.is_neg(x), torch.is_neg(x.conj().imag)
        (False, True)
    """
    return input._view is not None and input._view.sign[1]


@function
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or a copy if it `is_conj`.

    Example:
        >>> torch.resolve_conj(torch.tensor([1j]).conj()).is_conj()
        False
    """
    return conversion.clone(input) if is_conj(input) else input


@function
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, or a copy if it `is_neg`.

    Example:
        >>> torch.resolve_neg(torch.tensor([1 + 2j]).conj().imag).is_neg()
        False
    """
    return conversion.clone(input) if is_neg(input) else input


@function
def conj(input: Tensor) -> Tensor:
    """The complex conjugates, as a view; a real tensor itself.

    Example:
        >>> torch.conj(torch.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    return views.conjugate(input) if input._aval.dtype.is_complex else input


@function
def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugates, as a copy; a real tensor itself.

    Example:
        >>> torch.conj_physical(torch.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    return input if out is None and not input._aval.dtype.is_complex else trigonometric.conj(input, out=out)


@function
def positive(input: Tensor) -> Tensor:
    """The tensor itself.

    Raises:
        RuntimeError: it is bool.

    Example:
        >>> torch.positive(torch.tensor([-1.0, 2.0]))
        tensor([-1.,  2.])
    """
    if input._aval.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# ---------------------------------------------------------------------- questions


@function(of_modes=True)
def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether elements of one dtype may be stored in a tensor of another by an in-place operation.

    Example:
        >>> torch.can_cast(torch.float64, torch.float32), torch.can_cast(torch.float32, torch.int64)
        (True, False)
    """
    one = dtypes.resolve(from_, "can_cast", "'from_' (position 1)")
    return _can_cast(one, dtypes.resolve(to, "can_cast", "'to' (position 2)"))


@function(of_modes=True)
def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The dtype of an operation on tensors of these two.

    Raises:
        RuntimeError: a larger unsigned integer with another integer, which PyTorch does not promote.

    Example:
        >>> torch.promote_types(torch.int32, torch.float16)
        torch.float16
    """
    one = dtypes.resolve(type1, "promote_types", "'type1' (position 1)")
    two = dtypes.resolve(type2, "promote_types", "'type2' (position 2)")
    return dtypes.BY_NUMPY[_promote.promote_types(one.np, two.np)]


@function(several=True)
def result_type(tensor1: Tensor | complex, tensor2: Tensor | complex) -> dtypes.dtype:
    """The dtype of an operation on two tensors or numbers; tensors with dimensions count before others.

    Example:
        >>> torch.result_type(torch.tensor([1, 2]), 1.0)
        torch.float32
    """
    operands = [each._aval.struct if isinstance(each, TensorBase) else each for each in (tensor1, tensor2)]
    return dtypes.BY_NUMPY[_promote.result_dtype(*operands)]
