"""Maps by which distributions become others, with the logarithms of their Jacobians' determinants."""

from __future__ import annotations

from torchlike._types.public import publish as _publish
from torchlike.distributions._array_maps import CatTransform as CatTransform
from torchlike.distributions._array_maps import CorrCholeskyTransform as CorrCholeskyTransform
from torchlike.distributions._array_maps import LowerCholeskyTransform as LowerCholeskyTransform
from torchlike.distributions._array_maps import PositiveDefiniteTransform as PositiveDefiniteTransform
from torchlike.distributions._array_maps import ReshapeTransform as ReshapeTransform
from torchlike.distributions._array_maps import SoftmaxTransform as SoftmaxTransform
from torchlike.distributions._array_maps import StackTransform as StackTransform
from torchlike.distributions._array_maps import StickBreakingTransform as StickBreakingTransform
from torchlike.distributions._elementwise_maps import AbsTransform as AbsTransform
from torchlike.distributions._elementwise_maps import AffineTransform as AffineTransform
from torchlike.distributions._elementwise_maps import CumulativeDistributionTransform as CumulativeDistributionTransform
from torchlike.distributions._elementwise_maps import ExpTransform as ExpTransform
from torchlike.distributions._elementwise_maps import PowerTransform as PowerTransform
from torchlike.distributions._elementwise_maps import SigmoidTransform as SigmoidTransform
from torchlike.distributions._elementwise_maps import SoftplusTransform as SoftplusTransform
from torchlike.distributions._elementwise_maps import TanhTransform as TanhTransform
from torchlike.distributions._maps import ComposeTransform as ComposeTransform
from torchlike.distributions._maps import IndependentTransform as IndependentTransform
from torchlike.distributions._maps import Transform as Transform
from torchlike.distributions._maps import _InverseTransform as _InverseTransform
from torchlike.distributions._maps import identity_transform as identity_transform

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "CatTransform",
    "ComposeTransform",
    "CorrCholeskyTransform",
    "CumulativeDistributionTransform",
    "ExpTransform",
    "IndependentTransform",
    "LowerCholeskyTransform",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
    "identity_transform",
]

_publish(globals())
