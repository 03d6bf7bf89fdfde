"""The streams as programs, for jobs of Databricks and for spark-submit.

avocet-spark bronze --config avocet.yaml --catalog iot --checkpoint /cp/bronze --files /landing
avocet-spark gold --config avocet.yaml --catalog iot --checkpoint /cp/gold --once
avocet-spark all --config avocet.yaml --lake /iot --direct --checkpoint /cp/all --files /landing
avocet-spark retention --config avocet.yaml --catalog iot
avocet-spark forget press-0417 --config avocet.yaml --catalog iot --bronze /cp/b --gold /cp/g
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from avocet.spark import (
    Ingest,
    Lake,
    Pipeline,
    Processing,
    expire,
    files,
    forget,
    kafka,
    kinesis,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


STREAMS = {"bronze": Ingest, "gold": Processing, "all": Pipeline}


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
    retention = work.add_parser("retention", help="deletes rows that are older than is to be kept")
    gone = work.add_parser("forget", help="takes a device out of tables and states, and proves it")
    gone.add_argument("device")
    for kind in STREAMS:
        gone.add_argument(
            f"--{kind}",
            metavar="CHECKPOINT",
            action="append",
            default=[],
            help=f"of a stream `{kind}` of the lake",
        )
    for one in (bronze, gold, whole, retention, gone):
        one.add_argument("--config", required=True, help="the YAML file of avocet")
        where = one.add_mutually_exclusive_group(required=True)
        where.add_argument("--catalog", help="the catalog that has the tables")
        where.add_argument("--lake", help="the folder or URL of the catalog's tables, instead")
        one.add_argument(
            "--direct", action="store_true", help="with --lake: tasks write the files themselves"
        )
    for one in (bronze, gold, whole):
        one.add_argument("--checkpoint", required=True, help="a folder of this stream alone")
        one.add_argument("--option", action="append", metavar="NAME=VALUE", help="of the reader")
        pace = one.add_mutually_exclusive_group()
        pace.add_argument("--interval", help='of micro-batches, such as "10 seconds"')
        pace.add_argument("--once", action="store_true", help="what is there, then end")
    for one in (bronze, gold, whole, gone):
        one.add_argument("--parts", type=int, default=32, help="of the fleet; stays the same")
    options = parser.parse_args(arguments)
    if options.work == "forget" and not any(getattr(options, kind) for kind in STREAMS):
        parser.error("forget needs the checkpoints of all streams: --bronze and --gold, or --all")
    if options.direct and options.catalog:
        parser.error("--direct is for a --lake, not for tables of a catalog")
    return options


def forget_device(spark: SparkSession, lake: Lake, options: argparse.Namespace) -> int:
    """Prints what was done; 1 when something is left."""
    streams = [
        stream(spark, options.config, lake, checkpoint, parts=options.parts)
        for kind, stream in STREAMS.items()
        for checkpoint in getattr(options, kind)
    ]
    report = forget(options.device, streams)
    for name, rows in report.rows.items():
        print(f"{lake.table(name)} lost {rows} rows")
    print(
        f"deleted {report.log_files} files of logs, learned {len(streams)} states anew; proof: "
        f"searched {report.bytes_searched} bytes of {report.files_searched} files: "
        + ("still found" if report.remaining else "no trace")
    )
    for place in report.unsearched:
        print(f"  not searched: {place}")
    for place in report.remaining:
        print(f"  {place}")
    return 1 if report.remaining else 0


def main(arguments: list[str] | None = None) -> None:
    from pyspark.sql import SparkSession

    options = parse(sys.argv[1:] if arguments is None else arguments)
    spark = SparkSession.builder.getOrCreate()
    if options.catalog:
        lake = Lake.of(options.catalog)
    else:
        lake = Lake.at(options.lake, direct=options.direct)
    if options.work == "retention":
        for name, rows in expire(spark, options.config, lake).items():
            print(f"{lake.table(name)}: {rows} rows were too old", flush=True)
        return
    if options.work == "forget":
        sys.exit(forget_device(spark, lake, options))
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
        stream = STREAMS[options.work](*common, parts=options.parts)
        query = stream.start(
            records(spark, options), interval=options.interval, available_now=options.once
        )
    query.awaitTermination()


if __name__ == "__main__":
    main()
