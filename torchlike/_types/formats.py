"""Layouts and memory formats: ``torch.strided``, ``torch.channels_last`` and their kin."""

from __future__ import annotations

from typing import Any


class _Named:
    """A value that is only its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return "torch." + self.name

    def __reduce__(self):
        return _by_name, (self.name,)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo: dict[int, Any]):
        return self


class layout(_Named):
    """How a tensor keeps its elements; every tensor here is `strided`."""

    __slots__ = ()


class memory_format(_Named):
    """The order in which a tensor's elements lie in memory."""

    __slots__ = ()


layout.__module__ = memory_format.__module__ = "torchlike"

strided = layout("strided")
sparse_coo, sparse_csr, sparse_csc = layout("sparse_coo"), layout("sparse_csr"), layout("sparse_csc")
sparse_bsr, sparse_bsc = layout("sparse_bsr"), layout("sparse_bsc")

contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")

_EVERY = (
    strided,
    sparse_coo,
    sparse_csr,
    sparse_csc,
    sparse_bsr,
    sparse_bsc,
    contiguous_format,
    preserve_format,
    channels_last,
    channels_last_3d,
)


def _by_name(name: str):
    return next(each for each in _EVERY if each.name == name)


def channels_last_order(ndim: int) -> tuple[int, ...]:
    """The dimensions from the outermost in memory inwards: batch, space, channels."""
    return (0, *range(2, ndim), 1)
