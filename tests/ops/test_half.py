"""float16 and bfloat16: computed in float32, rounded once an operation, the same in all tiers."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, tensor_of

DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
# half an ulp of a sum in another order
NEAR = {"float16": 2e-3, "bfloat16": 1.6e-2}


def _extreme(shape: tuple, dtype: str, seed: int = 0) -> np.ndarray:
    """Numbers of all sizes that a half holds, whose squares and products it does not."""
    random = np.random.default_rng(seed)
    least, most = (-10, 15) if dtype == "float16" else (-20, 20)
    return (np.exp2(random.uniform(least, most, shape)) * random.choice([-1, 1], shape)).astype(DTYPES[dtype])


ELEMENTWISE = {
    "product": lambda torch, x, y: x * 1e-3 * y,
    "product with a number beyond": lambda torch, x, y: x * 1e5,
    "sum with a number beyond": lambda torch, x, y: x + 1e5,
    "quotient by a small number": lambda torch, x, y: x / 1e-6,
    "number over it": lambda torch, x, y: 1e5 / x,
    "lerp": lambda torch, x, y: torch.lerp(x, y, 1e-4),
    "addcmul": lambda torch, x, y: torch.addcmul(x, y, y, value=1e-4),
    "addcdiv": lambda torch, x, y: torch.addcdiv(x, y, x, value=1e-4),
    "hypot": lambda torch, x, y: torch.hypot(x, y),
    "sinc": lambda torch, x, y: torch.sinc(x / 100),
    "ndtr": lambda torch, x, y: torch.special.ndtr(x / 10),
    "gelu": lambda torch, x, y: torch.nn.functional.gelu(x),
    "softplus": lambda torch, x, y: torch.nn.functional.softplus(x, 1e-3),
    "rounding to decimals": lambda torch, x, y: torch.round(x, decimals=3),
    "remainder by a rounded number": lambda torch, x, y: torch.remainder(x, 0.3),
    "comparison with a number beyond": lambda torch, x, y: x < 1e5,
}
REDUCING = {
    "sum": lambda torch, x, y: (x * 1e-3).sum(),
    "mean": lambda torch, x, y: x.abs().mean(),
    "cumsum": lambda torch, x, y: (x * 1e-3).cumsum(1),
    "norm": lambda torch, x, y: x.norm(),
    "norms": lambda torch, x, y: x.norm(3, 1),
    "std": lambda torch, x, y: x.std(1),
    "var_mean": lambda torch, x, y: torch.var_mean(x * 1e-2, 0),
    "logsumexp": lambda torch, x, y: x.logsumexp(1),
    "softmax": lambda torch, x, y: (x * 1e-3).softmax(1),
    "softmax of float32": lambda torch, x, y: torch.softmax(x.float(), 1, dtype=x.dtype),
    "sum of float32": lambda torch, x, y: x.float().sum(1, dtype=x.dtype),
    "matmul": lambda torch, x, y: (x * 1e-2) @ (y * 1e-2).t(),
    "addmm": lambda torch, x, y: torch.addmm(x[:, :1], x, y.t(), beta=0.2, alpha=1e-5),
    "cosine_similarity": lambda torch, x, y: torch.cosine_similarity(x, y),
    "normalize": lambda torch, x, y: torch.nn.functional.normalize(x),
    "renorm": lambda torch, x, y: x.renorm(2, 0, 0.5),
    "layer_norm": lambda torch, x, y: torch.nn.functional.layer_norm(x, (6,)),
    "rms_norm": lambda torch, x, y: torch.nn.functional.rms_norm(x, (6,)),
    "attention": lambda torch, x, y: torch.nn.functional.scaled_dot_product_attention(x[None], y[None], y[None]),
    "mse_loss": lambda torch, x, y: torch.nn.functional.mse_loss(x * 1e-2, y * 1e-2),
    "cross_entropy": lambda torch, x, y: torch.nn.functional.cross_entropy(x, torch.arange(5)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE | REDUCING)
def test_opmath(name: str, dtype: str):
    inputs = [_extreme((5, 6), dtype, 1), _extreme((5, 6), dtype, 2)]
    check_op(inputs, (ELEMENTWISE | REDUCING)[name], grad=False, rtol=NEAR[dtype], atol=1e-6)


# PyTorch's vectors; its loop over the rest, fewer than 64 elements, rounds `alpha * other` as well
STEPS = {
    "sum": lambda torch, x, y: torch.add(x, y, alpha=0.3),
    "difference": lambda torch, x, y: torch.sub(x, y, alpha=1.7),
    "turned difference": lambda torch, x, y: torch.rsub(x, y, alpha=-0.7),
    "sum with an integer factor": lambda torch, x, y: x.clone().add_(y, alpha=3),
    "cube": lambda torch, x, y: (x / 64) ** 3,
    "inverse square": lambda torch, x, y: (x / 64) ** -2,
    "sum of a table": lambda torch, x, y: x.index_add(0, torch.arange(8), y, alpha=2),
    "normalize of zeros": lambda torch, x, y: torch.nn.functional.normalize(x * 0),
    "cosine_similarity": lambda torch, x, y: torch.nn.functional.cosine_similarity(x / 64, y / 64),
    "cosine_similarity with zeros": lambda torch, x, y: torch.nn.functional.cosine_similarity(x * 0, y),
    "pairwise_distance": lambda torch, x, y: torch.nn.functional.pairwise_distance(x / 64, y / 64),
    "lerp by a tensor": lambda torch, x, y: torch.lerp(x, y, torch.tensor(0.3001)),
    "log_softmax": lambda torch, x, y: (x / 64).log_softmax(1),
    "log_softmax of columns": lambda torch, x, y: (x / 64).log_softmax(0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", STEPS)
def test_steps_that_round(name: str, dtype: str):
    random = np.random.default_rng(3)
    inputs = [(random.normal(size=(8, 64)) * 100).astype(DTYPES[dtype]) for _ in range(2)]
    check_op(inputs, STEPS[name], grad=False, rtol=1e-6, atol=1e-8)
    check_op(inputs, STEPS[name], rtol=NEAR[dtype], atol=NEAR[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_computed_in_single_precision(dtype: str):
    x = np.array([300.0, 400.0, 1e-3]).astype(DTYPES[dtype])
    check_op([x], lambda torch, x: x.norm(), rtol=NEAR[dtype])
    check_op([x], lambda torch, x: (x * 1e5 * 1e-5).sum(), rtol=NEAR[dtype])
    check_op([x], lambda torch, x: torch.nn.functional.layer_norm(x, (3,)), rtol=NEAR[dtype], atol=1e-3)


def test_clip_grad_norm():
    def clipped(torch, x):
        x.requires_grad_()
        (x * x).sum().backward()
        return torch.nn.utils.clip_grad_norm_([x], 1.0), x.grad

    check_op([np.array([200.0, 300.0], np.float16)], clipped, grad=False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(4))
def test_each_operation_rounds_in_every_tier(dtype: str, seed: int):
    def chain(x, y):
        z = x * y
        z = z / y + x * 3.3
        z = (z - x * 1e-3).sqrt() * 1e4
        return z, z * 1e-3, z.sum(0), (z * 1e-2) @ y

    made = []
    for mode in ("eager", "auto", "whole"):
        with torchlike.execution_mode(mode):
            x, y = [tensor_of(torchlike, np.abs(_extreme((4, 4), dtype, seed + each))) for each in range(2)]
            made.append([each.tolist() for each in chain(x, y)])
    assert repr(made[1]) == repr(made[0])
    assert repr(made[2]) == repr(made[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "move",
    [
        lambda torch, x: x[:1].expand(3000),
        lambda torch, x: x[torch.zeros(3000, dtype=torch.int64)],
        lambda torch, x: x.gather(0, torch.zeros(3000, dtype=torch.int64)),
        lambda torch, x: torch.nn.functional.embedding(torch.zeros(3000, dtype=torch.int64), x.reshape(-1, 1)),
        lambda torch, x: x.repeat_interleave(1000),
    ],
)
def test_what_is_taken_often_sums_its_gradient_in_single_precision(move, dtype: str):
    found = []
    for mode in ("eager", "auto", "whole"):
        with torchlike.execution_mode(mode):
            x = tensor_of(torchlike, np.array([1.1, -2.3], DTYPES[dtype])).requires_grad_()
            y = move(torchlike, x)
            y.backward(torchlike.full_like(y, 1.001))
            found.append(x.grad.tolist())
    times = y.numel() / (1 if found[0][1] == 0 else 2)
    assert found[1] == found[0] == found[2]
    np.testing.assert_allclose(found[0][0], times, rtol=2 * NEAR[dtype])


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x: x.masked_fill(x > 0, 1e5),
        lambda torch, x: x.clamp(max=-70000),
        lambda torch, x: torch.nn.functional.pad(x, (1, 1), value=1e5),
        lambda torch, x: torch.nn.functional.threshold(x, 0.0, 1e40),
        lambda torch, x: x.fill_(1e5),
        lambda torch, x: torch.full_like(x, 1e5),
    ],
)
def test_numbers_beyond_are_refused(fn):
    check_error([np.array([1.0, -2.0], np.float16)], fn)
    check_error([np.array([1, 2], np.uint8)], fn)


def test_what_moves_stays_as_it_is():
    """Neither halves themselves nor their own bits go through float32."""
    odd = np.array([1.0, -0.0, np.inf], np.float16)
    check_op([odd], lambda torch, x: torch.nextafter(x, x * 0), grad=False)
    check_op([odd], lambda torch, x: x.flip(0).view(torch.int16), grad=False)
    spec = torchlike.gather.op
    tensor_of(torchlike, odd).gather(0, torchlike.tensor([2])).tolist()
    traced = [each for each in spec.specs.values() if each.outputs[0].dtype is torchlike.float16]
    assert traced and "f32" not in str(traced[0].jaxpr)


OPERANDS = {  # PyTorch takes the second operand of a product or quotient as it is, if that is one number
    "x + s": lambda torch, x, s: x + s,
    "s - x": lambda torch, x, s: s - x,
    "x * s": lambda torch, x, s: x * s,
    "s * x": lambda torch, x, s: torch.mul(s, x) if isinstance(s, torch.Tensor) else s * x,
    "x / s": lambda torch, x, s: x / s,
    "s / x": lambda torch, x, s: s / x,
    "x % s": lambda torch, x, s: x % s,
    "pow": lambda torch, x, s: x.abs() ** s,
    "atan2": lambda torch, x, s: torch.atan2(x, torch.as_tensor(s)),
    "maximum": lambda torch, x, s: torch.maximum(x, torch.as_tensor(s)),
    "addcmul": lambda torch, x, s: torch.addcmul(x, x, torch.as_tensor(s)),
    "in place": lambda torch, x, s: x.clone().add_(s).div_(s),
}


@pytest.mark.parametrize("number", [0.4963, 1e-5, 1.0009765, 2.7])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERANDS)
def test_numbers_are_rounded_where_they_are_operands(name: str, dtype: str, number: float):
    x = np.random.default_rng(0).standard_normal(40).astype(DTYPES[dtype])
    x[:4] = np.array([2e-5, -7e-6, 3e-5, 1e-4])
    check_op([x], lambda torch, x: OPERANDS[name](torch, x, number), grad=False, rtol=0, atol=0)
    check_op([x], lambda torch, x: OPERANDS[name](torch, x, torch.tensor(number)), grad=False, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_integers_are_rounded_where_they_are_operands(dtype: str):
    x = np.random.default_rng(0).standard_normal(5).astype(DTYPES[dtype])
    check_op([x], lambda torch, x: x + torch.tensor([1001, 4099, 259, 2051, 7]), grad=False, rtol=0, atol=0)
