"""Rules of special functions, by SciPy: in 64 bits, then rounded; `erf` in 32 bits as XLA has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from torchlike._programs.cold.rules import rule, widened


@cache
def _scipy():
    import scipy.special  # costs 0.1 s, and most programs have no need of it

    return scipy.special


def _special(name: str, repair: Callable | None = None) -> Callable:
    """A rule for a function of `scipy.special`; `repair(result, *inputs)` is applied where XLA's differs from it."""

    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        fn, dtype = getattr(_scipy(), name), outs[0].dtype

        def compute(*arrays: np.ndarray):
            arrays = [np.asarray(each, np.float64) for each in arrays]
            got = fn(*arrays)
            return np.asarray(got if repair is None else repair(got, *arrays)).astype(dtype, copy=False)

        return compute

    return make


_by_scipy = _special("erf")
# erf(x) = x P(x²) / Q(x²) up to where it is 1 in 32 bits: ten times as fast as SciPy's, which costs 0.1 s to import
_P = (0.00022905065861350646, 0.0034082910107109506, 0.050955695062380861, 0.18520832239976145, 1.128379143519084)
_Q = (-1.1791602954361697e-7, 0.000023547966471313185, 0.0010179625278914885, 0.014070470171167667)
_Q += (0.11098505178285362, 0.49746925110067538, 1.0)
_END = np.float32(3.832506856900711)


def _polynomial(x: np.ndarray, coefficients: tuple) -> np.ndarray:
    got = x * np.float32(coefficients[0])
    for each in coefficients[1:-1]:
        got += np.float32(each)
        got *= x
    return got + np.float32(coefficients[-1])


@rule("erf", shapeless=True)
def _erf(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if outs[0].dtype == np.float64:
        return _by_scipy(params, ins, outs)

    def compute(x: np.ndarray):
        x = np.clip(x, -_END, _END)
        square = x * x
        return np.clip(x * _polynomial(square, _P) / _polynomial(square, _Q), np.float32(-1), np.float32(1))

    return widened(compute, ins, outs)


_NAMES = {"erfc": "erfc", "erf_inv": "erfinv", "lgamma": "gammaln", "zeta": "zeta"}
_NAMES |= {"bessel_i0e": "i0e", "bessel_i1e": "i1e", "regularized_incomplete_beta": "betainc"}
_NAMES |= {"igamma": "gammainc", "igammac": "gammaincc", "digamma": "psi", "polygamma": "polygamma"}

# SciPy goes by the limit there is of a function with poles, XLA by that of its size
_REPAIRS = {"lgamma": lambda got, x: np.where(np.isinf(x), np.inf, got)}

for _name, _function in _NAMES.items():
    rule(_name, shapeless=True)(_special(_function, _REPAIRS.get(_name)))
