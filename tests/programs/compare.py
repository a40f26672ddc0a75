"""One function evaluated by NumPy and compiled by XLA, and the results compared.

agree(lambda x: jnp.sin(x) + 1, numbers("float32", 3, 4))
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._programs.cold import evaluate, missing

TOLERANCE = {
    "float16": 4e-3,
    "bfloat16": 3e-2,
    "float32": 3e-6,
    "complex64": 1e-5,
    "float64": 1e-12,
    "complex128": 1e-12,
}
FLOATS = "float32", "float64", "bfloat16", "float16"
INTS = "int32", "int64", "uint8", "int8"


def agree(fn, *arrays, tolerance: float = 1.0) -> None:
    """`evaluate` and `jax.jit` agree: dtypes, shapes, integers and NaNs exactly, the rest to rounding."""
    closed = jax.make_jaxpr(fn)(*arrays)
    given = [np.asarray(each) for each in jax.tree.leaves(arrays)]
    before = [each.copy() for each in given]
    left = missing.copy()
    got = evaluate(closed.jaxpr, closed.consts, given)
    assert missing == left, "XLA ran some of it"
    want = jax.tree.leaves(jax.jit(fn)(*arrays))
    assert len(got) == len(want)
    for mine, theirs in zip(got, map(np.asarray, want), strict=True):
        assert type(mine) is np.ndarray
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        rtol = TOLERANCE.get(mine.dtype.name, 0) * tolerance
        wide = {"V": np.float64, "f": np.float64, "c": np.complex128}.get(mine.dtype.kind, mine.dtype)
        np.testing.assert_allclose(mine.astype(wide), theirs.astype(wide), rtol=rtol, atol=rtol)
        assert mine.flags.carray and (mine.base is None or mine.base.size == mine.size)
        assert not any(np.shares_memory(mine, each) for each in (*given, *closed.consts))
        assert sum(np.shares_memory(mine, each) for each in got) == (mine.size > 0)
    for old, now in zip(before, given, strict=True):
        assert old.tobytes() == now.tobytes()


def numbers(dtype: str, *shape: int, seed: int = 0, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    """Random elements of any dtype between two bounds."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype.startswith("complex"):
        return (rng.uniform(low, high, shape) + 1j * rng.uniform(low, high, shape)).astype(dtype)
    if "int" in dtype:
        return rng.integers(0 if dtype[0] == "u" else int(low), int(high) + 1, shape).astype(dtype)
    return rng.uniform(low, high, shape).astype(jnp.dtype(dtype))


def edges(dtype: str) -> np.ndarray:
    """Numbers where functions differ in convention."""
    if dtype == "bool":
        return np.array([True, False])
    if "int" in dtype:
        known = jnp.iinfo(dtype)
        signed = [-1, -2, -7] if known.min else []
        return np.array([known.min, known.min + 1, *signed, 0, 1, 2, 7, known.max - 1, known.max], dtype)
    return np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1.5, 100.0], jnp.dtype(dtype))


def pairs(dtype: str) -> tuple:
    """Each edge with each."""
    x = edges(dtype)
    return np.repeat(x, len(x)), np.tile(x, len(x))


def over(dtypes, fn, made):
    """(`fn` on several groups of arrays, the groups that `made` gives for the dtypes): one compilation for all."""
    groups = [made(each) for each in dtypes]
    return lambda *given: [fn(*each) if isinstance(each, tuple) else fn(each) for each in given], groups
