"""The steps in which PyTorch contracts the operands of `einsum`: its results' dtypes follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import jax.numpy as jnp
import numpy as np
import opt_einsum

from torchlike._ops._promote import Array, only, rank
from torchlike._types.dtypes import scalar_name


def _spelled(term: str, ndim: int, most: int) -> list[str]:
    """A name for each dimension of an operand; those of the ellipsis count from the right."""
    before, dots, after = term.partition("...")
    count = ndim - len(before) - len(after) if dots else 0
    return [*before, *[f".{place}" for place in range(most - count, most)], *after]


def _steps(equation: str, operands: Sequence[Array]) -> Iterator[tuple[int, int]]:
    """Which two operands are contracted, one pair after the other; the result is the last operand then."""
    if len(operands) == 2:
        return iter([(0, 1)])
    shapes = [each.shape for each in operands]
    return iter(opt_einsum.contract_path(equation, *shapes, shapes=True, optimize="auto")[0])


def dtype_of(equation: str, operands: Sequence[Array]) -> np.dtype:
    """The dtype of the contraction of two operands or more.

    What one operand alone has is summed first, integers in int64. Where both still have something to be summed they are
    multiplied as matrices, and must be of one dtype; else element by element.

    Raises:
        RuntimeError: two matrices are of different dtypes.
    """
    letters, arrow, kept = equation.partition("->")
    terms = letters.split(",")
    most = max(each.ndim - len(term.replace("...", "")) for term, each in zip(terms, operands, strict=True))
    sizes = [
        dict(zip(_spelled(term, each.ndim, most), each.shape, strict=True))
        for term, each in zip(terms, operands, strict=True)
    ]
    results = {*kept.replace("...", "")} if arrow else {each for each in letters if letters.count(each) == 1}
    if not arrow or "..." in kept:
        results |= {f".{place}" for place in range(most)}
    left = Counter(name for each in sizes for name, size in each.items() if size != 1 and name not in results)
    known = [(each, np.dtype(operand.dtype)) for each, operand in zip(sizes, operands, strict=True)]
    for pair in _steps(equation, operands):
        one, two = (known[place] for place in sorted(pair))
        known = [each for place, each in enumerate(known) if place not in pair]
        known.append(_contracted(one, two, left))
    return known[0][1]


def _contracted(one: tuple, two: tuple, left: Counter) -> tuple:
    """(sizes by name, dtype) of two operands' product, summed over what no other operand has.

    Args:
        left: how many operands have each name that is to be summed.
    """
    sums = [False, False, False]  # of the first alone, of the second alone, of both
    sizes = {name: max(one[0].get(name, 1), two[0].get(name, 1)) for name in {**one[0], **two[0]}}
    for name, size in sizes.items():
        if size == 1 or not left[name]:
            continue
        first, second = one[0].get(name, 1) != 1, two[0].get(name, 1) != 1
        left[name] -= first and second
        if left[name] == 1:
            sums[2 if first and second else second] = True
            sizes[name] = 1
            left[name] = 0
    dtypes = [
        np.dtype(np.int64) if summed and rank(dtype) < 2 else dtype
        for summed, (_, dtype) in zip(sums, (one, two), strict=False)
    ]
    if not sums[2]:
        return sizes, jnp.promote_types(*dtypes)
    if 0 not in {*one[0].values(), *two[0].values()}:
        only("bmm", jnp.zeros(0, dtypes[0]), 1, 2, 3)
    if dtypes[0] != dtypes[1]:
        first, second = map(scalar_name, dtypes)
        raise RuntimeError(f"expected scalar type {first} but found {second}")
    return sizes, dtypes[0]
