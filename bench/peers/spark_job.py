"""PySpark Structured Streaming with delta-spark over a folder of NDJSON: bronze, silver, gold.

As its users write it: one stream per layer, each drained with availableNow, `foreachBatch` where a
layer needs more than a stream has. Tuned for two cores: two shuffle partitions, adaptive execution
off, few and large micro-batches, zstd. The time is without the start of the JVM and of the session,
and after a warm-up over one file. Prints {"bronze": rows, "seconds": s}.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import time

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.streaming.readwriter import DataStreamReader

DELTA = "io.delta:delta-spark_4.2_2.13:4.4.0"
RANGES = {
    "temperature": (-40, 85),
    "humidity": (0, 100),
    "air_quality": (0, 500),
    "light": (0, 100000),
    "loudness": (0, 2000),
}
SCHEMA = "device_id STRING, timestamp STRING, " + ", ".join(f"{m} DOUBLE" for m in RANGES)
FILES_PER_BATCH = 25  # of 50: fewer batches are faster, one needs more memory than the default


def make_session() -> SparkSession:
    settings = {
        "spark.jars.packages": DELTA,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.driver.memory": "6g",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.parquet.compression.codec": "zstd",
    }
    builder = SparkSession.builder.master("local[2]").appName("bench")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


class Job:
    def __init__(self, spark: SparkSession, source: pathlib.Path, out: pathlib.Path) -> None:
        self.spark = spark
        self.source = source
        self.out = out

    def path(self, table: str) -> str:
        return str(self.out / table)

    def drain(self, stream: DataFrame, name: str, batch) -> None:
        query = (
            stream.writeStream.foreachBatch(batch)
            .option("checkpointLocation", str(self.out / "_checkpoints" / name))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()

    def append(self, rows: DataFrame, table: str) -> None:
        rows.write.format("delta").mode("append").save(self.path(table))

    def reader(self, kind: str) -> DataStreamReader:
        return self.spark.readStream.format(kind).option("maxFilesPerTrigger", FILES_PER_BATCH)

    def bronze(self) -> None:
        lines = self.reader("text").load(str(self.source))

        def write(batch: DataFrame, _: int) -> None:
            record = F.from_json("payload", SCHEMA).alias("record")
            rows = batch.withColumnRenamed("value", "payload").select("payload", record)
            rows = rows.select("payload", "record.*").withColumn("received", F.current_timestamp())
            self.append(rows, "bronze")

        self.drain(lines, "bronze", write)

    def silver(self) -> None:
        last_five_minutes = (
            Window.partitionBy("device_id")
            .orderBy(F.unix_micros("event_time"))
            .rangeBetween(-299_999_999, 0)
        )

        def write(batch: DataFrame, _: int) -> None:
            valid = [F.when(F.col(m).between(*r), F.col(m)).alias(m) for m, r in RANGES.items()]
            time_of = F.to_timestamp("timestamp").alias("event_time")
            rows = batch.select("device_id", time_of, *valid).where(
                "device_id IS NOT NULL AND event_time IS NOT NULL"
            )
            means = [F.avg(m).over(last_five_minutes).alias(f"{m}_avg_5m") for m in RANGES]
            self.append(rows.select("*", *means), "silver")

        self.drain(self.reader("delta").load(self.path("bronze")), "silver", write)

    def gold(self) -> None:
        def write(batch: DataFrame, _: int) -> None:
            batch = batch.persist()
            sums = batch.groupBy("device_id").agg(
                *[
                    total
                    for m in RANGES
                    for total in (
                        F.count(m).alias(f"{m}_n"),
                        F.sum(m).alias(f"{m}_s"),
                        F.sum(F.col(m) * F.col(m)).alias(f"{m}_q"),
                    )
                ]
            )
            self.merge(sums, "baselines", "t.device_id = s.device_id")
            baseline = self.spark.read.format("delta").load(self.path("baselines"))
            scored = batch.join(F.broadcast(baseline), "device_id")
            for m in RANGES:
                mean = F.col(f"{m}_s") / F.col(f"{m}_n")
                spread = F.sqrt(
                    (F.col(f"{m}_q") - F.col(f"{m}_n") * mean * mean) / (F.col(f"{m}_n") - 1)
                )
                scored = scored.withColumn(f"{m}_z", F.try_divide(F.col(m) - mean, spread))
            flagged = F.greatest(*[F.abs(f"{m}_z") for m in RANGES]) > 3
            keep = ["device_id", "event_time", *RANGES, *[f"{m}_z" for m in RANGES]]
            self.append(scored.where(flagged).select(*keep), "anomalies")
            batch.unpersist()

        self.drain(self.reader("delta").load(self.path("silver")), "gold", write)

        def hours(batch: DataFrame, _: int) -> None:
            hour = F.date_trunc("hour", "event_time").alias("hour")
            figures = [
                figure
                for m in RANGES
                for figure in (
                    F.count(m).alias(f"{m}_count"),
                    F.min(m).alias(f"{m}_min"),
                    F.max(m).alias(f"{m}_max"),
                    F.avg(m).alias(f"{m}_mean"),
                    F.stddev_samp(m).alias(f"{m}_std"),
                )
            ]
            self.append(batch.groupBy("device_id", hour).agg(*figures), "device_stats")

        self.drain(self.reader("delta").load(self.path("silver")), "hours", hours)

    def merge(self, rows: DataFrame, table: str, condition: str) -> None:
        """Adds the numbers of `rows` to those of the same key."""
        if not DeltaTable.isDeltaTable(self.spark, self.path(table)):
            self.append(rows, table)
            return
        numbers = [c for c in rows.columns if c != "device_id"]
        (
            DeltaTable.forPath(self.spark, self.path(table))
            .alias("t")
            .merge(rows.alias("s"), condition)
            .whenMatchedUpdate(set={c: F.expr(f"t.{c} + s.{c}") for c in numbers})
            .whenNotMatchedInsertAll()
            .execute()
        )

    def run(self) -> float:
        start = time.monotonic()
        self.bronze()
        self.silver()
        self.gold()
        return time.monotonic() - start


def main() -> None:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    spark = make_session()
    sample = out / "warm-up-input"
    sample.mkdir(parents=True)
    shutil.copy(min(source.glob("*.ndjson")), sample)
    Job(spark, sample, out / "warm-up").run()
    seconds = Job(spark, source, out / "tables").run()
    rows = spark.read.format("delta").load(str(out / "tables" / "bronze")).count()
    spark.stop()
    print(json.dumps({"bronze": rows, "seconds": seconds}))


if __name__ == "__main__":
    main()
