"""The rules of what goes element by element, of shapes, of reductions and of sorting give what XLA gives."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from tests.programs.compare import FLOATS, INTS, agree, edges, numbers, over, pairs

pytestmark = pytest.mark.usefixtures("in_64_bits")

REAL = "exp exp2 expm1 log log1p sin cos tan tanh asin acos atan sinh cosh asinh acosh atanh sqrt rsqrt cbrt logistic"
REAL += " floor ceil round neg abs sign square is_finite erf erfc erf_inv lgamma bessel_i0e bessel_i1e"
FROM_ONE = ("acosh",)


@pytest.mark.parametrize("name", REAL.split())
def test_functions_of_a_real_number(name):
    fn = getattr(lax, name)
    bounds = {"low": 1.0} if name in FROM_ONE else {"low": -0.9, "high": 0.9}
    both, groups = over(FLOATS, fn, lambda dtype: numbers(dtype, 3, 4, **bounds))
    agree(both, *groups, tolerance=4)
    both, groups = over(("float32", "float64"), fn, edges)
    agree(both, *groups, tolerance=4)


@pytest.mark.parametrize(
    "name", "exp log sin cos tanh sinh cosh sqrt rsqrt logistic neg abs sign square log1p conj real imag".split()
)
def test_functions_of_a_complex_number(name):
    both, groups = over(("complex64", "complex128"), getattr(lax, name), lambda dtype: numbers(dtype, 3, 4))
    agree(both, *groups, tolerance=4)


@pytest.mark.parametrize("name", "add sub mul div rem max min pow atan2 nextafter eq ne lt le gt ge".split())
def test_functions_of_two_real_numbers(name):
    both, groups = over(("float32", "float64"), getattr(lax, name), pairs)
    agree(both, *groups)
    narrow = ("bfloat16", "float16") if name != "nextafter" else ("bfloat16",)
    both, groups = over(
        narrow, getattr(lax, name), lambda dtype: (numbers(dtype, 4, low=0.5), numbers(dtype, 4, seed=1, low=0.5))
    )
    agree(both, *groups)


@pytest.mark.parametrize(
    "name", "add sub mul div rem max min eq ne lt le gt ge bitwise_and bitwise_or bitwise_xor".split()
)
def test_functions_of_two_integers(name):
    both, groups = over((*INTS, "uint32", "uint64"), getattr(lax, name), pairs)
    agree(both, *groups)


@pytest.mark.parametrize("name", "shift_left shift_right_logical shift_right_arithmetic".split())
def test_shifts(name):
    def made(dtype):
        bits = jnp.iinfo(dtype).bits
        counts = np.array([0, 1, bits - 1, bits, bits + 1, 100], dtype)
        counts = np.append(counts, np.array([-1, -100], dtype) if dtype[0] == "i" else counts[:2])
        x = edges(dtype)
        return np.repeat(x, len(counts)), np.tile(counts, len(x))

    both, groups = over((*INTS, "uint32"), getattr(lax, name), made)
    agree(both, *groups)


def test_the_upper_half_of_a_product():
    both, groups = over((*INTS, "uint32", "uint64"), lax.mulhi, pairs)
    agree(both, *groups)


@pytest.mark.parametrize("name", "bitwise_not population_count clz neg abs sign square".split())
def test_functions_of_an_integer(name):
    dtypes = INTS if name not in ("neg", "abs", "sign") else ("int32", "int64", "int8")
    both, groups = over(dtypes, getattr(lax, name), edges)
    agree(both, *groups)


@pytest.mark.parametrize("name", "bitwise_and bitwise_or bitwise_xor eq ne lt le gt ge max min".split())
def test_functions_of_two_truths(name):
    agree(getattr(lax, name), *pairs("bool"))


@pytest.mark.parametrize("name", "add sub mul div pow eq ne".split())
def test_functions_of_two_complex_numbers(name):
    both, groups = over(
        ("complex64", "complex128"), getattr(lax, name), lambda dtype: (numbers(dtype, 9), numbers(dtype, 9, seed=1))
    )
    agree(both, *groups, tolerance=8)


@pytest.mark.parametrize("y", [-3, -1, 0, 1, 2, 3, 7])
def test_integer_pow(y):
    dtypes = (*FLOATS, "complex64") if y < 0 else (*FLOATS, "complex64", "int32", "uint8")
    both, groups = over(dtypes, lambda x: lax.integer_pow(x, y), lambda dtype: numbers(dtype, 5, low=1))
    agree(both, *groups, tolerance=4)


def test_powers_with_an_integer_exponent():
    agree(lax.pow, edges("float32"), np.arange(-5, 6))
    agree(lax.pow, numbers("float32", 3), np.array([0, 1, 2], np.int32))


def test_arithmetic_of_other_kinds():
    x = edges("float32")
    agree(lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO), np.append(x, np.float32(0.49999997)))
    agree(lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), x)
    agree(lambda x: lax.clamp(np.float32(-1), x, np.float32(1)), x)
    agree(lambda low, x: lax.clamp(low, x, low + 2), numbers("int32", 5), numbers("int32", 5, seed=1))
    agree(lambda x: lax.reduce_precision(x, 8, 7), numbers("float32", 5))
    agree(lax.complex, numbers("float32", 5), numbers("float32", 5, seed=1))
    agree(lax.conj, numbers("float32", 5))
    agree(lambda x: lax.optimization_barrier((x, x + 1)), x)
    agree(lambda x: lax.stop_gradient(x) + 1, x)
    agree(lambda x, y: jnp.sort(x)[jnp.searchsorted(x, y)], np.arange(5, dtype="f"), np.array([0.5, 3], "f"))
    agree(lambda x, y: jnp.searchsorted(x, y, side="right"), np.array([-0.0, 0, 1, np.nan], "f"), edges("float32"))


@pytest.mark.parametrize("name", ["eq_to", "lt_to", "le_to"])
def test_total_order(name):
    agree(getattr(lax, f"{name}_p").bind, *pairs("float32"))
    agree(getattr(lax, f"{name}_p").bind, *pairs("int32"))


def test_special_functions_of_several_numbers():
    x, y = numbers("float32", 6, low=0.5), numbers("float32", 6, seed=1, low=0.5)
    for fn in (lax.igamma, lax.igammac):
        agree(fn, x, y, tolerance=10)
    agree(lambda x, y: lax.zeta(x + 1, y), x, y, tolerance=10)
    agree(lambda x: lax.digamma(x), np.append(x, np.float32([np.nan, np.inf, -0.5, -1.5])), tolerance=10)
    agree(lambda x: lax.polygamma(np.float32([1, 2, 3, 1, 2, 3]), x), x, tolerance=10)
    agree(lambda x, y: lax.betainc(x, y, np.float32([0.1, 0.2, 0.3, 0.5, 0.7, 0.9])), x, y, tolerance=10)


@pytest.mark.parametrize("size", [6, 3000])
def test_select(size):
    both, groups = over(
        ("float32", "float64", "bfloat16", "int64", "uint8", "bool", "complex64", "complex128"),
        lambda which, x, y: lax.select(which, x, y),
        lambda dtype: (numbers("bool", size), numbers(dtype, size), numbers(dtype, size, seed=1)),
    )
    agree(both, *groups)
    x, y, z = (numbers("float32", size, seed=each) for each in range(3))
    x[:2] = np.nan, np.inf
    agree(lambda which, x: lax.select(which, x, jnp.zeros_like(x)), numbers("bool", size), x)
    agree(lambda which, x, y: lax.select(which, x, y), np.array(True), x, y)
    agree(lambda w, x, y, z: lax.select_n(w, x, y, z), numbers("int32", size, low=0, high=2), x, y, z)
    agree(lambda w, x, y: lax.select_n(w, x, y), numbers("int32", size, low=0, high=1), x, y)
    agree(lambda w, x, y, z: lax.select_n(w, x, y, z), np.int32(1), x, y, z)


@pytest.mark.parametrize("rows", [(), (1, 3), range(5)])
def test_select_whole_rows(rows):
    which = np.isin(np.arange(5), rows)[:, None]
    x, y = numbers("float32", 5, 1000), numbers("float32", 5, 1000, seed=1)
    agree(lambda w, x, y: (jnp.where(w, x, y), jnp.where(w, 0, y), jnp.where(w, x, jnp.inf)), which, x, y)


@pytest.mark.parametrize("new", [*FLOATS, *INTS, "uint32", "uint64", "bool", "complex64"])
def test_convert_element_type(new):
    old = [*FLOATS, *INTS, "bool", *(["complex64"] if new != "bool" else [])]

    def made(dtype):
        if dtype == "complex64":
            return numbers(dtype, 4)
        more = [1e5, -1e5, 3e9, -3e9, 1e30, -1e30, 255.5, 2.0**31, 2.0**63] if "float" in dtype else []
        with np.errstate(over="ignore"):
            return np.append(edges(dtype), np.array(more, jnp.dtype(dtype)))

    if new != "complex64":
        old = [each for each in old if each != "complex64"]
    both, groups = over(old, lambda x: lax.convert_element_type(x, new), made)
    agree(both, *groups)


def test_bitcasts():
    x = edges("float32")
    agree(lambda x: lax.bitcast_convert_type(x, np.int32), x)
    agree(lambda x: lax.bitcast_convert_type(x, np.uint8), x)
    agree(lambda x: lax.bitcast_convert_type(x, np.float32), numbers("uint8", 3, 4))
    agree(lambda x: lax.bitcast_convert_type(x[::2], np.uint16), x)


ANY = "float32", "bfloat16", "int32", "bool", "complex64"
SHAPES = {
    "reshape": lambda x: x.reshape(3, 4, 2),
    "reshape of a transposed one": lambda x: lax.reshape(x, (4, 6), (2, 0, 1)),
    "transpose": lambda x: x.transpose(2, 0, 1),
    "squeeze": lambda x: jnp.squeeze(x[:1], 0),
    "expand_dims": lambda x: (lax.expand_dims(x, (0, 2)), x[:, None]),
    "rev": lambda x: lax.rev(x, (0, 2)),
    "slice": lambda x: lax.slice(x, (0, 1, 1), (2, 3, 4), (1, 2, 2)),
    "split": lambda x: lax.split(x, (1, 3), 2),
    "concatenate": lambda x: lax.concatenate([x, x[:1]], 0),
    "stack": lambda x: jnp.stack([x, x], 1),
    "unstack": lambda x: jnp.unstack(x, axis=1),
    "tile": lambda x: jnp.tile(x, (2, 1, 3)),
    "broadcast_in_dim": lambda x: lax.broadcast_in_dim(x[:, :1], (2, 5, 4, 3), (0, 1, 2)),
    "broadcast of one": lambda x: lax.broadcast(x[0, 0, 0], (2, 3)),
    "broadcast to many": lambda x: lax.broadcast(x[0], (2000,)),
    "pad": lambda x: lax.pad(x, jnp.zeros((), x.dtype), ((1, 2, 0), (-1, 1, 0), (0, -1, 2))),
    "pad away": lambda x: lax.pad(x, jnp.ones((), x.dtype), ((-1, -1, 0), (-2, 3, 1), (-3, 0, 2))),
    "copy": lambda x: (lax.stop_gradient(x), x, jnp.array(x), checkpoint_name(x, "x")),
    "convert to itself": lambda x: lax.convert_element_type(x, x.dtype),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    both, groups = over(ANY, SHAPES[name], lambda dtype: numbers(dtype, 2, 3, 4))
    agree(both, *groups)


def test_arrays_from_nothing():
    agree(
        lambda x: [lax.broadcasted_iota(d, (3, 4), 1) + x.astype(d) for d in ("int32", "float32", "uint8")], np.int32(1)
    )
    agree(lambda x: lax.empty((2, 3), jnp.float32) * 0 + x, np.float32(2))
    agree(lambda x: (jnp.zeros((2, 3)), jnp.arange(5000), jnp.full((3,), 2, jnp.bfloat16), x), np.float32(2))


REDUCTIONS = {
    **{"sum": jnp.sum, "prod": jnp.prod, "max": jnp.max, "min": jnp.min},
    **{"argmax": jnp.argmax, "argmin": jnp.argmin, "cumsum": lax.cumsum, "cumprod": lax.cumprod},
    **{"cummax": lax.cummax, "cummin": lax.cummin, "any": jnp.any, "all": jnp.all},
}


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, axis):
    def fn(x):
        return REDUCTIONS[name](x, axis=axis)

    dtypes = [*FLOATS, *INTS]
    both, groups = over(dtypes, fn, lambda dtype: numbers(dtype, 2, 3, 4))
    agree(both, *groups)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "any", "all"])
def test_reductions_of_several_axes_and_of_none(name):
    fn = REDUCTIONS[name]
    agree(lambda x: (fn(x), fn(x, axis=(0, 2)), fn(x, axis=())), numbers("float32", 2, 3, 4), tolerance=4)
    agree(lambda x: fn(x, axis=0, **({"initial": 1} if name in ("max", "min") else {})), np.zeros((0, 3), "f"))


@pytest.mark.parametrize("name", ["sum", "max", "min", "argmax", "argmin", "cumsum", "cummax", "cummin"])
def test_reductions_of_nan_and_infinity(name):
    x = np.stack([edges("float32"), np.roll(edges("float32"), 4), np.float32(range(11))])
    agree(lambda x: REDUCTIONS[name](x, axis=1), x)
    agree(lambda x: REDUCTIONS[name](x, axis=0), x)


@pytest.mark.parametrize("name", ["sum", "max", "min"])
def test_reductions_of_many_rows(name):
    """They go another way, which is as good with infinities and NaN, and with rows that do not lie in order."""
    x = np.tile(np.stack([edges("float32"), np.roll(edges("float32"), 4), np.float32(range(11))]), (80, 1))
    agree(lambda x: (REDUCTIONS[name](x, axis=1), REDUCTIONS[name](x.reshape(80, 3, 11), axis=(1, 2))), x)
    agree(lambda x: REDUCTIONS[name](x.T, axis=1), x.T.copy())
    agree(lambda x: REDUCTIONS[name](x, axis=1), numbers("float64", 2, 3000), tolerance=4)
    agree(lambda x: REDUCTIONS[name](x, axis=1), numbers("bfloat16", 80, 12), tolerance=4)


def test_running_reductions_backwards():
    for fn in (lax.cumsum, lax.cumprod, lax.cummax, lax.cummin, lax.cumlogsumexp):
        agree(lambda x, fn=fn: (fn(x, axis=1, reverse=True), fn(x, axis=0)), numbers("float32", 3, 4), tolerance=4)


def test_reductions_by_a_function():
    x, y = numbers("float32", 2, 3, 4), numbers("int32", 2, 3, 4)

    def first_greatest(a, b):
        takes = a[0] >= b[0]
        return lax.select(takes, a[0], b[0]), lax.select(takes, a[1], b[1])

    for dims in ((1,), (0, 1, 2)):
        agree(lambda x, y, dims=dims: lax.reduce((x, y), (np.float32(-9), np.int32(0)), first_greatest, dims), x, y)
    agree(lambda x: lax.reduce(x, np.int32(0), lax.bitwise_xor, (0,)), y)


@pytest.mark.parametrize("axis", [0, 1])
def test_sort(axis):
    both, groups = over([*FLOATS, *INTS, "bool"], lambda x: lax.sort(x, axis), lambda dtype: numbers(dtype, 4, 5))
    agree(both, *groups)
    x = np.stack([edges("float32"), np.roll(edges("float32"), 4)])
    agree(lambda x: lax.sort(x, axis), x)
    x, y, z = numbers("int32", 4, 5), numbers("float32", 4, 5), numbers("bfloat16", 4, 5)
    agree(lambda x, y, z: lax.sort((x, y, z), axis, num_keys=1), x, y, z)
    agree(lambda x, y, z: lax.sort((x, z, y), axis, num_keys=2), x, y, z)
    agree(lambda x: jnp.argsort(x, axis), x)


@pytest.mark.parametrize("axis", [0, 1])
def test_top_k(axis):
    both, groups = over(
        ["float32", "bfloat16", "int32", "uint8"],
        lambda x: lax.top_k(x, 2, axis=axis),
        lambda dtype: numbers(dtype, 4, 5),
    )
    agree(both, *groups)
    agree(lambda x: lax.top_k(x, 4), np.array([1, 5, 5, -(2**31), 5, 2], np.int32))


SCALARS = {
    **{
        name: getattr(lax, name)
        for name in ("neg", "exp", "sign", "abs", "is_finite", "floor", "round", "erf", "lgamma")
    },
    **{f"to {new}": lambda x, new=new: x.astype(new) for new in ("int32", "bool", "bfloat16", "float64", "uint8")},
    "shapes": lambda x: (x.reshape(1, 1), lax.broadcast(x, (2, 2)), x.T, jnp.squeeze(x[None]), lax.pad(x, x, ())),
    "bits": lambda x: lax.bitcast_convert_type(x, jnp.dtype(f"int{x.dtype.itemsize * 8}")),
    "narrower bits": lambda x: lax.bitcast_convert_type(x, np.uint8),
    "arithmetic": lambda x: (x + x, x * 2, x / 3, x**2, lax.rem(x, x), lax.clamp(x, x + 1, x + 2)),
    "choice": lambda x: (jnp.where(x > 0, x, -x), lax.select_n((x > 0).astype(int), x, x, x)),
    "writing": lambda x: (x.at[()].set(2), x.at[...].add(1), lax.dynamic_update_slice(x, x + 1, ())),
    "reading": lambda x: (x[()], x[...], lax.dynamic_slice(x, (), ())),
    "reduction": lambda x: (jnp.sum(x), jnp.max(x), jnp.prod(x, axis=()), jnp.isnan(x)),
    "branch": lambda x: lax.cond(x > 0, jnp.sin, jnp.cos, x),
    "loop": lambda x: lax.while_loop(lambda x: x < 100, lambda x: x * 2 + 1, jnp.abs(x)),
    "index": lambda x: jnp.arange(5)[jnp.abs(x).astype(int) % 5],
    "complex": lambda x: lax.complex(x.astype("float32"), x.astype("float32")),
    "product": lambda x: jnp.dot(x, x),
}


@pytest.mark.parametrize("name", SCALARS)
def test_computed_scalars(name):
    """What NumPy computes of arrays without axes are its scalars, which cannot do all that arrays can."""
    both, groups = over(
        ("float32", "float64", "bfloat16"), lambda x: SCALARS[name](jnp.sum(x)), lambda dtype: numbers(dtype, 3)
    )
    agree(both, *groups, tolerance=4)


def test_integer_scalars():
    def fn(x):
        y = jnp.sum(x, dtype=x.dtype)
        z = lax.full((), 3, x.dtype)
        return [lax.div(y, z), lax.rem(y, z), lax.shift_left(y, z), lax.population_count(y), lax.clz(y), y & z, ~y, -y]

    both, groups = over(("int32", "int64", "int8", "uint8"), fn, lambda dtype: numbers(dtype, 3))
    agree(both, *groups)
