"""``torch.distributed.rendezvous``: how processes find each other, by an address, a file or the environment."""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import ParseResult as _Parts
from urllib.parse import urlparse as _parsed

from torchlike.distributed._stores import FileStore as _FileStore
from torchlike.distributed._stores import Store as _Store
from torchlike.distributed._tcp import TCPStore as _TCPStore
from torchlike.distributed.constants import default_pg_timeout as _TIMEOUT

_Found = Iterator[tuple[_Store, int, int]]
_handlers: dict[str, Callable[..., _Found]] = {}


def register_rendezvous_handler(scheme: str, handler: Callable[..., _Found]) -> None:
    """Let processes find each other by addresses of a kind.

    Args:
        scheme: what stands before ``://``.
        handler: given an address, yields the store, this process's rank and the number of processes.

    Raises:
        RuntimeError: this kind has a handler.
    """
    if scheme in _handlers:
        raise RuntimeError(f"Rendezvous handler for {scheme}:// already registered")
    _handlers[scheme] = handler


def rendezvous(url: str, rank: int = -1, world_size: int = -1, **kwargs: Any) -> _Found:
    """Find the other processes.

    Args:
        url: ``env://``, ``file:///a/path``, ``tcp://host:port``; rank and number of processes may follow as a query.
        rank: this process's; -1 if `url` tells it.
        world_size: how many there are; -1 if `url` tells it.

    Raises:
        RuntimeError: the arguments are of other types, or there is no such kind of address.
        ValueError: something is left out.
    """
    if not isinstance(url, (str, bytes)):
        raise RuntimeError(f"`url` must be a string. {type(url)}: {url}")
    if not isinstance(rank, numbers.Integral):
        raise RuntimeError(f"`rank` must be an integer. {rank}")
    if not isinstance(world_size, numbers.Integral):
        raise RuntimeError(f"`world_size` must be an integer. {world_size}")
    parts = _parsed(str(url))
    if rank != -1 or world_size != -1:
        query = _query(parts)
        if "rank" in query or "world_size" in query:
            raise AssertionError(f"The url: {url} has node-specific arguments(rank, world_size) already.")
        query |= {name: str(given) for name, given in (("rank", rank), ("world_size", world_size)) if given != -1}
        url = parts._replace(query="&".join([f"{key}={value}" for key, value in query.items()])).geturl()
    if parts.scheme not in _handlers:
        raise RuntimeError(f"No rendezvous handler for {parts.scheme}://")
    return _handlers[parts.scheme](url, **kwargs)


def _query(parts: _Parts) -> dict[str, str]:
    pairs = [pair.split("=") for pair in parts.query.split("&") if pair]
    return {pair[0]: pair[1] for pair in pairs}


def _error(kind: str, text: str) -> ValueError:
    return ValueError(f"Error initializing torch.distributed using {kind}:// rendezvous: {text}")


def _who(kind: str, parts: _Parts) -> tuple[int, int]:
    """The rank and the number of processes that an address tells."""
    query = _query(parts)
    for name, shown in (("rank", "rank"), ("world_size", "world size")):
        if name not in query:
            raise _error(kind, f"{shown} parameter missing")
    return int(query["rank"]), int(query["world_size"])


def _by_file(url: str, **kwargs: Any) -> _Found:
    parts = _parsed(url)
    if not parts.path:
        raise _error("file", "path missing")
    rank, world_size = _who("file", parts)
    yield _FileStore(parts.path, world_size), rank, world_size
    raise RuntimeError("Unable to perform rerendezvous using file:// method")


def _by_tcp(url: str, timeout: timedelta = _TIMEOUT, **kwargs: Any) -> _Found:
    parts = _parsed(url)
    if parts.port is None:
        raise _error("tcp", "port number missing")
    rank, world_size = _who("tcp", parts)
    yield _store(str(parts.hostname), parts.port, rank, world_size, timeout), rank, world_size
    raise RuntimeError("Unable to perform re-rendezvous using tcp:// method")


def _by_environment(url: str, timeout: timedelta = _TIMEOUT, **kwargs: Any) -> _Found:
    query = _query(_parsed(url))

    def variable(name: str) -> str:
        found = os.environ.get(name)
        if not found:
            raise _error("env", f"environment variable {name} expected, but not set")
        return found

    rank = int(query["rank"] if "rank" in query else variable("RANK"))
    world_size = int(query["world_size"] if "world_size" in query else variable("WORLD_SIZE"))
    host, port = variable("MASTER_ADDR"), int(variable("MASTER_PORT"))
    yield _store(host, port, rank, world_size, timeout), rank, world_size
    raise RuntimeError("Unable to perform re-rendezvous using env:// method")


def _store(host: str, port: int, rank: int, world_size: int, timeout: timedelta) -> _TCPStore:
    if not 0 <= port < 2**16:
        raise ValueError(f"port must have value from 0 to 65535 but was {port}.")
    of_launcher = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    is_master = rank == 0 and not of_launcher
    return _TCPStore(host, port, world_size, is_master, timeout, multi_tenant=not of_launcher)


register_rendezvous_handler("tcp", _by_tcp)
register_rendezvous_handler("env", _by_environment)
register_rendezvous_handler("file", _by_file)
