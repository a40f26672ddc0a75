"""The distributions that the tests go through: for each class with what parameters it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """One way to make distributions.

    Attributes:
        name: the class's, and what is said of this way.
        parameters: the name of each argument, and what its elements are (see `KINDS`).
        make: makes the distribution of the library and the tensors, where it is not the class's own constructor.
        dtype: in which values are compared.
    """

    name: str
    parameters: dict[str, str]
    make: Callable[..., Any] | None = None
    dtype: str = "float64"

    @property
    def kind(self) -> str:
        """The class's name."""
        return self.name.split()[0]

    def distribution(self, torch, *tensors):
        """The distribution with these parameters."""
        if self.make is not None:
            return self.make(torch, *tensors)
        named = dict(zip(self.parameters, tensors, strict=True))
        return getattr(torch.distributions, self.kind)(**named)

    def arrays(self, batch: Sequence[int], dtype: str, seed: int = 0) -> list[np.ndarray]:
        """Parameters; those after the first are broadcast along the last dimension of a batch."""
        random = np.random.default_rng(seed)
        shapes = [tuple(batch), *[(*batch[:-1], 1) if batch else ()] * (len(self.parameters) - 1)]
        kinds = zip(self.parameters.values(), shapes, strict=True)
        return [np.asarray(KINDS[kind](random, shape), dtype) for kind, shape in kinds]


def _matrix(random: np.random.Generator, shape: tuple) -> np.ndarray:
    a = random.standard_normal((*shape, 3, 3))
    return a @ np.swapaxes(a, -1, -2) + 2 * np.eye(3)


def _simplex(random: np.random.Generator, shape: tuple) -> np.ndarray:
    drawn = random.uniform(0.1, 1, (*shape, 4))
    return drawn / drawn.sum(-1, keepdims=True)


# what the elements of parameters are: functions of a generator and a batch shape
KINDS: dict[str, Callable[[np.random.Generator, tuple], np.ndarray]] = {
    "tiny": lambda random, shape: 0.3 * random.standard_normal(shape),
    "real": lambda random, shape: random.standard_normal(shape),
    "positive": lambda random, shape: random.uniform(0.4, 3, shape),
    "above one": lambda random, shape: random.uniform(1.2, 4, shape),
    "above two": lambda random, shape: random.uniform(4.5, 7, shape),
    "below": lambda random, shape: random.uniform(-3, -1, shape),
    "unit": lambda random, shape: random.uniform(0.05, 0.95, shape),
    "large": lambda random, shape: random.uniform(8, 30, shape),
    "count": lambda random, shape: random.integers(3, 40, shape).astype(float),
    "simplex": _simplex,
    "vector": lambda random, shape: random.standard_normal((*shape, 4)),
    "positive vector": lambda random, shape: random.uniform(0.4, 3, (*shape, 4)),
    "loc": lambda random, shape: random.standard_normal((*shape, 3)),
    "diagonal": lambda random, shape: random.uniform(0.4, 3, (*shape, 3)),
    "factor": lambda random, shape: random.standard_normal((*shape, 3, 2)),
    "matrix": _matrix,
    "precision": lambda random, shape: np.linalg.inv(_matrix(random, shape)),
    "triangle": lambda random, shape: np.linalg.cholesky(_matrix(random, shape)),
}


def mixture(torch, weights, loc, scale):
    """A mixture of normal numbers."""
    D = torch.distributions
    return D.MixtureSameFamily(D.Categorical(logits=weights), D.Normal(loc + 0 * weights, scale.unsqueeze(-1)))


def mixture_of_vectors(torch, weights, loc):
    """A mixture of normal vectors."""
    D = torch.distributions
    components = D.Independent(D.Normal((loc + 0 * weights).unsqueeze(-1), torch.ones(2, dtype=loc.dtype)), 1)
    return D.MixtureSameFamily(D.Categorical(logits=weights), components)


def transformed(torch, loc, scale):
    """Normal numbers that are mapped, by decreasing maps, too."""
    D = torch.distributions
    return D.TransformedDistribution(D.Normal(loc, scale), [D.AffineTransform(1.0, -2.0), D.SigmoidTransform()])


def transformed_vectors(torch, loc, scale):
    """Normal vectors that become probabilities."""
    D = torch.distributions
    return D.TransformedDistribution(D.Normal(loc, scale.unsqueeze(-1)), D.StickBreakingTransform())


CASES = [
    Case("Bernoulli by probs", {"probs": "unit"}),
    Case("Bernoulli by logits", {"logits": "real"}),
    Case("Beta", {"concentration1": "positive", "concentration0": "positive"}),
    Case("Binomial by probs", {"probs": "unit"}, lambda torch, p: torch.distributions.Binomial(7, p)),
    Case("Binomial by counts", {"total_count": "count", "logits": "real"}),
    Case("Categorical by probs", {"probs": "simplex"}),
    Case("Categorical by logits", {"logits": "vector"}),
    Case("Cauchy", {"loc": "real", "scale": "positive"}),
    Case("Chi2", {"df": "positive"}),
    Case("ContinuousBernoulli by probs", {"probs": "unit"}),
    Case("ContinuousBernoulli by logits", {"logits": "tiny"}),
    Case("Dirichlet", {"concentration": "positive vector"}),
    Case("Exponential", {"rate": "positive"}),
    Case("FisherSnedecor", {"df1": "above one", "df2": "positive"}),
    Case("Gamma", {"concentration": "positive", "rate": "positive"}),
    Case("Gamma of large ones", {"concentration": "large", "rate": "positive"}),
    Case("GeneralizedPareto", {"loc": "real", "scale": "positive", "concentration": "tiny"}, dtype="float32"),
    Case("Geometric by probs", {"probs": "unit"}),
    Case("Geometric by logits", {"logits": "real"}),
    Case("Gumbel", {"loc": "real", "scale": "positive"}),
    Case("HalfCauchy", {"scale": "positive"}),
    Case("HalfNormal", {"scale": "positive"}),
    Case(
        "Independent",
        {"loc": "loc", "scale": "diagonal"},
        lambda torch, loc, scale: torch.distributions.Independent(torch.distributions.Normal(loc, scale), 1),
    ),
    Case("InverseGamma", {"concentration": "positive", "rate": "positive"}),
    Case("Kumaraswamy", {"concentration1": "positive", "concentration0": "positive"}),
    Case("LKJCholesky", {"concentration": "positive"}, lambda torch, c: torch.distributions.LKJCholesky(3, c)),
    Case("Laplace", {"loc": "real", "scale": "positive"}),
    Case("LogNormal", {"loc": "real", "scale": "positive"}),
    Case("LogisticNormal", {"loc": "loc", "scale": "diagonal"}),
    Case("LowRankMultivariateNormal", {"loc": "loc", "cov_factor": "factor", "cov_diag": "diagonal"}),
    Case("MixtureSameFamily", {"weights": "vector", "loc": "vector", "scale": "positive"}, mixture),
    Case("MixtureSameFamily of vectors", {"weights": "vector", "loc": "vector"}, mixture_of_vectors),
    Case("Multinomial by probs", {"probs": "simplex"}, lambda torch, p: torch.distributions.Multinomial(5, p)),
    Case("Multinomial by logits", {"logits": "vector"}, lambda torch, x: torch.distributions.Multinomial(3, logits=x)),
    Case("MultivariateNormal", {"loc": "loc", "covariance_matrix": "matrix"}),
    Case("MultivariateNormal by precision", {"loc": "loc", "precision_matrix": "precision"}),
    Case("MultivariateNormal by factor", {"loc": "loc", "scale_tril": "triangle"}),
    Case("NegativeBinomial by probs", {"total_count": "count", "probs": "unit"}),
    Case("NegativeBinomial by logits", {"total_count": "positive", "logits": "real"}),
    Case("Normal", {"loc": "real", "scale": "positive"}),
    Case("OneHotCategorical by probs", {"probs": "simplex"}),
    Case("OneHotCategorical by logits", {"logits": "vector"}),
    Case("OneHotCategoricalStraightThrough", {"logits": "vector"}),
    Case("Pareto", {"scale": "positive", "alpha": "positive"}),
    Case("Poisson", {"rate": "positive"}),
    Case("Poisson of large ones", {"rate": "large"}),
    Case(
        "RelaxedBernoulli",
        {"probs": "unit"},
        lambda torch, p: torch.distributions.RelaxedBernoulli(torch.tensor(0.7, dtype=p.dtype), p),
    ),
    Case(
        "RelaxedOneHotCategorical",
        {"probs": "simplex"},
        lambda torch, p: torch.distributions.RelaxedOneHotCategorical(torch.tensor(0.7, dtype=p.dtype), p),
    ),
    Case("StudentT", {"df": "positive", "loc": "real", "scale": "positive"}),
    Case("TransformedDistribution", {"loc": "real", "scale": "positive"}, transformed),
    Case("TransformedDistribution of vectors", {"loc": "loc", "scale": "positive"}, transformed_vectors),
    Case("Uniform", {"low": "below", "high": "positive"}),
    Case("VonMises", {"loc": "real", "concentration": "positive"}),
    Case("Weibull", {"scale": "positive", "concentration": "positive"}),
    Case("Wishart", {"df": "above two", "covariance_matrix": "matrix"}),
    Case("Wishart by precision", {"df": "above two", "precision_matrix": "precision"}),
    Case("Wishart by factor", {"df": "above two", "scale_tril": "triangle"}),
]
