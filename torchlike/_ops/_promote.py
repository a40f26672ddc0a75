"""Dtype promotion and broadcasting, decided when an operation is traced.

Operands are arrays, or Python numbers: plain, or weakly typed 0-d arrays where they are arguments of a program.
A dtype is chosen among tensors with dimensions first, then 0-d tensors, then numbers; a lower category counts only
where its kind (bool < integer < floating point < complex) is above that of the higher ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._half import converted
from torchlike._types import dtypes
from torchlike._types.dtypes import scalar_name, type_text
from torchlike._types.numbers import to_integers, unfit

if TYPE_CHECKING:  # whoever calls an operation gives tensors and gets some
    from torchlike.tensor import Tensor

    Array = Tensor
    ArrayLike = Tensor | complex
    Arrays = Sequence[Tensor]
    Number = Tensor | complex | None
    Ints = int | Sequence[int] | None
    DType = dtypes.dtype | type | None
    Integer = Tensor | int | None
    Integers = Tensor | int | Sequence[int] | None
    Positive = Tensor | float | None
else:
    Array = jax.Array
    ArrayLike = jax.Array | complex
    Arrays = tuple[jax.Array, ...]
    Number = Any  # a Python number, or one as a weakly typed array
    Ints = Any  # an int or several: dimensions, sizes
    DType = Any
    Integer = Any  # the same of an integer
    Integers = Any  # one or several
    Positive = Any  # the same, but for what is structure: see `_arguments.is_structure`

_KINDS = "biufc"


ORDINARY = 3.0


def known(number: Positive) -> float:
    """A `Positive` number for decisions: where it is an argument of the program, any that is."""
    return number if isinstance(number, (int, float)) else ORDINARY


def default_float() -> np.dtype:
    """The NumPy dtype of Python floats."""
    return dtypes.get_default_dtype().np


def default_complex() -> np.dtype:
    """The NumPy dtype of Python complex numbers."""
    return dtypes.get_default_dtype().to_complex().np


def rank(dtype) -> int:
    """0 for bool, 1 for integers, 2 for floating point, 3 for complex."""
    return dtypes.BY_NUMPY[np.dtype(dtype)].rank


def is_number(operand) -> bool:
    """Whether an operand stands for a Python number."""
    return not hasattr(operand, "dtype") or bool(getattr(getattr(operand, "aval", None), "weak_type", False))


def _number_dtype(operand) -> np.dtype:
    kind = operand.dtype.kind if hasattr(operand, "dtype") else np.dtype(type(operand)).kind
    if kind == "c":
        return default_complex()
    return default_float() if kind == "f" else np.dtype(bool if kind == "b" else np.int64)


def _combine(high, low):
    if high is None or low is None:
        return low if high is None else high
    if rank(high) == 3:
        return high
    if rank(high) == 2:
        return dtypes.BY_NUMPY[np.dtype(high)].to_complex().np if rank(low) == 3 else high
    if rank(high) == 0 or rank(low) >= 2:
        return promote_types(high, low)
    return high


def promote_types(one, two) -> np.dtype:
    """The smallest dtype of no lower kind that both can be converted to.

    Raises:
        RuntimeError: one of them is a larger unsigned integer, which PyTorch does not promote.
    """
    one, two = np.dtype(one), np.dtype(two)
    if one != two and {one.name, two.name} & {"uint16", "uint32", "uint64"} and 2 not in (rank(one), rank(two)):
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{scalar_name(one)} and {scalar_name(two)}"
        )
    return np.dtype(jnp.promote_types(one, two))


def result_dtype(*operands) -> np.dtype:
    """The dtype that PyTorch computes and returns for these operands."""
    found: list = [None, None, None]
    for operand in operands:
        if is_number(operand):
            category, own = 2, _number_dtype(operand)
        else:
            category, own = (0 if operand.ndim else 1), np.dtype(operand.dtype)
        known = found[category]
        found[category] = own if known is None else promote_types(known, own)
    return _combine(found[0], _combine(found[1], found[2]))


def to_float(dtype) -> np.dtype:
    """The dtype of a function that has no integer results: the default dtype for bools and integers."""
    return np.dtype(dtype) if rank(dtype) >= 2 else default_float()


def floating(input) -> Array:
    """The tensor in floating point: integers and bools in the default dtype."""
    return as_dtype(input, to_float(input.dtype))


def only(kernel: str, array, *ranks: int, halves: bool = True, iterates: bool = True) -> None:
    """Refuse dtypes that PyTorch's kernel does not have.

    Args:
        ranks: those that it has; see `rank`.
        halves: whether it has float16 and bfloat16, if it has floating point.
        iterates: whether an in-place form looks first whether it could store the result.

    Raises:
        NotImplementedError: the dtype is another, in PyTorch's words.
    """
    if rank(array.dtype) not in ranks or not (halves or rank(array.dtype) != 2 or array.dtype.itemsize > 2):
        error = NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_name(array.dtype)}'")
        if iterates:
            error.dtype = array.dtype
        raise error


def real_floating(kernel: str, input) -> Array:
    """`floating` for a kernel without complex numbers.

    Raises:
        NotImplementedError: the tensor is complex.
    """
    only(kernel, input, 0, 1, 2)
    return floating(input)


@jax.custom_jvp
def magnitude(array) -> Array:
    """The absolute value, whose slope at 0 is 0; JAX's own has 1 there."""
    return jnp.abs(array)


@magnitude.defjvp
def _magnitude_jvp(primals, tangents):
    (array,), (along,) = primals, tangents
    if array.dtype.kind == "c":
        return magnitude(array), (jnp.conj(direction(array)) * along).real
    return magnitude(array), direction(array) * along


def direction(array) -> Array:
    """The sign, of a complex number the number of size 1 with its angle; 0 for 0 and for NaN."""
    if array.dtype.kind == "c":
        size = magnitude(array)
        return jnp.where(size == 0, 0, array / jnp.where(size == 0, 1, size))
    return (array > 0).astype(array.dtype) - (array < 0).astype(array.dtype)


def promoted(*operands, spared: int | None = None) -> list[Array]:
    """The operands in their common dtype; see `converted`."""
    return converted(operands, result_dtype(*operands), as_dtype, spared)


def promoted_float(*operands, spared: int | None = None) -> list[Array]:
    """The operands in their common dtype, the default dtype if that is an integer's."""
    return converted(operands, to_float(result_dtype(*operands)), as_dtype, spared)


def as_dtype(operand, dtype) -> Array:
    """The operand as an array of this dtype, strongly typed; complex numbers lose their imaginary part."""
    operand, dtype = jnp.asarray(operand), np.dtype(dtype)
    if dtype.kind in "biuf" and operand.dtype.kind == "c":
        operand = operand != 0 if dtype.kind == "b" else operand.real
    if dtype.kind in "iu" and rank(operand.dtype) == 2:
        wide = operand if operand.dtype.itemsize > 2 else operand.astype(np.float32)
        return to_integers(wide, dtype, jnp.where)
    return jax.lax.convert_element_type(operand, dtype)


def checked_number(value, dtype) -> Array:
    """A Python number or 0-d tensor in a tensor's dtype.

    Raises:
        RuntimeError: it is complex and the dtype is not.
    """
    if jnp.iscomplexobj(value) and rank(dtype) < 3:
        raise unfit(dtypes.of_numpy(dtype))
    return as_dtype(value, dtype)


def operand(number: Number, array: Array) -> Array:
    """A Python number in the dtype of the tensor that it goes with, rounded to what a half holds."""
    return converted((array, number), array.dtype, as_dtype)[1]


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape.

    Raises:
        RuntimeError: there is none, in PyTorch's words.
    """
    result = [1] * max(map(len, shapes), default=0)
    for shape in shapes:
        for back in range(1, len(shape) + 1):
            known, size = result[-back], shape[-back]
            if known == 1:
                result[-back] = size
            elif size not in (1, known):
                dim = len(result) - back
                raise RuntimeError(
                    f"The size of tensor a ({known}) must match the size of tensor b ({size}) at non-singleton "
                    f"dimension {dim}"
                )
    return tuple(result)


def check_expands(shape: tuple[int, ...], size: tuple[int, ...], dtype) -> None:
    """Raise RuntimeError, in PyTorch's words, if a tensor of a shape cannot be expanded to a size."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({type_text(dtype)}{{{list(shape)}}}, size={list(size)}): the number of sizes provided "
            f"({len(size)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    for dim in reversed(range(lead, len(size))):
        if shape[dim - lead] not in (1, size[dim]):
            raise RuntimeError(
                f"The expanded size of the tensor ({size[dim]}) must match the existing size ({shape[dim - lead]}) at "
                f"non-singleton dimension {dim}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )


def matched(*operands, spared: int | None = None) -> list[Array]:
    """The operands in their common dtype, their shapes checked to broadcast."""
    arrays = promoted(*operands, spared=spared)
    broadcast_shapes(*[each.shape for each in arrays])
    return arrays


def matched_float(*operands, spared: int | None = None) -> list[Array]:
    """The operands in their common floating point dtype, their shapes checked to broadcast."""
    arrays = promoted_float(*operands, spared=spared)
    broadcast_shapes(*[each.shape for each in arrays])
    return arrays


def existing_dim(dim: int, ndim: int) -> int:
    """`wrap_dim` where an array without dimensions does not do.

    Raises:
        IndexError: it has none, or not this one.
    """
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, ndim)


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front; a 0-d tensor has dimensions 0 and -1.

    Raises:
        IndexError: it is out of range, in PyTorch's words.
    """
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})")
    return dim % bound


def axes_of(dim, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce, counted from the front; None and an empty list mean all.

    Raises:
        RuntimeError: one is named twice.
        IndexError: one is out of range.
    """
    if dim is None or dim == ():
        return tuple(range(ndim))
    axes = [wrap_dim(each, ndim) for each in (dim if isinstance(dim, tuple) else (dim,))]
    for each in axes:
        if axes.count(each) > 1:
            raise RuntimeError(f"dim {each} appears multiple times in the list of dims")
    return tuple(axes) if ndim else ()
