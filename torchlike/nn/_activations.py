"""The activations of ``torch.nn.functional``: those that look at numbers, draw them, or imply a dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike._function import function
from torchlike._functions.randoms import draw_seed
from torchlike._ops.nn import activations as ops
from torchlike._ops.nn import dropout as random_ops
from torchlike._programs import explain
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes


@function
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """The input cut at `min_val` and `max_val`.

    Raises:
        ValueError: `min_val` exceeds `max_val`.

    Example:
        >>> torch.nn.functional.hardtanh(torch.tensor([-2.0, 0.5, 3.0]))
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return (ops.hardtanh.inplace if inplace else ops.hardtanh)(input, min_val, max_val)


@function
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, elsewhere ``alpha * (exp(input) - 1)``.

    Example:
        >>> torch.nn.functional.elu(torch.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return (ops.elu.inplace if inplace else ops.elu)(input, alpha)


@function(also="torchlike")
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """`leaky_relu` with slopes drawn from ``[lower, upper)`` in training, their mean otherwise.

    Raises:
        RuntimeError: `lower` exceeds `upper`.

    Example:
        >>> torch.nn.functional.rrelu(torch.tensor([-1.0, 2.0]))
        tensor([-0.2292,  2.0000])
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return (ops.leaky_relu.inplace if inplace else ops.leaky_relu)(input, (lower + upper) / 2)
    return (random_ops.rrelu.inplace if inplace else random_ops.rrelu)(input, lower, upper, draw_seed())


@function
def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-input))``.

    Example:
        >>> torch.nn.functional.sigmoid(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([0.2689, 0.5000, 0.7311])
    """
    return input.sigmoid()


@function
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    Example:
        >>> torch.nn.functional.tanh(torch.tensor([0.0, 1.0, 100.0]))
        tensor([0.0000, 0.7616, 1.0000])
    """
    return input.tanh()


def _implied_dim(name: str, ndim: int) -> int:
    """The dimension that PyTorch chose before `dim` was asked for, with its warning."""
    explain.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument."
    )
    return 0 if ndim in (0, 1, 3) else 1


@function
def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None) -> Tensor:
    """``exp(input)`` divided by its sum along `dim`.

    Example:
        >>> torch.nn.functional.softmax(torch.tensor([[0.0, 0.0], [1000.0, 1001.0]]), dim=1)
        tensor([[0.5000, 0.5000],
                [0.2689, 0.7311]])
    """
    if dim is None:
        dim = _implied_dim("softmax", input.dim())
    return ops.softmax(input, dim) if dtype is None else ops.softmax(input, dim, dtype)


@function
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None) -> Tensor:
    """`softmax` of the negative input.

    Example:
        >>> torch.nn.functional.softmin(torch.tensor([0.0, 1.0]), dim=0)
        tensor([0.7311, 0.2689])
    """
    if dim is None:
        dim = _implied_dim("softmin", input.dim())
    return ops.softmin(input, dim) if dtype is None else ops.softmin(input, dim, dtype)


@function
def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None
) -> Tensor:
    """The logarithm of `softmax`.

    Example:
        >>> torch.nn.functional.log_softmax(torch.tensor([[0.0, 0.0], [1000.0, 1001.0]]), dim=1)
        tensor([[-0.6931, -0.6931],
                [-1.3133, -0.3133]])
    """
    if dim is None:
        dim = _implied_dim("log_softmax", input.dim())
    return ops.log_softmax(input, dim) if dtype is None else ops.log_softmax(input, dim, dtype)


@function
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample of the Gumbel-softmax distribution.

    Args:
        logits: unnormalized log probabilities.
        tau: the temperature.
        hard: whether the sample is one-hot; the gradient is that of the soft one all the same.
        dim: the dimension of the classes.

    Source: Jang et al., Categorical Reparameterization with Gumbel-Softmax, 2016.

    Example:
        >>> torch.nn.functional.gumbel_softmax(torch.zeros(2, 5), hard=True).sum(1)
        tensor([1., 1.])
    """
    return random_ops.gumbel_softmax(logits, draw_seed(), tau, hard, dim)


@function(also="torchlike")
def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu` in place.

    Example:
        >>> torch.nn.functional.rrelu_(torch.tensor([-1.0, 2.0]))
        tensor([-0.2292,  2.0000])
    """
    return rrelu(input, lower, upper, training, True)
