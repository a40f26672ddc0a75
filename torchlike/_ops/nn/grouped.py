"""Products of groups of rows, each with a matrix of its own."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array
from torchlike._ops.nn._checks import scalar_type
from torchlike._types import dtypes

_KINDS = (jnp.float32, jnp.bfloat16, jnp.float16)


def _check(mat_a: Array, mat_b: Array, offs: Array | None, bias: Array | None) -> None:
    for name, each in (("mat_a", mat_a), ("mat_b", mat_b)):
        if each.dtype not in _KINDS:
            raise RuntimeError(f"Expected {name} to be Float32, BFloat16 or Float16 matrix, got {scalar_type(each)}")
    for name, each in (("mat_a", mat_a), ("mat_b", mat_b)):
        if each.ndim not in (2, 3):
            raise RuntimeError(f"{name} has to be 2 or 3d")
    if mat_a.shape[-1] != mat_b.shape[-2]:
        raise RuntimeError("contraction dimension of mat_a and mat_b must match")
    if (offs is None) != (mat_a.ndim == mat_b.ndim == 3):
        raise RuntimeError("Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d")
    if offs is None and mat_a.shape[0] != mat_b.shape[0]:
        raise RuntimeError("batched dimension has to match")
    if offs is not None and offs.dtype != jnp.int32:
        raise RuntimeError("Offsets have to be int32")
    if offs is not None and any(each.ndim == 3 and each.shape[0] != offs.shape[0] for each in (mat_a, mat_b)):
        raise RuntimeError("matrix batch sizes have to match")
    if bias is not None:
        raise RuntimeError("Bias not supported yet")


@op(name="_grouped_mm", module="torchlike", grad_name="GroupedMmBackward0")
def _grouped_mm(
    input: Array,
    mat2: Array,
    offs: Array | None = None,
    bias: Array | None = None,
    out_dtype: dtypes.dtype | None = None,
) -> Array:
    """See `torch.nn.functional.grouped_mm`."""
    _check(input, mat2, offs, bias)
    if out_dtype is not None and out_dtype.np != input.dtype:
        raise RuntimeError("Grouped gemm output dtype must match `mat_a` dtype")
    if offs is None:
        return input @ mat2
    sizes = jnp.diff(offs, prepend=jnp.zeros(1, offs.dtype))
    if mat2.ndim == 3:
        return jax.lax.ragged_dot(input, mat2, sizes)
    if input.ndim == 3:
        return jax.lax.ragged_dot(mat2.T, jnp.swapaxes(input, -1, -2), sizes).T
    # JAX has no derivative of products whose contracted dimension is divided
    ends = jnp.concatenate([jnp.zeros(1, offs.dtype), offs])[:, None]
    places = jnp.arange(input.shape[-1])
    inside = (places >= ends[:-1]) & (places < ends[1:])
    return jnp.where(inside[:, None], input, 0) @ mat2
