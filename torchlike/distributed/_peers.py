"""Tensors that one process sends to another: in a group of one there is none to send to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchlike.distributed._groups import ProcessGroup, get_global_rank, is_outside
from torchlike.distributed._works import Work, check_tensor, collective, group_or_default, rank_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchlike.tensor import Tensor


def _check_peer(group: ProcessGroup, rank: int) -> None:
    if rank != 0:
        raise RuntimeError(f"Rank {rank} is out of range. Valid ranks are 0 to 0 (world_size=1)")
    raise RuntimeError("Pair is not connected: the process is alone in its group, and cannot send to itself")


@collective
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
    group = group_or_default(group)
    rank = rank_in(group, dst, group_dst)
    check_tensor(tensor, "tensor")
    if is_outside(group, "isend"):
        return None
    return _check_peer(group, rank)


@collective
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
    check_tensor(tensor, "tensor")
    if is_outside(group, "irecv"):
        return None
    group = group_or_default(group)
    return _check_peer(group, rank_in(group, src, group_src, default=0))


@collective
def send(tensor: Tensor, dst: int | None = None, group: Any = None, tag: int = 0, group_dst: int | None = None) -> None:
    """`isend`, and wait.

    Raises:
        ValueError: it is this process, or there is no group.
        RuntimeError: there is no such process.
    """
    group = group_or_default(group)
    rank = rank_in(group, dst, group_dst)
    if rank == 0:
        raise ValueError(
            "Invalid destination rank: destination rank should not be the same as the rank of the current process."
        )
    isend(tensor, group=group, tag=tag, group_dst=rank)


@collective
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
        check_tensor(tensor, "tensor")
        self.op, self.tensor, self.tag, self.group = op, tensor, tag, group_or_default(group)
        self.group_peer = rank_in(self.group, peer, group_peer)
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
