"""Fourier transforms: values, strides, gradients of two orders, frequencies, errors."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op

pytest.importorskip("torch")

NORMS = [None, "backward", "ortho", "forward"]
ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
TWO = ["fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2"]
MANY = ["fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn"]
TAKES_REAL_ONLY = {"rfft", "ihfft", "rfft2", "ihfft2", "rfftn", "ihfftn"}


def dtypes_of(name: str) -> list[str]:
    return ["float32", "float64"] if name in TAKES_REAL_ONLY else ["float32", "complex64", "complex128"]


@pytest.mark.parametrize("name", ONE)
def test_one_dimension(name):
    for dtype in dtypes_of(name):
        for n, dim, norm in ((None, -1, None), (4, 0, "ortho"), (7, 1, "forward"), (2, -1, "backward"), (5, -2, None)):
            check_op(
                [(3, 5)],
                lambda torch, x, n=n, dim=dim, norm=norm: getattr(torch.fft, name)(x, n, dim, norm),
                **{"dtype": dtype, "strides": True, "orders": 2 if dtype == "complex128" else 1, "atol": 1e-5},
            )


@pytest.mark.parametrize("name", TWO + MANY)
def test_several_dimensions(name):
    options = [{}, {"s": (3, 6)}, {"dim": (0, 2)}, {"s": (2, -1), "dim": (2, 0)}, {"s": (5,), "dim": (1,)}]
    options += [{"dim": (0, 1, 2)}, {"s": (2, 3, 4)}] if name in MANY else []
    for dtype in dtypes_of(name)[:2]:
        for place, each in enumerate(options):
            norm = NORMS[place % len(NORMS)]
            check_op(
                [(2, 4, 3)],
                lambda torch, x, each=each, norm=norm: getattr(torch.fft, name)(x, norm=norm, **each),
                **{"dtype": dtype, "strides": True, "atol": 1e-5},
            )


@pytest.mark.parametrize("turned", [(1, 0, 2), (2, 1, 0), (0, 2, 1)])
@pytest.mark.parametrize("name", ["fft", "rfft", "irfft", "fft2", "rfftn"])
def test_inputs_that_lie_otherwise(name, turned):
    check_op([(2, 4, 3)], lambda torch, x: getattr(torch.fft, name)(x.permute(turned)), strides=True, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_integers(dtype):
    check_op([np.array([1, 0, 1, 1], dtype)], lambda torch, x: (torch.fft.fft(x), torch.fft.irfft(x)), grad=False)


def test_frequencies_and_their_order():
    for n in (0, 1, 4, 5):
        for dtype in ("float16", "float32", "float64"):

            def frequencies(torch, n=n, dtype=dtype):
                kind = getattr(torch, dtype)
                return torch.fft.fftfreq(n, 0.3, dtype=kind), torch.fft.rfftfreq(n, d=0.3, dtype=kind)

            check_op([], frequencies, rtol=0, atol=0)
    for dim in (None, 0, -1, (0, 1), (0, 0)):
        check_op([(3, 4)], lambda torch, x, dim=dim: (torch.fft.fftshift(x, dim), torch.fft.ifftshift(x, dim)))


def test_a_transform_and_its_inverse():
    x = torchlike.randn(3, 8, dtype=torchlike.float64)
    for there, back in (("fft", "ifft"), ("rfft", "irfft"), ("ihfft", "hfft"), ("fft2", "ifft2"), ("rfftn", "irfftn")):
        got = getattr(torchlike.fft, back)(getattr(torchlike.fft, there)(x)).real
        np.testing.assert_allclose(got.numpy(), x.numpy(), atol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda torch: torch.fft.fft(torch.ones(4), n=0),
        lambda torch: torch.fft.fft(torch.ones(4), norm="other"),
        lambda torch: torch.fft.fft(torch.ones(())),
        lambda torch: torch.fft.fft(torch.ones(4), dim=3),
        lambda torch: torch.fft.fft(torch.ones(4).half()),
        lambda torch: torch.fft.rfft(torch.ones(4) + 0j),
        lambda torch: torch.fft.ihfft(torch.ones(4) + 0j),
        lambda torch: torch.fft.rfftn(torch.ones(4) + 0j),
        lambda torch: torch.fft.irfft(torch.ones(1)),
        lambda torch: torch.fft.fftn(torch.ones(4), s=(2, 2)),
        lambda torch: torch.fft.fftn(torch.ones(2, 2), s=(2,), dim=(0, 1)),
        lambda torch: torch.fft.fftn(torch.ones(2, 2), dim=(0, 0)),
        lambda torch: torch.fft.fft2(torch.ones(2)),
        lambda torch: torch.fft.fft2(torch.ones(())),
        lambda torch: torch.fft.rfftn(torch.ones(())),
        lambda torch: torch.fft.fft("text"),
        lambda torch: torch.fft.fft(torch.ones(4), n=2.5),
        lambda torch: torch.fft.fft(torch.ones(4), s=2),
        lambda torch: torch.fft.fft(torch.ones(4), out=torch.empty(4)),
        lambda torch: torch.fft.irfft(torch.ones(4), out=torch.empty(6) + 0j),
        lambda torch: torch.fft.fftfreq(-1),
        lambda torch: torch.fft.fftfreq(4, dtype=torch.int32),
        lambda torch: torch.fft.fftshift(torch.ones(4), 2),
    ],
)
def test_errors(call):
    check_error([], call)
