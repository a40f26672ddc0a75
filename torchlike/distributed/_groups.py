"""Groups of processes, each of which is this process alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from torchlike._programs.explain import warn
from torchlike._types import devices
from torchlike._types.devices import device
from torchlike.distributed._backends import Backend, BackendConfig, check_there, is_nccl_available
from torchlike.distributed._stores import PrefixStore, Store
from torchlike.distributed.constants import default_pg_nccl_timeout, default_pg_timeout
from torchlike.distributed.rendezvous import _parsed, _query, rendezvous

NO_GROUP = "Default process group has not been initialized, please make sure to call init_process_group."
ALONE = (
    "torchlike runs a program in one process: it has no groups of several, got world_size={}. Start it once, with "
    "world_size=1; its GPUs are all in that process."
)


class ProcessGroup:
    """A group of processes: this one.

    Attributes:
        group_name: how the group is called among the others.
        group_desc: what it is for.
        bound_device_id: the device that all tensors are on; None if they are on several.
    """

    def __init__(self, backend: str, store: Store, name: str, about: str, where: device | None) -> None:
        self.group_name, self.group_desc, self.bound_device_id = name, about, where
        self._backend, self._store, self._config = backend, store, BackendConfig(backend)

    def rank(self) -> int:
        """Which of its processes this is."""
        return 0

    def size(self) -> int:
        """How many processes it has."""
        return 1

    def name(self) -> str:
        """What moves its tensors."""
        return self._backend

    def get_group_store(self) -> Store:
        """The store in which its processes find each other."""
        return self._store


class _World:
    """The groups that there are.

    Attributes:
        default: that of all processes; None before `init_process_group`.
        groups: all of them, each with the ranks in it.
        count: how many were made.
    """

    default: ProcessGroup | None = None
    groups: dict[ProcessGroup, list[int]] = {}
    count = 0


class _HasWorld(type):
    @property
    def WORLD(cls) -> ProcessGroup | None:
        """The group of all processes; None before `init_process_group`."""
        return _World.default

    @WORLD.setter
    def WORLD(cls, pg: ProcessGroup | None) -> None:
        _World.default = pg


class group(metaclass=_HasWorld):
    """``group.WORLD`` is the group of all processes."""


class GroupMember(metaclass=_HasWorld):
    """``GroupMember.WORLD`` is the group of all processes; ``NON_GROUP_MEMBER`` stands for one that this is not in."""

    NON_GROUP_MEMBER = -100


# ---------------------------------------------------------------------- making and ending


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: timedelta | None = None,
    world_size: int = -1,
    rank: int = -1,
    store: Store | None = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Make the group of all processes: of this one.

    Args:
        backend: what moves tensors: ``"gloo"``, on a machine with a GPU also ``"nccl"``; by default what fits the device.
        init_method: how the processes find each other: ``env://``, ``file:///a/path``, ``tcp://host:port``.
        timeout: how long they wait for each other.
        world_size: how many there are; other sources tell it where it is left out.
        rank: which of them this is, from 0.
        store: a store in which they find each other, in place of `init_method`.
        group_name: not used.
        pg_options: options of the backend; there are none.
        device_id: the device that all tensors are on.

    Raises:
        ValueError: there is such a group, or something is left out.
        RuntimeError: the backend is not there, or there are several processes.
    """
    if _World.default is not None:
        raise ValueError("trying to initialize the default process group twice!")
    if store is not None and init_method is not None:
        raise AssertionError("Cannot specify both init_method and store.")
    if store is not None and world_size <= 0:
        raise AssertionError("world_size must be positive if using store")
    if store is not None and rank < 0:
        raise AssertionError("rank must be non-negative if using store")
    where = _checked_device(device_id)
    if backend is None:
        backend = Backend.UNDEFINED if where is None else Backend.default_device_backend_map[where.type]
    backend, timeout = _checked(backend, timeout)
    name = _new_name()
    if backend == Backend.MPI:
        check_there(BackendConfig(backend))
    if store is None:
        address = init_method or "env://"
        _refuse_several(*_told(address, rank, world_size))
        store, rank, world_size = next(rendezvous(address, rank, world_size, timeout=timeout))
        store.set_timeout(timeout)
        store = PrefixStore("default_pg", store)
    _refuse_several(rank, world_size)
    _World.default = _made(backend, store, name, "default_pg", where)


def _told(address: str, rank: int, world_size: int) -> tuple[int, int]:
    """The rank and the number of processes as far as they are known before anybody is asked; else those of one."""
    parts = _parsed(address)
    told = os.environ if parts.scheme == "env" else {}
    told = {"rank": told.get("RANK") or 0, "world_size": told.get("WORLD_SIZE") or 1, **_query(parts)}
    return int(told["rank"]) if rank == -1 else rank, int(told["world_size"]) if world_size == -1 else world_size


def _refuse_several(rank: int, world_size: int) -> None:
    if world_size != 1:
        raise RuntimeError(ALONE.format(world_size))
    if rank != 0:
        raise ValueError(f"Rank {rank} is out of range. Valid ranks are 0 to 0 (world_size=1)")


def _checked_device(where: Any) -> device | None:
    """The device that a group is bound to.

    Raises:
        ValueError: it is not there.
    """
    there = devices.jax_devices("cuda")
    if where is None:
        return None
    if isinstance(where, int) and not there:
        raise ValueError(
            "device_id is an int, but no accelerator support is found from the current compilation. Please use a different "
            "compiled version that supports your accelerator."
        )
    where = device(where)
    if where.type == "cpu":
        return where
    if where.type != "cuda" or not there:
        raise ValueError(
            f"device_id {where} does not match the current compilation's accelerator support: "
            f"{'cuda' if there else None}. Please use a different compiled version that supports your accelerator."
        )
    if where.index is None:
        raise ValueError("Please use a device_id with index.")
    if where.index >= len(there):
        raise ValueError(
            f"device_id {where} is out of range. Please use a device index less than the number of accelerators available: "
            f"{len(there)}."
        )
    return where


def _checked(backend: str, timeout: timedelta | None) -> tuple[str, timedelta]:
    backend = Backend(backend)
    if timeout is None and backend == Backend.NCCL and not is_nccl_available():
        warn("Attempted to get default timeout for nccl backend, but NCCL support is not compiled")
    if timeout is None:
        timeout = default_pg_nccl_timeout if backend == Backend.NCCL else default_pg_timeout
    if not isinstance(timeout, timedelta):
        raise TypeError(f"Expected timeout argument to be of type datetime.timedelta, got {timeout}")
    return backend, timeout


def _new_name() -> str:
    _World.count += 1
    return str(_World.count - 1)


def _made(backend: str, store: Store, name: str, about: str, where: device | None) -> ProcessGroup:
    check_there(BackendConfig(backend))
    made = ProcessGroup(backend, PrefixStore(name + "/", store), name, about, where)
    _World.groups[made] = [0]
    return made


def new_group(
    ranks: Sequence[int] | None = None,
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: str | None = None,
    device_id: Any = None,
    *,
    sort_ranks: bool = True,
):
    """A group of some of the processes.

    Args:
        ranks: which; all by default.
        timeout: how long they wait for each other.
        backend: what moves its tensors; the same as for all processes by default.
        pg_options: options of the backend; there are none.
        use_local_synchronization: whether only its processes call this.
        group_desc: what it is for.
        device_id: the device that all tensors are on.
        sort_ranks: whether ranks in it follow those among all.

    Raises:
        ValueError: there is no group of all processes, or `ranks` are none.
    """
    parent = default_group()
    backend, _ = _checked(backend or parent.name(), timeout)
    if use_local_synchronization and ranks is not None and 0 not in ranks:
        return None
    chosen = [0] if ranks is None else sorted(ranks) if sort_ranks else list(ranks)
    if len(set(chosen)) != len(chosen):
        raise ValueError(f"ranks list must not contain duplicate entries, got {chosen}")
    if len(chosen) > 1:
        raise ValueError(
            "the new group's world size should be less or equal to the world size set by init_process_group"
        )
    for each in chosen:
        if each != 0:
            raise ValueError(f"Rank {each} is out of range. Valid ranks are 0 to 0 (world_size=1)")
    if not chosen:
        return GroupMember.NON_GROUP_MEMBER
    where = parent.bound_device_id if device_id is None else _checked_device(device_id)
    return _made(backend, parent.get_group_store(), _new_name(), group_desc or "undefined", where)


def new_subgroups(
    group_size: int | None = None,
    group: ProcessGroup | None = None,
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
) -> tuple[ProcessGroup | None, list[ProcessGroup]]:
    """Groups of `group_size` processes each; the one that this process is in, and all of them.

    Raises:
        ValueError: the processes cannot be divided so.
    """
    if group_size is None:
        if not devices.jax_devices("cuda"):
            raise ValueError(
                "Default group size only takes effect when CUDA is available.If your subgroup using a backend that does not "
                "depend on CUDA,please pass in 'group_size' correctly."
            )
        group_size = len(devices.jax_devices("cuda"))
    if group_size <= 0:
        raise ValueError(f"The arg 'group_size' ({group_size}) must be positive")
    size = get_world_size(group)
    if size < group_size:
        raise ValueError(f"The arg 'group_size' ({group_size}) must not exceed the world size ({size})")
    return new_subgroups_by_enumeration([[0]], timeout, backend, pg_options, group_desc)


def new_subgroups_by_enumeration(
    ranks_per_subgroup_list: Sequence[Sequence[int]],
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
) -> tuple[ProcessGroup | None, list[ProcessGroup]]:
    """A group for each list of ranks; the one that this process is in, and all of them.

    Raises:
        ValueError: there is no list, or a rank is in two.
    """
    if not ranks_per_subgroup_list:
        raise ValueError("The arg 'ranks_per_subgroup_list' cannot be empty")
    mine, made, seen = None, [], {}
    for ranks in ranks_per_subgroup_list:
        made.append(new_group(ranks, timeout, backend, pg_options, group_desc=group_desc))
        for rank in ranks:
            if rank in seen:
                raise ValueError(f"Rank {rank} has appeared in both subgroup {seen[rank]} and {ranks}")
            seen[rank], mine = ranks, made[-1]
    return mine, made


def destroy_process_group(group: Any = None) -> None:
    """End a group; that of all processes, and so all groups, by default.

    Raises:
        AssertionError: there is none.
        ValueError: it is no group.
    """
    if group == GroupMember.NON_GROUP_MEMBER:
        return
    group = _World.default if group is None else group
    if group is None:
        raise AssertionError("Process group cannot be None")
    if group not in _World.groups:
        raise ValueError("Invalid process group specified")
    if group is _World.default:
        _World.default, _World.count = None, 0
        _World.groups.clear()
    else:
        del _World.groups[group]


# ---------------------------------------------------------------------- asking


def is_initialized() -> bool:
    """Whether there is a group of all processes."""
    return _World.default is not None


def is_torchelastic_launched() -> bool:
    """Whether ``torchrun`` started this process."""
    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


def default_group() -> ProcessGroup:
    """The group of all processes.

    Raises:
        ValueError: there is none.
    """
    if _World.default is None:
        raise ValueError(NO_GROUP)
    return _World.default


def is_outside(group: Any, function: str = "") -> bool:
    """Whether this process is not in a group; a warning tells it of a function."""
    outside = not isinstance(group, ProcessGroup) and group is not None and group == GroupMember.NON_GROUP_MEMBER
    if outside and function:
        rank = -1 if _World.default is None else 0
        warn(f"Running {function} on global rank {rank} which does not belong to the given group.")
    return outside


def members(group: Any) -> list[int]:
    """The ranks in a group.

    Raises:
        ValueError: it is no group.
    """
    group = default_group() if group is None else group
    if group not in _World.groups:
        raise ValueError(f"Group {group} is not registered, please create group with torch.distributed.new_group API")
    return _World.groups[group]


def get_rank(group: Any = None) -> int:
    """Which process of a group this is; -1 if it is not in it.

    Raises:
        ValueError: there is no such group.
    """
    if is_outside(group):
        return -1
    default_group()
    return get_group_rank(group, 0) if group is not None else 0


def get_world_size(group: Any = None) -> int:
    """How many processes a group has; -1 if this one is not in it.

    Raises:
        ValueError: there is no group.
    """
    if is_outside(group):
        return -1
    return (default_group() if group is None else group).size()


def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """Which of the machine's processes this is: what ``torchrun`` says in ``LOCAL_RANK``.

    Args:
        fallback_rank: what it is where that is not set.

    Raises:
        RuntimeError: it is not set, and there is no other.
    """
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is not None:
        return int(fallback_rank)
    raise RuntimeError(
        "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow `get_node_local_rank` to work, "
        "assuming you are not running in a multi-device context and want the code to run locally instead."
    )


def get_group_rank(group: Any, global_rank: int) -> int:
    """The rank in a group of a process, by that among all.

    Raises:
        ValueError: it is not in the group.
    """
    if group is _World.default:
        return global_rank
    if global_rank not in members(group):
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return members(group).index(global_rank)


def get_global_rank(group: Any, group_rank: int) -> int:
    """The rank among all of a process, by that in a group.

    Raises:
        ValueError: it is not in the group.
    """
    if group is _World.default:
        return group_rank
    ranks = members(group)
    if not 0 <= group_rank < len(ranks):
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return ranks[group_rank]


def get_process_group_ranks(group: Any) -> list[int]:
    """The ranks, among all, of a group's processes, in the order of the group."""
    return list(members(group))


def get_backend(group: Any = None) -> str:
    """What moves a group's tensors.

    Raises:
        ValueError: there is no such group.
    """
    return _member(group).name()


def get_backend_config(group: Any = None) -> str:
    """What moves a group's tensors, for each kind of device.

    Raises:
        ValueError: there is no such group.
    """
    return str(_member(group)._config)


def _member(group: Any) -> ProcessGroup:
    found = group or default_group()
    if is_outside(found):
        raise ValueError("Invalid process group specified")
    members(found)
    return found


def get_pg_count() -> int:
    """How many groups were made."""
    return _World.count
