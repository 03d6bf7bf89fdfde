"""The streams as programs, for jobs of Databricks and for spark-submit.

avocet-spark bronze --config avocet.yaml --catalog iot --checkpoint /cp/bronze --files /landing
avocet-spark gold --config avocet.yaml --catalog iot --checkpoint /cp/gold --once
avocet-spark all --config avocet.yaml --lake /iot --direct --checkpoint /cp/all --files /landing
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from avocet.spark import Ingest, Lake, Pipeline, Processing, files, kafka, kinesis

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
    return files(
        spark,
        options.files,
        direct=options.direct,
        auto_loader=options.auto_loader,
        options=more,
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="avocet-spark")
    work = parser.add_subparsers(dest="work", required=True)
    bronze = work.add_parser("bronze", help="records to bronze and quarantine")
    whole = work.add_parser("all", help="records to all tables, in one pass")
    for one in (bronze, whole):
        source = one.add_mutually_exclusive_group(required=True)
        source.add_argument("--files", metavar="FOLDER", help="NDJSON, JSON or CSV files")
        source.add_argument("--kafka", nargs="+", metavar="OPTION=VALUE", help="Spark's source")
        source.add_argument("--kinesis", nargs="+", metavar="OPTION=VALUE", help="Databricks' one")
        one.add_argument("--auto-loader", action="store_true", help="find files with Auto Loader")
    gold = work.add_parser("gold", help="bronze to silver, device_stats, anomalies and alerts")
    gold.add_argument(
        "--written-epoch", type=int, default=-1, help="avocet run has written up to it"
    )
    for one in (bronze, gold, whole):
        one.add_argument("--config", required=True, help="the YAML file of avocet")
        where = one.add_mutually_exclusive_group(required=True)
        where.add_argument("--catalog", help="the catalog that has the tables")
        where.add_argument("--lake", help="the folder or URL of the catalog's tables, instead")
        one.add_argument(
            "--direct", action="store_true", help="with --lake: tasks write the files themselves"
        )
        one.add_argument("--checkpoint", required=True, help="a folder of this stream alone")
        one.add_argument("--parts", type=int, default=32, help="of the fleet; stays the same")
        one.add_argument("--option", action="append", metavar="NAME=VALUE", help="of the reader")
        pace = one.add_mutually_exclusive_group()
        pace.add_argument("--interval", help='of micro-batches, such as "10 seconds"')
        pace.add_argument("--once", action="store_true", help="what is there, then end")
    options = parser.parse_args(arguments)
    if options.direct and options.catalog:
        parser.error("--direct is for a --lake, not for tables of a catalog")
    return options


def main(arguments: list[str] | None = None) -> None:
    from pyspark.sql import SparkSession

    options = parse(sys.argv[1:] if arguments is None else arguments)
    spark = SparkSession.builder.getOrCreate()
    if options.catalog:
        lake = Lake.of(options.catalog)
    else:
        lake = Lake.at(options.lake, direct=options.direct)
    common = (spark, options.config, lake, options.checkpoint)
    # Not run_once: hours that are open when a scheduled job ends are not over.
    if options.work == "gold":
        processing = Processing(
            *common,
            parts=options.parts,
            written_epoch=options.written_epoch,
            options=pairs(options.option),
        )
        query = processing.start(interval=options.interval, available_now=options.once)
    else:
        stream = (Ingest if options.work == "bronze" else Pipeline)(*common, parts=options.parts)
        query = stream.start(
            records(spark, options), interval=options.interval, available_now=options.once
        )
    query.awaitTermination()


if __name__ == "__main__":
    main()
