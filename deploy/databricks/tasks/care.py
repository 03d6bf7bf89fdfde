"""Looks after avocet's tables where they are registered, or below a folder.

care.py --catalog iot_catalog metadata
care.py --catalog iot_catalog files --retain-hours 168
care.py --lake /data/lake/iot_catalog files
"""

import argparse
import sys

from pyspark.sql import SparkSession

# The columns by which readers select, beside the days of bronze.
TABLES = {
    "raw.sensor_readings": "device_id, event_time",
    "raw.quarantine": "",
    "processed.valid_readings": "device_id, event_time",
    "analytics.device_stats": "device_id, hour",
    "analytics.device_health": "device_id, hour",
    "analytics.anomalies": "device_id, event_time",
    "analytics.alerts": "",
}


def sync_metadata(spark: SparkSession, name: str) -> None:
    """Columns and comments of the registered table are those of the Delta log. Databricks only."""
    spark.sql(f"MSCK REPAIR TABLE {name} SYNC METADATA")
    print(f"{name}: metadata is that of the log")


def look_after_files(spark: SparkSession, name: str, order: str, retain_hours: int) -> None:
    """avocet writes on meanwhile: both are commits that change no row."""
    merged = spark.sql(f"OPTIMIZE {name}" + (f" ZORDER BY ({order})" if order else "")).first()
    metrics = merged["metrics"] if merged is not None else None
    spark.sql(f"VACUUM {name} RETAIN {retain_hours} HOURS")
    if metrics is not None:
        print(f"{name}: {metrics['numFilesRemoved']} files became {metrics['numFilesAdded']}")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--catalog", help="the catalog in which the tables are registered")
    where.add_argument("--lake", help="the folder or URL of the catalog's tables, instead")
    work = parser.add_subparsers(dest="work", required=True)
    work.add_parser("metadata")
    work.add_parser("files").add_argument("--retain-hours", type=int, default=168)
    options = parser.parse_args(arguments)
    spark = SparkSession.builder.getOrCreate()
    for table, order in TABLES.items():
        if options.catalog:
            name = f"`{options.catalog}`.{table}"
        else:
            name = f"delta.`{options.lake}/{table.replace('.', '/')}`"
        if options.work == "metadata":
            sync_metadata(spark, name)
        else:
            look_after_files(spark, name, order, options.retain_hours)


if __name__ == "__main__":
    main(sys.argv[1:])
