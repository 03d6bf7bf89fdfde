"""A Kafka broker on a free port, and messages for it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from certificates import Authority, issue_faulty
from ports import free_port
from services import Service, install


def _answers(brokers: str) -> bool:
    command = ["kcat", "-b", brokers, "-L", "-m", "2"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Kafka(Service):
    """Runs until the `with` block ends; its messages outlive stop and start.

    `secure_brokers` is a second listener, with TLS by `authority` and SASL; `faulty_brokers` are
    listeners whose certificates have something against them. With `detour`, a port of this
    machine, what comes from there is to be passed on to `detour_end`.
    """

    def __init__(self, directory: Path, partitions: int, detour: int | None = None):
        if shutil.which("kcat") is None:
            pytest.skip("kcat is needed; scripts/setup.sh test installs it")
        script = install("kafka.sh")
        port = free_port(6)  # The controller and the other listeners take the next ones.
        self.brokers = f"127.0.0.1:{port}"
        self.secure_brokers = f"127.0.0.1:{port + 2}"
        self.faulty_brokers = {
            "expired": f"127.0.0.1:{port + 3}",
            "foreign": f"127.0.0.1:{port + 4}",
        }
        self.detour_end = port + 5
        self.authority = Authority(directory)
        shown = {"broker": self.authority.issue("broker"), **issue_faulty(self.authority)}
        for name, (certificate, key) in shown.items():
            parts = [key, certificate, self.authority.certificate]
            (directory / f"{name}.pem").write_text("".join(part.read_text() for part in parts))
        super().__init__(
            [script, "run", str(port), str(directory / "kafka")],
            port,
            lambda: _answers(self.brokers),
            directory,
            {
                "PARTITIONS": str(partitions),
                "TLS_DIR": str(directory),
                **({"DETOUR": str(detour)} if detour else {}),
            },
        )

    def produce(
        self, topic: str, partition: int, lines: list[str], headers: dict[str, str] | None = None
    ) -> None:
        """Sends lines of the form key:value, in order; the topic is created when it is new."""
        command = ["kcat", "-P", "-b", self.brokers, "-t", topic, "-p", str(partition), "-K", ":"]
        command += ["-X", "message.max.bytes=16000000"]
        for name, value in (headers or {}).items():
            command += ["-H", f"{name}={value}"]
        done = subprocess.run(
            command,
            input="".join(line + "\n" for line in lines),
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
