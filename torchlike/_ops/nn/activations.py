"""Activations: functions of each element, and the softmax family.

`jax.nn` where its value and derivative are PyTorch's; where they part (mostly at the kink) the body is written out.
"""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from torchlike._dispatch import op
from torchlike._half import stepped
from torchlike._ops._derivatives import derived, where
from torchlike._ops._promote import (
    Array,
    DType,
    Number,
    Positive,
    as_dtype,
    checked_number,
    known,
    magnitude,
    promoted_float,
    wrap_dim,
)
from torchlike._ops.arithmetic import quotient
from torchlike._ops.nn._checks import need_float, scalar_type
from torchlike._ops.trigonometric import tanh_of
from torchlike._out import KERNEL, SAME, UNARY
from torchlike._recorder.checks import Check


@op
def relu(input: Array, inplace: bool = False) -> Array:
    """``max(input, 0)``; derivative 0 at 0.

    Raises:
        RuntimeError: the input is bool.

    Example:
        >>> torch.relu(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([0., 0., 2.])
    """
    if input.dtype == bool:
        raise RuntimeError("Boolean inputs not supported for relu")
    return jnp.where(input <= 0, jnp.zeros_like(input), input)


@op(fits=("value",), shares="all")
def threshold(input: Array, threshold: Number, value: Number, inplace: bool = False) -> Array:
    """The input where it is above `threshold`, elsewhere `value`.

    Example:
        >>> torch.threshold(torch.tensor([0.5, 1.0, 2.0]), 1.0, -7.0)
        tensor([-7., -7.,  2.])
    """
    return jnp.where(input <= checked_number(threshold, input.dtype), as_dtype(value, input.dtype), input)


def _clipped(input: Array, low: Array, high: Array) -> Array:
    # jnp.clip shares the derivative between input and bound where they are equal; PyTorch's is 0 there
    return jnp.where(input <= low, low, jnp.where(input >= high, high, input))


@op(fits=("min_val", "max_val"))
def hardtanh(input: Array, min_val: Number = -1.0, max_val: Number = 1.0) -> Array:
    """The input cut at `min_val` and `max_val`; derivative 0 at both.

    Raises:
        NotImplementedError: the input is bool.

    Example:
        >>> torch.nn.functional.hardtanh_(torch.tensor([-2.0, 0.5, 3.0]))
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if input.dtype == bool:
        raise NotImplementedError("Bool inputs not supported for hardtanh")
    return _clipped(input, as_dtype(min_val, input.dtype), as_dtype(max_val, input.dtype))


@op(grad_name="HardtanhBackward0")
def relu6(input: Array, inplace: bool = False) -> Array:
    """The input cut at 0 and 6; derivative 0 at both.

    Example:
        >>> torch.nn.functional.relu6(torch.tensor([-1.0, 2.0, 8.0]))
        tensor([0., 2., 6.])
    """
    if input.dtype == bool:
        raise NotImplementedError("Bool inputs not supported for hardtanh")
    return _clipped(input, as_dtype(0, input.dtype), as_dtype(6, input.dtype))


@op
def elu(input: Array, alpha: Number = 1.0, scale: Number = 1.0, input_scale: Number = 1.0) -> Array:
    """``scale * input`` above 0, ``scale * alpha * (exp(input_scale * input) - 1)`` below.

    Source: Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, 2015.

    Example:
        >>> torch.nn.functional.elu_(torch.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    need_float("elu_cpu", input)
    return _elu(input, *[checked_number(each, input.dtype) for each in (alpha, scale, input_scale)])


def _elu_slope(along, value, input, alpha, scale, input_scale):
    below = input_scale * scale * alpha * jnp.exp(jnp.where(input < 0, input, 0) * input_scale)
    return along * jnp.where(input <= 0, below, scale)


@derived(_elu_slope)
def _elu(input, alpha, scale, input_scale):
    below = scale * alpha * jnp.expm1(jnp.where(input > 0, 0, input) * input_scale)
    return jnp.where(input > 0, input * scale, below)


_SELU = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0  # alpha, scale, and of the input


@op(grad_name="EluBackward0")
def selu(input: Array, inplace: bool = False) -> Array:
    """`elu` with the constants that keep mean 0 and variance 1.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.

    Example:
        >>> torch.selu(torch.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """
    need_float("elu_cpu", input)
    return _elu(input, *[jnp.array(each, input.dtype) for each in _SELU])


def _is_not_zero(input, alpha=1.0) -> list[Check]:
    if isinstance(alpha, float):  # the default
        return []
    return [Check(lambda alpha: alpha == 0, (alpha,), RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU"))]


@op(check=_is_not_zero)
def celu(input: Array, alpha: Number = 1.0, inplace: bool = False) -> Array:
    """``max(0, input) + min(0, alpha * (exp(input / alpha) - 1))``.

    Raises:
        RuntimeError: `alpha` is 0.

    Source: Barron, Continuously Differentiable Exponential Linear Units, 2017.

    Example:
        >>> torch.celu(torch.tensor([-1.0, 2.0]), alpha=0.5)
        tensor([-0.4323,  2.0000])
    """
    need_float("elu_cpu", input)
    alpha = checked_number(alpha, np.float64).astype(input.dtype)
    return _elu(input, alpha, jnp.ones_like(alpha), 1 / alpha)


@op
def leaky_relu(input: Array, negative_slope: Number = 0.01, inplace: bool = False) -> Array:
    """The input where it is positive, elsewhere ``negative_slope * input``.

    Example:
        >>> torch.nn.functional.leaky_relu_(torch.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    need_float("leaky_relu_cpu", input)
    return jnp.where(input > 0, input, input * checked_number(negative_slope, input.dtype))


@op(grad_name="PreluKernelBackward0")
def prelu(input: Array, weight: Array) -> Array:
    """The input where it is positive, elsewhere times a learned slope.

    Args:
        input: ``(N, C, *)`` or ``(C)``.
        weight: ``(1)``, ``()`` or ``(C)``.

    Raises:
        RuntimeError: sizes or dtypes do not fit.

    Source: He et al., Delving Deep into Rectifiers, 2015.

    Example:
        >>> torch.prelu(torch.tensor([-1.0, 2.0]), torch.tensor([0.25]))
        tensor([-0.2500,  2.0000])
    """
    if input.dtype != weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {scalar_type(input)} and {scalar_type(weight)}")
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if weight.size != 1:
        if not input.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if channels != weight.size:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.size} and "
                f"channel size = {channels}."
            )
    slope = weight.reshape((-1,) + (1,) * (input.ndim - 2)) if input.ndim > 1 else weight.reshape(input.ndim * (1,))
    return _prelu(input, slope)


# of a product, not of a choice: an infinite slope does not reach what it is not applied to
@derived(
    lambda along, value, input, slope: along * jnp.where(input > 0, 1, slope),
    lambda along, value, input, slope: along * jnp.where(input > 0, 0, input),
)
def _prelu(input, slope):
    return jnp.where(input > 0, input, slope * input)


@op
def silu(input: Array, inplace: bool = False) -> Array:
    """``input * sigmoid(input)``.

    Source: Elfwing et al., Sigmoid-Weighted Linear Units, 2017.

    Example:
        >>> torch.nn.functional.silu(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([-0.2689,  0.0000,  1.7616])
    """
    need_float("silu_cpu", input, complex=True)
    if jnp.iscomplexobj(input):
        return input / (1 + jnp.exp(-input))
    return _silu(input)


def _silu_slope(along, value, input):
    share = jax.nn.sigmoid(input)
    return along * (share * (1 + input * (1 - share)))


@derived(_silu_slope)
def _silu(input):
    return jax.nn.silu(input)


@op
def mish(input: Array, inplace: bool = False) -> Array:
    """``input * tanh(softplus(input))``.

    Source: Misra, Mish: A Self Regularized Non-Monotonic Neural Activation Function, 2019.

    Example:
        >>> torch.nn.functional.mish(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([-0.3034,  0.0000,  1.9440])
    """
    need_float("mish_cpu", input)
    return _mish(input)


def _mish_slope(along, value, input):
    share = tanh_of(jax.nn.softplus(input))
    return along * (share + input * jax.nn.sigmoid(input) * (1 - share * share))


@derived(_mish_slope)
def _mish(input):
    return jax.nn.mish(input)


@op(out=UNARY)
def gelu(input: Array, *, approximate: str = "none") -> Array:
    """``input * Phi(input)``, `Phi` being the normal distribution function.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for an approximation.

    Raises:
        RuntimeError: `approximate` is neither.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Example:
        >>> torch.nn.functional.gelu(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([-0.1587,  0.0000,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    need_float("GeluKernelImpl", input)
    if approximate == "tanh":
        return jax.nn.gelu(input)
    return _gelu(input)


def _share_below(input):
    # jax.nn.gelu goes by erfc, which is finer where the result vanishes and takes XLA three times as long
    return 0.5 * (1 + lax.erf(input * math.sqrt(0.5)))


@derived(
    lambda along, value, input: (
        along * (_share_below(input) + input * (jnp.exp(-0.5 * input * input) / math.sqrt(2 * math.pi)))
    )
)
def _gelu(input):
    return input * _share_below(input)


@op(out=UNARY)
def softplus(input: Array, beta: Number = 1.0, threshold: Number = 20.0) -> Array:
    """``log(1 + exp(beta * input)) / beta``; the input itself where ``beta * input`` exceeds `threshold`.

    Example:
        >>> torch.nn.functional.softplus(torch.tensor([-1.0, 0.0, 30.0]))
        tensor([ 0.3133,  0.6931, 30.0000])
    """
    need_float("softplus_cpu", input)
    beta, threshold = (checked_number(each, input.dtype) for each in (beta, threshold))
    linear = input * beta > threshold
    return jnp.where(linear, input, jnp.log1p(jnp.exp(jnp.where(linear, 0, input) * beta)) / beta)


@op(grad_name="LogSigmoidBackward0", out=KERNEL)
def logsigmoid(input: Array) -> Array:
    """``log(sigmoid(input))``, without overflow.

    Example:
        >>> torch.nn.functional.logsigmoid(torch.tensor([-1000.0, 0.0, 2.0]))
        tensor([-1.0000e+03, -6.9315e-01, -1.2693e-01])
    """
    need_float("log_sigmoid_cpu", input)
    return jax.nn.log_sigmoid(input)


@op
def hardsigmoid(input: Array, inplace: bool = False) -> Array:
    """``input / 6 + 1 / 2``, cut at 0 and 1.

    Example:
        >>> torch.nn.functional.hardsigmoid(torch.tensor([-3.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """
    need_float("hardsigmoid_cpu", input)
    return _hardsigmoid(input)


@derived(lambda along, value, x: where((x > -3) & (x < 3), along / 6))
def _hardsigmoid(x):
    return jnp.clip(x + 3, 0, 6) / 6


@op
def hardswish(input: Array, inplace: bool = False) -> Array:
    """``input * hardsigmoid(input)``.

    Source: Howard et al., Searching for MobileNetV3, 2019.

    Example:
        >>> torch.nn.functional.hardswish(torch.tensor([-3.0, 0.0, 1.5]))
        tensor([-0.0000, 0.0000, 1.1250])
    """
    need_float("hardswish_cpu", input)
    return _hardswish(input)


@derived(lambda along, value, x: along * jnp.where(x <= -3, 0, jnp.where(x < 3, x / 3 + 0.5, 1)))
def _hardswish(x):
    return x * jnp.clip(x + 3, 0, 6) / 6


@op(out=UNARY, fits=("lambd",))
def hardshrink(input: Array, lambd: Number = 0.5) -> Array:
    """The input where its size exceeds `lambd`, elsewhere 0.

    Example:
        >>> torch.nn.functional.hardshrink(torch.tensor([-1.0, 0.5, 2.0]))
        tensor([-1.,  0.,  2.])
    """
    need_float("hardshrink_cpu", input)
    return jnp.where(jnp.abs(input) <= as_dtype(lambd, input.dtype), 0, input)


@op(out=UNARY)
def softshrink(input: Array, lambd: Positive = 0.5) -> Array:
    """The input moved towards 0 by `lambd`, 0 where its size is no more than that.

    Raises:
        RuntimeError: `lambd` is negative.

    Example:
        >>> torch.nn.functional.softshrink(torch.tensor([-1.0, 0.5, 2.0]))
        tensor([-0.5000,  0.0000,  1.5000])
    """
    if isinstance(lambd, complex):
        raise RuntimeError("value cannot be converted to type double without overflow")
    most = float(jnp.finfo(input.dtype).max) if jnp.issubdtype(input.dtype, jnp.floating) else math.inf
    if not 0 <= known(lambd) <= most:
        raise RuntimeError(
            f"lambda must be in range [0, {most:g}] for input dtype {scalar_type(input)}, but found {lambd:g}"
        )
    need_float("softshrink_check", input)
    moved = jnp.where(input > lambd, input - lambd, jnp.where(input < -lambd, input + lambd, 0))
    return jnp.where(jnp.isnan(input), input, moved)


@op(grad_name="DivBackward0")
def softsign(input: Array) -> Array:
    """``input / (1 + |input|)``.

    Example:
        >>> torch.nn.functional.softsign(torch.tensor([-1.0, 0.0, 3.0]))
        tensor([-0.5000,  0.0000,  0.7500])
    """
    (x,) = promoted_float(input)
    return quotient(x, 1 + magnitude(x))


@op(grad_name="SubBackward0")
def tanhshrink(input: Array) -> Array:
    """``input - tanh(input)``.

    Example:
        >>> torch.nn.functional.tanhshrink(torch.tensor([-1.0, 0.0, 3.0]))
        tensor([-0.2384,  0.0000,  2.0049])
    """
    (x,) = promoted_float(input)
    return x - tanh_of(x)


@op
def glu(input: Array, dim: int = -1) -> Array:
    """The first half along `dim` times the sigmoid of the second.

    Raises:
        RuntimeError: the size is odd, or there is no dimension.

    Source: Dauphin et al., Language Modeling with Gated Convolutional Networks, 2016.

    Example:
        >>> torch.nn.functional.glu(torch.tensor([1.0, 2.0, 0.0, 100.0]))
        tensor([0.5000, 2.0000])
    """
    if not input.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    dim = wrap_dim(dim, input.ndim)
    if input.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}")
    need_float("glu_cpu", input)
    return jax.nn.glu(input, dim)


# ---------------------------------------------------------------------- the softmax family


def _normalised(function, kernel: str, input: Array, dim: int, dtype) -> Array:
    wanted = input.dtype if dtype is None else dtype.np
    dim = wrap_dim(dim, input.ndim)
    if dtype is not None:
        input = input.astype(wanted)
    if not input.size:
        return input  # of any dtype: no kernel is asked
    need_float(f"{kernel}_{'lastdim_' if dim == max(input.ndim - 1, 0) else ''}kernel_impl", input)
    return function(input.reshape(input.shape or (1,)), dim).reshape(input.shape).astype(wanted)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _softmax(x, axis: int):
    """JAX's, with a derivative in terms of its value: half of the operations."""
    return jax.nn.softmax(x, axis)


@_softmax.defjvp
def _(axis, primals, tangents):
    value = _softmax(primals[0], axis)
    scaled = value * tangents[0]
    return value, scaled - value * jnp.sum(scaled, axis, keepdims=True)


@op(also="torchlike.special", out=SAME, shares="all")
def softmax(input: Array, dim: int, dtype: DType | None = None) -> Array:
    """``exp(input)`` divided by its sum along `dim`, without overflow.

    Args:
        dtype: converted to before.

    Example:
        >>> torch.softmax(torch.tensor([[0.0, 0.0], [1000.0, 1001.0]]), 1)
        tensor([[0.5000, 0.5000],
                [0.2689, 0.7311]])
    """
    return _normalised(_softmax, "softmax", input, dim, dtype)


@op(also="torchlike.special", out=SAME, shares="all")
def log_softmax(input: Array, dim: int, dtype: DType | None = None) -> Array:
    """The logarithm of `softmax`.

    Args:
        dtype: converted to before.

    Example:
        >>> torch.log_softmax(torch.tensor([[0.0, 0.0], [1000.0, 1001.0]]), 1)
        tensor([[-0.6931, -0.6931],
                [-1.3133, -0.3133]])
    """
    return _normalised(_log_softmax, "log_softmax", input, dim, dtype)


def _log_softmax(x, axis: int):
    shifted = x - lax.stop_gradient(jnp.max(x, axis, keepdims=True))
    total = jnp.sum(jnp.exp(shifted), axis, keepdims=True)
    if axis == x.ndim - 1:  # where PyTorch's kernel keeps sum and logarithm in the input's dtype
        return shifted - stepped(jnp.log(stepped(total)))
    return shifted - jnp.log(total)


@op(name="softmax")
def softmin(input: Array, dim: int, dtype: DType | None = None) -> Array:
    """`softmax` of the negative input."""
    return _normalised(lambda x, axis: _softmax(-x, axis), "softmax", input, dim, dtype)
