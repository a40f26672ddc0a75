"""``torch.special``: special functions under SciPy's names."""

# written by tools.forms
from torchlike._functions.reductions import logsumexp as logsumexp
from torchlike._ops.bessel import airy_ai as airy_ai, bessel_j0 as bessel_j0, bessel_j1 as bessel_j1
from torchlike._ops.bessel import bessel_y0 as bessel_y0, bessel_y1 as bessel_y1
from torchlike._ops.bessel import modified_bessel_i0 as modified_bessel_i0, modified_bessel_i1 as modified_bessel_i1
from torchlike._ops.bessel import modified_bessel_k0 as modified_bessel_k0, modified_bessel_k1 as modified_bessel_k1
from torchlike._ops.bessel import scaled_modified_bessel_k0 as scaled_modified_bessel_k0
from torchlike._ops.bessel import scaled_modified_bessel_k1 as scaled_modified_bessel_k1
from torchlike._ops.bessel import spherical_bessel_j0 as spherical_bessel_j0
from torchlike._ops.exponential import exp2 as exp2, expm1 as expm1, log1p as log1p, logit as logit, sigmoid as _sigmoid
from torchlike._ops.nn.activations import log_softmax as log_softmax, softmax as softmax
from torchlike._ops.polynomials import chebyshev_polynomial_t as chebyshev_polynomial_t
from torchlike._ops.polynomials import chebyshev_polynomial_u as chebyshev_polynomial_u
from torchlike._ops.polynomials import chebyshev_polynomial_v as chebyshev_polynomial_v
from torchlike._ops.polynomials import chebyshev_polynomial_w as chebyshev_polynomial_w
from torchlike._ops.polynomials import hermite_polynomial_h as hermite_polynomial_h
from torchlike._ops.polynomials import hermite_polynomial_he as hermite_polynomial_he
from torchlike._ops.polynomials import laguerre_polynomial_l as laguerre_polynomial_l
from torchlike._ops.polynomials import legendre_polynomial_p as legendre_polynomial_p
from torchlike._ops.polynomials import shifted_chebyshev_polynomial_t as shifted_chebyshev_polynomial_t
from torchlike._ops.polynomials import shifted_chebyshev_polynomial_u as shifted_chebyshev_polynomial_u
from torchlike._ops.polynomials import shifted_chebyshev_polynomial_v as shifted_chebyshev_polynomial_v
from torchlike._ops.polynomials import shifted_chebyshev_polynomial_w as shifted_chebyshev_polynomial_w
from torchlike._ops.rounding import round as round
from torchlike._ops.special import digamma as digamma, entr as entr, erf as erf, erfc as erfc, erfcx as erfcx
from torchlike._ops.special import erfinv as erfinv, i0 as i0, i0e as i0e, i1 as i1, i1e as i1e, igamma as _igamma
from torchlike._ops.special import igammac as _igammac, lgamma as _lgamma, log_ndtr as log_ndtr, mvlgamma as _mvlgamma
from torchlike._ops.special import ndtr as ndtr, ndtri as ndtri, polygamma as polygamma, xlog1py as xlog1py
from torchlike._ops.special import xlogy as xlogy, zeta as zeta
from torchlike._ops.trigonometric import sinc as sinc

expit = _sigmoid
gammainc = _igamma
gammaincc = _igammac
gammaln = _lgamma
multigammaln = _mvlgamma
psi = digamma

__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
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
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
    "sinc",
    "softmax",
    "spherical_bessel_j0",
    "xlog1py",
    "xlogy",
    "zeta",
]
# end of what tools.forms writes

from torchlike._signatures import guard as _guard
from torchlike._types.public import publish as _publish

_publish(globals())
_guard("torch.special", globals(), globals().__setitem__)
