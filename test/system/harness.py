"""Starts the shipped binary and reads its tables with programs that are not avocet.

Everything here goes through the command line, files and the Delta log: the tests must not depend
on how avocet works inside.
"""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from ports import free_port, listens

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("AVOCET_BIN", str(ROOT / "build" / "avocet"))
TEST_ALL = os.environ.get("AVOCET_TEST_ALL", "0") == "1"

CATALOG = "iot_catalog"
TABLES = {
    "bronze": "raw/sensor_readings",
    "quarantine": "raw/quarantine",
    "silver": "processed/valid_readings",
    "anomalies": "analytics/anomalies",
    "device_stats": "analytics/device_stats",
    "device_health": "analytics/device_health",
    "alerts": "analytics/alerts",
}
# When rows were received and which commit holds them is no function of the input.
CHANCE_COLUMNS = {"received_at", "epoch", "date"}


def table_path(lake: Path, name: str) -> Path:
    return lake / CATALOG / TABLES[name]


def has_table(lake: Path, name: str) -> bool:
    """Whether it has a commit: its folders are there a moment before."""
    return (table_path(lake, name) / "_delta_log" / "00000000000000000000.json").exists()


def arrow_table(table: DeltaTable) -> pa.Table:
    """All rows, with plain string and binary columns whatever the reader prefers."""
    rows = pa.table(table.to_pyarrow_table())
    fields = []
    for field in rows.schema:
        kind = field.type
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        elif pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
            kind = pa.binary()
        fields.append(pa.field(field.name, kind))
    return rows.cast(pa.schema(fields))


def read_table(lake: Path, name: str) -> pa.Table:
    return arrow_table(DeltaTable(str(table_path(lake, name))))


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value)


def sorted_csv(rows: pa.Table, drop: Iterable[str] = CHANCE_COLUMNS) -> str:
    """The table as CSV with its lines in order: equal tables give equal bytes."""
    rows = rows.drop_columns([name for name in drop if name in rows.column_names])
    columns = []
    for name in rows.column_names:
        column = rows.column(name)
        if pa.types.is_timestamp(column.type):
            column = pc.cast(column, pa.int64())
        columns.append([_cell(value) for value in column.to_pylist()])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows(sorted(zip(*columns, strict=True)))
    return out.getvalue()


def lake_csv(lake: Path) -> dict[str, str]:
    """Every table of a lake as sorted CSV."""
    return {name: sorted_csv(read_table(lake, name)) for name in TABLES}


def first_difference(want: str, got: str) -> str:
    """The first rows that only one of two sorted CSV texts has; empty when they are equal."""
    if want == got:
        return ""
    want_lines, got_lines = want.splitlines(), got.splitlines()
    missing = sorted(set(want_lines) - set(got_lines))
    extra = sorted(set(got_lines) - set(want_lines))
    return (
        f"{len(want_lines) - 1} rows wanted, {len(got_lines) - 1} found\n{want_lines[0]}\n"
        + "".join(f"- {line}\n" for line in missing[:5])
        + "".join(f"+ {line}\n" for line in extra[:5])
        + ("" if missing or extra else "the same lines, some of them more than once\n")
    )


def assert_same_lakes(want: dict[str, str], got: dict[str, str], hint: object = "") -> None:
    problems = [
        f"{name} differs: {first_difference(want[name], got[name])}"
        for name in TABLES
        if want[name] != got[name]
    ]
    assert not problems, "\n".join([*problems, str(hint)])


def newest_commit_info(lake: Path) -> dict[str, Any]:
    """The newest `commitInfo.avocet` of bronze, see docs/formats/commit-info.md."""
    log = table_path(lake, "bronze") / "_delta_log"
    for entry in sorted(log.glob("*.json"), reverse=True):
        for line in entry.read_text().splitlines():
            info = json.loads(line).get("commitInfo", {}).get("avocet")
            if info:
                return dict(info)
    raise AssertionError(f"no commit of avocet in {log}")


def totals(lake: Path) -> dict[str, int]:
    return dict(newest_commit_info(lake)["totals"])


def assert_counters_add_up(lake: Path) -> dict[str, int]:
    """received = bronze rows + quarantined for their shape + duplicates, in log and tables."""
    counted = totals(lake)
    assert (
        counted["received"] == counted["accepted"] + counted["quarantined"] + counted["duplicates"]
    ), counted
    assert read_table(lake, "bronze").num_rows == counted["accepted"], counted
    rejected = read_table(lake, "quarantine")
    assert rejected.num_rows == counted["quarantined"] + counted["dropped"], counted
    return counted


class Run:
    """A running `avocet run`. Ends with the `with` block, by SIGKILL when need be."""

    def __init__(self, arguments: list[str], directory: Path, env: dict[str, str] | None = None):
        self.log = directory / f"avocet-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [BINARY, *arguments],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
            )

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def catches_termination(self) -> bool:
        """Whether SIGTERM would be noticed: not yet, when the program is still being loaded."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        caught = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
        return caught is not None and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1 == 1

    def stop(self, timeout: float = 30) -> int:
        """SIGTERM; the exit code."""
        deadline = time.monotonic() + timeout
        while self.alive() and not self.catches_termination() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def wait_for(self, condition: Callable[[], bool], what: str, timeout: float = 30) -> None:
        """Waits until the condition holds; fails when the process ends or time is up."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert self.alive(), f"avocet ended before: {what}\n{self.output()}"
            assert time.monotonic() < deadline, f"waited in vain for: {what}\n{self.output()}"
            time.sleep(0.02)

    def wait_for_output(self, pattern: str, timeout: float = 30) -> None:
        self.wait_for(lambda: re.search(pattern, self.output()) is not None, pattern, timeout)


class Site:
    """A directory with a configuration, inputs and a lake."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.lake = directory / "lake"
        self.inbox = directory / "in"
        self.config = directory / "avocet.yaml"
        self.inbox.mkdir(parents=True, exist_ok=True)

    def configure(self, text: str) -> None:
        """Writes the configuration; {in} and {lake} stand for the site's directories."""
        self.config.write_text(
            text.replace("{in}", str(self.inbox)).replace("{lake}", str(self.lake))
        )

    def run(
        self, *arguments: str, env: dict[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """`avocet run --once`, whatever its exit code."""
        return self.avocet(
            "run", "-c", str(self.config), "--once", "--quiet", *arguments, env=env, timeout=timeout
        )

    def avocet(
        self, *arguments: str, env: dict[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BINARY, *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env={**os.environ, **(env or {})},
        )

    def drain(self, *arguments: str) -> str:
        """`avocet run --once`, which must succeed; what it said."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def follow(self, env: dict[str, str] | None = None) -> Run:
        return Run(["run", "-c", str(self.config), "--quiet"], self.directory, env)

    def rows(self, name: str) -> pa.Table:
        return read_table(self.lake, name)

    def count(self, name: str) -> int:
        """Rows of a table, 0 when it is not there yet."""
        return read_table(self.lake, name).num_rows if has_table(self.lake, name) else 0

    def remove_lake(self) -> None:
        shutil.rmtree(self.lake, ignore_errors=True)


class ListeningSite(Site):
    """A site whose configuration has avocet listen on `port`."""

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.port = free_port()

    def start(self, env: dict[str, str] | None = None) -> Run:
        run = self.follow(env)
        try:
            run.wait_for(lambda: listens(self.port), "the port", timeout=60)
        except BaseException:
            run.kill()
            raise
        return run
