"""What tasks do with records: decode them, and leave out those that came before.

Decode is given to mapInArrow, and then Accept, which makes bronze, or Judge, which makes all
tables: a record's device is known only when it is decoded, and what came before is known to the
part that has the device.
"""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avocet import _engine
from avocet.spark._clock import Array, Run
from avocet.spark._exchange import ROWS, Exchange, cut_row, locate, to_bytes
from avocet.spark._parts import (
    RUNS,
    Part,
    Plan,
    Values,
    by_part,
    open_engine,
    plain,
    read_tables,
    send_results,
    send_states,
    take_tables,
)

REFUSED = "refused"
"""Of this kind are rows of quarantine."""

_PLACE = ("source", "partition", "offset")

# What a compressed file begins with, and what Arrow calls that.
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


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


def _numbered(bronze: pa.Table, records: pa.Table) -> pa.Table:
    """Rows of bronze, which are the records without those that came before."""
    if len(bronze) != len(records):
        records = records.take(bronze["offset"])
    for name in (*_PLACE, "sequence"):
        bronze = bronze.set_column(bronze.schema.get_field_index(name), name, records[name])
    return bronze


@dataclass(frozen=True)
class Stretch:
    """Consecutive records of one partition in one task."""

    source: str | None
    partition: str
    id: int
    run: Run
    """Its rows, counted from 0."""

    @property
    def rows(self) -> int:
        return self.run.last + 1


@dataclass(frozen=True)
class Place:
    """Where a stretch is among all records."""

    source: str | None
    partition: str | None
    first: int
    """The number of its first row."""


def number_stretches(
    stretches: list[Stretch], first: int
) -> tuple[dict[int, Place], list[Run], int]:
    """The place of each stretch, the runs, and the number after all.

    In the order of the partitions' names, as files are read by `avocet run`, however Spark spreads
    them over tasks.
    """
    places: dict[int, Place] = {}
    runs = []
    for one in sorted(stretches, key=lambda one: (one.partition, one.id)):
        places[one.id] = Place(one.source, one.partition or None, first)
        runs.append(one.run.moved_to(first))
        first += one.rows
    return places, runs, first


@dataclass(frozen=True)
class Decode:
    """Records to those of each part, to quarantine, and how many there are of each partition."""

    config_text: str
    config_file: str
    parts: int
    now_us: int
    splits: bool
    """A payload is a whole file, of many records."""
    opens: bool
    """The payload is the path of that file."""
    exchange: Exchange

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        return self.run(batches, context.partitionId())

    def run(self, batches: Iterator[pa.RecordBatch], task: int) -> Iterator[pa.RecordBatch]:
        cutter = _engine.Cutter(self.config_text, self.config_file, self.parts, self.now_us)
        for rows in self._payloads(batches):
            cutter.feed(rows.__arrow_c_array__(), self.splits)
        found = cutter.take()
        refused = pa.table(found["refused"])
        offset = refused["offset"]
        known = pc.if_else(pc.less(offset, 0), pa.scalar(None, offset.type), offset)
        refused = refused.set_column(refused.schema.get_field_index("offset"), "offset", known)
        for batch in refused.to_batches(max_chunksize=100_000):
            yield cut_row(task % self.parts, REFUSED, to_bytes(pa.Table.from_batches([batch])))
        first_id = task << 32
        stretches = [
            Stretch(source or None, partition, first_id + i, Run(0, rows - 1, newest, steps, False))
            for i, (source, partition, rows, newest, steps) in enumerate(found["stretches"])
        ]
        yield cut_row(RUNS, "stretches", pickle.dumps(stretches))
        with self.exchange.sender() as send:
            for part, table in found["parts"].items():
                rows = pa.table(table)
                ids = pc.add(rows["stretch"], first_id)
                rows = rows.set_column(rows.schema.get_field_index("stretch"), "stretch", ids)
                # Each is far below 2 GiB.
                for batch in rows.to_batches():
                    yield send(part, pa.Table.from_batches([batch]))

    def _payloads(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if self.opens:
                # One after the other, as each may be large.
                for row in range(batch.num_rows):
                    yield _uncompressed(_opened(batch.slice(row, 1)))
            else:
                yield _uncompressed(batch) if self.splits else batch


def _opened(file: pa.RecordBatch) -> pa.RecordBatch:
    """A row with what its file holds."""
    system, path = locate(file.column("payload")[0].as_py())
    with system.open_input_file(path) as stream:
        content = stream.read_buffer()
    ends = pa.py_buffer(np.array([0, content.size], np.int64))
    payload = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, content])
    return file.set_column(file.schema.get_field_index("payload"), "payload", payload)


def _uncompressed(files: pa.RecordBatch) -> pa.RecordBatch:
    """Files as they were before gzip or zstd."""
    payload = files.column("payload")
    codecs = [_compression(one.as_buffer()) for one in payload]
    if not any(codecs):
        return files
    plain = [
        pa.CompressedInputStream(pa.BufferReader(one.as_buffer()), codec).read()
        if codec
        else one.as_py()
        for one, codec in zip(payload, codecs, strict=True)
    ]
    place = files.schema.get_field_index("payload")
    return files.set_column(place, "payload", pa.array(plain, pa.large_binary()))


def _compression(file: pa.Buffer) -> str | None:
    begin = file[:4].to_pybytes()
    return next((codec for magic, codec in _COMPRESSIONS.items() if begin.startswith(magic)), None)


def _arrivals(tables: list[bytes], places: dict[int, Place]) -> pa.Table:
    """Decoded records of a part in the order of arrival, with their numbers."""
    # A stretch is in order, and not in the middle of another: nothing is copied.
    stretches = sorted(
        (
            piece
            for table in tables
            for piece in _stretches_of(pa.ipc.open_stream(table).read_all())
        ),
        key=lambda piece: (places[piece[0]].first, piece[1]["number"][0].as_py()),
    )
    found = [places[one] for one, _ in stretches]
    counts = [len(rows) for _, rows in stretches]
    records = pa.concat_tables(rows for _, rows in stretches)
    first = np.repeat(np.array([place.first for place in found], np.int64), counts)
    sequence: Array = first + records["number"].to_numpy()
    # A place of its own, where the source knows none.
    known = records["offset"].to_numpy()
    offset = np.where(known < 0, sequence, known)
    return pa.table(
        {
            "payload": records["payload"],
            "source": _repeated([place.source for place in found], counts),
            "partition": _repeated([place.partition for place in found], counts),
            "offset": offset,
            "within_us": records["within_us"],
            "sequence": sequence,
        }
    )


def _stretches_of(records: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The stretches that records are of, each with its records."""
    ids = records["stretch"].to_numpy()
    begins = [0, *(np.flatnonzero(np.diff(ids)) + 1)]
    for begin, end in itertools.pairwise([*begins, len(ids)]):
        yield int(ids[begin]), records.slice(begin, end - begin)


def _repeated(names: list[str | None], counts: list[int]) -> pa.DictionaryArray:
    """Each name as often as it is said."""
    once = pa.array(names, pa.string()).dictionary_encode()
    which = pa.array(np.repeat(np.arange(len(names)), counts))
    return pa.DictionaryArray.from_arrays(once.indices.take(which), once.dictionary)


def _placed(
    found: dict[str, pa.Table], records: pa.Table | None, refused: list[bytes], epoch: int
) -> dict[str, pa.Table]:
    """What an engine makes of records, with their places, numbers and epoch."""
    if records is not None:
        found["bronze"] = _numbered(found["bronze"], records)
        for name in ("quarantine", "anomalies"):
            found[name] = plain(_with_places(found[name], records))
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
    places: dict[int, Place]
    """Of each stretch."""
    folders: dict[str, str] | None
    states: str | None
    """As those of Plan."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        states: dict[int, bytes] = {}
        yield from send_results(self._results(by_part(batches), states), self.folders)
        yield from send_states(states.items(), self.states)

    def _results(
        self, sent: dict[int, Values], states: dict[int, bytes]
    ) -> Iterator[tuple[int, str, pa.Table]]:
        for part in list(sent):
            values = sent.pop(part)
            engine = open_engine(self, values, takes_in=True)
            records = None
            if ROWS in values:
                records = _arrivals(values[ROWS], self.places)
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
    places: dict[int, Place]
    """Of each stretch."""

    def open(self, sent: Values) -> Part:
        part = Part(open_engine(self, sent), now_us=self.now_us, refused=sent.get(REFUSED, []))
        if ROWS in sent:
            part.records = _arrivals(sent[ROWS], self.places)
            part.sequence = part.records["sequence"].to_numpy()
            clock = self.clock.before(part.sequence, part.records["within_us"].to_numpy())
            rows = _rows_of(part.records)
            part.table = rows.append_column("fleet_time_us", pa.array(clock))
        return part

    def take(self, part: Part) -> dict[str, pa.Table]:
        return _placed(super().take(part), part.records, part.refused, self.epoch)
