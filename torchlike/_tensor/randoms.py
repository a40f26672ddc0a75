"""Methods that fill a tensor with random numbers."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import randoms


class RandomMethods(Variable):
    """Draws in place."""

    uniform_ = randoms.uniform_
    normal_ = randoms.normal_
    log_normal_ = randoms.log_normal_
    exponential_ = randoms.exponential_
    geometric_ = randoms.geometric_
    cauchy_ = randoms.cauchy_
    random_ = randoms.random_
    bernoulli_ = randoms.bernoulli_
    bernoulli = randoms.bernoulli
    multinomial = randoms.multinomial
