"""The dtype of results: every pair of dtypes, as tensors, 0-d tensors and Python numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")

DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()
NUMBERS = [True, 2, 2.5, 1 + 2j]
OPS = {
    "add": lambda library, x, y: library.add(x, y),
    "mul": lambda library, x, y: x * y,
    "true_divide": lambda library, x, y: x / y,
    "eq": lambda library, x, y: x == y,
}


def filled(library, dtype: str, shape: tuple[int, ...]):
    return library.ones(shape, dtype=getattr(library, dtype))


def outcome(library, op, *operands) -> str:
    """The dtype of the result, or the error."""
    try:
        return str(op(library, *operands).dtype)
    except Exception as error:  # noqa: BLE001 - whichever it is, is what is compared
        return f"{type(error).__name__}: {error}"


def outcomes(op, dtypes, shapes, *others) -> tuple[str, str]:
    """What PyTorch and torchlike make of tensors of these dtypes and shapes."""
    pairs = list(zip(dtypes, shapes, strict=True))
    return tuple(outcome(each, op, *[filled(each, *pair) for pair in pairs], *others) for each in (torch, torchlike))


def skips(*dtypes) -> bool:
    """torchlike has no complex numbers of half precision, which PyTorch makes of these."""
    return bool({"float16"} & set(dtypes)) and any(str(each).startswith("complex") for each in dtypes)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())], ids=str)
def test_two_tensors(name, shapes):
    for pair in itertools.product(DTYPES, repeat=2):
        if skips(*pair):
            continue
        want, got = outcomes(OPS[name], pair, shapes)
        assert got == want, pair


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("shape", [(2,), ()], ids=str)
def test_a_tensor_and_a_number(name, shape):
    for dtype, number in itertools.product(DTYPES, NUMBERS):
        if dtype == "float16" and isinstance(number, complex):
            continue
        want, got = outcomes(OPS[name], [dtype], [shape], number)
        assert got == want, (dtype, number)
        want, got = outcomes(lambda _, x, y: y + x, [dtype], [shape], number)
        assert got == want, (number, dtype)


@pytest.mark.parametrize("number", [np.float32(2), np.float64(2), np.int8(2), np.int64(2), np.bool_(True)], ids=repr)
def test_a_tensor_and_a_numpy_number(number):
    for dtype in DTYPES:
        want, got = outcomes(lambda _, x: x * number, [dtype], [(2,)])
        assert got == want, dtype


def test_promote_types_and_can_cast():
    for one, two in itertools.product(DTYPES, repeat=2):
        if skips(one, two):
            continue
        pair = [[getattr(library, each) for each in (one, two)] for library in (torch, torchlike)]
        assert str(torchlike.promote_types(*pair[1])) == str(torch.promote_types(*pair[0])), (one, two)
        assert torchlike.can_cast(*pair[1]) == torch.can_cast(*pair[0]), (one, two)


def test_large_unsigned_integers_are_not_promoted():
    with pytest.raises(RuntimeError, match="attempted to promote UInt16 and Char"):
        torchlike.promote_types(torchlike.uint16, torchlike.int8)


@pytest.mark.parametrize("operands", [(1, 2.5), (1, 2), (True, 1j)])
def test_result_type_of_numbers(operands):
    assert str(torchlike.result_type(*operands)) == str(torch.result_type(*operands))


def test_the_default_dtype_counts_for_numbers_and_integers():
    torchlike.set_default_dtype(torchlike.float64)
    assert (torchlike.tensor([1]) * 2.5).dtype is torchlike.float64
    assert torchlike.tensor([1]).exp().dtype is torchlike.float64


@pytest.mark.parametrize("dtype", DTYPES)
def test_in_place_results_keep_the_dtype_or_are_refused(dtype):
    for other in DTYPES:
        if skips(dtype, other):
            continue
        want, got = outcomes(lambda _, x, y: x.add_(y), [dtype, other], [(2,), (2,)])
        assert got == want, other


KERNELS = {  # operations of two tensors that PyTorch computes in the promoted dtype, whichever the first tensor's
    "clamp": lambda library, x, y: library.clamp(x, y, y),
    "clamp_min": lambda library, x, y: x.clamp_min(y),
    "clamp to numbers": lambda library, x, y: library.add(x, y).clamp(-0.5, 0.5),
    "addcmul": lambda library, x, y: library.addcmul(x, y, x),
    "addcmul of a half": lambda library, x, y: library.addcmul(x, x, y, value=0.5 if y.is_floating_point() else 2),
    "isin": lambda library, x, y: library.isin(x, y),
    "l1_loss": lambda library, x, y: library.nn.functional.l1_loss(x, y, reduction="none"),
    "mse_loss": lambda library, x, y: library.nn.functional.mse_loss(x, y),
    "smooth_l1_loss": lambda library, x, y: library.nn.functional.smooth_l1_loss(x, y),
    "pairwise_distance": lambda library, x, y: library.nn.functional.pairwise_distance(x, y),
    "zeta": lambda library, x, y: library.special.zeta(x, y),
    "chebyshev_polynomial_t": lambda library, x, y: library.special.chebyshev_polynomial_t(x, y),
}


@pytest.mark.parametrize("name", KERNELS)
def test_what_a_kernel_lacks_is_asked_of_the_dtype_it_computes_in(name):
    dtypes = ["bool", "int64", "float16", "float32", "complex64"]
    for pair in itertools.product(dtypes, repeat=2):
        if not skips(*pair):
            want, got = outcomes(KERNELS[name], pair, [(2,), (2,)])
            assert got == want, pair


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (1, -1), (None, 1.5), (2, None), (True, True)], ids=str)
def test_bools_between_numbers(bounds):
    want, got = outcomes(lambda _, x: x.clamp(*bounds), ["bool"], [(2,)])
    assert got == want
