"""Values at the edges: NaN, infinities, complex numbers of all sizes, dtypes that meet."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_error, check_op

NAN, INF = float("nan"), float("inf")
REAL = {
    "isclose": lambda torch, x: [torch.isclose(x, x.flip(0)), torch.isclose(x, x, equal_nan=True)],
    "allclose": lambda torch, x: [torch.allclose(x, x), torch.allclose(x, x, equal_nan=True)],
    "trace": lambda torch, x: [x.reshape(3, 3).trace(), x.reshape(3, 3)[1:, 1:].trace()],
    "unique": lambda torch, x: torch.unique(x.reshape(3, 3), dim=0, return_inverse=True, return_counts=True),
    "unique columns": lambda torch, x: torch.unique(x.reshape(3, 3), dim=1, return_inverse=True, return_counts=True),
    "searchsorted": lambda torch, x: [torch.searchsorted(x.sort()[0], x, right=each) for each in (False, True)],
    "searchsorted of what is not sorted": lambda torch, x: torch.searchsorted(x, x),
    "hardswish": lambda torch, x: torch.nn.functional.hardswish(x),
    "std_mean": lambda torch, x: [torch.std_mean(x), torch.var_mean(x.reshape(3, 3), 1)],
    "det": lambda torch, x: torch.linalg.det(x.reshape(3, 3)),
    "mode": lambda torch, x: x.nan_to_num(1.0, 2.0, 2.0).mode(),
    "nanmedian": lambda torch, x: [x.nanmedian(), x.reshape(3, 3).nanmedian(1)],
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "values",
    [
        [1.0, NAN, 2.0, NAN, 1.0, 3.0, 2.0, 3.0, 4.0],
        [1.0, INF, 2.0, 5.0, 1.0, 3.0, 2.0, 3.0, 4.0],
        [1.0, 2.0, 2.0, 5.0, -INF, 3.0, 2.0, 3.0, 4.0],
        [1.0, 2.0, 2.0, 5.0, 1.0, 3.0, 2.0, 3.0, INF],
    ],
)
def test_nan_and_infinities(name: str, values: list):
    check_op([np.array(values, np.float32)], REAL[name], grad=False)


COMPLEX = (
    "log1p",
    "expm1",
    "sqrt",
    "tanh",
    "log",
    "abs",
    "reciprocal",
    "sin",
    "exp",
    "sigmoid",
    "rsqrt",
    "log10",
    "atan",
)


@pytest.mark.parametrize("name", COMPLEX)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_functions_of_small_and_large_numbers(name: str, dtype):
    z = [1e-10 + 1e-10j, 1e-20 + 0j, -1e-12j, 30 + 1j, -1 + 1e-6j, 0.3 - 0.2j]
    check_op([np.array(z, dtype)], lambda torch, z: getattr(torch, name)(z), grad=False, rtol=3e-6, atol=0)


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x: torch.lerp(x, x * 2, torch.tensor(1)),
        lambda torch, x: torch.lerp(torch.tensor([1, 2]), torch.tensor([3, 5]), torch.tensor(0.5)),
        lambda torch, x: torch.lerp(x, x * 2, torch.tensor(1 + 2j)),
        lambda torch, x: torch.lerp(x, x * 2, torch.tensor(0.5).half()),
        lambda torch, x: torch.addcmul(x.long(), x.long(), x.long(), value=2.7),
        lambda torch, x: torch.addcmul(x, x, x, value=True),
        lambda torch, x: [x.bool() ** True, x.bool() ** False],
        lambda torch, x: torch.cummin(torch.zeros(0, 3), 5),
        lambda torch, x: [torch.equal(x, x.long()), torch.equal(x.bool(), x.int()), torch.equal(x, x + 1)],
        lambda torch, x: torch.baddbmm(*[torch.zeros(0, 2, 2, dtype=torch.bool)] * 3),
        lambda torch, x: torch.baddbmm(*[torch.zeros(0, 2, 2, dtype=torch.bool)] * 3, beta=2, alpha=3),
        lambda torch, x: [float(torch.tensor(1.5 + 0j)), int(torch.tensor(2 + 0j)), complex(x[0])],
        lambda torch, x: x.broadcast_to(3, 2),
        lambda torch, x: [torch.einsum(each, x[None].bool()) for each in ("ij->i", "ij->ji", "ij->")],
        lambda torch, x: [torch.linalg.norm(torch.ones(5, 0), each) for each in (1, 2, float("inf"))],
        lambda torch, x: torch.histc(x, 3).requires_grad,
        lambda torch, x: [torch.tensor([3, -7, 2], dtype=each) ** 300 for each in (torch.int32, torch.int64)],
        lambda torch, x: torch.tensor([3, 5, 2], dtype=torch.uint8) ** torch.tensor([200, 3, 0], dtype=torch.uint8),
        lambda torch, x: [x.byte().clamp(max=300.5), x.half().masked_fill(x > 1, float("inf")), x.byte().clamp(-3, 9)],
        lambda torch, x: [torch.ldexp(x.half(), x.int() * 5), torch.ldexp(x.int(), x.int())],
        lambda torch, x: torch.ldexp(x.log() / 0, torch.tensor([-300000, -300000])),
        lambda torch, x: torch.ldexp(x * 2.0**-100, torch.tensor([200, -20])),
        lambda torch, x: torch.ldexp(x.double() * 2.0**-1000, torch.tensor([2000, 5000000000])),
        lambda torch, x: [x.bool().clamp(0, 1), x.bool().clamp(x.int(), x.int() * 2), x.bool().clamp_min(x.bool())],
        lambda torch, x: torch.cat([torch.empty(0), torch.ones(2, 2)]),
        lambda torch, x: torch.linalg.cross(torch.arange(9.0).reshape(3, 3), torch.ones(3, 3)),
        lambda torch, x: torch.isclose(x.to(torch.uint8), (x + 9).to(torch.uint8), rtol=4.0),
        lambda torch, x: (x.to(torch.uint8) * 100).reshape(1, 2).trace(),
    ],
)
def test_dtypes_that_meet(fn):
    check_op([np.array([1.0, 2.0])], fn, grad=False)


def test_the_derivative_at_an_exponent_is_a_power_of_integers():
    check_op([(3,)], lambda torch, x: torch.ldexp(x, torch.tensor([2, -2, 3])))


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x, y: [x + y, y + x, x - y, y - x, torch.rsub(x, y), torch.add(x, y, alpha=2)],
        lambda torch, x, y: [x + 1, 1 - y, y + complex(-np.inf, 1), y.real + x, x.clone().add_(y)],
    ],
)
def test_the_default_alpha_multiplies_complex_numbers(fn):
    x = np.array([1 + 1j, complex(-np.inf, 0.5), complex(0, np.inf), complex(np.nan, 1)], np.complex64)
    check_op([x, x[::-1].copy()], fn, grad=False)


@pytest.mark.parametrize(
    "settings", [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"stride": 2, "output_padding": 1}]
)
@pytest.mark.parametrize("odd", [np.inf, np.nan])
def test_what_a_transposed_convolution_puts_between_meets_no_infinity(settings: dict, odd: float):
    x, w = np.arange(1, 7, dtype=np.float32).reshape(1, 2, 3), np.ones((2, 2, 3), np.float32)
    for at, array in enumerate((x, w)):
        given = [x, w]
        given[at] = array.copy()
        given[at][0, 1, 0] = odd
        check_op(given, lambda torch, x, w: torch.nn.functional.conv_transpose1d(x, w, **settings), grad=False)


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x: torch.lerp(x, x, torch.tensor([1, 0])),
        lambda torch, x: torch.lerp(x, x.half(), 0.5),
        lambda torch, x: torch.lerp(x, x, 1j),
        lambda torch, x: torch.cummax(torch.zeros(()), 1),
        lambda torch, x: torch.isclose(x, x, rtol=-1.0),
        lambda torch, x: torch.isclose(x, x, atol=NAN),
        lambda torch, x: torch.unique(torch.zeros(2, 0), dim=0),
        lambda torch, x: torch.linalg.cross(torch.ones(3, 2), torch.ones(3, 2)),
        lambda torch, x: x.byte().clamp(max=300),
        lambda torch, x: x.half().masked_fill(x > 1, 1e5),
        lambda torch, x: torch.addmm(x[None], x[None].long(), torch.ones(2, 2, dtype=x.dtype)),
        lambda torch, x: torch.addmm(x[None], x[None], torch.ones(2, 2)),
        lambda torch, x: torch.addmv(x[:1], x[None], x.long()),
        lambda torch, x: torch.baddbmm(x[None, None], x[None, None].float(), torch.ones(1, 2, 2)),
        lambda torch, x: torch.bmm(x[None, None], torch.ones(1, 2, 2)),
        lambda torch, x: torch.ldexp(x, x.bool()),
        lambda torch, x: torch.dist(x.long(), x.long()),
        lambda torch, x: torch.einsum("i,i->", x.bool(), x.bool()),
        lambda torch, x: torch.linalg.norm(torch.ones(5, 0), -1),
        lambda torch, x: torch.clamp(x.bool(), True),
        lambda torch, x: torch.trapezoid(x[0], dim=0),
        lambda torch, x: x.long().__isub__(torch.ones(3, 2)),
    ],
)
def test_dtypes_that_refuse_each_other(fn):
    check_error([np.array([1.0, 2.0])], fn)
