"""The Debian packages on a fresh machine, with systemd: installed, run, upgraded, removed."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packages import fresh_root, pack

pytestmark = pytest.mark.slow

CONFIG = "etc/avocet/avocet.yaml"
LAKE = "var/lib/avocet/lake/iot_catalog"
ENVIRONMENT = [
    "HOME=/root",
    "DEBIAN_FRONTEND=noninteractive",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
]


class Machine:
    """A Debian that boots, with nothing on its network but itself, until the `with` block ends."""

    def __init__(self, root: Path):
        self.root = root
        self.console = root.parent / "console.log"

    def __enter__(self) -> "Machine":
        command = ["systemd-nspawn", "-D", str(self.root), "--boot", "--private-network"]
        command += ["--register=no", "--keep-unit", "--console=pipe"]
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        deadline = time.monotonic() + 60
        while True:
            if self.process.poll() is not None:
                pytest.skip(f"systemd cannot boot here: {self.console.read_text()}")
            words = children.read_text().split()
            if words:
                self.init = words[0]
                state = self.ask("systemctl", "is-system-running", code=None).strip()
                if state in ("running", "degraded"):
                    return self
            assert time.monotonic() < deadline, "the machine does not boot"
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        # Its first process takes all others along.
        os.kill(int(self.init), signal.SIGKILL)
        self.process.wait(timeout=30)

    def ask(self, *command: str, code: int | None = 0, stdin: str = "") -> str:
        """What a command says that root runs on the machine."""
        done = subprocess.run(
            ["nsenter", "-t", self.init, "-a", "env", "-i", *ENVIRONMENT, *command],
            capture_output=True,
            text=True,
            timeout=300,
            input=stdin,
        )
        if code is not None:
            assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def wait_for(self, condition: Callable[[], bool], what: str, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            log = self.ask("journalctl", "-u", "avocet", "--no-pager", code=None)
            assert time.monotonic() < deadline, f"waited in vain for: {what}\n{log}"
            time.sleep(0.2)

    def service(self) -> dict[str, str]:
        """What systemd knows of it."""
        text = self.ask("systemctl", "show", "avocet.service")
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def post(self, second: int) -> int:
        """Sends a reading to the machine's own port; the status of the answer."""
        reading = {"device_id": "d1", "timestamp": 1_767_268_800 + second, "temperature": 21.5}
        body = json.dumps(reading)
        request = (
            "POST /api/v1/readings HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        script = "exec 3<>/dev/tcp/127.0.0.1/8080 && cat >&3 && cat <&3"
        answer = self.ask("bash", "-c", script, stdin=request)
        return int(answer.split()[1])

    def readings(self) -> int:
        query = "SELECT count(*) AS n FROM iot_catalog.processed.valid_readings"
        user = ["setpriv", "--reuid=avocet", "--regid=avocet", "--init-groups"]
        said = self.ask(*user, "avocet", "query", "-c", "/" + CONFIG, "-f", "csv", query)
        return int(said.split()[1])

    def owner_and_mode(self, path: str) -> str:
        return self.ask("stat", "-c", "%U:%G %a", path).strip()


@pytest.fixture(scope="module")
def packages() -> list[Path]:
    """Two versions of avocet, and avocet-query where that is built."""
    old = pack(1)
    return [old[0], *pack(2, "avocet"), *old[1:]]


@pytest.fixture
def machine(packages: list[Path], tmp_path: Path) -> Iterator[Machine]:
    """One on which everything is installed that the packages need, but they are not."""
    root = tmp_path / "root"
    fresh_root("copy", str(root))
    try:
        for package in packages:
            shutil.copy(package, root / "root" / package.name)
        names = [f"/root/{package.name}" for package in [packages[0], *packages[2:]]]
        apt = ["run", str(root), "env", *ENVIRONMENT, "apt-get", "-qq", "-y"]
        fresh_root(*apt, "--no-install-recommends", "install", *names)
        # Without systemd nothing is started, and that is no error.
        fresh_root(*apt, "purge", "avocet", "avocet-query")
        assert not (root / "var/lib/avocet").exists()
        with Machine(root) as machine:
            yield machine
    finally:
        shutil.rmtree(root, ignore_errors=True)


def test_a_life_on_a_fresh_machine(packages: list[Path], machine: Machine) -> None:
    old, new, *query = [f"/root/{package.name}" for package in packages]
    config = machine.root / CONFIG

    machine.ask("dpkg", "-i", old, *query)
    service = machine.service()
    assert service["ActiveState"] == "active"
    assert service["UnitFileState"] == "enabled"
    assert "0 records" in service["StatusText"]
    assert machine.owner_and_mode("/var/lib/avocet") == "avocet:avocet 750"
    assert machine.owner_and_mode("/var/lib/avocet/inbox") == "avocet:avocet 2770"
    assert machine.owner_and_mode("/" + CONFIG) == "root:root 644"
    assert "nologin" in machine.ask("getent", "passwd", "avocet")
    for file in (
        "usr/share/man/man1/avocet-run.1.gz",
        "usr/share/man/man5/avocet.yaml.5.gz",
        "usr/share/bash-completion/completions/avocet",
        "usr/share/zsh/vendor-completions/_avocet",
        "usr/share/fish/vendor_completions.d/avocet.fish",
    ):
        assert (machine.root / file).is_file(), file

    # The default configuration takes readings by HTTP and from the inbox.
    assert machine.post(0) == 200
    inbox = machine.root / "var/lib/avocet/inbox"
    (inbox / "a.csv").write_text("device_id,timestamp,temperature\nd2,1767268800,20.5\n")
    machine.wait_for(lambda: "2 records" in machine.service()["StatusText"], "two records")

    # A process that hangs is replaced by one that finds everything again.
    drop_in = machine.root / "etc/systemd/system/avocet.service.d/watchdog.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nWatchdogSec=2s\nTimeoutAbortSec=2s\nRestartSec=100ms\n")
    machine.ask("systemctl", "daemon-reload")
    machine.ask("systemctl", "restart", "avocet")
    hung = machine.service()["MainPID"]
    machine.ask("systemctl", "kill", "-s", "STOP", "avocet")
    machine.wait_for(
        lambda: (
            machine.service()["NRestarts"] == "1" and machine.service()["ActiveState"] == "active"
        ),
        "a new process",
    )
    assert machine.service()["MainPID"] != hung
    assert machine.post(10) == 200

    # An upgrade keeps configuration and lake, and restarts the service.
    changed = config.read_text() + "log: {level: debug}\n"
    config.write_text(changed)
    before = machine.service()["MainPID"]
    machine.ask("dpkg", "-i", new)
    assert config.read_text() == changed
    service = machine.service()
    assert service["ActiveState"] == "active" and service["MainPID"] != before

    # A version that finds mistakes in the configuration does not replace one that runs.
    config.write_text(changed + "nonsense: true\n")
    assert "is not restarted" in machine.ask("dpkg", "-i", new)
    assert machine.service()["MainPID"] == service["MainPID"]
    # Nor does a restart by hand go on for ever.
    machine.ask("systemctl", "restart", "avocet", code=1)
    assert "nonsense" in machine.ask("journalctl", "-u", "avocet", "--no-pager")
    config.write_text(changed)
    machine.ask("systemctl", "reset-failed", "avocet")
    machine.ask("systemctl", "restart", "avocet")

    machine.ask("systemctl", "stop", "avocet")
    assert machine.service()["Result"] == "success"
    if query:
        assert machine.readings() == 3
    machine.ask("systemctl", "start", "avocet")

    machine.ask("apt-get", "-qq", "-y", "remove", "avocet")
    assert machine.service()["MainPID"] == "0"
    assert not (machine.root / "usr/bin/avocet").exists()
    assert config.read_text() == changed
    assert (machine.root / LAKE).is_dir()

    assert "the lake stays" in machine.ask("apt-get", "-qq", "-y", "purge", "avocet")
    assert (machine.root / LAKE).is_dir()
    assert not config.parent.exists()
    found = machine.ask("find", "/etc", "/usr", "/lib", "/var/lib/systemd", "-name", "*avocet*")
    # What the administrator made and the other package stay.
    assert {
        path for path in found.split() if "avocet-query" not in path and ".service.d" not in path
    } == set()
    assert machine.ask("dpkg", "--audit") == ""


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed")
def test_lintian_finds_nothing(packages: list[Path]) -> None:
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", *map(str, packages)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
