"""PyTorch's CPU random numbers, bit for bit, over NumPy: an engine of words and the distributions on it."""

from __future__ import annotations

from torchlike._random.distributions import bernoulli as bernoulli
from torchlike._random.distributions import bernoulli_of as bernoulli_of
from torchlike._random.distributions import cauchy as cauchy
from torchlike._random.distributions import dropout_noise as dropout_noise
from torchlike._random.distributions import exponential as exponential
from torchlike._random.distributions import geometric as geometric
from torchlike._random.distributions import log_normal as log_normal
from torchlike._random.distributions import normal as normal
from torchlike._random.distributions import uniform as uniform
from torchlike._random.engine import DEFAULT_SEED as DEFAULT_SEED
from torchlike._random.engine import Engine as Engine
from torchlike._random.integers import integers as integers
from torchlike._random.integers import permutation as permutation
from torchlike._random.integers import random_full as random_full
from torchlike._random.sampling import binomial as binomial
from torchlike._random.sampling import dirichlet as dirichlet
from torchlike._random.sampling import multinomial as multinomial
from torchlike._random.sampling import poisson as poisson
from torchlike._random.sampling import standard_gamma as standard_gamma
