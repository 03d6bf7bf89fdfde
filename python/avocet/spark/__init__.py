"""The engine of avocet in Spark Structured Streaming: see docs/spark.md.

>>> # from avocet.spark import Lake, Processing
>>> # Processing(spark, "avocet.yaml", Lake.of("iot_catalog"), "/checkpoints/gold").start()
"""

from avocet.spark._expectations import Expectations, nullified, typed
from avocet.spark._forget import Forgotten, forget
from avocet.spark._ingest import Ingest, files, kafka, kinesis
from avocet.spark._lake import Lake
from avocet.spark._pipeline import Pipeline
from avocet.spark._processing import Processing
from avocet.spark._retention import expire

__all__ = [
    "Expectations",
    "Forgotten",
    "Ingest",
    "Lake",
    "Pipeline",
    "Processing",
    "expire",
    "files",
    "forget",
    "kafka",
    "kinesis",
    "nullified",
    "typed",
]
