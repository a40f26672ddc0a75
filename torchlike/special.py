"""``torch.special``: special functions under SciPy's names."""

from __future__ import annotations

from torchlike._ops.exponential import exp2, expm1, log1p, logit
from torchlike._ops.exponential import sigmoid as expit
from torchlike._ops.rounding import round
from torchlike._ops.special import (
    digamma,
    entr,
    erf,
    erfc,
    erfcx,
    erfinv,
    i0,
    i0e,
    i1,
    i1e,
    log_ndtr,
    ndtr,
    ndtri,
    polygamma,
    xlog1py,
    xlogy,
    zeta,
)
from torchlike._ops.special import digamma as psi
from torchlike._ops.special import igamma as gammainc
from torchlike._ops.special import igammac as gammaincc
from torchlike._ops.special import lgamma as gammaln
from torchlike._ops.special import mvlgamma as multigammaln
from torchlike._ops.trigonometric import sinc

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "logit",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "xlog1py",
    "xlogy",
    "zeta",
]
