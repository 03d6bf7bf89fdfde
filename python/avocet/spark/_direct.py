"""Tables that tasks write themselves: Parquet below the table's folder, which the driver commits.

Spark's own writer gets every value through its rows. Here the columns of the engine become a file
without them. A file that no commit names is no part of the table; VACUUM removes it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from avocet.spark._exchange import locate

# Hardly two values of these are equal, or they are too long: Delta's bounds would say nothing.
_WITHOUT_DICTIONARY = {"payload", "id", "reason", "anomaly_id"}
# All rows of a file have the same.
_CONSTANT = {"received_at", "epoch"}
_LONGEST_BOUND = 32

BOUNDED_KEY = "delta.dataSkippingStatsColumns"


@dataclass(frozen=True)
class NewFile:
    path: str
    """Below the folder of the table."""
    size: int
    written_ms: int
    partition: dict[str, str | None]
    stats: str
    """As Delta's log has them."""


def write_files(
    folder: str, rows: pa.Table, day_of: str | None, bounded: tuple[str, ...] | None = None
) -> Iterator[NewFile]:
    """Writes rows of one table. day_of: the column by whose date the table is partitioned.
    bounded: the columns whose bounds are in the log; by default all.
    """
    if day_of is None:
        yield _write_file(folder, rows, {}, bounded)
        return
    days = pc.cast(rows[day_of], pa.timestamp("us")).cast(pa.date32(), safe=False)
    found = pc.unique(days)
    for day in found:
        of_day = rows if len(found) == 1 else rows.filter(pc.equal(days, day))
        yield _write_file(folder, of_day, {"date": day.as_py().isoformat()}, bounded)


def _write_file(
    folder: str, rows: pa.Table, partition: dict[str, str | None], bounded: tuple[str, ...] | None
) -> NewFile:
    system, root = locate(folder)
    inner = "".join(f"{key}={value}/" for key, value in partition.items())
    path = f"{inner}part-{uuid.uuid4()}.zstd.parquet"
    system.create_dir(f"{root}/{inner}", recursive=True)
    repeated = [field.name for field in rows.schema if _repeats(field)]
    about: list[Any] = []
    with system.open_output_stream(f"{root}/{path}") as out:
        pq.write_table(
            rows,
            out,
            compression="zstd",
            compression_level=1,
            use_dictionary=repeated,
            # Arrow's own, in which a column has dictionaries: other programs would follow it.
            store_schema=False,
            metadata_collector=about,
        )
        size = out.tell()
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    return NewFile(path, size, now_ms, partition, json.dumps(_stats(about[0], bounded)))


def _repeats(field: pa.Field) -> bool:
    """Whether few values make up a column."""
    is_text = pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
    return field.name in _CONSTANT or (is_text and field.name not in _WITHOUT_DICTIONARY)


def _stats(about: pq.FileMetaData, bounded: tuple[str, ...] | None) -> dict[str, Any]:
    """Rows, bounds and nulls of a file's columns."""
    nulls: dict[str, int] = {}
    lowest: dict[str, Any] = {}
    highest: dict[str, Any] = {}
    for column in range(about.num_columns):
        groups = [about.row_group(i).column(column) for i in range(about.num_row_groups)]
        name = groups[0].path_in_schema
        if bounded is not None and name not in bounded:
            continue
        found = [group.statistics for group in groups if group.is_stats_set]
        if len(found) != len(groups):
            continue
        nulls[name] = sum(one.null_count for one in found)
        # A group without bounds has nulls alone, or values that have no order.
        if not all(one.has_min_max or one.num_values == 0 for one in found):
            continue
        low = _bound([one.min for one in found if one.has_min_max], min)
        high = _bound([one.max for one in found if one.has_min_max], max)
        if low is not None and high is not None:
            lowest[name], highest[name] = low, high
    return {
        "numRecords": about.num_rows,
        "minValues": lowest,
        "maxValues": highest,
        "nullCount": nulls,
    }


def _bound(values: list[Any], choose: Any) -> Any:
    """A bound as JSON has it; nothing for one that may not be cut short."""
    if not values:
        return None
    value = choose(values)
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_BOUND else None
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def create_table(
    folder: str,
    schema: pa.Schema,
    days: list[str],
    bounded: tuple[str, ...] | None,
    storage_options: dict[str, str] | None,
) -> None:
    """An empty table, unless there is one. days: the columns by which it is partitioned."""
    from deltalake import DeltaTable

    DeltaTable.create(
        folder,
        schema,
        mode="ignore",
        partition_by=days,
        configuration={BOUNDED_KEY: ",".join(bounded)} if bounded else None,
        storage_options=storage_options,
    )


def commit_files(
    folder: str,
    files: list[NewFile],
    writer: str,
    version: int,
    storage_options: dict[str, str] | None,
) -> None:
    """Once only: nothing, when the table has what `writer` wrote as `version`."""
    from deltalake import CommitProperties, DeltaTable, Transaction
    from deltalake.transaction import AddAction, RemoveAction

    table = DeltaTable(folder, storage_options=storage_options)
    written = table.transaction_version(writer)
    if written is not None and written >= version:
        return
    actions: list[AddAction | RemoveAction] = [
        AddAction(one.path, one.size, one.partition, one.written_ms, True, one.stats)
        for one in files
    ]
    table.create_write_transaction(
        actions,
        "append",
        table.schema(),
        partition_by=table.metadata().partition_columns,
        commit_properties=CommitProperties(app_transactions=[Transaction(writer, version)]),
    )
