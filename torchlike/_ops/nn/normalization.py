"""Normalization over batches, layers, groups, instances and neighbours.

flax.linen's layers hold their own running statistics, channels last; `jax.numpy` directly, statistics in float32 for
half precision as PyTorch has them.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._half import stepped
from torchlike._ops._promote import Array, Ints, Number, Positive, as_dtype, axes_of, operand, promoted_float, wrap_dim
from torchlike._ops.arithmetic import quotient
from torchlike._ops.bounds import no_less
from torchlike._ops.nn._checks import need_float
from torchlike._ops.reductions import vector_norm_of
from torchlike._out import SAME
from torchlike._types.dtypes import scalar_name


def _standardized(x: Array, axes: tuple[int, ...], eps: Number) -> tuple[Array, Array, Array]:
    """(the array with mean 0 and variance 1 along the axes, the means, the biased variances)."""
    mean = jnp.mean(x, axes, keepdims=True)
    centered = x - mean
    variance = jnp.mean(jnp.square(centered), axes, keepdims=True)
    return centered * lax.rsqrt(variance + as_dtype(eps, x.dtype)), mean, variance


def _scaled(x: Array, weight: Array | None, bias: Array | None, shape=None) -> Array:
    if weight is not None:
        x = x * (weight if shape is None else weight.reshape(shape))
    return x if bias is None else x + (bias if shape is None else bias.reshape(shape))


def _check_channels(input: Array, times: int = 1, **given: Array | None) -> None:
    """Raise where there is not one parameter a channel.

    Args:
        times: how often PyTorch repeats them.
    """
    channels = input.shape[1] if input.ndim > 1 else 0
    for name, each in given.items():
        if each is not None and each.size != channels:
            raise RuntimeError(f"{name} should contain {channels * times} elements not {each.size * times}")


def _check_dtypes(input: Array, *parameters: Array | None) -> None:
    """Parameters have the input's dtype, or float32 where that is of half precision."""
    given = [each.dtype for each in parameters if each is not None]
    if all(each == input.dtype for each in given):
        return
    if given[0] == input.dtype:  # of the others PyTorch asks in its kernel
        odd = next(each for each in given if each != input.dtype)
        raise RuntimeError(f"expected scalar type {scalar_name(input.dtype)} but found {scalar_name(odd)}")
    if any(each != jnp.float32 for each in given):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if input.dtype.itemsize > 2:
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


@op(grad_name="NativeBatchNormBackward0", order=("input", "weight", "bias"))
def batch_norm(
    input: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: Number = 1e-5,
) -> Array:
    """Normalize channels by given statistics, or by those of the batch where none are given.

    Args:
        input: ``(N, C, *)``.
        running_mean, running_var: ``(C)``.
        weight, bias: ``(C)``; applied afterwards.

    Raises:
        RuntimeError: a vector has not as many elements as there are channels.

    Source: Ioffe and Szegedy, Batch Normalization, 2015.
    """
    need_float("batch_norm", input)
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _check_dtypes(input, weight, bias, running_mean, running_var)
    if running_mean is None:
        return _batch_normed(input, weight, bias, eps)[0]
    shape = _by_channel(input)
    # one multiplication and one addition an element; what comes before is on (C)
    scale = lax.rsqrt(running_var + as_dtype(eps, running_var.dtype))
    scale = scale if weight is None else scale * weight
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    return (input * scale.reshape(shape) + shift.reshape(shape)).astype(input.dtype)


def _by_channel(x: Array) -> tuple[int, ...]:
    """The shape in which one number a channel meets ``(N, C, *)``, or ``(N)``."""
    return (1, -1)[-x.ndim :] + (1,) * (x.ndim - 2)


def _batch_normed(input: Array, weight: Array | None, bias: Array | None, eps: Number) -> tuple[Array, Array, Array]:
    axes, shape = (0, *range(2, input.ndim)), _by_channel(input)
    if 0 in input.shape:  # nothing has a mean; its parameters' gradients are 0
        nothing = jnp.zeros(input.shape[1 if input.ndim > 1 else 0], input.dtype)
        return _scaled(input, weight, bias, shape).astype(input.dtype), nothing, nothing
    mean = jnp.mean(input, axes)
    centered = input - mean.reshape(shape)
    variance = jnp.mean(jnp.square(centered), axes)
    # one factor a channel: XLA would lay a second one out in full for the sums of the derivative
    scale = lax.rsqrt(variance + as_dtype(eps, input.dtype))
    normed = _scaled(centered, scale if weight is None else scale * weight, bias, shape)
    return normed.astype(input.dtype), mean, variance


@op(grad_name="NativeBatchNormBackward0", name="batch_norm", order=("input", "weight", "bias"))
def batch_norm_with_update(
    input: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    momentum: Number = 0.1,
    eps: Number = 1e-5,
) -> tuple[Array, Array, Array]:
    """(the input normalized by the statistics of the batch, the new running mean, the new running variance)."""
    need_float("batch_norm", input)
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _check_dtypes(input, weight, bias, running_mean, running_var)
    normed, mean, variance = _batch_normed(input, weight, bias, eps)
    if 0 in input.shape:
        return normed, running_mean, running_var
    return normed, *_updated(running_mean, running_var, mean, variance, input.size // mean.size, momentum)


def _updated(running_mean: Array, running_var: Array, mean: Array, variance: Array, count: int, momentum: Number):
    """The running statistics a step on; the variance that is kept is the unbiased one."""
    mean, variance = lax.stop_gradient((mean, variance))
    momentum = as_dtype(momentum, mean.dtype)
    unbiased = variance * (count / max(count - 1, 1))
    return (
        ((1 - momentum) * running_mean + momentum * mean).astype(running_mean.dtype),
        ((1 - momentum) * running_var + momentum * unbiased).astype(running_var.dtype),
    )


@op(grad_name="ViewBackward0")
def instance_norm(input: Array, weight: Array | None = None, bias: Array | None = None, eps: Number = 1e-5) -> Array:
    """Normalize each channel of each sample by its own mean and variance: ``(N, C, *)``.

    Source: Ulyanov et al., Instance Normalization, 2016.
    """
    need_float("batch_norm", input)
    _check_channels(input, input.shape[0], weight=weight, bias=bias)
    _check_dtypes(input, weight, bias)
    x = _standardized(input, tuple(range(2, input.ndim)), eps)[0]
    return _scaled(x, weight, bias, (1, -1) + (1,) * (x.ndim - 2)).astype(input.dtype)


@op(grad_name="ViewBackward0", name="instance_norm")
def instance_norm_with_update(
    input: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    momentum: Number = 0.1,
    eps: Number = 1e-5,
) -> tuple[Array, Array, Array]:
    """(the input normalized, the new running mean, the new running variance), these averaged over the samples."""
    need_float("batch_norm", input)
    _check_channels(input, input.shape[0], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _check_dtypes(input, weight, bias, running_mean, running_var)
    x, mean, variance = _standardized(input, tuple(range(2, input.ndim)), eps)
    normed = _scaled(x, weight, bias, (1, -1) + (1,) * (x.ndim - 2)).astype(input.dtype)
    count = input.size // max(mean.size, 1)
    mean, variance = (jnp.mean(each, 0).reshape(-1) for each in (mean, variance))
    return normed, *_updated(running_mean, running_var, mean, variance, count, momentum)


def _check_normalized(
    input: Array, shape: tuple[int, ...], weight: Array | None, bias: Array | None, any_before: str = "*, "
) -> None:
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            f"normalized_shape = {list(shape)}"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(each.shape)} "
                f"and normalized_shape = {list(shape)}"
            )
    if input.shape[max(input.ndim - len(shape), 0) :] != shape:
        wanted = any_before + ", ".join(map(str, shape))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [{wanted}], but got input of "
            f"size{list(input.shape)}"
        )


@op(grad_name="NativeLayerNormBackward0")
def layer_norm(
    input: Array,
    normalized_shape: tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: Number = 1e-5,
) -> Array:
    """Normalize the last dimensions, those of `normalized_shape`, by their own mean and variance.

    Args:
        weight, bias: of `normalized_shape`; applied afterwards.

    Raises:
        RuntimeError: shapes do not fit.

    Source: Ba et al., Layer Normalization, 2016.

    Example:
        >>> torch.nn.functional.layer_norm(torch.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]])
    """
    _check_normalized(input, normalized_shape, weight, bias)
    need_float("LayerNormKernelImpl", input)
    _check_dtypes(input, weight, bias)
    axes = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    return _scaled(_standardized(input, axes, eps)[0], weight, bias).astype(input.dtype)


@op(grad_name="MulBackward0")
def rms_norm(input: Array, normalized_shape: tuple[int, ...], weight: Array | None = None, eps: Number = None) -> Array:
    """Divide the last dimensions, those of `normalized_shape`, by their root mean square.

    Args:
        weight: of `normalized_shape`; applied afterwards.
        eps: added to the mean square; by default the smallest relative step of the dtype.

    Raises:
        RuntimeError: shapes do not fit.
        ValueError: there are fewer dimensions.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.

    Example:
        >>> torch.rms_norm(torch.tensor([[3.0, 4.0]]), (2,))
        tensor([[0.8485, 1.1314]])
    """
    if normalized_shape and input.ndim < len(normalized_shape):
        raise ValueError(f"Input tensor must have at least {len(normalized_shape)} dimensions, but got {input.ndim}")
    _check_normalized(input, normalized_shape, weight, None, "*")
    axes = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    eps = jnp.finfo(input.dtype).eps if eps is None else as_dtype(eps, input.real.dtype)
    input = input * lax.rsqrt(jnp.mean(jnp.square(input), axes, keepdims=True) + eps)
    return _scaled(input, weight, None).astype(input.dtype)


@op(grad_name="NativeGroupNormBackward0")
def group_norm(
    input: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: Number = 1e-5
) -> Array:
    """Normalize groups of channels of each sample by their own mean and variance: ``(N, C, *)``.

    Raises:
        RuntimeError: the channels cannot be divided by `num_groups`, or a vector does not fit.

    Source: Wu and He, Group Normalization, 2018.
    """
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    channels = input.shape[1]
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and (each.ndim != 1 or each.size != channels):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {list(each.shape)} and input of shape {list(input.shape)}"
            )
    need_float("GroupNormKernelImpl", input)
    _check_dtypes(input, weight, bias)
    x = input.reshape(input.shape[0], num_groups, channels // num_groups, *input.shape[2:])
    x = _standardized(x, tuple(range(2, x.ndim)), eps)[0].reshape(input.shape)
    return _scaled(x, weight, bias, (1, -1) + (1,) * (x.ndim - 2)).astype(input.dtype)


@op(grad_name="DivBackward0", stepwise=True)
def local_response_norm(input: Array, size: int, alpha: Number = 1e-4, beta: Number = 0.75, k: Number = 1.0) -> Array:
    """Divide each channel by ``(k + alpha * mean of the squares of its `size` neighbours) ** beta``.

    Raises:
        ValueError: the input has fewer than three dimensions.

    Source: Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012.

    Example:
        >>> torch.nn.functional.local_response_norm(torch.ones(1, 3, 1), 2, alpha=1).flatten()
        tensor([0.7378, 0.5946, 0.5946])
    """
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)"
        )
    if not input.size:
        return input
    if size <= 0:
        sizes = f"kH: {size} kW: 1" if input.ndim == 3 else f"kT: {size} kH: 1 kW: 1"
        raise RuntimeError(f"kernel size should be greater than zero, but got {sizes}")
    (x,) = promoted_float(input)
    squares = jnp.square(input if jnp.issubdtype(input.dtype, jnp.integer) else x)
    squares = jnp.pad(squares, [(0, 0), (size // 2, (size - 1) // 2)] + [(0, 0)] * (input.ndim - 2))
    sums = sum(lax.slice_in_dim(squares, at, at + x.shape[1], axis=1) for at in range(size))
    # the mean of integers is an integer
    means = lax.div(sums, jnp.full_like(sums, size)).astype(x.dtype)
    alpha, beta, k = (as_dtype(each, x.dtype) for each in (alpha, beta, k))
    return x / (k + alpha * means) ** beta


@op(grad_name="DivBackward0", out=SAME)
def normalize(input: Array, p: Positive = 2.0, dim: Ints = 1, eps: Number = 1e-12) -> Array:
    """Divide by the p-norm along `dim`, or by `eps` where that is larger.

    Example:
        >>> torch.nn.functional.normalize(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    if not input.ndim:
        return normalize.op.body(input[None], p, wrap_dim(dim, 0), eps)[0]
    size = stepped(vector_norm_of(input, p, axes_of(dim, input.ndim), True))
    return quotient(input, no_less(size, operand(eps, size)).astype(input.dtype))
