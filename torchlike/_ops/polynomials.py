"""Orthogonal polynomials of a degree that is a tensor, by their three-term recurrences."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._promote import Array, ArrayLike, matched_float, only

FORMS = ("Tensor x, Tensor n", "Number x, Tensor n", "Tensor x, Number n")


def _polynomial(name: str, input, n, first: Callable, step: Callable) -> Array:
    """The polynomials of degrees `n`, truncated to whole numbers, at `input`: 0 for negative degrees, 1 for degree 0.

    Args:
        first: the polynomial of degree 1, of the argument.
        step: (k, argument, of degree k, of degree k - 1) to that of degree k + 1.
    """
    input, n = matched_float(input, n)
    only(f"{name}_cpu", input, 2, halves=False)
    input, n = jnp.broadcast_arrays(input, n)
    degree = n.astype(jnp.int64)
    one = jnp.ones_like(input)

    def advance(carry):
        k, now, before = carry
        after = step(k.astype(input.dtype), input, now, before)
        goes_on = k < degree
        return k + 1, jnp.where(goes_on, after, now), jnp.where(goes_on, now, before)

    highest = jnp.max(degree, initial=0)
    start = jnp.ones((), jnp.int64), jnp.where(degree > 0, first(input), one), one
    _, found, _ = lax.while_loop(lambda carry: carry[0] < highest, advance, start)
    return jnp.where(degree < 0, 0, found)


def _chebyshev(k, x, now, before):
    return 2 * x * now - before


@op(module="torchlike.special", overloads=FORMS)
def chebyshev_polynomial_t(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the first kind, of degree `n`.

    Example:
        >>> torch.special.chebyshev_polynomial_t(torch.tensor([0.5, 2.0]), 2)
        tensor([-0.5000,  7.0000])
    """
    return _polynomial("chebyshev_polynomial_t", input, n, lambda x: x, _chebyshev)


@op(module="torchlike.special", overloads=FORMS)
def chebyshev_polynomial_u(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the second kind, of degree `n`.

    Example:
        >>> torch.special.chebyshev_polynomial_u(torch.tensor([0.5, 2.0]), 2)
        tensor([ 0., 15.])
    """
    return _polynomial("chebyshev_polynomial_u", input, n, lambda x: 2 * x, _chebyshev)


@op(module="torchlike.special", overloads=FORMS)
def chebyshev_polynomial_v(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the third kind, of degree `n`.

    Example:
        >>> torch.special.chebyshev_polynomial_v(torch.tensor([0.5, 2.0]), 2)
        tensor([-1., 11.])
    """
    return _polynomial("chebyshev_polynomial_v", input, n, lambda x: 2 * x - 1, _chebyshev)


@op(module="torchlike.special", overloads=FORMS)
def chebyshev_polynomial_w(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the fourth kind, of degree `n`.

    Example:
        >>> torch.special.chebyshev_polynomial_w(torch.tensor([0.5, 2.0]), 2)
        tensor([ 1., 19.])
    """
    return _polynomial("chebyshev_polynomial_w", input, n, lambda x: 2 * x + 1, _chebyshev)


def _shifted(kind: str, input, n, first: Callable) -> Array:
    """A Chebyshev polynomial of ``2 * input - 1``."""

    def step(k, x, now, before):
        return _chebyshev(k, 2 * x - 1, now, before)

    return _polynomial(f"shifted_chebyshev_polynomial_{kind}", input, n, lambda x: first(2 * x - 1), step)


@op(module="torchlike.special", overloads=FORMS)
def shifted_chebyshev_polynomial_t(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the first kind on ``[0, 1]``, of degree `n`.

    Example:
        >>> torch.special.shifted_chebyshev_polynomial_t(torch.tensor([0.5, 0.75]), 2)
        tensor([-1.0000, -0.5000])
    """
    return _shifted("t", input, n, lambda x: x)


@op(module="torchlike.special", overloads=FORMS)
def shifted_chebyshev_polynomial_u(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the second kind on ``[0, 1]``, of degree `n`.

    Example:
        >>> torch.special.shifted_chebyshev_polynomial_u(torch.tensor([0.5, 0.75]), 2)
        tensor([-1.,  0.])
    """
    return _shifted("u", input, n, lambda x: 2 * x)


@op(module="torchlike.special", overloads=FORMS)
def shifted_chebyshev_polynomial_v(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the third kind on ``[0, 1]``, of degree `n`.

    Example:
        >>> torch.special.shifted_chebyshev_polynomial_v(torch.tensor([0.5, 0.75]), 2)
        tensor([-1., -1.])
    """
    return _shifted("v", input, n, lambda x: 2 * x - 1)


@op(module="torchlike.special", overloads=FORMS)
def shifted_chebyshev_polynomial_w(input: ArrayLike, n: ArrayLike) -> Array:
    """The Chebyshev polynomials of the fourth kind on ``[0, 1]``, of degree `n`.

    Example:
        >>> torch.special.shifted_chebyshev_polynomial_w(torch.tensor([0.5, 0.75]), 2)
        tensor([-1.,  1.])
    """
    return _shifted("w", input, n, lambda x: 2 * x + 1)


@op(module="torchlike.special", overloads=FORMS)
def hermite_polynomial_h(input: ArrayLike, n: ArrayLike) -> Array:
    """The physicists' Hermite polynomials of degree `n`.

    Example:
        >>> torch.special.hermite_polynomial_h(torch.tensor([0.5, 2.0]), 2)
        tensor([-1., 14.])
    """
    step = lambda k, x, now, before: 2 * x * now - 2 * k * before
    return _polynomial("hermite_polynomial_h", input, n, lambda x: 2 * x, step)


@op(module="torchlike.special", overloads=FORMS)
def hermite_polynomial_he(input: ArrayLike, n: ArrayLike) -> Array:
    """The probabilists' Hermite polynomials of degree `n`.

    Example:
        >>> torch.special.hermite_polynomial_he(torch.tensor([0.5, 2.0]), 2)
        tensor([-0.7500,  3.0000])
    """
    step = lambda k, x, now, before: x * now - k * before
    return _polynomial("hermite_polynomial_he", input, n, lambda x: x, step)


@op(module="torchlike.special", overloads=FORMS)
def laguerre_polynomial_l(input: ArrayLike, n: ArrayLike) -> Array:
    """The Laguerre polynomials of degree `n`.

    Example:
        >>> torch.special.laguerre_polynomial_l(torch.tensor([0.5, 2.0]), 2)
        tensor([ 0.1250, -1.0000])
    """
    step = lambda k, x, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1)
    return _polynomial("laguerre_polynomial_l", input, n, lambda x: 1 - x, step)


@op(module="torchlike.special", overloads=FORMS)
def legendre_polynomial_p(input: ArrayLike, n: ArrayLike) -> Array:
    """The Legendre polynomials of degree `n`.

    Example:
        >>> torch.special.legendre_polynomial_p(torch.tensor([0.5, 2.0]), 2)
        tensor([-0.1250,  5.5000])
    """
    step = lambda k, x, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1)
    return _polynomial("legendre_polynomial_p", input, n, lambda x: x, step)
