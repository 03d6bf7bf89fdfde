"""Starts the servers of test/services on free ports, and speaks to those of AWS."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, TEST_ALL
from ports import free_port, listens

SCRIPTS = ROOT / "test" / "services"
# What the emulators accept; versitygw wants this secret.
AWS_ENV = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing12345",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


class Service:
    """A server that runs until the `with` block ends. It can be stopped and started in between."""

    def __init__(
        self,
        command: list[str],
        port: int,
        ready: Callable[[], bool],
        directory: Path,
        env: dict[str, str] | None = None,
        patience: float = 2,
    ):
        """`patience`: seconds from SIGTERM to SIGKILL."""
        self.patience = patience
        self.command, self.port, self.ready = command, port, ready
        self.url = f"http://127.0.0.1:{port}"
        self.log = directory / f"{Path(command[0]).stem}-{port}.log"
        self.env = {**os.environ, **(env or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Service":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 60) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while not self.ready():
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, f"{self.command} does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is None:
            return
        # The whole session: some of them have children.
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(self.patience)
                break
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                break
        self.process.wait()
        self.process = None


def install(script: str) -> str:
    """The path of a script of test/services, whose server is installed; skips without its tools."""
    path = str(SCRIPTS / script)
    done = subprocess.run([path, "install"], capture_output=True, text=True, check=False)
    if done.returncode == 69 and not TEST_ALL:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return path


def kinesis(directory: Path, persist: bool = False) -> Service:
    port = free_port(2)
    data = directory / "kinesis"
    return Service(
        [install("kinesis.sh"), "run", str(port), str(data)],
        port,
        lambda: answers(f"http://127.0.0.1:{port}/healthcheck"),
        directory,
        {"PERSIST": "true" if persist else "false"},
    )


def moto(directory: Path) -> Service:
    port = free_port()
    return Service(
        [install("moto.sh"), "run", str(port), str(directory / "moto")],
        port,
        lambda: answers(f"http://127.0.0.1:{port}/moto-api/data.json"),
        directory,
    )


def dynamodb(directory: Path) -> Service:
    """Keeps its tables when it is stopped and started."""
    port = free_port()

    def ready() -> bool:
        try:
            client("dynamodb", f"http://127.0.0.1:{port}").list_tables()
            return True
        except Exception:  # boto3 has one for each way in which a server can be away
            return False

    return Service(
        [install("dynamodb.sh"), "run", str(port), str(directory / "dynamodb")],
        port,
        lambda: listens(port) and ready(),
        directory,
    )


def versitygw(directory: Path) -> Service:
    port = free_port()
    return Service(
        [install("versitygw.sh"), "run", str(port), str(directory / "versitygw")],
        port,
        lambda: answers(f"http://127.0.0.1:{port}/health"),
        directory,
    )


def lambda_rie(directory: Path, bootstrap: Path, env: dict[str, str]) -> Service:
    port = free_port(2)  # The function asks for its events at the next one.
    return Service(
        [install("lambda_rie.sh"), "run", str(port), str(directory / "rie")],
        port,
        lambda: listens(port),
        directory,
        {**AWS_ENV, **env, "BOOTSTRAP": str(bootstrap)},
        # It waits for the function, which waits for it.
        patience=0.5,
    )


def fault_proxy(directory: Path, upstream: str) -> Service:
    port = free_port()
    return Service(
        [sys.executable, str(SCRIPTS / "aws_fault_proxy.py"), str(port), upstream],
        port,
        lambda: answers(f"http://127.0.0.1:{port}/_counts"),
        directory,
    )


def script(proxy: Service, faults: list[dict[str, Any]]) -> None:
    """What a fault proxy is to do to the next requests."""
    request = urllib.request.Request(f"{proxy.url}/_faults", json.dumps(faults).encode())
    urllib.request.urlopen(request).close()


def client(service: str, url: str) -> Any:
    """A boto3 client of an emulator."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=url,
        region_name=AWS_ENV["AWS_REGION"],
        aws_access_key_id=AWS_ENV["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS_ENV["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 3}, s3={"addressing_style": "path"}),
    )


def has_aws() -> bool:
    """Whether the program that is tested can talk to AWS."""
    binary = os.environ.get("AVOCET_BIN", str(ROOT / "build" / "avocet"))
    if shutil.which(binary) is None:
        return False
    done = subprocess.run([binary, "components"], capture_output=True, text=True, check=False)
    return "not in this build" not in done.stdout


needs_aws = pytest.mark.skipif(not has_aws(), reason="this avocet was built without AWS")
