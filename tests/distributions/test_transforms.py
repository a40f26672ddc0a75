"""Maps between distributions, regions, and which map leads into which region."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, reference

VECTOR, MATRIX = (2, 3), (2, 3, 3)
# for each map: how it is made, and the shape of what it takes
MAPS = {
    "abs": (lambda D, torch: D.AbsTransform(), VECTOR),
    "affine": (lambda D, torch: D.AffineTransform(1.0, -2.0), VECTOR),
    "affine of vectors": (lambda D, torch: D.AffineTransform(torch.arange(3.0), torch.arange(1.0, 4.0), 1), VECTOR),
    "cat": (lambda D, torch: D.CatTransform([D.ExpTransform(), D.TanhTransform()], 1, [1, 2]), VECTOR),
    "cat along the first": (lambda D, torch: D.CatTransform([D.ExpTransform(), D.TanhTransform()], 0), VECTOR),
    "compose": (lambda D, torch: D.ComposeTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0)]), VECTOR),
    "compose with vectors": (
        lambda D, torch: D.ComposeTransform([D.AffineTransform(0.5, 2.0), D.StickBreakingTransform()]),
        VECTOR,
    ),
    "corr": (lambda D, torch: D.CorrCholeskyTransform(), VECTOR),
    "cumulative": (lambda D, torch: D.CumulativeDistributionTransform(D.Normal(0.0, 1.0)), VECTOR),
    "exp": (lambda D, torch: D.ExpTransform(), VECTOR),
    "identity": (lambda D, torch: D.identity_transform, VECTOR),
    "independent": (lambda D, torch: D.IndependentTransform(D.ExpTransform(), 1), VECTOR),
    "lower cholesky": (lambda D, torch: D.LowerCholeskyTransform(), MATRIX),
    "positive definite": (lambda D, torch: D.PositiveDefiniteTransform(), MATRIX),
    "power": (lambda D, torch: D.PowerTransform(3.0), VECTOR),
    "reshape": (lambda D, torch: D.ReshapeTransform((3,), (3, 1)), VECTOR),
    "sigmoid": (lambda D, torch: D.SigmoidTransform(), VECTOR),
    "softmax": (lambda D, torch: D.SoftmaxTransform(), VECTOR),
    "softplus": (lambda D, torch: D.SoftplusTransform(), VECTOR),
    "stack": (lambda D, torch: D.StackTransform([D.ExpTransform(), D.TanhTransform()], 0), VECTOR),
    "stack along the last": (lambda D, torch: D.StackTransform([D.ExpTransform()] * 3, -1), VECTOR),
    "stick": (lambda D, torch: D.StickBreakingTransform(), VECTOR),
    "tanh": (lambda D, torch: D.TanhTransform(), VECTOR),
}
every_map = pytest.mark.parametrize("name", MAPS)


def made(torch, name: str):
    return MAPS[name][0](torch.distributions, torch)


def attempt(fn):
    """What a function gives, or the kind of error and its sentence."""
    try:
        return fn()
    except (NotImplementedError, ValueError) as error:
        return type(error).__name__, str(error)


@every_map
def test_values(name):
    """Forwards, backwards, and the logarithm of the determinant, with gradients."""

    def values(torch, x):
        t = made(torch, name)
        x = x.abs() + 0.1 if name == "power" else x
        y = t(x)
        back = t.inv(y)
        slopes = [attempt(lambda: t.log_abs_det_jacobian(x, y)), attempt(lambda: t.inv.log_abs_det_jacobian(y, x))]
        return [y, back, *slopes]

    check_op([MAPS[name][1]], values, rtol=1e-4, atol=1e-5)


@every_map
def test_what_they_say(name):
    def told(torch):
        t = made(torch, name)
        shape = torch.Size(MAPS[name][1])
        found = [repr(t), repr(t.inv), attempt(lambda: repr(t.domain)), attempt(lambda: repr(t.codomain))]
        found += [t.bijective, attempt(lambda: t.event_dim), attempt(lambda: t.inv.event_dim), t.inv.inv is t]
        after = tuple(t.forward_shape(shape))
        back = tuple(t.inverse_shape(torch.Size(after)))
        return [*found, attempt(lambda: t.sign), after, back, t == made(torch, name), t != t.inv, t.inv == t.inv]

    check_op([], told)


@every_map
def test_cached(name):
    """What a map remembers it gives back as it is."""
    t = made(torchlike, name)
    t = t.with_cache()
    assert t.with_cache(1) is t and t.with_cache(0)._cache_size == 0
    x = torchlike.rand(MAPS[name][1])
    if name not in ("identity", "compose", "compose with vectors"):  # which remember nothing themselves
        y = t(x)
        assert t(x) is y and t.inv(y) is x and t.inv.inv is t


@every_map
def test_pickled(name):
    t = made(torchlike, name)
    x = torchlike.rand(MAPS[name][1])
    for each in (t, t.inv):
        twin = pickle.loads(pickle.dumps(each))
        assert repr(twin) == repr(each)
    assert torchlike.equal(pickle.loads(pickle.dumps(t))(x), t(x))


@pytest.mark.parametrize("name", sorted(set(MAPS) - {"cat", "cat along the first", "stack", "stack along the last"}))
def test_distributions_of_mapped_numbers(name):
    """Shapes, samples and densities of transformed distributions."""

    def transformed(torch):
        D = torch.distributions
        shape = MAPS[name][1]
        base = D.Normal(torch.zeros(shape), 0.5) if name != "power" else D.Uniform(torch.ones(shape), 2.0)
        t = made(torch, name)
        found = D.TransformedDistribution(base, [t] if t.bijective or name == "abs" else t)
        torch.manual_seed(1)
        drawn = found.rsample((2,))
        shapes = tuple(found.batch_shape), tuple(found.event_shape), repr(found.support), found.has_rsample
        larger = tuple(found.expand((5, *found.batch_shape)).batch_shape)
        return [*shapes, larger, drawn, attempt(lambda: found.log_prob(drawn))]

    check_op([], transformed, rtol=1e-4, atol=1e-5)


ERRORS = {
    "cache size": lambda D, torch: D.ExpTransform(cache_size=2),
    "reshape": lambda D, torch: D.ReshapeTransform((2,), (3,)),
    "reshape of few": lambda D, torch: D.ReshapeTransform((2, 3), (6,)).forward_shape((3,)),
    "reshape of others": lambda D, torch: D.ReshapeTransform((2, 3), (6,)).forward_shape(torch.Size((3, 2))),
    "independent": lambda D, torch: D.IndependentTransform(D.ExpTransform(), 2)(torch.zeros(3)),
    "independent inverse": lambda D, torch: D.IndependentTransform(D.ExpTransform(), 2).inv(torch.ones(3)),
    "corr": lambda D, torch: D.CorrCholeskyTransform().forward_shape((4,)),
    "corr of none": lambda D, torch: D.CorrCholeskyTransform().forward_shape(()),
    "corr inverse": lambda D, torch: D.CorrCholeskyTransform().inverse_shape((3, 4)),
    "softmax": lambda D, torch: D.SoftmaxTransform().forward_shape(()),
    "stick": lambda D, torch: D.StickBreakingTransform().inverse_shape(()),
    "cat of others": lambda D, torch: D.CatTransform([1]),
    "cat lengths": lambda D, torch: D.CatTransform([D.ExpTransform()], lengths=[1, 2]),
    "cat dim": lambda D, torch: D.CatTransform([D.ExpTransform()], dim=2)(torch.zeros(1)),
    "cat size": lambda D, torch: D.CatTransform([D.ExpTransform()])(torch.zeros(2)),
    "cat size of the inverse": lambda D, torch: D.CatTransform([D.ExpTransform()]).inv(torch.zeros(2)),
    "cat slope": lambda D, torch: D.CatTransform([D.ExpTransform()]).log_abs_det_jacobian(
        torch.zeros(1), torch.zeros(2)
    ),
    "stack size": lambda D, torch: D.StackTransform([D.ExpTransform()])(torch.zeros(2, 2)),
    "stack slope": lambda D, torch: D.StackTransform([D.ExpTransform()]).log_abs_det_jacobian(
        torch.zeros(2), torch.zeros(1)
    ),
    "no map": lambda D, torch: D.TransformedDistribution(D.Normal(0.0, 1.0), [1]),
    "no maps": lambda D, torch: D.TransformedDistribution(D.Normal(0.0, 1.0), 1),
    "few dimensions": lambda D, torch: D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform()),
    "no slope": lambda D, torch: D.AbsTransform().log_abs_det_jacobian(torch.ones(1), torch.ones(1)),
    "too many dimensions": lambda D, torch: D.Independent(D.Normal(torch.zeros(2), 1.0), 2),
    "enumerated": lambda D, torch: D.Independent(D.Bernoulli(torch.ones(2) / 2), 1).enumerate_support(),
    "no region": lambda D, torch: D.biject_to(D.constraints.lower_triangular),
    "no region for": lambda D, torch: D.transform_to.register(3, lambda c: None),
    "dependent": lambda D, torch: D.constraints.dependent.check(torch.ones(1)),
    "dependent kind": lambda D, torch: D.constraints.dependent.is_discrete,
    "dependent dims": lambda D, torch: D.constraints.dependent.event_dim,
    "no constraint": lambda D, torch: D.constraints.independent(1, 1),
    "no dims": lambda D, torch: D.constraints.independent(D.constraints.real, 1.5),
    "negative dims": lambda D, torch: D.constraints.independent(D.constraints.real, -1),
    "too few dims": lambda D, torch: D.constraints.independent(D.constraints.real, 2).check(torch.ones(1)),
    "cat of no constraint": lambda D, torch: D.constraints.cat([1]),
    "cat of other sizes": lambda D, torch: D.constraints.cat([D.constraints.real], lengths=[1, 2]),
    "stack dim": lambda D, torch: D.constraints.stack([D.constraints.real], 1).check(torch.ones(1)),
    "mixture": lambda D, torch: D.constraints.MixtureSameFamilyConstraint(1),
    "no mixture": lambda D, torch: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0)),
    "no components": lambda D, torch: D.MixtureSameFamily(D.Categorical(torch.ones(2)), 1),
    "other components": lambda D, torch: D.MixtureSameFamily(
        D.Categorical(torch.ones(2)), D.Normal(torch.zeros(3), 1.0)
    ),
    "other batches": lambda D, torch: D.MixtureSameFamily(
        D.Categorical(torch.ones(3, 2)), D.Normal(torch.zeros(2, 2), 1.0)
    ),
    "no dimension": lambda D, torch: D.Categorical(torch.tensor(1.0)),
    "no vector": lambda D, torch: D.Dirichlet(torch.tensor(1.0)),
    "trials": lambda D, torch: D.Multinomial(torch.tensor(3), torch.ones(2)),
    "trials of several": lambda D, torch: D.Binomial(torch.tensor([1, 2]), torch.tensor(0.5)).entropy(),
    "mean of vectors": lambda D, torch: D.MultivariateNormal(torch.tensor(1.0), torch.eye(2)),
    "two matrices": lambda D, torch: D.MultivariateNormal(torch.zeros(2), torch.eye(2), torch.eye(2)),
    "no matrix": lambda D, torch: D.MultivariateNormal(torch.zeros(2), torch.ones(2)),
    "no factor": lambda D, torch: D.MultivariateNormal(torch.zeros(2), scale_tril=torch.ones(2)),
    "not definite": lambda D, torch: D.MultivariateNormal(torch.zeros(2), -torch.eye(2)),
    "not symmetric": lambda D, torch: D.MultivariateNormal(torch.zeros(2), torch.tensor([[1.0, 0.5], [0.0, 1.0]])),
    "low rank": lambda D, torch: D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2), torch.ones(2)),
    "low rank sizes": lambda D, torch: D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(3, 1), torch.ones(2)),
    "diagonal": lambda D, torch: D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(3)),
    "low rank batches": lambda D, torch: D.LowRankMultivariateNormal(
        torch.zeros(3, 2), torch.ones(2, 2, 1), torch.ones(2)
    ),
    "size of a correlation": lambda D, torch: D.LKJCholesky(1),
    "few rows": lambda D, torch: D.Wishart(torch.tensor(1.0), torch.eye(2)),
    "no covariance": lambda D, torch: D.Wishart(torch.tensor(3.0)),
    "covariance of one dimension": lambda D, torch: D.Wishart(torch.tensor(3.0), torch.ones(2)),
    "never a success": lambda D, torch: D.Geometric(torch.tensor([0.0, 0.5])),
    "beyond": lambda D, torch: D.ContinuousBernoulli(torch.tensor([1.5]), validate_args=True),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    check_error([], lambda torch: ERRORS[name](torch.distributions, torch))


def test_a_subclass_with_a_constructor():
    """Its own size of the cache is its own affair."""

    def with_cache(torch):
        class Own(torch.distributions.Transform):
            def __init__(self):
                super().__init__()

        return Own().with_cache()

    with pytest.raises(NotImplementedError, match="with_cache is not implemented"):
        with_cache(torchlike)
    check_error([], with_cache, text=False)


def test_affine_maps_are_compared():
    def pairs(torch):
        D = torch.distributions
        maps = [D.AffineTransform(*given) for given in [(0, 1), (0.0, 1), (1, 1), (0, 2), (torch.zeros(2), 1)]]
        maps += [D.PowerTransform(torch.tensor(2.0)), D.PowerTransform(3.0), D.ExpTransform(), D.TanhTransform()]
        return [one == other for one in maps for other in maps]

    check_op([], pairs)


def test_sign_of_affine_maps():
    check_op([], lambda torch: [torch.distributions.AffineTransform(0, x).sign for x in (2, -1.5, 0)])
    check_op([(3,)], lambda torch, x: torch.distributions.AffineTransform(0, x).sign, grad=False)


# ---------------------------------------------------------------------- regions

IDENTITY = np.eye(3, dtype="float32")
REGIONS = {
    "boolean": (lambda c: c.boolean, np.array([0.0, 1, 2, np.nan])),
    "cat": (lambda c: c.cat([c.positive, c.real], -1, [1, 2]), np.array([-1.0, 1, 2])),
    "corr_cholesky": (lambda c: c.corr_cholesky, np.stack([IDENTITY, 2 * IDENTITY, IDENTITY + 1])),
    "greater_than": (lambda c: c.greater_than(1), np.array([0.0, 1, 2])),
    "greater_than_eq": (lambda c: c.greater_than_eq(1), np.array([0.0, 1, 2])),
    "half_open_interval": (lambda c: c.half_open_interval(-1, 2.0), np.array([-2.0, -1, 0, 2])),
    "independent": (lambda c: c.independent(c.positive, 1), np.array([[1.0, 2], [0, 1]])),
    "integer_interval": (lambda c: c.integer_interval(0, 2), np.array([-1.0, 0, 0.5, 2, 3])),
    "interval": (lambda c: c.interval(-1, 2.0), np.array([-2.0, -1, 0, 2, 3])),
    "less_than": (lambda c: c.less_than(1), np.array([0.0, 1, 2])),
    "integers below": (lambda c: c._IntegerLessThan(1), np.array([0.0, 0.5, 1, 2])),
    "lower_cholesky": (lambda c: c.lower_cholesky, np.stack([IDENTITY, -IDENTITY, IDENTITY + 1])),
    "lower_triangular": (lambda c: c.lower_triangular, np.stack([IDENTITY, -IDENTITY, IDENTITY + 1])),
    "mixture": (lambda c: c.MixtureSameFamilyConstraint(c.positive), np.array([1.0, -1])),
    "multinomial": (lambda c: c.multinomial(3), np.array([[1.0, 2], [3, 1], [-1, 1]])),
    "nonnegative": (lambda c: c.nonnegative, np.array([-1.0, 0, 1])),
    "nonnegative_integer": (lambda c: c.nonnegative_integer, np.array([-1.0, 0, 0.5, 1])),
    "one_hot": (lambda c: c.one_hot, np.array([[1.0, 0], [1, 1], [0.5, 0.5]])),
    "positive": (lambda c: c.positive, np.array([-1.0, 0, 1])),
    "positive_definite": (lambda c: c.positive_definite, np.stack([IDENTITY, IDENTITY + 1])),
    "not positive_definite": (lambda c: c.positive_definite, np.stack([IDENTITY, -IDENTITY])),
    "positive_integer": (lambda c: c.positive_integer, np.array([0.0, 1, 1.5])),
    "positive_semidefinite": (lambda c: c.positive_semidefinite, np.stack([IDENTITY, 0 * IDENTITY, -IDENTITY])),
    "real": (lambda c: c.real, np.array([np.nan, np.inf, 0])),
    "real_vector": (lambda c: c.real_vector, np.array([[np.nan, 0], [np.inf, 0]])),
    "simplex": (lambda c: c.simplex, np.array([[0.5, 0.5], [0.5, 0.6], [-1, 2]])),
    "square": (lambda c: c.square, np.zeros((2, 3, 3))),
    "not square": (lambda c: c.symmetric, np.zeros((2, 3, 2))),
    "stack": (lambda c: c.stack([c.positive, c.real], -1), np.array([[1.0, -1], [-1, 1]])),
    "symmetric": (lambda c: c.symmetric, np.stack([IDENTITY, np.triu(IDENTITY + 1)])),
    "unit_interval": (lambda c: c.unit_interval, np.array([-1.0, 0, 1, 1.5])),
}


@pytest.mark.parametrize("name", REGIONS)
def test_regions(name):
    make, values = REGIONS[name]

    def told(torch, values):
        found = make(torch.distributions.constraints)
        return [found.check(values), repr(found), found.is_discrete, found.event_dim]

    check_op([values.astype("float32")], told, grad=False)


@pytest.mark.parametrize("name", REGIONS)
def test_maps_into_regions(name):
    """The map that leads into a region, and that what it gives lies there."""
    make, values = REGIONS[name]

    def mapped(torch, x):
        D = torch.distributions
        region, found = make(D.constraints), []
        for registry in (D.biject_to, D.transform_to):
            try:
                t = registry(region)
            except NotImplementedError as error:
                found.append(str(error))
                continue
            given = x
            if name == "corr_cholesky":
                given = x[..., 0]
            y = t(given)
            found += [repr(t), y, region.check(y), attempt(lambda t=t, x=given, y=y: t.log_abs_det_jacobian(x, y))]
        return found

    random = np.random.default_rng(0).standard_normal(values.shape).astype("float32")
    check_op([random], mapped, rtol=1e-4, atol=1e-5)


def test_regions_that_depend():
    def told(torch):
        c = torch.distributions.constraints
        known = c.dependent(is_discrete=True)(event_dim=1)
        support = torch.distributions.Uniform.support
        return [known.is_discrete, known.event_dim, c.is_dependent(known), c.is_dependent(c.real), support.event_dim]

    check_op([], told)


def test_every_public_name_is_there():
    for path in ("distributions", "distributions.constraints", "distributions.transforms", "distributions.utils"):
        theirs, ours = reference(), torchlike
        for part in path.split("."):
            theirs, ours = getattr(theirs, part), getattr(ours, part)
        assert not [name for name in theirs.__all__ if not hasattr(ours, name)]
        assert not set(theirs.__all__) ^ set(getattr(ours, "__all__", theirs.__all__))


# ---------------------------------------------------------------------- what they share


def test_triangles_as_vectors():
    def both(torch, x):
        utils, found = torch.distributions.utils, []
        for diag in (-2, -1, 0):
            vector = utils.tril_matrix_to_vec(x, diag)
            found += [vector, utils.vec_to_tril_matrix(vector, diag)]
        return found

    check_op([MATRIX], both)
    check_error([MATRIX], lambda torch, x: torch.distributions.utils.tril_matrix_to_vec(x, 3))
    check_error([(4,)], lambda torch, x: torch.distributions.utils.vec_to_tril_matrix(x))


def test_probabilities_and_logits():
    def both(torch, x):
        utils = torch.distributions.utils
        probs = [utils.logits_to_probs(x), utils.logits_to_probs(x, True)]
        return [*probs, utils.probs_to_logits(probs[0]), utils.probs_to_logits(probs[1], is_binary=True)]

    check_op([VECTOR], both)
    check_op([np.array([0.0, 0.5, 1.0])], lambda torch, p: torch.distributions.utils.clamp_probs(p))


def test_lazy_properties():
    """They are computed under the tape, once, and look like properties."""
    utils = torchlike.distributions.utils

    class Own:
        calls = 0

        @utils.lazy_property
        def value(self):
            """A value."""
            self.calls += 1
            return torchlike.ones(1, requires_grad=True) * 2

    own = Own()
    with torchlike.no_grad():
        assert own.value.requires_grad
    assert own.value is own.value and own.calls == 1
    assert isinstance(Own.value, property) and isinstance(Own.value, utils.lazy_property)
    assert Own.value.__doc__ == "A value."
