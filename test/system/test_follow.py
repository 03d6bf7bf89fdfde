"""Files that grow, rotate, shrink and appear while avocet follows them."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest
from harness import BINARY, Site, assert_counters_add_up, totals


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "sources": [{"file": {"path": str(site.inbox), "poll_interval": "5ms"}}],
                "storage": {"commit": {"interval": "20ms"}},
                "schema": {"metrics": {"temperature": {}}},
            }
        )
    )
    return site


class Counter:
    """Records whose temperature tells which one it is."""

    def __init__(self) -> None:
        self.made = 0

    def lines(self, count: int) -> bytes:
        first, self.made = self.made, self.made + count
        return b"".join(
            b'{"device_id": "d", "timestamp": %d, "temperature": %d}\n' % (1_700_000_000 + i, i)
            for i in range(first, self.made)
        )


def values(site: Site) -> list[float]:
    return sorted(site.rows("silver").column("temperature").to_pylist())


def append(path: Path, data: bytes) -> None:
    with path.open("ab", buffering=0) as out:
        out.write(data)


def test_growth_byte_by_byte(site: Site) -> None:
    path = site.inbox / "a.ndjson"
    counter = Counter()
    with site.follow() as run:
        for _ in range(20):
            data = counter.lines(3)
            for begin in range(0, len(data), 17):
                append(path, data[begin : begin + 17])
        append(path, counter.lines(1)[:-1])  # no line end: it waits
        run.wait_for(lambda: site.count("silver") == 60, "60 rows")
        assert run.stop() == 0
    assert values(site) == list(range(60))
    append(path, b"\n")
    site.drain()
    assert values(site) == list(range(61))
    assert assert_counters_add_up(site.lake)["quarantined"] == 0


def test_rotation_by_renaming(site: Site) -> None:
    """The old file is read to its end under its new name, the new one from its beginning."""
    path = site.inbox / "log"
    counter = Counter()
    with site.follow() as run:
        for turn in range(5):
            for _ in range(4):
                append(path, counter.lines(10))
            path.rename(site.inbox / f"log.{turn}")
            append(site.inbox / f"log.{turn}", counter.lines(3))
            append(path, counter.lines(5))
            wanted = counter.made
            run.wait_for(lambda wanted=wanted: site.count("silver") == wanted, f"{wanted} rows")
        assert run.stop() == 0
    assert values(site) == list(range(counter.made))
    assert assert_counters_add_up(site.lake)["duplicates"] == 0


def test_rotation_while_avocet_is_down(site: Site) -> None:
    path = site.inbox / "log"
    counter = Counter()
    append(path, counter.lines(50))
    with site.follow() as run:
        run.wait_for(lambda: site.count("silver") == 50, "50 rows")
        run.kill()
    append(path, counter.lines(10))
    path.rename(site.inbox / "log.1")
    append(path, counter.lines(20))
    site.drain()
    assert values(site) == list(range(80))


def test_truncation_starts_again(site: Site) -> None:
    path = site.inbox / "a.ndjson"
    counter = Counter()
    append(path, counter.lines(100))
    with site.follow() as run:
        run.wait_for(lambda: site.count("silver") == 100, "100 rows")
        path.write_bytes(counter.lines(10))
        run.wait_for(lambda: site.count("silver") == 110, "110 rows")
        append(path, counter.lines(10))
        run.wait_for(lambda: site.count("silver") == 120, "120 rows")
        assert run.stop() == 0
    assert values(site) == list(range(120))


def test_new_files_and_directories_appear(site: Site) -> None:
    settings = json.loads(site.config.read_text())
    settings["sources"][0]["file"]["path"] = str(site.inbox / "**" / "*.ndjson*")
    site.config.write_text(json.dumps(settings))
    counter = Counter()
    with site.follow() as run:
        append(site.inbox / "a.ndjson", counter.lines(5))
        run.wait_for(lambda: site.count("silver") == 5, "5 rows")
        (site.inbox / "2024" / "01").mkdir(parents=True)
        append(site.inbox / "2024" / "01" / "b.ndjson", counter.lines(5))
        append(site.inbox / "ignored.txt", counter.lines(0) + b"not a record\n")
        hidden = site.inbox / ".c"
        hidden.write_bytes(gzip.compress(counter.lines(7)) + gzip.compress(counter.lines(8)))
        hidden.rename(site.inbox / "c.ndjson.gz")
        run.wait_for(lambda: site.count("silver") == 25, "25 rows")
        assert run.stop() == 0
    assert values(site) == list(range(25))
    assert totals(site.lake)["quarantined"] == 0


def test_a_deleted_file_does_no_harm(site: Site) -> None:
    counter = Counter()
    append(site.inbox / "a.ndjson", counter.lines(10))
    with site.follow() as run:
        run.wait_for(lambda: site.count("silver") == 10, "10 rows")
        (site.inbox / "a.ndjson").unlink()
        append(site.inbox / "b.ndjson", counter.lines(10))
        run.wait_for(lambda: site.count("silver") == 20, "20 rows")
        assert run.stop() == 0
    assert values(site) == list(range(20))


def test_damaged_compression_keeps_what_was_before(site: Site) -> None:
    counter = Counter()
    data = gzip.compress(counter.lines(5000))
    (site.inbox / "a.ndjson.gz").write_bytes(data[: len(data) // 2])
    append(site.inbox / "b.ndjson", counter.lines(10))
    site.drain()
    found = values(site)
    assert found[-10:] == list(range(5000, 5010))
    assert found[:-10] == list(range(len(found) - 10))
    assert len(found) > 1000
    assert "damaged_compression" in site.rows("quarantine").column("code").to_pylist()
    assert_counters_add_up(site.lake)


def test_a_ten_megabyte_line_harms_no_neighbour(site: Site) -> None:
    path = site.inbox / "a.ndjson"
    counter = Counter()
    long_string = b'{"device_id": "d", "timestamp": 1, "note": "' + b"x" * (10 << 20) + b'"}\n'
    with site.follow() as run:
        for _ in range(3):
            append(path, counter.lines(5))
            append(path, long_string)
        append(path, b"\x00" * (10 << 20) + b"\n")
        append(path, counter.lines(5))
        run.wait_for(lambda: site.count("silver") == 20, "20 rows")
        # What was too long is never held as a whole.
        status = Path(f"/proc/{run.process.pid}/status").read_text()
        peak_kb = int(next(x for x in status.splitlines() if x.startswith("VmHWM")).split()[1])
        assert peak_kb < 300_000
        assert run.stop() == 0
    assert values(site) == list(range(20))
    rejected = site.rows("quarantine")
    assert rejected.column("code").to_pylist() == ["record_too_long"] * 4
    assert {len(payload) for payload in rejected.column("payload").to_pylist()} == {4096}
    assert_counters_add_up(site.lake)


def test_standard_input_is_a_source(site: Site) -> None:
    counter = Counter()
    data = counter.lines(100) + b"broken\n" + counter.lines(100)
    done = subprocess.run(
        [BINARY, "run", "-c", str(site.config), "--source", "-"],
        cwd=site.directory,
        input=data,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert values(site) == list(range(200))
    assert assert_counters_add_up(site.lake)["quarantined"] == 1
