"""Parts of a fleet make the rows of the whole: what Spark's tasks do, without Spark.

test/system/test_spark_processing.py has Spark, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import avocet
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from avocet import _engine
from avocet.spark import _fleet
from avocet.spark._clock import NO_TIME, Run, join_runs
from avocet.spark._direct import commit_files, create_table, write_files
from avocet.spark._exchange import STATE, STORED, Exchange
from avocet.spark._lake import BOUNDED
from avocet.spark._medians import MedianHub
from avocet.spark._parts import REPLACES, RUNS, Cut, Plan, load_runs, unpack
from avocet.spark._relearn import ALL_EPOCHS, Relearn
from conftest import CONFIG, Fleet, run_avocet, same_rows
from deltalake import DeltaTable

TABLES = {
    "bronze": "raw/sensor_readings",
    "silver": "processed/valid_readings",
    "anomalies": "analytics/anomalies",
    "device_stats": "analytics/device_stats",
    "device_health": "analytics/device_health",
    "alerts": "analytics/alerts",
}
KEYS = {
    "silver": ["device_id", "event_time", "late", "temperature", "humidity"],
    "anomalies": ["id"],
    "device_stats": ["device_id", "metric", "hour"],
    "device_health": ["device_id", "hour"],
    "alerts": ["id", "change"],
}
PARTS = 5


@pytest.fixture(scope="module")
def lake(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    folder = tmp_path_factory.mktemp("run")
    source = f"lake: {folder}/lake\nsources: [{{file: {{path: {fleet.csv}}}}}]\n"
    commits = "storage: {commit: {rows: 2000}}\nengine: {tick_records: 500}\n"
    (folder / "avocet.yaml").write_text(source + commits + CONFIG)
    run_avocet("run", "-c", folder / "avocet.yaml", "--once", "-q")
    root = folder / "lake" / "iot_catalog"
    return {name: read(root / path) for name, path in TABLES.items()}


def read(path: Path) -> pa.Table:
    return pa.table(DeltaTable(str(path)).to_pyarrow_table())


def in_order(rows: pa.Table, name: str) -> pa.Table:
    return rows.sort_by([(key, "ascending") for key in KEYS[name]])


def for_cut(bronze: pa.Table) -> pa.Table:
    """The columns that Processing selects."""
    part = [
        hashlib.md5(name.encode()).digest()[0] % PARTS for name in bronze["device_id"].to_pylist()
    ]
    columns = {
        name: bronze[name] for name in ("sequence", "epoch", "source", "partition", "offset")
    }
    return pa.table(
        {
            **columns,
            "time_us": bronze["event_time"].cast(pa.int64()),
            "payload": bronze["payload"].cast(pa.string()),
            "part": pa.array(part, pa.int32()),
        }
    )


class Stream:
    """Micro-batches, each cut in several places and processed by two tasks."""

    def __init__(self, config: str, written_epoch: int = -1, folder: str | None = None) -> None:
        """folder: where tasks exchange rows."""
        self.config = config
        self.exchange = Exchange(folder)
        self.cut = Cut(written_epoch, self.exchange, PARTS)
        self.states: list[pa.RecordBatch] = []
        self.clock_us = NO_TIME
        self.found: dict[str, list[pa.Table]] = {}
        self.compares = _engine.Engine(config, "config", True).compares_fleet()

    def process(self, places: list[pa.Table], ends: bool = False, relearns: bool = False) -> None:
        cut = [row for place in places for row in self.cut(iter(place.to_batches()))]
        runs = load_runs(
            [v["bytes"] for row in cut for v in row.to_pylist() if v["kind"] == "runs"]
        )
        clock = join_runs(runs, self.clock_us)
        self.clock_us = clock.end_us
        numbers = pa.RecordBatch.from_pylist(
            [{"part": part, "kind": "part", "bytes": None} for part in range(PARTS)],
            pa.schema({"part": pa.int32(), "kind": pa.string(), "bytes": pa.binary()}),
        )
        rows = [numbers, *self.states, *cut]
        with MedianHub("127.0.0.1", "127.0.0.1", 2) as hub, ThreadPoolExecutor(2) as pool:
            address = hub.address if self.compares else None
            common: dict[str, Any] = {"hub": address, "ends": ends}
            common |= {"replaces": False, "folders": None, "states": self.exchange.folder}
            if relearns:
                plan: Plan = Relearn(self.config, "config", clock, **common, takes_in=False)
            else:
                plan = Plan(self.config, "config", clock, **common)
            tasks = [pool.submit(lambda t=t: list(plan.run(of_task(rows, t), t))) for t in range(2)]
            results = [row for task in tasks for row in task.result(timeout=60)]
        self.states = []
        for row in results:
            kind = row.column("kind")[0].as_py()
            if kind == STATE or kind in STORED:
                self.states.append(row.select(["part", "kind", "bytes"]))
            else:
                name = kind.removeprefix(REPLACES)
                self.found.setdefault(name, []).append(pa.Table.from_batches(unpack(iter([row]))))

    def table(self, name: str) -> pa.Table:
        rows = pa.concat_tables(self.found[name])
        if name in ("device_stats", "device_health"):
            # Of an hour that was amended only the last.
            last = {tuple(row[key] for key in KEYS[name]): row for row in rows.to_pylist()}
            rows = pa.Table.from_pylist(list(last.values()), rows.schema)
        return in_order(rows, name)


def of_task(rows: list[pa.RecordBatch], task: int) -> Iterator[pa.RecordBatch]:
    for row in rows:
        part = row.column("part")
        mine = pc.and_(pc.not_equal(part, RUNS), pc.equal(pc.bit_wise_and(part, 1), task))
        yield row.filter(mine)


@pytest.mark.parametrize("exchange", [False, True])
def test_micro_batches_in_pieces_make_the_rows_of_run(
    lake: dict[str, pa.Table], tmp_path: Path, exchange: bool
) -> None:
    stream = Stream(CONFIG, folder=f"{tmp_path}/exchange" if exchange else None)
    rows = for_cut(lake["bronze"].sort_by("sequence"))
    third = rows.num_rows // 3
    # In three places, one of which has rows between those of another, in the wrong order.
    stream.process([rows.slice(700, 800), rows.slice(0, 500), rows.slice(500, 200)])
    middle = rows.slice(1500, third)
    odd = pc.equal(pc.bit_wise_and(middle["sequence"], 1), 1)
    stream.process(
        [middle.filter(odd), middle.filter(pc.invert(odd)).take(range_down(middle, odd))]
    )
    stream.process([])
    stream.process([rows.slice(1500 + third)], ends=True)
    for name in KEYS:
        assert lake[name].num_rows > 10, name
        assert same_rows(stream.table(name), in_order(lake[name], name)), name


def range_down(rows: pa.Table, without: pa.ChunkedArray) -> list[int]:
    count = rows.num_rows - pc.sum(without).as_py()
    return list(range(count - 1, -1, -1))


def test_what_is_written_already_is_not_written_again(lake: dict[str, pa.Table]) -> None:
    epoch = lake["bronze"]["epoch"].to_pylist()
    middle = sorted(set(epoch))[len(set(epoch)) // 2]
    stream = Stream(CONFIG, written_epoch=middle)
    rows = for_cut(lake["bronze"].sort_by("sequence"))
    stream.process([rows.slice(0, 400), rows.slice(400)], ends=True)
    later = lake["bronze"].filter(pc.greater(lake["bronze"]["epoch"], middle))
    assert 0 < later.num_rows < lake["bronze"].num_rows
    assert stream.table("silver").num_rows == later.num_rows
    # The anomalies are among those of the whole, and as strange.
    whole = {row["id"]: row for row in lake["anomalies"].to_pylist()}
    found = stream.table("anomalies").to_pylist()
    assert 0 < len(found) < len(whole)
    assert all(whole[row["id"]] == row for row in found)


def test_states_that_are_learned_anew_know_a_device_no_more(lake: dict[str, pa.Table]) -> None:
    """And go on as if it had never been there."""
    rows = for_cut(lake["bronze"].sort_by("sequence"))
    device = lake["bronze"].sort_by("sequence")["device_id"]
    gone = device[5].as_py()
    others = rows.filter(pc.not_equal(device, gone))
    assert 0 < others.num_rows < rows.num_rows
    half = others["sequence"][others.num_rows // 2]
    before, after = (
        others.filter(pc.less(others["sequence"], half)),
        others.filter(pc.greater_equal(others["sequence"], half)),
    )
    stream = Stream(CONFIG)
    stream.process([rows.filter(pc.less(rows["sequence"], half))])
    assert any(gone.encode() in state.column("bytes")[0].as_py() for state in stream.states)
    relearned = Stream(CONFIG, written_epoch=ALL_EPOCHS)
    relearned.states = stream.states
    relearned.process([before.slice(0, 300), before.slice(300)], relearns=True)
    assert relearned.found == {}
    assert len(relearned.states) == PARTS
    assert not any(gone.encode() in row.column("bytes")[0].as_py() for row in relearned.states)
    fresh = Stream(CONFIG)
    fresh.process([before])
    fresh.found.clear()
    relearned.cut = fresh.cut
    for one in (relearned, fresh):
        one.process([after], ends=True)
    for name in KEYS:
        assert fresh.table(name).num_rows > 10, name
        assert same_rows(relearned.table(name), fresh.table(name)), name


def test_what_takes_records_in_learns_anew_what_came_before(lake: dict[str, pa.Table]) -> None:
    bronze = lake["bronze"].sort_by("sequence")
    rows = for_cut(bronze)
    cut = list(Cut(ALL_EPOCHS, Exchange(None), PARTS)(iter(rows.to_batches())))
    runs = [run for row in cut for run in runs_of(row)]
    relearn = Relearn(
        CONFIG,
        "config",
        join_runs(runs, NO_TIME),
        ends=False,
        replaces=False,
        folders=None,
        states=None,
        takes_in=True,
    )
    sent = [row.filter(pc.not_equal(row.column("part"), RUNS)) for row in cut]
    states = list(relearn.run(iter(sent), 0))
    assert [row.column("kind")[0].as_py() for row in states] == [STATE] * PARTS
    for state in states:
        engine = _engine.Engine(CONFIG, "config", True, True)
        engine.restore(state.column("bytes")[0].as_py())
        mine = pc.equal(rows["part"], state.column("part")[0])
        records = pa.table({"payload": rows["payload"].filter(mine)[-30:]})
        engine.feed(records.__arrow_c_stream__(), "payload", "", 2_000_000_000_000_000, False)
        assert pa.table(engine.take()["bronze"]).num_rows == 0
        assert engine.counters()["duplicates"] == 30


def runs_of(row: pa.RecordBatch) -> list[Run]:
    return load_runs([one["bytes"] for one in row.to_pylist() if one["kind"] == "runs"])


@pytest.mark.parametrize("name", ["bronze", "silver", "anomalies"])
def test_files_of_tasks_are_in_a_table_once_and_say_what_they_have(
    lake: dict[str, pa.Table], tmp_path: Path, name: str
) -> None:
    rows = lake[name]
    folder, days = str(tmp_path), []
    if name == "bronze":
        days, rows = ["date"], rows.drop_columns(["date"])
    day_of = "received_at" if days else None
    dated = rows.schema.append(pa.field("date", pa.date32())) if days else rows.schema
    for _ in range(2):
        create_table(folder, dated, days, BOUNDED.get(name), None)
    half = rows.num_rows // 2
    files = [
        file
        for piece in (rows.slice(0, half), rows.slice(half))
        for file in write_files(folder, piece, day_of, BOUNDED.get(name))
    ]
    for _ in range(2):
        commit_files(folder, files, "writer", 3, None)
    table = DeltaTable(folder)
    assert table.transaction_version("writer") == 3
    order = [(key, "ascending") for key in ("device_id", "event_time", "offset", "id")]
    order = [one for one in order if one[0] in rows.column_names]
    found = pa.table(table.to_pyarrow_table())
    assert same_rows(found.select(rows.column_names).sort_by(order), rows.sort_by(order))
    about = pa.table(table.get_add_actions(flatten=True))
    assert pc.sum(about["num_records"]).as_py() == rows.num_rows
    for bound, choose in (("min", pc.min), ("max", pc.max)):
        if name == "bronze":
            # Who follows it needs its log, in which no device may be named.
            assert set(about.column_names).isdisjoint({f"{bound}.device_id", f"{bound}.payload"})
        else:
            assert choose(about[f"{bound}.device_id"]) == choose(rows["device_id"])
        want = choose(rows["event_time"].cast(pa.int64())).as_py()
        assert choose(about[f"{bound}.event_time"].cast(pa.int64())).as_py() == want
    if days:
        assert set(found["date"]) == set(pc.cast(rows["received_at"], pa.date32(), safe=False))


def test_a_hub_takes_only_tasks_that_know_the_token_and_starts_anew_after_one_is_gone() -> None:
    from avocet.spark import _medians

    with MedianHub("127.0.0.1", "127.0.0.1", 2) as hub, ThreadPoolExecutor(3) as pool:
        address = hub.address

        def ask(task: int, samples: list[bytes]) -> bytes:
            with _medians.connected(address, task) as connection:
                return _medians.medians_of_fleet(connection, samples)

        stranger = _medians.HubAddress(address.host, address.port, b"x" * 32)
        with (
            _medians.connected(stranger, 0) as connection,
            pytest.raises((ConnectionError, OSError)),
        ):
            _medians.medians_of_fleet(connection, [])
        with _medians.connected(address, 0):
            pass  # a task of a stage that failed
        engine = _engine.Engine("detectors: [{type: auto}]", "config", True)
        samples = engine.collect_fleet(1)
        answers = [pool.submit(ask, task, [samples, samples]) for task in (0, 1)]
        first, second = (answer.result(timeout=30) for answer in answers)
        assert first == second == _engine.medians_of_parts([samples] * 4)


def test_columns_that_may_appear_later_are_refused() -> None:
    with pytest.raises(ValueError, match=r"needs schema\.metrics"):
        _fleet.check_for_spark(avocet.config.ConfigText.of({}))
    rules = [{"name": "burst", "type": "fleet_spike"}]
    text = {"schema": {"metrics": {"t": {}}}, "alerts": {"rules": rules}}
    with pytest.warns(UserWarning, match="burst"):
        _fleet.check_for_spark(avocet.config.ConfigText.of(text))
