"""What both streams have in common: parts of a fleet, spread over tasks, and their states."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from avocet import _engine
from avocet.config import Config, ConfigText
from avocet.spark._clock import NO_TIME
from avocet.spark._lake import Lake
from avocet.spark._parts import CUT_SCHEMA, unpack
from avocet.spark._states import Progress, States

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.types import StructType


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
        self._has_writer.set()
        return query

    def _process(self, batch: DataFrame, batch_id: int) -> None:
        self._has_writer.wait()
        self._step(batch, batch_id)

    def _before(self, version: int) -> tuple[Progress, DataFrame]:
        """What a step begins with, `version` being the step before."""
        if version < 0:
            empty = self._spark.createDataFrame([], CUT_SCHEMA)
            return Progress(version, self._parts, -1, NO_TIME), empty
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

        numbers = self._spark.createDataFrame(
            [(part, "part", None) for part in range(self._parts)], CUT_SCHEMA
        )
        tasks = self._tasks()
        keys = F.array(*map(F.lit, self._keys_of(tasks)))
        key = F.element_at(keys, F.pmod("part", F.lit(tasks)).cast("int") + 1)
        return numbers.union(rows).repartition(tasks, key)

    def _keys_of(self, tasks: int) -> list[int]:
        """For each task a key that Spark gives to it."""
        from pyspark.sql import functions as F

        if tasks not in self._keys:
            task = F.pmod(F.hash("id"), F.lit(tasks))
            some = self._spark.range(64 * tasks).groupBy(task.alias("task")).agg(F.min("id"))
            self._keys[tasks] = [row[1] for row in sorted(some.collect())]
        return self._keys[tasks]

    def _table(self, found: DataFrame, kind: str) -> DataFrame:
        """The rows of a table that travel in results."""
        values = found.where(found.kind == kind).select("bytes")
        return values.mapInArrow(unpack, self._schemas[kind])


def table_schemas(config: ConfigText) -> dict[str, StructType]:
    """The columns of the engine's tables for Spark."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import from_arrow_schema

    found = _engine.Engine(config.text, config.file, True).take()
    return {name: from_arrow_schema(pa.table(table).schema) for name, table in found.items()}


def values_of(rows: DataFrame, kind: str) -> list[bytes]:
    return [bytes(row[0]) for row in rows.where(rows.kind == kind).select("bytes").collect()]
