"""Values and derivatives at zeros, bounds, ties, what is tiny, what is huge, infinities and NaN."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import array_of, check_op, reference, tensor_of

INF, NAN = float("inf"), float("nan")
PLAIN = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 6.0, 21.0, -21.0, INF, -INF]
# not remainder and fmod, whose value is where a quotient overflows
ONE = """
abs acos acosh angle asin asinh atan atanh cos cosh digamma erf erfc erfinv exp exp2 expm1 frac lgamma log log10 log1p log2
logit neg positive reciprocal round rsqrt sgn sigmoid sign sin sinc sinh sqrt square tan tanh trunc
nn.functional.celu nn.functional.elu nn.functional.gelu nn.functional.hardshrink nn.functional.hardsigmoid
nn.functional.hardswish nn.functional.hardtanh nn.functional.leaky_relu
nn.functional.logsigmoid nn.functional.mish nn.functional.relu nn.functional.silu
nn.functional.relu6 nn.functional.selu nn.functional.softplus nn.functional.softshrink nn.functional.softsign
nn.functional.tanhshrink
""".split()
TWO = """
add atan2 copysign div fmax fmin hypot lerp=0.25 logaddexp logaddexp2 maximum minimum mul pow sub true_divide
xlogy nn.functional.huber_loss nn.functional.l1_loss nn.functional.mse_loss nn.functional.smooth_l1_loss
clamp_min clamp_max where
""".split()


def _values(dtype: str) -> np.ndarray:
    """The plain ones, and some whose square is no number of the dtype."""
    limits = np.finfo(dtype)
    root, most = float(limits.tiny) ** 0.5, float(limits.max)
    # NaN is among the last 4 of 20, which PyTorch computes one by one: at NaN its loops for more differ from that
    return np.array([*PLAIN, root / 2, -root / 2, most**0.5 * 2, -(most**0.5) * 2, most / 2, NAN], dtype)


def _call(library, name: str):
    name, _, extra = name.partition("=")
    found = library
    for part in name.split("."):
        found = getattr(found, part)
    if name == "where":
        return lambda x, y: found(x > y, x, y)
    if "loss" in name:
        return lambda x, y: found(x, y, reduction="none")
    return (lambda *given: found(*given, float(extra))) if extra else found


def _found(library, name: str, arrays: list, orders: int) -> list[np.ndarray]:
    """The value, the gradients, and those of their sum."""
    leaves = [tensor_of(library, each).requires_grad_() for each in arrays]
    value = _call(library, name)(*leaves)
    found, total = [value], value
    for order in range(orders):
        if not total.requires_grad:
            break
        grads = library.autograd.grad(
            total, leaves, library.ones_like(total), create_graph=order + 1 < orders, allow_unused=True
        )
        grads = [library.zeros_like(each) if grad is None else grad for grad, each in zip(grads, leaves, strict=True)]
        found += grads
        total = sum(grads[1:], grads[0])
    return [array_of(each) for each in found]


def _compare(name: str, arrays: list, orders: int = 1) -> None:
    """Both libraries: NaN and infinities at the same places, the rest to rounding."""
    with np.errstate(all="ignore"):
        want, got = (_found(library, name, arrays, orders) for library in (reference(), torchlike))
        assert len(want) == len(got)
        rtol = 1e-4 if arrays[0].dtype == np.float32 else 1e-9
        for place, (one, other) in enumerate(zip(got, want, strict=True)):
            told = f"{name}, {['value', 'first gradient', 'second gradient'][min(place, 2)]} of {arrays}"
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6, err_msg=told)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ONE)
def test_of_one(name: str, dtype: str):
    _compare(name, [_values(dtype)[:, None]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TWO)
def test_of_two(name: str, dtype: str):
    grid = np.meshgrid(_values(dtype), _values(dtype))
    _compare(name, [np.ascontiguousarray(each) for each in grid])


COMPLEX = "atanh exp2 log log10 log2 mul reciprocal sgn sqrt square".split()


@pytest.mark.parametrize("name", COMPLEX)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_of_complex_numbers(name: str, dtype: str):
    parts = [complex(0, 0), 1, -1, INF, -INF, complex(NAN, 0), 1j, -2j, complex(0, INF), 0.5 + 2j, 1e-30, 30j]
    given = [np.array(parts, dtype)]
    _compare(name, given * 2 if name == "mul" else given)


ROWS = {
    "prod of a zero": (lambda torch, x: x.prod(), [0, 1, 2]),
    "prod of zeros": (lambda torch, x: x.prod(1), [[0, 0, 2], [1, 0, 3]]),
    "prod of inf": (lambda torch, x: x.prod(), [INF, 1, 2]),
    "prod of NaN": (lambda torch, x: x.prod(), [NAN, 1, 2]),
    "prod of zeros and NaN": (lambda torch, x: x.prod(), [0, NAN, 0]),
    "prod of a number": (lambda torch, x: x.prod(), INF),
    "prod of all": (lambda torch, x: x.prod(), [INF, 0, 2]),
    "cumprod of zeros": (lambda torch, x: x.cumprod(0), [1, 0, 2, 0, 3]),
    "cumprod of inf": (lambda torch, x: x.cumprod(0), [1, INF, 2]),
    "cumprod of NaN": (lambda torch, x: x.cumprod(0), [1, NAN, 2]),
    "logcumsumexp of far ones": (lambda torch, x: x.logcumsumexp(0), [100, 1, -100, 100]),
    "renorm of NaN": (lambda torch, x: x.renorm(2, 0, 1.0), [[NAN, 1], [3, 4], [0.1, 0.2]]),
    "polygamma": (lambda torch, x: torch.polygamma(1, x), [INF, 1, -0.0]),
    "zeta": (lambda torch, x: torch.special.zeta(torch.tensor(2.0), x), [INF, 1]),
    "mvlgamma": (lambda torch, x: torch.mvlgamma(x, 1), [-0.0, 0.0]),
    "cholesky of what is above": (
        lambda torch, x: torch.linalg.cholesky(x, upper=True),
        [[4, 1, 0.5], [9, 3, 0.2], [7, 5, 2]],
    ),
    "singular values of inf": (lambda torch, x: torch.linalg.svdvals(x.detach()), [[1, INF], [0, 1]]),
    "norm of zeros": (lambda torch, x: x.norm(), [0, 0]),
    "norm of huge": (lambda torch, x: x.norm(), [3e38, 1]),
    "norm of inf": (lambda torch, x: x.norm(), [INF, 1]),
    "cube norm of a zero": (lambda torch, x: x.norm(3), [0, 1]),
    "largest, equal": (lambda torch, x: x.norm(INF), [1, -1, 0.5]),
    "largest, zeros": (lambda torch, x: x.norm(INF), [0, 0]),
    "largest, NaN": (lambda torch, x: x.norm(INF), [1, NAN]),
    "least, equal": (lambda torch, x: x.norm(-INF), [1, -1, 2]),
    "var of inf": (lambda torch, x: x.var(), [1, INF]),
    "var of huge": (lambda torch, x: x.var(), [3e38, -3e38, 0]),
    "var of one": (lambda torch, x: x.var(), [1]),
    "var of too few": (lambda torch, x: x.var(correction=3), [1, 2]),
    "std of equals": (lambda torch, x: x.std(), [1, 1]),
    "std of NaN": (lambda torch, x: x.std(), [1, NAN]),
    "nansum": (lambda torch, x: x.nansum(), [1, NAN]),
    "nanmean of none": (lambda torch, x: x.nanmean(), [NAN, NAN]),
    "quantile": (lambda torch, x, q: torch.quantile(x, q), [1, 2, 4], 0.3),
    "quantile of NaN": (lambda torch, x, q: torch.quantile(x, q), [1, NAN, 3], 0.5),
    "quantile of inf": (lambda torch, x: x.quantile(0.75), [INF, 2, INF]),
    "nearest quantile": (lambda torch, x: x.quantile(0.5, interpolation="nearest"), [1, 4]),
    "nanquantile": (lambda torch, x: x.nanquantile(0.3), [NAN, 2, 3]),
    "nanquantile of none": (lambda torch, x: x.nanquantile(0.3), [NAN, NAN]),
    "normalize zeros": (lambda torch, x: torch.nn.functional.normalize(x, dim=0), [0, 0]),
    "normalize inf": (lambda torch, x: torch.nn.functional.normalize(x, dim=0), [INF, 0]),
    "cosine of zeros": (lambda torch, x, y: torch.cosine_similarity(x, y, 0), [0, 0], [1, 2]),
    "cosine of inf": (lambda torch, x, y: torch.cosine_similarity(x, y, 0), [INF, 0], [1, 2]),
    "equal points": (lambda torch, x, y: torch.cdist(x, y), [[1, 2], [3, 4]], [[1, 2]]),
    "polar": (lambda torch, r, a: torch.view_as_real(torch.polar(r, a)), [0, INF, NAN], [1, 1, 1]),
    "i1": (lambda torch, x: torch.special.i1(x), [0, NAN, 1]),
    "hinge at its margin": (
        lambda torch, x: torch.nn.functional.hinge_embedding_loss(x, torch.tensor([1, -1, -1]), reduction="none"),
        [NAN, 1, NAN],
    ),
    "put twice": (lambda torch, x, v: x.clone().index_put((_places(torch),), v), [1, 2, 3], [7, 8, 9]),
    "put in place": (lambda torch, x, v: x.clone().index_put_((_places(torch),), v), [1, 2, 3], [7, 8, 9]),
    "scatter twice": (lambda torch, x, v: x.scatter(0, _places(torch), v), [1, 2, 3], [7, 8, 9]),
    "copy twice": (lambda torch, x, v: x.index_copy(0, _places(torch), v), [1, 2, 3], [7, 8, 9]),
    "put flat twice": (lambda torch, x, v: x.put(_places(torch), v), [1, 2, 3], [7, 8, 9]),
    "largest at a place": (
        lambda torch, x, v: x.scatter_reduce(0, _places(torch), v, "amax"),
        [8, 2, 3],
        [8, 8, NAN],
    ),
    "lerp twice": (
        lambda torch, x, y: torch.autograd.grad(torch.lerp(x * x, y, 0.3).sum(), x, create_graph=True)[0],
        [1, 2],
        [1, 5],
    ),
    "an empty batch": (
        lambda torch, x, w: torch.nn.functional.batch_norm(x, torch.zeros(2), torch.ones(2), w, None, True),
        np.zeros((0, 2, 3)),
        [1, 2],
    ),
    "one margin": (lambda torch, x: torch.nn.functional.multi_margin_loss(x, torch.tensor(0)), 2),
    "one label": (lambda torch, x: torch.nn.functional.multilabel_margin_loss(x, torch.tensor(0)), 2),
    "masked": (lambda torch, x: x * torch.tensor([True, False]), [INF, NAN]),
}


def _places(library):
    return library.tensor([0, 0, 1])


@pytest.mark.filterwarnings("ignore:var.*degrees of freedom")
@pytest.mark.parametrize("name", ROWS)
def test_of_rows(name: str):
    call, *arrays = ROWS[name]
    check_op([np.array(each, np.float32) for each in arrays], call, rtol=1e-4)
