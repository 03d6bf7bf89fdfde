"""Rows that are older than the configuration keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from avocet import _engine
from avocet.config import Config, ConfigText
from avocet.spark._lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TIME_OF = {"quarantine": "received_at", "device_stats": "hour", "device_health": "hour"}


def expire(spark: SparkSession, config: Config, lake: Lake) -> dict[str, int]:
    """Takes old rows out of the tables, in whole days, as `storage.retention` says.

    Of bronze by the day of receipt. The next vacuum deletes their bytes. Returns how many rows
    went, by table. Raises ConfigError.
    """
    text = ConfigText.of(config).require()
    keep: dict[str, int] = _engine.describe(text.text, text.file)["retention"]
    found = {}
    for name, seconds in keep.items():
        if not lake.has(spark, name):
            continue
        day = (datetime.now(UTC) - timedelta(seconds=seconds)).date().isoformat()
        if name == "bronze":
            old = f"date < DATE '{day}'"
        else:
            old = f"{_TIME_OF.get(name, 'event_time')} < TIMESTAMP '{day}T00:00:00Z'"
        deleted = spark.sql(f"DELETE FROM {lake.table(name)} WHERE {old}")
        found[name] = max(0, int(deleted.collect()[0][0]))
    return found
