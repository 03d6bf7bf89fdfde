"""An MQTT broker on a free port, and messages for it."""

import subprocess
from pathlib import Path

from certificates import Authority, issue_faulty
from ports import free_port, listens
from services import Service, install


class Mosquitto(Service):
    """Runs until the `with` block ends; sessions and messages outlive stop and start.

    `secure_port` is a second listener, for clients with a certificate of `authority`;
    `faulty_ports` are listeners whose own certificates have something against them.
    """

    def __init__(self, directory: Path):
        script = install("mosquitto.sh")
        port = free_port(4)
        self.secure_port = port + 1
        self.faulty_ports = {"expired": port + 2, "foreign": port + 3}
        tls = directory / "tls"
        self.authority = Authority(tls, "ca")
        self.authority.issue("broker")
        issue_faulty(self.authority)
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
