"""Divergences of all pairs that are known against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.distributions.cases import CASES
from tests.support import check_error, check_op, reference

REGISTRY = torchlike.distributions.kl._KL_REGISTRY
MADE = {case.kind: case for case in reversed(CASES)}
PAIRS = sorted({(p.__name__, q.__name__) for p, q in REGISTRY if p is not torchlike.distributions.ExponentialFamily})


def pair(torch, p: str, q: str, tensors):
    """Two distributions."""
    first, second = MADE[p], MADE[q]
    count = len(first.parameters)
    return first.distribution(torch, *tensors[:count]), second.distribution(torch, *tensors[count:])


def arrays(p: str, q: str, dtype: str = "float64") -> list[np.ndarray]:
    return [*MADE[p].arrays((3,), dtype, 1), *MADE[q].arrays((3,), dtype, 2)]


def test_the_same_pairs_are_known():
    theirs = {(p.__name__, q.__name__) for p, q in reference().distributions.kl._KL_REGISTRY}
    assert {(p.__name__, q.__name__) for p, q in REGISTRY} == theirs


@pytest.mark.parametrize(("p", "q"), PAIRS, ids="-".join)
def test_pairs(p, q):
    def divergence(torch, *tensors):
        return torch.distributions.kl_divergence(*pair(torch, p, q, tensors))

    check_op(arrays(p, q), divergence, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("low", "high"), [(0.25, 0.75), (0.0, 1.0), (-0.5, 0.5), (0.5, 1.5), (2.0, 3.0)])
@pytest.mark.parametrize("q", "Beta ContinuousBernoulli Exponential Gamma Gumbel Normal Pareto Uniform".split())
def test_uniform_numbers(q, low, high):
    """Inside of the other's support, and outside."""

    def divergence(torch, *tensors):
        return torch.distributions.kl_divergence(
            torch.distributions.Uniform(torch.full((3,), low, dtype=torch.float64), high),
            MADE[q].distribution(torch, *tensors),
        )

    check_op(MADE[q].arrays((3,), "float64"), divergence, rtol=1e-6, atol=1e-8)


EDGES = {
    "Bernoulli": lambda torch: [torch.distributions.Bernoulli(torch.tensor(x)) for x in (0.0, 1.0, 0.5)],
    "Categorical": lambda torch: [
        torch.distributions.Categorical(torch.tensor(x)) for x in ([0.0, 1.0], [1.0, 0.0], [0.5, 0.5])
    ],
    "Binomial": lambda torch: [torch.distributions.Binomial(3, torch.tensor(x)) for x in (0.25, 0.5)],
    "Pareto": lambda torch: [torch.distributions.Pareto(torch.tensor([x]), 0.5) for x in (0.5, 1.0)],
    "Uniform": lambda torch: [torch.distributions.Uniform(torch.tensor([x]), x + 1) for x in (0.0, 0.0, 0.5)],
}


@pytest.mark.parametrize("name", EDGES)
def test_at_the_edge(name):
    def divergences(torch):
        made = EDGES[name](torch)
        return [torch.distributions.kl_divergence(p, q) for p in made for q in made]

    check_op([], divergences)


@pytest.mark.parametrize("alpha", [0.5, 1.5, 3.0])
@pytest.mark.parametrize("q", "Exponential Gamma Normal".split())
def test_pareto_without_moments(q, alpha):
    def divergence(torch, *tensors):
        pareto = torch.distributions.Pareto(torch.ones(3, dtype=torch.float64), alpha)
        return torch.distributions.kl_divergence(pareto, MADE[q].distribution(torch, *tensors))

    check_op(MADE[q].arrays((3,), "float64"), divergence, grad=False, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", "Bernoulli Beta Dirichlet Exponential Gamma Normal Poisson Wishart".split())
def test_by_the_log_normalizer(name):
    """What an exponential family knows of itself agrees with its own formula, and with PyTorch."""

    def both(torch, *tensors):
        p, q = pair(torch, name, name, tensors)
        by_family = torch.distributions.kl._KL_REGISTRY[(torch.distributions.ExponentialFamily,) * 2]
        return [by_family(p, q), torch.distributions.ExponentialFamily.entropy(p) if name != "Beta" else p.entropy()]

    def attempted(torch, *tensors):
        try:
            return both(torch, *tensors)
        except NotImplementedError as error:
            return str(error)

    check_op(arrays(name, name), attempted, grad=False, rtol=1e-6, atol=1e-8)


def test_of_halves_and_products():
    def divergences(torch, *tensors):
        D = torch.distributions
        a, b = tensors
        halves = D.kl_divergence(D.HalfNormal(a.exp()), D.HalfNormal(b.exp()))
        normals = [D.Independent(D.Normal(each, 1.0), 1) for each in tensors]
        logs = [D.LogNormal(each, 2.0) for each in tensors]
        return [halves, D.kl_divergence(*normals), D.kl_divergence(*logs)]

    check_op([(2, 3), (2, 3)], divergences)


ERRORS = {
    "unknown": lambda D, torch: D.kl_divergence(D.Normal(0.0, 1.0), D.Cauchy(0.0, 1.0)),
    "families": lambda D, torch: D.kl_divergence(D.Dirichlet(torch.ones(2)), D.Normal(0.0, 1.0)),
    "trials": lambda D, torch: D.kl_divergence(D.Binomial(2, torch.tensor(0.5)), D.Binomial(3, torch.tensor(0.5))),
    "maps": lambda D, torch: D.kl_divergence(D.LogNormal(0.0, 1.0), D.HalfNormal(1.0)),
    "products": lambda D, torch: D.kl_divergence(
        D.Independent(D.Normal(torch.zeros(2, 2), 1.0), 1), D.Independent(D.Normal(torch.zeros(2, 2), 1.0), 2)
    ),
    "sizes": lambda D, torch: D.kl_divergence(
        D.MultivariateNormal(torch.zeros(2), torch.eye(2)), D.MultivariateNormal(torch.zeros(3), torch.eye(3))
    ),
    "sizes of low rank": lambda D, torch: D.kl_divergence(
        D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)),
        D.LowRankMultivariateNormal(torch.zeros(3), torch.ones(3, 1), torch.ones(3)),
    ),
    "sizes of both": lambda D, torch: D.kl_divergence(
        D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)),
        D.MultivariateNormal(torch.zeros(3), torch.eye(3)),
    ),
    "no class": lambda D, torch: D.register_kl(1, D.Normal),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    check_error([], lambda torch: ERRORS[name](torch.distributions, torch))


def test_the_nearest_classes_decide():
    D = torchlike.distributions

    class A(D.Normal):
        pass

    class B(A):
        pass

    one = D.register_kl(A, D.Normal)(lambda p, q: 1)
    D.register_kl(D.Normal, B)(lambda p, q: 2)
    a, b, n = A(0.0, 1.0), B(0.0, 1.0), D.Normal(0.0, 1.0)
    try:
        assert D.kl_divergence(a, n) == D.kl_divergence(b, n) == 1 and D.kl_divergence(n, b) == 2
        assert D.kl_divergence(n, n) == 0
        with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(A, B\). Please register_kl\(A, B\)"):
            assert D.kl_divergence(a, b) == one(a, b)
    finally:
        for known in ((A, D.Normal), (D.Normal, B)):
            del REGISTRY[known]
        D.kl._KL_MEMOIZE.clear()
