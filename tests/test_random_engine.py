"""The random numbers against PyTorch's, bit for bit, and the engine's state against PyTorch's bytes."""

from __future__ import annotations

import copy
import warnings

import ml_dtypes
import numpy as np
import pytest

from torchlike._random import distributions, integers
from torchlike._random.binomial import binomial
from torchlike._random.engine import DEFAULT_SEED, Engine
from torchlike._random.gamma import dirichlet, standard_gamma
from torchlike._random.multinomial import multinomial
from torchlike._random.poisson import poisson
from torchlike._random.rounding import fma32, fma64

torch = pytest.importorskip("torch")

SIZES = [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000, 100003]
SEEDS = [0, 1, 2**31, 2**40 + 5, -5]
FLOATS = {
    torch.float32: np.dtype(np.float32),
    torch.float64: np.dtype(np.float64),
    torch.float16: np.dtype(np.float16),
    torch.bfloat16: np.dtype(ml_dtypes.bfloat16),
}
INTEGERS = {
    torch.uint8: np.uint8,
    torch.int8: np.int8,
    torch.int16: np.int16,
    torch.int32: np.int32,
    torch.int64: np.int64,
    torch.bool: np.bool_,
}
UNSIGNED = {torch.uint16: np.uint16, torch.uint32: np.uint32, torch.uint64: np.uint64}
COMPLEX = {torch.complex64: np.complex64, torch.complex128: np.complex128}
DTYPES = FLOATS | INTEGERS | UNSIGNED | COMPLEX
LEAST = -(2**63)


def array(tensor):
    tensor = tensor.clone(memory_format=torch.contiguous_format)
    if tensor.dtype == torch.bfloat16:
        return tensor.reshape(-1).view(torch.int16).numpy().view(ml_dtypes.bfloat16).reshape(tensor.shape)
    return tensor.numpy()


class Pair:
    """PyTorch's generator and ours, and one draw from both."""

    def __init__(self, seed):
        self.theirs, self.ours = torch.Generator().manual_seed(seed), Engine(seed)

    def compare(self, theirs, ours):
        expected, got = array(theirs(self.theirs)), ours(self.ours)
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        assert got.tobytes() == expected.tobytes(), f"{(got != expected).sum()} of {got.size} differ"
        assert self.ours.get_state().tobytes() == self.theirs.get_state().numpy().tobytes()


def outcome(draw):
    """The warnings and either the values or the exception."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = draw()
            result = np.array(result if isinstance(result, np.ndarray) else array(result)).tobytes()
        except Exception as error:
            result = type(error), str(error).splitlines()[0]
    return result, [str(each.message).split(" (Triggered")[0] for each in caught]


# name: (in-place method of torch, its arguments, our function, arguments of ours where they are not the same)
CONTINUOUS = {
    "rand": ("uniform_", (), distributions.uniform),
    "symmetric": ("uniform_", (-0.3, 0.3), distributions.uniform),
    "from zero": ("uniform_", (0, 0.1), distributions.uniform),
    "ties": ("uniform_", (1, 2), distributions.uniform),
    "far": ("uniform_", (1000.1, 1001.3), distributions.uniform),
    "one point": ("uniform_", (2, 2), distributions.uniform),
    "randn": ("normal_", (), distributions.normal),
    "narrow": ("normal_", (0, 0.02), distributions.normal),
    "shifted": ("normal_", (-1.5, 1), distributions.normal),
    "general": ("normal_", (100.3, 7), distributions.normal),
    "no width": ("normal_", (0.1, 0), distributions.normal),
}
REAL = {
    "log_normal": ("log_normal_", (), distributions.log_normal),
    "log_normal wide": ("log_normal_", (-0.3, 60), distributions.log_normal),
    "exponential": ("exponential_", (), distributions.exponential),
    "rate": ("exponential_", (1.3,), distributions.exponential),
    "cauchy": ("cauchy_", (), distributions.cauchy),
    "located": ("cauchy_", (0.3, 2.1), distributions.cauchy),
    "geometric": ("geometric_", (0.1,), distributions.geometric),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEX], ids=str)
def test_continuous_distributions_in_sequence(seed, dtype):
    pair, kind = Pair(seed), np.dtype(DTYPES[dtype])
    table = CONTINUOUS | REAL if dtype in FLOATS else CONTINUOUS
    for n in SIZES if seed == 0 else SIZES[:-1]:
        for method, arguments, ours in table.values():
            pair.compare(
                lambda g, n=n, m=method, a=arguments: getattr(torch.empty(n, dtype=dtype), m)(*a, generator=g),
                lambda e, n=n, f=ours, a=arguments: f(e, (n,), kind, *a),
            )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex64], ids=str)
def test_a_million_normals(dtype):
    Pair(7).compare(
        lambda g: torch.randn(1000, 1003, dtype=dtype, generator=g),
        lambda e: distributions.normal(e, (1000, 1003), DTYPES[dtype]),
    )


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_normals_of_a_strided_tensor(dtype):
    pair = Pair(3)
    for n in (2, 15, 16, 17, 1001, 50001):
        for arguments in ((), (0.5, 2)):
            pair.compare(
                lambda g, n=n, a=arguments: torch.empty(n, 2, dtype=dtype)[:, 0].normal_(*a, generator=g),
                lambda e, n=n, a=arguments: distributions.normal(e, (n,), FLOATS[dtype], *a, serial=True),
            )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cached_normal_waits_for_the_next_small_draw(seed):
    pair = Pair(seed)

    def normals(*shape):
        pair.compare(lambda g: torch.randn(shape, generator=g), lambda e: distributions.normal(e, shape))

    normals(3)
    assert pair.ours.next_normal is not None
    normals(20)
    pair.compare(lambda g: torch.rand(5, generator=g), lambda e: distributions.uniform(e, (5,)))
    assert pair.ours.next_normal is not None
    normals(1)
    assert pair.ours.next_normal is None
    normals(7)
    pair.theirs.manual_seed(seed)
    pair.ours.seed(seed)
    normals(2, 3)
    normals()


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS], ids=str)
def test_bernoulli(dtype):
    pair, kind = Pair(5), DTYPES[dtype]
    for n in (0, 1, 100, 50001):
        for p in (0, 0.3, 1):
            pair.compare(
                lambda g, n=n, p=p: torch.empty(n, dtype=dtype).bernoulli_(p, generator=g),
                lambda e, n=n, p=p: distributions.bernoulli(e, (n,), p, kind),
            )
        for source in FLOATS:
            weights = torch.linspace(0, 1, n).to(source)
            pair.compare(
                lambda g, n=n, w=weights: torch.empty(n, dtype=dtype).bernoulli_(w, generator=g),
                lambda e, w=weights: distributions.bernoulli_of(e, array(w), kind),
            )


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_dropout_multiplies_by_the_noise(dtype, p):
    engine = Engine(11)
    torch.manual_seed(11)
    ones = torch.ones(33, 7, dtype=dtype)
    expected = array(torch.nn.functional.dropout(ones, p))
    assert distributions.dropout_noise(engine, (33, 7), FLOATS[dtype], p).tobytes() == expected.tobytes()
    assert engine.get_state().tobytes() == torch.get_rng_state().numpy().tobytes()


BOUNDS = [
    (0, 2), (0, 10), (0, 16), (-5, 7), (0, 100), (0, 256), (-128, 128), (0, 300), (0, 2**16), (0, 2**27 + 3),
    (0, 2**28 - 1), (0, 2**28), (0, 2**28 + 1), (-(2**31), 2**31), (0, 2**32), (0, 2**62), (LEAST, 2**63 - 1),
    (LEAST, 0), (5, 5), (7, 5), (0, 1), (0, 65504), (-65504, 65504), (-70000, 0), (0, 70000), (70000, 80000),
    (2**62, 2**62 + 2), (2**24, 2**24 + 2), (2**24 + 1, 2**24 + 3), (257, 259), (2049, 2050), (2049, 2055), (1, None),
    (0, None), (-3, None), (LEAST, None), (LEAST + 1, None), (2**11, None), (2**11 + 1, None), (300, None),
    (2**53 + 1, None), (),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_integers_and_their_refusals(dtype):
    for n in (0, 7, 1000):
        for bounds in BOUNDS:
            pair = Pair(5)
            expected = outcome(
                lambda n=n, b=bounds, g=pair.theirs: torch.empty(n, dtype=dtype).random_(*b, generator=g)
            )
            ours = integers.integers if bounds else integers.random_full
            got = outcome(lambda n=n, b=bounds, f=ours, e=pair.ours: f(e, (n,), DTYPES[dtype], *b))
            assert got == expected, (n, bounds)
            assert pair.ours.get_state().tobytes() == pair.theirs.get_state().numpy().tobytes(), (n, bounds)


@pytest.mark.parametrize("seed", SEEDS)
def test_permutations(seed):
    pair = Pair(seed)
    for n in (0, 1, 2, 3, 10, 100, 511, 512, 513, 1000, 60000):
        pair.compare(lambda g, n=n: torch.randperm(n, generator=g), lambda e, n=n: integers.permutation(e, n))
    for dtype in (torch.uint8, torch.int16, torch.float16, torch.float32):
        pair.compare(
            lambda g, d=dtype: torch.randperm(200, dtype=d, generator=g),
            lambda e, d=dtype: integers.permutation(e, 200, DTYPES[d]),
        )


def test_permutations_of_hundreds_of_millions_insert_one_after_another():
    source = np.random.RandomState(0)
    for n in (*range(1, 40), 1000):
        targets = np.array([source.randint(0, i + 1) for i in range(n)])
        places = [0] * n
        for i, j in enumerate(targets):
            places[i] = i
            places[i], places[j] = places[j], i
        assert integers._inserted(targets).tolist() == places


@pytest.mark.parametrize(
    ("n", "dtype"),
    [(-1, torch.int64), (257, torch.uint8), (129, torch.int8), (32769, torch.int16), (2050, torch.float16)]
    + [(2**24 + 2, torch.float32), (3, torch.bool), (3, torch.complex64), (3, torch.uint16)],
)
def test_permutations_refused(n, dtype):
    expected = outcome(lambda: torch.randperm(n, dtype=dtype))
    assert isinstance(expected[0], tuple)
    assert outcome(lambda: integers.permutation(Engine(), n, DTYPES[dtype])) == expected


def test_poisson():
    pair = Pair(2)
    for dtype in FLOATS:
        for rates in (
            torch.linspace(0, 9, 200),
            torch.linspace(10, 60, 200),
            torch.linspace(0, 20, 15).reshape(3, 5),
            torch.tensor(4.0),
        ):
            rates = rates.to(dtype)
            pair.compare(lambda g, r=rates: torch.poisson(r, generator=g), lambda e, r=rates: poisson(e, array(r)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_binomial_and_gamma(dtype):
    pair = Pair(4)
    prob = torch.linspace(0, 1, 300).to(dtype)
    for most in (5, 60, 4000):
        count = (torch.arange(300) % most).to(dtype)
        pair.compare(
            lambda g, c=count: torch.binomial(c, prob, generator=g),
            lambda e, c=count: binomial(e, array(c), array(prob)),
        )
    for shape in (torch.linspace(0.01, 1, 301), torch.linspace(1, 50, 301)):
        shape = shape.to(dtype)
        pair.compare(
            lambda g, s=shape: torch._standard_gamma(s, generator=g), lambda e, s=shape: standard_gamma(e, array(s))
        )
    shape = torch.linspace(0.1, 5, 12).reshape(4, 3).to(dtype)
    pair.compare(lambda g: torch._sample_dirichlet(shape, generator=g), lambda e: dirichlet(e, array(shape)))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_multinomial(dtype):
    pair = Pair(6)
    for shape in ((1,), (10,), (4, 7), (2, 1000), (1, 100003)):
        weights = (torch.rand(shape, generator=torch.Generator().manual_seed(1)) + 0.01).to(dtype)
        draws = [(1, False), (1, True), (30, True)]
        if dtype in (torch.float32, torch.float64):  # 16-bit quotients are often equal
            draws += [(min(300, shape[-1] // 2), False), (min(3, shape[-1]), False)]
        for n, replacement in draws:
            if n:
                pair.compare(
                    lambda g, w=weights, n=n, r=replacement: torch.multinomial(w, n, r, generator=g),
                    lambda e, w=weights, n=n, r=replacement: multinomial(e, array(w), n, r),
                )


NAN, INF = float("nan"), float("inf")
REFUSED = [
    *[
        ("uniform_", distributions.uniform, torch.float32, a)
        for a in ((2, 1), (-1e39, 1), (-3e38, 3e38), (NAN, 1), (INF, 1))
    ],
    *[("uniform_", distributions.uniform, torch.float16, a) for a in ((0, 65536.0), (-60000, 60000))],
    ("uniform_", distributions.uniform, torch.bfloat16, (-1e39, 0)),
    ("uniform_", distributions.uniform, torch.float64, (-1.7e308, 1.7e308)),
    ("uniform_", distributions.uniform, torch.int64, ()),
    *[("normal_", distributions.normal, torch.float32, a) for a in ((0, -1), (0, NAN))],
    *[("normal_", distributions.normal, d, ()) for d in (torch.int64, torch.bool)],
    *[("exponential_", distributions.exponential, torch.float32, (a,)) for a in (0, -0.5, NAN)],
    *[("exponential_", distributions.exponential, d, ()) for d in (torch.int64, torch.complex64)],
    *[("geometric_", distributions.geometric, torch.float32, (a,)) for a in (0, 1, 1.5)],
    *[("geometric_", distributions.geometric, d, (0.5,)) for d in (torch.bool, torch.uint16)],
    ("cauchy_", distributions.cauchy, torch.float32, (0, 0)),
    *[("cauchy_", distributions.cauchy, d, ()) for d in (torch.int64, torch.int16, torch.complex64)],
    ("log_normal_", distributions.log_normal, torch.float32, (0, 0)),
    ("log_normal_", distributions.log_normal, torch.int64, ()),
]


@pytest.mark.parametrize(("method", "ours", "dtype", "arguments"), REFUSED)
@pytest.mark.parametrize("n", [0, 3, 20])
def test_parameters_refused(method, ours, dtype, arguments, n):
    expected = outcome(lambda: getattr(torch.empty(n, dtype=dtype), method)(*arguments))
    assert n == 0 or isinstance(expected[0], tuple)
    assert outcome(lambda: ours(Engine(), (n,), DTYPES[dtype], *arguments)) == expected


def test_probabilities_refused():
    for p in (1.5, -0.1, NAN):
        expected = outcome(lambda p=p: torch.empty(3).bernoulli_(p))
        assert outcome(lambda p=p: distributions.bernoulli(Engine(), (3,), p)) == expected
    for p in (torch.tensor([0.5, 1.5]), torch.tensor([0.5, NAN]), torch.tensor([1, 0])):
        expected = outcome(lambda p=p: torch.bernoulli(p))
        assert outcome(lambda p=p: distributions.bernoulli_of(Engine(), array(p))) == expected
    for rate in (torch.tensor([1.0, -1.0]), torch.tensor([1, 2]), torch.tensor([1.0, NAN])):
        assert outcome(lambda r=rate: poisson(Engine(), array(r))) == outcome(lambda r=rate: torch.poisson(r))


WEIGHTS = [[1.0, -1.0], [0.0, 0.0], [1.0, INF], [1.0, NAN], [[1.0, 1.0], [0.0, 0.0]], [[[1.0, 1.0]]], 1.0, [1, 1]]


@pytest.mark.parametrize(
    ("weights", "replacement"), [([], False), *[(w, r) for w in WEIGHTS for r in (False, True)]], ids=str
)
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_weights_refused(weights, n, replacement):
    weights = torch.tensor(weights)
    expected = outcome(lambda: torch.multinomial(weights, n, replacement))
    assert isinstance(expected[0], tuple)
    assert outcome(lambda: multinomial(Engine(), array(weights), n, replacement)) == expected


# ---------------------------------------------------------------------- the engine


@pytest.mark.parametrize("seed", [*SEEDS, 2**64 - 1, LEAST])
def test_words_and_state_at_every_kind_of_place(seed):
    pair = Pair(seed)
    assert pair.ours.initial_seed == pair.theirs.initial_seed()
    for n in (0, 1, 5, 618, 0, 1, 623, 1248, 3000, 7):  # 624 is the end of the first block
        pair.compare(
            lambda g, n=n: torch.empty(n, dtype=torch.int64).random_(0, 2**28 - 1, generator=g) % 2**20,
            lambda e, n=n: (e.u32(n) % (2**28 - 1) % 2**20).astype(np.int64),
        )
    pair.compare(
        lambda g: torch.empty(400, dtype=torch.int64).random_(LEAST, None, generator=g),
        lambda e: e.u64(400).view(np.int64),
    )


def test_words_belong_to_who_drew_them():
    engine, twin = Engine(1), Engine(1)
    for n in (3, 700, 621, 624 * 3):
        engine.u32(n)[:] = 0
        twin.u32(n)
    assert engine.u32(5).tolist() == twin.u32(5).tolist()


@pytest.mark.parametrize("before", [0, 1, 311, 312, 624, 1000])
@pytest.mark.parametrize("normals", [0, 3])
def test_states_pass_from_torch_and_back(before, normals):
    theirs = torch.Generator().manual_seed(2**40 + 5)
    torch.rand(before, generator=theirs)
    torch.randn(normals, generator=theirs)
    ours = Engine()
    ours.set_state(theirs.get_state().numpy())
    assert ours.initial_seed == 2**40 + 5
    assert ours.get_state().tobytes() == theirs.get_state().numpy().tobytes()
    back = torch.Generator()
    back.set_state(torch.from_numpy(ours.get_state()))
    expected = torch.randn(5, generator=theirs), torch.randn(1000, generator=theirs)
    for generator in (back,):
        assert all(torch.equal(torch.randn(each.shape, generator=generator), each) for each in expected)
    for engine in (ours.clone(), copy.deepcopy(ours), ours):
        for each in expected:
            assert distributions.normal(engine, each.shape).tobytes() == each.numpy().tobytes()


def test_states_refused_leave_the_engine_alone():
    engine = Engine(3)
    engine.u32(10)
    state = engine.get_state()
    for bad in (state.astype(np.float32), state[:10], np.zeros(5056, np.uint8)):
        theirs = torch.Generator()
        assert outcome(lambda b=bad: engine.set_state(b)) == outcome(
            lambda b=bad, g=theirs: g.set_state(torch.from_numpy(b))
        )
        assert engine.get_state().tobytes() == state.tobytes()
    with pytest.raises(RuntimeError, match="RNG state must be contiguous"):
        engine.set_state(np.zeros(10112, np.uint8)[::2])


def test_seeds():
    assert Engine().initial_seed == torch.Generator().initial_seed() == DEFAULT_SEED
    for seed in (2**64, LEAST - 1):
        expected = outcome(lambda s=seed: torch.Generator().manual_seed(s))
        assert outcome(lambda s=seed: Engine().seed(s)) == expected
    with pytest.raises(TypeError, match="integer"):
        Engine(1.5)
    engine = Engine(0)
    seeds = {engine.reseed() for _ in range(4)}
    assert len(seeds) == 4
    assert engine.initial_seed in seeds
    assert engine.u32(3).tolist() == Engine(engine.initial_seed).u32(3).tolist()


# ---------------------------------------------------------------------- arithmetic


def test_fused_multiply_adds_round_once():
    from fractions import Fraction

    source = np.random.RandomState(0)
    x = np.concatenate((source.rand(300), source.rand(50) * 2.0**-40, [0.0, 1.0, 0.5]))
    for factor, addend in ((0.3, 0.7), (1.1, -1.1), (2.0**-60, 1.0), (3e-5, 1e9), (1e300, -1e299), (1e-300, 1e-301)):
        got = fma64(x, factor, addend)
        assert got.tolist() == [float(Fraction(v) * Fraction(factor) + Fraction(addend)) for v in x.tolist()]
    # 1 + 2^-24 is the middle between two float32: what lies 2^-80 beside it decides, though float64 cannot hold it
    product = np.array([2.0**-24, 2.0**-24 * (1 + 2.0**-46), 2.0**-24 * (1 - 2.0**-47)])
    assert fma32(product, 1.0).tolist() == [1.0, 1 + 2.0**-23, 1.0]
    assert (product + 1.0).astype(np.float32).tolist() == [1.0, 1.0, 1.0]
