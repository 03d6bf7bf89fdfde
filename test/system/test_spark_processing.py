"""avocet.spark makes the rows of `avocet run` from the same bronze table, row by row."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import generate
import pytest
from deltalake import DeltaTable
from harness import (
    CATALOG,
    ROOT,
    Site,
    first_difference,
    newest_commit_info,
    read_table,
    sorted_csv,
    table_path,
)
from test_spark import DELTA

pytestmark = pytest.mark.slow

MADE = ("silver", "anomalies", "device_stats", "device_health", "alerts")

# Where a record came from.
_PLACE = ("source", "partition", "offset")

# The fleet's clock and medians are what a part of a fleet cannot know by itself.
CONFIG = """\
lake: {lake}
storage: {commit: {rows: 1000}, care: {enabled: false}}
engine: {tick_records: 300}
sources: [{file: {path: {in}}}]
schema:
  metrics:
    temperature: {unit: degC, range: [-40, 85]}
    humidity: {unit: "%", range: [0, 100], on_invalid: drop}
    pressure: {range: [900, 1100], on_invalid: warn}
    mode: {}
    light: {}
detectors:
  - {type: auto}
  - {type: zscore, metrics: [temperature, humidity]}
  - {type: missing}
alerts:
  rules:
    - {name: any}
    - {name: many, type: device_spike, spike: {min_count: 3}}
"""


def spark_python() -> str:
    script = ROOT / "scripts" / "spark_env.sh"
    done = subprocess.run([script, "--avocet"], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()[-1]


@pytest.fixture(scope="module")
def python() -> str:
    return spark_python()


def submitting(settings: dict[str, str]) -> dict[str, str]:
    arguments = " ".join(f"--conf {key}={value}" for key, value in settings.items())
    return {"PYSPARK_SUBMIT_ARGS": f"{arguments} pyspark-shell"}


class Driver:
    """A Spark of its own, in a process group of its own."""

    def __init__(
        self,
        python: str,
        directory: Path,
        *calls: dict[str, Any],
        cores: int = 2,
        settings: dict[str, str] | None = None,
    ):
        """settings: more of them, of Spark."""
        self.log = directory / f"spark-{time.monotonic_ns()}.log"
        program = Path(__file__).with_name("spark_processing.py")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python, str(program), str(cores), DELTA, *map(json.dumps, calls)],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYSPARK_PYTHON": python, **submitting(settings or {})},
            )

    def finish(self) -> None:
        try:
            code = self.process.wait(timeout=1500)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert code == 0, self.log.read_text(errors="replace")[-6000:]

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def lines_of_a_fleet(site: Site) -> list[bytes]:
    """Late, repeated and malformed records, and devices with faults that others do not have."""
    simulated = site.avocet(
        *("simulate", "--devices", "16", "--period", "1m", "--duration", "5h", "--faults", "all"),
        *("--seed", "5", "--start", "2023-11-14T22:30:00Z", "-q"),
    )
    assert simulated.returncode == 0, simulated.stderr
    calm = [line.encode() for line in simulated.stdout.splitlines()]
    wild = list(generate.lines(41, 5000, devices=12))
    rng = random.Random(2)
    mixed = sorted(
        [(i / len(part), line) for part in (calm, wild) for i, line in enumerate(part)],
        key=lambda entry: entry[0] + rng.random() * 0.01,
    )
    return [line for _, line in mixed]


class Lakes:
    """A lake of avocet after the first half of its records, and after all."""

    def __init__(self, directory: Path):
        self.site = Site(directory)
        self.site.configure(CONFIG)
        self.lines = lines_of_a_fleet(self.site)
        half = len(self.lines) // 2
        generate.write_ndjson(self.site.inbox / "a.ndjson", self.lines[:half])
        self.site.drain()
        self.half = directory / "half"
        shutil.copytree(self.site.lake, self.half)
        self.half_epoch = newest_commit_info(self.half)["epoch"]
        generate.write_ndjson(self.site.inbox / "b.ndjson", self.lines[half:])
        self.site.drain()

    @property
    def lake(self) -> Path:
        return self.site.lake

    def call(self, bronze: Path, out: Path, **more: Any) -> dict[str, Any]:
        return {
            "config": str(self.site.config),
            "bronze": str(bronze / CATALOG),
            "lake": str(out / CATALOG),
            "checkpoint": str(out / "checkpoint"),
            **more,
        }


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Lakes:
    return Lakes(tmp_path_factory.mktemp("lakes"))


def assert_same_rows(want: Path, got: Path) -> None:
    for name in MADE:
        expected = read_table(want, name)
        assert expected.num_rows > 10, name
        found = read_table(got, name).select(expected.column_names)
        assert sorted_csv(found) == sorted_csv(expected), (
            name + ": " + first_difference(sorted_csv(expected), sorted_csv(found))
        )


def put(lake: Path, place: Path) -> Path:
    """The lake at a place, where an earlier one may be whose stream goes on."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(lake, place)
    return place


def test_one_two_and_eight_tasks_make_the_rows_of_run(
    lakes: Lakes, python: str, tmp_path: Path
) -> None:
    """In two runs each: after the first, hours that were open have rows, which then change."""
    outs = {tasks: tmp_path / str(tasks) for tasks in (1, 2, 8)}
    for lake in (lakes.half, lakes.lake):
        bronze = put(lake, tmp_path / "bronze")
        calls = [
            lakes.call(bronze, out, parts=tasks, direct=tasks == 8) for tasks, out in outs.items()
        ]
        Driver(python, tmp_path, *calls, cores=8).finish()
        for out in outs.values():
            assert_same_rows(lake, out)
        # As after a crash at the very end: hours have rows, which the states do not know.
        shutil.rmtree(outs[2] / "checkpoint" / "avocet-state" / "ended")


def test_spark_takes_over_from_run(lakes: Lakes, python: str, tmp_path: Path) -> None:
    """What `avocet run` has written stays, and the rest follows: in its own tables."""
    out = put(lakes.half, tmp_path / "out")
    call = lakes.call(lakes.lake, out, written_epoch=lakes.half_epoch, parts=4)
    Driver(python, tmp_path, call).finish()
    assert_same_rows(lakes.lake, out)


def test_a_driver_that_is_killed_goes_on(lakes: Lakes, python: str, tmp_path: Path) -> None:
    """Micro-batches of one file each, killed within one of them, twice."""
    out = tmp_path / "out"
    call = lakes.call(lakes.lake, out, parts=4)
    for batches in (2, 4):
        driver = Driver(python, tmp_path, {**call, "small": True})
        try:
            wait_for_batch(driver, out, batches)
            time.sleep(random.Random(batches).random() * 2)
        finally:
            driver.kill()
        assert len(list((out / "checkpoint" / "commits").glob("[0-9]*"))) < 10
    Driver(python, tmp_path, call).finish()
    assert_same_rows(lakes.lake, out)


def test_files_become_bronze_and_the_rows_of_run(lakes: Lakes, python: str, tmp_path: Path) -> None:
    """In two runs, so that what came before is remembered."""
    out = tmp_path / "out"
    inbox = tmp_path / "in"
    inbox.mkdir()
    tables = {"config": str(lakes.site.config), "lake": str(out / CATALOG), "parts": 3}
    ingest = {**tables, "checkpoint": str(tmp_path / "bronze"), "files": str(inbox)}
    gold = {**tables, "checkpoint": str(tmp_path / "gold")}
    for name in ("a.ndjson", "b.ndjson"):
        shutil.copy(lakes.site.inbox / name, inbox)
        Driver(python, tmp_path, ingest, gold).finish()
    ways = {"bronze": ["device_id", "event_time", "payload"], "quarantine": ["payload", "code"]}
    for name, columns in ways.items():
        want = read_table(lakes.lake, name).select(columns)
        found = read_table(out, name)
        assert sorted_csv(found.select(columns)) == sorted_csv(want), name + first_difference(
            sorted_csv(want), sorted_csv(found.select(columns))
        )
        assert set(found["source"].to_pylist()) == {"file"}
        assert {Path(p).name for p in found["partition"].to_pylist()} == {"a.ndjson", "b.ndjson"}
    sequence = read_table(out, "bronze")["sequence"].to_pylist()
    assert len(set(sequence)) == len(sequence)
    for name in ("silver", "device_stats", "alerts"):
        want, found = read_table(lakes.lake, name), read_table(out, name)
        found = found.select(want.column_names)
        assert sorted_csv(found) == sorted_csv(want), name + first_difference(
            sorted_csv(want), sorted_csv(found)
        )


def assert_all_tables(want_in: Path, got_in: Path) -> None:
    """The rows of `avocet run` from the same files, which have other names here."""
    ways = {"bronze": ["device_id", "event_time", "payload"], "quarantine": ["payload", "code"]}
    for name in ("bronze", "quarantine", *MADE):
        want, found = read_table(want_in, name), read_table(got_in, name)
        columns = ways.get(name, [one for one in want.column_names if one not in _PLACE])
        want, found = sorted_csv(want.select(columns)), sorted_csv(found.select(columns))
        assert found == want, name + ": " + first_difference(want, found)


@pytest.mark.parametrize("direct", [False, True])
def test_one_pass_makes_all_tables(lakes: Lakes, python: str, tmp_path: Path, direct: bool) -> None:
    """In two runs; whole files when tasks write, lines when Spark does."""
    out = tmp_path / "out"
    inbox = tmp_path / "in"
    inbox.mkdir()
    call = {
        **{"config": str(lakes.site.config), "lake": str(out / CATALOG), "parts": 3},
        **{"checkpoint": str(tmp_path / "checkpoint"), "all": str(inbox)},
        **{"direct": direct, "whole": direct},
    }
    shutil.copy(lakes.site.inbox / "a.ndjson", inbox)
    Driver(python, tmp_path, call).finish()
    shutil.copy(lakes.site.inbox / "b.ndjson", inbox)
    Driver(python, tmp_path, call).finish()
    assert_all_tables(lakes.lake, out)
    if direct:
        # Where a record is in its file.
        places = ["payload", "offset"]
        want, found = (read_table(lake, "bronze").select(places) for lake in (lakes.lake, out))
        assert sorted_csv(found) == sorted_csv(want)


def test_a_pipeline_that_is_killed_goes_on(lakes: Lakes, python: str, tmp_path: Path) -> None:
    """Tasks write the files. The driver is killed within micro-batches, twice; then a task is."""
    out = tmp_path / "out"
    straight = Site(tmp_path / "straight")
    straight.configure(CONFIG)
    inbox = straight.inbox
    step = len(lakes.lines) // 8 + 1
    for i in range(8):
        file = inbox / f"{i}.ndjson"
        generate.write_ndjson(file, lakes.lines[i * step : (i + 1) * step])
        # Spark takes files of the same millisecond in any order, and what is a repetition of what
        # depends on it.
        os.utime(file, (1_700_000_000 + i, 1_700_000_000 + i))
    straight.drain()
    call = {
        **{"config": str(lakes.site.config), "lake": str(out / CATALOG), "parts": 4},
        **{"checkpoint": str(out / "checkpoint"), "all": str(inbox), "direct": True},
        "small": True,
    }
    for batches in (1, 3):
        driver = Driver(python, tmp_path, call)
        try:
            wait_for_batch(driver, out, batches)
            time.sleep(random.Random(batches).random() * 3)
        finally:
            driver.kill()
        assert len(list((out / "checkpoint" / "commits").glob("[0-9]*"))) < 8
    driver = Driver(python, tmp_path, call)
    wait_for_batch(driver, out, 5)
    assert kill_a_worker(driver), "no task was running"
    driver.finish()
    assert_all_tables(straight.lake, out)
    # What the killed have left behind is in no table, and vacuum deletes it.
    for name in ("bronze", *MADE):
        table = DeltaTable(str(table_path(out, name)))
        table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
        there = {str(path) for path in table_path(out, name).rglob("*.parquet")}
        active = {uri.removeprefix("file://") for uri in table.file_uris()}
        assert there - active == set() or name in ("device_stats", "device_health"), name
    assert_all_tables(straight.lake, out)


def kill_a_worker(driver: Driver) -> bool:
    """Kills a process of Python that works on a task."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and driver.process.poll() is None:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                about = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            parent, session = int(about[1]), int(about[3])
            # The workers are children of the daemon, which is one of the JVM.
            if session != driver.process.pid or b"pyspark.daemon" not in command:
                continue
            if b"pyspark.daemon" not in Path(f"/proc/{parent}/cmdline").read_bytes():
                continue
            os.kill(int(folder.name), signal.SIGKILL)
            return True
        time.sleep(0.05)
    return False


def wait_for_batch(driver: Driver, out: Path, number: int) -> None:
    deadline = time.monotonic() + 900
    while not (out / "checkpoint" / "offsets" / str(number)).exists():
        assert driver.process.poll() is None, driver.log.read_text(errors="replace")[-6000:]
        assert time.monotonic() < deadline, driver.log.read_text(errors="replace")[-6000:]
        time.sleep(0.1)
