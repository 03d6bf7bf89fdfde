"""`avocet optimize|vacuum|forget|rebuild`: rows stay what they are, and go when they must."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import generate
import pytest
from deltalake import DeltaTable
from harness import (
    BINARY,
    TABLES,
    Site,
    assert_counters_add_up,
    assert_same_lakes,
    has_table,
    lake_csv,
    table_path,
    totals,
)

CONFIG = """\
lake: {lake}
sources: [{file: {path: "{in}"}}]
schema:
  metrics:
    temperature: {range: [-40, 60]}
    humidity: {range: [0, 100], on_invalid: drop}
    mode: {}
detectors: [{type: zscore, min_samples: 10, sigma: 2.5}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("made"))
    site.configure(CONFIG)
    stream = list(generate.lines(8, 2400))
    for i in range(4):
        part = stream[i * 600 : (i + 1) * 600]
        part.append(b'{"device_id": "device-011", "timestamp": 1623781306, "temperature": 2')
        generate.write_ndjson(site.inbox / f"{i}.ndjson", part)
        site.drain()
    return site


class Copy(Site):
    """A copy of a lake; its inputs are those of the original, then its own."""

    def __init__(self, original: Site, directory: Path):
        super().__init__(directory)
        shutil.copytree(original.lake, self.lake)
        self.original = original
        self.configure(CONFIG)

    def configure(self, text: str) -> None:
        both = f'["{self.original.inbox}", "{{in}}"]'
        super().configure(text.replace('path: "{in}"', f"path: {both}"))


@pytest.fixture
def site(made: Site, tmp_path: Path) -> Site:
    return Copy(made, tmp_path)


def run(site: Site, *arguments: str, code: int = 0, **more: Any) -> dict[str, Any]:
    done = site.avocet(*arguments, "-c", str(site.config), "-f", "json", **more)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return dict(json.loads(done.stdout)) if done.stdout else {"error": done.stderr}


def check(site: Site) -> dict[str, Any]:
    return run(site, "fsck", "--verify-pages")


def files(site: Site, name: str) -> int:
    return len(DeltaTable(str(table_path(site.lake, name))).file_uris())


def test_optimize_merges_files_and_keeps_rows(site: Site) -> None:
    before = lake_csv(site.lake)
    counts = {name: files(site, name) for name in TABLES}
    plan = run(site, "optimize", "--dry-run")
    assert {t["table"]: t["files_before"] for t in plan["tables"]} == counts
    assert {name: files(site, name) for name in TABLES} == counts
    one = run(site, "optimize", "processed.valid_readings")
    assert [t["table"] for t in one["tables"]] == ["silver"]
    run(site, "optimize")
    assert files(site, "bronze") == files(site, "silver") == files(site, "quarantine") == 1
    assert_same_lakes(before, lake_csv(site.lake))
    again = run(site, "optimize")
    assert all(t["merged_files"] == 0 for t in again["tables"])
    check(site)
    site.drain()
    assert_same_lakes(before, lake_csv(site.lake))
    assert run(site, "optimize", "gold", code=64)["error"].startswith("error: unknown table")


def test_a_lake_without_one_of_its_tables_is_refused_until_avocet_starts(site: Site) -> None:
    before = lake_csv(site.lake)
    log = table_path(site.lake, "alerts") / "_delta_log"
    shutil.rmtree(log)
    log.mkdir()  # as a first start leaves it for a moment
    for command in ("optimize", "vacuum"):
        refused = run(site, command, code=69)["error"]
        assert "cannot find table iot_catalog/analytics/alerts in " in refused
        assert "it has no commit; avocet creates it when it starts" in refused
    site.drain()
    run(site, "optimize")
    assert_same_lakes(before, lake_csv(site.lake))


def test_vacuum_keeps_what_is_young(site: Site) -> None:
    before = lake_csv(site.lake)
    run(site, "optimize")
    waste = table_path(site.lake, "silver") / "part-left-over.parquet"
    waste.write_bytes(b"x" * 100)
    assert sum(t["deleted_files"] for t in run(site, "vacuum")["tables"]) == 0
    refused = run(site, "vacuum", "--retention", "10m", code=64)["error"]
    assert "--force" in refused
    plan = run(site, "vacuum", "--retention", "0s", "--force", "--dry-run")
    planned = sum(t["deleted_files"] for t in plan["tables"])
    assert planned > 4 and waste.exists()
    done = run(site, "vacuum", "--retention", "0s", "--force")
    assert sum(t["deleted_files"] for t in done["tables"]) == planned
    assert not waste.exists()
    assert_same_lakes(before, lake_csv(site.lake))
    check(site)


def test_optimize_and_vacuum_beside_a_running_avocet(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG + "storage: {commit: {interval: 20ms}}\n")
    stream = list(generate.lines(9, 4000))
    with site.follow() as follower:
        follower.wait_for(lambda: all(has_table(site.lake, name) for name in TABLES), "tables")
        for i in range(8):
            generate.write_ndjson(site.inbox / f"{i}.ndjson", stream[i * 500 : (i + 1) * 500])
            run(site, "optimize")
            run(site, "vacuum")
            run(site, "fsck")
        refused = run(site, "vacuum", "--retention", "0s", "--force", code=69)["error"]
        assert f"process {follower.process.pid} on " in refused
        for command in (["rebuild"], ["forget", "device-01"]):
            assert "it is in use by" in run(site, *command, code=69)["error"]
            run(site, *command, "--dry-run")
        assert follower.alive(), follower.output()
        assert follower.stop() == 0
    site.drain()
    straight = site.directory / "straight"
    site.drain("--lake", str(straight))
    assert_same_lakes(lake_csv(straight), lake_csv(site.lake))
    check(site)


def without(before: dict[str, str], device: str) -> dict[str, str]:
    def keep(line: str) -> bool:
        return f"{device}," not in line and f",{device}" not in line

    return {name: "\n".join(filter(keep, text.splitlines())) for name, text in before.items()}


DEVICE = "device-01"


@pytest.mark.parametrize("point", [None, "files", "bronze", "quarantine", "silver", "device_stats"])
def test_forget_leaves_no_trace(site: Site, point: str | None) -> None:
    before = {name: site.rows(name).to_pylist() for name in TABLES}
    counted = totals(site.lake)
    dry = run(site, "forget", DEVICE, "--dry-run")
    rows = {t["table"]: t["rows_removed"] for t in dry["tables"]}
    for name in ("bronze", "silver", "anomalies", "device_stats"):
        assert rows[name] == sum(r["device_id"] == DEVICE for r in before[name]) > 0, name
    if point:
        done = site.avocet(
            "forget", DEVICE, "-c", str(site.config), env={"AVOCET_KILL_POINT": point}
        )
        assert done.returncode == -9, (done.returncode, done.stderr)
    report = run(site, "forget", DEVICE)
    assert report["remaining"] == [] and report["bytes_searched"] > 0
    for name in ("bronze", "silver", "anomalies", "device_stats"):
        kept = [r for r in before[name] if r["device_id"] != DEVICE]
        now = site.rows(name).to_pylist()
        assert len(now) == len(kept), name
        assert all(r["device_id"] != DEVICE for r in now)
    # Another device whose name begins with this one is another device.
    payloads = site.rows("quarantine").column("payload").to_pylist()
    assert sum(b"device-011" in p for p in payloads) == 4
    assert not any(b'"device-01"' in p for p in payloads)
    for path in site.lake.rglob("*"):
        if path.is_file():
            assert b"device-01" not in path.read_bytes().replace(b"device-011", b""), path
    now_counted = assert_counters_add_up(site.lake)
    assert now_counted["forgotten"] == counted["accepted"] - now_counted["accepted"]
    check(site)
    # A start replays what is left, and takes nothing from the inputs again.
    left = lake_csv(site.lake)
    site.drain()
    assert_same_lakes(left, lake_csv(site.lake))
    again = run(site, "forget", DEVICE)
    assert again["found"] is False


def test_forget_of_a_device_that_is_not_there_changes_nothing(site: Site) -> None:
    before = {p: p.read_bytes() for p in site.lake.rglob("*") if p.is_file()}
    assert run(site, "forget", "device-99")["found"] is False
    after = {p: p.read_bytes() for p in site.lake.rglob("*") if p.is_file()}
    lock = {site.lake / "_avocet" / "LOCK", site.lake / "_avocet" / "CARE.LOCK"}
    assert {p: b for p, b in before.items() if p not in lock} == {
        p: b for p, b in after.items() if p not in lock
    }


def test_rebuild_gives_the_same_tables(site: Site) -> None:
    before = lake_csv(site.lake)
    dry = run(site, "rebuild", "--dry-run")
    assert all(t["rows"] == t["rows_before"] for t in dry["tables"])
    report = run(site, "rebuild")
    assert report["undecodable"] == 0
    assert_same_lakes(before, lake_csv(site.lake))
    check(site)
    site.drain()
    assert_same_lakes(before, lake_csv(site.lake))


@pytest.mark.parametrize("name", ["silver", "anomalies", "device_stats", "alerts"])
def test_a_table_that_is_removed_after_a_rebuild_comes_back(site: Site, name: str) -> None:
    before = lake_csv(site.lake)
    run(site, "rebuild")
    shutil.rmtree(table_path(site.lake, name))
    site.drain()
    assert_same_lakes(before, lake_csv(site.lake))
    check(site)


@pytest.mark.parametrize("point", ["files", "bronze", "silver", "anomalies", "device_stats"])
def test_rebuild_under_another_configuration_over_crashes(site: Site, point: str) -> None:
    old = lake_csv(site.lake)
    site.configure(CONFIG.replace("sigma: 2.5", "sigma: 1.5"))
    done = site.avocet("rebuild", "-c", str(site.config), env={"AVOCET_KILL_POINT": point})
    assert done.returncode == -9, (done.returncode, done.stderr)
    if point == "files":
        assert_same_lakes(old, lake_csv(site.lake))
        run(site, "rebuild")
    site.drain()
    fresh = site.directory / "fresh"
    site.drain("--lake", str(fresh))
    assert_same_lakes(lake_csv(fresh), lake_csv(site.lake))
    assert old["anomalies"] != lake_csv(site.lake)["anomalies"]
    check(site)


def test_rebuild_after_bronze_was_restored_from_an_older_copy(site: Site) -> None:
    bronze = table_path(site.lake, "bronze")
    copy = site.directory / "bronze-copy"
    shutil.copytree(bronze, copy)
    generate.write_ndjson(site.inbox / "7.ndjson", list(generate.lines(12, 500)))
    site.drain()
    shutil.rmtree(bronze)
    shutil.move(copy, bronze)
    refused = site.run()
    assert refused.returncode == 65 and "rebuild" in refused.stderr
    run(site, "rebuild")
    site.drain()
    assert site.count("silver") > 0
    fresh = site.directory / "fresh"
    site.drain("--lake", str(fresh))
    want, got = lake_csv(fresh), lake_csv(site.lake)
    for name in ("bronze", "silver", "anomalies", "device_stats"):
        assert want[name] == got[name], name


def test_care_commands_exclude_each_other(site: Site) -> None:
    """Many at once: each either works or says who holds the lake."""
    commands = [["optimize"], ["vacuum"], ["rebuild"], ["quarantine", "retry"]] * 2
    running = [
        subprocess.Popen(
            [BINARY, *c, "-c", str(site.config)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        for c in commands
    ]
    deadline = time.monotonic() + 120
    for process in running:
        _, err = process.communicate(timeout=max(1, deadline - time.monotonic()))
        assert process.returncode in (0, 69), err.decode()
        if process.returncode:
            assert b"it is in use by" in err
    check(site)
