"""`avocet simulate`: the same seed, the same bytes; a truth that is true; a clean end."""

import json
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest
from cli_program import avocet
from harness import BINARY

FLEET = ["--devices", "12", "--duration", "24h", "--faults", "all", "--period", "60s"]


def test_a_seed_decides_every_byte(tmp_path: Path) -> None:
    first = avocet(tmp_path, "simulate", *FLEET, "--seed", "5", "--truth", "t1").stdout
    avocet(tmp_path, "simulate", *FLEET, "--seed", "5", "--truth", "t2", "--out", "file")
    assert (tmp_path / "file").read_text() == first
    assert (tmp_path / "t1").read_bytes() == (tmp_path / "t2").read_bytes() != b""
    assert avocet(tmp_path, "simulate", *FLEET, "--seed", "6").stdout != first


def test_the_truth_tells_where_the_faults_are(tmp_path: Path) -> None:
    args = ["simulate", *FLEET, "--seed", "3", "--start", "2024-02-29T12:00:00Z"]
    done = avocet(tmp_path, *args, "--truth", "truth")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    windows = [json.loads(line) for line in (tmp_path / "truth").read_text().splitlines()]
    assert rows[0]["timestamp"] == "2024-02-29T12:00:00.000Z"
    kinds = {window["fault"] for window in windows}
    assert kinds == {
        "spike",
        "dip",
        "stuck",
        "drift",
        "level_shift",
        "noise",
        "dropout",
        "cross",
        "rate",
        "clip",
        "decoupled",
        "bias",
        "intermittent",
    }
    for kind in kinds:
        count = sum(window["fault"] == kind for window in windows)
        assert f"{count} {kind}" in done.stderr
    silent = clean_differs = 0
    clean_args = [word for word in args if word not in ("--faults", "all")]
    clean = {
        (row["device_id"], row["timestamp"]): row
        for row in map(json.loads, avocet(tmp_path, *clean_args).stdout.splitlines())
    }
    faulty = {(row["device_id"], row["timestamp"]): row for row in rows}

    def inside(window: dict[str, str], device: str, at: datetime) -> bool:
        return (
            window["device_id"] == device
            and datetime.fromisoformat(window["start"]) <= at
            and at <= datetime.fromisoformat(window["end"])
        )

    for key, want in clean.items():
        at = datetime.fromisoformat(key[1])
        here = [window for window in windows if inside(window, key[0], at)]
        got = faulty.get(key)
        if got is None:
            silent += 1
            assert [window["fault"] for window in here] == ["dropout"], key
        elif got != want:
            clean_differs += 1
            changed = {name for name in want if got[name] != want[name]}
            assert changed <= {window["metric"] for window in here}, (key, changed, here)
    assert silent > 0 and clean_differs > 0


def test_rate_and_duration(tmp_path: Path) -> None:
    args = ["simulate", "--devices", "4", "--rate", "2", "--duration", "1m"]
    done = avocet(tmp_path, *args)
    assert len(done.stdout.splitlines()) == 120
    assert "120 records of 4 devices, 1m of event time" in done.stderr
    assert avocet(tmp_path, *args, "-q").stderr == ""


def test_speed_paces(tmp_path: Path) -> None:
    begin = time.monotonic()
    args = ["--devices", "1", "--period", "1s", "--duration", "10s", "--speed", "20"]
    done = avocet(tmp_path, "simulate", *args)
    assert time.monotonic() - begin >= 0.44  # nine seconds between the first and the last
    assert len(done.stdout.splitlines()) == 10


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_endless_one_cleanly(tmp_path: Path, signal_number: int) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        [BINARY, "simulate", "--out", str(out), "--faults", "spike", "--truth", "truth"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 20
        while not (out.exists() and out.stat().st_size and (tmp_path / "truth").stat().st_size):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal_number)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert "records of 50 devices" in process.stderr.read()
    with out.open("rb") as lines:
        lines.seek(-1, 2)
        assert lines.read() == b"\n"
    assert (tmp_path / "truth").read_text().endswith("\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--faults", "spike,meteor"], "meteor"),
        (["--duration", "soon"], "--duration"),
        (["--start", "yesterday"], "--start"),
        (["--devices", "0"], "devices"),
        (["--speed", "-1"], "speed"),
        (["--out", "a", "--truth", "a"], "same file"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in avocet(tmp_path, "simulate", *arguments, code=64).stderr


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    done = avocet(tmp_path, "simulate", "--out", "missing/file", "--duration", "1m", code=69)
    assert done.stderr.startswith("error: cannot ") and "missing/file" in done.stderr
