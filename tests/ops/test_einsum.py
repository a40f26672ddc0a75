"""Dtypes of `einsum`: integers that one operand alone has are summed in int64 before they are multiplied."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import array_of, reference, tensor_of

EQUATIONS = tuple(
    """ij,jk->k ij,jk->i ij,jk-> ij,kl->il i,j-> i,i-> ij,ij->i ij,jk->ik i,j->j i,-> ij,j-> ij,jk,kl-> i,j,k-> bij,bjk->
    ii,ij->j ij,jk->ij ...i,i->... b...i,...ij-> ...,...->""".split()
)
SIZES = ({}, {"j": 1}, {"i": 1, "k": 1})
DTYPES = (("int8", "int8"), ("bool", "bool"), ("uint8", "int64"), ("float32", "float64"), ("float32", "float32"))


def _outcome(library, equation: str, arrays: list):
    try:
        result = library.einsum(equation, *[tensor_of(library, each) for each in arrays])
    except (RuntimeError, NotImplementedError) as error:
        return type(error).__name__, str(error)
    return str(result.dtype).split(".")[-1], array_of(result).tolist()


@pytest.mark.parametrize("equation", EQUATIONS)
def test_dtypes(equation: str) -> None:
    terms = equation.split("->")[0].split(",")
    for sizes in SIZES:
        known = {"i": 3, "j": 2, "k": 3, "l": 2, "b": 2, **sizes}
        shapes = [[known.get(each, 2) for each in term.replace("...", ".")] for term in terms]
        for dtypes in DTYPES:
            arrays = [
                (np.arange(np.prod(shape)) % 5).reshape(shape).astype(dtype)
                for shape, dtype in zip(shapes, dtypes * 2, strict=False)
            ]
            want = _outcome(reference(), equation, arrays)
            assert _outcome(torchlike, equation, arrays) == want, (sizes, dtypes)
