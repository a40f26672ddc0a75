"""Kullback-Leibler divergences."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import singledispatch
from math import inf
from typing import Any

from torchlike._autograd import calls
from torchlike._functions.creation import full_like
from torchlike._ops.linalg import solve_triangular
from torchlike._ops.nn.activations import softplus
from torchlike._ops.special import xlogy
from torchlike._programs import explain
from torchlike.distributions.bernoulli import Bernoulli
from torchlike.distributions.beta import Beta
from torchlike.distributions.binomial import Binomial
from torchlike.distributions.categorical import Categorical
from torchlike.distributions.cauchy import Cauchy
from torchlike.distributions.continuous_bernoulli import ContinuousBernoulli
from torchlike.distributions.dirichlet import Dirichlet
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.exponential import Exponential
from torchlike.distributions.gamma import Gamma
from torchlike.distributions.geometric import Geometric
from torchlike.distributions.gumbel import Gumbel
from torchlike.distributions.half_normal import HalfNormal
from torchlike.distributions.independent import Independent
from torchlike.distributions.laplace import Laplace
from torchlike.distributions.lowrank_multivariate_normal import (
    LowRankMultivariateNormal,
    _batch_lowrank_logdet,
    _batch_lowrank_mahalanobis,
)
from torchlike.distributions.multivariate_normal import MultivariateNormal, _batch_mahalanobis, _half_log_det
from torchlike.distributions.normal import Normal
from torchlike.distributions.one_hot_categorical import OneHotCategorical
from torchlike.distributions.pareto import Pareto
from torchlike.distributions.poisson import Poisson
from torchlike.distributions.transformed_distribution import TransformedDistribution
from torchlike.distributions.uniform import Uniform
from torchlike.distributions.utils import _sum_rightmost, euler_constant
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
def _kl_expfamily_expfamily(p: Any, q: Any) -> Tensor:
    """The Bregman divergence of the log normalizer."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot"
            + " " * 28
            + " be computed using Bregman divergences"
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


@register_kl(Beta, Beta)
def _betas(p: Beta, q: Beta) -> Tensor:
    return _dirichlets(p._dirichlet, q._dirichlet)


@register_kl(Binomial, Binomial)
def _binomials(p: Binomial, q: Binomial) -> Tensor:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    of_one = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return (p.total_count * of_one).masked_fill(p.total_count > q.total_count, inf)


@register_kl(Categorical, Categorical)
def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    return each.masked_fill(q.probs == 0, inf).masked_fill(p.probs == 0, 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_categoricals(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categoricals(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _cauchys(p: Cauchy, q: Cauchy) -> Tensor:
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoullis(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    own = p._cont_bern_log_norm() + (-p.probs).log1p()
    return p.mean * (p.logits - q.logits) + own - q._cont_bern_log_norm() - (-q.probs).log1p()


@register_kl(Dirichlet, Dirichlet)
def _dirichlets(p: Dirichlet, q: Dirichlet) -> Tensor:
    total_p, total_q = p.concentration.sum(-1), q.concentration.sum(-1)
    constants = total_p.lgamma() - total_q.lgamma() - (p.concentration.lgamma() - q.concentration.lgamma()).sum(-1)
    mean_log = p.concentration.digamma() - total_p.digamma().unsqueeze(-1)
    return constants + ((p.concentration - q.concentration) * mean_log).sum(-1)


@register_kl(Exponential, Exponential)
def _exponentials(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Gamma, Gamma)
def _gammas(p: Gamma, q: Gamma) -> Tensor:
    constants = q.concentration * (p.rate / q.rate).log() + q.concentration.lgamma() - p.concentration.lgamma()
    by_log = (p.concentration - q.concentration) * p.concentration.digamma()
    return constants + by_log + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Geometric, Geometric)
def _geometrics(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Gumbel, Gumbel)
def _gumbels(p: Gumbel, q: Gumbel) -> Tensor:
    ratio, off = p.scale / q.scale, (p.loc - q.loc) / q.scale
    mean_exp = ((1 + ratio).lgamma() - off).exp()
    return -ratio.log() + off + ratio * euler_constant + mean_exp - (1 + euler_constant)


@register_kl(HalfNormal, HalfNormal)
def _half_normals(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normals(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplaces(p: Laplace, q: Laplace) -> Tensor:
    ratio, off = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + off / q.scale + ratio * (-off / p.scale).exp() - 1


@register_kl(Normal, Normal)
def _normals(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Pareto, Pareto)
def _paretos(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return result.masked_fill(p.support.lower_bound < q.support.lower_bound, inf)


@register_kl(Poisson, Poisson)
def _poissons(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return result.masked_fill((q.low > p.low) | (q.high < p.high), inf)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    """That of what the same maps were applied to."""
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _independents(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ---------------------------------------------------------------------- normal vectors


def _log_det(p: Any) -> Tensor:
    if isinstance(p, LowRankMultivariateNormal):
        return _batch_lowrank_logdet(*p._parts, p._capacitance_tril)
    return 2 * _half_log_det(p._unbroadcasted_scale_tril)


def _mahalanobis(q: Any, x: Tensor) -> Tensor:
    if isinstance(q, LowRankMultivariateNormal):
        return _batch_lowrank_mahalanobis(*q._parts, x, q._capacitance_tril)
    return _batch_mahalanobis(q._unbroadcasted_scale_tril, x)


def _square(matrix: Tensor) -> Tensor:
    """The sum of the squares of the elements of matrices."""
    return matrix.pow(2).sum((-2, -1))


def _trace(p: Any, q: Any) -> Tensor:
    """The trace of the covariance of `p` divided by that of `q`."""
    is_low_rank = isinstance(p, LowRankMultivariateNormal)
    factor, diagonal = p._parts if is_low_rank else (p._unbroadcasted_scale_tril, None)
    if isinstance(q, LowRankMultivariateNormal):  # by Woodbury's identity
        W, D = q._parts
        inner = solve_triangular(q._capacitance_tril, W.mT / D.unsqueeze(-2), upper=False)
        result = _square(factor * D.rsqrt().unsqueeze(-1)) - _square(inner @ factor)
        if diagonal is not None:
            result = result + (diagonal / D).sum(-1) - _square(inner * diagonal.sqrt().unsqueeze(-2))
        return result
    divided = [factor] if diagonal is None else [factor, diagonal.sqrt().diag_embed()]
    parts = [_square(solve_triangular(q._unbroadcasted_scale_tril, each, upper=False)) for each in divided]
    return sum(parts[1:], parts[0])


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _multivariate_normals(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        kinds = {isinstance(each, LowRankMultivariateNormal) for each in (p, q)}
        told = "(Low Rank) " if len(kinds) == 2 else "Low Rank " if True in kinds else ""
        raise ValueError(
            f"KL-divergence between two {told}Multivariate Normals with"
            + " " * 25
            + " different event shapes cannot be computed"
        )
    distance = _mahalanobis(q, q.loc - p.loc)
    return 0.5 * (_log_det(q) - _log_det(p) + _trace(p, q) + distance - p.event_shape[0])


# ---------------------------------------------------------------------- others: entropy less mean log-density


def _register_infinite(p: type, *others: type) -> None:
    """`p` has values where the others have none."""

    def infinite(p: Any, q: Any) -> Tensor:
        return full_like(p.mean, inf)

    for each in others:
        register_kl(p, each)(infinite)


for _kind in (Gumbel, Laplace, Normal):
    _register_infinite(_kind, Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)
for _kind in (Exponential, Gamma):
    _register_infinite(_kind, Beta, ContinuousBernoulli, Pareto, Uniform)
_register_infinite(Pareto, Beta, ContinuousBernoulli, Uniform)
_register_infinite(Beta, Pareto)
_register_infinite(ContinuousBernoulli, Pareto)
_register_infinite(Poisson, Bernoulli, Binomial)


def _mean_log_between(low: Tensor, high: Tensor) -> Tensor:
    """The mean logarithm of numbers uniform between two."""
    return (xlogy(high, high) - xlogy(low, low)) / (high - low) - 1


@singledispatch
def _mean_log(p: Any) -> Tensor:
    """The mean of ``log(x)``."""
    raise NotImplementedError


@_mean_log.register
def _(p: Beta) -> Tensor:
    return p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()


@_mean_log.register
def _(p: Exponential) -> Tensor:
    return -p.rate.log() - euler_constant


@_mean_log.register
def _(p: Pareto) -> Tensor:
    return p.scale.log() + p.alpha.reciprocal()


@_mean_log.register
def _(p: Uniform) -> Tensor:
    return _mean_log_between(p.low, p.high)


@singledispatch
def _mean_exp(p: Any, scale: Tensor, loc: Tensor) -> Tensor:
    """The mean of ``exp((loc - x) / scale)``."""
    raise NotImplementedError


@_mean_exp.register
def _(p: Normal, scale: Tensor, loc: Tensor) -> Tensor:
    return ((loc - p.loc) / scale + 0.5 * (p.scale / scale).pow(2)).exp()


@_mean_exp.register
def _(p: Exponential, scale: Tensor, loc: Tensor) -> Tensor:
    return (loc / scale).exp() * (p.rate * scale) / (p.rate * scale + 1)


@_mean_exp.register
def _(p: Gamma, scale: Tensor, loc: Tensor) -> Tensor:
    return (loc / scale).exp() * (1 + (p.rate * scale).reciprocal()).pow(-p.concentration)


@_mean_exp.register
def _(p: Uniform, scale: Tensor, loc: Tensor) -> Tensor:
    return scale / (p.high - p.low) * (((loc - p.low) / scale).exp() - ((loc - p.high) / scale).exp())


def _of_positive(p: Any, result: Tensor) -> Tensor:
    """Infinite where `p` has negative values."""
    return result.masked_fill(p.low < 0, inf) if isinstance(p, Uniform) else result


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


def _from_normal(p: Any, q: Normal) -> Tensor:
    variance = q.scale.pow(2)
    return -p.entropy() + 0.5 * (2 * math.pi * variance).log() + (p.variance + (p.mean - q.loc).pow(2)) / (2 * variance)


for _kind in (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform):
    register_kl(_kind, Normal)(_from_normal)


def _from_exponential(p: Any, q: Exponential) -> Tensor:
    return _of_positive(p, -p.entropy() - q.rate.log() + q.rate * p.mean)


for _kind in (Beta, ContinuousBernoulli, Gamma, Pareto, Uniform):
    register_kl(_kind, Exponential)(_from_exponential)


def _from_gamma(p: Any, q: Gamma) -> Tensor:
    constant = q.concentration.lgamma() - q.concentration * q.rate.log()
    return _of_positive(p, -p.entropy() + constant - (q.concentration - 1) * _mean_log(p) + q.rate * p.mean)


for _kind in (Beta, Exponential, Pareto, Uniform):
    register_kl(_kind, Gamma)(_from_gamma)


def _from_gumbel(p: Any, q: Gumbel) -> Tensor:
    return -p.entropy() + q.scale.log() + (p.mean - q.loc) / q.scale + _mean_exp(p, q.scale, q.loc)


for _kind in (Exponential, Gamma, Normal, Uniform):
    register_kl(_kind, Gumbel)(_from_gumbel)


def _from_continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._cont_bern_log_norm()


register_kl(Beta, ContinuousBernoulli)(_from_continuous_bernoulli)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    is_beyond = (p.high >= q.support.upper_bound) | (p.low <= q.support.lower_bound)
    return _from_continuous_bernoulli(p, q).masked_fill(is_beyond, inf)


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Tensor:
    result = -p.entropy() + (q.high - q.low).log()
    return result.masked_fill((q.low > 0) | (q.high < 1), inf)


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_uniform(p: ContinuousBernoulli, q: Uniform) -> Tensor:
    result = -p.entropy() + (q.high - q.low).log()
    return result.masked_fill((q.low >= 0) | (q.high <= 1), inf)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    off = p.loc - q.loc
    ratio = off / p.scale
    distance = math.sqrt(2 / math.pi) * p.scale * (-0.5 * ratio.pow(2)).exp() + off * (math.sqrt(0.5) * ratio).erf()
    return -(p.scale / q.scale).log() + distance / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Tensor:
    a, b = q.concentration1, q.concentration0
    constant = a.lgamma() + b.lgamma() - (a + b).lgamma()
    result = -p.entropy() + constant - (a - 1) * _mean_log(p) - (b - 1) * _mean_log_between(1 - p.high, 1 - p.low)
    return result.masked_fill((p.high > 1) | (p.low < 0), inf)


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Uniform, q: Pareto) -> Tensor:
    result = -p.entropy() - (q.alpha * q.scale.pow(q.alpha)).log() + (q.alpha + 1) * _mean_log(p)
    return result.masked_fill(p.low < q.support.lower_bound, inf)
