"""``torch.distributions``: probability distributions, their transforms and divergences."""

from torchlike.distributions import constraints as constraints
from torchlike.distributions import kl as kl
from torchlike.distributions import utils as utils
from torchlike.distributions.bernoulli import Bernoulli as Bernoulli
from torchlike.distributions.categorical import Categorical as Categorical
from torchlike.distributions.distribution import Distribution as Distribution
from torchlike.distributions.exp_family import ExponentialFamily as ExponentialFamily
from torchlike.distributions.kl import kl_divergence as kl_divergence
from torchlike.distributions.kl import register_kl as register_kl
from torchlike.distributions.normal import Normal as Normal
from torchlike.distributions.uniform import Uniform as Uniform
