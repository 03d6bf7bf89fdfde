"""`avocet fsck`: a whole lake is clean, and damage of every kind of file is found and named."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import generate
import pytest
from harness import TABLES, Site, table_path

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
DAMAGE = 65


def fsck(site: Site, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = site.avocet("fsck", "-c", str(site.config), "-f", "json", *arguments)
    assert done.returncode in (0, DAMAGE), done.stderr
    return done.returncode, json.loads(done.stdout)


def make_site(directory: Path) -> Site:
    site = Site(directory)
    site.configure(CONFIG)
    stream = list(generate.lines(5, 2500))
    for i in range(3):
        generate.write_ndjson(site.inbox / f"{i}.ndjson", stream[i * 800 : (i + 1) * 800])
        site.drain()
    return site


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = make_site(tmp_path_factory.mktemp("whole"))
    # Checkpoints in every table.
    done = site.avocet("optimize", "-c", str(site.config))
    assert done.returncode == 0, done.stderr
    generate.write_ndjson(site.inbox / "9.ndjson", list(generate.lines(6, 300)))
    site.drain()
    return site


@pytest.fixture
def site(whole: Site, tmp_path: Path) -> Site:
    """A copy of the whole lake, to be damaged."""
    copy = Site(tmp_path)
    shutil.copytree(whole.lake, copy.lake)
    text = whole.config.read_text()
    copy.config.write_text(text.replace(str(whole.lake), str(copy.lake)))
    return copy


def test_a_whole_lake_is_clean(whole: Site) -> None:
    code, report = fsck(whole, "--verify-pages")
    assert code == 0, report["findings"]
    assert report["clean"] and report["errors"] == 0 and report["warnings"] == 0
    tables = {table["table"]: table for table in report["tables"]}
    for name in TABLES:
        assert tables[name]["rows"] == whole.count(name), name
    assert report["bytes_checked"] > 0
    text = whole.avocet("fsck", "-c", str(whole.config))
    assert text.returncode == 0 and "clean: 0 errors" in text.stdout


def test_fsck_changes_nothing_and_needs_no_lock(whole: Site) -> None:
    def state() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in whole.lake.rglob("*") if p.is_file()}

    before = state()
    fsck(whole)
    assert state() == before
    with whole.follow() as run:
        run.wait_for_output(r"(?s).*", 1)
        code, report = fsck(whole)
        assert code == 0, report["findings"]
        assert run.stop() == 0


def data_file(site: Site, name: str) -> Path:
    log = table_path(site.lake, name) / "_delta_log"
    removed, added = set(), []
    for entry in sorted(log.glob("*.json")):
        for line in entry.read_text().splitlines():
            action = json.loads(line)
            if "add" in action:
                added.append(action["add"]["path"])
            if "remove" in action:
                removed.add(action["remove"]["path"])
    active = [path for path in added if path not in removed]
    return table_path(site.lake, name) / active[-1]


def newest(site: Site, name: str, pattern: str) -> Path:
    return sorted((table_path(site.lake, name) / "_delta_log").glob(pattern))[-1]


def find(site: Site, name: str, kind: str) -> Path:
    if kind == "data":
        return data_file(site, name)
    if kind == "entry":
        return newest(site, name, "*.json")
    if kind == "checkpoint":
        return newest(site, name, "*.checkpoint.parquet")
    if kind == "hint":
        return newest(site, name, "_last_checkpoint")
    return sorted((site.lake / "_avocet" / "snapshots").iterdir())[-1]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def break_json(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 0xFF
    path.write_bytes(bytes(data))


def halve(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


KINDS = {"data": flip, "entry": break_json, "checkpoint": flip, "hint": break_json}


@pytest.mark.parametrize("damage", [None, halve, empty], ids=["flipped", "halved", "emptied"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TABLES)
def test_damage_is_found_and_named(
    site: Site, name: str, kind: str, damage: Callable[[Path], None] | None
) -> None:
    path = find(site, name, kind)
    (damage or KINDS[kind])(path)
    code, report = fsck(site)
    assert code == DAMAGE and not report["clean"]
    errors = [f for f in report["findings"] if f["severity"] == "error"]
    named = [f for f in errors if f["file"] == str(path)]
    assert named, errors
    assert named[0]["table"] == name
    assert named[0]["problem"] and named[0]["remedy"]


@pytest.mark.parametrize("damage", [flip, halve, empty])
def test_damaged_snapshot_is_found_and_named(site: Site, damage: Callable[[Path], None]) -> None:
    path = find(site, "", "snapshot")
    damage(path)
    code, report = fsck(site)
    assert code == DAMAGE
    assert [f for f in report["findings"] if f["file"] == str(path)]


@pytest.mark.parametrize("name", TABLES)
def test_missing_data_file(site: Site, name: str) -> None:
    path = data_file(site, name)
    remove(path)
    code, report = fsck(site)
    assert code == DAMAGE
    found = [f for f in report["findings"] if f["file"] == str(path)]
    assert found and "missing" in found[0]["problem"]


def test_missing_log_entry_and_table(site: Site) -> None:
    log = table_path(site.lake, "bronze") / "_delta_log"
    entries = sorted(log.glob("*.json"))
    remove(entries[len(entries) // 2])
    shutil.rmtree(table_path(site.lake, "anomalies"))
    code, report = fsck(site)
    assert code == DAMAGE
    assert any("log entries" in f["problem"] for f in report["findings"])
    assert any(
        f["table"] == "anomalies" and "cannot be opened" in f["problem"] for f in report["findings"]
    )


def test_missing_hint_is_a_warning(site: Site) -> None:
    remove(newest(site, "bronze", "_last_checkpoint"))
    code, report = fsck(site)
    assert code == 0
    assert report["warnings"] == 1


def test_bronze_from_an_older_copy(site: Site) -> None:
    log = table_path(site.lake, "bronze") / "_delta_log"
    remove(sorted(log.glob("*.json"))[-1])
    shutil.rmtree(site.lake / "_avocet" / "snapshots")
    code, report = fsck(site)
    assert code == DAMAGE
    assert any("bronze is older" in f["problem"] for f in report["findings"])


def test_a_table_that_is_behind_is_repaired_at_the_next_start(site: Site, whole: Site) -> None:
    text = site.config.read_text().replace(str(whole.inbox), str(site.inbox))
    site.config.write_text(text)
    log = table_path(site.lake, "silver") / "_delta_log"
    remove(sorted(log.glob("*.json"))[-1])
    code, report = fsck(site)
    assert code == 0, report["findings"]
    assert any("behind" in f["problem"] or "has epoch" in f["problem"] for f in report["findings"])
    site.drain()
    code, report = fsck(site)
    assert code == 0 and report["warnings"] == 0, report["findings"]


def test_random_damage_never_crashes(site: Site) -> None:
    rng = random.Random(3)
    files = sorted(p for p in site.lake.rglob("*") if p.is_file() and p.stat().st_size)
    for path in rng.sample(files, min(25, len(files))):
        original = path.read_bytes()
        data = bytearray(original)
        for _ in range(rng.choice([1, 8, 64])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(bytes(data[: rng.choice([len(data), rng.randrange(len(data) + 1)])]))
        done = site.avocet("fsck", "-c", str(site.config), "--verify-pages")
        assert done.returncode in (0, DAMAGE), (path, done.returncode, done.stderr)
        path.write_bytes(original)


def test_no_lake(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG)
    for command in (["fsck"], ["optimize"], ["vacuum"], ["quarantine", "list"], ["forget", "d"]):
        done = site.avocet(*command, "-c", str(site.config))
        assert done.returncode == 69, command
        assert done.stderr.startswith("error: cannot find a lake"), done.stderr
    assert not site.lake.exists()
