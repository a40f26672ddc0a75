"""Rules of decompositions and solutions that are the same whoever computes them, and of Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from torchlike._programs.cold.rules import LONG, rule, stand_in


@rule("cholesky")
def _cholesky(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if params.get("symmetrize_input"):
        return None
    dtype = outs[0].dtype

    def factor(x: np.ndarray):
        try:
            return np.linalg.cholesky(x).astype(dtype, copy=False)
        except np.linalg.LinAlgError:
            made = np.full(x.shape, np.nan, dtype)
        for at in np.ndindex(*x.shape[:-2]):
            try:
                made[at] = np.linalg.cholesky(x[at])
            except np.linalg.LinAlgError:
                made[at] = np.nan  # this matrix alone is not positive definite
        return made

    return factor


@rule("triangular_solve")
def _triangular_solve(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    left, lower, unit = params["left_side"], params["lower"], params["unit_diagonal"]
    transposes, conjugates = params["transpose_a"], params["conjugate_a"]
    size = ins[0].shape[-1]
    # x a = b is a^T x^T = b^T
    flips = transposes != (not left)
    lower = lower != flips

    def solve(a: np.ndarray, b: np.ndarray):
        a = a.conj() if conjugates else a
        a = a.swapaxes(-1, -2) if flips else a
        got = (b if left else b.swapaxes(-1, -2)).copy()
        for row in range(size) if lower else reversed(range(size)):
            done = slice(0, row) if lower else slice(row + 1, size)
            got[..., row, :] -= np.matmul(a[..., row : row + 1, done], got[..., done, :])[..., 0, :]
            if not unit:
                got[..., row, :] /= a[..., row, row, None]
        return got if left else got.swapaxes(-1, -2)

    return solve


@rule("qr")
def _qr(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if params.get("pivoting") or 0 in ins[0].shape:
        return None
    mode, dtype = "complete" if params["full_matrices"] else "reduced", outs[0].dtype
    return lambda x: [each.astype(dtype, copy=False) for each in np.linalg.qr(x, mode)]


@rule("fft")
def _fft(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    kind, sizes, dtype = params["fft_type"].name, tuple(params["fft_lengths"]), outs[0].dtype
    axes = tuple(range(-len(sizes), 0))
    fn = {"FFT": np.fft.fftn, "IFFT": np.fft.ifftn, "RFFT": np.fft.rfftn, "IRFFT": np.fft.irfftn}.get(kind)
    if fn is None or not math.prod(ins[0].shape):
        return None
    return lambda x: fn(x, sizes, axes).astype(dtype, copy=False)


@rule("lu")
def _lu(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape, pivot_dtype = ins[0].shape, outs[1].dtype
    rows, columns = shape[-2:]
    if math.prod(outs[1].shape) * 8 > LONG:
        return None

    def factor(x: np.ndarray):
        made = x.reshape(math.prod(shape[:-2]), rows, columns).copy()
        pivots = np.zeros((len(made), min(rows, columns)), pivot_dtype)
        orders = np.tile(np.arange(rows, dtype=outs[2].dtype), (len(made), 1))
        for each, pivot, order in zip(made, pivots, orders, strict=True):
            _factor(each, pivot, order)
        return [made.reshape(shape), pivots.reshape(outs[1].shape), orders.reshape(outs[2].shape)]

    return factor


def _factor(x: np.ndarray, pivots: np.ndarray, order: np.ndarray) -> None:
    """Gaussian elimination with the largest of each column as its pivot, in place."""
    for at in range(len(pivots)):
        column = x[at:, at]
        size = np.abs(column.real) + np.abs(column.imag) if x.dtype.kind == "c" else np.abs(column)
        pivots[at] = best = at + int(np.argmax(size))
        if best != at:
            x[[at, best]], order[[at, best]] = x[[best, at]], order[[best, at]]
        if x[at, at] != 0:
            x[at + 1 :, at] /= x[at, at]
        x[at + 1 :, at + 1 :] -= np.outer(x[at + 1 :, at], x[at, at + 1 :])


@rule("lu_pivots_to_permutation")
def _lu_pivots_to_permutation(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape, dtype, size = outs[0].shape, outs[0].dtype, outs[0].shape[-1]

    def permute(pivots: np.ndarray):
        made = np.tile(np.arange(size, dtype=dtype), (math.prod(shape[:-1]), 1))
        for order, swaps in zip(made, pivots.reshape(len(made), pivots.shape[-1]), strict=True):
            for at, other in enumerate(swaps.tolist()):
                order[[at, other]] = order[[other, at]]
        return made.reshape(shape)

    return permute


@rule("svd")
def _svd(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    # the signs of singular vectors are the library's choice: it is XLA's
    if params["compute_uv"] or params.get("subset_by_index") or 0 in ins[0].shape:
        return None
    dtype = outs[0].dtype

    def values(x: np.ndarray):
        good = np.isfinite(x).all((-2, -1), keepdims=True)
        found = np.linalg.svd(np.where(good, x, 0), compute_uv=False)
        return [np.where(good[..., 0], found, np.nan).astype(dtype, copy=False)]

    return values


# ---------------------------------------------------------------------- where there is no XLA
# the signs of vectors are then NumPy's choice


@stand_in("svd")
def _svd_apart(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if params["subset_by_index"] is not None or 0 in ins[0].shape:
        return None

    def decompose(x: np.ndarray):
        left, values, right = np.linalg.svd(x, params["full_matrices"])
        return values, left, right

    return _converged(decompose, outs)


@stand_in("eigh")
def _eigh_apart(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if params["subset_by_index"] is not None or 0 in ins[0].shape:
        return None
    triangle = "L" if params["lower"] else "U"
    return _converged(lambda x: np.linalg.eigh(x, triangle)[::-1], outs)


@stand_in("eig")
def _eig_apart(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if params["compute_left_eigenvectors"] or 0 in ins[0].shape:
        return None
    if not params["compute_right_eigenvectors"]:
        return _converged(lambda x: [np.linalg.eigvals(x)], outs)
    return _converged(np.linalg.eig, outs)


def _converged(decompose: Callable, outs: list[Any]) -> Callable:
    """What a decomposition gives, in the dtypes of `outs`; NaN where it does not converge."""

    def run(x: np.ndarray):
        try:
            return [each.astype(out.dtype, copy=False) for each, out in zip(decompose(x), outs, strict=True)]
        except np.linalg.LinAlgError:
            return [np.full(out.shape, np.nan, out.dtype) for out in outs]

    return run
