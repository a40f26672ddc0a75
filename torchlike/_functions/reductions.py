"""Reductions with several call forms, and those whose results' sizes depend on values."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast, overload

from torchlike import return_types
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions import making
from torchlike._ops import extrema, sorting
from torchlike._ops import reductions as ops
from torchlike._out import CAST, SAME, OutRule, can_cast, stored
from torchlike._programs import explain
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike._dispatch import TensorFunction
    from torchlike.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")
Pair: TypeAlias = "tuple[Tensor, Tensor] | list[Tensor] | None"
_MISSING = object()


_EXTREMUM = OutRule(
    "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got false.  "
    "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
    can_cast,
)


def _extremum(along: Callable[..., Any], of_all: Callable[..., Any]) -> Callable[[F], F]:
    """Make of a signature the function that finds an extremum."""

    def declare(signed: F) -> F:
        name = signed.__name__

        def extremum(
            input: Tensor,
            dim: Any = None,
            keepdim: bool = False,
            *,
            other: Tensor | None = None,
            out: Tensor | None = None,
        ) -> Any:
            if isinstance(dim, TensorBase):
                other, dim = dim, None
            if other is not None:
                from torchlike._ops import bounds

                return stored(name, getattr(bounds, name + "imum")(input, other), out)
            if dim is None:
                return stored(name, of_all(input), out, _EXTREMUM)
            return stored(name, along(input, dim, keepdim), out, SAME)

        extremum.__doc__ = signed.__doc__
        return function(cast(F, extremum), name=name, several=True)

    return declare


@overload
def max(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def max(input: Tensor, dim: int, keepdim: bool = False, *, out: Pair = None) -> return_types.max: ...
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@_extremum(extrema.max_along, extrema.max_of_all)
def max(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """The maximum of all elements, along a dimension, or of two tensors element by element.

    Args:
        dim: a dimension: gives a named pair (values, indices); or another tensor.
        keepdim: whether the reduced dimension stays, with size 1.

    Raises:
        RuntimeError: there are no elements.

    Example:
        >>> torch.max(torch.tensor([[1, 5], [7, 3]]), 1).values
        tensor([5, 7])
    """


@overload
def min(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def min(input: Tensor, dim: int, keepdim: bool = False, *, out: Pair = None) -> return_types.min: ...
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@_extremum(extrema.min_along, extrema.min_of_all)
def min(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """The minimum of all elements, along a dimension, or of two tensors element by element.

    Args:
        dim: a dimension: gives a named pair (values, indices); or another tensor.
        keepdim: whether the reduced dimension stays, with size 1.

    Raises:
        RuntimeError: there are no elements.

    Example:
        >>> torch.min(torch.tensor([[1, 5], [7, 3]]), 1).values
        tensor([1, 3])
    """


def _takes_values_and_indices(fn: F) -> F:
    """Let a function take ``values=`` and ``indices=``, as before 0.4, for the pair ``out=``, with a FutureWarning."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any):
        if kwargs and not {"values", "indices"}.isdisjoint(kwargs):
            pair = kwargs.pop("values", None), kwargs.pop("indices", None)
            if None not in pair:
                explain.warn(
                    f"{fn.__name__}(): the keywords 'values' and 'indices' are deprecated; use 'out'", FutureWarning
                )
                kwargs["out"] = pair
        return fn(*args, **kwargs)

    return cast(F, call)


mode = _takes_values_and_indices(sorting.mode)


@overload
def median(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def median(input: Tensor, dim: int, keepdim: bool = False, *, out: Pair = None) -> return_types.median: ...
@_takes_values_and_indices
def median(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Any = None,
) -> Any:
    """The lower median of all elements; along a dimension a named pair (values, indices).

    Example:
        >>> torch.median(torch.tensor([3, 1, 2, 4]))
        tensor(2)
        >>> torch.median(torch.tensor([[3, 1, 2]]), 1).indices
        tensor([2])
    """
    return stored(
        "median", sorting.median_of_all(input) if dim is None else sorting.median_along(input, dim, keepdim), out
    )


@overload
def nanmedian(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def nanmedian(input: Tensor, dim: int, keepdim: bool = False, *, out: Pair = None) -> return_types.nanmedian: ...
@function(out=CAST)
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower median of what is not NaN; along a dimension a named pair (values, indices).

    Example:
        >>> torch.nanmedian(torch.tensor([3.0, torch.nan, 1.0]))
        tensor(1.)
    """
    return sorting.nanmedian_of_all(input) if dim is None else sorting.nanmedian_along(input, dim, keepdim)


def _running(op: TensorFunction[..., Tensor]):
    def in_place(self: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
        own = self._aval.dtype
        asked = dtypes.resolve(dtype, op.__name__ + "_") or own
        if asked is not own:
            raise RuntimeError(
                f"Bad in-place call: input tensor dtype {dtypes.c_name(own)} and output tensor dtype "
                f"{dtypes.c_name(asked)} should match"
            )
        return op.inplace(self, dim, dtype=own)

    in_place.__name__ = in_place.__qualname__ = op.__name__ + "_"
    in_place.__doc__ = f"""`{op.__name__}` in place, in the tensor's own dtype.

    Raises:
        RuntimeError: `dtype` is another.
    """
    return in_place


cumsum_ = _running(sorting.cumsum)
cumprod_ = _running(sorting.cumprod)


def _spread(name: str, op: Callable[..., R], shown: str):
    def spread(
        input: Tensor, dim: Any = None, unbiased: Any = _MISSING, keepdim: bool = False, *, correction: Any = _MISSING
    ) -> R:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if correction is _MISSING:
            correction = 0 if unbiased is not _MISSING and unbiased is not None and not unbiased else 1
        return op(input, dim, 1 if correction is None else correction, keepdim)

    spread.__doc__ = f"""``{name}`` over `dim`, all dimensions by default.

    Args:
        unbiased: False divides by the number of elements, True by one less.
        correction: what is subtracted from the number of elements; 1 by default.
        keepdim: whether the reduced dimensions stay, with size 1.

    Raises:
        RuntimeError: the dtype is neither floating point nor complex.

    Example:
        >>> torch.{name}(torch.tensor([1.0, 3.0]))
        {shown}
    """
    return function(spread, name=name, out=CAST)


std = _spread("std", ops.std_of, "tensor(1.4142)")
var = _spread("var", ops.var_of, "tensor(2.)")
std_mean = _spread("std_mean", ops.std_mean_of, "(tensor(1.4142), tensor(2.))")
var_mean = _spread("var_mean", ops.var_mean_of, "(tensor(2.), tensor(2.))")


@function
def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    """The norm of a vector, or over dimensions.

    Args:
        p: the order: a number, ``inf``, ``"fro"`` or ``"nuc"``.
        dim: the dimensions; all by default.

    Raises:
        RuntimeError: `p` is another word, or the dtype has no norm.

    Example:
        >>> torch.norm(torch.tensor([3.0, 4.0]))
        tensor(5.)
    """
    if p == "nuc":
        from torchlike._functions import linalg

        return linalg.matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"only valid string values are 'fro' and 'nuc', found {p}")
    order = 2.0 if p in ("fro", None) else float(p)
    return stored("linalg_vector_norm", ops.linalg_vector_norm(input, order, dim, keepdim, dtype=dtype), out, SAME)


_FLOATING = OutRule(
    "logsumexp(): Expected floating point type for result tensor, but got: {out}", lambda _, out: out.rank >= 2
)


@function(also="torchlike.special", out=_FLOATING)
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """``log(sum(exp(input)))`` over `dim`, without overflow.

    Example:
        >>> torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0)
        tensor(1000.6932)
    """
    return ops.logsumexp(input, dim, keepdim)


_QUANTILE = OutRule("quantile() out tensor must be same dtype as the input tensor")


def _quantile(name: str, skip_nan: bool, shown: str):
    def quantile(
        input: Tensor,
        q: Tensor | float,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
    ):
        if isinstance(q, numbers.Number):
            if not 0 <= q <= 1:
                raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
            q = making.tensor(float(q), dtype=input.dtype)
        if not input.numel():
            raise RuntimeError("quantile() input tensor must be non-empty")
        if input.dtype.name not in ("float32", "float64"):
            raise RuntimeError("quantile() input tensor must be either float or double dtype")
        if q.dim() > 1:
            raise RuntimeError("quantile() q must be a scalar or 1D tensor")
        if q.dtype is not input.dtype:
            raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
        if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
            raise RuntimeError(
                "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
                + str(interpolation)
            )
        return sorting.quantile_of(input, q, dim, keepdim, interpolation, skip_nan)

    quantile.__doc__ = f"""Quantiles along a dimension, of all elements by default.

    Args:
        q: a number or a 1-d tensor of numbers in ``[0, 1]``; its dimension comes first in the result.
        interpolation: what lies between two elements: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"``,
            ``"nearest"``.

    Raises:
        RuntimeError: `q` is out of its range, or the dtypes differ.

    Example:
        >>> torch.{name}(torch.tensor([1.0, 2.0, torch.nan]), 0.5)
        {shown}
    """
    return function(quantile, name=name, out=_QUANTILE, casts=True)


quantile = _quantile("quantile", False, "tensor(nan)")
nanquantile = _quantile("nanquantile", True, "tensor(1.5000)")


def sum_to_size(self: Tensor, *size: int | Sequence[int]) -> Tensor:
    """The sum over the dimensions that a tensor of another size would be broadcast along; of this size, itself."""
    given = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    return self if given == self._aval.shape else ops.sum_to_size(self, *size)
