"""What processes do together with objects: each goes through a pickle, as between processes."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torchlike._functions.making import tensor
from torchlike.distributed._collectives import check_destination
from torchlike.distributed._groups import is_outside
from torchlike.distributed._peers import recv, send
from torchlike.distributed._works import group_or_default, rank_in

if TYPE_CHECKING:
    from torchlike.types import Device


def _sent(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def all_gather_object(object_list: list, obj: Any, group: Any = None) -> None:
    """Write the objects of all processes to a list.

    Args:
        object_list: has a place for each process.
        obj: this process's, which can be pickled.
        group: whose; of all processes by default.

    Raises:
        ValueError: there is no group.

    Example:
        >>> import torchlike.distributed as dist
        >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        >>> found = [None]
        >>> dist.all_gather_object(found, {"a": 1})
        >>> found
        [{'a': 1}]
        >>> dist.destroy_process_group()
    """
    if is_outside(group, "all_gather_object"):
        return
    group_or_default(group)
    object_list[0] = _sent(obj)


def gather_object(
    obj: Any, object_gather_list: list | None = None, dst: Any = None, group: Any = None, group_dst: Any = None
) -> None:
    """Write the objects of all processes to a list, in one process.

    Args:
        obj: this process's, which can be pickled.
        object_gather_list: has a place for each process, in the one that they are written in.
        dst: which process, by its rank among all; the first by default.
        group: whose.
        group_dst: which process, by its rank in the group.

    Raises:
        ValueError: there is no group, or a list where none belongs.
    """
    group = group_or_default(group)
    rank = 0 if is_outside(group) else rank_in(group, dst, group_dst, default=0)
    if is_outside(group, "gather_object"):
        return
    check_destination(rank, object_gather_list)
    if object_gather_list is not None:
        object_gather_list[0] = _sent(obj)


def broadcast_object_list(
    object_list: list, src: Any = None, group: Any = None, device: Device = None, group_src: Any = None
) -> None:
    """Write the objects of one process's list to those of the others.

    Args:
        object_list: this process's.
        src: which process, by its rank among all; the first by default.
        group: whose.
        device: where they go through.
        group_src: which process, by its rank in the group.

    Raises:
        ValueError: there is no group.
        RuntimeError: there is no such process.
    """
    group = group_or_default(group)
    if is_outside(group, "broadcast_object_list"):
        return
    if (rank := rank_in(group, src, group_src, default=0)) != 0:
        raise RuntimeError(f"ProcessGroupGloo::broadcast: invalid root rank: {rank}")
    for each in object_list:
        _sent(each)


def scatter_object_list(
    scatter_object_output_list: list,
    scatter_object_input_list: Sequence | None = None,
    src: Any = None,
    group: Any = None,
    group_src: Any = None,
) -> None:
    """Write an object of one process's list to each process.

    Args:
        scatter_object_output_list: its first place is written to.
        scatter_object_input_list: an object for each process, in the one that has them.
        src: which process, by its rank among all; the first by default.
        group: whose.
        group_src: which process, by its rank in the group.

    Raises:
        ValueError: there is no group, or a list is missing.
        RuntimeError: there is no such process, or not an object for each.
    """
    group = group_or_default(group)
    if is_outside(group, "scatter_object_list"):
        return
    if not isinstance(scatter_object_output_list, list) or not scatter_object_output_list:
        raise ValueError("Expected argument scatter_object_output_list to be a list of size at least 1.")
    if (rank := rank_in(group, src, group_src, default=0)) != 0:
        raise RuntimeError(f"ProcessGroupGloo::broadcast: invalid root rank: {rank}")
    if scatter_object_input_list is None:
        raise ValueError("source rank must provide non-None scatter_object_input_list")
    if len(scatter_object_input_list) != 1:
        raise RuntimeError(
            f"ProcessGroupGloo::scatter: Incorrect input list size {len(scatter_object_input_list)}. Input list size should "
            "be 1, same as size of the process group."
        )
    scatter_object_output_list[0] = _sent(scatter_object_input_list[0])


def send_object_list(
    object_list: list,
    dst: Any = None,
    group: Any = None,
    device: Device = None,
    group_dst: Any = None,
    use_batch: bool = False,
) -> None:
    """Send objects to another process. A group of one has none.

    Args:
        object_list: what is sent.
        dst: which process, by its rank among all.
        group: of which group.
        device: where they go through.
        group_dst: which process, by its rank in the group.
        use_batch: whether to send them in one go.

    Raises:
        ValueError: it is this process, or there is no group.
        RuntimeError: there is no such process.
    """
    group = group_or_default(group)
    rank = rank_in(group, dst, group_dst)
    if not is_outside(group, "send_object_list"):
        send(tensor([len(object_list)]), group=group, group_dst=rank)


def recv_object_list(
    object_list: list,
    src: Any = None,
    group: Any = None,
    device: Device = None,
    group_src: Any = None,
    use_batch: bool = False,
) -> int:
    """Receive objects from another process; its rank. A group of one has none.

    Args:
        object_list: its places are written to.
        src: which process, by its rank among all; any by default.
        group: of which group.
        device: where they go through.
        group_src: which process, by its rank in the group.
        use_batch: whether to receive them in one go.

    Raises:
        ValueError: there is no group.
        RuntimeError: there is no such process.
    """
    if is_outside(group, "recv_object_list"):
        return -1
    return recv(tensor([len(object_list)]), src, group, group_src=group_src)
