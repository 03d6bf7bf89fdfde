"""What tasks do with records: decode them, and leave out those that came before.

Decode is given to mapInArrow, and then Accept, which makes bronze, or Judge, which makes all
tables: a record's device is known only when it is decoded, and what came before is known to the
part that has the device.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avocet import _engine
from avocet.spark._clock import Array, Run, find_runs
from avocet.spark._parts import (
    RUNS,
    STATE,
    Part,
    Plan,
    Values,
    by_part,
    cut_row,
    group_rows,
    open_engine,
    read_tables,
    result_row,
    send_results,
    take_tables,
    to_bytes,
)

_PLACE = ("source", "partition", "offset")


REFUSED = "refused"
"""Of this kind are rows of quarantine."""

_WITH_PLACES = ("bronze", "quarantine", "anomalies")


def _rows_of(records: pa.Table) -> pa.Table:
    """For an engine. Their offsets, and those of the results, are their rows here."""
    return pa.table({"payload": records["payload"], "offset": np.arange(len(records))})


def _with_places(found: pa.Table, records: pa.Table) -> pa.Table:
    """Results, with the places that their records came from."""
    origin = records.select(_PLACE).take(found["offset"])
    for name in _PLACE:
        column = found.schema.get_field_index(name)
        found = found.set_column(column, name, origin[name])
    return found


@dataclass(frozen=True)
class Stretch:
    """Consecutive records of one partition in one task."""

    partition: str
    id: int
    run: Run
    """Its rows, counted from anywhere."""

    @property
    def rows(self) -> int:
        return self.run.last - self.run.first + 1


def number_stretches(stretches: list[Stretch], first: int) -> tuple[dict[int, int], list[Run], int]:
    """The number of the first row of each stretch, the runs, and the number after all.

    In the order of the partitions' names, as files are read by `avocet run`, however Spark spreads
    them over tasks.
    """
    numbers: dict[int, int] = {}
    runs = []
    for one in sorted(stretches, key=lambda one: (one.partition, one.id)):
        numbers[one.id] = first
        runs.append(one.run.moved_to(first))
        first += one.rows
    return numbers, runs, first


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
        engine.feed(_rows_of(records).__arrow_c_stream__(), "payload", "", self.now_us, False)
        made = take_tables(engine)
        bronze, refused = made["bronze"], made["quarantine"]
        # A record that a quality rule refuses is in bronze: the part that has the device says so.
        shapeless = ~np.isin(refused["offset"].to_numpy(), bronze["offset"].to_numpy())
        refused = _with_places(refused.filter(pa.array(shapeless)), records)
        for batch in refused.to_batches(max_chunksize=100_000):
            yield cut_row(task % self.parts, REFUSED, to_bytes(pa.Table.from_batches([batch])))
        rows = records if len(bronze) == len(records) else records.take(bronze["offset"])
        stretch, number, names = _stretches(rows["partition"])
        # Numbers with a gap before each stretch, which make it a run.
        gaps = np.arange(len(rows)) + stretch
        time_us = bronze["event_time"].cast(pa.int64()).to_numpy()
        runs, within_us = find_runs(gaps, time_us, np.zeros(len(rows), np.int64), -1)
        found_here = [
            Stretch(name, (task << 32) + i, run)
            for i, (name, run) in enumerate(zip(names, runs, strict=True))
        ]
        yield cut_row(RUNS, "stretches", pickle.dumps(found_here))
        for name in ("source", "partition"):
            column = rows[name].combine_chunks().dictionary_encode()
            rows = rows.set_column(rows.schema.get_field_index(name), name, column)
        rows = rows.append_column("stretch", pa.array((task << 32) + stretch))
        rows = rows.append_column("number", pa.array(number))
        rows = rows.append_column("within_us", pa.array(within_us))
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


def _arrivals(tables: list[bytes], first: dict[int, int]) -> pa.Table:
    """Decoded records of a part in the order of arrival, with their numbers."""
    records = read_tables(tables).unify_dictionaries().combine_chunks()
    stretches, which = np.unique(records["stretch"].to_numpy(), return_inverse=True)
    begins = np.array([first[stretch] for stretch in stretches.tolist()], np.int64)
    sequence: Array = begins[which] + records["number"].to_numpy()
    records = records.append_column("sequence", pa.array(sequence))
    # A place of its own, where the source knows none.
    place = records.schema.get_field_index("offset")
    records = records.set_column(
        place, "offset", pc.coalesce(records["offset"], records["sequence"])
    )
    for name in ("source", "partition"):
        column = records[name].cast(pa.string())
        records = records.set_column(records.schema.get_field_index(name), name, column)
    if np.all(sequence[1:] > sequence[:-1]):
        return records
    return records.take(np.argsort(sequence, kind="stable"))


def _placed(
    found: dict[str, pa.Table], records: pa.Table | None, refused: list[bytes], epoch: int
) -> dict[str, pa.Table]:
    """What an engine makes of records, with their places, numbers and epoch."""
    if records is not None:
        bronze = found["bronze"]
        sequence = records["sequence"].take(bronze["offset"])
        place = bronze.schema.get_field_index("sequence")
        found["bronze"] = bronze.set_column(place, "sequence", sequence)
        for name in _WITH_PLACES:
            found[name] = _with_places(found[name], records)
    if refused:
        found["quarantine"] = pa.concat_tables([found["quarantine"], read_tables(refused)])
    for name in ("bronze", "quarantine"):
        place = found[name].schema.get_field_index("epoch")
        values = pa.array(np.full(len(found[name]), epoch, np.int64))
        found[name] = found[name].set_column(place, "epoch", values)
    return found


@dataclass(frozen=True)
class Accept:
    """Decoded records of parts to rows of bronze, numbered in the order of arrival."""

    config_text: str
    config_file: str
    now_us: int
    epoch: int
    first: dict[int, int]
    """The number of the first row of each stretch."""
    folders: dict[str, str] | None
    """As those of Plan."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        states: dict[int, bytes] = {}
        yield from send_results(self._results(by_part(batches), states), self.folders)
        yield from (result_row(part, STATE, 0, state) for part, state in states.items())

    def _results(
        self, sent: dict[int, Values], states: dict[int, bytes]
    ) -> Iterator[tuple[int, str, pa.Table]]:
        for part in list(sent):
            values = sent.pop(part)
            engine = open_engine(self, values, takes_in=True)
            records = None
            if "rows" in values:
                records = _arrivals(values["rows"], self.first)
                rows = _rows_of(records).__arrow_c_stream__()
                engine.feed(rows, "payload", "", self.now_us, False)
            found = _placed(take_tables(engine), records, values.get(REFUSED, []), self.epoch)
            states[part] = engine.state()
            yield from ((part, name, found[name]) for name in ("bronze", "quarantine"))


@dataclass(frozen=True)
class Judge(Plan):
    """Decoded records of parts to the rows of all tables."""

    _: KW_ONLY
    now_us: int
    epoch: int
    first: dict[int, int]
    """The number of the first row of each stretch."""

    def open(self, sent: Values) -> Part:
        part = Part(open_engine(self, sent), now_us=self.now_us, refused=sent.get(REFUSED, []))
        if "rows" in sent:
            part.records = _arrivals(sent["rows"], self.first)
            part.sequence = part.records["sequence"].to_numpy()
            clock = self.clock.before(part.sequence, part.records["within_us"].to_numpy())
            rows = _rows_of(part.records)
            part.table = rows.append_column("fleet_time_us", pa.array(clock))
        return part

    def take(self, part: Part) -> dict[str, pa.Table]:
        return _placed(super().take(part), part.records, part.refused, self.epoch)
