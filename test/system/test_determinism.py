"""Same input and configuration, same rows, byte for byte: whatever the tick size, the number of
threads, the commits, and the kills in between."""

import json
import time
from pathlib import Path
from typing import Any

import generate
import pytest
from harness import Site, assert_same_lakes, lake_csv

DETECTORS = [
    {"type": "zscore", "min_samples": 10, "sigma": 2.5},
    {"name": "recent", "type": "zscore", "window": 20, "exclude_anomalies": True},
    {"type": "mad", "window": 15, "min_samples": 5},
    {"type": "ewma", "min_samples": 5, "sigma": 3},
    {"type": "rate_of_change", "max_per_second": 2},
    {"type": "stuck", "duration": "30s", "min_samples": 3},
    {"type": "threshold", "warn_max": 26, "max": 30, "metrics": ["temperature"]},
    {"type": "missing", "periods": 20},
    {"type": "auto", "preset": "sensitive"},
]


def configure(site: Site, evolve: bool = False, **more: Any) -> None:
    rules = {
        "temperature": {"range": [-40, 60], "max_rate": 3},
        "humidity": {"range": [0, 100], "on_invalid": "drop"},
        "mode": {"allowed": [75, 76]},
    }
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "sources": [{"file": {"path": str(site.inbox), "poll_interval": "5ms"}}],
                "schema": {
                    "device": "device_id",
                    "time": "timestamp",
                    "metrics": rules,
                    "evolve": evolve,
                },
                "detectors": DETECTORS,
                **more,
            }
        )
    )


def variant(
    tick: int, threads: int, interval: str = "10s", rows: int = 400_000, snapshot: str = "2m"
) -> dict[str, Any]:
    return {
        "engine": {"tick_records": tick, "threads": threads},
        "storage": {"commit": {"interval": interval, "rows": rows}, "snapshot_interval": snapshot},
    }


VARIANTS = {
    "tick_7_threads_1": variant(7, 1),
    "tick_7_threads_4": variant(7, 4, rows=100),
    "tick_4096_threads_2": variant(4096, 2, rows=1000),
    "adaptive_threads_4": variant(0, 4, interval="1ms", snapshot="1ms"),
    "tick_100_many_commits": variant(100, 2, rows=50),
}


@pytest.fixture(scope="module", params=[False, True], ids=["fixed_schema", "evolving_schema"])
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A site with inputs, and the tables of the plainest run over it."""
    site = Site(tmp_path_factory.mktemp("reference"))
    generate.write_inputs(site.inbox, 5, 5000)
    configure(site, request.param, **variant(4096, 1))
    site.drain()
    tables = lake_csv(site.lake)
    assert all(text.count("\n") > 20 for text in tables.values())
    return site, request.param, tables


@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_way_of_running_changes_nothing(reference: Any, tmp_path: Path, name: str) -> None:
    origin, evolve, want = reference
    site = Site(tmp_path)
    site.inbox = origin.inbox
    configure(site, evolve, **VARIANTS[name])
    site.drain()
    assert_same_lakes(want, lake_csv(site.lake), name)


@pytest.mark.parametrize("name", ["tick_7_threads_4", "tick_100_many_commits"])
def test_kills_in_between_change_nothing(reference: Any, tmp_path: Path, name: str) -> None:
    origin, evolve, want = reference
    site = Site(tmp_path)
    site.inbox = origin.inbox
    configure(site, evolve, **VARIANTS[name])
    codes = []
    for point in ("bronze:1", "silver:3", "device_stats:2", "anomalies:1", "files:4", "snapshot:1"):
        codes.append(site.run(env={"AVOCET_KILL_POINT": point}).returncode)
    assert codes.count(-9) >= 5, codes
    site.drain()
    assert_same_lakes(want, lake_csv(site.lake), name)


def pieces_of(path: Path, data: bytes) -> list[bytes]:
    step = len(data) if path.suffix == ".gz" else len(data) // 6 + 1
    return [data[begin : begin + step] for begin in range(0, len(data), step)]


def test_following_a_growing_file_equals_reading_it_whole(reference: Any, tmp_path: Path) -> None:
    """The same bytes, arriving in pieces, with a stop and a start in the middle."""
    origin, evolve, want = reference
    site = Site(tmp_path)
    site.inbox = origin.inbox
    paths = sorted(origin.inbox.iterdir(), key=lambda p: ("b.csv" in p.name, len(p.name), p.name))
    contents = {path: path.read_bytes() for path in paths}
    configure(site, evolve, **variant(0, 2, interval="50ms"))
    for path in paths:
        path.unlink()
    try:
        for path in paths:
            data = contents[path]
            with site.follow() as run:
                for piece in pieces_of(path, data):
                    hidden = path.with_name("." + path.name)
                    if path.suffix == ".gz":  # complete when it appears
                        hidden.write_bytes(piece)
                        hidden.rename(path)
                    else:
                        with path.open("ab", buffering=0) as out:
                            out.write(piece)
                    time.sleep(0.03)
                assert run.stop() == 0, run.output()
        site.drain()
    finally:
        for path, data in contents.items():
            path.write_bytes(data)
    assert_same_lakes(want, lake_csv(site.lake))


def test_single_record_ticks_change_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    generate.write_ndjson(site.inbox / "a.ndjson", list(generate.lines(9, 400)))
    configure(site, **variant(4096, 1))
    site.drain()
    want = lake_csv(site.lake)
    for threads in (1, 4):
        site.remove_lake()
        configure(site, **variant(1, threads, rows=40))
        site.drain()
        assert_same_lakes(want, lake_csv(site.lake), f"tick 1, {threads} threads")
