"""Distributions against PyTorch's: what is drawn under a seed, densities, moments and all their gradients."""

from __future__ import annotations

import contextlib
import copy
import pickle
import warnings

import numpy as np
import pytest

import torchlike
from tests.distributions.cases import CASES, Case
from tests.support import array_of, check_error, check_op, raised, reference, tensor_of

BATCHES = [(), (2, 3)]
PROPERTIES = "mean variance stddev mode".split()
SHAPES = "batch_shape event_shape has_rsample has_enumerate_support".split()
# their samples are worked out by exponentials, sums and factors, of which each library has last bits of its own
ROUNDED = set(
    """ContinuousBernoulli GeneralizedPareto Gumbel InverseGamma Kumaraswamy LKJCholesky Laplace LogNormal LogisticNormal
    LowRankMultivariateNormal MultivariateNormal Pareto RelaxedBernoulli RelaxedOneHotCategorical VonMises Weibull
    TransformedDistribution Wishart""".split()
)
OF_IGAMMA = {"Gamma", "Chi2", "InverseGamma"}  # whose cumulative distribution has no derivative by the parameters


def by_name(case: Case) -> str:
    return case.name.replace(" ", "-")


every_case = pytest.mark.parametrize("case", CASES, ids=by_name)
every_batch = pytest.mark.parametrize("batch", BATCHES, ids=str)


def attempt(torch, fn):
    """What a function gives, or the kind of error and its sentence."""
    try:
        return fn()
    except (NotImplementedError, ValueError, RuntimeError) as error:
        return type(error).__name__, str(error).replace("torchlike", "torch")


@contextlib.contextmanager
def quiet():
    """Wishart's samples warn."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Singular sample detected")
        yield


def drawn(torch, distribution, shape=(4,)):
    """Samples under a fixed seed."""
    torch.manual_seed(7)
    with quiet():
        return distribution.sample(torch.Size(shape))


def told(torch, distribution):
    """What a distribution says of itself."""
    shown = {name: getattr(distribution, name) for name in SHAPES}
    constraints = attempt(torch, lambda: {k: repr(v) for k, v in distribution.arg_constraints.items()})
    return {"repr": repr(distribution), "support": repr(distribution.support), "needs": constraints, **shown}


def moments(torch, distribution):
    found = {name: attempt(torch, lambda name=name: getattr(distribution, name)) for name in PROPERTIES}
    return {
        **found,
        "entropy": attempt(torch, distribution.entropy),
        "perplexity": attempt(torch, distribution.perplexity),
    }


@every_batch
@every_case
def test_samples(case, batch):
    for dtype in ("float32", case.dtype):
        pair = []
        for torch in (reference(), torchlike):
            made = case.distribution(torch, *[tensor_of(torch, each) for each in case.arrays(batch, dtype)])
            pair.append([array_of(drawn(torch, made, shape)) for shape in ((), (1,), (4, 5))])
        for want, got in zip(*pair, strict=True):
            assert got.shape == want.shape and got.dtype == want.dtype
            bound = 0 if case.kind not in ROUNDED else 3e-5 if want.dtype == np.float32 else 1e-11
            np.testing.assert_allclose(got, want, rtol=bound, atol=bound)


@every_batch
@every_case
def test_samples_by_parameters(case, batch):
    """`rsample` and its gradients."""

    def sample(torch, *tensors):
        torch.manual_seed(3)
        made = case.distribution(torch, *tensors)
        with quiet():
            return attempt(torch, lambda: made.rsample((4,)))

    # PyTorch's Wishart writes over what its own gradient needs
    check_op(case.arrays(batch, case.dtype), sample, grad=case.kind != "Wishart", rtol=1e-6, atol=1e-9)


@every_batch
@every_case
def test_densities(case, batch):
    def densities(torch, *tensors):
        made = case.distribution(torch, *tensors)
        values = drawn(torch, made)
        known = case.distribution(torch, *[each.detach() for each in tensors]) if case.kind in OF_IGAMMA else made
        found = [attempt(torch, lambda: made.log_prob(values)), attempt(torch, lambda: known.cdf(values))]
        unit = torch.linspace(0.05, 0.95, 4, dtype=torch.float64).reshape(4, *[1] * len(batch))
        return [*found, attempt(torch, lambda: made.icdf(unit))]

    check_op(case.arrays(batch, case.dtype), densities, rtol=1e-7)


@every_batch
@every_case
def test_moments(case, batch):
    check_op(case.arrays(batch, case.dtype), lambda torch, *tensors: moments(torch, case.distribution(torch, *tensors)))


@every_case
def test_in_single_precision(case):
    def values(torch, *tensors):
        made = case.distribution(torch, *tensors)
        values = drawn(torch, made)
        return [attempt(torch, lambda: made.log_prob(values)), attempt(torch, made.entropy)]

    check_op(case.arrays((3,), "float32"), values, rtol=2e-4, atol=2e-4)


@every_case
def test_what_they_say(case):
    for batch in BATCHES:
        check_op(
            case.arrays(batch, "float32"),
            lambda torch, *tensors: told(torch, case.distribution(torch, *tensors)),
            grad=False,
        )


@every_case
def test_expanded(case):
    def expanded(torch, *tensors):
        made = case.distribution(torch, *tensors)
        attempt(torch, lambda: made.log_prob(drawn(torch, made)))
        larger = made.expand(torch.Size((2, 3)))
        values = drawn(torch, larger)
        found = [told(torch, larger), values, larger.log_prob(values)]
        if case.kind != "Multinomial":  # PyTorch's forgets what its entropy needs
            found.append(attempt(torch, larger.entropy))
        return [*found, attempt(torch, lambda: larger.mean), attempt(torch, lambda: made.expand((5,)))]

    def public(torch, *tensors):
        found = expanded(torch, *tensors)
        return [*found[:-1], found[-1] if isinstance(found[-1], tuple) else repr(found[-1])]

    check_op(case.arrays((3,), case.dtype), public, rtol=1e-7)


@every_case
def test_enumerated(case):
    def listed(torch, *tensors):
        made = case.distribution(torch, *tensors)
        values = [attempt(torch, lambda expand=expand: made.enumerate_support(expand)) for expand in (True, False)]
        return [*values, made.log_prob(values[0])] if isinstance(values[0], torch.Tensor) else values

    for batch in BATCHES:
        check_op(case.arrays(batch, case.dtype), listed, rtol=1e-7)


@every_case
def test_copies(case):
    """Pickled and copied, a distribution is the same."""
    made = case.distribution(torchlike, *[tensor_of(torchlike, each) for each in case.arrays((3,), "float32")])
    want = drawn(torchlike, made)
    for twin in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert repr(twin) == repr(made)
        assert torchlike.equal(drawn(torchlike, twin), want)


@every_case
def test_what_is_no_sample(case):
    """Values of other shapes, outside of the support, or no tensors are refused, in PyTorch's words."""
    arrays = case.arrays((3,), "float32")

    def refused(torch, value):
        made = case.distribution(torch, *[tensor_of(torch, each) for each in arrays])
        return lambda: made.log_prob(value(torch, drawn(torch, made)))

    for value in (
        lambda torch, sample: 1.0,
        lambda torch, sample: sample[..., :2],
        lambda torch, sample: sample * float("nan") if sample.is_floating_point() else sample - 9,
        lambda torch, sample: sample * 0 - 1.5,
    ):
        want, got = (
            raised(torch, lambda torch, value=value: refused(torch, value)()) for torch in (reference(), torchlike)
        )
        assert type(want).__name__ == type(got).__name__, (want, got)
        assert str(want) == str(got)


@every_case
def test_parameters_that_are_invalid(case):
    """Each parameter in turn is NaN, or out of bounds."""
    for place in range(len(case.parameters)):
        for spoil in (lambda each: each * float("nan"), lambda each: each * 0 - 7.5):
            arrays = case.arrays((3,), "float32")
            arrays[place] = spoil(arrays[place])
            want, got = (
                raised(torch, lambda torch, *tensors: repr(case.distribution(torch, *tensors)), arrays)
                for torch in (reference(), torchlike)
            )
            assert type(want).__name__ == type(got).__name__, (want, got)
            assert str(want) == str(got)


def test_validation_is_a_switch():
    def made(torch, **named):
        return torch.distributions.Normal(torch.zeros(2), -torch.ones(2), **named)

    check_error([], made)
    check_op([], lambda torch: repr(made(torch, validate_args=False)))
    check_error([], lambda torch: torch.distributions.Distribution.set_default_validate_args("no"))
    for torch in (reference(), torchlike):
        torch.distributions.Distribution.set_default_validate_args(False)
    try:
        check_op([], lambda torch: repr(made(torch)))
        check_error([], lambda torch: made(torch, validate_args=True))
    finally:
        for torch in (reference(), torchlike):
            torch.distributions.Distribution.set_default_validate_args(True)


def test_numbers_as_parameters():
    check_op([], lambda torch: [repr(torch.distributions.Normal(0, 1.0)), torch.distributions.Normal(0, 1.0).loc])
    check_op([(3,)], lambda torch, x: torch.distributions.Normal(x, 2).scale, dtype="float64")
    check_error([], lambda torch: torch.distributions.Normal("0", 1.0))


BOTH_OR_NEITHER = "Bernoulli Categorical ContinuousBernoulli Geometric OneHotCategorical".split()


@pytest.mark.parametrize("name", BOTH_OR_NEITHER)
def test_probabilities_or_logits(name):
    check_error([], lambda torch: getattr(torch.distributions, name)())
    check_error([(3,)], lambda torch, x: getattr(torch.distributions, name)(probs=x.sigmoid(), logits=x))


def test_subclasses():
    """Those with a constructor of their own need an ``expand`` of their own."""

    def with_init(torch):
        class Own(torch.distributions.Normal):
            def __init__(self):
                super().__init__(torch.zeros(2), torch.ones(2))

        return Own().expand((3, 2))

    def without(torch):
        class Own(torch.distributions.Normal):
            pass

        return repr(Own(torch.zeros(2), torch.ones(2)).expand((3, 2)))

    check_error([], with_init)
    check_op([], without)


def test_a_distribution_that_tells_nothing():
    with pytest.warns(UserWarning, match="does not define `arg_constraints`"):
        made = torchlike.distributions.Distribution()
    with pytest.raises(NotImplementedError, match="does not implement mode"):
        made.mode
    with pytest.warns(UserWarning, match="does not define `support`"):
        made._validate_sample(torchlike.zeros(()))
    for name in "mean variance stddev support arg_constraints".split():
        with pytest.raises(NotImplementedError, match="^$"):
            getattr(made, name)


def test_sample_n_is_deprecated():
    with pytest.warns(FutureWarning, match=r"`sample_n\(n\)` will be deprecated"):
        assert torchlike.distributions.Normal(torchlike.zeros(2), 1.0).sample_n(3).shape == (3, 2)
