"""Cutting batches for several devices, and putting results together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torchlike._ops.joining import cat
from torchlike._ops.views import unsqueeze
from torchlike._types.devices import device
from torchlike.tensor import Tensor


def _gpu(where: Any) -> device:
    return device("cuda", where) if isinstance(where, int) else device(where)


def _is_namedtuple(obj: Any) -> bool:
    return isinstance(obj, tuple) and hasattr(obj, "_asdict") and hasattr(obj, "_fields")


def scatter(inputs: Any, target_gpus: Sequence, dim: int = 0) -> Any:
    """Tensors cut into chunks, one for each device; what is no tensor goes to all.

    Args:
        inputs: a tensor, or tuples, lists and dictionaries of such.
        target_gpus: devices, or their numbers.
        dim: where they are cut.

    Returns:
        For each device the same structure; a tuple for a single tensor, else a list.
    """
    if isinstance(inputs, Tensor):
        chunks = inputs.chunk(len(target_gpus), dim)
        return tuple([chunk.to(_gpu(where)) for chunk, where in zip(chunks, target_gpus, strict=False)])
    if not isinstance(inputs, (tuple, list, dict)) or not inputs:
        return [inputs for _ in target_gpus]
    parts = inputs.items() if isinstance(inputs, dict) else inputs
    rows = zip(*[scatter(each, target_gpus, dim) for each in parts], strict=False)
    if _is_namedtuple(inputs):
        return [type(inputs)(*row) for row in rows]
    return [row if isinstance(inputs, tuple) else type(inputs)(row) for row in rows]


def scatter_kwargs(inputs: tuple, kwargs: dict | None, target_gpus: Sequence, dim: int = 0) -> tuple[tuple, tuple]:
    """`scatter` of a call's arguments."""
    scattered = list(scatter(inputs, target_gpus, dim)) if inputs else []
    named = list(scatter(kwargs, target_gpus, dim)) if kwargs else []
    scattered += [()] * (len(named) - len(scattered))
    named += [{}] * (len(scattered) - len(named))
    return tuple(scattered), tuple(named)


def gather(outputs: Any, target_device: Any, dim: int = 0) -> Any:
    """What several devices gave, put together on one; numbers become a vector.

    Args:
        outputs: for each device the same structure of tensors.
        target_device: a device, or its number.
        dim: along which they are put together.

    Raises:
        ValueError: dictionaries differ in size.
    """
    first = outputs[0]
    if isinstance(first, Tensor):
        moved = [each.to(_gpu(target_device)) for each in outputs]
        return cat([unsqueeze(each, 0) for each in moved] if first.dim() == 0 else moved, dim)
    if first is None:
        return None
    if isinstance(first, dict):
        if not all(len(first) == len(each) for each in outputs):
            raise ValueError("All dicts must have the same number of keys")
        return type(first)((key, gather([each[key] for each in outputs], target_device, dim)) for key in first)
    parts = [gather(each, target_device, dim) for each in zip(*outputs, strict=True)]
    return type(first)._make(parts) if _is_namedtuple(first) else type(first)(parts)  # type: ignore[attr-defined]
