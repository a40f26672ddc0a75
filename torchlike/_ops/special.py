"""Special functions: error functions, gamma functions, Bessel functions of the first orders, entropies."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import of_xlogy
from torchlike._ops._promote import Array, ArrayLike, as_dtype, matched, matched_float, only, real_floating
from torchlike._ops.arithmetic import NUMBER_EITHER
from torchlike._out import OutRule, can_cast

# ---------------------------------------------------------------------- error functions, the normal distribution


@op(also="torchlike.special")
def erf(input: Array) -> Array:
    """The error function ``2 / sqrt(pi)`` times the integral of ``exp(-t ** 2)`` from 0, in floating point.

    Example:
        >>> torch.erf(torch.tensor([0.0, 0.5, -torch.inf]))
        tensor([ 0.0000,  0.5205, -1.0000])
    """
    return lax.erf(real_floating("erf_vml_cpu", input))


@op(also="torchlike.special")
def erfc(input: Array) -> Array:
    """``1 - erf(input)``, exact for large elements as well, in floating point.

    Example:
        >>> torch.erfc(torch.tensor([0.0, 0.5, 5.0]))
        tensor([1.0000e+00, 4.7950e-01, 1.5375e-12])
    """
    return lax.erfc(real_floating("erfc_vml_cpu", input))


@op(also="torchlike.special")
def erfinv(input: Array) -> Array:
    """The inverse of `erf`, in floating point; NaN outside of ``[-1, 1]``.

    Example:
        >>> torch.erfinv(torch.tensor([0.0, 0.5, 1.0]))
        tensor([0.0000, 0.4769,    inf])
    """
    return lax.erf_inv(real_floating("erfinv_vml_cpu", input))


@op(grad_name="SpecialErfcxBackward0", module="torchlike.special")
def erfcx(input: Array) -> Array:
    """``exp(input ** 2) * erfc(input)`` without overflow of the factors, in floating point.

    Example:
        >>> torch.special.erfcx(torch.tensor([0.0, 100.0]))
        tensor([1.0000, 0.0056])
    """
    return _erfcx(real_floating("erfcx_cpu", input))


@jax.custom_jvp
def _erfcx(input):
    return jsp.erfcx(input)


@_erfcx.defjvp
def _erfcx_jvp(primals, tangents):
    got = _erfcx(*primals)
    return got, tangents[0] * (2 * primals[0] * got - 2 / math.sqrt(math.pi))


@op(grad_name="MulBackward1", module="torchlike.special")
def ndtr(input: Array) -> Array:
    """The share of the standard normal distribution below each element, in floating point.

    Example:
        >>> torch.special.ndtr(torch.tensor([-1.96, 0.0, 1.96]))
        tensor([0.0250, 0.5000, 0.9750])
    """
    input = real_floating("erf_vml_cpu", input)
    # JAX's has no halves: these are widened for what follows
    return as_dtype(jsp.ndtr(as_dtype(input, jnp.promote_types(input.dtype, jnp.float32))), input.dtype)


@op(grad_name="SpecialNdtriBackward0", module="torchlike.special")
def ndtri(input: Array) -> Array:
    """The inverse of `ndtr`, in floating point; NaN outside of ``[0, 1]``.

    Example:
        >>> torch.special.ndtri(torch.tensor([0.025, 0.5, 0.975]))
        tensor([-1.9600,  0.0000,  1.9600])
    """
    return _ndtri(real_floating("ndtri_cpu", input))


@jax.custom_jvp
def _ndtri(input):
    return jsp.ndtri(input)


@_ndtri.defjvp
def _ndtri_jvp(primals, tangents):
    got = _ndtri(*primals)
    return got, tangents[0] * (math.sqrt(2 * math.pi) * jnp.exp(got * got / 2))


@op(grad_name="SpecialLogNdtrBackward0", module="torchlike.special")
def log_ndtr(input: Array) -> Array:
    """The logarithm of `ndtr`, exact for very negative elements as well, in floating point.

    Example:
        >>> torch.special.log_ndtr(torch.tensor([0.0, -40.0]))
        tensor([-6.9315e-01, -8.0461e+02])
    """
    return _log_ndtr(real_floating("log_ndtr_cpu", input))


@jax.custom_jvp
def _log_ndtr(input):
    scaled = input * math.sqrt(0.5)
    low = jnp.minimum(scaled, 0)
    return jnp.where(input < -1, jnp.log(_erfcx(-low) / 2) - low * low, jnp.log1p(-jsp.erfc(scaled) / 2))


@_log_ndtr.defjvp
def _log_ndtr_jvp(primals, tangents):
    is_low = primals[0] < -1
    low, high = jnp.where(is_low, primals[0], -1), jnp.where(is_low, -1, primals[0])
    ratio = math.sqrt(2 / math.pi) / _erfcx(-low * math.sqrt(0.5))
    other = jnp.exp(-high * high / 2) / (math.sqrt(2 * math.pi) * (1 - jsp.erfc(high * math.sqrt(0.5)) / 2))
    return _log_ndtr(*primals), tangents[0] * jnp.where(is_low, ratio, other)


# ---------------------------------------------------------------------- gamma and zeta functions


@op(aliases=("gammaln",), also="torchlike.special")
def lgamma(input: Array) -> Array:
    """The logarithm of the absolute value of the gamma function, in floating point.

    Example:
        >>> torch.lgamma(torch.tensor([1.0, 5.0, -0.5]))
        tensor([0.0000, 3.1781, 1.2655])
    """
    return _lgamma(real_floating("lgamma_vml_cpu", input))


@jax.custom_jvp
def _lgamma(input):
    return lax.lgamma(input)


@_lgamma.defjvp
def _lgamma_jvp(primals, tangents):
    return _lgamma(*primals), tangents[0] * _digamma(*primals)


@op(aliases=("psi",), also="torchlike.special")
def digamma(input: Array) -> Array:
    """The derivative of `lgamma`, in floating point; infinite at 0, NaN at negative whole numbers.

    Example:
        >>> torch.digamma(torch.tensor([1.0, 2.0]))
        tensor([-0.5772,  0.4228])
    """
    return _digamma(real_floating("digamma", input))


@jax.custom_jvp
def _digamma(input):
    at_zero = jnp.copysign(jnp.array(jnp.inf, input.dtype), -input)
    return jnp.where(input == 0, at_zero, lax.digamma(input))


@_digamma.defjvp
def _digamma_jvp(primals, tangents):
    return _digamma(*primals), tangents[0] * _polygamma(1, primals[0])


def _trigamma(input) -> Array:
    """The derivative of digamma, by reflection below 1/2."""
    reflected = input < 0.5
    right = jsp.zeta(jnp.full_like(input, 2), jnp.where(reflected, 1 - input, input))
    sine = jnp.sin(math.pi * input)
    return jnp.where(reflected, (math.pi / sine) ** 2 - right, right)


def _polygamma_value(n: int, input) -> Array:
    if n == 0:
        return _digamma(input)
    if n == 1:
        return _trigamma(input)
    factorial = jnp.array((math.factorial(n) if n <= 170 else math.inf) * (-1.0) ** (n + 1), input.dtype)
    return factorial * _zeta(jnp.full_like(input, n + 1), input)


_polygamma = jax.custom_jvp(_polygamma_value, nondiff_argnums=(0,))


@_polygamma.defjvp
def _polygamma_jvp(n, primals, tangents):
    return _polygamma(n, *primals), tangents[0] * _polygamma(n + 1, *primals)


@op(also="torchlike.special")
def polygamma(n: int, input: Array) -> Array:
    """The `n`-th derivative of `digamma`, in floating point.

    Raises:
        RuntimeError: `n` is negative.

    Example:
        >>> torch.polygamma(1, torch.tensor([1.0, 2.0]))
        tensor([1.6449, 0.6449])
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(n, real_floating({0: "digamma", 1: "trigamma"}.get(n, "polygamma"), input))


@op(name="polygamma")
def polygamma_of(input: Array, n: int) -> Array:
    """The `n`-th derivative of `digamma`: the method, which has the order last."""
    return polygamma.op.body(n, input)


_MVLGAMMA = OutRule("mvlgamma: result type {result} can't be cast to the desired output type {result}", can_cast)


@op(aliases=("multigammaln",), also="torchlike.special", out=_MVLGAMMA)
def mvlgamma(input: Array, p: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension `p`, in floating point.

    Raises:
        RuntimeError: `p` is below 1, or the tensor is a bool one.

    Example:
        >>> torch.mvlgamma(torch.tensor([2.0, 3.0]), 2)
        tensor([0.4516, 1.5502])
    """
    if input.dtype == bool:
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    input = real_floating("arange_cpu", input)
    terms = _lgamma(input[..., None] + jnp.arange(1 - p, 1, dtype=input.dtype) / 2)
    return jnp.sum(terms, -1) + p * (p - 1) / 4 * math.log(math.pi)


@op(aliases=("gammainc",), also="torchlike.special", name="igamma")
def igamma(input: Array, other: Array) -> Array:
    """The regularized lower incomplete gamma function of order `input` at `other`.

    Example:
        >>> torch.igamma(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0]))
        tensor([0.6321, 0.2642])
    """
    input, other = matched(input, other)
    only("igamma_cpu", input, 2)
    return _igamma(*jnp.broadcast_arrays(input, other))


@op(aliases=("gammaincc",), also="torchlike.special")
def igammac(input: Array, other: Array) -> Array:
    """The regularized upper incomplete gamma function of order `input` at `other`: ``1 - igamma``.

    Example:
        >>> torch.igammac(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0]))
        tensor([0.3679, 0.7358])
    """
    input, other = matched(input, other)
    only("igammac_cpu", input, 2)
    return _igammac(*jnp.broadcast_arrays(input, other))


def _underivable(name: str) -> Callable:
    """A slope that PyTorch does not have."""

    def refuse(*given):
        raise NotImplementedError(f"the derivative for '{name}: input' is not implemented.")

    return refuse


def _gamma_density(along: Array, _: Array, order: Array, x: Array) -> Array:
    return along * jnp.exp((order - 1) * jnp.log(x) - x - lax.lgamma(order))


_igamma = derived(_underivable("igamma"), _gamma_density)(lambda order, x: lax.igamma(order, x))
_igammac = derived(_underivable("igammac"), lambda *given: -_gamma_density(*given))(
    lambda order, x: lax.igammac(order, x)
)


@op(module="torchlike.special", overloads=NUMBER_EITHER)
def zeta(input: ArrayLike, other: ArrayLike) -> Array:
    """The Hurwitz zeta function: the sum of ``(k + other) ** -input`` over k = 0, 1, ...

    Example:
        >>> torch.special.zeta(torch.tensor([2.0, 4.0]), 1)
        tensor([1.6449, 1.0823])
    """
    input, other = matched_float(input, other)
    only("zeta_cpu", input, 2, halves=False)
    return _zeta(*jnp.broadcast_arrays(lax.stop_gradient(input), other))


@jax.custom_jvp
def _zeta(order, start):
    # JAX's series wants a positive start: the terms before it are summed one by one
    def step(carry):
        total, at = carry
        return jnp.where(at < 1, total + lax.pow(at, -order), total), jnp.where(at < 1, at + 1, at)

    defined = (order > 1) & (start > 0) | (order == jnp.floor(order)) & (start != jnp.floor(start))
    first = jnp.where(defined & jnp.isfinite(start), start, 1)
    total, rest = lax.while_loop(lambda carry: jnp.any(carry[1] < 1), step, (jnp.zeros_like(first), first))
    pole = (start <= 0) & (start == jnp.floor(start))
    found = jnp.where(defined, total + jsp.zeta(order, rest), jnp.where(pole, jnp.inf, jnp.nan))
    return jnp.where(
        order == 1, jnp.inf, jnp.where((order < 1) | jnp.isnan(start) | (start == jnp.inf), jnp.nan, found)
    )


@_zeta.defjvp
def _zeta_jvp(primals, tangents):
    order, start = primals
    # along the order no formula is known; PyTorch has none either
    return _zeta(order, start), -order * _zeta(order + 1, start) * tangents[1]


# ---------------------------------------------------------------------- modified Bessel functions


@op(also="torchlike.special")
def i0(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 0, in floating point.

    Example:
        >>> torch.i0(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 1.2661])
    """
    return _i0(real_floating("i0_vml_cpu", input))


@jax.custom_jvp
def _i0(input):
    return jsp.i0(input)


@_i0.defjvp
def _i0_jvp(primals, tangents):
    return _i0(*primals), tangents[0] * _i1(*primals)


@op(grad_name="SpecialI0EBackward0", module="torchlike.special")
def i0e(input: Array) -> Array:
    """`i0` times ``exp(-abs(input))``, in floating point.

    Example:
        >>> torch.special.i0e(torch.tensor([0.0, 100.0]))
        tensor([1.0000, 0.0399])
    """
    return jsp.i0e(real_floating("i0e_cpu", input))


@op(grad_name="SpecialI1Backward0", module="torchlike.special")
def i1(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 1, in floating point.

    Example:
        >>> torch.special.i1(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.5652])
    """
    return _i1(real_floating("i1_cpu", input))


def _i1_slope(along, value, input):
    away = jnp.abs(input) > jnp.finfo(input.dtype).eps
    return along * jnp.where(away, _i0(input) - value / jnp.where(away, input, 1), 0.5)


@derived(_i1_slope)
def _i1(input):
    return jsp.i1(input)


@op(grad_name="SpecialI1EBackward0", module="torchlike.special")
def i1e(input: Array) -> Array:
    """`i1` times ``exp(-abs(input))``, in floating point.

    Example:
        >>> torch.special.i1e(torch.tensor([0.0, 100.0]))
        tensor([0.0000, 0.0397])
    """
    return jsp.i1e(real_floating("i1e_cpu", input))


# ---------------------------------------------------------------------- products with logarithms


@op(grad_name="SpecialEntrBackward0", module="torchlike.special")
def entr(input: Array) -> Array:
    """``-input * log(input)``, 0 at 0 and minus infinity below, in floating point.

    Example:
        >>> torch.special.entr(torch.tensor([0.5, 0.0, -1.0]))
        tensor([0.3466, 0.0000,   -inf])
    """
    return _entr(real_floating("entr_cpu", input))


@jax.custom_jvp
def _entr(input):
    return jnp.where(input == 0, 0, jnp.where(input < 0, -jnp.inf, -input * jnp.log(input)))


@_entr.defjvp
def _entr_jvp(primals, tangents):
    return _entr(*primals), tangents[0] * (-jnp.log(primals[0]) - 1)


def _logs(input, value) -> Array:
    """``input * value``, 0 where `input` is 0, unless the value is NaN."""
    vanishes = (input == 0) & ~jnp.isnan(value)
    return jnp.where(vanishes, 0, input * jnp.where(vanishes, 0, value))


@jax.custom_jvp
def _xlogy(input, other):
    # the logarithm of what is negative must not count as NaN
    return _logs(input, jnp.log(jnp.where((input == 0) & (other < 0), 0, other)))


@_xlogy.defjvp
def _xlogy_jvp(primals, tangents):
    input, other = primals
    slope = jnp.where((input == 0) & (other <= 0), 0, jnp.log(other))
    return _xlogy(input, other), slope * tangents[0] + tangents[1] * input / other


@jax.custom_jvp
def _xlog1py(input, other):
    return _logs(input, jnp.log1p(jnp.where((input == 0) & (other < -1), 0, other)))


@_xlog1py.defjvp
def _xlog1py_jvp(primals, tangents):
    input, other = primals
    slope = jnp.where((input == 0) & (other <= -1), 0, jnp.log1p(other))
    return _xlog1py(input, other), slope * tangents[0] + tangents[1] * input / (other + 1)


def _product_with(log, kernel: str, input, other) -> Array:
    input, other = matched_float(input, other)
    only(kernel, input, 2)
    return log(*jnp.broadcast_arrays(input, other))


@op(also="torchlike.special", grad_name=of_xlogy("Xlogy"), overloads=NUMBER_EITHER)
def xlogy(input: ArrayLike, other: ArrayLike) -> Array:
    """``input * log(other)``, and 0 where `input` is 0, in floating point, with broadcasting.

    Example:
        >>> torch.xlogy(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 2.0]))
        tensor([0.0000, 1.3863])
    """
    return _product_with(_xlogy, "xlogy_cpu", input, other)


@op(grad_name=of_xlogy("SpecialXlog1Py"), module="torchlike.special", overloads=NUMBER_EITHER)
def xlog1py(input: ArrayLike, other: ArrayLike) -> Array:
    """``input * log1p(other)``, and 0 where `input` is 0, in floating point, with broadcasting.

    Example:
        >>> torch.special.xlog1py(torch.tensor([0.0, 2.0]), torch.tensor([-1.0, 1.0]))
        tensor([0.0000, 1.3863])
    """
    return _product_with(_xlog1py, "xlog1py_cpu", input, other)
