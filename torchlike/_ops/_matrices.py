"""What decompositions ask of the values of their matrices, and the error that tells where they fail."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from torchlike._programs.cache import remembered
from torchlike._recorder.checks import Check, Found


class LinAlgError(RuntimeError):
    """A matrix has no inverse, or no such decomposition."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"


def _told(name: str, A, text: str) -> Callable[[Found], Exception]:
    """The error of the matrices ``(*, n, n)``; ``{}`` in `text` is the code of what is wrong."""

    def error(found: Found) -> Exception:
        batch = f"(Batch element {found.place}): " if A.ndim > 2 else ""
        return LinAlgError(f"{name}: {batch}{text.format(found.code)}")

    return error


def is_regular(name: str, text: str) -> Callable:
    """The check that matrices are not singular; ``{}`` in `text` is the number of the first pivot that is zero."""
    return lambda A, *_, **__: [Check(_first_zero_pivot, (A,), _told(name, A, text), traced=True)]


def _first_zero_pivot(A):
    """For each matrix the number, from 1, of the first zero pivot of Gaussian elimination, or 0."""
    zero = jnp.diagonal(jax.lax.linalg.lu(A)[0], axis1=-2, axis2=-1) == 0
    return jnp.where(zero.any(-1), zero.argmax(-1) + 1, 0)


def is_definite(name: str) -> Callable:
    """The check that Hermitian matrices are positive definite, of which one triangle is read."""
    text = (
        "The factorization could not be completed because the input is not positive-definite (the leading minor of order "
        "{} is not positive-definite)."
    )

    def check(A, upper=False):
        bad = _first_bad_upper_minor if upper else _first_bad_minor
        return [Check(bad, (A,), _told(name, A, text), traced=True)]

    return check


def _first_bad_minor(A):
    """For each matrix the order of the first leading minor that is not positive, or 0."""
    factor = jnp.linalg.cholesky(A, symmetrize_input=False)
    is_bad = jnp.isnan(jnp.diagonal(factor, axis1=-2, axis2=-1)).any(-1)

    def orders(A):
        return jnp.where(is_bad, _orders(A), 0)

    return jax.lax.cond(is_bad.any(), orders, lambda A: jnp.zeros(A.shape[:-2], jnp.int64), A)


def _first_bad_upper_minor(A):
    return _first_bad_minor(jnp.conj(jnp.swapaxes(A, -1, -2)))


def _orders(A):
    """The first pivot of Cholesky's elimination that is not positive; the last order if rounding hides it."""
    size = A.shape[-1]

    def eliminate(place, state):
        rest, order = state
        pivot = rest[..., place, place].real
        order = jnp.where((order == size) & ~(pivot > 0), jnp.minimum(place + 1, order), order)
        column = rest[..., place]
        return rest - column[..., :, None] * jnp.conj(column)[..., None, :] / pivot[..., None, None], order

    start = jnp.full(A.shape[:-2], size, jnp.int64)
    return jax.lax.fori_loop(0, size, eliminate, (jnp.tril(A) + jnp.conj(jnp.tril(A, -1).swapaxes(-1, -2)), start))[1]


def is_finite(A, axes: tuple[int, int] = (-2, -1)) -> list[Check]:
    """The check that a singular value decomposition of the matrices over two dimensions converges."""
    text = "The algorithm failed to converge because the input matrix contained non-finite values."
    return [Check(_has_nan(axes), (A,), _told("linalg.svd", A, text))]


@remembered
def _has_nan(axes: tuple[int, int]) -> Callable:
    def has_nan(A):
        return (A != A).any(axes)

    return has_nan
