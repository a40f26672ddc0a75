"""Values and derivatives at zeros, bounds, ties, what is tiny, what is huge, infinities and NaN."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import array_of, reference, tensor_of

INF, NAN = float("inf"), float("nan")
PLAIN = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 6.0, 21.0, -21.0, INF, -INF, NAN]
# not hardtanh, relu6 and softshrink, whose gradient at NaN is another in PyTorch's loops for many elements, nor
# remainder and fmod, whose value is where a quotient overflows
ONE = """
abs acos acosh angle asin asinh atan atanh cos cosh digamma erf erfc erfinv exp exp2 expm1 frac lgamma log log10 log1p log2
logit neg positive reciprocal round rsqrt sgn sigmoid sign sin sinc sinh sqrt square tan tanh trunc
nn.functional.elu nn.functional.gelu nn.functional.hardsigmoid nn.functional.hardswish
nn.functional.logsigmoid nn.functional.mish nn.functional.relu nn.functional.silu
nn.functional.softplus nn.functional.softsign nn.functional.tanhshrink
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
    return np.array([*PLAIN, root / 2, -root / 2, most**0.5 * 2, -(most**0.5) * 2, most / 2], dtype)


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
