"""Kullback-Leibler divergences."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from torchlike._autograd import calls
from torchlike._ops.nn.activations import softplus
from torchlike._programs import explain
from torchlike.distributions.bernoulli import Bernoulli
from torchlike.distributions.categorical import Categorical
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.normal import Normal
from torchlike.distributions.uniform import Uniform
from torchlike.distributions.utils import _sum_rightmost
from torchlike.tensor import Tensor as Tensor

__all__ = ["kl_divergence", "register_kl"]

_KL_REGISTRY: dict[tuple[type, type], Callable] = {}  # the functions that are registered
_KL_MEMOIZE: dict[tuple[type, type], Callable | None] = {}  # what was found for pairs of classes


def register_kl(type_p: type, type_q: type) -> Callable[[Callable], Callable]:
    """Decorate the function that gives the divergence of two distributions, of these classes or their subclasses.

    Raises:
        TypeError: one is no class.

    Example:
        >>> @register_kl(Normal, Normal)
        ... def of_normals(p, q):
        ...     ratio = (p.scale / q.scale) ** 2
        ...     return (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log()) / 2
    """
    for each in (type_p, type_q):
        issubclass(each, Distribution)  # which refuses what is no class

    def register(function: Callable) -> Callable:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function

    return register


def _function_of(type_p: type, type_q: type) -> Callable | None:
    """The function for the nearest classes; None if there is none. A warning if two are as near."""
    places = {
        pair: (type_p.__mro__.index(pair[0]), type_q.__mro__.index(pair[1]))
        for pair in _KL_REGISTRY
        if pair[0] in type_p.__mro__ and pair[1] in type_q.__mro__
    }
    if not places:
        return None
    left = min(places, key=lambda pair: places[pair])
    right = min(places, key=lambda pair: places[pair][::-1])
    if _KL_REGISTRY[left] is not _KL_REGISTRY[right]:
        explain.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). "
            f"Please register_kl({left[0].__name__}, {right[1].__name__})",
            RuntimeWarning,
        )
    return _KL_REGISTRY[left]


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The divergence of one distribution from another: the mean under ``p`` of ``log p(x) - log q(x)``.

    Returns:
        A tensor of the batch shape, in nats; infinite where ``q`` has no density at values of ``p``.

    Raises:
        NotImplementedError: no function is known for the two classes.

    Example:
        >>> import torchlike as torch
        >>> kl_divergence(torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(1.0, 1.0))
        tensor(0.5000)
    """
    pair = type(p), type(q)
    if pair not in _KL_MEMOIZE:
        _KL_MEMOIZE[pair] = _function_of(*pair)
    found = _KL_MEMOIZE[pair]
    if found is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    return found(p, q)


# ---------------------------------------------------------------------- within a family


@register_kl(ExponentialFamily, ExponentialFamily)
def _of_one_family(p: Any, q: Any) -> Tensor:
    """The Bregman divergence of the log normalizer."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman divergences"
        )
    own = [each.detach().requires_grad_() for each in p._natural_params]
    normalizer = p._log_normalizer(*own)
    slopes = calls.grad(normalizer.sum(), own, create_graph=True)
    result = q._log_normalizer(*q._natural_params) - normalizer
    for mine, other, slope in zip(own, q._natural_params, slopes, strict=True):
        result = result - _sum_rightmost((other - mine) * slope, len(q.event_shape))
    return result


@register_kl(Bernoulli, Bernoulli)
def _bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    ones = ones.masked_fill(q.probs == 0, inf).masked_fill(p.probs == 0, 0)
    return ones + zeros.masked_fill(q.probs == 1, inf).masked_fill(p.probs == 1, 0)


@register_kl(Categorical, Categorical)
def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    return each.masked_fill(q.probs == 0, inf).masked_fill(p.probs == 0, 0).sum(-1)


@register_kl(Normal, Normal)
def _normals(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Uniform, Uniform)
def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return result.masked_fill((q.low > p.low) | (q.high < p.high), inf)
