"""Numbers in another dtype: floats as integers, Python's dtypes, integer sums in narrow dtypes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op

INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "uint16", "uint64", "bool")
NARROW = ("uint8", "int8", "int16", "int32", "int64", "bool", "float32")
ODD = np.array(
    [300.0, -1.5, 1e10, -1e10, 1e20, -1e20, np.nan, np.inf, -np.inf, 3e9, -3e9, 65536.7, 2**31, -(2**31) - 5000, 2**63]
)
DOORS = {
    "to": lambda torch, x, dtype: x.to(dtype),
    "copy_": lambda torch, x, dtype: torch.zeros(len(x), dtype=dtype).copy_(x),
    "assignment": lambda torch, x, dtype: _assigned(torch.zeros(len(x), dtype=dtype), slice(None), x),
    "fill_ with a tensor": lambda torch, x, dtype: [torch.zeros(2, dtype=dtype).fill_(each) for each in x],
    "as_tensor": lambda torch, x, dtype: torch.as_tensor(x.numpy().copy(), dtype=dtype),
    "an element": lambda torch, x, dtype: [each.to(dtype) for each in x],
}


def _assigned(x, index, value):
    x[index] = value
    return x


@pytest.mark.parametrize("mode", ["auto", "whole"])
@pytest.mark.parametrize("source", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("door", DOORS)
def test_floats_become_integers_as_in_c(door: str, source, mode: str):
    with np.errstate(over="ignore"):
        odd = ODD.astype(source)

    def convert(torch, x):
        return [DOORS[door](torch, x, getattr(torch, each)) for each in INTEGERS]

    with torchlike.execution_mode(mode):
        check_op([odd], convert, grad=False)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_complex_numbers_lose_their_imaginary_part(dtype: str):
    z = np.array([1j, 0, -1.5 + 2j, 300], np.complex64)
    check_op(
        [z], lambda torch, z: _assigned(torch.zeros(4, dtype=getattr(torch, dtype)), slice(None), z.real), grad=False
    )


def test_complex_numbers_are_true_for_either_part():
    z = np.array([1j, 0, -1.5 + 2j, 300], np.complex64)
    check_op([z], lambda torch, z: [z.bool(), z.all(), z.any(), z[:1].all(), torch.where(z.bool(), 1, 0)], grad=False)


@pytest.mark.parametrize("source", NARROW)
@pytest.mark.parametrize("name", ["sum", "prod", "nansum", "cumsum", "cumprod"])
def test_sums_in_a_narrow_dtype_wrap(name: str, source: str):
    x = np.array([[100, 3, 17], [120, 2, 1], [90, 250, 5]]).astype(source)
    dims = (0,) if name.startswith("cum") else ()

    def reduce(torch, x):
        kinds = [each for each in NARROW if each != "bool" or not dims]
        return [getattr(x, name)(*dims, dtype=getattr(torch, each)) for each in kinds] + [
            getattr(x, name)(*dims or (1,))
        ]

    check_op([x], reduce, grad=False)


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x: x.cumsum_(0, dtype=torch.int32),
        lambda torch, x: x.bool().cumsum_(0),
        lambda torch, x: x.cumprod(0, dtype=torch.bool),
        lambda torch, x: x.sum(dtype=torch.uint16),
        lambda torch, x: x.mean(),
        lambda torch, x: x.float().mean(dtype=torch.int8),
        lambda torch, x: x.float().nanmean(dtype=torch.int8),
        lambda torch, x: (x + 0j).nansum(),
        lambda torch, x: x.float().norm(dtype=torch.int8),
        lambda torch, x: x.double().norm(dtype=torch.float32),
        lambda torch, x: x.float().norm(dtype=torch.complex64),
    ],
)
def test_dtypes_that_reductions_refuse(fn):
    check_error([np.array([1, 2, 3], np.uint8)], fn)


def test_running_sums_in_place_keep_the_dtype():
    check_op([np.array([100, 100, 100], np.uint8)], lambda torch, x: x.cumsum_(0), grad=False)


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x: torch.zeros(2, dtype=float),
        lambda torch, x: x.to(float),
        lambda torch, x: x.to("cpu", int),
        lambda torch, x: x.to(dtype=bool),
        lambda torch, x: x.view(float),
        lambda torch, x: [x.sum(dtype=each) for each in (float, int, bool, complex)],
        lambda torch, x: torch.softmax(x, 0, dtype=float),
        lambda torch, x: torch.nn.functional.log_softmax(x, 0, dtype=float),
        lambda torch, x: x.new_full((2,), 3, dtype=int),
        lambda torch, x: torch.ones_like(x, dtype=complex),
        lambda torch, x: torch.nn.Linear(2, 2).to(float).weight.dtype,
        lambda torch, x: torch.nn.Linear(2, 2, dtype=float).weight.dtype,
        lambda torch, x: [torch.rand(2, dtype=float).dtype, torch.randperm(3, dtype=int).dtype],
        lambda torch, x: [torch.randint(1, high=5, size=(3,), dtype=float).dtype, torch.eye(2, dtype=int).dtype],
        lambda torch, x: [torch.promote_types(float, torch.int32), torch.can_cast(float, int), torch.finfo(float).max],
    ],
)
def test_python_s_types_are_dtypes(fn):
    check_op([np.array([1.0, 2.0], np.float32)], fn, grad=False)


@pytest.mark.parametrize("number", [Fraction(1, 2), Decimal("0.5")])
@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x, number: torch.tensor(number),
        lambda torch, x, number: torch.tensor([1, number]),
        lambda torch, x, number: x * number,
        lambda torch, x, number: number - x,
        lambda torch, x, number: x < number,
        lambda torch, x, number: torch.add(x, number),
        lambda torch, x, number: torch.add(x, 1, alpha=number),
        lambda torch, x, number: x.fill_(number),
        lambda torch, x, number: torch.full((2,), number),
        lambda torch, x, number: _assigned(x, 0, number),
    ],
)
def test_other_numbers_are_strangers(fn, number):
    check_error([np.ones(2, np.float32)], lambda torch, x: fn(torch, x, number))


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch: torch.randint(3, size=(2, 1)),
        lambda torch: torch.randint(high=5, size=(2,)),
        lambda torch: torch.randint(1, 5, (2,)),
        lambda torch: torch.randint(low=1, high=5, size=(2,)),
        lambda torch: torch.randint(5, (2,)),
        lambda torch: torch.randint(2, high=5, size=[2]),
        lambda torch: torch.randint_like(torch.ones(2), 5),
        lambda torch: torch.randint_like(torch.ones(2), high=5),
        lambda torch: torch.randint_like(torch.ones(2), 2, 5),
    ],
)
def test_call_forms_of_randint(fn):
    def drawn(torch):
        torch.manual_seed(0)
        return fn(torch)

    check_op([], drawn)
