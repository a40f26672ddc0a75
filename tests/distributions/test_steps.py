"""Distributions in training loops: steps are programs, what they check is said by them, values are the same."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.distributions.cases import CASES, Case
from tests.support import array_of, check_op, reference, tensor_of

TIMES = 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
@pytest.mark.usefixtures("in_auto_mode")
@pytest.mark.filterwarnings("ignore:Singular sample detected")  # PyTorch says it of each
def test_each_in_a_loop(case: Case):
    """Densities, entropies and gradients are the same each time, however they are computed."""
    found = []
    for _ in range(TIMES):
        leaves = [tensor_of(torchlike, each).requires_grad_() for each in case.arrays((3,), case.dtype)]
        made = case.distribution(torchlike, *leaves)
        torchlike.manual_seed(2)
        value = made.sample((4,))
        loss = made.log_prob(value).sum()
        loss.backward()
        found.append([value, loss, *[each.grad for each in leaves if each.grad is not None]])
    for later in found[1:]:
        for first, other in zip(found[0], later, strict=True):
            np.testing.assert_allclose(array_of(other), array_of(first), rtol=1e-5, atol=1e-6)


class Autoencoder:
    """A variational autoencoder, and its steps."""

    def __init__(self, torch) -> None:
        torch.manual_seed(0)
        self.torch, nn = torch, torch.nn
        self.encoder, self.decoder = nn.Linear(6, 4), nn.Linear(2, 6)
        self.optimizer = torch.optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], lr=0.01)
        self.prior = torch.distributions.Normal(torch.zeros(2), torch.ones(2))

    def step(self, x):
        """One step; the loss, not yet read."""
        D, F = self.torch.distributions, self.torch.nn.functional
        loc, scale = self.encoder(x).chunk(2, -1)
        posterior = D.Normal(loc, F.softplus(scale))
        decoded = D.Independent(D.Bernoulli(logits=self.decoder(posterior.rsample())), 1)
        loss = (D.kl_divergence(posterior, self.prior).sum(-1) - decoded.log_prob(x)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss


class Policy:
    """A policy, and its steps by the gradient of the log-probability of what it does."""

    def __init__(self, torch) -> None:
        torch.manual_seed(0)
        self.torch = torch
        self.net = torch.nn.Linear(6, 3)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)

    def step(self, x):
        """One step; the loss, not yet read."""
        choice = self.torch.distributions.Categorical(logits=self.net(x))
        action = choice.sample()
        reward = (action == 1).float()
        loss = -(choice.log_prob(action) * reward).mean() - 0.01 * choice.entropy().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss


def losses(torch, kind, times: int = TIMES) -> list[float]:
    made, found = kind(torch), []
    for seed in range(times):
        x = (torch.rand(8, 6, generator=torch.Generator().manual_seed(seed)) > 0.5).float()
        found.append(made.step(x).item())
    return found


@pytest.mark.parametrize("kind", [Autoencoder, Policy])
@pytest.mark.parametrize("mode", ["auto", "whole", "eager"])
def test_losses(kind, mode):
    want = losses(reference(), kind)
    with torchlike.execution_mode(mode):
        np.testing.assert_allclose(losses(torchlike, kind), want, rtol=1e-5)


@pytest.mark.usefixtures("in_auto_mode")
def test_a_step_is_a_program():
    """From the second step on nothing is cut off for what is checked on the way."""
    made, x = Autoencoder(torchlike), torchlike.ones(8, 6)
    flushes = torchlike.explain().flushes
    for _ in range(3):
        made.step(x)
    before = sum(count for (reason, _), count in flushes.items() if reason != "a step ended")
    for _ in range(3):
        made.step(x)
    assert sum(count for (reason, _), count in flushes.items() if reason != "a step ended") == before


@pytest.mark.usefixtures("in_auto_mode")
def test_what_goes_wrong_in_a_loop():
    """The program tells of it when the loss is read, with the line; the next time the line itself does."""

    def train(torch):
        made, told = Autoencoder(torch), []
        for time in range(6):
            x = torch.ones(8, 6)
            x[0, 0] = float("nan") if time > 3 else 1.0
            try:
                made.step(x).item()
            except ValueError as error:
                told.append(error)
        return told

    want, got = train(reference()), train(torchlike)
    assert [str(each).split("tensor(")[0] for each in got[:1]] == [str(each).split("tensor(")[0] for each in want[:1]]
    assert "posterior = D.Normal" in got[0].__notes__[0]
    assert len(got) == len(want) == 2


@pytest.mark.usefixtures("in_auto_mode")
def test_what_is_wrong_at_a_line_that_is_no_loop():
    """Lines that pass many times, but not in another step, say at once what is wrong."""

    def make(values):
        return torchlike.distributions.Categorical(probs=torchlike.tensor(values, requires_grad=True))

    for _ in range(5):
        make([0.5, 0.5])
    with pytest.raises(ValueError, match="but found invalid values"):
        make([-0.5, 1.5])


def test_transformed_functions():
    """Distributions within `vmap` and derivatives of functions, checked as elsewhere."""

    def values(torch):
        D, func = torch.distributions, torch.func
        log_prob = lambda loc, x: D.Normal(loc, 2.0, torch is torchlike).log_prob(x)  # PyTorch cannot check here
        given = torch.arange(3.0), torch.ones(3)
        found = [func.vmap(log_prob)(*given), func.vmap(func.grad(log_prob))(*given)]
        return [*found, func.jacrev(log_prob)(*given), func.hessian(lambda *each: log_prob(*each).sum())(*given)]

    check_op([], values)


def test_distributions_that_are_modules():
    """A map and a distribution that have parameters: a constructor calls the next."""

    def trained(torch):
        D, nn = torch.distributions, torch.nn

        class Scale(D.Transform, nn.Module):
            domain = codomain = D.constraints.real
            bijective = True

            def __init__(self):
                super().__init__()
                self.factor = nn.Parameter(torch.tensor(2.0))

            def _call(self, x):
                return x * self.factor

            def _inverse(self, y):
                return y / self.factor

            def log_abs_det_jacobian(self, x, y):
                return self.factor.abs().log().expand(x.shape)

            def __hash__(self):
                return id(self)

        class Prior(D.Normal, nn.Module):
            def __init__(self, loc, scale):
                nn.Module.__init__(self)
                D.Normal.__init__(self, loc, scale)
                for name in ("loc", "scale"):
                    value = self.__dict__.pop(name)
                    self.register_buffer(name, value)

        scale = Scale()
        made = D.TransformedDistribution(D.Normal(torch.zeros(2), 1.0), scale)
        loss = made.log_prob(torch.ones(2)).sum()
        loss.backward()
        prior = Prior(torch.zeros(2), torch.ones(2))
        larger = D.Normal.expand(prior, (3, 2), D.Normal.__new__(D.Normal))
        return [loss.detach(), *[each.grad for each in scale.parameters()], len(list(prior.buffers())), larger.loc]

    check_op([], trained)
