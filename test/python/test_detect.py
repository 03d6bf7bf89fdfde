"""avocet.detect says what `avocet detect` says, whatever library holds the table."""

from __future__ import annotations

import json
from pathlib import Path

import avocet
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import Fleet, run_avocet, same_rows

SPIKES = {"detectors": [{"type": "threshold", "max": 50}]}


def readings(**columns: object) -> pa.Table:
    return pa.table({"device_id": ["a", "a", "b"], "timestamp": [0, 60, 120], **columns})


def onsets(table: object, config: object = SPIKES) -> list[bool]:
    found = avocet.detect(table, config).to_arrow()  # type: ignore[arg-type]
    return found.column("onset").to_pylist()


@pytest.fixture(scope="module")
def expected(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    out = tmp_path_factory.mktemp("detect") / "scored.parquet"
    run_avocet("detect", fleet.csv, "-c", fleet.config, "-o", out, "-q")
    return in_order(parquet.read_table(out))


def in_order(found: pa.Table) -> pa.Table:
    """Silences are told at the end of a tick, and a file is cut into ticks in its own way."""
    return found.sort_by([(name, "ascending") for name in found.column_names])


def test_agrees_with_the_program_row_by_row(fleet: Fleet, expected: pa.Table) -> None:
    found = avocet.detect(fleet.table, fleet.config)
    assert same_rows(in_order(found.to_arrow()), expected)
    assert found.received == fleet.table.num_rows
    assert found.quarantined == 1 and "device" in found.first_rejection
    assert found.duplicates == 40 and found.devices == 12
    assert found.anomalies == sum(expected.column("onset").to_pylist()) > 10


def test_any_library_gives_and_takes_tables(fleet: Fleet, expected: pa.Table) -> None:
    frames = [
        fleet.table.to_pandas(),
        pl.from_arrow(fleet.table),
        duckdb.from_arrow(fleet.table),
        fleet.table.combine_chunks().to_batches()[0],
        pa.RecordBatchReader.from_batches(fleet.table.schema, fleet.table.to_batches(997)),
    ]
    for frame in frames:
        found = avocet.detect(frame, fleet.config)
        assert same_rows(in_order(pa.table(found)), expected), type(frame)
    assert isinstance(found.to_pandas(), pd.DataFrame)
    assert found.to_polars().height == expected.num_rows
    rows = found  # noqa: F841, DuckDB finds it by its name
    assert duckdb.sql("SELECT count(*) FROM rows").fetchall() == [(expected.num_rows,)]


def test_whole_records_in_a_column(fleet: Fleet, expected: pa.Table) -> None:
    lines = [
        json.dumps({k: v.isoformat() if k == "timestamp" else v for k, v in row.items()})
        for row in fleet.table.to_pylist()
    ]
    found = avocet.detect(pa.table({"body": lines}), fleet.config, payload="body")
    assert same_rows(in_order(found.to_arrow()), expected)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([20, None, 99], pa.int8()),
        pa.array([20, 0, 99], pa.uint64()),
        pa.array([20.5, float("nan"), 99], pa.float32()),
        pa.array(["20.5", None, "99"]).dictionary_encode(),
        pa.array(["20.5", "21", "99"], pa.string_view()),
        pa.array(["20.5", "21", "99"], pa.large_string()),
    ],
    ids=lambda values: str(values.type),
)
def test_types_of_values(values: pa.Array) -> None:
    config = {"schema": {"metrics": {"temperature": {}}}, **SPIKES}
    assert onsets(readings(temperature=values), config)[-1] is True


@pytest.mark.parametrize(
    "times",
    [
        pa.array([0, 60_000, 120_000], pa.timestamp("ms")),
        pa.array([0, 60, 120], pa.timestamp("s", "Europe/Berlin")),
        pa.array([0, 60_000_000_000, 120_000_000_000], pa.timestamp("ns")),
        pa.array(["1970-01-01", "1970-01-01 00:01", "1970-01-01T00:02:00Z"]),
        pa.array([0.0, 60.0, 120.0]),
    ],
    ids=lambda times: str(times.type),
)
def test_types_of_times(times: pa.Array) -> None:
    table = readings(temperature=[1.0, 2.0, 99.0]).set_column(1, "timestamp", times)
    found = avocet.detect(table, SPIKES).to_arrow()
    minutes = [time.minute for time in found.column("event_time").to_pylist()]
    assert minutes == [0, 1, 2]


def test_structs_are_nested_fields_and_slices_begin_where_they_begin() -> None:
    inner = pa.array([{"t": 1.0}, {"t": 99.0}, {"t": 2.0}, None])
    table = pa.table({"device_id": list("aaaa"), "timestamp": [0, 60, 120, 180], "data": inner})
    config = {"schema": {"metrics": {"t": {"field": "data.t"}}}, **SPIKES}
    assert onsets(table, config) == [False, True, False]
    assert onsets(table.slice(1), config) == [True, False]
    assert onsets(table.slice(1).to_batches()[0], config) == [True, False]


def test_infinity_is_no_reading() -> None:
    found = avocet.detect(readings(temperature=[1.0, float("inf"), 99.0]), SPIKES)
    assert (found.received, found.quarantined) == (3, 1)
    assert "inf" in found.first_rejection


def test_an_empty_table_has_the_columns_of_a_full_one() -> None:
    found = avocet.detect(readings(temperature=[1.0, 2.0, 3.0]).slice(0, 0), SPIKES)
    assert len(found) == 0 and found.to_arrow().column_names[0] == "device_id"


def test_what_cannot_be_read_is_named() -> None:
    with pytest.raises(avocet.InputError, match=r'"tags".*cast or drop'):
        avocet.detect(readings(tags=[["a"], [], []]), SPIKES)
    with pytest.raises(avocet.InputError, match='no column "body"'):
        avocet.detect(readings(), SPIKES, payload="body")
    with pytest.raises(avocet.InputError, match="single column"):
        avocet.detect(pa.chunked_array([[1, 2]]), SPIKES)
    with pytest.raises(TypeError, match="from_pylist"):
        avocet.detect([{"device_id": "a"}], SPIKES)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        avocet.detect(readings(), Path("nowhere.yaml"))


def test_no_detectors_is_an_error() -> None:
    with pytest.raises(avocet.InputError, match="no detectors"):
        avocet.detect(readings(), {"detectors": []})
