"""How the parts of a fleet, in tasks on several machines, learn the medians of the whole of it.

The driver listens; each task of a barrier stage connects, sends the samples of its devices whenever
a bucket of the fleet is over, and waits for the medians. Spark's own exchange between such tasks
takes a second each time, and a day has 288 buckets.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import select
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from avocet import _engine

_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class HubAddress:
    host: str
    port: int
    token: bytes


def _receive(connection: socket.socket) -> bytes:
    """A message; raises ConnectionError when the other side is gone."""

    def exactly(size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = connection.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise ConnectionError("the other side is gone")
            parts += part
        return bytes(parts)

    return exactly(struct.unpack("<Q", exactly(8))[0])


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(struct.pack("<Q", len(message)) + message)


def _is_gone(connection: socket.socket) -> bool:
    """Whether the other side has closed: then there is something to read, and it is nothing."""
    if not select.select([connection], [], [], 0)[0]:
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


class MedianHub:
    """The driver's side, for a stage of so many tasks. One that is tried again connects anew."""

    def __init__(self, bind: str, host: str, tasks: int) -> None:
        self._server = socket.create_server((bind, 0))
        self._tasks = tasks
        port = self._server.getsockname()[1]
        self.address = HubAddress(host, port, secrets.token_bytes(32))
        self._thread = threading.Thread(target=self._serve, name="avocet-medians", daemon=True)

    def __enter__(self) -> MedianHub:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake a thread that accepts.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                connections = self._gather()
            except OSError:
                return  # closed
            with contextlib.ExitStack() as stack:
                for connection in connections:
                    stack.enter_context(connection)
                # A task that fails takes the stage with it, and Spark tries that again.
                with contextlib.suppress(OSError):
                    self._exchange(connections)

    def _gather(self) -> list[socket.socket]:
        """A connection of each task."""
        known: dict[int, socket.socket] = {}
        while len(known) < self._tasks:
            connection, _ = self._server.accept()
            try:
                connection.settimeout(10)
                task, token = struct.unpack("<I32s", _receive(connection))
            except (OSError, struct.error):
                connection.close()
                continue
            if not hmac.compare_digest(token, self.address.token):
                connection.close()
                continue
            connection.settimeout(_TIMEOUT_SECONDS)
            known[task] = connection
            for other in [task for task, one in known.items() if _is_gone(one)]:
                known.pop(other).close()
        return list(known.values())

    def _exchange(self, connections: list[socket.socket]) -> None:
        while True:
            parts = [part for one in connections for part in _unpack(_receive(one))]
            medians = _engine.medians_of_parts(parts)
            for connection in connections:
                _send(connection, medians)


@contextlib.contextmanager
def connected(address: HubAddress, task: int) -> Iterator[socket.socket]:
    """A task's side."""
    with socket.create_connection((address.host, address.port), timeout=60) as connection:
        connection.settimeout(_TIMEOUT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _send(connection, struct.pack("<I32s", task, address.token))
        yield connection


def medians_of_fleet(connection: socket.socket, samples: list[bytes]) -> bytes:
    """Blocks until all tasks have sent their samples."""
    _send(connection, b"".join(struct.pack("<Q", len(part)) + part for part in samples))
    return _receive(connection)


def _unpack(message: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(message):
        (size,) = struct.unpack_from("<Q", message, place)
        yield message[place + 8 : place + 8 + size]
        place += 8 + size
