"""What avocet-spark forget finds a device by: the same as `avocet forget`."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from avocet.spark._trace import Trace

ORDINARY = {"temperature", "t1"}


def trace_of(device: str, *others: str) -> Trace:
    trace = Trace(device, ORDINARY)
    trace.others_are(others)
    return trace


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"device_id":"press-0417"}', True),
        (b'{"device_id":"press-04171"}', False),
        (b'{"note":"a-press-0417"}', False),
        (b'v1\n{"note":"the press-0417, again"}', True),
        (b'{"note":"hall press-0417"}', False),
        (b'{"note":"hall press-0417 and press-0417"}', True),
        (b'{"add":{"stats":"{\\"maxValues\\":{\\"device_id\\":\\"press-0417\\"}}"}}', True),
    ],
)
def test_a_device_is_told_from_those_whose_names_hold_its_name(content: bytes, found: bool) -> None:
    trace = trace_of("press-0417", "press-04171", "hall press-0417")
    assert trace.is_in_file("00000000000000000001.json", content) is found


def test_bytes_are_searched_for_what_is_not_there_by_chance() -> None:
    trace = trace_of("press-0417", "press-04171")
    assert trace.is_in_bytes(b"\x0apress-0417\x0bpress-0418")
    assert not trace.is_in_bytes(b"\x0bpress-04171\x0bpress-0418")
    assert not trace_of("d1").is_in_bytes(b"PAR1..d1..")
    assert trace_of("d1").is_in_file("0.json", b'"d1"')
    assert trace_of("Ger\u00e4t 1").is_in_file("0.json", b'"Ger\\u00E4t 1"')


@pytest.mark.parametrize("device", ["1", "ump", "t1", "temperature"])
def test_an_ordinary_word_is_a_name_only_where_devices_are_named(device: str) -> None:
    trace = trace_of(device)
    assert not trace.is_told_in("reason", f"{device} is high")
    assert trace.is_told_in("device_id", device)
    bounds = f'{{"minValues":{{"device_id":"{device}","temperature":1}}}}'
    assert trace.is_told_in("stats", bounds)
    assert not trace.is_told_in("stats", '{"numRecords":1}')


def test_a_bound_that_is_cut_is_found_unless_another_device_begins_alike() -> None:
    assert trace_of("a" * 40).is_told_in("device_id", "a" * 31 + "b")
    assert not trace_of("a" * 40, "a" * 39).is_told_in("device_id", "a" * 32)


def parquet(**columns: pa.Array) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def test_parquet_is_decoded() -> None:
    fleet = pa.array([f"pump-1{n}" for n in range(500)])
    stats = pa.array([{"stats": '{"minValues":{"device_id":"pump-1"}}'}])
    notes = pa.array([[("a", "as pump-1 was")]], pa.map_(pa.string(), pa.string()))
    trace = trace_of("pump-1", *fleet.to_pylist())
    for content, found in (
        (parquet(device_id=fleet), False),
        (parquet(device_id=pa.concat_arrays([fleet, pa.array(["pump-1", None])])), True),
        (parquet(payload=pa.array([b'{"device_id":"pump-1"}', b"\xff"])), True),
        (parquet(add=stats), True),
        (parquet(tags=notes), True),
        (parquet(tags=notes.slice(0, 0)), False),
    ):
        assert trace.is_in_file("part-0.parquet", content) is found
    assert trace_of("press-0417").is_in_file("part-0.parquet", b"PAR1 press-0417")
