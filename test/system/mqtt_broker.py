"""An MQTT broker on a free port, messages for it, and a network that can be cut."""

import contextlib
import socket
import subprocess
import threading
from pathlib import Path

from certificates import Authority
from ports import free_port, listens
from services import Service, install


class Mosquitto(Service):
    """Runs until the `with` block ends; sessions and messages outlive stop and start.

    `secure_port` is a second listener, for clients with a certificate of `authority`.
    """

    def __init__(self, directory: Path):
        script = install("mosquitto.sh")
        port = free_port(2)
        self.secure_port = port + 1
        tls = directory / "tls"
        self.authority = Authority(tls, "ca")
        self.authority.issue("broker")
        super().__init__(
            [script, "run", str(port), str(directory / "mosquitto")],
            port,
            lambda: listens(port),
            directory,
            {"TLS_DIR": str(tls)},
            patience=10,
        )

    def publish(self, topic: str, payloads: list[str], *options: str) -> None:
        """One message for each payload, of one line, with quality of service 1."""
        self._publish(topic, "".join(line + "\n" for line in payloads).encode(), "-l", *options)

    def publish_bytes(self, topic: str, payload: bytes) -> None:
        self._publish(topic, payload, "-s")

    def _publish(self, topic: str, data: bytes, *options: str) -> None:
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-q", "1", "-t", topic]
        done = subprocess.run([*command, *options], input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def listen(self, topic: str) -> "subprocess.Popen[bytes]":
        """Ends with the first message, which it writes to its standard output."""
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic, "-C", "1"]
        return subprocess.Popen([*command, "-N", "-W", "60"], stdout=subprocess.PIPE)


class Network:
    """The way to a port of this machine. It can be cut, and mended."""

    def __init__(self, target: int):
        self.target = target
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

    def mend(self) -> None:
        self._is_cut = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                with contextlib.suppress(OSError):
                    if self._is_cut:
                        near.close()
                        continue
                    far = socket.create_connection(("127.0.0.1", self.target))
                    with self._lock:
                        self._open |= {near, far}
                    for ends in ((near, far), (far, near)):
                        threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
