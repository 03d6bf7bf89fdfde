"""avocet.spark on a local Spark, for test_spark_processing.py.

Usage: spark_processing.py CORES DELTA JSON...
Each JSON object is a call: the keywords of Processing, which runs once, and possibly "small":
micro-batches of one file each that go on until they are killed; or those of Ingest, and "files"; or
those of Pipeline, and "all". "direct": tasks write the tables; "whole": they read whole files. A
task that fails is tried again.
"""

import json
import sys

from avocet.spark import Ingest, Lake, Pipeline, Processing, files
from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # Not that of the machine, nor UTC: rows must not depend on it.
    "spark.sql.session.timeZone": "Asia/Kathmandu",
    # Defaults are for clusters.
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
}


def session(cores: str, delta: str) -> SparkSession:
    builder = SparkSession.builder.master(f"local[{cores},4]").config("spark.jars.packages", delta)
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def main() -> None:
    spark = session(sys.argv[1], sys.argv[2])
    for text in sys.argv[3:]:
        call = json.loads(text)
        small = call.pop("small", False)
        direct = call.pop("direct", False)
        whole = call.pop("whole", True)
        for name in ("lake", "bronze"):
            if name in call:
                at_place = "/" in call[name]
                call[name] = Lake.at(call[name], direct=direct) if at_place else Lake.of(call[name])
        if small and "all" not in call:
            call["options"] = {"maxFilesPerTrigger": "1"}
        if folder := call.pop("files", None):
            query = Ingest(spark, **call).start(files(spark, folder), available_now=True)
            query.awaitTermination()
            continue
        if folder := call.pop("all", None):
            pipeline = Pipeline(spark, **call)
            options = {"maxFilesPerTrigger": "1"} if small else {}
            pipeline.run_once(files(spark, folder, whole=whole, direct=direct, options=options))
            continue
        processing = Processing(spark, **call)
        if small:
            processing.start().awaitTermination()
        else:
            processing.run_once()


if __name__ == "__main__":
    main()
