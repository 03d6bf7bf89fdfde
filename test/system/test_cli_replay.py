"""`avocet replay`: files as timed records, and the pipe into `avocet run`."""

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from cli_program import EXAMPLE, avocet
from harness import BINARY, read_table


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_example_becomes_records_that_run_understands(tmp_path: Path) -> None:
    done = avocet(tmp_path, "replay", str(EXAMPLE), "--flat")
    rows = records(done.stdout)
    assert len(rows) == 6558
    assert rows[0] == {
        "device_id": "iaddataset",
        "timestamp": "2021-06-15T18:21:46Z",
        "Temperature": 37.94,
        "Humidity": 28.94,
        "Air Quality": 75,
        "Light": 644,
        "Loudness": 106,
    }
    assert '"Humidity":29.0,' in done.stdout  # numbers stay as they are written
    assert "6,558 records" in done.stderr


def pipe(directory: Path, replay: list[str], run: list[str]) -> str:
    producer = subprocess.Popen(
        [BINARY, "replay", *replay],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    consumer = subprocess.run(
        [BINARY, "run", "--source", "-", "--once", *run],
        cwd=directory,
        stdin=producer.stdout,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert producer.stdout is not None
    producer.stdout.close()
    assert producer.wait(10) == 0
    assert consumer.returncode == 0, consumer.stderr
    return consumer.stderr


def test_pipe_into_run_without_a_configuration(tmp_path: Path) -> None:
    said = pipe(tmp_path, [str(EXAMPLE), "--flat", "--device", "hall"], [])
    assert "6,558 records: 6,558 in bronze" in said
    silver = read_table(tmp_path / "lake", "silver")
    assert silver.num_rows == 6558
    assert set(silver.column("device_id").to_pylist()) == {"hall"}
    assert {"temperature", "air_quality", "loudness_avg_5m"} <= set(silver.column_names)
    assert "time" not in silver.column_names


def test_pipe_into_run_with_the_configuration_of_init(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    avocet(tmp_path, "init", EXAMPLE.name)
    pipe(tmp_path, [EXAMPLE.name, "--speed", "0"], [])
    assert read_table(tmp_path / "lake", "silver").num_rows == 6558
    assert read_table(tmp_path / "lake", "quarantine").num_rows == 0


def test_shifted_times_fit_the_configuration_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Time,x\n1623781306,1\n1623781316.5,2\n")
    avocet(tmp_path, "init", "a.csv")
    pipe(tmp_path, ["a.csv", "--flat", "--now"], [])
    rows = read_table(tmp_path / "lake", "silver").sort_by("event_time").to_pylist()
    first, second = (row["event_time"].timestamp() for row in rows)
    assert abs(first - time.time()) < 60
    assert abs(second - first - 10.5) < 1e-5


def test_event_time_sets_the_pace(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "time,x\n" + "".join(f"{1623781306 + 10 * i},{i}\n" for i in range(5))
    )
    begin = time.monotonic()
    done = avocet(tmp_path, "replay", "a.csv", "--speed", "50")
    assert time.monotonic() - begin >= 0.79  # 40 s of event time
    assert len(records(done.stdout)) == 5


def test_records_leave_when_they_are_due(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,x\n1623781306,1\n1623791306,2\n")
    with subprocess.Popen(
        [BINARY, "replay", "a.csv", "--speed", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["x"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""
        assert "1 records" in process.stderr.read()


def test_devices_and_other_fields_stay(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(
        '{"mote":7,"ts":"2021-06-15T18:21:46+02:00","v":1.50,"deep":{"a":[1,2]}}\n'
        '{"mote":null,"ts":"2021-06-15T18:21:47+02:00","v":2}\n'
        '{"mote":8,"v":3}\n'
        "not json\n"
    )
    args = ["replay", "a.ndjson", "--flat", "--device", "spare", "--device-field", "mote"]
    lines = avocet(tmp_path, *args, "--time-field", "ts").stdout.splitlines()
    assert lines == [
        '{"device_id":7,"timestamp":"2021-06-15T16:21:46Z","v":1.50,"deep":{"a":[1,2]}}',
        '{"device_id":"spare","timestamp":"2021-06-15T16:21:47Z","v":2}',
        '{"mote":8,"v":3}',
        "not json",
    ]


def test_damaged_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,x\n1623781306,1\n1623781316\n1623781326,3\n")
    done = avocet(tmp_path, "replay", "a.csv", "--flat", "--out", "out.ndjson")
    assert "1 records left out" in done.stderr
    assert len(records((tmp_path / "out.ndjson").read_text())) == 2


def test_a_reader_that_goes_away_ends_it(tmp_path: Path) -> None:
    done = subprocess.run(
        f"set -o pipefail; '{BINARY}' replay '{EXAMPLE}' --flat -q | head -n 2",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert len(records(done.stdout)) == 2


def test_mistakes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert "--time-field" in avocet(tmp_path, "replay", "a.csv", code=65).stderr
    assert "cannot open" in avocet(tmp_path, "replay", "nope.csv", code=69).stderr
    done = avocet(tmp_path, "replay", "a.csv", "--speed", "-1", "--time-field", "a", code=64)
    assert re.match("error: .*--speed", done.stderr)
