"""What processes do with their tensors together. In a group of one a tensor is its own sum, and what all have is a copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from torchlike._autograd.variable import TensorBase
from torchlike._programs.explain import warn
from torchlike.distributed._backends import Backend, ReduceOp
from torchlike.distributed._groups import (
    _checked,
    get_backend,
    is_outside,
)
from torchlike.distributed._works import (
    Work,
    check_dtypes,
    check_list,
    check_op,
    check_root,
    check_tensor,
    collective,
    copy_into,
    finished,
    group_or_default,
    rank_in,
    shown,
    write,
)

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


# ---------------------------------------------------------------------- to and from all


@collective
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
    check_tensor(tensor, "tensor")
    if is_outside(group, "all_reduce"):
        return None
    group_or_default(group)
    check_op(op, [tensor])
    return finished(async_op, tensor)


@collective
def all_reduce_coalesced(tensors: Sequence[Tensor], op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False):
    """`all_reduce` for several tensors; deprecated."""
    warn(
        "`torch.distributed.all_reduce_coalesced` will be deprecated. If you must use it, please revisit our documentation "
        "later at https://pytorch.org/docs/main/distributed.html#collective-functions",
        FutureWarning,
    )
    check_list(tensors, "tensor")
    check_dtypes(tensors)
    if is_outside(group, "all_reduce_coalesced"):
        return None
    group_or_default(group)
    check_op(op, tensors)
    return Work(tensors).get_future() if async_op else None


@collective
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
    group = group_or_default(group)
    rank = rank_in(group, dst, group_dst)
    check_tensor(tensor, "tensor")
    if is_outside(group, "reduce"):
        return None
    check_root("reduce", rank)
    check_op(op, [tensor])
    return finished(async_op, tensor)


@collective
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
    group = group_or_default(group)
    rank = rank_in(group, src, group_src)
    check_tensor(tensor, "tensor")
    if is_outside(group, "broadcast"):
        return None
    check_root("broadcast", rank)
    return finished(async_op, tensor)


@collective
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
    check_list(tensor_list, "tensor_list")
    check_tensor(tensor, "tensor")
    check_dtypes(tensor_list, tensor)
    if is_outside(group, "all_gather"):
        return None
    group_or_default(group)
    copy_into("allgather", tensor_list, tensor)
    return finished(async_op, *tensor_list)


@collective
def all_gather_coalesced(output_tensor_lists: Any, input_tensor_list: Any, group: Any = None, async_op: bool = False):
    """`all_gather` for several tensors; deprecated."""
    warn(
        "`torch.distributed.all_gather_coalesced` will be deprecated. If you must use it, please revisit our documentation "
        "later at https://pytorch.org/docs/main/distributed.html#collective-functions",
        FutureWarning,
    )
    if is_outside(group, "all_gather_coalesced"):
        return None
    check_list(input_tensor_list, "input_tensor_list")
    check_dtypes(input_tensor_list)
    if not isinstance(output_tensor_lists, list):
        raise TypeError("Invalid function argument: output_tensor_lists should be a list")
    for each in output_tensor_lists:
        check_list(each, "output_tensor_lists")
        check_dtypes(each)
    group_or_default(group)
    for outputs, source in zip(*output_tensor_lists, input_tensor_list, strict=False):
        copy_into("allgather_coalesced", [outputs], source)
    return Work(input_tensor_list).get_future() if async_op else None


@collective
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
    check_tensor(input_tensor, "input_tensor")
    check_tensor(output_tensor, "output_tensor")
    if is_outside(group, "all_gather_single"):
        return None
    group_or_default(group)
    copy_into("allgather", [output_tensor], input_tensor)
    return finished(async_op, output_tensor)


@collective
def all_gather_into_tensor(output_tensor: Any, input_tensor: Any, group: Any = None, async_op: bool = False):
    """See `all_gather_single`; deprecated."""
    _renamed("all_gather_into_tensor", "all_gather_single")
    return all_gather_single(output_tensor, input_tensor, group, async_op)


def _renamed(old: str, new: str) -> None:
    warn(
        f"`torch.distributed.{old}` is deprecated. Please use `torch.distributed.{new}` instead.",
        FutureWarning,
    )


@collective
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
    check_tensor(tensor, "tensor")
    if gather_list:
        check_list(gather_list, "gather_list")
    check_dtypes(tensor, gather_list or [])
    group = group_or_default(group)
    if is_outside(group, "gather"):
        return None
    rank = rank_in(group, dst, group_dst, default=0)
    check_destination(rank, gather_list)
    check_root("gather", rank)
    copy_into("gather", gather_list, tensor)
    return finished(async_op, *gather_list)


def check_destination(rank: int, outputs: Any) -> None:
    """Refuse a missing list in the process that is written in, and one in another.

    Raises:
        ValueError: it is so.
    """
    if rank == 0 and not outputs:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    if rank != 0 and outputs:
        raise ValueError("Argument ``gather_list`` must NOT be specified on non-destination ranks.")


@collective
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
    check_tensor(tensor, "tensor")
    if scatter_list:
        check_list(scatter_list, "scatter_list")
    check_dtypes(tensor, scatter_list or [])
    group = group_or_default(group)
    if is_outside(group, "scatter"):
        return None
    rank = rank_in(group, src, group_src, default=0)
    if rank == 0 and not scatter_list:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    if rank != 0 and scatter_list:
        raise ValueError("Argument ``scatter_list`` must NOT be specified on non-source ranks.")
    check_root("scatter", rank)
    _taken("scatter", tensor, scatter_list)
    return finished(async_op, tensor)


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
            f"ProcessGroupGloo::{name}: invalid tensor size at index 0 (expected {shown(output)}, got {shown(sources[0])})"
        )
    write(output, sources[0])


@collective
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
    check_tensor(output, "output")
    check_list(input_list, "input_list")
    check_dtypes(output, input_list)
    if is_outside(group, "reduce_scatter"):
        return None
    group_or_default(group)
    check_op(op, input_list)
    _taken("reduce_scatter", output, input_list)
    return finished(async_op, output)


@collective
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
    check_tensor(output, "output")
    check_tensor(input, "input")
    if is_outside(group, "reduce_scatter_single"):
        return None
    group_or_default(group)
    check_op(op, [input])
    if output.numel() != input.numel():
        raise RuntimeError("input tensor must be the same size as output size times world size")
    write(output, input.detach().reshape(output.shape))
    return finished(async_op, output)


@collective
def reduce_scatter_tensor(
    output: Any, input: Tensor, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False
):
    """See `reduce_scatter_single`; deprecated."""
    _renamed("reduce_scatter_tensor", "reduce_scatter_single")
    return reduce_scatter_single(output, input, op, group, async_op)


@collective
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
    check_list(output_tensor_list, "output_tensor_list")
    check_list(input_tensor_list, "input_tensor_list")
    check_dtypes(output_tensor_list, input_tensor_list)
    group_or_default(group)
    copy_into("alltoall", output_tensor_list, input_tensor_list[0])
    return finished(async_op, *output_tensor_list)


@collective
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
    check_tensor(output, "output")
    check_tensor(input, "input")
    check_dtypes(output, input)
    group_or_default(group)
    for sizes, tensor in ((output_split_sizes, output), (input_split_sizes, input)):
        if sizes and len(sizes) != 1:
            raise RuntimeError("Number of tensor splits not equal to group size")
        if sizes and sizes[0] != tensor.shape[0]:
            raise RuntimeError("Split sizes doesn't match total dim 0 size")
    if output.numel() != input.numel():
        raise RuntimeError("Split sizes doesn't match total dim 0 size")
    write(output, input.detach().reshape(output.shape))
    return finished(async_op, output)


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
    group = group_or_default(group)
    if is_outside(group, "barrier"):
        return None
    return finished(async_op)


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
