"""Products of Householder reflections."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from torchlike import return_types
from torchlike._dispatch import op
from torchlike._ops._promote import Array
from torchlike._ops.nn._checks import need_float
from torchlike._out import SAME
from torchlike._types.dtypes import scalar_name


@op(out=SAME)
def geqrf(input: Array) -> return_types.geqrf:
    """The QR factors as LAPACK has them: (reflections below the triangular factor, their scales).

    Args:
        input: ``(*, m, n)``, floating point or complex.

    Returns:
        A named pair of ``a``, ``(*, m, n)``, and ``tau``, ``(*, min(m, n))``.

    Raises:
        RuntimeError: there are fewer than two dimensions.
        NotImplementedError: the dtype is another.

    Example:
        >>> torch.geqrf(torch.tensor([[3.0, 1.0], [4.0, 2.0]])).tau
        tensor([1.6000, 0.0000])
    """
    if input.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    need_float("geqrf_cpu", input, complex=True)
    factors, scales = jnp.linalg.qr(jax.lax.stop_gradient(input), "raw")
    return return_types.geqrf(jnp.swapaxes(factors, -1, -2), scales)


def _check(input: Array, tau: Array) -> None:
    name = "torch.linalg.householder_product:"
    if input.ndim < 2:
        raise RuntimeError(f"{name} input must have at least 2 dimensions.")
    if input.shape[-2] < input.shape[-1]:
        raise RuntimeError(f"{name} input.shape[-2] must be greater than or equal to input.shape[-1]")
    if input.shape[-1] < tau.shape[-1]:
        raise RuntimeError(f"{name} input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if input.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name} Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} and "
            f"input.ndim is equal to {input.ndim}"
        )
    if input.shape[:-2] != tau.shape[:-1]:
        raise RuntimeError(
            f"{name} Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}"
        )
    if input.dtype != tau.dtype:
        raise RuntimeError(
            f"{name} tau dtype {scalar_name(tau.dtype)} does not match input dtype {scalar_name(input.dtype)}"
        )
    need_float("orgqr_cpu", input, complex=True)


@op(also="torchlike.linalg", aliases=("orgqr",), out=SAME, grad_name="LinalgHouseholderProductBackward0")
def householder_product(input: Array, tau: Array) -> Array:
    """The first columns of a product of reflections ``1 - tau[i] * v[i] v[i]^H``.

    Args:
        input: ``(*, m, n)``, below whose diagonal ``v[i]`` stands in column `i`; above it are zeros, on it a one.
        tau: ``(*, k)``, at most `n`.

    Returns:
        ``(*, m, n)``, in the common dtype.

    Raises:
        RuntimeError: shapes or dtypes do not fit.
        NotImplementedError: the dtype is neither floating point nor complex.

    Source: Joffrain et al., Accumulating Householder transformations, revisited, 2006: one triangular system rather than a
    loop.

    Example:
        >>> torch.linalg.householder_product(*torch.geqrf(torch.tensor([[3.0, 1.0], [4.0, 2.0]])))
        tensor([[-0.6000, -0.8000],
                [-0.8000,  0.6000]])
    """
    _check(input, tau)
    rows, columns = input.shape[-2:]
    count = tau.shape[-1]
    vectors = jnp.tril(input[..., :count], -1) + jnp.eye(rows, count, dtype=input.dtype)
    adjoint = jnp.conj(jnp.swapaxes(vectors, -1, -2))
    identity = jnp.eye(count, dtype=input.dtype)
    system = identity + tau[..., None] * jnp.triu(adjoint @ vectors, 1)
    inner = jax.lax.linalg.triangular_solve(system, identity * tau[..., None], left_side=True)
    return jnp.eye(rows, columns, dtype=input.dtype) - vectors @ (inner @ adjoint[..., :columns])
