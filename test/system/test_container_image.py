"""The last stage of the container file, built by a real builder over a fresh Debian, and run."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import ROOT
from packages import fresh_root, pack

pytestmark = pytest.mark.slow

DOCKERFILE = ROOT / "deploy" / "container" / "Dockerfile"


class Builder:
    """buildah with a store of its own."""

    def __init__(self, directory: Path):
        self.command = ["buildah", "--storage-driver", "vfs"]
        self.command += ["--root", str(directory / "store"), "--runroot", str(directory / "run")]

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self.command, *arguments],
            capture_output=True,
            text=True,
            timeout=900,
            env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """One that has built the image `avocet`."""
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    directory = tmp_path_factory.mktemp("image")
    base = fresh_root("base").strip()
    # What the first stage would leave; compiling is what `make deb` is tested with.
    built = directory / "context" / "src" / "build"
    built.mkdir(parents=True)
    packages = pack(1)
    if len(packages) < 2:
        pytest.skip("build/avocet-query is not built")
    for package in packages:
        shutil.copy(package, built)
    builder = Builder(directory)
    try:
        container = builder("from", "scratch")
        archive = str(directory / "base.tar")
        subprocess.run(["tar", "-C", base, "-cf", archive, "."], check=True)
        builder("add", "--quiet", container, archive, "/")
        builder("commit", "--quiet", container, "docker.io/library/debian:12-slim")
        builder(
            *("build", "--pull-never", "--format", "docker", "--tag", "avocet"),
            *("--build-context", f"build={directory / 'context'}"),
            *("--file", str(DOCKERFILE), str(ROOT)),
        )
        yield builder
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def test_the_image_is_what_the_file_says(builder: Builder) -> None:
    config = json.loads(builder("inspect", "--type", "image", "avocet"))["Docker"]["config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["/usr/bin/avocet"]
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/local/bin/avocet-healthcheck"]
    assert list(config["Volumes"]) == ["/var/lib/avocet"]


def test_it_runs_without_rights_on_a_read_only_system(builder: Builder, tmp_path: Path) -> None:
    root = builder("mount", builder("from", "--pull-never", "avocet"))
    volume = tmp_path / "volume"
    shutil.copytree(Path(root) / "var/lib/avocet", volume)
    subprocess.run(["chown", "-R", "10001:10001", str(volume)], check=True)
    log = tmp_path / "log"
    command = ["systemd-nspawn", "-D", root, "--read-only", "--private-network", "--quiet"]
    command += ["--register=no", "--keep-unit", "--console=pipe", "--as-pid2"]
    command += [f"--bind={volume}:/var/lib/avocet", "--user=avocet", "--no-new-privileges=yes"]
    command += ["--setenv=AVOCET_INSECURE=true", "--chdir=/var/lib/avocet"]
    command += ["/usr/bin/avocet", "run", "--quiet", "--config", "/etc/avocet/avocet.yaml"]
    with log.open("wb") as output:
        machine = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        process = wait_for(lambda: find_avocet(machine.pid), log)
        status = Path(f"/proc/{process}/status").read_text()
        assert "Uid:\t10001\t10001" in status
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        inside = ["nsenter", "-t", str(process), "-m", "-n", "-p", "-S", "10001", "-G", "10001"]

        def healthy() -> bool:
            probe = [*inside, "/usr/local/bin/avocet-healthcheck"]
            return subprocess.run(probe, capture_output=True).returncode == 0

        wait_for(healthy, log)
        write = subprocess.run([*inside, "touch", "/etc/x"], capture_output=True, text=True)
        assert "Read-only file system" in write.stderr
        (volume / "inbox" / "a.csv").write_text(
            "device_id,timestamp,temperature\nd1,1767268800,20.5\n"
        )
        table = volume / "lake" / "iot_catalog" / "processed" / "valid_readings"
        wait_for(lambda: list(table.glob("**/*.parquet")), log)
        # As `docker stop` does.
        os.kill(process, signal.SIGTERM)
        assert machine.wait(timeout=60) == 0, log.read_text()
    finally:
        machine.kill()
        machine.wait()


def find_avocet(parent: int) -> int:
    """The process of avocet below this one; 0: not yet."""
    children = [parent]
    while children:
        process = children.pop()
        try:
            if Path(f"/proc/{process}/comm").read_text() == "avocet\n":
                return process
            below = Path(f"/proc/{process}/task/{process}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children += [int(word) for word in below.split()]
    return 0


def wait_for(condition: Callable[[], object], log: Path, timeout: float = 60) -> int:
    """What the condition says when it holds, as a number."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value if isinstance(value, int) else 1
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
