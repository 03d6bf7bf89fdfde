"""A device and everything it ever said, out of a lake and out of the states of its streams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.fs as fs

from avocet.spark._exchange import Exchange, locate
from avocet.spark._lake import BOUNDED, TABLES, Lake
from avocet.spark._stage import Stage
from avocet.spark._trace import Trace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CHECKED = "spark.databricks.delta.retentionDurationCheck.enabled"
_INTERVAL = "delta.checkpointInterval"


@dataclass
class Forgotten:
    rows: dict[str, int] = field(default_factory=dict)
    """Of each table, which had so many of the device."""
    log_files: int = 0
    """Entries of the tables' logs that could name it, and are gone."""
    files_searched: int = 0
    bytes_searched: int = 0
    remaining: list[str] = field(default_factory=list)
    """Where it is still found."""
    unsearched: list[str] = field(default_factory=list)
    """Where it could not be looked for."""


def forget(device: str, streams: Sequence[Stage]) -> Forgotten:
    """Takes a device out of the tables, and out of what the streams remember.

    streams: all that write to one lake. They must not run, and must have processed all that they
        have begun with. Their states are learned anew from bronze.

    Raises ValueError, before anything is changed, for streams of several lakes or that are not at
    rest. Interrupted, or failed, it can be done again.
    """
    if not device:
        raise ValueError("cannot forget: the device has no name")
    if not streams or any(stream.lake != streams[0].lake for stream in streams):
        raise ValueError("cannot forget: give all streams of one lake")
    progress = [stream.at_rest() for stream in streams]
    spark, lake = streams[0].spark, streams[0].lake
    trace = Trace(device, streams[0].ordinary_names())
    for stream in streams:
        if stream.bronze != lake and trace.count(stream.bronze.read(spark, "bronze"), "bronze"):
            raise ValueError(
                f"{stream.bronze.table('bronze')} has rows of {device}: forget it there first"
            )
    report = Forgotten()
    names = [name for name in TABLES if lake.has(spark, name)]
    for name in names:
        report.rows[name] = trace.count(lake.read(spark, name), name)
        _delete(spark, lake, name, trace, report.rows[name])
    places = _places(spark, lake, names, report)
    for name, place in places.items():
        if name not in BOUNDED:
            report.log_files += _trim_log(spark, lake, name, place)
    for stream, before in zip(streams, progress, strict=True):
        stream.relearn(before)
    if lake.direct:
        Exchange(f"{lake.folder}/_exchange").clear()
    _prove(trace, streams, names, places, report)
    return report


def _places(
    spark: SparkSession, lake: Lake, names: Sequence[str], report: Forgotten
) -> dict[str, str]:
    """Where the tables' files and logs are, as far as they are ours to touch."""
    places = {}
    for name in names:
        place = lake.place(spark, name)
        if reason := lake.catalog and _why_not(spark, lake.table(name), place):
            report.unsearched.append(
                f"log and files of {lake.table(name)}, {reason}: bounds of rows may name it in the "
                "log until delta.logRetentionDuration is over"
            )
        else:
            places[name] = place
    return places


def _why_not(spark: SparkSession, table: str, place: str) -> str:
    features = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]["tableFeatures"] or []
    if any(feature.startswith("catalog") for feature in features):
        return "whose commits are the catalog's"
    try:
        _versions(f"{place}/_delta_log", r"\d{20}\.json")
    except (OSError, pa.ArrowInvalid) as error:
        return f"which cannot be read here ({error})"
    return ""


@contextmanager
def _no_retention(spark: SparkSession) -> Iterator[None]:
    before = spark.conf.get(_CHECKED, "true")
    spark.conf.set(_CHECKED, "false")
    try:
        yield
    finally:
        spark.conf.set(_CHECKED, before or "true")


def _delete(spark: SparkSession, lake: Lake, name: str, trace: Trace, rows: int) -> None:
    """Rows, and files of the past that have them."""
    table = lake.table(name)
    if rows:
        # Not DELETE, whose condition, with the name, would be in the table's log.
        gone = spark.createDataFrame(
            [(trace.device, trace.pattern)], "device string, pattern string"
        )
        same = "known.device_id = gone.device"
        if name == "quarantine":
            same = "CAST(known.payload AS STRING) RLIKE gone.pattern"
            same += " OR known.message RLIKE gone.pattern"
        merge = lake.delta_table(spark, name).alias("known").merge(gone.alias("gone"), same)
        merge.whenMatchedDelete().execute()
    detail = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]
    if "deletionVectors" in (detail["tableFeatures"] or []):
        # Deleted rows are only marked there.
        spark.sql(f"REORG TABLE {table} APPLY (PURGE)")
    with _no_retention(spark):
        spark.sql(f"VACUUM {table} RETAIN 0 HOURS")


def _trim_log(spark: SparkSession, lake: Lake, name: str, place: str) -> int:
    """Deletes the entries before now, which have the bounds of files that are gone."""
    table = lake.table(name)
    folder = f"{place}/_delta_log"
    before = max(_versions(folder, r"\d{20}\.json").values(), default=-1)
    properties = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]["properties"]
    # The commit that says so is one that is followed by a checkpoint.
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('{_INTERVAL}' = '1')")
    if _INTERVAL in properties:
        usual = properties[_INTERVAL]
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('{_INTERVAL}' = '{usual}')")
    else:
        spark.sql(f"ALTER TABLE {table} UNSET TBLPROPERTIES ('{_INTERVAL}')")
    newest = max(_versions(folder, r"\d{20}\.checkpoint\..*").values(), default=-1)
    if newest <= before:
        raise RuntimeError(f"cannot forget: {folder} has no checkpoint after version {before}")
    old = [
        path for path, version in _versions(folder, r"\.?\d{20}\..*").items() if version < newest
    ]
    system, _ = locate(folder)
    for path in old:
        system.delete_file(path)
    return len(old)


def _versions(folder: str, pattern: str) -> dict[str, int]:
    """The files of a log that are named so, and their versions."""
    system, root = locate(folder)
    return {
        one.path: int(one.base_name.lstrip(".")[:20])
        for one in system.get_file_info(fs.FileSelector(root))
        if re.fullmatch(pattern, one.base_name)
    }


def _prove(
    trace: Trace,
    streams: Sequence[Stage],
    names: Sequence[str],
    places: dict[str, str],
    report: Forgotten,
) -> None:
    """Reads all rows, all states and all bytes again."""
    spark, lake = streams[0].spark, streams[0].lake
    trace.learn_others(streams[0].bronze.read(spark, "bronze"))
    for name in names:
        if found := trace.count(lake.read(spark, name), name):
            report.remaining.append(f"{found} rows in {lake.table(name)}")
    for stream in streams:
        if any(map(trace.is_in_bytes, stream.states.values())):
            report.remaining.append(f"its name in the states of {stream.checkpoint}")
        _search(stream.checkpoint, trace, report)
    # A folder may have more than the tables.
    for place in [lake.folder] if lake.folder else places.values():
        _search(place, trace, report)


def _search(folder: str, trace: Trace, report: Forgotten) -> None:
    system, root = locate(folder)
    for one in system.get_file_info(fs.FileSelector(root, recursive=True)):
        if one.type != fs.FileType.File:
            continue
        with system.open_input_file(one.path) as file:
            content = file.read()
        report.files_searched += 1
        report.bytes_searched += len(content)
        if trace.is_in_file(one.base_name, content):
            report.remaining.append(f"its name in {one.path}")
