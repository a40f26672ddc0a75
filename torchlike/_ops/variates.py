"""Gamma and Dirichlet variates as functions of their concentrations: the derivatives of what was drawn.

A variate moves with its parameter such that its place in the cumulative distribution stays: ``dx/da = -(dF/da) / p(x)``.
PyTorch's approximations of that, which are good to about ``1e-4``, so that gradients are its own.

Papers: Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients" (2018); Jankowiak and Obermeyer, "Pathwise
derivatives beyond the reparameterization trick" (2018).
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._promote import Array, matched, only


@op(name="_standard_gamma_grad", grad_name="NotImplemented", order=("self",))
def standard_gamma_grad(self: Array, output: Array) -> Array:
    """The derivatives of gamma variates `output` of unit scale by their concentrations `self`, in double precision."""
    only("_standard_gamma_grad_cpu", self, 2, halves=False)
    return _gamma_slope(*[each.astype(jnp.float64) for each in jnp.broadcast_arrays(self, output)]).astype(self.dtype)


@op(name="_dirichlet_grad", grad_name="NotImplemented")
def dirichlet_grad(x: Array, alpha: Array, total: Array) -> Array:
    """The derivatives of beta variates `x` by their first parameter `alpha`, where `total` is the sum of both, times
    ``1 / (1 - x)``: the part of a Dirichlet variate's that its own concentration has.
    """
    arrays = jnp.broadcast_arrays(*matched(x, alpha, total))
    only("_dirichlet_grad_cpu", arrays[0], 2, halves=False)
    return _dirichlet_slope(*arrays)


@op(name="_standard_gamma", grad_name="StandardGammaBackward0")
def gamma_drawn(self: Array, drawn: Array) -> Array:
    """Gamma variates that were drawn with concentrations `self`."""
    return _gamma_drawn(self, drawn)


@derived(lambda along, drawn, self, _: along * standard_gamma_grad.op.body(self, drawn))
def _gamma_drawn(self: Array, drawn: Array) -> Array:
    return drawn


@op(name="_sample_dirichlet", grad_name="_DirichletBackward")
def dirichlet_drawn(concentration: Array, drawn: Array) -> Array:
    """Dirichlet variates that were drawn with some concentrations."""
    return _dirichlet_drawn(concentration, drawn)


def _along_dirichlet(along: Array, drawn: Array, concentration: Array, _: Array) -> Array:
    total = jnp.broadcast_to(concentration.sum(-1, keepdims=True), concentration.shape)
    moved = along * _dirichlet_slope(drawn, concentration, total)
    return moved - drawn * moved.sum(-1, keepdims=True)


@derived(_along_dirichlet)
def _dirichlet_drawn(concentration: Array, drawn: Array) -> Array:
    return drawn


# ---------------------------------------------------------------------- gamma


def _polynomial(coefficients, x: Array) -> Array:
    """``c[0] + c[1] * x + ...``."""
    result = coefficients[-1]
    for each in reversed(coefficients[:-1]):
        result = each + x * result
    return result


def _chosen(*cases: tuple[Array, Array]) -> Array:
    """The value of the first case that holds; the last one holds wherever no other does."""
    result = cases[-1][1]
    for holds, value in reversed(cases[:-1]):
        result = jnp.where(holds, value, result)
    return result


def _gamma_slope(alpha: Array, x: Array) -> Array:
    """By a series for small variates, a saddle point for large concentrations, else a rational function of logarithms."""
    return _chosen(
        (x < np.float32(0.8), _gamma_slope_of_small(alpha, x)),
        (alpha > 8, _gamma_slope_by_saddle_point(alpha, x)),
        (alpha > 0, _gamma_slope_by_ratio(alpha, x)),
    )


def _gamma_slope_of_small(alpha: Array, x: Array) -> Array:
    """By the cumulative distribution's series in ``x``, and its derivative by ``alpha``, to six terms."""
    factor, below, squared = jnp.ones_like(x), 1 / alpha, 1 / (alpha * alpha)
    for i in range(1, 6):
        factor = factor * -x / i
        below, squared = below + factor / (alpha + i), squared + factor / ((alpha + i) * (alpha + i))
    power = x**alpha
    change = (jnp.log(x) - digamma(alpha)) * power * below - power * squared
    result = -change / (x ** (alpha - 1) * jnp.exp(-x))
    return jnp.where(jnp.isnan(result), 0, result)


def _gamma_slope_by_saddle_point(alpha: Array, x: Array) -> Array:
    """By Rice's approximation, and its expansion around the mean, where it divides by zero."""
    first = 1 + 24 * alpha * (1 + 12 * alpha)
    second = 1440 * alpha**2 + 6 * x * (53 - 120 * x) - 65 * x * x / alpha + alpha * (107 + 3600 * x)
    near = first * second / (1244160 * alpha**4)
    is_near = (np.float32(0.9) * alpha <= x) & (x <= np.float32(1.1) * alpha)
    safe = jnp.where(is_near, 2 * alpha, x)
    root, log_ratio = jnp.sqrt(8 * alpha), jnp.log(safe / alpha)
    curve = (safe - alpha - alpha * log_ratio) ** -1.5
    term = root / (alpha - safe) + jnp.where(safe < alpha, -curve, curve)
    inner = log_ratio * term - jnp.sqrt(2 / alpha) * (alpha + safe) / ((alpha - safe) * (alpha - safe))
    stirling = 1 + 1 / (12 * alpha) * (1 + 1 / (24 * alpha))
    return jnp.where(is_near, near, -stirling * safe * inner / root)


# by powers of log(x / alpha) the coefficients of powers of log(alpha): four above, four below
_GAMMA_RATIO = (
    (0.16009398, -0.094634809, 0.025146376, -0.0030648343, 1, 0.32668115, 0.10406089, 0.0014179084),
    (0.53487893, 0.1298071, 0.065735949, -0.0015649758, 0.16639465, 0.020070113, -0.0035938915, -0.00058392623),
    (
        0.040121004,
        -0.0065914022,
        -0.0026286047,
        -0.0013441777,
        0.017050642,
        -0.0021309326,
        0.00085092367,
        -1.5247877e-07,
    ),
)


def _gamma_slope_by_ratio(alpha: Array, x: Array) -> Array:
    u, v = jnp.log(x / alpha), jnp.log(alpha)
    of_v = [_polynomial(each, u) for each in zip(*_GAMMA_RATIO, strict=True)]
    return jnp.exp(_polynomial(of_v[:4], v) / _polynomial(of_v[4:], v))


# ---------------------------------------------------------------------- beta


def _dirichlet_slope(x: Array, alpha: Array, total: Array) -> Array:
    """By series at either end, a saddle point where both parameters are large, else a correction of a simple guess."""
    beta, near = total - alpha, total * x * (1 - x)
    wide = [each.astype(jnp.float64) for each in (x, alpha, total)]
    return _chosen(
        ((x <= 0.5) & (near < 2.5), _beta_slope_of_small(x, alpha, beta)),
        ((x >= 0.5) & (near < 0.75), -_beta_slope_of_other(1 - x, beta, alpha)),
        ((alpha > 6) & (beta > 6), _beta_slope_by_saddle_point(*wide).astype(x.dtype)),
        (alpha > 0, _beta_slope_by_ratio(*wide).astype(x.dtype)),
    )


def _beta_slope_of_small(x: Array, alpha: Array, beta: Array) -> Array:
    """By the derivative by ``alpha`` of the cumulative distribution's series in ``x``, to eleven terms."""
    factor = digamma(alpha) - digamma(alpha + beta) - jnp.log(x)
    term, series = jnp.ones_like(x), 1 / alpha * (factor + 1 / alpha)
    for i in range(1, 11):
        term = term * ((i - beta) * x / i)
        series = series + term / (alpha + i) * (factor + 1 / (alpha + i))
    result = x * (1 - x) ** -beta * series
    return jnp.where(jnp.isnan(result), 0, result)


def _beta_slope_of_other(x: Array, alpha: Array, beta: Array) -> Array:
    """By the derivative by ``beta`` of that series, to nine terms."""
    factor = digamma(alpha + beta) - digamma(beta)
    term, product, change, series = jnp.ones_like(x), jnp.ones_like(x), jnp.zeros_like(x), factor / alpha
    for i in range(1, 9):
        term = term * (-x / i)
        change, product = change * (beta - i) + product, product * (beta - i)
        series = series + term / (alpha + i) * (change + factor * product)
    result = -((1 - x) ** (1 - beta)) * series
    return jnp.where(jnp.isnan(result), 0, result)


def _corrected(n: Array) -> Array:
    """Stirling's series for a factorial, to three terms."""
    return 1 + 1 / (12 * n) + 1 / (288 * n * n)


def _beta_slope_by_saddle_point(x: Array, alpha: Array, total: Array) -> Array:
    """By the saddle point of the density, and an expansion around the mean, where that divides by zero."""
    beta = total - alpha
    mean, std = alpha / total, jnp.sqrt(alpha * beta / (total + 1)) / total
    is_near = (mean - 0.1 * std <= x) & (x <= mean + 0.1 * std)
    near = _beta_slope_near_mean(x, alpha, beta)
    x = jnp.where(is_near, mean / 2, x)
    off = alpha * (x - 1) + beta * x
    stirling = _corrected(alpha) * _corrected(beta) / _corrected(total)
    above = 2 * alpha * alpha * (x - 1) + alpha * beta * (x - 1) - x * beta * beta
    first = above / (jnp.sqrt(2 * alpha / beta) * total**1.5 * off * off)
    distance = (beta * jnp.log(beta / (total * (1 - x))) + alpha * jnp.log(alpha / (total * x))) ** -1.5
    second = jnp.sqrt(8 * alpha * beta / total) / off + jnp.where(x < mean, distance, -distance)
    whole = first + 0.5 * jnp.log(alpha / (total * x)) * second
    return jnp.where(is_near, near, stirling * -x / jnp.sqrt(2 * alpha * beta / total) * whole)


def _beta_slope_near_mean(x: Array, alpha: Array, beta: Array) -> Array:
    total = alpha + beta
    by_alpha = (
        47 * x * beta**4,
        (43 + 20 * (16 + 27 * beta) * x) * beta**3,
        3 * (59 + 180 * beta - 90 * x) * beta**2,
        (453 + 1620 * beta * (1 - x) - 455 * x) * beta,
        8 * (1 - x) * (135 * beta - 11),
    )
    scale = (1 + 12 * alpha) * (1 + 12 * beta) / (total * total)
    return scale / (1 - x) * _polynomial(by_alpha, alpha) / (12960 * alpha**3 * beta**2 * (1 + 12 * total))


# the correction, above and below: by powers of u = log(x), of a = log(alpha) - u and of log(total) - a
_BETA_RATIO = (
    (
        (
            (1.003668233, -0.01061107488, -0.0657888334, 0.01201642863),
            (0.6336835991, -0.3557432599, 0.05486251648, -0.001465281033),
            (-0.03276231906, 0.004474107445, 0.002429354597, -0.0001557569013),
        ),
        (
            (0.221950385, -0.3187676331, 0.01799915743, 0.01074823814),
            (-0.2951249643, 0.06219954479, 0.01535556598, 0.001550077057),
            (0.02155310298, 0.004170831599, 0.001292462449, 6.976601077e-05),
        ),
        (
            (-0.05980841433, 0.008441916499, 0.01085618172, 0.002319392565),
            (0.02911413504, 0.01400243777, -0.002721828457, 0.000751041181),
            (0.005900514878, -0.001936558688, -9.495446725e-06, 5.385558597e-05),
        ),
    ),
    (
        (
            (1, -0.02924021934, -0.04438342661, 0.007285809825),
            (0.6357567472, -0.3473456711, 0.05454656494, -0.002407477521),
            (-0.03301322327, 0.004845219414, 0.00231480583, -0.0002307248149),
        ),
        (
            (0.5925320577, -0.1757678135, 0.01505928619, 0.000564515273),
            (0.1014815858, -0.06589186703, 0.01272886114, -0.0007316646956),
            (-0.007258481865, 0.001096195486, 0.0003934994223, -4.12701925e-05),
        ),
        (
            (0.06469649321, -0.0236701437, 0.002902096474, -5.896963079e-05),
            (0.001925008108, -0.002869809258, 0.0008000589141, -6.063713228e-05),
            (-0.0003477407336, 6.959756487e-05, 1.097287507e-05, -1.650964693e-06),
        ),
    ),
)


def _beta_slope_by_ratio(x: Array, alpha: Array, total: Array) -> Array:
    u = jnp.log(x)
    a = jnp.log(alpha) - u
    b = jnp.log(total) - a
    above, below = (
        _polynomial([_polynomial([_polynomial(row, b) for row in rows], a) for rows in part], u) for part in _BETA_RATIO
    )
    return above / below * (x * (digamma(total) - digamma(alpha)) / (total - alpha))
