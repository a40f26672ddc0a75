"""The chi-squared distribution."""

from __future__ import annotations

from typing import Any

from torchlike.distributions import constraints
from torchlike.distributions.gamma import Gamma
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Chi2"]


class Chi2(Gamma):
    """The chi-squared distribution: the sum of the squares of ``df`` standard normal numbers.

    Args:
        df: the degrees of freedom, positive, a tensor or a number.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the argument is invalid.

    Example:
        >>> torch.distributions.Chi2(torch.tensor([2.0])).variance
        tensor([4.])
    """

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Chi2:
        return super().expand(batch_shape, self._get_checked_instance(Chi2, _instance))

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2
