"""Retention: rows go when their table no longer keeps them, and nothing else does."""

import json
import time
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable
from harness import Site, table_path

DAY = 86_400
KEPT = ("silver", "device_stats", "device_health")


def site_with(tmp_path: Path, retention: str) -> Site:
    site = Site(tmp_path)
    site.configure(f"""\
lake: {{lake}}
storage: {{retention: {retention}, care: {{enabled: false}}}}
sources: [{{file: {{path: "{{in}}/*.ndjson", follow: false}}}}]
schema: {{metrics: {{temperature: {{}}}}}}
""")
    return site


def write_day(site: Site, days_ago: int) -> None:
    begin = (int(time.time()) // DAY - days_ago) * DAY
    lines = [
        json.dumps({"device_id": f"d{n % 2}", "timestamp": begin + 60 * n, "temperature": n % 9})
        for n in range(300)
    ]
    (site.inbox / f"{1000 - days_ago}.ndjson").write_text("\n".join(lines) + "\n")


def vacuum(site: Site, *more: str) -> dict[str, dict[str, Any]]:
    done = site.avocet("vacuum", "-c", str(site.config), "-f", "json", *more)
    assert done.returncode == 0, done.stderr
    return {table["table"]: table for table in json.loads(done.stdout)["tables"]}


def test_rows_go_when_their_time_has_come(tmp_path: Path) -> None:
    site = site_with(tmp_path, "{silver: 30d, device_stats: 30d, device_health: 30d}")
    for days_ago in (60, 31, 29, 2):
        write_day(site, days_ago)
        site.drain()
        # Merging files must not let old rows stay with those of later.
        site.avocet("optimize", "-c", str(site.config))
    before = {name: site.count(name) for name in (*KEPT, "bronze")}
    plan = vacuum(site, "--dry-run")
    assert {name: site.count(name) for name in before} == before
    done = vacuum(site)
    for name in KEPT:
        assert plan[name]["expired_files"] == done[name]["expired_files"] > 0, name
        rows = site.rows(name)
        times = rows["event_time" if name == "silver" else "hour"]
        oldest = pc.min(times).as_py().timestamp()
        # The health of a device that was silent has rows of many days in one file.
        if name != "device_health":
            assert time.time() - 30 * DAY < oldest < time.time() - 28 * DAY, name
        assert 0 < rows.num_rows < before[name]
    assert site.count("silver") == 600
    assert site.count("bronze") == before["bronze"] and done["bronze"]["expired_files"] == 0
    assert all(table["expired_files"] == 0 for table in vacuum(site).values())
    # The files themselves go with the next vacuum that need not wait.
    vacuum(site, "--retention", "0s", "--force")
    silver = table_path(site.lake, "silver")
    there = {path.name for path in silver.glob("*.parquet")}
    assert there == {Path(p).name for p in DeltaTable(str(silver)).file_uris()}
    check_goes_on(site, before["bronze"])


def check_goes_on(site: Site, rows: int) -> None:
    checked = site.avocet("fsck", "-c", str(site.config))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    write_day(site, 1)
    site.drain()
    assert site.count("bronze") == rows + 300


@pytest.mark.parametrize("snapshots", [True, False])
def test_bronze_goes_by_the_day_of_receipt(tmp_path: Path, snapshots: bool) -> None:
    """Not as long as the state needs its rows."""
    site = site_with(tmp_path, "{bronze: 1d, quarantine: 1d}")
    write_day(site, 3)
    (site.inbox / "none.ndjson").write_text("no reading\n")
    site.drain()
    write_day(site, 2)
    site.drain()
    make_older(site)
    if not snapshots:
        for file in (site.lake / "_avocet").glob("**/*.snapshot"):
            file.unlink()
    done = vacuum(site)
    assert done["quarantine"]["expired_files"] == 1
    assert (done["bronze"]["expired_files"] > 0) == snapshots
    left = site.count("bronze")
    # Those after the older of two snapshots stay: the newest might be damaged.
    assert left == (300 if snapshots else 600)
    check_goes_on(site, left)


def test_a_damaged_snapshot_after_bronze_went(tmp_path: Path) -> None:
    """The start goes back to the older one, and has all that it needs."""
    (tmp_path / "straight").mkdir()
    site, straight = site_with(tmp_path, "{bronze: 1d}"), site_with(tmp_path / "straight", "{}")
    for days_ago in (4, 3, 2):
        write_day(site, days_ago)
        site.drain()
    make_older(site)
    vacuum(site)
    assert site.count("bronze") == 300
    newest = max((site.lake / "_avocet").glob("**/*.snapshot"))
    damaged = bytearray(newest.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    newest.write_bytes(damaged)
    write_day(site, 1)
    assert "an older one or bronze is used instead" in site.drain()
    for days_ago in (4, 3, 2, 1):
        write_day(straight, days_ago)
    straight.drain()
    for table in ("silver", "device_stats"):
        assert content(site, table) == content(straight, table), table


def content(site: Site, table: str) -> list[dict[str, Any]]:
    keys = (
        ("device_id", "metric", "hour") if table == "device_stats" else ("device_id", "event_time")
    )
    rows = site.rows(table).sort_by([(key, "ascending") for key in keys])
    return rows.drop_columns([name for name in ("epoch",) if name in rows.column_names]).to_pylist()


def make_older(site: Site) -> None:
    """As if all had been received long ago: what the log says of days and times."""
    for name in ("bronze", "quarantine"):
        for entry in (table_path(site.lake, name) / "_delta_log").glob("*.json"):
            lines = [json.loads(line) for line in entry.read_text().splitlines()]
            for line in lines:
                add = line.get("add")
                if add is None:
                    continue
                if "date" in add["partitionValues"]:
                    add["partitionValues"]["date"] = "2020-01-01"
                stats = json.loads(add["stats"])
                for bounds in (stats["minValues"], stats["maxValues"]):
                    if "received_at" in bounds:
                        bounds["received_at"] = "2020-01-01T00:00:00.000Z"
                add["stats"] = json.dumps(stats)
            entry.write_text("".join(json.dumps(line) + "\n" for line in lines))
