"""Rules of special functions, by SciPy: in 64 bits, then rounded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from torchlike._programs.cold.rules import rule


@cache
def _scipy():
    import scipy.special  # costs 0.1 s, and most programs have no need of it

    return scipy.special


def _special(name: str, repair: Callable | None = None) -> Callable:
    """A rule for a function of `scipy.special`; `repair(result, *inputs)` is applied where XLA's differs from it."""

    def make(params, ins, outs):
        fn, dtype = getattr(_scipy(), name), outs[0].dtype

        def compute(*arrays):
            arrays = [np.asarray(each, np.float64) for each in arrays]
            got = fn(*arrays)
            return np.asarray(got if repair is None else repair(got, *arrays)).astype(dtype, copy=False)

        return compute

    return make


_NAMES = {"erf": "erf", "erfc": "erfc", "erf_inv": "erfinv", "lgamma": "gammaln", "zeta": "zeta"}
_NAMES |= {"bessel_i0e": "i0e", "bessel_i1e": "i1e", "regularized_incomplete_beta": "betainc"}
_NAMES |= {"igamma": "gammainc", "igammac": "gammaincc", "digamma": "psi", "polygamma": "polygamma"}

# SciPy goes by the limit there is of a function with poles, XLA by that of its size
_REPAIRS = {"lgamma": lambda got, x: np.where(np.isinf(x), np.inf, got)}

for _name, _function in _NAMES.items():
    rule(_name)(_special(_function, _REPAIRS.get(_name)))
