"""Records of any stream to those of each part: what Spark's tasks do first, without Spark."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from avocet import _engine
from avocet.spark._clock import find_runs
from avocet.spark._exchange import STORED, Exchange, read_stored
from avocet.spark._intake import Decode, Place, Stretch, _arrivals, number_stretches
from avocet.spark._parts import RUNS, read_tables

CONFIG = "schema: {metrics: {temperature: {}}}\ndetectors: []\n"
PARTS = 3
NOW_US = 1_700_000_000_000_000
MINUTE_US = 60_000_000


def line(device: int, minute: int, value: object = 1.5) -> str:
    time_us = NOW_US - 10_000 * MINUTE_US + minute * MINUTE_US
    return json.dumps({"device_id": f"d{device}", "timestamp": time_us, "temperature": value})


def lines_of(seed: int, count: int = 400) -> list[str]:
    """Mostly later and later, some of them late, and some no readings."""
    random = np.random.default_rng(seed)
    made = [line(int(random.integers(9)), i - int(random.integers(8))) for i in range(count)]
    made[7] = "no reading"
    made[count - 1] = line(1, 3, value="warm")
    return made


def feed(cutter: Any, table: pa.Table, splits: bool = False) -> dict[str, Any]:
    cutter.feed(table.__arrow_c_stream__(), splits)
    found: dict[str, Any] = cutter.take()
    return found


def cutter() -> Any:
    return _engine.Cutter(CONFIG, "config", PARTS, NOW_US)


def rows_of(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Payload, offset, stretch and number of all records in the order of arrival."""
    tables = [pa.table(part) for part in found["parts"].values()]
    rows = pa.concat_tables(tables).sort_by([("stretch", "ascending"), ("number", "ascending")])
    columns = ("payload", "offset", "stretch", "number", "within_us")
    return list(zip(*(rows[name].to_pylist() for name in columns), strict=True))


def test_the_part_of_a_device_is_that_of_its_records() -> None:
    found = feed(cutter(), pa.table({"payload": [line(device, 1) for device in range(30)]}))
    parts = {
        json.loads(payload)["device_id"]: part
        for part, rows in found["parts"].items()
        for payload in pa.table(rows)["payload"].to_pylist()
    }
    assert len(parts) == 30 and len(set(parts.values())) == PARTS
    assert parts == {device: _engine.part_of(device, PARTS) for device in parts}


def test_a_file_is_cut_into_its_lines_with_their_places() -> None:
    lines = lines_of(1)
    text = "\n".join([*lines[:20], "", "  ", *lines[20:]]).encode()
    whole = pa.table({"payload": [text], "source": ["file"], "partition": ["/in/a.ndjson"]})
    by_line = pa.table({"payload": lines, "partition": ["/in/a.ndjson"] * len(lines)})
    found, single = feed(cutter(), whole, splits=True), feed(cutter(), by_line)
    got, want = rows_of(found), rows_of(single)
    assert [row[0] for row in got] == [row[0] for row in want]
    assert [row[2:] for row in got] == [row[2:] for row in want]
    assert len(got) == len(lines) - 2 and len(found["parts"]) == PARTS
    assert all(text[offset:].startswith(payload.encode()) for payload, offset, *_ in got)
    assert all(row[1] < 0 for row in want), "lines have no places that are known"
    assert found["stretches"][0][:3] == ("file", "/in/a.ndjson", len(got))
    refused = pa.table(found["refused"]).to_pylist()
    assert [row["code"] for row in refused] == ["invalid_json", "wrong_type"]
    assert refused[0]["offset"] == text.index(b"no reading")


def test_the_clock_of_a_stretch_is_that_of_find_runs() -> None:
    lines = [one for one in lines_of(2) if one != "no reading"][:-1]
    found = feed(cutter(), pa.table({"payload": lines}))
    rows = rows_of(found)
    time_us = np.array([json.loads(row[0])["timestamp"] for row in rows])
    numbers = np.arange(len(rows))
    (run,), within = find_runs(numbers, time_us, np.zeros(len(rows), np.int64), -1)
    assert [row[4] for row in rows] == within.tolist()
    (_, _, count, newest_us, steps), *_ = found["stretches"]
    assert (count, newest_us, steps) == (len(rows), run.newest_us, run.steps)
    assert len(steps) > 20


def test_what_one_device_sends_is_in_one_part() -> None:
    found = feed(cutter(), pa.table({"payload": lines_of(3)}))
    devices = {
        part: {json.loads(one)["device_id"] for one in pa.table(rows)["payload"].to_pylist()}
        for part, rows in found["parts"].items()
    }
    assert sum(map(len, devices.values())) == len(set.union(*devices.values())) == 9


@pytest.mark.parametrize("kind", ["ndjson", "gz", "zst", "json", "csv"])
def test_files_of_every_kind_are_read(kind: str) -> None:
    lines = [line(device, minute) for minute in range(30) for device in range(4)]
    text = "\n".join(lines).encode()
    if kind == "json":
        text = ("[" + ",\n".join(lines) + "]").encode()
    elif kind == "csv":
        rows = [json.loads(one) for one in lines]
        text = "\n".join(
            ["device_id,timestamp,temperature"]
            + [",".join(str(value) for value in row.values()) for row in rows]
        ).encode()
    elif kind == "gz":
        text = gzip.compress(text[:1000]) + gzip.compress(text[1000:])
    elif kind == "zst":
        text = pa.compress(text, codec="zstd", asbytes=True)
    name = f"/in/a.ndjson.{kind}" if kind in ("gz", "zst") else f"/in/a.{kind}"
    batch = pa.RecordBatch.from_pydict(
        {
            "payload": pa.array([text, b"", text], pa.binary()),
            "source": ["file"] * 3,
            "partition": [name, "/in/empty", "/in/b"],
            "offset": pa.array([None] * 3, pa.int64()),
        }
    )
    records, stretches = decoded(iter([batch]), splits=True)
    assert [stretch.rows for stretch in stretches] == [len(lines)] * 2
    places, _, end = number_stretches(stretches, 10)
    assert end == 10 + 2 * len(lines)
    arrived = pa.concat_tables(
        pa.table({**{n: table[n] for n in ("sequence", "offset")}, "p": table["partition"]})
        for table in (_arrivals(of_part, places) for of_part in records.values())
    )
    numbers = sorted(arrived["sequence"].to_pylist())
    assert numbers == list(range(10, end))
    first = arrived.filter(pc.less(arrived["sequence"], 10 + len(lines)))
    assert set(first["p"].to_pylist()) == {name}, "in the order of the files' names"


def test_tasks_open_files_and_exchange_what_they_have_by_a_folder(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a b.ndjson", "c%20d.ndjson.gz", "empty.ndjson")]
    texts = ["\n".join(lines_of(seed)).encode() for seed in (4, 5)]
    contents = [texts[0], gzip.compress(texts[1]), b""]
    for name, content in zip(names, contents, strict=True):
        name.write_bytes(content)
    partition = [f"file:{name}" for name in names]

    def rows(payload: pa.Array) -> pa.RecordBatch:
        return pa.RecordBatch.from_pydict(
            {
                "payload": payload,
                "source": ["file"] * 3,
                "partition": partition,
                "offset": pa.array([None] * 3, pa.int64()),
            }
        )

    folder = tmp_path / "exchange"
    opened = rows(pa.array(partition))
    found, stretches = decoded(iter([opened]), True, opens=True, folder=str(folder))
    sent = rows(pa.array(contents, pa.binary()))
    want, same_stretches = decoded(iter([sent]), splits=True)
    assert stretches == same_stretches and len(stretches) == 2
    assert found.keys() == want.keys() and len(want) == PARTS
    for part, values in want.items():
        assert read_tables(found[part]).equals(read_tables(values))
    assert len(list(folder.iterdir())) == 1, "a task writes one file"
    for _ in range(2):
        Exchange(str(folder)).clear()
    assert list(folder.iterdir()) == []
    Exchange(str(tmp_path / "nothing")).clear()


def decoded(
    batches: Iterator[pa.RecordBatch], splits: bool, opens: bool = False, folder: str | None = None
) -> tuple[dict[int, list[bytes]], list[Stretch]]:
    records: dict[int, list[bytes]] = {}
    stretches: list[Stretch] = []
    decode = Decode(CONFIG, "config", PARTS, NOW_US, splits, opens, Exchange(folder))
    for row in list(decode.run(batches, 2)):
        (one,) = row.to_pylist()
        if one["part"] == RUNS:
            stretches += pickle.loads(one["bytes"])
        elif one["kind"] == "rows":
            records.setdefault(one["part"], []).append(one["bytes"])
        elif one["kind"] in STORED:
            records.setdefault(one["part"], []).append(read_stored(one["bytes"]))
    return records, stretches


def test_records_of_several_partitions_are_numbered_one_after_the_other() -> None:
    rows = [("b", 5), ("b", 6), ("a", 1), ("b", 7), (None, None)]
    batch = pa.RecordBatch.from_pydict(
        {
            "payload": [line(1, minute) for minute in range(5)],
            "source": ["kafka"] * 4 + [None],
            "partition": [name for name, _ in rows],
            "offset": pa.array([offset for _, offset in rows], pa.int64()),
        }
    )
    records, stretches = decoded(iter([batch]), splits=False)
    places, runs, end = number_stretches(stretches, 0)
    assert [run.first for run in runs] == [0, 1, 2, 4] and end == 5
    assert {place.source for place in places.values()} == {"kafka", None}
    (tables,) = records.values()
    arrived = _arrivals(tables, places)
    assert arrived["partition"].to_pylist() == [None, "a", "b", "b", "b"]
    # A place of its own, where the source knows none.
    assert arrived["offset"].to_pylist() == [0, 1, 5, 6, 7]
    assert len(read_tables(tables)) == 5
    assert isinstance(next(iter(places.values())), Place)
