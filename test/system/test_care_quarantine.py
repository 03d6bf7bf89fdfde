"""`avocet quarantine list|show|retry`: rejected records are shown whole, and those that are good
now go into bronze once, whatever dies in between."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness import (
    Site,
    assert_counters_add_up,
    assert_same_lakes,
    lake_csv,
    read_table,
    totals,
)

CONFIG = """\
lake: {lake}
sources: [{file: {path: "{in}"}}]
schema:
  device: %DEVICE%
  metrics:
    temperature: {range: [-40, 60]}
    humidity: {range: [0, 100], on_invalid: drop}
detectors: [{type: zscore, min_samples: 5, sigma: 2.5}]
"""
BEFORE = CONFIG.replace("%DEVICE%", "device_id")
AFTER = CONFIG.replace("%DEVICE%", "sensor")
START = 1_623_781_306
KILL_POINTS = ["files", "bronze", "quarantine", "silver", "device_stats", "snapshot"]


def record(i: int, **fields: object) -> str:
    return json.dumps({"timestamp": START + 10 * i, "temperature": 20 + i % 7, **fields})


def write_inputs(site: Site) -> None:
    """Records with the right name of the device, with the coming one, with both, and rubbish."""
    lines = []
    for i in range(60):
        if i % 3 == 0:
            lines.append(record(i, device_id="a", sensor="a"))
        elif i % 3 == 1:
            lines.append(record(i, sensor="b", humidity=500 if i == 31 else 50))
        else:
            lines.append(record(i, device_id="c"))
    lines[7:7] = ["no json \x01 \u00e4", lines[1], "[1, 2]"]
    (site.inbox / "a.ndjson").write_text("\n".join(lines) + "\n")
    (site.inbox / "b.ndjson").write_bytes(b'{"sensor": "\xff\xfe"}\n')
    rows = ["timestamp;sensor;temperature"]
    rows += [f"{START + 10 * i};d;{20 + i % 5}" for i in range(20)]
    (site.inbox / "c.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    write_inputs(site)
    site.configure(BEFORE)
    site.drain()
    return site


def quarantine(site: Site, *arguments: str, code: int = 0, **more: Any) -> str:
    done = site.avocet("quarantine", *arguments, "-c", str(site.config), **more)
    assert done.returncode == code, (done.returncode, done.stderr)
    return done.stdout if code == 0 else done.stderr


def retry(site: Site, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(quarantine(site, "retry", "-f", "json", *arguments)))


def test_list_filters_and_counts(site: Site) -> None:
    rows = site.rows("quarantine").to_pylist()
    report = json.loads(quarantine(site, "list", "-f", "json", "--limit", "0"))
    assert report["total"] == len(rows) == len(report["records"])
    assert sum(report["counts"].values()) == len(rows)
    for code, count in report["counts"].items():
        assert count == sum(row["code"] == code for row in rows)
        listed = json.loads(quarantine(site, "list", "-f", "json", "--code", code))
        assert listed["total"] == count
        assert all(r["code"] == code for r in listed["records"])
    limited = json.loads(quarantine(site, "list", "-f", "json", "--limit", "3"))
    assert limited["records"] == report["records"][:3] and limited["total"] == len(rows)
    assert json.loads(quarantine(site, "list", "-f", "json", "--since", "1h"))["total"]
    assert not json.loads(quarantine(site, "list", "-f", "json", "--since", "2099-01-01"))["total"]
    text = quarantine(site, "list")
    assert "missing_device" in text and "in all" in text
    assert "\\x01" in text and "\x01" not in text
    assert "cannot read --since" in quarantine(site, "list", "--since", "soon", code=64)


def test_show_gives_the_record_whole(site: Site) -> None:
    report = json.loads(quarantine(site, "list", "-f", "json", "--limit", "0"))
    rows = {
        (r["partition"], r["offset"], r["code"]): r for r in site.rows("quarantine").to_pylist()
    }
    assert len({r["id"] for r in report["records"]}) == len(rows)
    for listed in report["records"]:
        row = rows[(listed["partition"], listed["offset"], listed["code"])]
        shown = json.loads(quarantine(site, "show", listed["id"], "-f", "json"))
        assert shown == listed
        payload = shown.get("payload")
        raw = payload.encode() if payload is not None else bytes.fromhex(shown["payload_hex"])
        assert raw == row["payload"]
        assert shown["message"] == row["message"] and shown["format"] == row["format"]
    binary = next(r for r in report["records"] if "payload_hex" in r)
    assert "ff fe" in quarantine(site, "show", binary["id"])
    assert "quarantine does not have it" in quarantine(site, "show", "9-99", code=69)


def test_retry_without_change_moves_nothing(site: Site) -> None:
    before = lake_csv(site.lake)
    commits = totals(site.lake)
    report = retry(site)
    assert report["good"] == 0 and report["tried"] > 0
    assert_same_lakes(before, lake_csv(site.lake))
    assert totals(site.lake) == commits


def test_retry_puts_good_records_into_bronze_once(site: Site) -> None:
    site.configure(AFTER)
    rejected = site.rows("quarantine").to_pylist()
    bronze_before = site.count("bronze")
    dry = retry(site, "--dry-run")
    assert site.count("bronze") == bronze_before
    report = retry(site)
    assert report["good"] == dry["good"] and report["good_by_code"] == dry["good_by_code"]
    # 20 lines of "b" and 20 CSV rows; one line stands there twice.
    assert (report["good"], report["accepted"], report["duplicates"]) == (41, 40, 1)
    assert report["dropped"] == 1
    counted = assert_counters_add_up(site.lake)
    assert counted["accepted"] == bronze_before + 40
    bronze = {(r["partition"], r["offset"]): r for r in site.rows("bronze").to_pylist()}
    moved = [r for r in rejected if r["code"] == "missing_device" and b"sensor" in r["payload"]]
    found = [r for r in moved if (r["partition"], r["offset"]) in bronze]
    assert len(found) == 20 and all(bronze[(r["partition"], r["offset"])] for r in found)
    csv = [r for r in bronze.values() if r["partition"].endswith("c.csv")]
    assert len(csv) == 20 and {r["device_id"] for r in csv} == {"d"}
    devices = set(site.rows("silver").column("device_id").to_pylist())
    assert devices == {"a", "b", "c", "d"}
    assert "d" in site.rows("device_stats").column("device_id").to_pylist()
    codes = site.rows("quarantine").column("code").to_pylist()
    assert "quality_range" in codes and "invalid_json" in codes
    # Once: nothing is left to move, and a rule's row is never tried.
    again = retry(site)
    assert again["good"] == 0 and again["quality"] == 1
    done = site.avocet("fsck", "-c", str(site.config), "--verify-pages")
    assert done.returncode == 0, done.stdout


def test_retry_of_one_code_leaves_the_others(site: Site) -> None:
    site.configure(AFTER)
    assert retry(site, "--code", "invalid_json")["good"] == 0
    assert retry(site, "--code", "missing_device")["good"] == 41


@pytest.mark.parametrize("point", KILL_POINTS)
def test_retry_is_exact_over_crashes(site: Site, point: str, tmp_path: Path) -> None:
    site.configure(AFTER)
    straight = Site(tmp_path / "straight")
    for path in site.inbox.iterdir():
        (straight.inbox / path.name).write_bytes(path.read_bytes())
    done = site.avocet(
        "quarantine", "retry", "-c", str(site.config), env={"AVOCET_KILL_POINT": point}
    )
    assert done.returncode == -9, (point, done.stderr)
    site.drain()
    assert_counters_add_up(site.lake)
    if point == "files":
        assert retry(site)["good"] == 41
    assert retry(site)["good"] == 0
    site.drain()
    counted = assert_counters_add_up(site.lake)
    assert counted["received"] == 60 + 3 + 1 + 20
    keys = [
        (r["partition"], r["offset"])
        for name in ("bronze", "quarantine")
        for r in read_table(site.lake, name).to_pylist()
        if not r.get("code", "").startswith("quality_")
    ]
    assert len(keys) == len(set(keys)) == counted["received"] - counted["duplicates"]
    done = site.avocet("fsck", "-c", str(site.config))
    assert done.returncode == 0, done.stdout
    # The same records in the same order of arrival: retried ones came last.
    rebuilt = site.avocet("rebuild", "-c", str(site.config))
    assert rebuilt.returncode == 0, rebuilt.stderr
    before = lake_csv(site.lake)
    site.drain()
    assert_same_lakes(before, lake_csv(site.lake))


def test_retry_needs_the_lock(site: Site) -> None:
    with site.follow() as run:
        holder = f"process {run.process.pid} on "
        run.wait_for(lambda: holder in (site.lake / "_avocet" / "LOCK").read_text(), "the lock")
        message = quarantine(site, "retry", code=69)
        assert holder in message
        quarantine(site, "list")
        quarantine(site, "retry", "--dry-run")
        assert run.stop() == 0
