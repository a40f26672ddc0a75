"""Works of processes together, and what is checked of what they are given."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._types import dtypes
from torchlike.distributed._backends import ReduceOp, supports_complex
from torchlike.distributed._groups import ProcessGroup, default_group, get_group_rank
from torchlike.futures import Future

_MODULE = "torchlike.distributed.distributed_c10d"
_BITWISE = (ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR)


class Work:
    """Something that processes do together, and that ``async_op=True`` does not wait for. It is done at once.

    Args:
        outputs: the tensors that it writes to.
    """

    def __init__(self, outputs: Sequence[TensorBase] = ()) -> None:
        self._outputs = list(outputs)

    def is_completed(self) -> bool:
        """Whether it is done."""
        return True

    def is_success(self) -> bool:
        """Whether it went well."""
        return True

    def exception(self) -> None:
        """What went wrong: nothing."""

    def wait(self, timeout: timedelta = timedelta()) -> bool:
        """Wait for it; whether it went well."""
        return True

    def synchronize(self) -> None:
        """Wait for it."""

    def source_rank(self) -> int:
        """Which process a tensor came from."""
        return 0

    def result(self) -> list[TensorBase]:
        """The tensors that it has written to."""
        return self._outputs

    def get_future(self) -> Future:
        """It as a future."""
        made: Future = Future()
        made.set_result(self._outputs)
        return made


def finished(async_op: bool, *outputs: TensorBase) -> Work | None:
    return Work(outputs) if async_op else None


# ---------------------------------------------------------------------- checks


def check_tensor(given: Any, name: str) -> None:
    if not isinstance(given, TensorBase):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
            f"             but got {type(given)} instead."
        )


def check_list(given: Any, name: str) -> None:
    told = f"Invalid function argument. Expected parameter `{name}` of type List[torch.Tensor]\n             but got"
    if not isinstance(given, list):
        raise TypeError(f"{told} {type(given)} instead.")
    if not all([isinstance(each, TensorBase) for each in given]):
        raise TypeError(f"{told} {type(given)} with elements of type {[type(each) for each in given]}.")


def check_dtypes(*given: TensorBase | Iterable[TensorBase]) -> None:
    first = None
    for each in [one for some in given for one in ([some] if isinstance(some, TensorBase) else some)]:
        real = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}.get(each.dtype, each.dtype)
        if first is not None and first is not real:
            raise ValueError(f"Invalid usage of tensors with different dtypesFound {first} and  {each.dtype}")
        first = first or real


def check_op(op: Any, tensors: Iterable[TensorBase]) -> None:
    """Refuse a way of putting tensors together that is not there for them.

    Raises:
        TypeError: it is none.
        ValueError: it is not there for complex numbers.
        RuntimeError: it is not there for others than integers.
    """
    op = op.op if isinstance(op, ReduceOp) else op
    if not isinstance(op, ReduceOp.RedOpType) or op is ReduceOp.PREMUL_SUM:
        raise TypeError("(): incompatible function arguments. The following argument types are supported:")
    for each in tensors:
        if each.dtype.is_complex and not supports_complex(op):
            raise ValueError(f"all_reduce does not support {op} on complex tensors")
        if op in _BITWISE and each.dtype.is_floating_point:
            raise RuntimeError(f"Cannot use ReduceOp.{op.name} with non-integral dtype")


def rank_in(group: ProcessGroup, rank: int | None, group_rank: int | None, default: int | None = None) -> int:
    """The rank in a group that is given by that among all, or as it is.

    Raises:
        ValueError: both are given, or none.
    """
    if rank is None and group_rank is None:
        rank = default
    if group_rank is not None:
        if rank is not None:
            raise ValueError("Can't specify both group_rank and global_rank")
        return group_rank
    if rank is None:
        raise ValueError("Must specify global_rank or group_rank")
    return get_group_rank(group, rank)


def check_root(name: str, rank: int) -> None:
    if rank != 0:
        raise RuntimeError(f"ProcessGroupGloo::{name}: invalid root rank: {rank}")


def shown(tensor: TensorBase) -> str:
    return f"({', '.join(map(str, tensor.shape))})"


def copy_into(name: str, outputs: Sequence[TensorBase], source: TensorBase) -> None:
    """Write to the one output.

    Raises:
        RuntimeError: there are several, or it has another shape.
    """
    if len(outputs) != 1:
        raise RuntimeError(
            f"ProcessGroupGloo::{name}: invalid output tensor list at index 0 (expected length 1, got {len(outputs)})"
        )
    if outputs[0].shape != source.shape:
        raise RuntimeError(
            f"ProcessGroupGloo::{name}: invalid tensor size at index 0 (expected {shown(source)}, got {shown(outputs[0])})"
        )
    write(outputs[0], source)


def write(output: TensorBase, source: TensorBase) -> None:
    output.detach().copy_(source.detach())


def group_or_default(group: ProcessGroup | None) -> ProcessGroup:
    return default_group() if group is None else group


collective = functools.partial(function, module=_MODULE)
