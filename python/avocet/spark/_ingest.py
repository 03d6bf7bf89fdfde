"""Bronze from records of any stream of Spark."""

from __future__ import annotations

import pickle
import time
from typing import TYPE_CHECKING

from avocet.spark._clock import NO_TIME
from avocet.spark._intake import Accept, Decode, Stretch, number_stretches
from avocet.spark._parts import CUT_SCHEMA, RESULT_SCHEMA, RUNS
from avocet.spark._stage import Stage, values_of
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery


_TABLES = ("bronze", "quarantine")


class Ingest(Stage):
    """The stream from records to bronze and quarantine.

    Records are judged as `avocet run` judges them: what is no reading is in quarantine with its
    reason, and what a device sent before is left out. Rows are numbered in the order of arrival.

    >>> # records = kafka(spark, {"kafka.bootstrap.servers": "broker:9092", "subscribe": "r"})
    >>> # Ingest(spark, "avocet.yaml", Lake.of("iot_catalog"), "/checkpoints/bronze").start(records)
    """

    def start(
        self, records: DataFrame, *, interval: str | None = None, available_now: bool = False
    ) -> StreamingQuery:
        """Begins, or goes on.

        records: a streaming DataFrame with `payload`, and possibly `source`, `partition` and
            `offset`, as kafka(), files() and kinesis() make them.
        """
        self._create(*_TABLES)
        return self._start(with_places(records), interval, available_now)

    def _step(self, batch: DataFrame, version: int) -> None:
        before, states = self._before(version - 1)
        now_us = time.time_ns() // 1000
        decode = Decode(self._config.text, self._config.file, self._parts, now_us)
        cut = batch.mapInArrow(decode, CUT_SCHEMA).persist()
        try:
            first, _, end = number_stretches(load_stretches(cut), before.sequence + 1)
            accept = Accept(
                self._config.text,
                self._config.file,
                now_us,
                version,
                first,
                self._folders(*_TABLES),
            )
            work = self._by_task(states.union(cut.where(cut.part != RUNS)))
            made = work.mapInArrow(accept, RESULT_SCHEMA).persist()
            try:
                self._append(made, self._writer, version)
                progress = Progress(version, self._parts, end - 1, NO_TIME)
                self._states.save(made, progress, ended=False)
            finally:
                made.unpersist()
        finally:
            cut.unpersist()


def load_stretches(cut: DataFrame) -> list[Stretch]:
    return [one for value in values_of(cut, "stretches") for one in pickle.loads(value)]


def kafka(spark: SparkSession, options: dict[str, str]) -> DataFrame:
    """Records of topics. options: of Spark's Kafka source."""
    from pyspark.sql import functions as F

    rows = spark.readStream.format("kafka").options(**options).load()
    topic = F.concat_ws("/", "topic", "partition")
    return rows.select(
        rows.value.alias("payload"),
        F.lit("kafka").alias("source"),
        topic.alias("partition"),
        "offset",
    )


def files(
    spark: SparkSession,
    folder: str,
    *,
    auto_loader: bool = False,
    options: dict[str, str] | None = None,
) -> DataFrame:
    """Lines of NDJSON files in a folder. auto_loader: Databricks' way of finding new ones."""
    from pyspark.sql import functions as F

    reader = spark.readStream.options(**(options or {}))
    if auto_loader:
        reader = reader.format("cloudFiles").option("cloudFiles.format", "text")
    else:
        reader = reader.format("text")
    rows = reader.load(folder)
    return rows.where(F.trim(rows.value) != "").select(
        rows.value.alias("payload"),
        F.lit("file").alias("source"),
        F.col("_metadata.file_path").alias("partition"),
    )


def kinesis(spark: SparkSession, options: dict[str, str]) -> DataFrame:
    """Records of a stream, by Databricks' source. options: streamName, region and so on."""
    from pyspark.sql import functions as F

    rows = spark.readStream.format("kinesis").options(**options).load()
    return rows.select(
        rows.data.alias("payload"),
        F.lit("kinesis").alias("source"),
        rows.shardId.alias("partition"),
    )


def with_places(records: DataFrame) -> DataFrame:
    """The columns that Decode reads."""
    from pyspark.sql import functions as F

    def column(name: str, kind: str) -> Column:
        known = F.col(name) if name in records.columns else F.lit(None)
        return known.cast(kind).alias(name)

    return records.select(
        "payload",
        column("source", "string"),
        column("partition", "string"),
        column("offset", "long"),
    ).where("payload IS NOT NULL")
