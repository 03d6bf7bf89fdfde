"""What tasks do to make bronze: decode records, and leave out those that came before.

Both classes are given to mapInArrow, one after the other: a record's device is known only when it
is decoded, and what came before is known to the part that has the device.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avocet import _engine
from avocet.spark._clock import Array
from avocet.spark._parts import (
    RUNS,
    STATE,
    by_part,
    cut_row,
    group_rows,
    result_row,
    result_rows,
    to_bytes,
)

_PLACE = ("source", "partition", "offset")


def _feed(engine: _engine.Engine, records: pa.Table, now_us: int) -> dict[str, pa.Table]:
    """What an engine makes of records. Their offsets in the results are their rows here."""
    rows = pa.table({"payload": records["payload"], "offset": np.arange(len(records))})
    engine.feed(rows.__arrow_c_stream__(), "payload", "", now_us, False)
    return {name: pa.table(table) for name, table in engine.take().items()}


def _with_places(found: pa.Table, records: pa.Table) -> pa.Table:
    """Results, with the places that their records came from."""
    origin = records.take(found["offset"])
    for name in _PLACE:
        column = found.schema.get_field_index(name)
        found = found.set_column(column, name, origin[name])
    return found


@dataclass(frozen=True)
class Decode:
    """Records to those of each part, to quarantine, and how many there are of each partition."""

    config_text: str
    config_file: str
    parts: int
    now_us: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        return self.run(batches, context.partitionId())

    def run(self, batches: Iterator[pa.RecordBatch], task: int) -> Iterator[pa.RecordBatch]:
        found = [batch for batch in batches if batch.num_rows]
        if not found:
            return
        records = pa.Table.from_batches(found)
        engine = _engine.Engine(self.config_text, self.config_file, True, True)
        made = _feed(engine, records, self.now_us)
        bronze, refused = made["bronze"], made["quarantine"]
        # A record that a quality rule refuses is in bronze: the part that has the device says so.
        shapeless = ~np.isin(refused["offset"].to_numpy(), bronze["offset"].to_numpy())
        refused = refused.filter(pa.array(shapeless))
        yield from (
            cut_row(RUNS, "quarantine", to_bytes(pa.Table.from_batches([batch])))
            for batch in _with_places(refused, records).to_batches(max_chunksize=100_000)
        )
        rows = records.take(bronze["offset"])
        stretch, number, names = _stretches(rows["partition"])
        rows = rows.append_column("stretch", pa.array((task << 32) + stretch))
        rows = rows.append_column("number", pa.array(number))
        counts = np.bincount(stretch, minlength=len(names)).tolist()
        found_here = [(name, (task << 32) + i, counts[i]) for i, name in enumerate(names)]
        yield cut_row(RUNS, "stretches", pickle.dumps(found_here))
        devices = bronze["device_id"].combine_chunks().dictionary_encode()
        part_of = [zlib.crc32(one.encode()) % self.parts for one in devices.dictionary.to_pylist()]
        part = np.array(part_of, np.int64)[devices.indices.to_numpy()]
        for of_part, mine in group_rows(rows, part):
            yield cut_row(of_part, "rows", to_bytes(mine))


def _stretches(partition: pa.ChunkedArray) -> tuple[Array, Array, list[str]]:
    """Consecutive rows of one partition: of each row the stretch and its place there; of each
    stretch the partition."""
    names = partition.fill_null("").combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy()
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    stretch = np.zeros(len(codes), np.int64)
    stretch[begins[1:]] = 1
    stretch = np.cumsum(stretch)
    number = np.arange(len(codes)) - begins[stretch] if len(codes) else stretch
    return stretch, number, [names.dictionary[int(code)].as_py() for code in codes[begins]]


@dataclass(frozen=True)
class Accept:
    """Decoded records of parts to rows of bronze, numbered in the order of arrival."""

    config_text: str
    config_file: str
    now_us: int
    epoch: int
    first: dict[int, int]
    """The number of the first row of each stretch."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        states, tables = by_part(batches)
        for part, state in states.items():
            engine = _engine.Engine(self.config_text, self.config_file, True, True)
            if state is not None:
                engine.restore(state)
            if part in tables:
                made = self._accept(engine, tables.pop(part))
                for name, table in made.items():
                    yield from result_rows(part, name, table)
            yield result_row(part, STATE, 0, engine.state())

    def _accept(self, engine: _engine.Engine, tables: list[bytes]) -> dict[str, pa.Table]:
        records = pa.concat_tables(pa.ipc.open_stream(one).read_all() for one in tables)
        stretches, which = np.unique(records["stretch"].to_numpy(), return_inverse=True)
        first = np.array([self.first[stretch] for stretch in stretches.tolist()], np.int64)
        sequence: Array = first[which] + records["number"].to_numpy()
        order = np.argsort(sequence, kind="stable")
        records, sequence = records.take(order), sequence[order]
        made = _feed(engine, records, self.now_us)
        bronze = made["bronze"]
        taken = bronze["offset"].to_numpy()
        bronze = _with_places(bronze, records)
        # A place of its own, where the source knows none.
        place = bronze.schema.get_field_index("offset")
        offset = pc.coalesce(bronze["offset"], pa.array(sequence[taken]))
        bronze = bronze.set_column(place, "offset", offset)
        for name, values in (
            ("sequence", sequence[taken]),
            ("epoch", np.full(len(taken), self.epoch)),
        ):
            column = bronze.schema.get_field_index(name)
            bronze = bronze.set_column(column, name, pa.array(values, pa.int64()))
        return {"bronze": bronze, "quarantine": _with_places(made["quarantine"], records)}
