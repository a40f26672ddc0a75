"""Rows of tables: embeddings, one-hot vectors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Integer, Number, Positive, as_dtype, rank
from torchlike._ops._values import is_negative, within
from torchlike._ops.nn._checks import scalar_type
from torchlike._ops.reductions import vector_norm_of
from torchlike._recorder.checks import Check, Found


def check_indices(name: str, indices: Array, place: int = 1) -> None:
    """Refuse indices that are not int32 or int64.

    Raises:
        RuntimeError: they are of another dtype.
    """
    if indices.dtype not in (np.dtype(np.int64), np.dtype(np.int32)):
        raise RuntimeError(
            f"Expected tensor for argument #{place} 'indices' to have one of the following scalar types: Long, Int; "
            f"but got torch.{scalar_type(indices)}Tensor instead (while checking arguments for {name})"
        )


def rows(weight: Array, indices: Array) -> Array:
    """``weight[indices]``. What lies outside is clamped on reading and skipped on adding gradients."""
    return weight.at[indices].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _with_gradient_factor(array: Array, factor: Array) -> Array:
    """The array, its gradient multiplied by a factor."""
    fixed = jax.lax.stop_gradient(array)
    return fixed + (array - fixed) * factor


def _rows_within(input, weight, *_, **__) -> list[Check]:
    return [within(input, weight.shape[0], IndexError("index out of range in self"))]


@op(check=_rows_within)
def embedding(
    input: Array, weight: Array, padding_idx: Integer | None = None, scale_grad_by_freq: bool = False
) -> Array:
    """Rows of a table.

    Args:
        input: int64 or int32, ``(*)``.
        weight: ``(num_embeddings, embedding_dim)``.
        padding_idx: a row that gets no gradient.
        scale_grad_by_freq: whether gradients are divided by how often their row occurs in `input`.

    Returns:
        ``(*, embedding_dim)``.

    Raises:
        RuntimeError: the table is not two-dimensional, or the indices are not integers.
    """
    check_indices("embedding", input)
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    found = rows(weight, input)
    if padding_idx is not None:
        found = jnp.where((input == padding_idx)[..., None], jax.lax.stop_gradient(found), found)
    if scale_grad_by_freq:
        counts = jnp.zeros(weight.shape[0], weight.dtype).at[input].add(1)
        found = _with_gradient_factor(found, 1 / counts[input][..., None])
    return found


def _selects_rows(input, indices, *_) -> list[Check]:
    count, shape = input.shape[0], list(input.shape)
    error = lambda found: IndexError(
        f"select(): index {found.element} out of range for tensor of size {shape} at dimension 0"
    )
    return [within(indices, count, error, negative=True)]


@op(check=_selects_rows)
def embedding_renorm(input: Array, indices: Array, max_norm: Number, norm_type: Positive) -> Array:
    """The table with those rows that `indices` name scaled down to a norm of at most `max_norm`.

    Example:
        >>> torch.embedding_renorm_(torch.tensor([[3.0, 4.0], [3.0, 4.0]]), torch.tensor([1]), 1.0, 2.0)
        tensor([[3.0000, 4.0000],
                [0.6000, 0.8000]])
    """
    check_indices("embedding_renorm_", indices, 2)
    norms = vector_norm_of(input, norm_type, (1,), True)
    max_norm = as_dtype(max_norm, input.dtype)
    named = jnp.zeros(input.shape[0], bool).at[indices.reshape(-1)].set(True)[:, None]
    return jnp.where(named & (norms > max_norm), input * (max_norm / (norms + 1e-7)), input).astype(input.dtype)


def _bags_of(offsets: Array, count: int, include_last: bool) -> tuple[Array, int]:
    """(the bag of each of `count` indices, the number of bags)."""
    bags = offsets.shape[0] - include_last
    return jnp.searchsorted(offsets[:bags], jnp.arange(count), side="right") - 1, bags


def _bags_within(
    input, weight, offsets=None, mode="mean", per_sample_weights=None, include_last_offset=False, padding_idx=None, *_
) -> list[Check]:
    """Indices must be rows of the table, and offsets begin at 0 and end within the indices."""
    count, length = weight.shape[0], input.shape[0]

    def unknown(found: Found) -> Exception:
        if mode == "max" or padding_idx is not None or weight.dtype == np.float64:
            return RuntimeError(
                "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be " + str(found.element)
            )
        return RuntimeError(
            f"Index {found.place} of input takes value {found.element} which is not in the valid range [0, {count})"
        )

    rows = within(input, count, unknown)
    if offsets is None:
        return [rows]
    late = lambda found: RuntimeError(
        "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got "
        f"{found.code}"
    )
    long = lambda found: RuntimeError(
        f"offsets[-1] can not be greater than input's length {length} but got offsets[-1] of {found.code}"
    )
    return [Check(_first, (offsets,), late), Check(_last_above, (offsets,), long, (length,)), rows]


def _first(offsets):
    return offsets[:1]


def _last_above(offsets, length):
    return offsets[-1:] * (offsets[-1:] > length)


@op(module="torchlike.nn.functional", check=_bags_within)
def embedding_bag(
    input: Array,
    weight: Array,
    offsets: Array | None = None,
    mode: str = "mean",
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: Integer | None = None,
    scale_grad_by_freq: bool = False,
) -> Array:
    """Rows of a table, summed, averaged or maximized over bags of indices.

    Args:
        input: ``(bags, indices)``, or ``(indices)`` with `offsets`.
        weight: ``(num_embeddings, embedding_dim)``.
        offsets: where each bag begins, ``(bags)``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``; an empty bag is 0.
        per_sample_weights: of the shape of `input`; a factor for each row.
        include_last_offset: whether `offsets` ends with the number of indices.
        padding_idx: an index that counts for nothing.

    Returns:
        ``(bags, embedding_dim)``.
    """
    check_indices("embedding_bag", input)
    if rank(weight.dtype) != 2:
        name = scalar_type(weight)
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float, "
            f"Double; but got {f'torch.{name}Tensor' if rank(weight.dtype) == 1 else f'CPU{name}Type'} instead (while "
            "checking arguments for embedding_bag)"
        )
    if offsets is None:
        bag, bags = jnp.repeat(jnp.arange(input.shape[0]), input.shape[1]), input.shape[0]
    else:
        bag, bags = _bags_of(offsets, input.shape[0], include_last_offset)
    index = input.reshape(-1)
    found = rows(weight, index)
    if scale_grad_by_freq:
        counts = jnp.zeros(weight.shape[0], weight.dtype).at[index].add(1)
        found = _with_gradient_factor(found, 1 / counts[index][:, None])
    if per_sample_weights is not None:
        found = found * per_sample_weights.reshape(-1, 1)
    counted = jnp.ones(index.shape, bool) if padding_idx is None else index != padding_idx
    lengths = jnp.zeros(bags, weight.dtype).at[bag].add(counted.astype(weight.dtype))[:, None]
    empty = jnp.zeros((bags, weight.shape[1]), weight.dtype)
    if mode == "max":
        largest = jax.ops.segment_max(jnp.where(counted[:, None], found, -jnp.inf), bag, bags)
        return jnp.where(lengths > 0, largest, empty)
    sums = empty.at[bag].add(jnp.where(counted[:, None], found, 0))
    return sums if mode == "sum" else sums / jnp.maximum(lengths, 1)


def _are_classes(tensor, num_classes) -> list[Check]:
    negative = Check(is_negative, (tensor,), RuntimeError("Class values must be non-negative."))
    return [negative, within(tensor, num_classes, RuntimeError("Class values must be smaller than num_classes."))]


@op(check=_are_classes)
def one_hot(tensor: Array, num_classes: int) -> Array:
    """A vector for each index, 1 there and 0 elsewhere: ``(*)`` to ``(*, num_classes)``, int64."""
    return jax.nn.one_hot(tensor, num_classes, dtype=jnp.int64)
