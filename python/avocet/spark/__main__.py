"""The streams as programs, for jobs of Databricks and for spark-submit.

avocet-spark bronze --config avocet.yaml --catalog iot --checkpoint /cp/bronze --files /landing
avocet-spark gold --config avocet.yaml --catalog iot --checkpoint /cp/gold --once
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from avocet.spark import Ingest, Lake, Processing, files, kafka, kinesis

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def pairs(texts: list[str] | None) -> dict[str, str]:
    return dict(text.split("=", 1) for text in texts or [])


def records(spark: SparkSession, options: argparse.Namespace) -> DataFrame:
    if options.kafka:
        return kafka(spark, pairs(options.kafka))
    if options.kinesis:
        return kinesis(spark, pairs(options.kinesis))
    more = pairs(options.option)
    return files(spark, options.files, auto_loader=options.auto_loader, options=more)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="avocet-spark")
    work = parser.add_subparsers(dest="work", required=True)
    bronze = work.add_parser("bronze", help="records to bronze and quarantine")
    source = bronze.add_mutually_exclusive_group(required=True)
    source.add_argument("--files", metavar="FOLDER", help="NDJSON files")
    source.add_argument("--kafka", nargs="+", metavar="OPTION=VALUE", help="Spark's Kafka source")
    source.add_argument("--kinesis", nargs="+", metavar="OPTION=VALUE", help="Databricks' source")
    bronze.add_argument("--auto-loader", action="store_true", help="find files with Auto Loader")
    gold = work.add_parser("gold", help="bronze to silver, device_stats, anomalies and alerts")
    gold.add_argument(
        "--written-epoch", type=int, default=-1, help="avocet run has written up to it"
    )
    for one in (bronze, gold):
        one.add_argument("--config", required=True, help="the YAML file of avocet")
        where = one.add_mutually_exclusive_group(required=True)
        where.add_argument("--catalog", help="the catalog that has the tables")
        where.add_argument("--lake", help="the folder or URL of the catalog's tables, instead")
        one.add_argument("--checkpoint", required=True, help="a folder of this stream alone")
        one.add_argument("--parts", type=int, default=32, help="of the fleet; stays the same")
        one.add_argument("--option", action="append", metavar="NAME=VALUE", help="of the reader")
        pace = one.add_mutually_exclusive_group()
        pace.add_argument("--interval", help='of micro-batches, such as "10 seconds"')
        pace.add_argument("--once", action="store_true", help="what is there, then end")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    from pyspark.sql import SparkSession

    options = parse(sys.argv[1:] if arguments is None else arguments)
    spark = SparkSession.builder.getOrCreate()
    lake = Lake.of(options.catalog) if options.catalog else Lake.at(options.lake)
    common = (spark, options.config, lake, options.checkpoint)
    if options.work == "bronze":
        ingest = Ingest(*common, parts=options.parts)
        query = ingest.start(
            records(spark, options), interval=options.interval, available_now=options.once
        )
    else:
        processing = Processing(
            *common,
            parts=options.parts,
            written_epoch=options.written_epoch,
            options=pairs(options.option),
        )
        # Not run_once: hours that are open when a scheduled job ends are not over.
        query = processing.start(interval=options.interval, available_now=options.once)
    query.awaitTermination()


if __name__ == "__main__":
    main()
