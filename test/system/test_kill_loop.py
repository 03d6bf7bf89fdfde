"""`kill -9` at random instants and at every named kill point, while inputs grow and appear.

After each session of kills one run drains what is left; then every table must equal that of a run
that was never interrupted, or, with detectors that look at the whole fleet, what `avocet rebuild`
makes of the same bronze. AVOCET_KILL_ROUNDS sets the number of kills, AVOCET_KILL_SEED the first
session's seed.
"""

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import generate
import pyarrow as pa
import pytest
from harness import (
    TABLES,
    TEST_ALL,
    Run,
    Site,
    assert_counters_add_up,
    first_difference,
    read_table,
    sorted_csv,
)

ROUNDS = int(os.environ.get("AVOCET_KILL_ROUNDS", "2000" if TEST_ALL else "200"))
ROUNDS_PER_SESSION = 25
# What these find depends on the order in which the devices of different files arrived.
BY_THE_FLEET = [{"type": "auto", "preset": "sensitive"}, {"type": "missing", "periods": 20}]
FIRST_SEED = int(os.environ.get("AVOCET_KILL_SEED", "1"))

# Every KillPoint in the sources, and how often it may be passed before it kills.
KILL_POINTS = {
    "files": 4,
    "bronze": 4,
    "silver_columns": 1,
    "quarantine": 3,
    "silver": 4,
    "anomalies": 3,
    "device_stats": 3,
    "device_stats_rewritten": 1,
    "device_health": 3,
    "device_health_rewritten": 1,
    "alerts": 3,
    "alerts_stored": 4,
    "snapshot": 3,
    "care_rewritten": 4,
    "care_compacted": 4,
    "care_checkpointed": 4,
    "file_written": 40,
    "file_published": 40,
}


class Inputs:
    """Files that grow by pieces of lines. Each device writes to one file only, so that the order
    of its readings does not depend on chance."""

    def __init__(self, directory: Path, rng: random.Random, seed: int, records: int):
        self.directory = directory
        self.rng = rng
        share = records // 4
        self.pending: dict[str, bytearray] = {}
        for i, name in enumerate(("b.ndjson", "a.ndjson", "later.ndjson")):
            lines = list(generate.lines(seed * 10 + i, share, devices=3, first=3 * i))
            if seed % 2 == 1:  # a metric that the configuration does not know
                for at in range(len(lines) // 2, len(lines)):
                    if lines[at].endswith(b"}"):
                        lines[at] = lines[at][:-1] + b', "battery": 3.%d}' % (at % 10)
            self.pending[name] = bytearray(b"".join(line + b"\n" for line in lines))
        self.whole = {f"z-{i}.ndjson.gz": seed * 100 + i for i in range(6)}
        self.whole_share = share // 6

    def _append(self, name: str, count: int) -> None:
        data = self.pending[name]
        with (self.directory / name).open("ab", buffering=0) as out:
            out.write(bytes(data[:count]))
        del data[:count]

    def grow(self, whole_lines: bool = False) -> None:
        """Some bytes more; `whole_lines` ends at a line end, as a drained file must."""
        if self.whole and self.rng.random() < 0.1:
            name, seed = self.whole.popitem()
            device = 20 + 2 * len(self.whole)
            lines = list(generate.lines(seed, self.whole_share, devices=2, first=device))
            generate.write_ndjson(self.directory / ".hidden.gz", lines)
            (self.directory / ".hidden.gz").rename(self.directory / name)
        names = [name for name in self.pending if self.pending[name]]
        # The third file appears late.
        if len(names) == 3 and self.rng.random() < 0.9:
            names.remove("later.ndjson")
        for name in names:
            count = self.rng.randrange(1, 3000)
            if whole_lines:
                count = self.pending[name].find(b"\n", count) + 1 or len(self.pending[name])
            self._append(name, count)

    def complete_lines(self) -> None:
        for name, data in self.pending.items():
            path = self.directory / name
            if path.exists() and data and not path.read_bytes().endswith(b"\n"):
                self._append(name, data.find(b"\n") + 1)

    def complete(self) -> None:
        while self.whole:
            self.grow()
        for name in self.pending:
            self._append(name, len(self.pending[name]))


def write_config(site: Site, rng: random.Random, seed: int) -> None:
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "storage": {
                    "commit": {"interval": f"{rng.randrange(50, 200)}ms"},
                    "snapshot_interval": rng.choice(["1ms", "150ms", "1s"]),
                    "care": {
                        "interval": f"{rng.randrange(10, 60)}ms",
                        "compact_min_files": rng.choice([2, 3, 6]),
                        "checkpoint_commits": rng.choice([2, 7]),
                    },
                },
                "sources": [{"file": {"path": str(site.inbox), "poll_interval": "5ms"}}],
                "schema": {
                    "device": "device_id",
                    "time": "timestamp",
                    "evolve": seed % 2 == 1,
                    "metrics": {
                        "temperature": {"range": [-40, 60], "max_rate": 3},
                        "humidity": {"range": [0, 100], "on_invalid": "drop"},
                        "mode": {},
                    },
                },
                "detectors": [
                    {"type": "zscore", "min_samples": 10, "sigma": 2.5},
                    {"name": "recent", "type": "zscore", "window": 20, "exclude_anomalies": True},
                    {"type": "mad", "window": 15, "min_samples": 5},
                    {"type": "ewma", "min_samples": 5, "sigma": 3},
                    *([] if seed % 4 else BY_THE_FLEET),
                    {"type": "rate_of_change", "max_per_second": 2},
                    {"type": "stuck", "duration": "30s", "min_samples": 3, "metrics": ["mode"]},
                ],
                "alerts": {"channels": ["log"]},
                "engine": {
                    "threads": rng.choice([1, 2]),
                    "tick_records": rng.choice([0, 0, 20, 300]),
                },
            },
            indent=1,
        )
    )


def kill_round(site: Site, inputs: Inputs, rng: random.Random, point: str) -> str:
    """One run that ends by SIGKILL; what happened, for the message of a failure."""
    env = {}
    if point:
        env["AVOCET_KILL_POINT"] = f"{point}:{rng.randrange(1, KILL_POINTS[point] + 1)}"
    once = rng.random() < 0.25
    seconds = rng.uniform(0.02, 0.25) if not point else 0.35
    if once:
        inputs.complete_lines()
        inputs.grow(whole_lines=True)
    arguments = ["run", "-c", str(site.config), "--quiet", *(["--once"] if once else [])]
    with Run(arguments, site.directory, env) as run:
        deadline = time.monotonic() + seconds
        while run.alive() and time.monotonic() < deadline:
            if not once:
                inputs.grow()
            time.sleep(rng.uniform(0.002, 0.03))
        code = run.process.poll()
        run.kill()
        told = f"{' '.join(arguments[3:])} {env} exit {run.process.returncode}"
        allowed = (None, -9, 0) if once else (None, -9)
        assert code in allowed, f"{told}\n{run.output()}"
        run.log.unlink()
    return told


def normal(rows: pa.Table) -> pa.Table:
    """Without what depends on the order in which different devices arrived."""
    rows = rows.select(sorted(rows.column_names))
    return rows.drop_columns(["sequence"]) if "sequence" in rows.column_names else rows


def straight_run(site: Site) -> Path:
    """The lake of a run over the same inputs that was not interrupted."""
    lake = site.directory / "straight"
    site.drain("--lake", str(lake))
    return lake


def rebuilt(site: Site) -> Path:
    """A copy of the lake with silver and gold computed anew, in the order of bronze."""
    lake = site.directory / "rebuilt"
    shutil.copytree(site.lake, lake)
    done = site.avocet("rebuild", "-c", str(site.config), "--lake", str(lake))
    assert done.returncode == 0, done.stderr
    return lake


def problems_of(site: Site, seed: int) -> list[str]:
    """What is wrong with the lake compared with one that no crash has touched."""
    straight = straight_run(site) if seed % 4 else rebuilt(site)
    problems = []
    for name in TABLES:
        want = sorted_csv(normal(read_table(straight, name)))
        got = sorted_csv(normal(read_table(site.lake, name)))
        if want != got:
            problems.append(f"{name}: {first_difference(want, got)}")
    bronze = read_table(site.lake, "bronze").sort_by("sequence")
    sequence = bronze.column("sequence").to_pylist()
    if sequence != list(range(len(sequence))):
        problems.append("the sequence of bronze has holes or repeats")
    last: dict[str, int] = {}
    partitions, offsets = bronze.column("partition"), bronze.column("offset")
    for partition, offset in zip(partitions.to_pylist(), offsets.to_pylist(), strict=True):
        if offset <= last.get(partition, -1):
            problems.append(f"{partition} is out of order at {offset}")
        last[partition] = offset
    return problems


def attempt(what: str, hint: Callable[[], str], action: Callable[[], object]) -> None:
    try:
        action()
    except Exception as error:
        raise AssertionError(f"{what}: {error}\n{hint()}") from error


@pytest.mark.parametrize("session", range((ROUNDS + ROUNDS_PER_SESSION - 1) // ROUNDS_PER_SESSION))
def test_killed_runs_equal_a_straight_run(tmp_path: Path, session: int) -> None:
    seed = FIRST_SEED + session
    rng = random.Random(seed)
    site = Site(tmp_path)
    inputs = Inputs(site.inbox, rng, seed, records=4000)
    write_config(site, rng, seed)
    points = list(KILL_POINTS)
    rng.shuffle(points)
    history: list[str] = []

    def hint() -> str:
        return f"AVOCET_KILL_SEED={seed} AVOCET_KILL_ROUNDS=25; kept in {tmp_path}\n" + "\n".join(
            history
        )

    for number in range(ROUNDS_PER_SESSION):
        # Every point once per session or so, at random instants otherwise.
        point = points[number // 2] if number % 2 == 0 and number // 2 < len(points) else ""
        attempt(
            f"round {number}",
            hint,
            lambda point=point: history.append(kill_round(site, inputs, rng, point)),
        )
    inputs.complete()
    attempt("the last run", hint, site.drain)
    problems = problems_of(site, seed)
    assert not problems, "\n".join([*problems, hint()])
    attempt("counters", hint, lambda: assert_counters_add_up(site.lake))


def test_every_kill_point_is_reached(tmp_path: Path) -> None:
    """A name that no code passes any more would make the loop test nothing."""
    for point in KILL_POINTS:
        site = Site(tmp_path / point)
        inputs = Inputs(site.inbox, random.Random(1), 1, records=800)
        write_config(site, random.Random(1), 1)
        text = json.loads(site.config.read_text())
        text["storage"]["commit"]["interval"] = "20ms"
        text["storage"]["snapshot_interval"] = "1ms"
        text["storage"]["care"] |= {"compact_min_files": 2, "checkpoint_commits": 2}
        site.config.write_text(json.dumps(text))
        if point in ("device_stats_rewritten", "device_health_rewritten"):
            # Hours are written at the end of a drained input, and amended by the next one.
            inputs.grow(whole_lines=True)
            site.drain()
        with site.follow({"AVOCET_KILL_POINT": point}) as run:
            deadline = time.monotonic() + 20
            while run.alive() and time.monotonic() < deadline:
                inputs.grow()
                time.sleep(0.01)
            assert run.process.poll() == -9, f"{point} was not reached\n{run.output()}"
