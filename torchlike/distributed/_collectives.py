"""What processes do with their tensors together. In a group of one a tensor is its own sum, and what all have is a copy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._programs.explain import warn
from torchlike._types import dtypes
from torchlike.distributed._backends import Backend, ReduceOp, supports_complex
from torchlike.distributed._groups import (
    ProcessGroup,
    _checked,
    default_group,
    get_backend,
    get_global_rank,
    get_group_rank,
    is_outside,
)
from torchlike.futures import Future

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

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


def _finished(async_op: bool, *outputs: TensorBase) -> Work | None:
    return Work(outputs) if async_op else None


# ---------------------------------------------------------------------- checks


def _check_tensor(given: Any, name: str) -> None:
    if not isinstance(given, TensorBase):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
            f"             but got {type(given)} instead."
        )


def _check_list(given: Any, name: str) -> None:
    told = f"Invalid function argument. Expected parameter `{name}` of type List[torch.Tensor]\n             but got"
    if not isinstance(given, list):
        raise TypeError(f"{told} {type(given)} instead.")
    if not all([isinstance(each, TensorBase) for each in given]):
        raise TypeError(f"{told} {type(given)} with elements of type {[type(each) for each in given]}.")


def _check_dtypes(*given: TensorBase | Iterable[TensorBase]) -> None:
    first = None
    for each in [one for some in given for one in ([some] if isinstance(some, TensorBase) else some)]:
        real = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}.get(each.dtype, each.dtype)
        if first is not None and first is not real:
            raise ValueError(f"Invalid usage of tensors with different dtypesFound {first} and  {each.dtype}")
        first = first or real


def _check_op(op: Any, tensors: Iterable[TensorBase]) -> None:
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


def _rank_in(group: ProcessGroup, rank: int | None, group_rank: int | None, default: int | None = None) -> int:
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


def _check_root(name: str, rank: int) -> None:
    if rank != 0:
        raise RuntimeError(f"ProcessGroupGloo::{name}: invalid root rank: {rank}")


def _size(tensor: TensorBase) -> str:
    return f"({', '.join(map(str, tensor.shape))})"


def _copied(name: str, outputs: Sequence[TensorBase], source: TensorBase) -> None:
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
            f"ProcessGroupGloo::{name}: invalid tensor size at index 0 (expected {_size(source)}, got {_size(outputs[0])})"
        )
    _write(outputs[0], source)


def _write(output: TensorBase, source: TensorBase) -> None:
    output.detach().copy_(source.detach())


def _group(group: ProcessGroup | None) -> ProcessGroup:
    return default_group() if group is None else group


_collective = functools.partial(function, module=_MODULE)


# ---------------------------------------------------------------------- to and from all


@_collective
def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False):
    """Put the tensors of all processes together, in place, in each of them.

    Args:
        tensor: this process's.
        op: how: one of `ReduceOp`.
        group: whose; of all processes by default.
        async_op: whether to return at once, with a `Work` to wait for.

    Raises:
        ValueError: there is no group, or `op` is not there for complex numbers.

    Example:
        >>> import torchlike as torch, torchlike.distributed as dist
        >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        >>> x = torch.ones(2)
        >>> dist.all_reduce(x)
        >>> x
        tensor([1., 1.])
        >>> dist.destroy_process_group()
    """
    _check_tensor(tensor, "tensor")
    if is_outside(group, "all_reduce"):
        return None
    _group(group)
    _check_op(op, [tensor])
    return _finished(async_op, tensor)


@_collective
def all_reduce_coalesced(tensors: Sequence[Tensor], op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False):
    """`all_reduce` for several tensors; deprecated."""
    warn(
        "`torch.distributed.all_reduce_coalesced` will be deprecated. If you must use it, please revisit our documentation "
        "later at https://pytorch.org/docs/main/distributed.html#collective-functions",
        FutureWarning,
    )
    _check_list(tensors, "tensor")
    _check_dtypes(tensors)
    if is_outside(group, "all_reduce_coalesced"):
        return None
    _group(group)
    _check_op(op, tensors)
    return Work(tensors).get_future() if async_op else None


@_collective
def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: Any = ReduceOp.SUM,
    group: Any = None,
    async_op: bool = False,
    group_dst: Any = None,
):
    """Put the tensors of all processes together, in place, in one of them.

    Args:
        tensor: this process's.
        dst: which process, by its rank among all.
        op: how.
        group: whose.
        async_op: whether to return at once.
        group_dst: which process, by its rank in the group.

    Raises:
        ValueError: there is no group, or no process is named.
        RuntimeError: there is no such process.
    """
    group = _group(group)
    rank = _rank_in(group, dst, group_dst)
    _check_tensor(tensor, "tensor")
    if is_outside(group, "reduce"):
        return None
    _check_root("reduce", rank)
    _check_op(op, [tensor])
    return _finished(async_op, tensor)


@_collective
def broadcast(
    tensor: Tensor, src: int | None = None, group: Any = None, async_op: bool = False, group_src: int | None = None
):
    """Write one process's tensor to those of the others.

    Args:
        tensor: this process's.
        src: which process, by its rank among all.
        group: whose.
        async_op: whether to return at once.
        group_src: which process, by its rank in the group.

    Raises:
        ValueError: there is no group, or no process is named.
        RuntimeError: there is no such process.
    """
    group = _group(group)
    rank = _rank_in(group, src, group_src)
    _check_tensor(tensor, "tensor")
    if is_outside(group, "broadcast"):
        return None
    _check_root("broadcast", rank)
    return _finished(async_op, tensor)


@_collective
def all_gather(tensor_list: Any, tensor: Tensor, group: Any = None, async_op: bool = False):
    """Write the tensors of all processes to a list of tensors.

    Args:
        tensor_list: a tensor for each process.
        tensor: this process's.
        group: whose.
        async_op: whether to return at once.

    Raises:
        ValueError: there is no group, or dtypes differ.
        RuntimeError: shapes differ, or there is not a tensor for each process.
    """
    _check_list(tensor_list, "tensor_list")
    _check_tensor(tensor, "tensor")
    _check_dtypes(tensor_list, tensor)
    if is_outside(group, "all_gather"):
        return None
    _group(group)
    _copied("allgather", tensor_list, tensor)
    return _finished(async_op, *tensor_list)


@_collective
def all_gather_coalesced(output_tensor_lists: Any, input_tensor_list: Any, group: Any = None, async_op: bool = False):
    """`all_gather` for several tensors; deprecated."""
    warn(
        "`torch.distributed.all_gather_coalesced` will be deprecated. If you must use it, please revisit our documentation "
        "later at https://pytorch.org/docs/main/distributed.html#collective-functions",
        FutureWarning,
    )
    if is_outside(group, "all_gather_coalesced"):
        return None
    _check_list(input_tensor_list, "input_tensor_list")
    _check_dtypes(input_tensor_list)
    if not isinstance(output_tensor_lists, list):
        raise TypeError("Invalid function argument: output_tensor_lists should be a list")
    for each in output_tensor_lists:
        _check_list(each, "output_tensor_lists")
        _check_dtypes(each)
    _group(group)
    for outputs, source in zip(*output_tensor_lists, input_tensor_list, strict=False):
        _copied("allgather_coalesced", [outputs], source)
    return Work(input_tensor_list).get_future() if async_op else None


@_collective
def all_gather_single(output_tensor: Any, input_tensor: Any, group: Any = None, async_op: bool = False):
    """Write the tensors of all processes to one, behind each other or each in a row of its own.

    Args:
        output_tensor: is written to.
        input_tensor: this process's.
        group: whose.
        async_op: whether to return at once.

    Raises:
        ValueError: there is no group.
        RuntimeError: the shape is another.
    """
    _check_tensor(input_tensor, "input_tensor")
    _check_tensor(output_tensor, "output_tensor")
    if is_outside(group, "all_gather_single"):
        return None
    _group(group)
    _copied("allgather", [output_tensor], input_tensor)
    return _finished(async_op, output_tensor)


@_collective
def all_gather_into_tensor(output_tensor: Any, input_tensor: Any, group: Any = None, async_op: bool = False):
    """See `all_gather_single`; deprecated."""
    _renamed("all_gather_into_tensor", "all_gather_single")
    return all_gather_single(output_tensor, input_tensor, group, async_op)


def _renamed(old: str, new: str) -> None:
    warn(
        f"`torch.distributed.{old}` is deprecated. Please use `torch.distributed.{new}` instead.",
        FutureWarning,
    )


@_collective
def gather(
    tensor: Tensor,
    gather_list: Any = None,
    dst: Any = None,
    group: Any = None,
    async_op: bool = False,
    group_dst: Any = None,
):
    """Write the tensors of all processes to a list of tensors, in one process.

    Args:
        tensor: this process's.
        gather_list: a tensor for each process, in the one that they are written in.
        dst: which process, by its rank among all; the first by default.
        group: whose.
        async_op: whether to return at once.
        group_dst: which process, by its rank in the group.

    Raises:
        ValueError: there is no group, or a list where none belongs, or dtypes differ.
        RuntimeError: shapes differ, or there is not a tensor for each process.
    """
    _check_tensor(tensor, "tensor")
    if gather_list:
        _check_list(gather_list, "gather_list")
    _check_dtypes(tensor, gather_list or [])
    group = _group(group)
    if is_outside(group, "gather"):
        return None
    rank = _rank_in(group, dst, group_dst, default=0)
    check_destination(rank, gather_list)
    _check_root("gather", rank)
    _copied("gather", gather_list, tensor)
    return _finished(async_op, *gather_list)


def check_destination(rank: int, outputs: Any) -> None:
    """Refuse a missing list in the process that is written in, and one in another.

    Raises:
        ValueError: it is so.
    """
    if rank == 0 and not outputs:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    if rank != 0 and outputs:
        raise ValueError("Argument ``gather_list`` must NOT be specified on non-destination ranks.")


@_collective
def scatter(
    tensor: Tensor,
    scatter_list: Any = None,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: Any = None,
):
    """Write the tensors of one process's list to a tensor in each process.

    Args:
        tensor: this process's.
        scatter_list: a tensor for each process, in the one that has them.
        src: which process, by its rank among all; the first by default.
        group: whose.
        async_op: whether to return at once.
        group_src: which process, by its rank in the group.

    Raises:
        ValueError: there is no group, or a list where none belongs, or dtypes differ.
        RuntimeError: shapes differ, or there is not a tensor for each process.
    """
    _check_tensor(tensor, "tensor")
    if scatter_list:
        _check_list(scatter_list, "scatter_list")
    _check_dtypes(tensor, scatter_list or [])
    group = _group(group)
    if is_outside(group, "scatter"):
        return None
    rank = _rank_in(group, src, group_src, default=0)
    if rank == 0 and not scatter_list:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    if rank != 0 and scatter_list:
        raise ValueError("Argument ``scatter_list`` must NOT be specified on non-source ranks.")
    _check_root("scatter", rank)
    _taken("scatter", tensor, scatter_list)
    return _finished(async_op, tensor)


def _taken(name: str, output: TensorBase, sources: Sequence[TensorBase]) -> None:
    """Write the one of a list of tensors.

    Raises:
        RuntimeError: there are several, or it has another shape.
    """
    if len(sources) != 1:
        raise RuntimeError(
            f"ProcessGroupGloo::{name}: Incorrect input list size {len(sources)}. Input list size should be 1, same as size "
            "of the process group."
        )
    if sources[0].shape != output.shape:
        raise RuntimeError(
            f"ProcessGroupGloo::{name}: invalid tensor size at index 0 (expected {_size(output)}, got {_size(sources[0])})"
        )
    _write(output, sources[0])


@_collective
def reduce_scatter(output: Any, input_list: Any, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False):
    """Put the lists of all processes together, tensor by tensor; each gets one.

    Args:
        output: is written to.
        input_list: a tensor for each process.
        op: how.
        group: whose.
        async_op: whether to return at once.

    Raises:
        ValueError: there is no group, or dtypes differ.
        RuntimeError: shapes differ, or there is not a tensor for each process.
    """
    _check_tensor(output, "output")
    _check_list(input_list, "input_list")
    _check_dtypes(output, input_list)
    if is_outside(group, "reduce_scatter"):
        return None
    _group(group)
    _check_op(op, input_list)
    _taken("reduce_scatter", output, input_list)
    return _finished(async_op, output)


@_collective
def reduce_scatter_single(
    output: Any, input: Tensor, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False
):
    """Put the tensors of all processes together; each gets a part.

    Args:
        output: is written to.
        input: this process's.
        op: how.
        group: whose.
        async_op: whether to return at once.

    Raises:
        ValueError: there is no group.
        RuntimeError: the sizes do not fit.
    """
    _check_tensor(output, "output")
    _check_tensor(input, "input")
    if is_outside(group, "reduce_scatter_single"):
        return None
    _group(group)
    _check_op(op, [input])
    if output.numel() != input.numel():
        raise RuntimeError("input tensor must be the same size as output size times world size")
    _write(output, input.detach().reshape(output.shape))
    return _finished(async_op, output)


@_collective
def reduce_scatter_tensor(
    output: Any, input: Tensor, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False
):
    """See `reduce_scatter_single`; deprecated."""
    _renamed("reduce_scatter_tensor", "reduce_scatter_single")
    return reduce_scatter_single(output, input, op, group, async_op)


@_collective
def all_to_all(output_tensor_list: Any, input_tensor_list: Any, group: Any = None, async_op: bool = False):
    """Each process sends a tensor to each.

    Args:
        output_tensor_list: a tensor for each process, that are written to.
        input_tensor_list: a tensor for each process.
        group: whose.
        async_op: whether to return at once.

    Raises:
        ValueError: there is no group, or dtypes differ.
        RuntimeError: shapes differ, or there is not a tensor for each process.
    """
    if is_outside(group, "all_to_all"):
        return None
    _check_list(output_tensor_list, "output_tensor_list")
    _check_list(input_tensor_list, "input_tensor_list")
    _check_dtypes(output_tensor_list, input_tensor_list)
    _group(group)
    _copied("alltoall", output_tensor_list, input_tensor_list[0])
    return _finished(async_op, *output_tensor_list)


@_collective
def all_to_all_single(
    output: Any,
    input: Tensor,
    output_split_sizes: Any = None,
    input_split_sizes: Any = None,
    group: Any = None,
    async_op: bool = False,
):
    """Each process sends a part of a tensor to each.

    Args:
        output: is written to.
        input: this process's.
        output_split_sizes: how much of the first dimension comes from each process; the same from all by default.
        input_split_sizes: how much of it goes to each.
        group: whose.
        async_op: whether to return at once.

    Raises:
        ValueError: there is no group, or dtypes differ.
        RuntimeError: the sizes do not fit.
    """
    if is_outside(group, "all_to_all_single"):
        return None
    _check_tensor(output, "output")
    _check_tensor(input, "input")
    _check_dtypes(output, input)
    _group(group)
    for sizes, tensor in ((output_split_sizes, output), (input_split_sizes, input)):
        if sizes and len(sizes) != 1:
            raise RuntimeError("Number of tensor splits not equal to group size")
        if sizes and sizes[0] != tensor.shape[0]:
            raise RuntimeError("Split sizes doesn't match total dim 0 size")
    if output.numel() != input.numel():
        raise RuntimeError("Split sizes doesn't match total dim 0 size")
    _write(output, input.detach().reshape(output.shape))
    return _finished(async_op, output)


# ---------------------------------------------------------------------- meeting


def barrier(group: Any = None, async_op: bool = False, device_ids: Any = None):
    """Wait for all processes.

    Args:
        group: of which group.
        async_op: whether to return at once, with a `Work` to wait for.
        device_ids: the GPUs of the processes.

    Raises:
        ValueError: there is no group.
    """
    group = _group(group)
    if is_outside(group, "barrier"):
        return None
    return _finished(async_op)


def monitored_barrier(group: Any = None, timeout: timedelta | None = None, wait_all_ranks: bool = False) -> None:
    """Wait for all processes, and say which does not come.

    Args:
        group: of which group.
        timeout: how long.
        wait_all_ranks: whether to wait for all before it is said.

    Raises:
        ValueError: there is no group, or it is none of Gloo's.
        TypeError: `timeout` is no time.
    """
    if is_outside(group, "monitored_barrier"):
        return
    if get_backend(group) != Backend.GLOO:
        raise ValueError("monitored_barrier is only implemented for GLOO backend.")
    if isinstance(timeout, float):
        warn(
            "Please specify timeout arg as a timedelta. "
            f"Converting current value of {timeout} assuming it represents seconds"
        )
        return
    _checked(Backend.GLOO, timeout)


# ---------------------------------------------------------------------- from one to another


def _check_peer(group: ProcessGroup, rank: int) -> None:
    if rank != 0:
        raise RuntimeError(f"Rank {rank} is out of range. Valid ranks are 0 to 0 (world_size=1)")
    raise RuntimeError("Pair is not connected: the process is alone in its group, and cannot send to itself")


@_collective
def isend(tensor: Tensor, dst: int | None = None, group: Any = None, tag: int = 0, group_dst: int | None = None):
    """Send a tensor to another process, without waiting. A group of one has none.

    Args:
        tensor: what is sent.
        dst: which process, by its rank among all.
        group: of which group.
        tag: which of several tensors it is.
        group_dst: which process, by its rank in the group.

    Raises:
        RuntimeError: there is no such process.
        ValueError: there is no group.
    """
    group = _group(group)
    rank = _rank_in(group, dst, group_dst)
    _check_tensor(tensor, "tensor")
    if is_outside(group, "isend"):
        return None
    return _check_peer(group, rank)


@_collective
def irecv(tensor: Tensor, src: int | None = None, group: Any = None, tag: int = 0, group_src: int | None = None):
    """Receive a tensor from another process, without waiting. A group of one has none.

    Args:
        tensor: is written to.
        src: which process, by its rank among all; any by default.
        group: of which group.
        tag: which of several tensors it is.
        group_src: which process, by its rank in the group.

    Raises:
        RuntimeError: there is no such process.
        ValueError: there is no group.
    """
    _check_tensor(tensor, "tensor")
    if is_outside(group, "irecv"):
        return None
    group = _group(group)
    return _check_peer(group, _rank_in(group, src, group_src, default=0))


@_collective
def send(tensor: Tensor, dst: int | None = None, group: Any = None, tag: int = 0, group_dst: int | None = None) -> None:
    """`isend`, and wait.

    Raises:
        ValueError: it is this process, or there is no group.
        RuntimeError: there is no such process.
    """
    group = _group(group)
    rank = _rank_in(group, dst, group_dst)
    if rank == 0:
        raise ValueError(
            "Invalid destination rank: destination rank should not be the same as the rank of the current process."
        )
    isend(tensor, group=group, tag=tag, group_dst=rank)


@_collective
def recv(tensor: Tensor, src: int | None = None, group: Any = None, tag: int = 0, group_src: int | None = None) -> int:
    """`irecv`, and wait; the rank of the process that sent it, -1 for one that is not in the group.

    Raises:
        RuntimeError: there is no such process.
        ValueError: there is no group.
    """
    irecv(tensor, src, group, tag, group_src)
    return -1


class P2POp:
    """A tensor that is to be sent or received, for `batch_isend_irecv`.

    Args:
        op: `isend` or `irecv`.
        tensor: the tensor.
        peer: the other process, by its rank among all.
        group: of which group.
        tag: which of several tensors it is.
        group_peer: the other process, by its rank in the group.

    Raises:
        ValueError: `op` is another.
    """

    def __init__(
        self, op: Callable, tensor: Tensor, peer: Any = None, group: Any = None, tag: int = 0, group_peer: Any = None
    ) -> None:
        if op not in (isend, irecv):
            raise ValueError(
                "Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or ``torch.distributed.irecv``."
            )
        _check_tensor(tensor, "tensor")
        self.op, self.tensor, self.tag, self.group = op, tensor, tag, _group(group)
        self.group_peer = _rank_in(self.group, peer, group_peer)
        self.peer = get_global_rank(self.group, self.group_peer)

    def __repr__(self) -> str:
        ends = (0, self.group_peer) if self.op is isend else (self.group_peer, 0)
        return (
            f"P2POp({self.op.__name__} pg={self.group.group_name}, group_src={ends[0]}, group_dst={ends[1]},  "
            f"{self.tensor.shape}, {self.tensor.dtype})"
        )


def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[Work]:
    """Send and receive several tensors.

    Raises:
        ValueError: it is no list of `P2POp`, or they are of several groups.
        RuntimeError: there is no such process.
    """
    if not isinstance(p2p_op_list, list) or not all([isinstance(each, P2POp) for each in p2p_op_list]):
        raise ValueError("Invalid ``p2p_op_list``. Each op is expected to to be of type ``torch.distributed.P2POp``.")
    first = p2p_op_list[0].group
    if any([each.group is not first for each in p2p_op_list]):
        raise ValueError("All ops need to use the same group.")
    for each in p2p_op_list:
        each.op(each.tensor, each.peer, each.group, each.tag)
    return []
