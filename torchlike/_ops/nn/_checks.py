"""What the layers' operations check and convert alike."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from torchlike._ops._promote import Array
from torchlike._types import dtypes

SCALAR_TYPES = {
    **{"bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long"},
    **{"float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double"},
    **{"complex64": "ComplexFloat", "complex128": "ComplexDouble"},
    **{"uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64"},
}


def scalar_type(array: Array) -> str:
    """A dtype's name in PyTorch's kernels, as ``Long``."""
    return SCALAR_TYPES[dtypes.of_numpy(array.dtype).name]


def c_type(array: Array) -> str:
    """A dtype's name in C++, as ``long int``."""
    return dtypes.c_name(array.dtype)


def need_float(kernel: str, *arrays: Array, complex: bool = False) -> None:
    """Refuse what is not floating point.

    Raises:
        NotImplementedError: an array is of another dtype, in PyTorch's words.
    """
    for each in arrays:
        if not (
            jnp.issubdtype(each.dtype, jnp.floating) or complex and jnp.issubdtype(each.dtype, jnp.complexfloating)
        ):
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(each)}'")


def widened(array: Array) -> Array:
    """Half precision as float32, in which PyTorch computes; others as they are."""
    return array.astype(jnp.float32) if array.dtype.itemsize == 2 and array.dtype.kind not in "iu" else array


def lowest(dtype) -> np.generic:
    """The value below all others of a dtype."""
    if jnp.issubdtype(dtype, jnp.floating):
        return np.array(-np.inf, dtype)
    return np.array(False) if np.dtype(dtype).kind == "b" else np.array(jnp.iinfo(dtype).min, dtype)


def spread(value, count: int) -> tuple[int, ...]:
    """One size for each dimension; a single one counts for all."""
    if isinstance(value, tuple):
        return value * count if len(value) == 1 else value
    return (value,) * count
