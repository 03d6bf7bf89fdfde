"""A device and everything it ever said, out of a lake and out of the states of its streams."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.fs as fs

from avocet.spark._exchange import Exchange, locate
from avocet.spark._lake import BOUNDED, TABLES, Lake
from avocet.spark._stage import Stage

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# Shorter names are found by chance in compressed pages.
_LONG_ENOUGH = 8
_IN_WORD = r"A-Za-z0-9_\-"
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
    trace = Trace(device)
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
    if lake.folder:
        for name in names:
            if name not in BOUNDED:
                report.log_files += _trim_log(spark, lake, name)
    for stream, before in zip(streams, progress, strict=True):
        stream.relearn(before)
    if lake.direct:
        Exchange(f"{lake.folder}/_exchange").clear()
    _prove(trace, streams, names, report)
    return report


class Trace:
    """What a device is found by."""

    def __init__(self, device: str) -> None:
        self.device = device
        escaped = json.dumps(device)[1:-1]
        upper = re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), escaped)
        plain = json.dumps(device, ensure_ascii=False)[1:-1]
        twice = json.dumps(plain, ensure_ascii=False)[1:-1]
        self.spellings = sorted({device, escaped, upper, plain, twice})
        words = "|".join(map(re.escape, self.spellings))
        # As Java's regular expressions have it.
        inside = rf"[{_IN_WORD}[^\x00-\x7F]]"
        self.pattern = f"(?<!{inside})(?:{words})(?!{inside})"
        whole = rb"[" + _IN_WORD.encode() + rb"\x80-\xff]"
        self._word = re.compile(
            rb"(?<!" + whole + rb")(?:" + words.encode() + rb")(?!" + whole + rb")"
        )
        self.others: list[bytes] = []

    def condition(self, name: str) -> Column:
        from pyspark.sql import functions as F

        if name != "quarantine":
            return F.col("device_id") == self.device
        texts = [F.col("payload").cast("string"), F.col("message")]
        return texts[0].rlike(self.pattern) | texts[1].rlike(self.pattern)

    def count(self, rows: DataFrame, name: str) -> int:
        return int(rows.where(self.condition(name)).count())

    def learn_others(self, bronze: DataFrame) -> None:
        """Devices whose names hold this one: press-04171."""
        found = bronze.where(bronze.device_id.contains(self.device)).select("device_id").distinct()
        names = (row[0] for row in found.collect() if row[0] != self.device)
        self.others = sorted((name.encode() for name in names), key=len, reverse=True)

    def is_in(self, content: bytes, *, is_text: bool) -> bool:
        for other in self.others:
            content = content.replace(other, b"")
        if is_text:
            return self._word.search(content) is not None
        return len(self.device) >= _LONG_ENOUGH and self.device.encode() in content


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


def _trim_log(spark: SparkSession, lake: Lake, name: str) -> int:
    """Deletes the entries before now, which have the bounds of files that are gone."""
    table = lake.table(name)
    folder = f"{lake.path(name)}/_delta_log"
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


def _prove(trace: Trace, streams: Sequence[Stage], names: Sequence[str], report: Forgotten) -> None:
    """Reads all rows, all states and all bytes again."""
    spark, lake = streams[0].spark, streams[0].lake
    trace.learn_others(streams[0].bronze.read(spark, "bronze"))
    for name in names:
        if found := trace.count(lake.read(spark, name), name):
            report.remaining.append(f"{found} rows in {lake.table(name)}")
    for stream in streams:
        if any(trace.is_in(value, is_text=False) for value in stream.states.values()):
            report.remaining.append(f"its name in the states of {stream.checkpoint}")
        _search(stream.checkpoint, trace, report)
    if lake.folder:
        _search(lake.folder, trace, report)
    else:
        report.unsearched.append(
            f"logs and files of the catalog {lake.catalog}: bounds of rows may name it in logs, "
            "until delta.logRetentionDuration is over"
        )


def _search(folder: str, trace: Trace, report: Forgotten) -> None:
    system, root = locate(folder)
    for one in system.get_file_info(fs.FileSelector(root, recursive=True)):
        if one.type != fs.FileType.File:
            continue
        with system.open_input_file(one.path) as file:
            content = file.read()
        report.files_searched += 1
        report.bytes_searched += len(content)
        if trace.is_in(
            content, is_text=not one.base_name.endswith((".parquet", ".crc", ".arrows"))
        ):
            report.remaining.append(f"its name in {one.path}")
