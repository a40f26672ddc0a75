"""Random tensors have PyTorch's own numbers, and its errors."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")

DRAWS = {
    "rand": lambda T: T.rand(3, 4),
    "rand double": lambda T: T.rand(5, dtype=T.float64),
    "rand complex": lambda T: T.rand(5, dtype=T.complex64),
    "randn few": lambda T: T.randn(5),
    "randn many": lambda T: T.randn(40),
    "randn complex": lambda T: T.randn(20, dtype=T.complex128),
    "randint": lambda T: T.randint(3, 9, (7,)),
    "randint bytes": lambda T: T.randint(250, (7,), dtype=T.uint8),
    "randperm": lambda T: T.randperm(9),
    "rand_like": lambda T: T.rand_like(T.ones(3, 2, dtype=T.float64)),
    "randn_like": lambda T: T.randn_like(T.ones(3, 2)),
    "randint_like": lambda T: T.randint_like(T.ones(6), 4),
    "normal tensors": lambda T: T.normal(T.arange(4.0), T.ones(3, 1)),
    "normal numbers": lambda T: T.normal(1.0, 2.0, (5,)),
    "bernoulli": lambda T: T.bernoulli(T.linspace(0, 1, 9)),
    "multinomial": lambda T: T.multinomial(T.tensor([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]]), 2),
    "multinomial again": lambda T: T.multinomial(T.tensor([0.1, 0.2, 0.7]), 9, replacement=True),
    "poisson": lambda T: T.poisson(T.tensor([0.5, 3.0, 40.0])),
    "binomial": lambda T: T.binomial(T.tensor([[3.0], [40.0]]).expand(2, 3), T.tensor([0.2, 0.5, 0.9])),
    "gammas": lambda T: T._standard_gamma(T.tensor([[0.01, 0.5, 3.0], [40.0, 1.0, 7.0]]).t()),
    "gamma double": lambda T: T._standard_gamma(T.tensor(0.7, dtype=T.float64)),
    "shares": lambda T: T._sample_dirichlet(T.tensor([[0.01, 0.5, 3.0], [40.0, 1.0, 7.0]])),
    "uniform_": lambda T: T.empty(3, 4).uniform_(-1, 2),
    "normal_ complex": lambda T: T.empty(30, dtype=T.complex64).normal_(2.0, 3.0),
    "normal_ transposed": lambda T: T.empty(6, 4).t().normal_(),
    "random_": lambda T: T.empty(5).random_(),
    "random_ to": lambda T: T.empty(5, dtype=T.int64).random_(3),
    "random_ from": lambda T: T.empty(5, dtype=T.int8).random_(100, None),
    "random_ between": lambda T: T.empty(5, dtype=T.int64).random_(-3, 3),
    "bernoulli_ transposed": lambda T: T.empty(4, 5).t().bernoulli_(T.linspace(0, 1, 20).reshape(5, 4)),
    "exponential_": lambda T: T.empty(5).exponential_(2.0),
    "geometric_": lambda T: T.empty(5).geometric_(0.3),
    "cauchy_": lambda T: T.empty(5).cauchy_(),
    "log_normal_": lambda T: T.empty(5).log_normal_(),
}
ERRORS = {
    "randint": lambda T: T.randint(5, 3, (2,)),
    "randint bytes": lambda T: T.randint(0, 300, (2,), dtype=T.uint8),
    "negative size": lambda T: T.rand(-1),
    "normal std": lambda T: T.normal(T.ones(3), -1.0),
    "normal shapes": lambda T: T.normal(T.ones(3), T.ones(2)),
    "normal dtype": lambda T: T.normal(T.ones(3).long(), T.ones(3)),
    "normal stds": lambda T: T.normal(T.ones(2), T.tensor([1.0, -1.0])),
    "bernoulli": lambda T: T.bernoulli(T.tensor([1.5])),
    "binomial counts": lambda T: T.binomial(T.tensor([1]), T.tensor([0.5])),
    "binomial probabilities": lambda T: T.binomial(T.ones(1), T.tensor([1])),
    "binomial dtypes": lambda T: T.binomial(T.ones(1), T.ones(1).double()),
    "binomial halves": lambda T: T.binomial(T.ones(1).half(), T.ones(1).half()),
    "binomial derivative": lambda T: T.binomial(T.ones(1, requires_grad=True), T.ones(1)).sum().backward(),
    "gammas of halves": lambda T: T._standard_gamma(T.ones(2).half()),
    "shares of integers": lambda T: T._sample_dirichlet(T.ones(2, dtype=T.int64)),
    "multinomial negative": lambda T: T.multinomial(T.tensor([0.5, -0.5]), 1),
    "multinomial zero": lambda T: T.multinomial(T.zeros(2), 2, True),
    "multinomial too many": lambda T: T.multinomial(T.ones(2), 3),
    "multinomial out": lambda T: T.multinomial(T.ones(2), 1, out=T.ones(1)),
    "random_ order": lambda T: T.empty(2).random_(9, 3),
    "seed": lambda T: T.Generator().manual_seed(1.7),
    "long seed": lambda T: T.manual_seed(2**70),
}


def elements(tensor) -> np.ndarray:
    return np.asarray(tensor.detach().numpy())


@pytest.mark.parametrize("name", DRAWS)
def test_pytorchs_numbers(name):
    found = []
    for library in (torch, torchlike):
        library.manual_seed(3)
        found += [elements(DRAWS[name](library)), elements(library.rand(2))]
    np.testing.assert_array_equal(found[2], found[0])
    assert found[2].dtype == found[0].dtype
    np.testing.assert_array_equal(found[3], found[1], err_msg="the generator stands elsewhere afterwards")


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    said = []
    for library in (torch, torchlike):
        with pytest.raises(Exception, match=".") as caught:
            ERRORS[name](library)
        said.append((caught.type, str(caught.value).split("\n")[0]))
    assert said[1] == said[0]


def test_a_state_can_be_kept_and_restored():
    torchlike.manual_seed(5)
    torchlike.rand(3)
    state = torchlike.get_rng_state()
    first = elements(torchlike.randn(20))
    torchlike.set_rng_state(state)
    np.testing.assert_array_equal(elements(torchlike.randn(20)), first)


def test_pytorchs_states_are_taken():
    torch.manual_seed(5)
    torch.randn(7)
    torchlike.set_rng_state(torchlike.from_numpy(torch.get_rng_state().numpy()))
    np.testing.assert_array_equal(elements(torchlike.randn(20)), torch.randn(20).numpy())


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    torchlike.manual_seed(5)
    want = elements(torchlike.rand(3))
    torchlike.manual_seed(5)
    own = torchlike.Generator().manual_seed(9)
    torchlike.rand(4, generator=own)
    np.testing.assert_array_equal(elements(torchlike.rand(3)), want)


def test_bernoulli_has_a_zero_derivative():
    chances = torchlike.tensor([0.2, 0.7], requires_grad=True)
    torchlike.bernoulli(chances).sum().backward()
    np.testing.assert_array_equal(chances.grad.numpy(), [0, 0])


def test_derivatives_of_what_was_drawn():
    """PyTorch's approximations, in each of the regions where they differ."""
    random = np.random.default_rng(0)
    for dtype, rtol in (("float32", 1e-3), ("float64", 1e-9)):
        alpha = np.exp(random.uniform(-3, 5, (400, 3))).astype(dtype)
        torch.manual_seed(0)
        gammas, shares = torch._standard_gamma(torch.tensor(alpha)), torch._sample_dirichlet(torch.tensor(alpha))
        total = np.broadcast_to(alpha.sum(-1, keepdims=True), alpha.shape).copy()
        found = []
        for library in (torch, torchlike):
            given = [library.tensor(each) for each in (alpha, gammas.numpy(), shares.numpy(), total)]
            slopes = library._standard_gamma_grad(*given[:2]), library._dirichlet_grad(given[2], given[0], given[3])
            rates = library.ones(2, requires_grad=True)
            library.poisson(rates).sum().backward()
            found.append([*map(elements, slopes), elements(rates.grad)])
        for want, got in zip(*found, strict=True):
            np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol)
