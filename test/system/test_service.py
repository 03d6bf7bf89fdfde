"""`avocet run` as a service: what it tells systemd, and the unit that starts it."""

import configparser
import json
import re
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_program import avocet
from harness import ROOT, Site

UNIT = ROOT / "deploy" / "debian" / "avocet.service"
DEFAULTS = ROOT / "deploy" / "debian" / "avocet.yaml"


class Supervisor:
    """Listens as systemd does."""

    def __init__(self, directory: Path):
        self.path = directory / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))

    def env(self, watchdog_s: float = 0) -> dict[str, str]:
        env = {"NOTIFY_SOCKET": str(self.path)}
        if watchdog_s > 0:
            env["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        return env

    def wait_for(self, assignment: str, timeout: float = 30) -> dict[str, str]:
        """The first message from now on with an assignment that matches."""
        deadline = time.monotonic() + timeout
        seen = []
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                text = self.socket.recv(4096).decode()
            except TimeoutError:
                break
            seen.append(text)
            lines = text.splitlines()
            if any(re.fullmatch(assignment, line) for line in lines):
                return dict(line.split("=", 1) for line in lines)
        raise AssertionError(f"nobody said {assignment}, only {seen}")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.socket.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.configure(
        "lake: {lake}\nstorage: {commit: {interval: 200ms}}\n"
        "sources:\n  - file: {path: '{in}'}\nserver: {enabled: false}\n"
    )
    return site


def reading(number: int) -> str:
    return json.dumps({"device_id": "d1", "timestamp": 1_750_000_000 + number, "t": number}) + "\n"


def test_it_is_ready_then_lives_then_stops(site: Site, supervisor: Supervisor) -> None:
    (site.inbox / "a.ndjson").write_text(reading(0))
    with site.follow(env=supervisor.env(watchdog_s=1)) as run:
        # Not before recovery is done and the sources are open.
        assert "STATUS" in supervisor.wait_for("READY=1")
        assert (site.lake / "_avocet" / "LOCK").exists()
        begin = time.monotonic()
        for _ in range(4):
            supervisor.wait_for("WATCHDOG=1", timeout=1)
        assert time.monotonic() - begin > 0.5, "it floods the supervisor"
        status = supervisor.wait_for("STATUS=.* commits")
        assert "1 records, 1 devices" in status["STATUS"]
        assert run.stop() == 0
        supervisor.wait_for("STOPPING=1", timeout=1)


def test_a_full_disk_is_no_reason_to_be_killed(site: Site, supervisor: Supervisor) -> None:
    with site.follow(env=supervisor.env(watchdog_s=6)) as run:
        supervisor.wait_for("READY=1")
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
        (site.inbox / "a.ndjson").write_text("".join(reading(i) for i in range(5000)))
        assert "File too large" in supervisor.wait_for("STATUS=PROBLEM.*")["STATUS"]
        # More than the committer's queue takes, so that the engine waits for it.
        for number in range(2):
            (site.inbox / f"{number}.ndjson").write_text(reading(6000 + number))
            supervisor.wait_for("WATCHDOG=1", timeout=6)


def test_nobody_listening_is_no_harm(site: Site, tmp_path: Path) -> None:
    (site.inbox / "a.ndjson").write_text(reading(0))
    with site.follow(env={"NOTIFY_SOCKET": str(tmp_path / "gone")}) as run:
        run.wait_for(lambda: site.count("bronze") == 1, "a commit")
        assert run.stop() == 0
        assert run.output().count("cannot tell the service manager") == 1


def test_the_default_configuration_is_valid_and_local(tmp_path: Path) -> None:
    avocet(tmp_path, "check", str(DEFAULTS))
    shown = avocet(tmp_path, "config", "show", "-c", str(DEFAULTS)).stdout
    listeners = re.findall(r"listen: *\"?([0-9.]+):", shown)
    assert listeners and set(listeners) == {"127.0.0.1"}
    assert "lake: /var/lib/avocet/lake" in shown


def test_the_unit_runs_what_is_packed() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["ExecStartPre"] == "/usr/bin/avocet check /etc/avocet/avocet.yaml"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["ExecStart"].startswith("/usr/bin/avocet run ")
    # The signs of life that SignsOfLife gives come well within it.
    assert service["WatchdogSec"] == "3min"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_the_unit_exposes_little() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
    )
    found = re.search(r"Overall exposure level for avocet.service: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= 2.0, done.stdout
