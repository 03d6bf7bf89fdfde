"""What both streams have in common: parts of a fleet, spread over tasks, and their states."""

from __future__ import annotations

import pickle
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow.fs import FileSelector

from avocet import _engine
from avocet.config import Config, ConfigText
from avocet.spark._clock import NO_TIME, join_runs
from avocet.spark._direct import NewFile
from avocet.spark._exchange import Exchange, locate
from avocet.spark._lake import TABLES, Lake
from avocet.spark._medians import MedianHub
from avocet.spark._parts import (
    CUT_SCHEMA,
    FILES,
    REPLACES,
    RESULT_SCHEMA,
    RUNS,
    Cut,
    Plan,
    load_runs,
    unpack,
)
from avocet.spark._relearn import ALL_EPOCHS, Relearn
from avocet.spark._states import STATES, Progress, States

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

# More runs than these are rows in no order, which are sorted first: their clock would otherwise be
# told row by row.
_MANY_RUNS = 100_000


class Stage(ABC):
    """A stream whose micro-batches are steps from states to states."""

    _takes_in = False
    """Its engines judge records, and detect nothing."""

    def __init__(
        self,
        spark: SparkSession,
        config: Config,
        lake: Lake,
        checkpoint: str,
        *,
        parts: int = 32,
    ) -> None:
        """parts: a checkpoint keeps to one number. Raises ConfigError."""
        self.spark = spark
        self._config = ConfigText.of(config).require()
        self.lake = lake
        self.checkpoint = checkpoint
        self._parts = parts
        self.states = States(spark, checkpoint)
        self._schemas = table_schemas(self._config)
        self._writer = ""
        self._has_writer = threading.Event()
        self._exchange = Exchange(None)
        self._keys: dict[int, list[int]] = {}
        self.bronze = lake
        self._compares = False

    def ordinary_names(self) -> set[str]:
        """What texts of the tables name beside devices."""
        columns = {column for schema in self._schemas.values() for column in schema.names}
        named: list[str] = _engine.describe(self._config.text, self._config.file)["names"]
        return columns.union(named)

    @abstractmethod
    def _step(self, batch: DataFrame, version: int) -> None:
        """One micro-batch. Doing it again changes nothing."""

    def _start(
        self, stream: DataFrame, interval: str | None, available_now: bool
    ) -> StreamingQuery:
        writer = stream.writeStream.foreachBatch(self._process)
        writer = writer.option("checkpointLocation", self.checkpoint)
        if available_now:
            writer = writer.trigger(availableNow=True)
        elif interval is not None:
            writer = writer.trigger(processingTime=interval)
        query = writer.start()
        # The identity of the checkpoint, too: a new one may write everything anew.
        self._writer = f"avocet.spark/{query.id}"
        if self.lake.direct:
            self._exchange = Exchange(f"{self.lake.folder}/_exchange/{query.id}")
        self._has_writer.set()
        return query

    def _process(self, batch: DataFrame, batch_id: int) -> None:
        self._has_writer.wait()
        self._exchange.clear()  # of a driver that was killed
        try:
            self._step(batch, batch_id)
        finally:
            self._exchange.clear()

    def _before(self, version: int) -> tuple[Progress, DataFrame]:
        """What a step begins with, `version` being the step before."""
        if version < 0:
            return Progress(version, self._parts, -1, NO_TIME), self._numbers().limit(0)
        found = self.states.load(version)
        if found is None:
            raise RuntimeError(
                f"{self.checkpoint} has no state after micro-batch {version}: begin with a new "
                "checkpoint and new tables"
            )
        if found[0].parts != self._parts:
            raise ValueError(f"{self.checkpoint} was begun with {found[0].parts} parts")
        return found

    @contextmanager
    def _found(self, work: DataFrame, plan: Plan) -> Iterator[DataFrame]:
        """What tasks find that follow a plan; kept as long as the context."""
        exchanges = self._compares and any(stop.closes is not None for stop in plan.clock.stops)
        conf = self.spark.sparkContext.getConf()
        host = conf.get("spark.driver.host", "127.0.0.1")
        with MedianHub(conf.get("spark.driver.bindAddress", host), host, self._tasks()) as hub:
            if exchanges:
                plan = replace(plan, hub=hub.address)
            found = self._by_task(work).mapInArrow(plan, RESULT_SCHEMA, barrier=exchanges)
            found.persist()
            try:
                yield found
            finally:
                found.unpersist()

    def _cut(self, batch: DataFrame, written_epoch: int) -> DataFrame:
        """The rows of bronze of each part, and the runs; kept until it is unpersisted."""
        from pyspark.sql import functions as F

        rows = batch.select(
            "sequence",
            F.unix_micros("event_time").alias("time_us"),
            "epoch",
            "payload",
            "source",
            "partition",
            "offset",
            *self._part_columns(),
        )
        cut = Cut(written_epoch, self._exchange, self._parts)
        found = rows.mapInArrow(cut, CUT_SCHEMA).persist()
        if len(load_runs(values_of(found, "runs"))) <= _MANY_RUNS:
            return found
        found.unpersist()
        ordered = rows.repartitionByRange("sequence")
        return ordered.mapInArrow(cut, CUT_SCHEMA).persist()

    def _part_columns(self) -> list[Column]:
        """What a row's part follows from: as records are spread, from the device."""
        from pyspark.sql import functions as F

        return [F.col("device_id")]

    def at_rest(self) -> Progress:
        """What was processed: all of bronze. Raises ValueError for a stream that has more to do."""
        from pyspark.sql import functions as F

        version = self.states.newest()
        if version is None:
            raise ValueError(f"{self.checkpoint} has no states: no stream of avocet.spark ran here")
        progress = self._before(version)[0]
        begun, done = (_newest_file(f"{self.checkpoint}/{name}") for name in ("offsets", "commits"))
        newest = self.bronze.read(self.spark, "bronze").agg(F.max("sequence")).collect()[0][0]
        if (
            not begun == done == version
            or self.states.unfinished_end() is not None
            or (newest is not None and newest > progress.sequence)
        ):
            raise ValueError(
                f"{self.checkpoint}: the stream has something to finish: let it end by itself "
                "(available_now=True, or --once), and try again"
            )
        return progress

    def relearn(self, progress: Progress) -> None:
        """The states of a stream that is at rest, anew from bronze."""
        bronze = self.bronze.read(self.spark, "bronze")
        cut = self._cut(bronze, ALL_EPOCHS)
        ended = self.states.has_ended(progress.version)
        try:
            plan = Relearn(
                self._config.text,
                self._config.file,
                join_runs(load_runs(values_of(cut, "runs")), NO_TIME),
                ends=ended,
                replaces=False,
                folders=None,
                states=self._state_folder(progress.version, ended=ended, relearned=True),
                takes_in=self._takes_in,
            )
            with self._found(cut.where(cut.part != RUNS), plan) as found:
                self.states.replace(found, progress, ended=ended)
        finally:
            cut.unpersist()

    def _tasks(self) -> int:
        return min(self._parts, int(self.spark.sparkContext.defaultParallelism))

    def _by_task(self, rows: DataFrame) -> DataFrame:
        """States and rows of parts: each part's in one task. All parts have a row."""
        from pyspark.sql import functions as F

        tasks = self._tasks()
        keys = F.array(*map(F.lit, self._keys_of(tasks)))
        key = F.element_at(keys, F.pmod("part", F.lit(tasks)).cast("int") + 1)
        return self._numbers().union(rows).repartition(tasks, key)

    def _numbers(self) -> DataFrame:
        """A row of each part."""
        from pyspark.sql import functions as F

        return self.spark.range(0, self._parts, 1, 1).select(
            F.col("id").cast("int").alias("part"),
            F.lit("part").alias("kind"),
            F.lit(None).cast("binary").alias("bytes"),
        )

    def _keys_of(self, tasks: int) -> list[int]:
        """For each task a key that Spark gives to it."""
        if tasks not in self._keys:
            # Of values in the query Spark's planner makes the rows itself, without a job.
            values = ", ".join(f"({key}L)" for key in range(64 * tasks))
            rows = self.spark.sql(
                f"SELECT pmod(hash(id), {tasks}) AS task, id FROM VALUES {values} AS some(id)"
            ).collect()
            first = {row["task"]: row["id"] for row in reversed(rows)}
            self._keys[tasks] = [first[task] for task in range(tasks)]
        return self._keys[tasks]

    def _prepare(self, *tables: str) -> None:
        """Before the stream starts: the tables that it writes."""
        for name in tables:
            self.lake.create(self.spark, name, self._schemas[name])

    def _table(self, found: DataFrame, kind: str) -> DataFrame:
        """The rows of a table that travel in results."""
        values = found.where(found.kind == kind).select("bytes")
        from pyspark.sql.pandas.types import from_arrow_schema

        schema = from_arrow_schema(self._schemas[kind.removeprefix(REPLACES)])
        return values.mapInArrow(unpack, schema)

    def _folders(self, *tables: str) -> dict[str, str] | None:
        """Of tables whose files tasks write."""
        if not self.lake.direct:
            return None
        return {name: self.lake.path(name) for name in tables}

    def _state_folder(self, version: int, *, ended: bool, relearned: bool = False) -> str | None:
        """Into which tasks write the states that are saved next."""
        if not self.lake.direct:
            return None
        return self.states.files(version, ended=ended, relearned=relearned)

    def _append(self, found: DataFrame, writer: str, version: int) -> set[str]:
        """Appends the rows of all tables that results have; returns what else there is."""
        from pyspark.sql import functions as F

        about = F.when(found.kind == FILES, found.bytes)
        kinds: set[str] = set()
        files: dict[str, list[NewFile]] = {}
        for kind, value in found.where(~found.kind.isin(*STATES)).select("kind", about).collect():
            if kind == FILES:
                name, of_task = pickle.loads(value)
                files.setdefault(name, []).extend(of_task)
            else:
                kinds.add(kind)
        for name in TABLES:
            if name in files:
                self.lake.commit(files[name], name, writer, version)
            elif name in kinds:
                rows = self._table(found, name)
                if name == "bronze":
                    rows = rows.sortWithinPartitions("sequence")
                self.lake.append(rows, name, writer, version)
        return kinds - TABLES.keys()


def _newest_file(folder: str) -> int:
    """Of those of a checkpoint, which are named by micro-batches."""
    system, root = locate(folder)
    found = system.get_file_info(FileSelector(root, allow_not_found=True))
    return max((int(one.base_name) for one in found if one.base_name.isdigit()), default=-1)


def table_schemas(config: ConfigText) -> dict[str, pa.Schema]:
    """The columns of the engine's tables."""
    found = _engine.Engine(config.text, config.file, True).take()
    return {name: pa.table(table).schema for name, table in found.items()}


def values_of(rows: DataFrame, kind: str) -> list[bytes]:
    return [bytes(row[0]) for row in rows.where(rows.kind == kind).select("bytes").collect()]
