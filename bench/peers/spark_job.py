"""PySpark Structured Streaming with delta-spark over a folder of NDJSON: bronze, silver, gold.

The same job as avocet's: repeated records dropped and malformed ones in quarantine, ranges checked,
rolling means, one row of statistics per device, metric and hour however many batches touch it, and
a row with a sentence per anomaly. (It judges by the moments of all readings so far, the batch
included, and its rolling means begin anew with each batch; users accept that.)

As its users write it: one stream per layer, each drained with availableNow, `foreachBatch` where a
layer needs more than a stream has. Tuned for two cores: two shuffle partitions, adaptive execution
off, few and large micro-batches, zstd. The time is without the start of the JVM and of the session,
and after a warm-up over one file.

Usage: spark_job.py SOURCE OUT [FILES_PER_BATCH]. Prints {"bronze": rows, "seconds": s, "processor":
s}.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import time

from delta.tables import DeltaTable
from metrics import RANGES
from processor import processor_seconds
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.streaming.readwriter import DataStreamReader

DELTA = "io.delta:delta-spark_4.2_2.13:4.4.0"
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
    def __init__(
        self,
        spark: SparkSession,
        source: pathlib.Path,
        out: pathlib.Path,
        files_per_batch: int = FILES_PER_BATCH,
    ) -> None:
        self.spark = spark
        self.source = source
        self.out = out
        self.files_per_batch = files_per_batch

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
        return self.spark.readStream.format(kind).option("maxFilesPerTrigger", self.files_per_batch)

    def bronze(self) -> None:
        lines = self.reader("text").load(str(self.source))

        def write(batch: DataFrame, _: int) -> None:
            record = F.from_json("payload", SCHEMA).alias("record")
            rows = batch.withColumnRenamed("value", "payload").select("payload", record)
            rows = rows.select("payload", "record.*").withColumn("received", F.current_timestamp())
            rows = rows.withColumn("event_time", F.try_to_timestamp("timestamp")).persist()
            complete = F.col("device_id").isNotNull() & F.col("event_time").isNotNull()
            accepted = rows.where(complete).dropDuplicates(["device_id", "event_time", "payload"])
            self.append(accepted, "bronze")
            self.append(rows.where(~complete).select("payload", "received"), "quarantine")
            rows.unpersist()

        self.drain(lines, "bronze", write)

    def silver(self) -> None:
        last_five_minutes = (
            Window.partitionBy("device_id")
            .orderBy(F.unix_micros("event_time"))
            .rangeBetween(-299_999_999, 0)
        )

        def write(batch: DataFrame, _: int) -> None:
            valid = [F.when(F.col(m).between(*r), F.col(m)).alias(m) for m, r in RANGES.items()]
            rows = batch.select("device_id", "event_time", *valid)
            means = [F.avg(m).over(last_five_minutes).alias(f"{m}_avg_5m") for m in RANGES]
            self.append(rows.select("*", *means), "silver")

        self.drain(self.reader("delta").load(self.path("bronze")), "silver", write)

    def gold(self) -> None:
        def write(batch: DataFrame, _: int) -> None:
            values = F.explode(
                F.array(
                    *[F.struct(F.lit(m).alias("metric"), F.col(m).alias("value")) for m in RANGES]
                )
            )
            long = (
                batch.select("device_id", "event_time", values.alias("v"))
                .select("device_id", "event_time", "v.metric", "v.value")
                .where("value IS NOT NULL")
                .persist()
            )
            sums = long.groupBy("device_id", "metric").agg(
                F.count("value").alias("n"),
                F.sum("value").alias("s"),
                F.sum(F.col("value") * F.col("value")).alias("q"),
            )
            self.add(sums, "baselines", ["device_id", "metric"])
            n, s, q = F.col("n"), F.col("s"), F.col("q")
            baselines = (
                self.spark.read.format("delta")
                .load(self.path("baselines"))
                .where("n >= 30")
                .withColumn("expected", s / n)
                .withColumn("spread", F.sqrt(F.greatest(F.lit(0.0), (q - s * s / n) / (n - 1))))
            )
            distance = F.abs(F.col("value") - F.col("expected"))
            flagged = long.join(F.broadcast(baselines), ["device_id", "metric"]).where(
                distance > 3 * F.col("spread")
            )
            score = F.try_divide(distance, 3 * F.col("spread"))
            anomalies = flagged.select(
                F.md5(F.concat_ws("|", "device_id", "metric", "event_time")).alias("id"),
                "device_id",
                "metric",
                "event_time",
                "value",
                "expected",
                (F.col("expected") - 3 * F.col("spread")).alias("lower"),
                (F.col("expected") + 3 * F.col("spread")).alias("upper"),
                score.alias("score"),
                F.when(score > 5 / 3, "critical").otherwise("warning").alias("severity"),
                F.format_string(
                    "%s was %s, expected %.2f within %.2f", "metric", "value", "expected", "spread"
                ).alias("reason"),
            )
            self.append(anomalies, "anomalies")
            hour = F.date_trunc("hour", "event_time").alias("hour")
            hours = long.groupBy("device_id", "metric", hour).agg(
                F.count("value").alias("count"),
                F.min("value").alias("min"),
                F.max("value").alias("max"),
                F.sum("value").alias("sum"),
                F.sum(F.col("value") * F.col("value")).alias("sum_of_squares"),
            )
            self.add(hours, "device_stats", ["device_id", "metric", "hour"])
            long.unpersist()

        self.drain(self.reader("delta").load(self.path("silver")), "gold", write)

    def add(self, rows: DataFrame, table: str, keys: list[str]) -> None:
        """Merges `rows` into a table with one row per key: sums add up, bounds widen."""
        if not DeltaTable.isDeltaTable(self.spark, self.path(table)):
            self.append(rows, table)
            return
        how = {"min": "least(t.min, s.min)", "max": "greatest(t.max, s.max)"}
        figures = [c for c in rows.columns if c not in keys]
        (
            DeltaTable.forPath(self.spark, self.path(table))
            .alias("t")
            .merge(rows.alias("s"), " AND ".join(f"t.{k} = s.{k}" for k in keys))
            .whenMatchedUpdate(set={c: F.expr(how.get(c, f"t.{c} + s.{c}")) for c in figures})
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
    files_per_batch = int(sys.argv[3]) if len(sys.argv) > 3 else FILES_PER_BATCH
    spark = make_session()
    sample = out / "warm-up-input"
    sample.mkdir(parents=True)
    shutil.copy(min(source.glob("*.ndjson")), sample)
    Job(spark, sample, out / "warm-up").run()
    before = processor_seconds()
    seconds = Job(spark, source, out / "tables", files_per_batch).run()
    processor = processor_seconds() - before
    rows = spark.read.format("delta").load(str(out / "tables" / "bronze")).count()
    spark.stop()
    print(json.dumps({"bronze": rows, "seconds": seconds, "processor": processor}))


if __name__ == "__main__":
    main()
