"""Linear and bilinear maps."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._nodes import of_linear
from torchlike._ops._promote import Array, existing_dim
from torchlike._ops.nn._checks import c_type, scalar_type
from torchlike._out import SAME


def check_linear(input: Array, weight: Array, biased: bool) -> None:
    if not input.ndim or not weight.ndim:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and {weight.ndim}D"
        )
    if weight.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {weight.ndim}D")
    if input.shape[-1] != weight.shape[-1]:
        rows = input.size // input.shape[-1] if input.shape[-1] else 0
        flipped = "x".join(map(str, weight.shape[::-1]))
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({rows}x{input.shape[-1]} and {flipped})")
    if input.dtype != weight.dtype:
        if biased:
            names = f"{scalar_type(input)} and {scalar_type(weight)}"
            raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {names}")
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {c_type(input)} != {c_type(weight)}")


# flax.linen.Dense holds its kernel the other way round, and its state by itself; it is this one product
@op(grad_name=of_linear, order=("bias", "input", "weight"), out=SAME)
def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    """Linear map ``input @ weight.T + bias``.

    Args:
        input: ``(*, in_features)``.
        weight: ``(out_features, in_features)`` or ``(in_features)``.
        bias: ``(out_features)`` or ``()``.

    Returns:
        ``(*, out_features)`` or ``(*)``, in the common dtype.

    Raises:
        RuntimeError: sizes or dtypes do not fit.

    Example:
        >>> torch.nn.functional.linear(torch.tensor([1.0, 2.0]), torch.tensor([[3.0, 4.0]]))
        tensor([11.])
    """
    check_linear(input, weight, bias is not None)
    product = lax.dot_general(input, weight, (((input.ndim - 1,), (weight.ndim - 1,)), ((), ())))
    if bias is None:
        return product
    if bias.dtype != input.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {scalar_type(bias)} and {scalar_type(input)}"
        )
    try:
        return product + jnp.broadcast_to(bias, product.shape)
    except ValueError:
        raise RuntimeError(
            f"The expanded size of the tensor ({product.shape[-1]}) must match the existing size ({bias.shape[-1]}) at "
            f"non-singleton dimension {product.ndim - 1}.  Target sizes: {list(product.shape)}.  Tensor sizes: "
            f"{list(bias.shape)}"
        ) from None


@op(grad_name=lambda call: "ViewBackward0" if call["bias"] is None else "AddBackward0")
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    """Bilinear map ``input1 @ weight[k] @ input2 + bias[k]``.

    Args:
        input1: ``(*, in1_features)``.
        input2: ``(*, in2_features)``.
        weight: ``(out_features, in1_features, in2_features)``.
        bias: ``(out_features)``.

    Raises:
        RuntimeError: sizes do not fit.

    Example:
        >>> torch.bilinear(torch.tensor([1.0, 2.0]), torch.tensor([3.0]), torch.tensor([[[1.0], [10.0]]]))
        tensor([63.])
    """
    if input1.ndim != input2.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}")
    for place, (one, two) in enumerate(zip(input1.shape[:-1], input2.shape[:-1], strict=True)):
        if one != two:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {place}: got {one} and {two}")
    for place, each in ((1, input1), (2, input2)):
        if each.shape[-1] != weight.shape[existing_dim(place, weight.ndim)]:
            raise RuntimeError(
                f"bilinear(): input{place} size does not match weight size: got {each.shape[-1]} but expected "
                f"{weight.shape[place]}"
            )
    given = {"input1": input1, "input2": input2, "weight": weight} | ({} if bias is None else {"bias": bias})
    if len({each.dtype for each in given.values()}) > 1:
        told = ", ".join(f"{name}: {c_type(each)}" for name, each in given.items())
        raise RuntimeError(f"All tensors must have the same dtype, got {told}")
    result = jnp.einsum("...i,kij,...j->...k", input1, weight, input2)
    return result if bias is None else result + bias
