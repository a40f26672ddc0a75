"""A store of keys and values that other processes reach by TCP."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
import weakref
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from torchlike.distributed._errors import DistNetworkError, DistStoreError
from torchlike.distributed._stores import Store, Table

# A message is its parts, each behind its length; a part is bytes behind a letter for what they were.
_WORKERS = "init/"  # the key that counts who has come
_servers: dict[int, _Server] = {}  # by port, those of this process


def _packed(parts: Sequence) -> bytes:
    kinds = {bytes: (b"b", bytes), str: (b"s", str.encode), int: (b"i", _digits), bool: (b"i", _digits)}
    written = []
    for each in parts:
        letter, convert = kinds[type(each)]
        written.append(letter + convert(each))
    return struct.pack("<I", len(written)) + b"".join([struct.pack("<Q", len(each)) + each for each in written])


def _digits(number: int) -> bytes:
    return str(int(number)).encode()


def _received(stream: Any) -> list:
    """The parts of the next message.

    Raises:
        DistNetworkError: the other side has gone.
    """
    kinds = {b"b": bytes, b"s": bytes.decode, b"i": int}
    (count,) = struct.unpack("<I", _exactly(stream, 4))
    parts = []
    for _ in range(count):
        part = _exactly(stream, struct.unpack("<Q", _exactly(stream, 8))[0])
        parts.append(kinds[part[:1]](part[1:]))
    return parts


def _exactly(stream: Any, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise DistNetworkError(
            "Failed to recv, got 0 bytes. Connection was likely closed. Did the remote server shutdown or crash?"
        )
    return data


class _Server(socketserver.ThreadingTCPServer):
    """Answers for a table of this process."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, port: int) -> None:
        self.table = Table()
        super().__init__(("", port), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(socketserver.StreamRequestHandler):
    """Answers what comes through one connection, until it ends."""

    def handle(self) -> None:
        while True:
            try:
                operation, *args = _received(self.rfile)
            except (DistNetworkError, OSError):
                return
            try:
                result = cast(Any, self.server).table.do(operation, *args)
            except ValueError:
                return  # as PyTorch's does: it closes the connection
            answer = [] if result is None else result if isinstance(result, list) else [result]
            self.wfile.write(_packed(answer))


class TCPStore(Store):
    """Keys and values in one process, which others reach by TCP.

    Args:
        host_name: where the process is that keeps them.
        port: its port; 0 for one that is free.
        world_size: how many processes use it; None if that is not known.
        is_master: whether this is the process that keeps them.
        timeout: how long is waited for a key, or for the other processes.
        wait_for_workers: whether the process that keeps them waits for the others.
        multi_tenant: whether several stores of this process may share a port.
        master_listen_fd: a socket that listens already, by its number.
        use_libuv: which of PyTorch's servers to use; there is one here.

    Raises:
        DistNetworkError: the port is taken, or nobody answers.
        DistStoreError: not all have come in time.
    """

    def __init__(
        self,
        host_name: str,
        port: int,
        world_size: int | None = None,
        is_master: bool = False,
        timeout: timedelta = Store._timeout,
        wait_for_workers: bool = True,
        multi_tenant: bool = False,
        master_listen_fd: int | None = None,
        use_libuv: bool = True,
    ) -> None:
        self._host, self._timeout, self._libuv = host_name, timeout, use_libuv
        self._lock = threading.Lock()
        self._server = _serving(port, multi_tenant, master_listen_fd) if is_master else None
        self._port = port if self._server is None else self._server.server_address[1]
        self._connection = _connected(host_name, self._port, timeout)
        self._stream = self._connection.makefile("rb")
        alone = None if multi_tenant else self._server
        weakref.finalize(self, _close, self._stream, self._connection, alone)
        if wait_for_workers and world_size is not None and world_size > 0:
            self.add(_WORKERS, 1)
            self._wait_for(world_size)

    @property
    def host(self) -> str:
        """Where the process is that keeps them."""
        return self._host

    @property
    def port(self) -> int:
        """Its port."""
        return self._port

    @property
    def libuvBackend(self) -> bool:
        """Which of PyTorch's servers was asked for."""
        return self._libuv

    def __repr__(self) -> str:
        served = "<nullptr>" if self._server is None else f"TCPServer(port={self._port})"
        near, far = self._connection.getsockname()[:2], self._connection.getpeername()[:2]
        ends = f"addr=[{near[0]}]:{near[1]}, remote=[{far[0]}]:{far[1]}"
        return f"TCPStore(client=TCPClient(SocketImpl(fd={self._connection.fileno()}, {ends})), server={served})"

    def clone(self) -> TCPStore:
        """Another connection to the same keys and values."""
        return TCPStore(self._host, self._port, timeout=self._timeout, wait_for_workers=False)

    def _late(self, keys: Sequence[str], limit: timedelta, reads: bool) -> Exception:
        milliseconds = int(limit.total_seconds() * 1000)
        return DistStoreError(f"wait timeout after {milliseconds}ms, keys: /{', /'.join(keys)}")

    def _wait_for(self, world_size: int) -> None:
        ends = time.monotonic() + self._timeout.total_seconds()
        while (come := self.add(_WORKERS, 0)) < world_size:
            if time.monotonic() > ends:
                seconds = int(self._timeout.total_seconds())
                raise DistStoreError(
                    f"Timed out after {seconds + 1} seconds waiting for clients. {come}/{world_size} clients joined."
                )
            time.sleep(0.005)

    def _do(self, operation: str, *args: Any) -> Any:
        try:
            with self._lock:
                self._connection.sendall(_packed((operation, *args)))
                answer = _received(self._stream)
        except OSError as error:
            raise DistNetworkError(error.strerror or str(error)) from None
        if operation == "list_keys":
            return [each for each in answer if each != _WORKERS]
        if operation == "queue_pop":
            return answer
        return answer[0] if answer else None


def _close(stream: Any, connection: socket.socket, server: _Server | None) -> None:
    """End what a store has kept open."""
    stream.close()
    connection.close()
    if server is not None:
        server.shutdown()
        server.server_close()


def _serving(port: int, is_shared: bool, listens: int | None) -> _Server:
    """A server at a port: that of another store of this process if it may be shared."""
    known = _servers.get(port)
    if is_shared and known is not None:
        return known
    try:
        made = _Server(port)
    except OSError as error:
        raise DistNetworkError(
            "The server socket has failed to listen on any local network address. "
            f"port: {port}, useIpv6: false, code: -{error.errno}, name: EADDRINUSE, message: address already in use"
        ) from None
    if is_shared:
        _servers[made.server_address[1]] = made
    return made


def _connected(host: str, port: int, timeout: timedelta) -> socket.socket:
    ends = time.monotonic() + timeout.total_seconds()
    while True:
        try:
            made = socket.create_connection((host, port), timeout=max(0.05, ends - time.monotonic()))
        except OSError:
            if time.monotonic() < ends:
                time.sleep(0.02)
                continue
            milliseconds = int(timeout.total_seconds() * 1000)
            raise DistNetworkError(
                f"The client socket has timed out after {milliseconds}ms while trying to connect to ({host}, {port})."
            ) from None
        made.settimeout(None)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
