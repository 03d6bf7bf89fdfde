"""What tasks do: cut rows of bronze into the parts of a fleet, and let an engine process each.

Both functions are given to mapInArrow. Tables travel as bytes of Arrow's stream format, one value
for very many rows.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import pickle
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from avocet import _engine
from avocet.spark._clock import Array, FleetClock, Run, find_runs
from avocet.spark._medians import HubAddress, connected, medians_of_fleet

RUNS = -1
"""In the column of parts: the row has the runs of a place instead."""

CUT_SCHEMA = "part int, kind string, bytes binary"
RESULT_SCHEMA = "part int, kind string, rows long, bytes binary"
STATE = "state"

# Of an engine's tables: what is not made from bronze that is replayed.
_RESULTS = ("silver", "anomalies", "device_stats", "amended_stats", "alerts")


def to_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of tables that came as bytes. For mapInArrow."""
    for batch in batches:
        for value in batch.column("bytes"):
            yield from pa.ipc.open_stream(value.as_buffer())


@dataclass(frozen=True)
class Cut:
    """Rows of bronze to those of each part, in the order of their arrival. For mapInArrow."""

    written_epoch: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found = [batch for batch in batches if batch.num_rows]
        if not found:
            return
        table = _in_order(pa.Table.from_batches(found))
        sequence = table["sequence"].to_numpy()
        runs, within = find_runs(
            sequence, table["time_us"].to_numpy(), table["epoch"].to_numpy(), self.written_epoch
        )
        part = table["part"].to_numpy()
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
        for number, mine in group_rows(rows, part):
            yield cut_row(number, "rows", to_bytes(mine))
        yield cut_row(RUNS, "runs", pickle.dumps(runs))


def group_rows(rows: pa.Table, part: Array) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each part, in their order."""
    if not len(part):
        return
    order = np.argsort(part, kind="stable")
    rows, part = rows.take(order), part[order]
    cuts = [0, *(np.flatnonzero(np.diff(part)) + 1), len(part)]
    for begin, end in itertools.pairwise(cuts):
        yield int(part[begin]), rows.slice(begin, end - begin)


def cut_row(part: int, kind: str, value: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([part], pa.int32()), pa.array([kind]), pa.array([value], pa.binary())],
        ["part", "kind", "bytes"],
    )


def load_runs(values: list[bytes]) -> list[Run]:
    return [run for value in values for run in pickle.loads(value)]


def _in_order(table: pa.Table) -> pa.Table:
    sequence = table["sequence"].to_numpy()
    if np.all(sequence[1:] > sequence[:-1]):
        return table
    return table.take(np.argsort(sequence, kind="stable"))


def by_part(
    batches: Iterator[pa.RecordBatch],
) -> tuple[dict[int, bytes | None], dict[int, list[bytes]]]:
    """The state and the tables of each part of a task."""
    states: dict[int, bytes | None] = {}
    tables: dict[int, list[bytes]] = {}
    for batch in batches:
        for row in batch.to_pylist():
            states.setdefault(row["part"], None)
            if row["kind"] == "rows":
                tables.setdefault(row["part"], []).append(row["bytes"])
            elif row["kind"] == STATE:
                states[row["part"]] = row["bytes"]
    return states, tables


@dataclass
class _Part:
    """Some devices: their engine, and the rows that it has yet to process."""

    engine: _engine.Engine
    table: pa.Table | None
    sequence: Array = field(default_factory=lambda: np.empty(0, np.int64))
    next: int = 0

    @classmethod
    def of(cls, plan: Plan, state: bytes | None, tables: list[bytes]) -> _Part:
        engine = _engine.Engine(plan.config_text, plan.config_file, True)
        if state is not None:
            engine.restore(state)
        if not tables:
            return cls(engine, None)
        # From places whose rows may lie between each other's.
        table = pa.concat_tables(pa.ipc.open_stream(one).read_all() for one in tables)
        table = _in_order(table.unify_dictionaries().combine_chunks())
        sequence = table["sequence"].to_numpy()
        clock = plan.clock.before(sequence, table["within_us"].to_numpy())
        table = table.append_column("fleet_time_us", pa.array(clock))
        return cls(engine, table, sequence)

    def process_through(self, sequence: int | None) -> None:
        """The rows up to one number, or all."""
        if self.table is None:
            return
        end = len(self.sequence)
        if sequence is not None:
            end = int(np.searchsorted(self.sequence, sequence, side="right"))
        if end > self.next:
            rows = self.table.slice(self.next, end - self.next)
            self.engine.feed(rows.__arrow_c_stream__(), "payload", "fleet_time_us", None, True)
            self.next = end


@dataclass(frozen=True)
class Plan:
    """One micro-batch, for all tasks. Processes the parts that a task is given. For mapInArrow."""

    config_text: str
    config_file: str
    clock: FleetClock
    hub: HubAddress | None
    """Where medians come from; nothing when no detector compares devices."""
    ends: bool
    """The stream ends: hours that are open get rows."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        return self.run(batches, context.partitionId())

    def run(self, batches: Iterator[pa.RecordBatch], task: int) -> Iterator[pa.RecordBatch]:
        states, tables = by_part(batches)
        parts = {
            part: _Part.of(self, state, tables.pop(part, [])) for part, state in states.items()
        }
        with contextlib.ExitStack() as stack:
            hub = None
            if self.hub is not None:
                hub = stack.enter_context(connected(self.hub, task))
            self._process(list(parts.values()), hub)
        for number, part in parts.items():
            if self.ends:
                part.engine.finish()
            found = {name: pa.table(table) for name, table in part.engine.take().items()}
            if found["amended_stats"].num_rows:
                found["device_stats"] = _last_of_each_hour(found["device_stats"])
            for name in _RESULTS:
                yield from result_rows(number, name, found[name])
            yield result_row(number, STATE, 0, part.engine.state())

    def _process(self, parts: list[_Part], hub: socket.socket | None) -> None:
        for stop in self.clock.stops:
            if hub is None and not stop.discards:
                continue
            for part in parts:
                part.process_through(stop.sequence)
                part.engine.advance_fleet(stop.clock_us, True)
                if stop.discards:
                    part.engine.take()
            if hub is not None and stop.closes is not None:
                samples = [part.engine.collect_fleet(stop.closes) for part in parts]
                medians = medians_of_fleet(hub, samples)
                for part in parts:
                    part.engine.learn_fleet(stop.closes, medians)
        for part in parts:
            part.process_through(None)
            part.engine.advance_fleet(self.clock.end_us, True)


def _last_of_each_hour(stats: pa.Table) -> pa.Table:
    """An hour may have been amended after it was over."""
    keys = zip(*(stats[name].to_pylist() for name in ("device_id", "metric", "hour")), strict=True)
    last = {key: row for row, key in enumerate(keys)}
    return stats.take(sorted(last.values()))


def result_rows(part: int, kind: str, table: pa.Table) -> Iterator[pa.RecordBatch]:
    """So many rows a value that it stays far below 2 GiB."""
    for batch in table.to_batches(max_chunksize=100_000):
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
