"""Embeddings and one-hot vectors of ``torch.nn.functional``."""

from __future__ import annotations

from torchlike._function import function
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


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale down, in place and unseen by autograd, the rows that are looked up."""
    weight.detach()._write(
        ops.embedding_renorm(weight.detach(), input, float(max_norm), float(norm_type))._value(), None
    )


def refuse_sparse(sparse: bool) -> bool:
    """Refuse gradients that hold the rows looked up alone: there are no such tensors.

    Raises:
        NotImplementedError: `sparse` is true.
    """
    if sparse:
        raise NotImplementedError("torchlike has no sparse gradients (yet): with sparse=False they are dense")
    return False


@function
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
        sparse: False: gradients are dense.

    Returns:
        ``(*, embedding_dim)``.

    Raises:
        RuntimeError: the table is not two-dimensional, or the indices are no integers.
        IndexError: indices lie outside the table.
        NotImplementedError: `sparse` is true.

    Example:
        >>> torch.nn.functional.embedding(torch.tensor([1, 0, 1]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[3., 4.],
                [1., 2.],
                [3., 4.]])
    """
    refuse_sparse(sparse)
    if not isinstance(input, Tensor):
        raise TypeError(f"embedding(): argument 'indices' (position 2) must be Tensor, not {type(input).__name__}")
    if padding_idx is not None:
        padding_idx = _wrapped(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    return ops.embedding(input, weight, padding_idx, scale_grad_by_freq)


def _check_bags(
    input: Tensor, weight: Tensor, offsets: Tensor | None, mode: str, per_sample_weights: Tensor | None
) -> None:
    if per_sample_weights is not None and input.size() != per_sample_weights.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the same "
            f"shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}")
    if input.dim() == 2:
        if offsets is not None:
            given = type(offsets).__name__
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {given}"
            )
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}'). Please open a feature request on GitHub."
        )


@function
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Rows of a table, summed, averaged or maximized over bags of indices.

    Args:
        input: ``(bags, indices)``, or ``(indices)`` with `offsets`.
        weight: ``(num_embeddings, embedding_dim)``.
        offsets: where each bag begins, ``(bags)``.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in `embedding`.
        mode: ``"sum"``, ``"mean"`` or ``"max"``; an empty bag is 0.
        per_sample_weights: of the shape of `input`, for ``"sum"``.
        include_last_offset: whether `offsets` ends with the number of indices.
        padding_idx: an index that counts for nothing.

    Returns:
        ``(bags, embedding_dim)``.

    Raises:
        ValueError: shapes or `mode` do not fit.
        NotImplementedError: `per_sample_weights` are given for another mode than ``"sum"``, or `sparse` is true.
        IndexError: indices lie outside the table.

    Example:
        >>> table = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> torch.nn.functional.embedding_bag(torch.tensor([[0, 1], [1, 1]]), table, mode="sum")
        tensor([[4., 6.],
                [6., 8.]])
    """
    refuse_sparse(sparse)
    if weight.dtype.name == "int64" and input.is_floating_point():
        input, weight = weight, input  # an order of arguments that PyTorch still takes
    _check_bags(input, weight, offsets, mode, per_sample_weights)
    if padding_idx is not None:
        padding_idx = _wrapped(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    return ops.embedding_bag(
        input, weight, offsets, mode, per_sample_weights, include_last_offset, padding_idx, scale_grad_by_freq
    )


@function
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A vector for each index, 1 there and 0 elsewhere.

    Args:
        tensor: int64 class numbers, ``(*)``.
        num_classes: by default one more than the largest.

    Returns:
        ``(*, num_classes)``, int64.

    Raises:
        RuntimeError: a class is negative or not below `num_classes`.

    Example:
        >>> torch.nn.functional.one_hot(torch.tensor([2, 0]), num_classes=4)
        tensor([[0, 0, 1, 0],
                [1, 0, 0, 0]])
    """
    if tensor.dtype.name != "int64":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not tensor.numel():
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return ops.one_hot(tensor, num_classes)
    if num_classes <= 0 and num_classes != -1:
        raise RuntimeError("Class values must be smaller than num_classes.")
    if num_classes == -1:
        num_classes = max(int(tensor._value().numpy().max()), 0) + 1
    return ops.one_hot(tensor, num_classes)
