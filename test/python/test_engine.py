"""avocet.Engine finds the rows of `avocet run`, however they are cut, stopped and restored."""

from __future__ import annotations

import threading
from pathlib import Path

import avocet
import pyarrow as pa
import pytest
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
    "anomalies": ["id"],
    "device_stats": ["device_id", "metric", "hour"],
    "device_health": ["device_id", "hour"],
    "alerts": ["id", "change"],
}
POSITIONS = ["source", "partition", "offset"]


class Collected:
    """The rows of several calls; of an hour that was amended only the last."""

    def __init__(self) -> None:
        self.parts: dict[str, list[pa.Table]] = {}

    def add(self, results: avocet.Results) -> Collected:
        for name in ("silver", *KEYS):
            self.parts.setdefault(name, []).append(getattr(results, name).to_arrow())
        return self

    def table(self, name: str) -> pa.Table:
        rows = pa.concat_tables(self.parts[name], promote_options="default")
        if name == "silver":
            return rows
        last = {tuple(row[k] for k in KEYS[name]): row for row in rows.to_pylist()}
        return pa.Table.from_pylist([last[key] for key in sorted(last)], rows.schema)


@pytest.fixture(scope="module")
def lake(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    config = folder / "avocet.yaml"
    source = f"lake: {folder}/lake\nsources: [{{file: {{path: {fleet.csv}}}}}]\n"
    config.write_text(source + CONFIG)
    run_avocet("run", "-c", config, "--once", "-q")
    return folder / "lake" / "iot_catalog"


def of_lake(lake: Path, name: str) -> pa.Table:
    rows = pa.table(DeltaTable(str(lake / TABLES[name])).to_pyarrow_table())
    if name in KEYS:
        rows = rows.sort_by([(key, "ascending") for key in KEYS[name]])
    return rows


def test_a_table_of_readings_gives_the_rows_of_run(fleet: Fleet, lake: Path) -> None:
    engine = avocet.Engine(fleet.config)
    found = Collected().add(engine.process(fleet.table)).add(engine.finish())
    assert same_rows(found.table("silver"), of_lake(lake, "silver"))
    assert same_rows(found.table("device_stats"), of_lake(lake, "device_stats"))
    assert same_rows(found.table("alerts"), of_lake(lake, "alerts"))
    anomalies = of_lake(lake, "anomalies").drop_columns(POSITIONS)
    assert anomalies.num_rows > 10
    assert same_rows(found.table("anomalies").drop_columns(POSITIONS), anomalies)
    counters = engine.counters
    assert counters["received"] == fleet.table.num_rows
    assert counters["quarantined"] == 1 and counters["duplicates"] == 40
    assert counters["accepted"] == of_lake(lake, "bronze").num_rows


def test_bronze_gives_silver_and_gold_with_positions(fleet: Fleet, lake: Path) -> None:
    bronze = of_lake(lake, "bronze").sort_by("sequence")
    engine = avocet.Engine(fleet.config)
    found = Collected()
    for begin in range(0, bronze.num_rows, 3000):
        found.add(engine.process(bronze.slice(begin, 3000), payload="payload", replayed=True))
    found.add(engine.finish())
    for name in ("silver", *KEYS):
        assert same_rows(found.table(name), of_lake(lake, name)), name


@pytest.mark.parametrize("rows", [1009, 10_000])
def test_rows_do_not_depend_on_calls_nor_on_a_restored_state(fleet: Fleet, rows: int) -> None:
    whole = Collected()
    engine = avocet.Engine(fleet.config)
    whole.add(engine.process(fleet.table)).add(engine.finish())
    parts = Collected()
    state = avocet.Engine(fleet.config).state()
    for begin in range(0, fleet.table.num_rows, rows):
        engine = avocet.Engine(fleet.config).restore(state)
        parts.add(engine.process(fleet.table.slice(begin, rows)))
        state = engine.state()
    assert engine.counters["received"] == fleet.table.num_rows
    parts.add(avocet.Engine(fleet.config).restore(state).finish())
    for name in ("silver", *KEYS):
        assert same_rows(parts.table(name), whole.table(name)), name


def test_metrics_that_appear_later_are_columns_of_all_rows() -> None:
    engine = avocet.Engine()
    first = pa.table({"payload": ['{"device_id":"a","timestamp":0,"x":1}'] * 1})
    later = pa.table({"payload": ['{"device_id":"a","timestamp":60,"x":1,"y":2}']})
    assert "y" not in engine.process(first, payload="payload").silver.column_names
    silver = engine.process(later, payload="payload").silver.to_arrow()
    assert silver.column("y").to_pylist() == [2.0]
    assert (
        "y"
        in avocet.Engine()
        .restore(engine.state())
        .process(first, payload="payload")
        .silver.column_names
    )


def test_a_state_that_does_not_fit_is_refused() -> None:
    engine = avocet.Engine({"detectors": [{"type": "zscore"}]})
    rows = pa.table({"device_id": ["a"], "timestamp": [0], "t": [1.0]})
    engine.process(rows)
    state = engine.state()
    with pytest.raises(avocet.StateError, match="other detectors"):
        avocet.Engine({"detectors": [{"type": "mad"}]}).restore(state)
    with pytest.raises(avocet.StateError, match="checksum"):
        engine.restore(state[:-1] + bytes([state[-1] ^ 1]))
    with pytest.raises(avocet.StateError, match="bytes"):
        engine.restore(state[:-1])
    with pytest.raises(avocet.StateError, match="begin as a snapshot"):
        engine.restore(b"")
    assert engine.counters["devices"] == 1, "the engine is as it was"


def test_a_broken_rule_stops_the_engine_until_it_is_restored() -> None:
    metric = {"range": [0, 10], "on_invalid": "fail"}
    engine = avocet.Engine({"schema": {"metrics": {"t": metric}}, "detectors": []})
    state = engine.state()
    bad = pa.table({"device_id": ["a"], "timestamp": [0], "t": [99.0]})
    good = pa.table({"device_id": ["a"], "timestamp": [0], "t": [9.0]})
    with pytest.raises(avocet.InputError, match="on_invalid: fail was broken"):
        engine.process(bad)
    with pytest.raises(avocet.InputError, match="needs restore"):
        engine.process(good)
    assert len(engine.restore(state).process(good).silver) == 1


def test_readings_of_the_future_are_told_by_the_clock_that_is_given() -> None:
    rows = pa.table({"device_id": ["a"], "timestamp": [2_000_000_000], "t": [1.0]})
    assert len(avocet.Engine().process(rows, now_us=0).quarantine) == 1
    assert len(avocet.Engine().process(rows, now_us=2_000_000_000_000_000).silver) == 1


def test_threads_take_turns_at_an_engine(fleet: Fleet) -> None:
    engine = avocet.Engine(fleet.config)
    rows = fleet.table.slice(0, 600)  # 50 a device: all are remembered
    threads = [threading.Thread(target=engine.process, args=(rows,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counters = engine.counters
    assert counters["received"] == 2400
    assert counters["accepted"] == 600 and counters["duplicates"] == 1800
