"""Bad worlds: full disks, lost rights, damaged files. Each gives a clear message, shows nothing
half done, and is over when its cause is."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import generate
import harness
import pytest
from harness import (
    TABLES,
    Run,
    Site,
    assert_counters_add_up,
    assert_same_lakes,
    has_table,
    lake_csv,
    read_table,
    table_path,
)

CONFIG: dict[str, Any] = {
    "schema": {
        "metrics": {
            "temperature": {"range": [-40, 60]},
            "humidity": {"range": [0, 100], "on_invalid": "drop"},
            "mode": {},
        }
    },
    "detectors": [{"type": "zscore", "min_samples": 10, "sigma": 2.5}],
}


def configure(site: Site, **storage: Any) -> None:
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "sources": [{"file": {"path": str(site.inbox), "poll_interval": "5ms"}}],
                "storage": {"commit": {"interval": "50ms"}, **storage},
                **CONFIG,
            }
        )
    )


def append(site: Site, lines: list[bytes], name: str = "a.ndjson") -> None:
    with (site.inbox / name).open("ab") as out:
        out.write(b"".join(line + b"\n" for line in lines))


def straight(site: Site) -> dict[str, str]:
    """The tables of an undisturbed run over the same inputs."""
    lake = site.directory / "straight"
    shutil.rmtree(lake, ignore_errors=True)
    site.drain("--lake", str(lake))
    return lake_csv(lake)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    configure(site)
    return site


@pytest.fixture
def stream() -> list[bytes]:
    return list(generate.lines(11, 3000))


# --- One process per lake ---------------------------------------------------------------------


def test_a_second_process_refuses_naming_the_first(site: Site, stream: list[bytes]) -> None:
    append(site, stream)
    with site.follow() as first:
        first.wait_for(lambda: site.count("device_stats") > 0 or site.count("silver") > 0, "rows")
        second = site.run()
        assert second.returncode == 69, second.stderr
        assert f"process {first.process.pid} on " in second.stderr
        assert str(site.lake) in second.stderr
        assert first.alive()
        assert first.stop() == 0
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


def test_a_dead_process_leaves_no_lock(site: Site, stream: list[bytes]) -> None:
    append(site, stream)
    with site.follow() as first:
        first.wait_for(lambda: site.count("silver") > 0, "rows")
        first.kill()
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


# --- Full disks -------------------------------------------------------------------------------


class SmallDisk:
    """A mounted file system of a few megabytes."""

    ERROR = "No space left on device"

    def __init__(self, site: Site):
        self.path = site.directory / "small"
        self.path.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(self.path)], check=True
        )
        site.lake = self.path / "lake"

    def fill(self, run: Run) -> None:
        """It is full from the start: the inputs are larger than it is."""

    def free(self, run: Run) -> None:
        subprocess.run(["mount", "-o", "remount,size=200m", str(self.path)], check=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=False)


class SmallFiles:
    """A process that may not write files above a few kilobytes."""

    ERROR = "File too large"

    def __init__(self, site: Site):
        pass

    def fill(self, run: Run) -> None:
        # More than the log of the run, which is a file, too.
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))

    def free(self, run: Run) -> None:
        if run.alive():
            no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, no_limit)

    def close(self) -> None:
        pass


@pytest.fixture(params=[SmallDisk, SmallFiles], ids=["disk_full", "file_too_large"])
def disk(request: pytest.FixtureRequest, site: Site) -> Iterator[SmallDisk | SmallFiles]:
    try:
        disk = request.param(site)
    except (subprocess.CalledProcessError, FileNotFoundError):
        warnings.warn("cannot mount a small disk here; a file size limit stands in", stacklevel=1)
        disk = SmallFiles(site)
    configure(site)
    yield disk
    disk.close()


def assert_whole(lake: Path) -> None:
    """Every table that exists can be read to the last row."""
    for name in TABLES:
        if has_table(lake, name):
            read_table(lake, name)


def test_a_full_disk_is_waited_for(disk: SmallDisk | SmallFiles, site: Site) -> None:
    append(site, list(generate.lines(12, 200)))
    with site.follow() as run:
        run.wait_for(lambda: site.count("silver") > 0, "the first rows")
        disk.fill(run)
        append(site, list(generate.lines(13, 12_000)))
        run.wait_for_output(re.escape(disk.ERROR))
        time.sleep(0.5)
        told = next(line for line in run.output().splitlines() if disk.ERROR in line)
        assert str(site.lake) in told, told
        assert_whole(site.lake)
        assert run.alive()
        # It does not fill the log with the same sentence.
        assert run.output().count(disk.ERROR) < 20
        disk.free(run)
        wanted = [line for line in straight(site)["bronze"].splitlines()]
        run.wait_for(lambda: site.count("bronze") == len(wanted) - 1, "all rows")
        assert run.stop() == 0, run.output()
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))
    assert_counters_add_up(site.lake)


def test_a_full_disk_does_not_hold_up_a_stop(disk: SmallDisk | SmallFiles, site: Site) -> None:
    append(site, list(generate.lines(12, 200)))
    with site.follow() as run:
        run.wait_for(lambda: site.count("silver") > 0, "the first rows")
        disk.fill(run)
        append(site, list(generate.lines(13, 12_000)))
        run.wait_for_output(re.escape(disk.ERROR))
        assert run.stop() == 74, run.output()
        last = run.output().splitlines()[-1]
        assert disk.ERROR in last and str(site.lake) in last, last
        disk.free(run)
    assert_whole(site.lake)
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))
    assert_counters_add_up(site.lake)


def test_a_log_that_cannot_be_written_stops_nothing(site: Site) -> None:
    configure(site)
    append(site, [*generate.lines(14, 300), b"no record"])

    def code(*arguments: str) -> int:
        with open("/dev/full", "w") as full:
            return subprocess.run(
                [harness.BINARY, *arguments], cwd=site.directory, stderr=full, timeout=120
            ).returncode

    assert code("run", "--once", "-c", str(site.config)) == 0
    assert site.count("bronze") > 0
    assert_counters_add_up(site.lake)
    assert code("run", "--once", "-c", "nowhere.yaml") == 78
    assert code("simulate", "--duration", "1m", "-o", "made.ndjson") == 0


# --- Lost rights ------------------------------------------------------------------------------


@contextlib.contextmanager
def unprivileged() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A directory, and how to start a process to which rights apply: root ignores them."""
    directory = Path(tempfile.mkdtemp(prefix="avocet-rights-"))
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.copy(harness.BINARY, directory / "avocet")
        os.chmod(directory, 0o755)
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        yield directory, options
    finally:
        shutil.rmtree(directory)


def give(path: Path, options: dict[str, Any]) -> None:
    if not options:
        return
    for place in [path, *path.rglob("*")]:
        os.chown(place, options["user"], options["group"])


def test_lost_rights_are_waited_for(stream: list[bytes]) -> None:
    with unprivileged() as (directory, options):
        site = Site(directory / "site")
        configure(site)
        append(site, stream[:1000])
        give(site.directory, options)
        binary = str(directory / "avocet") if options else harness.BINARY
        arguments = [binary, "run", "-c", str(site.config), "--quiet"]
        log = directory / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                arguments, cwd=site.directory, stdout=out, stderr=out, **options
            )

        def wait_for(condition: Callable[[], bool]) -> None:
            deadline = time.monotonic() + 30
            while not condition():
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)

        try:
            wait_for(lambda: site.count("silver") > 0)
            closed = table_path(site.lake, "silver")
            closed.chmod(0o555)
            (closed / "_delta_log").chmod(0o555)
            before = site.count("silver")
            append(site, stream[1000:])
            wait_for(lambda: "Permission denied" in log.read_text())
            told = next(x for x in log.read_text().splitlines() if "Permission denied" in x)
            assert str(closed) in told
            assert site.count("silver") <= max(before, 1000)
            closed.chmod(0o755)
            (closed / "_delta_log").chmod(0o755)
            wanted = straight(site)
            wait_for(lambda: site.count("silver") == wanted["silver"].count("\n") - 1)
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
        site.drain()
        assert_same_lakes(wanted, lake_csv(site.lake))


def test_a_lake_that_cannot_be_made_is_an_error(site: Site) -> None:
    append(site, [b'{"device_id": "d", "timestamp": 1, "temperature": 1}'])
    site.lake.write_text("a file where the directory should be")
    done = site.run()
    assert done.returncode in (73, 74), done.stderr
    assert str(site.lake) in done.stderr
    assert site.lake.read_text().startswith("a file")


# --- Damaged state ----------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped_bit": flip,
    "truncated": truncate,
    "empty": lambda path: path.write_bytes(b""),
    "other_version": lambda path: path.write_bytes(
        path.read_bytes()[:8] + b"\xff" + path.read_bytes()[9:]
    ),
    "garbage": lambda path: path.write_bytes(os.urandom(5000)),
}


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_snapshot_costs_time_only(site: Site, stream: list[bytes], damage: str) -> None:
    configure(site, snapshot_interval="1ms")
    append(site, stream[:1500])
    site.drain()
    snapshots = sorted((site.lake / "_avocet" / "snapshots").iterdir())
    assert snapshots
    for path in snapshots:
        DAMAGE[damage](path)
    append(site, stream[1500:])
    told = site.drain()
    assert snapshots[-1].name in told, told
    assert_same_lakes(straight(site), lake_csv(site.lake))


def test_without_snapshots_everything_is_replayed(site: Site, stream: list[bytes]) -> None:
    append(site, stream[:1500])
    site.drain()
    shutil.rmtree(site.lake / "_avocet")
    append(site, stream[1500:])
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


@pytest.mark.parametrize("damage", ["flipped_bit", "truncated", "empty"])
def test_a_damaged_data_file_is_named(site: Site, stream: list[bytes], damage: str) -> None:
    append(site, stream[:1500])
    site.drain()
    [path] = table_path(site.lake, "bronze").rglob("*.parquet")
    good = path.read_bytes()
    DAMAGE[damage](path)
    # State is gone, so that bronze must be read.
    shutil.rmtree(site.lake / "_avocet")
    append(site, stream[1500:])
    done = site.run()
    assert done.returncode in (65, 74), done.stderr
    assert path.name in done.stderr
    path.write_bytes(good)
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


@pytest.mark.parametrize("name", ["bronze", "silver"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage"])
def test_a_damaged_log_entry_is_named(
    site: Site, stream: list[bytes], name: str, damage: str
) -> None:
    append(site, stream[:1500])
    site.drain()
    entry = table_path(site.lake, name) / "_delta_log" / "00000000000000000001.json"
    good = entry.read_bytes()
    DAMAGE[damage](entry)
    append(site, stream[1500:])
    done = site.run()
    assert done.returncode in (65, 74), done.stderr
    assert entry.name in done.stderr, done.stderr
    entry.write_bytes(good)
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


def many_commits(site: Site, stream: list[bytes]) -> None:
    configure(
        site,
        commit={"rows": 100},
        care={"interval": "10ms", "checkpoint_commits": 3, "compact_min_files": 4},
    )
    settings = json.loads(site.config.read_text())
    settings["engine"] = {"tick_records": 50}
    site.config.write_text(json.dumps(settings))
    append(site, stream)
    with site.follow() as run:
        hint = table_path(site.lake, "bronze") / "_delta_log" / "_last_checkpoint"
        run.wait_for(lambda: hint.exists() and site.count("bronze") > 1000, "a checkpoint")
        run.stop()


def test_a_missing_checkpoint_hint_is_no_loss(site: Site, stream: list[bytes]) -> None:
    many_commits(site, stream[:2000])
    removed = list(site.lake.rglob("_last_checkpoint"))
    assert removed
    for path in removed:
        path.unlink()
    append(site, stream[2000:])
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


def test_a_damaged_checkpoint_is_named_or_passed_over(site: Site, stream: list[bytes]) -> None:
    """The log entries are all there, so that the lake can be read without it."""
    many_commits(site, stream[:2000])
    checkpoints = sorted(table_path(site.lake, "bronze").rglob("*.checkpoint.parquet"))
    good = {path: path.read_bytes() for path in checkpoints}
    for path in checkpoints:
        truncate(path)
    append(site, stream[2000:])
    done = site.run()
    if done.returncode != 0:
        assert done.returncode in (65, 74), done.stderr
        assert any(path.name in done.stderr for path in checkpoints), done.stderr
        for path, data in good.items():
            path.write_bytes(data)
        site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


@pytest.mark.parametrize("name", ["silver", "anomalies", "device_stats"])
def test_a_deleted_table_is_rebuilt_from_bronze(site: Site, stream: list[bytes], name: str) -> None:
    many_commits(site, stream[:2000])
    site.drain()
    shutil.rmtree(table_path(site.lake, name))
    append(site, stream[2000:])
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


def test_deleted_tables_come_back_without_new_input(site: Site, stream: list[bytes]) -> None:
    append(site, stream)
    site.drain()
    want = lake_csv(site.lake)
    shutil.rmtree(site.lake / "iot_catalog" / "processed")
    shutil.rmtree(site.lake / "iot_catalog" / "analytics")
    site.drain()
    assert_same_lakes(want, lake_csv(site.lake))


# --- Input, signals, configuration ------------------------------------------------------------


def test_a_missing_input_is_an_error(site: Site) -> None:
    settings = json.loads(site.config.read_text())
    for path in ("missing.ndjson", "missing/*.ndjson"):
        settings["sources"] = [{"file": {"path": str(site.inbox / path)}}]
        site.config.write_text(json.dumps(settings))
        done = site.run()
        assert done.returncode not in (0, 70), done.stderr
        assert str(site.inbox / path) in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_commits_what_was_read(
    site: Site, stream: list[bytes], number: signal.Signals
) -> None:
    configure(site, commit={"interval": "1h"})
    append(site, stream)
    size = (site.inbox / "a.ndjson").stat().st_size
    with site.follow() as run:

        def has_read() -> bool:
            text = Path(f"/proc/{run.process.pid}/io").read_text()
            match = re.search(r"rchar: (\d+)", text)
            return match is not None and int(match[1]) > size

        # Nothing is committed yet, unless this machine was so busy that the first commit was due.
        run.wait_for(has_read, "the input to be read")
        time.sleep(0.2)
        run.process.send_signal(number)
        assert run.process.wait(30) == 0, run.output()
    counted = assert_counters_add_up(site.lake)
    assert counted["received"] > len(stream) * 0.95
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


def test_mistakes_in_the_configuration_are_all_named(site: Site) -> None:
    append(site, [b'{"device_id": "d", "timestamp": 1, "temperature": 1}'])
    site.config.write_text(
        f"lake: {site.lake}\n"
        "sources:\n"
        f"  - file: {{pth: {site.inbox}}}\n"
        "schema:\n"
        "  metrics:\n"
        "    temperature: {range: [9, 1]}\n"
        "detectors:\n"
        "  - {type: zscoer}\n"
    )
    for arguments in (("check", "-c"), ("run", "--once", "-c")):
        done = site.avocet(*arguments, str(site.config))
        told = done.stdout + done.stderr
        assert done.returncode == 78, told
        for place in (3, 6, 8):
            assert re.search(rf"avocet\.yaml:{place}:\d+: error: ", told), told
        assert 'did you mean "path"' in told
        assert 'did you mean "zscore"' in told
        assert not site.lake.exists()


def test_a_missing_configuration_is_named(site: Site) -> None:
    done = site.avocet("run", "--once", "-c", "nowhere.yaml")
    assert done.returncode == 78, done.stderr
    assert "nowhere.yaml" in done.stderr
