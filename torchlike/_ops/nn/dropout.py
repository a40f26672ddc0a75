"""Dropout. The mask comes from a counter-based generator that costs little, its seed from PyTorch's generator."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Number, as_dtype, rank
from torchlike._ops.randoms import in_a_row
from torchlike._types import dtypes

ALPHA = 1.7580993408473766  # what SELU takes large negative inputs to, negated


def kept(seed: Number, p: Number, shape: tuple[int, ...], stream: int = 0) -> Array:
    """True with probability ``1 - p``: a function of the seed alone, wherever a program begins or ends.

    Args:
        stream: tells the masks of one seed apart.
    """
    least = jnp.ceil(jnp.asarray(p, jnp.float64) * 2.0**32)
    bits = _bits(seed, math.prod(shape), stream).reshape(shape)
    return (bits >= jnp.minimum(least, 2.0**32 - 1).astype(jnp.uint32)) & (least < 2.0**32)


def _bits(seed: Number, count: int, stream: int) -> Array:
    """So many times 32 random bits: a few multiplications each, which XLA fuses into what uses them.

    JAX's own generator (Threefry) goes through memory five times on the CPU, six times as long; a step of the classic
    MNIST ConvNet took a fifth longer with it.

    Sources: Widynski, Squares: A Fast Counter-Based RNG, 2020; Steele, Lea and Flood, Fast Splittable Pseudorandom
    Number Generators, 2014, for the key.
    """
    key = jnp.asarray(seed, jnp.int64).astype(jnp.uint64) + jnp.uint64((stream + 1) * 0x9E3779B97F4A7C15 % 2**64)
    key = (key ^ (key >> 30)) * jnp.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> 27)) * jnp.uint64(0x94D049BB133111EB)
    key = (key ^ (key >> 31)) | 1
    first = jax.lax.iota(jnp.uint64, count) * key
    second = first + key
    state = first
    for word in (first, second, first):
        state = state * state + word
        state = (state >> 32) | (state << 32)
    return ((state * state + second) >> 32).astype(jnp.uint32)


def dropped(input: Array, mask: Array, p: Number) -> Array:
    """The input divided by ``1 - p`` where the mask is true, elsewhere 0.

    Raises:
        RuntimeError: the input is neither floating point nor complex.
    """
    if rank(input.dtype) < 2:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {dtypes.scalar_name(input.dtype)}"
        )
    scale = (1 / (1 - jnp.asarray(p, jnp.float64))).astype(input.real.dtype)
    return jnp.where(mask, input * scale, 0)


@op(grad_name="MulBackward0", saves=True)
def dropout(input: Array, p: Number, seed: Number) -> Array:
    """Zero each element with probability `p`, scale the others by ``1 / (1 - p)``.

    Source: Srivastava et al., Dropout, 2014.
    """
    return dropped(input, kept(seed, p, input.shape), p)


@op(grad_name="MulBackward0", saves=True)
def feature_dropout(input: Array, p: Number, seed: Number) -> Array:
    """`dropout` of whole channels of ``(N, C, *)``."""
    return dropped(input, kept(seed, p, _channels(input)), p)


@op(grad_name="MulBackward0", name="feature_dropout", saves=True)
def feature_dropout_of_one(input: Array, p: Number, seed: Number) -> Array:
    """`dropout` of whole channels of a single sample, ``(C, *)``."""
    return dropped(input, kept(seed, p, input.shape[:1] + (1,) * (input.ndim - 1)), p)


def _channels(input: Array) -> tuple[int, ...]:
    return input.shape[:2] + (1,) * (input.ndim - 2)


def _alpha_dropped(input: Array, mask: Array, p: Number) -> Array:
    p = jnp.asarray(p, jnp.float64)
    a = 1 / jnp.sqrt((ALPHA**2 * p + 1) * (1 - p))
    b = ALPHA * a * p
    dtype = input.dtype
    dropped_to = as_dtype(b - ALPHA * a, dtype)
    return jnp.where(mask, input * as_dtype(a, dtype) + as_dtype(b, dtype), dropped_to)


@op(grad_name="AddBackward0", saves=True)
def alpha_dropout(input: Array, p: Number, seed: Number) -> Array:
    """Dropout that keeps mean 0 and variance 1, for SELU.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """
    return _alpha_dropped(input, kept(seed, p, input.shape), p)


@op(grad_name="AddBackward0", saves=True)
def feature_alpha_dropout(input: Array, p: Number, seed: Number) -> Array:
    """`alpha_dropout` of whole channels of ``(N, C, *)``."""
    return _alpha_dropped(input, kept(seed, p, _channels(input)), p)


@op(grad_name="RreluWithNoiseBackward0")
def rrelu(input: Array, lower: Number, upper: Number, seed: Number) -> Array:
    """`leaky_relu` with slopes drawn evenly from ``[lower, upper)``.

    Source: Xu et al., Empirical Evaluation of Rectified Activations, 2015.
    """
    width = jnp.float64 if input.dtype == jnp.float64 else jnp.float32
    lower, upper = jnp.asarray(lower, width), jnp.asarray(upper, width)
    drawn = in_a_row(lambda row: jax.random.uniform(jax.random.key(seed), row, width), input.shape)
    slope = lower + (upper - lower) * drawn
    return jnp.where(input > 0, input, input * slope.astype(input.dtype))


@op(grad_name=lambda call: "AddBackward0" if call["hard"] else "SoftmaxBackward0")
def gumbel_softmax(logits: Array, seed: Number, tau: Number, hard: bool, dim: int) -> Array:
    """A sample of the Gumbel-softmax distribution along `dim`, one-hot if `hard`."""
    dtype = logits.dtype
    noise = in_a_row(lambda row: jax.random.gumbel(jax.random.key(seed), row, dtype), logits.shape)
    soft = jax.nn.softmax((logits + noise) / as_dtype(tau, noise.dtype), dim).astype(logits.dtype)
    if not hard:
        return soft
    one = jax.nn.one_hot(jnp.argmax(soft, dim), logits.shape[dim], axis=dim, dtype=soft.dtype)
    # the value of the one-hot vector, the gradient of the soft one
    return one - jax.lax.stop_gradient(soft) + soft
