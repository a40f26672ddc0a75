"""Values, dtypes, gradients and errors of what works element by element."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, check_warning

torch = pytest.importorskip("torch")

NAN, INF = np.nan, np.inf
ODD = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, NAN, INF, -INF], np.float32)
PAIRS = np.array(np.meshgrid(ODD, ODD)).reshape(2, -1)
WHOLE = np.array([-7, -3, -1, 1, 2, 5, 100])

EVERYWHERE = """abs neg square sign sgn floor ceil trunc frac round nan_to_num positive exp exp2 expm1 log log2 log10 log1p
    sqrt rsqrt sigmoid logit reciprocal sin cos asin acos atan sinh cosh tanh asinh acosh atanh sinc deg2rad rad2deg angle
    erf erfc erfinv i0""".split()
TESTS = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "logical_not", "signbit"]
SPECIAL = ["entr", "erfcx", "i0e", "i1", "i1e", "ndtr", "ndtri", "log_ndtr", "digamma", "gammaln", "psi", "expit"]
ONLY_REAL = set("floor ceil trunc frac round sign logit deg2rad rad2deg erf erfc erfinv i0 abs nan_to_num".split())
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "fmax", "fmin", "hypot", "copysign", "atan2", "heaviside"]


@pytest.mark.parametrize("name", EVERYWHERE)
def test_functions_at_odd_places(name):
    if name in ("sin", "cos", "sinc"):  # infinite angles have no gradient to compare
        return check_op([ODD[:8]], lambda library, x: getattr(library, name)(x))
    return check_op([ODD], lambda library, x: getattr(library, name)(x), rtol=1e-5)


@pytest.mark.parametrize("name", TESTS)
def test_tests_of_elements(name):
    check_op([ODD], lambda library, x: getattr(library, name)(x))


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions(name):
    values = np.array([0.1, 0.5, 0.9, 1.5, -0.3, -2.5, 6.0, 0.0])
    check_op([values], lambda library, x: getattr(library.special, name)(x), rtol=1e-6)


@pytest.mark.parametrize("name", ["abs", "exp", "sqrt", "sigmoid", "tanh", "sin", "log1p", "rsqrt", "erf"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(name, dtype):
    check_op([(3, 4)], lambda library, x: getattr(library, name)(x * x + 0.5), dtype=dtype, rtol=2e-2, atol=1e-2)


@pytest.mark.parametrize("name", [each for each in EVERYWHERE if each not in ONLY_REAL])
def test_complex_numbers(name):
    # PyTorch's derivative of acosh has the wrong sign left of the imaginary axis
    grad = name != "acosh"
    check_op([(3, 4)], lambda library, x: getattr(library, name)(x), dtype="complex128", rtol=1e-6, grad=grad)


@pytest.mark.parametrize("name", ["abs", "angle", "sgn", "reciprocal", "tanh", "square"])
def test_complex_second_derivatives(name):
    check_op([(3,)], lambda library, x: getattr(library, name)(x), dtype="complex128", orders=2)


SMOOTH = ["exp", "log", "sigmoid", "tanh", "sin", "sqrt", "erf", "digamma", "logit", "sinc", "i0"]


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives(name):
    values = np.array([0.2, 0.5, 0.9])
    check_op([values], lambda library, x: getattr(library, name)(x), orders=2, rtol=1e-6)


@pytest.mark.parametrize("name", BINARY)
def test_pairs_of_odd_numbers(name):
    grad = name not in ("heaviside", "hypot", "div", "atan2")
    check_op(list(PAIRS), lambda library, x, y: getattr(library, name)(x, y), grad=grad)


@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide"])
def test_quotients_of_odd_numbers(name):
    check_op(list(PAIRS), lambda library, x, y: getattr(library, name)(x, y), grad=False)


@pytest.mark.parametrize("mode", [None, "trunc", "floor"])
@pytest.mark.parametrize("dtype", ["int64", "int8", "float64"])
def test_div(mode, dtype):
    values = WHOLE.astype(dtype)
    check_op([values[:, None], values], lambda library, x, y: library.div(x, y, rounding_mode=mode))


@pytest.mark.parametrize("call", [operator.mod, operator.floordiv, torch.fmod.__name__])
def test_integer_quotients(call):
    run = (lambda library, x, y: getattr(library, call)(x, y)) if isinstance(call, str) else lambda _, x, y: call(x, y)
    check_op([WHOLE[:, None], WHOLE], run)
    check_op([WHOLE], lambda library, x: run(library, x, 3))


@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0, 0.5, 1, 2, 3, 4, 2.0, 1.5, 7, -3.0])
def test_powers(exponent):
    check_op([np.array([0.5, 2.0, 3.0, -1.5])], lambda _, x: x**exponent, orders=2)
    if exponent >= 0:
        check_op([WHOLE[:-1]], lambda _, x: x**exponent, rtol=1e-5)


def test_powers_of_tensors():
    base, exponent = np.array([0.0, 0.0, 0.0, 2.0, -1.0, 0.0]), np.array([0.0, 1.0, -1.0, 0.0, 2.0, 0.5])
    check_op([base, exponent], lambda library, x, y: library.pow(x, y))
    check_op([exponent], lambda _, x: 2**x)
    check_op([np.array([-2, -1, 1, 2]), np.array([[-3], [0], [3]])], lambda _, x, y: x**y)
    check_op([WHOLE], lambda library, x: library.float_power(x, 2))


@pytest.mark.parametrize("bounds", [(0, 1), (None, 0.5), (-1, None), (1, -1), (NAN, 1), (2, NAN)])
def test_clamp(bounds):
    check_op([ODD], lambda library, x: x.clamp(*bounds))
    check_op([ODD], lambda library, x: library.clip(x, min=bounds[0], max=bounds[1]))


def test_clamp_with_tensors():
    check_op([(4, 3), (3,), (4, 1)], lambda library, x, low, high: x.clamp(low, high))
    check_op([WHOLE], lambda library, x: x.clamp(-2.5, 3))
    check_op([(4, 3), (3,)], lambda library, x, low: library.clamp_min(x, low))


def test_lerp_addcmul_addcdiv():
    check_op([(3,), (3,), (2, 3)], lambda library, x, y, w: library.lerp(x, y, w), orders=2)
    check_op([(3,), (3,)], lambda library, x, y: x.lerp(y, 0.75))
    check_op([(), (2, 3)], lambda library, x, y: x.lerp(y, 0.75), orders=2)
    check_op([(3,), (3,), (2, 3)], lambda library, x, y, z: library.addcmul(x, y, z, value=0.5), orders=2)
    check_op([(3,), (3,), (2, 3)], lambda library, x, y, z: library.addcdiv(x, y, z, value=2), rtol=1e-5)


@pytest.mark.parametrize("call", [operator.sub, operator.truediv, operator.pow, operator.mul, operator.add])
def test_numbers_on_the_left(call):
    check_op([np.array([0.5, 2.0])], lambda _, x: call(3, x))
    check_op([np.array([1, 2])], lambda _, x: call(2.5, x))


@pytest.mark.parametrize("call", [operator.floordiv, operator.mod, operator.and_, operator.or_, operator.xor])
def test_integers_on_the_left(call):
    check_op([WHOLE], lambda _, x: call(6, x))
    check_op([WHOLE, WHOLE[::-1].copy()], lambda _, x, y: call(x, y))


def test_shifts_and_bits():
    check_op([WHOLE, np.arange(7)], lambda _, x, y: (x << y, x >> y, 2 << y, ~x))
    check_op([np.array([1, 255], np.uint8)], lambda _, x: (x << 3, x >> 2, ~x))
    check_op([(5,), (5,)], lambda _, x, y: (x & y, x | y, x ^ y, ~x), dtype="bool")


@pytest.mark.parametrize("call", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparisons(call):
    check_op(list(PAIRS), lambda _, x, y: call(x, y))
    check_op([WHOLE], lambda _, x: (call(x, 1.5), call(1, x)))


def test_comparisons_with_other_things():
    check_op([(2,)], lambda _, x: (x == None, x != None, x == "a"))  # noqa: E711 - PyTorch answers, too
    check_error([(2,)], lambda _, x: x < "a")
    check_error([(2,)], lambda _, x: x < None)


def test_closeness():
    near = ODD + np.float32(1e-7)
    check_op([ODD, near], lambda library, x, y: library.isclose(x, y, equal_nan=True))
    check_op([ODD, near], lambda library, x, y: (library.allclose(x, y), library.allclose(x, y, equal_nan=True)))
    check_op([WHOLE, WHOLE + 1], lambda library, x, y: library.isclose(x, y, rtol=0.1))
    check_op([WHOLE, WHOLE], lambda library, x, y: (library.equal(x, y), library.equal(x, y[1:])))
    check_error([(2,), (2,)], lambda library, x, y: library.isclose(x, y, rtol=-0.4))


def test_complex_parts():
    check_op([(3,)], lambda library, x: (x.real, x.imag, x.conj(), x.abs(), library.angle(x)), dtype="complex64")


def test_in_place_forms():
    def program(library, x, y):
        z = x.clone()
        z.add_(y, alpha=2).mul_(3).sub_(1).div_(y).clamp_(-1, 1).pow_(2)
        z += y
        z *= 2
        z /= 3
        z -= 1
        z **= 3
        return library.exp_(z)

    check_op([(3,), (3,)], program, orders=1, rtol=1e-4)
    check_op([WHOLE], lambda library, x: (x.clone().remainder_(3), x.clone().bitwise_and_(6), x.clone().gt_(1)))


def test_results_with_two_parts():
    check_op([np.array([0.0, 1.0, -6.5, 1e-3])], lambda library, x: library.frexp(x).mantissa)
    mantissa, exponent = torchlike.frexp(torchlike.tensor([6.0]))
    assert (mantissa.item(), exponent.item(), exponent.dtype) == (0.75, 3, torchlike.int32)


@pytest.mark.parametrize("decimals", [0, 1, 2, -1])
def test_round(decimals):
    values = np.array([0.5, 1.5, 2.25, -1.75, 15.0, 123.456])
    check_op([values], lambda library, x: library.round(x, decimals=decimals))


REFUSED = [
    lambda library, x: library.add(x, "a"),
    lambda library, x: library.mul(x, None),
    lambda library, x: library.abs(1),
    lambda library, x: library.abs(),
    lambda library, x: library.abs(x, x),
    lambda library, x: library.abs(x, foo=1),
    lambda library, x: library.add(x),
    lambda library, x: library.add(x, x, beta=1),
    lambda library, x: library.pow("a", 2),
    lambda library, x: library.pow(2, 3),
    lambda library, x: library.eq(x, "a"),
    lambda library, x: library.eq(1, x),
    lambda library, x: library.maximum(x, 2),
    lambda library, x: library.clamp(x),
    lambda library, x: library.clamp(x, "a"),
    lambda library, x: library.lerp(x, x, "a"),
    lambda library, x: library.lerp(x, x.double(), 0.5),
    lambda library, x: library.exp([1.0]),
    lambda library, x: library.exp(x, out=3),
    lambda library, x: library.div(x, x, rounding_mode="bad"),
    lambda library, x: x + "a",
    lambda library, x: x + None,
    lambda library, x: "a" - x,
    lambda library, x: x ** "a",
    lambda library, x: x + library.ones(3),
    lambda library, x: library.sub(x > 0, x > 0),
    lambda library, x: x - (x > 0),
    lambda library, x: -(x > 0),
    lambda library, x: +(x > 0),
    lambda library, x: library.abs(x > 0),
    lambda library, x: library.floor(x > 0),
    lambda library, x: library.sign(x + 1j),
    lambda library, x: library.ceil(x + 1j),
    lambda library, x: (x + 1j) < 1,
    lambda library, x: library.maximum(x + 1j, x),
    lambda library, x: library.clamp(x + 1j, 0),
    lambda library, x: x.long().add_(x),
    lambda library, x: library.add(x.long(), 1, alpha=0.5),
    lambda library, x: library.add(x, x, alpha=True),
    lambda library, x: library.addcdiv(x.long(), x.long(), x.long()),
    lambda library, x: library.heaviside(x, x.double()),
    lambda library, x: ~x,
    lambda library, x: x & 1,
    lambda library, x: x << 1,
    lambda library, x: library.gcd(x, x),
    lambda library, x: x.long() ** -1,
    lambda library, x: library.fmod(x.long(), 0),
    lambda library, x: library.polygamma(-1, x),
    lambda library, x: library.polygamma(2.0, x),
    lambda library, x: library.erf(x + 1j),
    lambda library, x: library.frexp(x.long()),
    lambda library, x: library.nextafter(x.long(), x.long()),
    lambda library, x: library.mul(x, x, out=library.ones(2).long()),
    lambda library, x: library.isclose(x, x.double()),
    lambda library, x: library.imag(x),
    lambda library, x: library.deg2rad(x + 1j),
    lambda library, x: library.isposinf(x + 1j),
]


@pytest.mark.parametrize("call", REFUSED)
def test_errors(call):
    check_error([np.array([1.0, 2.0], np.float32)], call)


def test_deprecated_overloads():
    torch.set_warn_always(True)
    try:
        check_warning([(2,), (2,), (2,)], lambda library, x, y, z: library.addcmul(x, 0.5, y, z))
        check_warning([(2,), (2,), (2,)], lambda library, x, y, z: library.addcdiv(x, 0.5, y, z))
        check_warning([(2,), (2,)], lambda library, x, y: library.add(x, 2, y))
    finally:
        torch.set_warn_always(False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda x: torchlike.add(x, value=2), lambda x: x + 2),
        (lambda x: x.div(value=2), lambda x: x / 2),
        (lambda x: torchlike.fmod(input=x, divisor=2), lambda x: torchlike.fmod(x, 2)),
        (lambda x: torchlike.exp(tensor=x), lambda x: x.exp()),
    ],
)
def test_old_keywords(old, new):
    x = torchlike.tensor([1.0, -3.0])
    with pytest.warns(FutureWarning, match="is deprecated; use"):
        got = old(x)
    assert torchlike.equal(got, new(x))


def test_another_number_is_no_new_operation():
    x = torchlike.ones(3)
    known = len(torchlike.mul.op.specs)
    for number in (0.0, 1.0, -1.0, 0.3, 7.5):
        x * number
    assert len(torchlike.mul.op.specs) <= known + 1


def test_numpy_arrays_beside_tensors():
    x = torchlike.ones(2)
    for got in (x + np.ones(2), np.add(x, np.ones(2)), np.float64(2) * x):
        assert isinstance(got, torchlike.Tensor)
        assert got.tolist() == [2.0, 2.0]
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones(2) * x
