"""What both streams have in common: parts of a fleet, spread over tasks, and their states."""

from __future__ import annotations

import pickle
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pyarrow as pa

from avocet import _engine
from avocet.config import Config, ConfigText
from avocet.spark._clock import NO_TIME
from avocet.spark._direct import NewFile
from avocet.spark._exchange import Exchange
from avocet.spark._lake import TABLES, Lake
from avocet.spark._parts import FILES, REPLACES, STATE, unpack
from avocet.spark._states import Progress, States

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery


class Stage(ABC):
    """A stream whose micro-batches are steps from states to states."""

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
        self._spark = spark
        self._config = ConfigText.of(config).require()
        self._lake = lake
        self._checkpoint = checkpoint
        self._parts = parts
        self._states = States(spark, checkpoint)
        self._schemas = table_schemas(self._config)
        self._writer = ""
        self._has_writer = threading.Event()
        self._exchange = Exchange(None)
        self._keys: dict[int, list[int]] = {}

    @abstractmethod
    def _step(self, batch: DataFrame, version: int) -> None:
        """One micro-batch. Doing it again changes nothing."""

    def _start(
        self, stream: DataFrame, interval: str | None, available_now: bool
    ) -> StreamingQuery:
        writer = stream.writeStream.foreachBatch(self._process)
        writer = writer.option("checkpointLocation", self._checkpoint)
        if available_now:
            writer = writer.trigger(availableNow=True)
        elif interval is not None:
            writer = writer.trigger(processingTime=interval)
        query = writer.start()
        # The identity of the checkpoint, too: a new one may write everything anew.
        self._writer = f"avocet.spark/{query.id}"
        if self._lake.direct:
            self._exchange = Exchange(f"{self._lake.folder}/_exchange/{query.id}")
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
        found = self._states.load(version)
        if found is None:
            raise RuntimeError(
                f"{self._checkpoint} has no state after micro-batch {version}: begin with a new "
                "checkpoint and new tables"
            )
        if found[0].parts != self._parts:
            raise ValueError(f"{self._checkpoint} was begun with {found[0].parts} parts")
        return found

    def _tasks(self) -> int:
        return min(self._parts, int(self._spark.sparkContext.defaultParallelism))

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

        return self._spark.range(0, self._parts, 1, 1).select(
            F.col("id").cast("int").alias("part"),
            F.lit("part").alias("kind"),
            F.lit(None).cast("binary").alias("bytes"),
        )

    def _keys_of(self, tasks: int) -> list[int]:
        """For each task a key that Spark gives to it."""
        if tasks not in self._keys:
            # Of values in the query Spark's planner makes the rows itself, without a job.
            values = ", ".join(f"({key}L)" for key in range(64 * tasks))
            rows = self._spark.sql(
                f"SELECT pmod(hash(id), {tasks}) AS task, id FROM VALUES {values} AS some(id)"
            ).collect()
            first = {row["task"]: row["id"] for row in reversed(rows)}
            self._keys[tasks] = [first[task] for task in range(tasks)]
        return self._keys[tasks]

    def _prepare(self, *tables: str) -> None:
        """Before the stream starts: the tables that it writes."""
        for name in tables:
            self._lake.create(self._spark, name, self._schemas[name])

    def _table(self, found: DataFrame, kind: str) -> DataFrame:
        """The rows of a table that travel in results."""
        values = found.where(found.kind == kind).select("bytes")
        from pyspark.sql.pandas.types import from_arrow_schema

        schema = from_arrow_schema(self._schemas[kind.removeprefix(REPLACES)])
        return values.mapInArrow(unpack, schema)

    def _folders(self, *tables: str) -> dict[str, str] | None:
        """Of tables whose files tasks write."""
        if not self._lake.direct:
            return None
        return {name: self._lake.path(name) for name in tables}

    def _append(self, found: DataFrame, writer: str, version: int) -> set[str]:
        """Appends the rows of all tables that results have; returns what else there is."""
        from pyspark.sql import functions as F

        about = F.when(found.kind == FILES, found.bytes)
        kinds: set[str] = set()
        files: dict[str, list[NewFile]] = {}
        for kind, value in found.where(found.kind != STATE).select("kind", about).collect():
            if kind == FILES:
                name, of_task = pickle.loads(value)
                files.setdefault(name, []).extend(of_task)
            else:
                kinds.add(kind)
        for name in TABLES:
            if name in files:
                self._lake.commit(files[name], name, writer, version)
            elif name in kinds:
                rows = self._table(found, name)
                if name == "bronze":
                    rows = rows.sortWithinPartitions("sequence")
                self._lake.append(rows, name, writer, version)
        return kinds - TABLES.keys()


def table_schemas(config: ConfigText) -> dict[str, pa.Schema]:
    """The columns of the engine's tables."""
    found = _engine.Engine(config.text, config.file, True).take()
    return {name: pa.table(table).schema for name, table in found.items()}


def values_of(rows: DataFrame, kind: str) -> list[bytes]:
    return [bytes(row[0]) for row in rows.where(rows.kind == kind).select("bytes").collect()]
