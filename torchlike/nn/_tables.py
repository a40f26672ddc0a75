"""Embeddings and one-hot vectors of ``torch.nn.functional``."""

from __future__ import annotations

import numpy as np

from torchlike._ops.nn import embedding as ops
from torchlike.tensor import Tensor


def _wrapped(padding_idx: int | None, count: int) -> int | None:
    """The padding row counted from the front.

    Raises:
        AssertionError: it is outside the table.
    """
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % count


def _check_range(input: Tensor, count: int) -> None:
    """Refuse indices outside the table where their values are known; what is not computed yet is not waited for.

    Raises:
        IndexError: there are some.
    """
    array = input._value().array
    if array is not None and array.size and input.is_cpu:
        known = np.asarray(array)
        if known.dtype.kind == "i" and (known.min() < 0 or known.max() >= count):
            raise IndexError("index out of range in self")


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale down, in place and unseen by autograd, the rows that are looked up."""
    weight.detach()._write(
        ops.embedding_renorm(weight.detach(), input, float(max_norm), float(norm_type))._value(), None
    )


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of a table.

    Args:
        input: int64 or int32 indices, ``(*)``.
        weight: ``(num_embeddings, embedding_dim)``.
        padding_idx: a row that gets no gradient.
        max_norm: rows that are looked up are scaled down, in place, to a `norm_type`-norm of at most this.
        scale_grad_by_freq: whether gradients are divided by how often their row is looked up.
        sparse: taken, and without effect: gradients are dense.

    Returns:
        ``(*, embedding_dim)``.

    Raises:
        RuntimeError: the table is not two-dimensional, or the indices are no integers.
        IndexError: indices that are known already lie outside the table.
    """
    if padding_idx is not None:
        padding_idx = _wrapped(padding_idx, weight.shape[0])
    _check_range(input, weight.shape[0])
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    return ops.embedding(input, weight, padding_idx, scale_grad_by_freq)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A vector for each index, 1 there and 0 elsewhere.

    Args:
        tensor: int64 class numbers, ``(*)``.
        num_classes: by default one more than the largest.

    Returns:
        ``(*, num_classes)``, int64.

    Raises:
        RuntimeError: a class is negative or not below `num_classes`.
    """
    if tensor.dtype.name != "int64":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not tensor.numel():
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return ops.one_hot(tensor, num_classes)
    if num_classes == 0:
        raise RuntimeError("Class values must be smaller than num_classes.")
    known = tensor._value().numpy()
    if known.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(known.max()) + 1
    elif known.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return ops.one_hot(tensor, num_classes)
