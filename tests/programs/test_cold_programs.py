"""The rules of products, windows, indices and control flow, then whole training steps, give what XLA gives."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.random import threefry2x32_p

from tests.programs.compare import FLOATS, agree, numbers, over
from torchlike._programs.cold import evaluate, joined, missing, owned
from torchlike._programs.cold.evaluation import prepare
from torchlike._programs.cold.rules import TABLE, rule

pytestmark = pytest.mark.usefixtures("in_64_bits")

PRODUCTS = [
    ((3, 4), (4, 5), "ij,jk->ik"),
    ((3, 4), (5, 4), "ij,kj->ik"),
    ((4, 3), (4, 5), "ji,jk->ik"),
    ((2, 3, 4), (2, 4, 5), "bij,bjk->bik"),
    ((3, 2, 4), (5, 4, 2), "ibj,kjb->bik"),
    ((2, 3, 4), (4, 3, 5), "bij,jik->bk"),
    ((3,), (3,), "i,i->"),
    ((3,), (4,), "i,j->ij"),
    ((2, 3, 4), (4,), "bij,j->bi"),
    ((3, 0), (0, 4), "ij,jk->ik"),
    ((0, 3), (3, 4), "ij,jk->ik"),
]


@pytest.mark.parametrize(("left", "right", "how"), PRODUCTS)
def test_dot_general(left, right, how):
    dtypes = [*FLOATS, "int32", "complex64"]
    both, groups = over(
        dtypes,
        lambda x, y: jnp.einsum(how, x, y),
        lambda dtype: (numbers(dtype, *left), numbers(dtype, *right, seed=1)),
    )
    agree(both, *groups, tolerance=4)


def test_dot_general_to_another_dtype():
    for old, new in (("bfloat16", "float32"), ("int8", "int32")):
        x, y = numbers(old, 3, 4), numbers(old, 4, 5)
        agree(lambda x, y, new=new: jnp.matmul(x, y, preferred_element_type=new), x, y, tolerance=4)


CONVOLUTIONS = {
    "plain": ((2, 3, 7, 8), (4, 3, 3, 2), {}),
    "strided": ((2, 3, 7, 8), (4, 3, 3, 2), {"window_strides": (2, 3), "padding": ((1, 0), (2, 1))}),
    "dilated": ((2, 3, 9, 9), (4, 3, 3, 2), {"rhs_dilation": (2, 3)}),
    "transposed": ((2, 3, 4, 5), (4, 3, 3, 2), {"lhs_dilation": (2, 3), "padding": ((2, 2), (1, 3))}),
    "cut": ((2, 3, 7, 8), (4, 3, 3, 2), {"padding": ((-1, 2), (1, -2))}),
    "cut and transposed": ((2, 3, 4, 5), (4, 3, 3, 2), {"lhs_dilation": (3, 2), "padding": ((-2, 2), (-1, -2))}),
    "in groups": ((2, 4, 7, 8), (6, 2, 3, 2), {"feature_group_count": 2}),
    "in groups of the batch": ((4, 3, 7, 8), (6, 3, 3, 2), {"batch_group_count": 2}),
    "one axis": ((2, 3, 7), (4, 3, 3), {"window_strides": (2,), "padding": ((1, 1),)}),
    "three axes": ((2, 3, 4, 5, 4), (4, 3, 2, 3, 2), {"window_strides": (1, 1, 2)}),
    "channels last": ((2, 7, 8, 3), (3, 2, 3, 4), {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}),
    "no batch": ((0, 3, 7, 8), (4, 3, 3, 2), {}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_and_their_gradients(name):
    left, right, options = CONVOLUTIONS[name]
    rank = len(left) - 2
    options = {"window_strides": (1,) * rank, "padding": ((0, 0),) * rank} | options

    def fn(x, w):
        made, pull = jax.vjp(lambda x, w: lax.conv_general_dilated(x, w, **options), x, w)
        return made, pull(jnp.sin(made))

    agree(fn, numbers("float32", *left), numbers("float32", *right, seed=1), tolerance=20)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64", "complex64"])
def test_convolutions_of_other_dtypes(dtype):
    x, w = numbers(dtype, 1, 2, 5), numbers(dtype, 3, 2, 3, seed=1)
    agree(lambda x, w: lax.conv_general_dilated(x, w, (1,), "SAME"), x, w, tolerance=4)


WINDOWS = [
    {"window_dimensions": (1, 2, 3), "window_strides": (1, 2, 1), "padding": "VALID"},
    {"window_dimensions": (1, 3, 3), "window_strides": (1, 2, 2), "padding": ((0, 0), (1, 1), (1, 0))},
    {"window_dimensions": (1, 2, 2), "window_strides": (1, 1, 2), "padding": "SAME", "window_dilation": (1, 2, 3)},
    {"window_dimensions": (2, 2, 2), "window_strides": (1, 1, 1), "padding": "VALID", "base_dilation": (1, 2, 1)},
]


@pytest.mark.parametrize("window", WINDOWS)
def test_windows(window):
    both, groups = over(
        ("float32", "bfloat16", "int32"),
        lambda x: (
            lax.reduce_window(x, jnp.zeros((), x.dtype), lax.add, **window),
            lax.reduce_window(x, lax.full((), -100, x.dtype), lax.max, **window),
        ),
        lambda dtype: numbers(dtype, 3, 6, 7),
    )
    agree(both, *groups, tolerance=4)
    x = numbers("float32", 3, 6, 7)
    agree(lambda x: lax.reduce_window(x, -np.inf, lax.max, **window), x)
    agree(lambda x: lax.reduce_window(x, np.inf, lax.min, **window), x)
    agree(lambda x: lax.reduce_window(x, 0.0, lax.add, **window), x, tolerance=4)
    agree(lambda x: lax.reduce_window(x, np.float32(1), lax.mul, **window), x, tolerance=4)


@pytest.mark.parametrize("window", WINDOWS[:2])
def test_gradients_of_windows(window):
    def pool(x):
        return lax.reduce_window(x, -np.inf, lax.max, **window)

    def fn(x):
        made, pull = jax.vjp(pool, x)
        return made, pull(jnp.cos(made)), jax.jvp(pool, (x,), (jnp.sin(x),))

    agree(fn, numbers("float32", 3, 6, 7), tolerance=4)
    agree(fn, np.round(numbers("float32", 3, 6, 7)), tolerance=4)


INDEXING = {
    "one row": lambda x, i: x[1],
    "rows": lambda x, i: x[i],
    "columns": lambda x, i: x[:, i],
    "last axis": lambda x, i: x[..., i],
    "two axes": lambda x, i: x[i, :, i],
    "elements": lambda x, i: x[i, i, i],
    "a table of indices": lambda x, i: x[:, jnp.stack([i, -i])],
    "a step and a list": lambda x, i: x[::2, i, None],
    "a slice and a list": lambda x, i: x[1:3, i],
    "take along": lambda x, i: jnp.take_along_axis(x, i[:, None, None] % 4 + jnp.zeros((4, 5, 1), int), 2),
    "take, filling": lambda x, i: jnp.take(x, i * 3, 1, mode="fill"),
    "take, clipping": lambda x, i: jnp.take(x, i * 3 - 4, 1, mode="clip"),
    "an unsigned index": lambda x, i: x[jnp.abs(i).astype(jnp.uint8)],
    "a computed index": lambda x, i: x[i[0]],
    "dynamic slice": lambda x, i: lax.dynamic_slice(x, (i[0], i[1] * 9, -i[3]), (2, 3, 2)),
    "dynamic index": lambda x, i: lax.dynamic_index_in_dim(x, i[2], 1),
    "no index": lambda x, i: x[i[:0]],
    "windows": lambda x, i: jax.vmap(lambda at: lax.dynamic_slice(x, (at, 0, at), (2, 5, 3)))(i),
    "windows of each": lambda x, i: jax.vmap(lambda x, at: lax.dynamic_slice(x, (at, at), (2, 3)))(x, i),
}


@pytest.mark.parametrize("name", INDEXING)
def test_gather_and_its_gradient(name):
    """The gradient adds up what is read twice."""
    indices, fn = np.array([2, 0, -1, 2]), INDEXING[name]

    def both(x):
        made, pull = jax.vjp(lambda x: fn(x, jnp.asarray(indices)), x)
        return made, pull(made)

    agree(lambda x, i: jax.vjp(lambda x: fn(x, i), x)[0], numbers("float32", 4, 5, 6), indices)
    agree(both, numbers("float32", 4, 5, 6), tolerance=2)
    agree(fn, numbers("int32", 4, 5, 6), indices)
    agree(fn, numbers("bfloat16", 4, 5, 6), indices)


def test_gather_fills_by_dtype():
    both, groups = over(
        ("float32", "int32", "uint8", "bool", "complex64"),
        lambda x: x.at[jnp.array([1, 7, -9])].get(mode="fill"),
        lambda dtype: numbers(dtype, 4, 2),
    )
    agree(both, *groups)


WRITES = {
    "rows": lambda x, i: x.at[i],
    "elements": lambda x, i: x.at[i, i],
    "columns": lambda x, i: x.at[:, i],
    "one row": lambda x, i: x.at[i[0]],
    "all": lambda x, i: x.at[:],
    "beyond": lambda x, i: x.at[i * 5],
    "one beyond": lambda x, i: x.at[i[0] * 50],
    "a part": lambda x, i: x.at[1:3, i],
}


@pytest.mark.parametrize("how", ["set", "add", "subtract", "multiply", "max", "min"])
@pytest.mark.parametrize("name", WRITES)
def test_scatter(name, how):
    index = WRITES[name]

    def fn(x, i):
        return getattr(index(x, i), how)(lax.convert_element_type(2, x.dtype))

    both, groups = over(
        ("float32", "int32", "bfloat16"), fn, lambda dtype: (numbers(dtype, 4, 5), np.array([2, 0, -1, 2]))
    )
    agree(both, *groups)


@pytest.mark.parametrize("name", WRITES)
def test_scatter_of_many(name):
    """Above a few elements sums go through the flat array."""
    both, groups = over(
        ("float32", "int32", "bfloat16"),
        lambda x, i: (WRITES[name](x, i).add(1), WRITES[name](x, i).max(1)),
        lambda dtype: (numbers(dtype, 4, 5, 60), np.array([2, 0, -1, 2])),
    )
    agree(both, *groups)


@pytest.mark.parametrize("mode", ["clip", "drop", "promise_in_bounds"])
def test_scatter_outside(mode):
    far = [1, 9, 3] if mode != "promise_in_bounds" else [1, 2, 3]
    agree(lambda x, i, u: x.at[i].add(u, mode=mode), numbers("float32", 4, 5), np.array(far), numbers("float32", 3, 5))
    agree(lambda x, u: lax.dynamic_update_slice(x, u, (3, -1)), numbers("float32", 4, 5), numbers("float32", 2, 2))


def test_scatter_of_windows_and_of_batches():
    x, u, i = numbers("float32", 4, 5), numbers("float32", 4, 2, seed=1), np.array([0, 3, 1, 9])
    agree(jax.vmap(lambda x, u, at: lax.dynamic_update_slice(x, u, (at,))), x, u, i)
    agree(jax.vmap(lambda x, u, at: x.at[at].add(u[0])), x, u, i % 3)


def test_loops_and_branches():
    x, i = numbers("float32", 3, 4), np.int64(3)

    def body(carry, row):
        return carry * 0.5 + row, (carry, jnp.sum(row))

    agree(lambda x, i: lax.fori_loop(0, i, lambda at, x: x * 1.5 + at, x), x, i)
    agree(lambda x: lax.while_loop(lambda c: jnp.sum(c[1]) < 100, lambda c: (c[0] + 1, c[1] * 2 + 1), (0, x)), x)
    agree(lambda x: lax.scan(body, x[0], x), x)
    agree(lambda x: lax.scan(body, x[0], x, reverse=True), x)
    agree(lambda x: lax.scan(lambda c, _: (c + 1, c), x[0], None, length=3), x)
    agree(lambda x: lax.scan(body, x[0], x[:0]), x)
    agree(jax.grad(lambda x: lax.scan(body, x[0], x)[0].sum()), x)
    agree(lambda x, i: lax.cond(i > 2, jnp.sin, jnp.cos, x), x, i)
    agree(lambda x, i: lax.switch(i, [jnp.sin, jnp.cos, lambda x: x], x), x, i)
    agree(lambda x: lax.platform_dependent(x, cpu=jnp.sin, default=jnp.cos), x)
    agree(lambda x: lax.associative_scan(jnp.add, x), x)
    double = jax.vmap(lambda x: lax.while_loop(lambda x: x.sum() < 50, lambda x: x * 2 + 1, x))
    agree(double, x)
    agree(jax.vmap(double), np.stack([x, 2 * x]))


def test_calls():
    x, ones = numbers("float32", 3, 4), np.ones((3, 4), np.float32)

    @jax.custom_vjp
    def twice(x):
        return 2 * x

    twice.defvjp(lambda x: (2 * x, None), lambda _, ct: (3 * ct,))
    agree(lambda x: jax.jit(lambda y: jnp.sin(y) + jax.nn.relu(x))(x), x)
    agree(lambda x: (twice(x), jax.grad(lambda x: twice(x).sum())(x)), x)
    agree(jax.grad(jax.checkpoint(lambda x: jnp.sin(jnp.cos(x)).sum())), x)
    agree(lambda x: jax.jit(lambda y: y + jnp.asarray(ones))(x), x)
    agree(lambda x: jnp.vectorize(lambda x: x.sum(), signature="(n)->()")(x), x)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_linear_algebra(dtype):
    x = numbers(dtype, 2, 4, 4) + 4 * np.eye(4, dtype=dtype)
    y = numbers(dtype, 2, 4, 3, seed=1)
    agree(lambda x: lax.linalg.cholesky(x @ x.swapaxes(-1, -2).conj(), symmetrize_input=False), x, tolerance=20)
    agree(lambda x: jnp.linalg.qr(x), y, tolerance=20)
    agree(lambda x: jnp.linalg.qr(x, mode="complete")[0], y, tolerance=20)
    for lower in (True, False):
        for options in ({}, {"transpose_a": True}, {"unit_diagonal": True}, {"transpose_a": True, "conjugate_a": True}):
            fn = lambda x, y, o=options, lower=lower: lax.linalg.triangular_solve(
                x, y, left_side=True, lower=lower, **o
            )
            agree(fn, x, y, tolerance=200)
    agree(lambda x, y: lax.linalg.triangular_solve(x, y.swapaxes(1, 2), lower=True), x, y, tolerance=200)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_solutions_by_elimination(dtype):
    x, y = numbers(dtype, 2, 4, 4), numbers(dtype, 2, 4, 3, seed=1)
    agree(lambda x: (lax.linalg.lu(x), lax.linalg.lu(x[:, :3]), lax.linalg.lu(x[0, :, :2])), x, tolerance=20)
    agree(lambda x, y: (jnp.linalg.solve(x, y), jnp.linalg.inv(x), jnp.linalg.det(x)), x, y, tolerance=200)
    agree(lambda x: lax.linalg.lu(x), np.array([[0, 1, 2], [0, 0, 3], [0, 0, 0]], dtype))
    agree(lambda x: jnp.linalg.svd(x, compute_uv=False), y, tolerance=20)
    agree(lambda at: lax.linalg.lu_pivots_to_permutation(at, 5), np.array([[1, 3, 2], [4, 1, 3]], np.int32))


def test_cholesky_of_what_is_not_positive_definite():
    x = np.stack([np.eye(3, dtype="f"), -np.eye(3, dtype="f")])
    agree(lambda x: lax.linalg.cholesky(x, symmetrize_input=False), x)


def test_fourier_transforms():
    x = numbers("complex64", 3, 8)
    agree(lambda x: (jnp.fft.fft(x), jnp.fft.ifft2(x), jnp.fft.rfft(x.real), jnp.fft.irfft(x)), x, tolerance=4)


def test_random_numbers():
    def draw(seed):
        key = jax.random.key(seed)
        one, two = jax.random.fold_in(key, 7), jax.random.fold_in(key, 8)
        bits = [jax.random.bits(one, (3, 4), f"uint{size}") for size in (8, 16, 32, 64)]
        split = jax.random.key_data(jax.random.split(key, 3))
        return *bits, jax.random.uniform(two, (5,)), jax.random.bernoulli(two, 0.3, (2, 3)), split

    agree(draw, np.int64(2**40 + 5))
    agree(draw, np.int32(-5))
    agree(lambda key: jax.random.normal(jax.random.wrap_key_data(key), (4,)), np.array([1, 2], np.uint32), tolerance=20)


def test_random_words():
    words = [numbers("uint32", 4, seed=at, high=2.0**32 - 1) for at in range(2)]
    agree(lambda x, y: threefry2x32_p.bind(np.uint32(3), np.uint32(2**31), x, y), *words)


def parameters(*shapes) -> list:
    return [numbers("float32", *shape, seed=at, low=-0.3, high=0.3) for at, shape in enumerate(shapes)]


def test_a_training_step_of_a_convolutional_net():
    def loss(w, b, v, c, x, y):
        h = jax.nn.relu(lax.conv_general_dilated(x, w, (1, 1), "SAME") + b[:, None, None])
        h = lax.reduce_window(h, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        h = (h - h.mean((0, 2, 3), keepdims=True)) * lax.rsqrt(h.var((0, 2, 3), keepdims=True) + 1e-5)
        logits = jax.nn.gelu(h.reshape(len(x), -1)) @ v + c
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()

    def step(w, b, v, c, x, y):
        value, grads = jax.value_and_grad(loss, (0, 1, 2, 3))(w, b, v, c, x, y)
        return value, [p - 0.1 * g for p, g in zip((w, b, v, c), grads, strict=True)]

    given = parameters((4, 3, 3, 3), (4,), (64, 5), (5,), (2, 3, 8, 8))
    agree(step, *given, np.array([1, 4]), tolerance=20)


def test_a_training_step_of_an_lstm():
    def cell(weights, state, x):
        (w, u, b), (h, c) = weights, state
        i, f, g, o = jnp.split(x @ w + h @ u + b, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def loss(w, u, b, x, y):
        start = jnp.zeros((2, 6)), jnp.zeros((2, 6))
        (_, last), rows = lax.scan(lambda state, x: cell((w, u, b), state, x), start, x)
        return jnp.mean((rows - y) ** 2) + jnp.sum(last)

    given = parameters((3, 24), (6, 24), (24,), (5, 2, 3), (5, 2, 6))
    agree(jax.value_and_grad(loss, (0, 1, 2)), *given, tolerance=20)


@pytest.fixture
def counted():
    """What XLA runs in this test alone."""
    before = missing.copy()
    missing.clear()
    yield missing
    missing.clear()
    missing.update(before)


def test_what_has_no_rule_is_run_by_xla_and_counted(counted):
    x = numbers("float32", 3, 3)
    closed = jax.make_jaxpr(lambda x: jnp.linalg.eigvalsh(x + x.T) + 1)(x)
    for count in (1, 2):
        (got,) = evaluate(closed.jaxpr, closed.consts, [x])
        np.testing.assert_allclose(got, np.linalg.eigvalsh(x + x.T) + 1, rtol=1e-4)
        assert counted == {"eigh": count}


def test_what_would_take_long_is_left_to_xla(counted):
    x = numbers("float32", 60_000)
    closed = jax.make_jaxpr(lambda x: lax.scan(lambda c, y: (c * 0.5 + y, None), 0.0, x)[0])(x)
    (got,) = evaluate(closed.jaxpr, closed.consts, [x])
    assert counted == {"scan": 1}
    np.testing.assert_allclose(got, sum(x[-1 - at] * 0.5**at for at in range(50)), rtol=1e-5)


def test_a_key_passes_through_what_has_no_rule(counted):
    closed = jax.make_jaxpr(lambda seed: jax.random.bits(jnp.stack([jax.random.key(seed)])[0], (3,)))(1)
    (got,) = evaluate(closed.jaxpr, closed.consts, [np.array(1)])
    np.testing.assert_array_equal(got, jax.random.bits(jax.random.key(1), (3,)))
    assert counted and not any(name.startswith("random") for name in counted)


def test_effects_are_kept(counted):
    seen = []
    closed = jax.make_jaxpr(lambda x: (jax.debug.callback(lambda x: seen.append(float(x)), x), x + 1)[1])(1.0)
    evaluate(closed.jaxpr, closed.consts, [np.array(1.0)])
    jax.effects_barrier()
    assert seen == [1.0]


def test_a_jaxpr_is_prepared_once_and_forgotten_with_it():
    closed = jax.make_jaxpr(lambda x: jnp.sin(x) + 1)(1.0)
    prepared = weakref.ref(prepare(closed.jaxpr))
    assert prepare(closed.jaxpr) is prepared()
    del closed
    gc.collect()
    assert prepared() is None


def test_results_are_nobody_elses():
    x = np.ones((2, 3), np.float32)
    two = jnp.arange(6.0).reshape(2, 3)
    closed = jax.make_jaxpr(lambda x: (x, x, x.T, jnp.zeros(3), two, x + 1, 2.0))(x)
    got = evaluate(closed.jaxpr, closed.consts, [x])
    for each in got:
        each += 1
    np.testing.assert_array_equal(x, np.ones((2, 3)))
    for mine, again in zip(got, evaluate(closed.jaxpr, closed.consts, [x]), strict=True):
        np.testing.assert_array_equal(mine - 1, again)


def test_a_primitive_has_one_rule():
    with pytest.raises(KeyError, match="the primitive 'add' has a rule already"):
        rule("add")(TABLE["sub"])


def test_several_programs_as_one():
    table = np.arange(6, dtype="f").reshape(2, 3)
    first = jax.make_jaxpr(lambda x: (x + table, x.T))(table)
    second = jax.make_jaxpr(lambda x, y: (jnp.sum(x @ y), x))(table, table.T)
    parts = [(prepare(first.jaxpr).bound(first.consts), [0]), (prepare(second.jaxpr).bound(second.consts), [1, 2])]
    made = joined(parts, 1, [3, 4, 2])
    for x in (table + 1, table * 2):
        total, left, turned = owned(made.run([x]), [x])
        assert total == np.sum((x + table) @ x.T)
        np.testing.assert_array_equal(left, x + table)
        np.testing.assert_array_equal(turned, x.T)
        assert turned.flags.c_contiguous and not np.shares_memory(turned, x)


def test_what_is_still_needed_is_not_written_over():
    def fn(x, y):
        total = x + y
        scaled = total * x
        apart = total - scaled
        product = x * y
        rows, whole = product.reshape(-1)[:7], product + 1
        risen = jnp.exp(-jnp.abs(apart))
        turned, twice = risen.T, risen * risen
        return apart, rows, whole, jnp.cos(turned), twice, twice.sum(0), -risen

    x, y = numbers("float32", 70, 80), numbers("float32", 70, 80, seed=1)
    before = x.copy(), y.copy()
    agree(fn, x, y, tolerance=4)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_a_row_of_operations_takes_the_memory_of_one_result():
    x = np.ones((500, 500), np.float32)
    closed = jax.make_jaxpr(lambda x: jnp.sqrt(jnp.abs(jnp.sin(x * 2) + x) - 1))(x)
    prepared = prepare(closed.jaxpr)
    tracemalloc.start()
    try:
        prepared.run([x])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert x.nbytes <= peak < 1.5 * x.nbytes
