"""What tasks do: cut rows of bronze into the parts of a fleet, and let an engine process each.

Both functions are given to mapInArrow. Tables travel as bytes of Arrow's stream format, one value
for very many rows, or by an exchange.
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import socket
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avocet import _engine
from avocet.spark._clock import Array, FleetClock, Run, find_runs
from avocet.spark._direct import write_files
from avocet.spark._exchange import (
    ROWS,
    STATE,
    STORED,
    Exchange,
    Store,
    cut_row,
    read_stored,
    storing,
    to_bytes,
)
from avocet.spark._lake import BOUNDED, DAY_OF
from avocet.spark._medians import HubAddress, connected, medians_of_fleet

RUNS = -1
"""In the column of parts: the row has the runs of a place instead."""

CUT_SCHEMA = "part int, kind string, bytes binary"
RESULT_SCHEMA = "part int, kind string, rows long, bytes binary"
FILES = "files"
"""The row names a table, and files of it that the task has written."""

REPLACES = "replaces "
"""Before the name of a table: its rows may be there already, for the same hours."""

# Of an engine's tables. What is replayed brings no rows of the first two.
_APPENDED = ("bronze", "quarantine", "silver", "anomalies", "alerts")
_AMENDED = {"device_stats": "amended_stats", "device_health": "amended_health"}


def unpack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of tables that came as bytes. For mapInArrow."""
    for batch in batches:
        for value in batch.column("bytes"):
            yield from pa.ipc.open_stream(value.as_buffer())


@dataclass(frozen=True)
class Cut:
    """Rows of bronze to those of each part, in the order of their arrival. For mapInArrow."""

    written_epoch: int
    exchange: Exchange
    parts: int
    """Of the fleet: for rows that have the device instead of the part."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found = [batch for batch in batches if batch.num_rows]
        if not found:
            return
        table = _in_order(pa.Table.from_batches(found))
        sequence = table["sequence"].to_numpy()
        runs, within = find_runs(
            sequence, table["time_us"].to_numpy(), table["epoch"].to_numpy(), self.written_epoch
        )
        part = self._part_of(table)
        rows = pa.table(
            {
                "sequence": table["sequence"],
                "within_us": within,
                # A part may have more than 2 GiB of them.
                "payload": table["payload"].cast(pa.large_string()),
                "source": table["source"].combine_chunks().dictionary_encode(),
                "partition": table["partition"].combine_chunks().dictionary_encode(),
                "offset": table["offset"],
            }
        )
        with self.exchange.sender() as send:
            yield from itertools.starmap(send, group_rows(rows, part))
        yield cut_row(RUNS, "runs", pickle.dumps(runs))

    def _part_of(self, table: pa.Table) -> Array:
        if "part" in table.column_names:
            part: Array = table["part"].to_numpy()
            return part
        devices = table["device_id"].combine_chunks().dictionary_encode()
        known = [_engine.part_of(name, self.parts) for name in devices.dictionary.to_pylist()]
        spread: Array = np.array(known, np.int64)[devices.indices.to_numpy()]
        return spread


def group_rows(rows: pa.Table, part: Array) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each part, in their order."""
    if not len(part):
        return
    order = np.argsort(part, kind="stable")
    rows, part = rows.take(order), part[order]
    cuts = [0, *(np.flatnonzero(np.diff(part)) + 1), len(part)]
    for begin, end in itertools.pairwise(cuts):
        yield int(part[begin]), rows.slice(begin, end - begin)


def load_runs(values: list[bytes]) -> list[Run]:
    return [run for value in values for run in pickle.loads(value)]


def _in_order(table: pa.Table) -> pa.Table:
    sequence = table["sequence"].to_numpy()
    if np.all(sequence[1:] > sequence[:-1]):
        return table
    return table.take(np.argsort(sequence, kind="stable"))


Values = dict[str, list[bytes]]
"""What a part has been sent, by its kind."""


def by_part(batches: Iterator[pa.RecordBatch]) -> dict[int, Values]:
    """What each part of a task has been sent."""
    found: dict[int, Values] = {}
    for batch in batches:
        for row in batch.to_pylist():
            kind, value = row["kind"], row["bytes"]
            if kind in STORED:
                kind, value = STORED[kind], read_stored(value)
            found.setdefault(row["part"], {}).setdefault(kind, []).append(value)
    return found


def read_tables(values: list[bytes]) -> pa.Table:
    return pa.concat_tables(pa.ipc.open_stream(value).read_all() for value in values)


class HasConfig(Protocol):
    @property
    def config_text(self) -> str: ...
    @property
    def config_file(self) -> str: ...


def open_engine(work: HasConfig, sent: Values, *, takes_in: bool = False) -> _engine.Engine:
    """The engine of a part as it was. takes_in: it judges records, and detects nothing."""
    engine = _engine.Engine(work.config_text, work.config_file, True, takes_in)
    for state in sent.get(STATE, []):
        engine.restore(bytes(state))
    return engine


@dataclass
class Part:
    """Some devices: their engine, and the rows that it has yet to process."""

    engine: _engine.Engine
    table: pa.Table | None = None
    sequence: Array = field(default_factory=lambda: np.empty(0, np.int64))
    now_us: int | None = None
    """By which readings of the future are told; nothing for rows of bronze."""
    records: pa.Table | None = None
    """What the rows were made from, when they are not of bronze."""
    refused: list[bytes] = field(default_factory=list)
    """Rows of quarantine that have no device."""
    next: int = 0

    def process_through(self, sequence: int | None) -> None:
        """The rows up to one number, or all."""
        if self.table is None:
            return
        end = len(self.sequence)
        if sequence is not None:
            end = int(np.searchsorted(self.sequence, sequence, side="right"))
        if end > self.next:
            rows = self.table.slice(self.next, end - self.next)
            self.engine.feed(
                rows.__arrow_c_stream__(), "payload", "fleet_time_us", self.now_us, self.replayed
            )
            self.next = end

    @property
    def replayed(self) -> bool:
        return self.now_us is None


@dataclass(frozen=True)
class Plan:
    """One micro-batch, for all tasks. Processes the parts that a task is given. For mapInArrow."""

    config_text: str
    config_file: str
    clock: FleetClock
    _: KW_ONLY
    hub: HubAddress | None = None
    """Where medians come from; nothing when no detector compares devices."""
    ends: bool
    """The stream ends: hours that are open get rows."""
    replaces: bool
    """Hours may have rows already, though the engines do not know it."""
    folders: dict[str, str] | None
    """Of the tables whose files tasks write; nothing: all rows travel in the results."""
    states: str | None
    """The folder into which they write states; nothing: these travel, too."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        return self.run(batches, context.partitionId())

    def run(self, batches: Iterator[pa.RecordBatch], task: int) -> Iterator[pa.RecordBatch]:
        sent = by_part(batches)
        parts = {number: self.open(sent.pop(number)) for number in list(sent)}
        with contextlib.ExitStack() as stack:
            hub = None
            if self.hub is not None:
                hub = stack.enter_context(connected(self.hub, task))
            self._process(list(parts.values()), hub)
        yield from send_results(self._results(parts), self.folders)
        states = ((number, part.engine.state()) for number, part in parts.items())
        yield from send_states(states, self.states)

    def open(self, sent: Values) -> Part:
        """A part as it was, with its rows of this micro-batch."""
        engine = open_engine(self, sent)
        if ROWS not in sent:
            return Part(engine)
        # From places whose rows may lie between each other's.
        table = _in_order(read_tables(sent[ROWS]).unify_dictionaries().combine_chunks())
        sequence = table["sequence"].to_numpy()
        clock = self.clock.before(sequence, table["within_us"].to_numpy())
        table = table.append_column("fleet_time_us", pa.array(clock))
        return Part(engine, table, sequence)

    def take(self, part: Part) -> dict[str, pa.Table]:
        """What was found in a part."""
        return take_tables(part.engine)

    def _process(self, parts: list[Part], hub: socket.socket | None) -> None:
        for stop in self.clock.stops:
            if hub is None and not stop.discards:
                continue
            for part in parts:
                part.process_through(stop.sequence)
                part.engine.advance_fleet(stop.clock_us, part.replayed)
                if stop.discards:
                    part.engine.take()
            if hub is not None and stop.closes is not None:
                samples = [part.engine.collect_fleet(stop.closes) for part in parts]
                medians = medians_of_fleet(hub, samples)
                for part in parts:
                    part.engine.learn_fleet(stop.closes, medians)
        for part in parts:
            part.process_through(None)
            part.engine.advance_fleet(self.clock.end_us, part.replayed)

    def _results(self, parts: dict[int, Part]) -> Iterator[tuple[int, str, pa.Table]]:
        for number, part in parts.items():
            if self.ends:
                part.engine.finish()
            found = self.take(part)
            yield from ((number, name, found[name]) for name in _APPENDED)
            for name, amended in _AMENDED.items():
                new, again = self._hours(found[name], found[amended])
                yield number, name, new
                yield number, REPLACES + name, again

    def _hours(self, rows: pa.Table, amended: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The rows of hours that have none yet, and of those that may have."""
        if amended.num_rows:
            # An hour may have been amended after it was over: its last row holds.
            keys = _keys(rows, amended.column_names)
            last = sorted({key: row for row, key in enumerate(keys)}.values())
            rows = rows.take(last)
        if self.replaces:
            return rows.slice(0, 0), rows
        known = set(_keys(amended, amended.column_names))
        again = [key in known for key in _keys(rows, amended.column_names)] if known else []
        if not any(again):
            return rows, rows.slice(0, 0)
        mask = pa.array(again)
        return rows.filter(pc.invert(mask)), rows.filter(mask)


def take_tables(engine: _engine.Engine) -> dict[str, pa.Table]:
    return {name: pa.table(table) for name, table in engine.take().items()}


def _keys(rows: pa.Table, names: list[str]) -> list[tuple[object, ...]]:
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def send_results(
    made: Iterator[tuple[int, str, pa.Table]], folders: dict[str, str] | None
) -> Iterator[pa.RecordBatch]:
    """Rows of tables, with their part and their table's name: into files below `folders`, of which
    the driver learns, or to the driver's own writer."""
    waiting: dict[str, list[pa.Table]] = {}
    for part, name, rows in made:
        if folders is None or name not in folders:
            yield from result_rows(part, name, rows)
        elif rows.num_rows:
            waiting.setdefault(name, []).append(rows)
    for name in list(waiting):
        rows = pa.concat_tables(waiting.pop(name)).unify_dictionaries()
        assert folders is not None
        files = list(write_files(folders[name], rows, DAY_OF.get(name), BOUNDED.get(name)))
        yield result_row(RUNS, FILES, rows.num_rows, pickle.dumps((name, files)))


def _store_bytes(store: Store, value: bytes) -> bytes:
    return store(lambda out: out.write(value))


def send_states(
    states: Iterable[tuple[int, bytes]], folder: str | None
) -> Iterator[pa.RecordBatch]:
    """The states of parts, for States."""
    if folder is None:
        yield from (result_row(part, STATE, 0, state) for part, state in states)
        return
    with storing(folder) as store:
        # Nobody may learn of them before they are there.
        places = [(part, _store_bytes(store, state)) for part, state in states]
    yield from (result_row(part, "stored state", 0, place) for part, place in places)


def plain(table: pa.Table) -> pa.Table:
    """Without dictionaries, which Spark cannot read."""
    for i, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(i, column.name, table[i].cast(column.type.value_type))
    return table


def result_rows(part: int, kind: str, table: pa.Table) -> Iterator[pa.RecordBatch]:
    """So many rows a value that it stays far below 2 GiB."""
    for batch in plain(table).to_batches(max_chunksize=100_000):
        if batch.num_rows:
            value = to_bytes(pa.Table.from_batches([batch]))
            yield result_row(part, kind, batch.num_rows, value)


def result_row(part: int, kind: str, rows: int, value: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array([part], pa.int32()),
            pa.array([kind]),
            pa.array([rows], pa.int64()),
            pa.array([value], pa.binary()),
        ],
        ["part", "kind", "rows", "bytes"],
    )
