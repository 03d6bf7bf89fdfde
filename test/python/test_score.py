"""avocet.simulate and avocet.score agree with the commands of these names."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import avocet
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import AVOCET, run_avocet

FLEET = [
    "--devices",
    4,
    "--period",
    "1m",
    "--duration",
    "2d",
    "--seed",
    3,
    "--faults",
    "spike,stuck",
]


def test_simulates_what_the_program_simulates(tmp_path: Path) -> None:
    out, truth = tmp_path / "fleet.ndjson", tmp_path / "truth.ndjson"
    run_avocet("simulate", *FLEET, "--out", out, "--truth", truth)
    made = avocet.simulate(devices=4, period="1m", duration="2d", seed=3, faults=["spike", "stuck"])
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    rows = made.readings.to_arrow().to_pylist()
    assert len(rows) == len(lines) == 4 * 48 * 60
    for row, line in zip(rows, lines, strict=True):
        line["timestamp"] = line["timestamp"].replace("Z", "+00:00")
        row["timestamp"] = row["timestamp"].isoformat(timespec="milliseconds")
        assert row == line
    faults = [json.loads(line) for line in truth.read_text().splitlines()]
    found = made.truth.to_arrow().to_pylist()
    assert [(f["device_id"], f["fault"], f["severity"]) for f in faults] == [
        (f["device_id"], f["fault"], f["severity"]) for f in found
    ]


def test_scores_as_the_program_does(tmp_path: Path) -> None:
    made = avocet.simulate(devices=4, period="1m", duration="2d", seed=3, faults=["spike", "stuck"])
    found = avocet.detect(made.readings)
    run_avocet("simulate", *FLEET, "--out", tmp_path / "f.ndjson", "--truth", tmp_path / "t.ndjson")
    parquet.write_table(found.to_arrow(), tmp_path / "scored.parquet")
    command = [AVOCET, "score", tmp_path / "t.ndjson", tmp_path / "scored.parquet"]
    done = subprocess.run(
        [*command, "--format", "json", "--from", "2021-06-16"], check=True, capture_output=True
    )
    expected = json.loads(done.stdout)
    score = avocet.score(found, made.truth, start="2021-06-16")
    assert score.faults > 0 and score.device_days is not None
    kinds = {name: vars(kind) for name, kind in score.kinds.items()}
    assert {**vars(score), "kinds": kinds} == expected


def test_what_is_unknown_is_none() -> None:
    alarms = pa.table({"device_id": ["a"], "event_time": ["2024-01-01T00:00:00Z"]})
    truth = pa.table({"device_id": ["b"], "start": ["2024-01-01"], "end": ["2024-01-02"]})
    score = avocet.score(alarms, truth)
    assert (score.recall, score.precision, score.false_alarms) == (0.0, 0.0, 1)
    assert score.device_days is None and score.delay_seconds_median is None
    assert avocet.score(alarms, truth, device_days=2).false_alarms_per_device_day == 0.5
    assert avocet.score(alarms, truth, detector="mad").alarms == 0


def test_tables_without_what_is_needed_are_refused() -> None:
    alarms = pa.table({"device_id": ["a"], "event_time": ["soon"]})
    truth = pa.table({"device_id": ["b"], "start": ["2024-01-02"], "end": ["2024-01-01"]})
    with pytest.raises(avocet.InputError, match=r'"event_time".*"soon"'):
        avocet.score(alarms, truth)
    with pytest.raises(avocet.InputError, match="ends before"):
        avocet.score(alarms.slice(0, 0), truth)
    with pytest.raises(avocet.InputError, match='no column "start"'):
        avocet.score(alarms.slice(0, 0), truth.drop_columns("start"))
    with pytest.raises(avocet.InputError, match="spikes"):
        avocet.simulate(faults=["spikes"])
