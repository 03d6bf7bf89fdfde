"""Other programs read avocet's tables while it writes them, and change them under its feet."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import generate
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable, Field, QueryBuilder, write_deltalake
from deltalake.schema import PrimitiveType
from harness import (
    TABLES,
    Run,
    Site,
    assert_counters_add_up,
    assert_same_lakes,
    lake_csv,
    read_table,
    sorted_csv,
    table_path,
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "sources": [{"file": {"path": str(site.inbox), "poll_interval": "5ms"}}],
                "storage": {
                    "commit": {"interval": "50ms"},
                    "care": {"interval": "100ms", "compact_min_files": 6, "checkpoint_commits": 5},
                },
                "schema": {
                    "metrics": {
                        "temperature": {"range": [-40, 60]},
                        "humidity": {"range": [0, 100], "on_invalid": "drop"},
                        "mode": {},
                    }
                },
                "detectors": [{"type": "zscore", "min_samples": 10, "sigma": 2.5}],
            }
        )
    )
    return site


def straight(site: Site) -> dict[str, str]:
    lake = site.directory / "straight"
    shutil.rmtree(lake, ignore_errors=True)
    site.drain("--lake", str(lake))
    return lake_csv(lake)


@contextmanager
def growing(site: Site, stream: list[bytes], piece: int = 40) -> Iterator[None]:
    """Appends lines to the input from another thread until the block ends, then the rest."""
    done = threading.Event()
    path = site.inbox / "a.ndjson"
    path.touch()

    def write() -> None:
        with path.open("ab", buffering=0) as out:
            for begin in range(0, len(stream), piece):
                out.write(b"".join(line + b"\n" for line in stream[begin : begin + piece]))
                done.wait(0.01)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def wait_for_tables(run: Run, site: Site) -> None:
    run.wait_for(lambda: all(site.count(name) > 0 for name in TABLES), "rows in every table")


# Hours close within the stream, so that every table has rows while avocet runs.
def long_stream(records: int = 12_000) -> list[bytes]:
    return list(generate.lines(21, records))


# --- Readers ----------------------------------------------------------------------------------


def read_with_deltalake(path: Path) -> int:
    return int(DeltaTable(str(path)).to_pyarrow_table().num_rows)


def read_with_pyarrow(path: Path) -> int:
    table = DeltaTable(str(path))
    files = table.file_uris()
    return int(ds.dataset(files, format="parquet").to_table().num_rows) if files else 0


def read_with_duckdb(path: Path) -> int:
    """DuckDB's Delta extension has to be downloaded; the list of files comes from deltalake."""
    files = DeltaTable(str(path)).file_uris()
    if not files:
        return 0
    row = duckdb.execute("SELECT count(*) FROM read_parquet(?, union_by_name = true)", [files])
    return int((row.fetchone() or [0])[0])


def read_with_datafusion(path: Path) -> int:
    table = pa.table(
        QueryBuilder()
        .register("t", DeltaTable(str(path)))
        .execute("SELECT count(*) AS n FROM t")
        .read_all()
    )
    return int(table.column("n")[0].as_py())


READERS: dict[str, Callable[[Path], int]] = {
    "deltalake": read_with_deltalake,
    "pyarrow": read_with_pyarrow,
    "duckdb": read_with_duckdb,
    "datafusion": read_with_datafusion,
}


def test_other_programs_read_all_tables_while_avocet_writes(site: Site) -> None:
    stream = long_stream()
    with site.follow() as run:
        with growing(site, stream):
            wait_for_tables(run, site)
            seen = dict.fromkeys(TABLES, 0)
            deadline = time.monotonic() + 4
            rounds = 0
            while time.monotonic() < deadline or rounds < 3:
                rounds += 1
                for name in TABLES:
                    for reader, read in READERS.items():
                        rows = read(table_path(site.lake, name))
                        # Nothing that was visible goes away again.
                        assert rows >= seen[name], (name, reader, rows, seen[name])
                        seen[name] = rows
                # Bronze is ahead of what is made from it, never behind.
                assert seen["silver"] <= read_with_deltalake(table_path(site.lake, "bronze"))
            assert run.alive(), run.output()
        assert run.stop() == 0
    site.drain()
    want = straight(site)
    assert_same_lakes(want, lake_csv(site.lake))
    for name in TABLES:
        rows = want[name].count("\n") - 1
        if "\r" in want[name] or '"' in want[name]:
            rows = read_table(site.lake, name).num_rows
        for reader, read in READERS.items():
            assert read(table_path(site.lake, name)) == rows, (name, reader)


def test_statistics_and_types_are_what_readers_expect(site: Site) -> None:
    """Files can be skipped by time and device; times are UTC microseconds."""
    with growing(site, long_stream(3000)):
        pass
    site.drain()
    for name, column in (
        ("bronze", "event_time"),
        ("silver", "event_time"),
        ("anomalies", "event_time"),
        ("device_stats", "hour"),
    ):
        table = DeltaTable(str(table_path(site.lake, name)))
        actions = pa.table(table.get_add_actions(flatten=True))
        assert None not in actions.column("num_records").to_pylist()
        assert actions.num_rows > 0
        rows = read_table(site.lake, name)
        assert rows.schema.field(column).type == pa.timestamp("us", "UTC"), name
        moments = rows.column(column).to_pylist()
        low = min(actions.column(f"min.{column}").to_pylist())
        high = max(actions.column(f"max.{column}").to_pylist())
        # Statistics are cut to milliseconds: down for the least, up for the greatest.
        assert low <= min(moments) and max(moments) <= high, name
        middle = sorted(moments)[len(moments) // 2]
        wanted = sum(moment < middle for moment in moments)
        found = table.to_pyarrow_table(filters=[(column, "<", middle)])
        assert found.num_rows == wanted, name


# --- Writers ----------------------------------------------------------------------------------


def optimize(table: DeltaTable) -> None:
    table.optimize.compact()


def checkpoint(table: DeltaTable) -> None:
    table.create_checkpoint()


def vacuum(table: DeltaTable) -> None:
    table.vacuum(dry_run=False)


def add_column(table: DeltaTable) -> None:
    table.alter.add_columns([Field("note", PrimitiveType("string"))])


def set_property(table: DeltaTable) -> None:
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})


FOREIGN = {
    "optimize": optimize,
    "checkpoint": checkpoint,
    "vacuum": vacuum,
    "add_column": add_column,
    "set_property": set_property,
}


def without_note(lake: Path) -> dict[str, str]:
    out = {}
    for name in TABLES:
        rows = read_table(lake, name)
        if "note" in rows.column_names:
            assert rows.column("note").null_count == rows.num_rows
            rows = rows.drop_columns(["note"])
        out[name] = sorted_csv(rows)
    return out


@pytest.mark.parametrize("operation", list(FOREIGN))
def test_foreign_commits_in_between_lose_nothing(site: Site, operation: str) -> None:
    """Each table is changed several times while avocet commits; a foreign writer that loses the
    race may be told so, avocet goes on."""
    if operation == "optimize":
        # deltalake commits a compaction of files that another compaction has replaced, and so
        # doubles their rows: its conflict check leaves out removals without a change of data.
        settings = json.loads(site.config.read_text())
        settings["storage"]["care"] = {"enabled": False}
        site.config.write_text(json.dumps(settings))
    stream = long_stream(8000)
    succeeded = dict.fromkeys(TABLES, 0)
    with site.follow() as run:
        with growing(site, stream):
            wait_for_tables(run, site)
            for _ in range(1 if operation == "add_column" else 4):
                for name in TABLES:
                    try:
                        FOREIGN[operation](DeltaTable(str(table_path(site.lake, name))))
                        succeeded[name] += 1
                    except Exception as error:
                        conflict = (
                            "conflict",
                            "concurrent",
                            "Failed to commit",
                            "Metadata changed",
                        )
                        assert any(word.lower() in str(error).lower() for word in conflict), error
                    assert run.alive(), f"{operation} on {name}\n{run.output()}"
                    time.sleep(0.05)
        run.wait_for(lambda: site.count("bronze") > 0.9 * len(stream), "all rows")
        assert run.stop() == 0, run.output()
        assert sum(succeeded.values()) >= 3, succeeded
    # The next start replays from what the other program left.
    shutil.rmtree(site.lake / "_avocet" / "snapshots")
    site.drain()
    assert_same_lakes(straight(site), without_note(site.lake), run.output())
    assert_counters_add_up(site.lake)


def test_optimized_bronze_can_be_replayed(site: Site) -> None:
    """Files that another program merged hold the rows in whatever order it likes."""
    stream = long_stream(4000)
    for begin in range(0, len(stream), 500):
        with growing(site, stream[begin : begin + 500]):
            pass
        site.drain()
    bronze = DeltaTable(str(table_path(site.lake, "bronze")))
    bronze.optimize.z_order(["device_id", "event_time"])
    want = straight(site)
    for name in ("silver", "anomalies", "device_stats"):
        shutil.rmtree(table_path(site.lake, name))
    shutil.rmtree(site.lake / "_avocet")
    site.drain()
    assert_same_lakes(want, lake_csv(site.lake))


def test_doubled_rows_of_bronze_are_refused_clearly(site: Site) -> None:
    """Replaying them would count readings twice."""
    with growing(site, long_stream(1000)):
        pass
    site.drain()
    path = str(table_path(site.lake, "bronze"))
    write_deltalake(path, pa.table(DeltaTable(path).to_pyarrow_table()).slice(7, 1), mode="append")
    shutil.rmtree(site.lake / "_avocet")
    before = {name: site.count(name) for name in TABLES}
    done = site.run()
    assert done.returncode == 65, done.stderr
    assert "bronze has the record with sequence 7 twice" in done.stderr
    assert "restore bronze to a version before that" in done.stderr
    assert {name: site.count(name) for name in TABLES} == before
    DeltaTable(path).restore(DeltaTable(path).version() - 1)
    site.drain()
    assert_same_lakes(straight(site), lake_csv(site.lake))


def test_a_foreign_append_to_silver_is_kept(site: Site) -> None:
    stream = long_stream(2000)
    with growing(site, stream[:1000]):
        pass
    site.drain()
    path = str(table_path(site.lake, "silver"))
    table = DeltaTable(path)
    one = pa.table(table.to_pyarrow_table()).slice(0, 1)
    device = one.schema.get_field_index("device_id")
    one = one.set_column(device, one.schema.field(device), pa.array(["foreign"], one[0].type))
    write_deltalake(path, one, mode="append")
    with growing(site, stream[1000:]):
        pass
    site.drain()
    rows = read_table(site.lake, "silver")
    devices = rows.column("device_id").to_pylist()
    assert devices.count("foreign") == 1
    assert len(devices) - 1 == straight(site)["silver"].count("\n") - 1


def test_a_restored_bronze_is_refused_clearly(site: Site) -> None:
    """Silver would have rows that bronze does not know."""
    stream = long_stream(2000)
    with growing(site, stream[:1000]):
        pass
    site.drain()
    copy = site.directory / "copy"
    shutil.copytree(table_path(site.lake, "bronze"), copy)
    with growing(site, stream[1000:]):
        pass
    site.drain()
    shutil.rmtree(table_path(site.lake, "bronze"))
    shutil.copytree(copy, table_path(site.lake, "bronze"))
    before = {name: site.count(name) for name in TABLES}
    done = site.run()
    assert done.returncode == 65, done.stderr
    assert "bronze was restored from an older copy" in done.stderr
    assert {name: site.count(name) for name in TABLES} == before


def test_an_unsupported_table_feature_is_refused_clearly(site: Site) -> None:
    with growing(site, long_stream(500)):
        pass
    site.drain()
    path = table_path(site.lake, "silver")
    table = DeltaTable(str(path))
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7}
    entry = path / "_delta_log" / f"{table.version() + 1:020d}.json"
    features = {"readerFeatures": ["holograms"], "writerFeatures": ["holograms"]}
    entry.write_text(json.dumps({"protocol": protocol | features}) + "\n")
    with growing(site, long_stream(100)):
        pass
    done = site.run()
    assert done.returncode not in (0, 70), done.stderr
    assert "holograms" in done.stderr
    assert "valid_readings" in done.stderr


def test_silver_has_its_columns_in_order(site: Site) -> None:
    with growing(site, long_stream(500)):
        pass
    site.drain()
    metrics = ["temperature", "humidity", "mode"]
    means = [f"{metric}_avg_5m" for metric in metrics]
    names = site.rows("silver").column_names
    assert names == ["device_id", "event_time", *metrics, *means, "late"]
