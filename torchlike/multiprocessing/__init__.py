"""``torch.multiprocessing``: `multiprocessing`, and processes that run one function together.

A tensor that goes to another process, by a queue, a pipe or as an argument, is a copy there. What a forked process
computes NumPy computes (see `docs/design.md`).
"""

import multiprocessing
import sys
from multiprocessing import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary] - as PyTorch does

from torchlike._types.public import publish as _publish
from torchlike.multiprocessing.spawn import ProcessContext as ProcessContext
from torchlike.multiprocessing.spawn import ProcessExitedException as ProcessExitedException
from torchlike.multiprocessing.spawn import ProcessRaisedException as ProcessRaisedException
from torchlike.multiprocessing.spawn import spawn as spawn
from torchlike.multiprocessing.spawn import start_processes as start_processes

__all__ = ["get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", *multiprocessing.__all__]  # pyright: ignore[reportUnsupportedDunderAll]

_strategies = {"file_system"} if sys.platform in ("darwin", "win32") else {"file_descriptor", "file_system"}
_strategy = min(_strategies)


def get_all_sharing_strategies() -> set[str]:
    """The names that `set_sharing_strategy` takes."""
    return _strategies


def get_sharing_strategy() -> str:
    """The name that was set last."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Take a name of how tensors would be shared; they are copied.

    Raises:
        AssertionError: there is no such way.
    """
    global _strategy
    if new_strategy not in _strategies:
        raise AssertionError(f"invalid sharing strategy {new_strategy!r}, expected one of {_strategies}")
    _strategy = new_strategy


_publish(globals())
