"""The ways to a port of this machine: cut, slow, full of garbage, or with TLS at its end."""

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

Talk = Callable[[socket.socket], None]


class Network:
    """Passes connections on to a port. It can be cut and mended; while `talk` is set, that is what
    clients get instead; with `bytes_per_second` it is slow in both directions."""

    def __init__(self, target: int = 0):
        self.target = target
        self.talk: Talk | None = None
        self.bytes_per_second = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        self.talk = None
        self._is_cut = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            if self._is_cut:
                return
            if self.talk is not None:
                self.talk(near)
                return
            near = self._welcome(near)
            far = socket.create_connection(("127.0.0.1", self.target))
            with self._lock:
                self._open |= {near, far}
            with near, far:
                self._carry(near, far)

    def _welcome(self, near: socket.socket) -> socket.socket:
        return near

    # One thread for both directions: a TLS connection is not for two.
    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        while True:
            waiting = isinstance(near, ssl.SSLSocket) and near.pending() > 0
            ready = [near] if waiting else select.select([near, far], [], [])[0]
            for source in ready:
                data = source.recv(1024 if self.bytes_per_second else 65536)
                if not data:
                    return
                if self.bytes_per_second:
                    time.sleep(len(data) / self.bytes_per_second)
                (far if source is near else near).sendall(data)


class TlsFront(Network):
    """Speaks TLS with clients, with a certificate that can be changed, and none with its target."""

    def __init__(self, target: int, certificate: Path, key: Path):
        self.show(certificate, key)
        super().__init__(target)
        self.url = f"https://127.0.0.1:{self.port}"

    def show(self, certificate: Path, key: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)

    def _welcome(self, near: socket.socket) -> socket.socket:
        return self._context.wrap_socket(near, server_side=True)


def says(data: bytes, then_waits: bool = False) -> Talk:
    """Answers the first bytes of a client with `data`, whatever they are, and closes."""

    def talk(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(data)
        while then_waits and client.recv(65536):
            pass

    return talk


def hangs_up(client: socket.socket) -> None:
    """Closes without a word."""
