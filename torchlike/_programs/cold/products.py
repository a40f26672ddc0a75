"""Rules of products of matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from torchlike._programs.cold.rules import LARGE, Addable, is_narrow, rule
from torchlike._programs.cold.threads import SHARED, product


@rule("dot_general")
def _dot_general(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    (left_sum, right_sum), (left_batch, right_batch) = params["dimension_numbers"]
    shape, dtype = outs[0].shape, outs[0].dtype
    wide = np.dtype(np.float32) if is_narrow(dtype) else dtype
    left = _as_matrices(ins[0], tuple(left_batch), tuple(left_sum), wide, sums_last=True)
    right = _as_matrices(ins[1], tuple(right_batch), tuple(right_sum), wide, sums_last=False)
    reduced = math.prod(ins[0].shape[each] for each in left_sum)
    batch = tuple(ins[0].shape[each] for each in left_batch)
    full = (*batch, _rest(ins[0], left_batch, left_sum), _rest(ins[1], right_batch, right_sum))
    if not reduced:
        return lambda x, y: np.zeros(shape, dtype)
    blas = dtype.kind in "fc" and wide == dtype
    if shape == full and blas and not batch and LARGE < math.prod(shape) >= reduced * sum(shape):
        left, right = left or _itself, right or _itself
        return Addable(lambda x, y: (left(x), right(y)), _sum_of_products, math.prod(shape))
    if reduced == 1:
        # of two vectors `matmul` takes ten times as long as `dot`
        multiply = np.dot if blas and not batch else np.multiply
    else:
        multiply = product if math.prod(full) * reduced >= SHARED else np.matmul
    if left is None and right is None and shape == full and wide == dtype:
        return multiply
    left, right = left or _itself, right or _itself
    if shape == full and wide == dtype:
        return lambda x, y: multiply(left(x), right(y))
    return lambda x, y: multiply(left(x), right(y)).reshape(shape).astype(dtype, copy=False)


def _sum_of_products(terms: list):
    """The sum of products of matrices is one product."""
    x, y = terms[0]
    if len(terms) > 1:
        x, y = np.concatenate([x.T for x, _ in terms]).T, np.concatenate([y for _, y in terms])
    return product(x, y) if len(y) > 1 else np.dot(x, y)


def _itself(x: np.ndarray):
    return x


def _rest(aval: Any, batch: tuple, summed: tuple) -> int:
    """How many elements there are along the axes that are neither."""
    return math.prod(size for d, size in enumerate(aval.shape) if d not in batch and d not in summed)


def _as_matrices(aval: Any, batch: tuple, summed: tuple, dtype: np.dtype, sums_last: bool) -> Callable | None:
    """What makes it (*batch, rest, summed), or (*batch, summed, rest), of `dtype`; None if it is so already."""
    rest = tuple(d for d in range(aval.ndim) if d not in batch and d not in summed)
    order = (*batch, *rest, *summed) if sums_last else (*batch, *summed, *rest)
    sizes = [math.prod(aval.shape[d] for d in dims) for dims in (rest, summed)]
    shape = (*(aval.shape[d] for d in batch), *(sizes if sums_last else sizes[::-1]))
    moves, shapes, casts = order != tuple(range(aval.ndim)), shape != aval.shape, aval.dtype != dtype
    if not (moves or shapes or casts):
        return None
    if not casts and tuple(aval.shape[d] for d in order) == shape:
        return lambda x: x.transpose(order)
    return lambda x: x.transpose(order).reshape(shape).astype(dtype, copy=False)
