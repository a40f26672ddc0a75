"""Sums of NumPy's results: of several products one, of scattered rows one table, else in memory that nobody holds."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import torchlike
from tests.programs.compare import numbers
from torchlike._programs.cold import Deferred, prepare, summed

pytestmark = pytest.mark.usefixtures("in_64_bits")

WIDE, HIGH = 80, 90  # their product is large enough to be worth it


def products(x, y):
    return x.T @ y, jnp.sin(x)


def rows(at, updates):
    return (jnp.zeros((HIGH, WIDE), updates.dtype).at[at].add(updates),)


def rows_on_others(x, at, updates):
    return (jnp.sin(x).at[at].add(updates),)


def deferred(fn, *arrays) -> Deferred:
    got = prepare(jax.make_jaxpr(fn)(*arrays).jaxpr).run(arrays, defers=True)[0]
    assert type(got) is Deferred
    return got


def pairs(dtype: str, count: int, batch: int = 1) -> list[tuple]:
    return [(numbers(dtype, batch, HIGH, seed=at), numbers(dtype, batch, WIDE, seed=9 + at)) for at in range(count)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_a_sum_of_products_is_one_product(dtype):
    total, expected = None, 0
    for x, y in [*pairs(dtype, 3), *pairs(dtype, 2, batch=4)]:
        made = deferred(products, x, y)
        np.testing.assert_allclose(np.asarray(deferred(products, x, y)), x.T @ y, rtol=1e-5, atol=1e-5)
        total = made if total is None else summed([total, made])
        expected = expected + x.T @ y
    assert type(total) is Deferred
    np.testing.assert_allclose(np.asarray(total), expected, rtol=1e-4, atol=1e-4)
    assert np.asarray(total) is np.asarray(total)


def test_a_sum_that_would_hold_more_than_its_result_is_made():
    total = deferred(products, *pairs("float64", 1)[0])
    for _ in range(HIGH * WIDE // (HIGH + WIDE) + 1):
        total = summed([total, deferred(products, *pairs("float64", 1)[0])])
    assert type(total) is np.ndarray
    ((x, y),) = pairs("float64", 1)
    np.testing.assert_allclose(total, (HIGH * WIDE // (HIGH + WIDE) + 2) * x.T @ y, rtol=1e-10)


def test_a_sum_of_rows_is_one_table():
    at, updates = np.array([3, HIGH - 1]), numbers("float32", 2, WIDE)
    one, two = deferred(rows, at, updates), deferred(rows, at[::-1].copy(), updates)
    expected = np.zeros((HIGH, WIDE), np.float32)
    expected[at] = updates
    np.testing.assert_array_equal(np.asarray(one), expected)
    expected[at[::-1]] += updates
    np.testing.assert_array_equal(summed([deferred(rows, at, updates), two]), expected)
    x = numbers("float32", HIGH, WIDE)
    others = deferred(rows_on_others, x, at, updates)
    expected = np.sin(x)
    expected[at] += updates
    np.testing.assert_allclose(np.asarray(others), expected, rtol=1e-6)


def test_only_what_nobody_else_holds_is_overwritten():
    x, y = numbers("float32", 4, 5), numbers("float32", 4, 5, seed=1)
    held = x.copy()
    assert summed([held, y]) is not held
    np.testing.assert_array_equal(held, x)
    base = x.copy()
    given = [base[:], y]
    np.testing.assert_array_equal(summed(given), x + y)
    np.testing.assert_array_equal(base, x)
    given = [x.copy(), y]
    place = given[0].ctypes.data
    assert summed(given).ctypes.data == place
    fixed = np.asarray(jnp.asarray(x))
    np.testing.assert_array_equal(summed([fixed, y]), x + y)


def gradients(mode: str) -> list:
    with torchlike.execution_mode(mode):
        torchlike.manual_seed(0)
        table = torchlike.nn.Embedding(HIGH, WIDE)
        layer = torchlike.nn.Linear(WIDE, HIGH)
        seen = []
        layer.weight.register_hook(lambda grad: seen.append(grad * 2))
        state, total = torchlike.zeros(1, WIDE), 0
        for word in (3, 4, 3, 5):
            state = torchlike.tanh(state + table(torchlike.tensor([word])))
            out = layer(state)
            total = total + (out * out).sum()
        first = torchlike.autograd.grad(total, [layer.weight], retain_graph=True)[0]
        total.backward()
        total = layer(state.detach()).sum()
        total.backward()  # onto what is there
        return [each.tolist() for each in (first, table.weight.grad, layer.weight.grad, layer.bias.grad, *seen)]


def test_gradients_that_add_up_agree_with_those_of_a_compiled_program():
    for one, other in zip(gradients("auto"), gradients("whole"), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
