"""Bronze from records of any stream of Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avocet.spark._clock import NO_TIME
from avocet.spark._intake import Accept
from avocet.spark._parts import RESULT_SCHEMA
from avocet.spark._records import Decoded, RecordStage
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# As the formats have them; a stream must be told.
_WHOLE_FILE = "path string, modificationTime timestamp, length long, content binary"


class Ingest(RecordStage):
    """The stream from records to bronze and quarantine.

    Records are judged as `avocet run` judges them: what is no reading is in quarantine with its
    reason, and what a device sent before is left out. Rows are numbered in the order of arrival.

    >>> # records = kafka(spark, {"kafka.bootstrap.servers": "broker:9092", "subscribe": "r"})
    >>> # Ingest(spark, "avocet.yaml", Lake.of("iot_catalog"), "/checkpoints/bronze").start(records)
    """

    _tables = ("bronze", "quarantine")
    _takes_in = True

    def _take(self, decoded: Decoded, version: int) -> None:
        accept = Accept(
            self._config.text,
            self._config.file,
            decoded.now_us,
            version,
            decoded.places,
            self._folders(*self._tables),
            self._state_folder(version, ended=False),
        )
        made = self._by_task(decoded.work).mapInArrow(accept, RESULT_SCHEMA).persist()
        try:
            self._append(made, self._writer, version)
            progress = Progress(version, self._parts, decoded.last, NO_TIME)
            self.states.save(made, progress, ended=False)
        finally:
            made.unpersist()


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
    whole: bool = True,
    direct: bool = False,
    auto_loader: bool = False,
    options: dict[str, str] | None = None,
) -> DataFrame:
    """Records of the files in a folder.

    whole: a task reads whole files, which is much faster: NDJSON, JSON or CSV as `avocet run` reads
        them, plain or compressed, of less than 2 GiB each. Otherwise Spark cuts NDJSON into lines.
    direct: tasks open the files themselves, which is faster still; they must see the folder, as
        they must with Lake.at(direct=True).
    auto_loader: Databricks' way of finding new files.
    """
    from pyspark.sql import functions as F

    if direct and not whole:
        raise ValueError("tasks open whole files only: direct=True needs whole=True")
    kind = "binaryFile" if whole else "text"
    reader = spark.readStream.schema(_WHOLE_FILE if whole else "value string")
    reader = reader.options(**(options or {}))
    if auto_loader:
        reader = reader.format("cloudFiles").option("cloudFiles.format", kind)
    else:
        reader = reader.format(kind)
    rows = reader.load(folder)
    if whole:
        what = rows.path.alias("file") if direct else rows.content
        return rows.select(what, F.lit("file").alias("source"), rows.path.alias("partition"))
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
