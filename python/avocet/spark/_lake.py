"""Where the tables are, and what is written into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

TABLES = {
    "bronze": "raw.sensor_readings",
    "quarantine": "raw.quarantine",
    "silver": "processed.valid_readings",
    "anomalies": "analytics.anomalies",
    "device_stats": "analytics.device_stats",
    "alerts": "analytics.alerts",
}

STATS_KEYS = ("device_id", "metric", "hour")


@dataclass(frozen=True)
class Lake:
    """The tables of avocet, by their names in a catalog or by their place below a folder or URL.

    >>> Lake.at("/data/lake/iot_catalog").table("silver")
    'delta.`/data/lake/iot_catalog/processed/valid_readings`'
    >>> Lake.of("iot_catalog").table("silver")
    '`iot_catalog`.processed.valid_readings'
    """

    catalog: str = ""
    folder: str = ""

    @classmethod
    def at(cls, folder: str) -> Lake:
        """`folder` has `raw`, `processed` and `analytics`."""
        return cls(folder=folder.rstrip("/"))

    @classmethod
    def of(cls, catalog: str) -> Lake:
        return cls(catalog=catalog)

    def table(self, name: str) -> str:
        """For SQL."""
        if self.catalog:
            return f"`{self.catalog}`.{TABLES[name]}"
        return f"delta.`{self.path(name)}`"

    def path(self, name: str) -> str:
        return f"{self.folder}/{TABLES[name].replace('.', '/')}"

    def read(self, spark: SparkSession, name: str) -> DataFrame:
        return spark.table(self.table(name))

    def stream(self, spark: SparkSession, name: str, options: dict[str, str]) -> DataFrame:
        """The rows of a table as they come. What compacts or forgets changes nothing here."""
        reader = spark.readStream.format("delta").option("skipChangeCommits", "true")
        reader = reader.options(**options)
        return reader.table(self.table(name)) if self.catalog else reader.load(self.path(name))

    def create(
        self, spark: SparkSession, name: str, schema: StructType, partition: str | None = None
    ) -> None:
        """An empty table, unless there is one."""
        from delta.tables import DeltaTable

        table = DeltaTable.createIfNotExists(spark).addColumns(schema)
        if partition is not None:
            table = table.partitionedBy(partition)
        if self.catalog:
            table.tableName(self.table(name)).execute()
        else:
            table.location(self.path(name)).execute()

    def append(self, rows: DataFrame, name: str, writer: str, version: int) -> None:
        """Once only: nothing, when the table has what `writer` wrote as `version`."""
        out = rows.write.format("delta").mode("append")
        out = out.option("txnAppId", writer).option("txnVersion", version)
        if self.catalog:
            out.saveAsTable(self.table(name))
        else:
            out.save(self.path(name))

    def replace_stats(self, spark: SparkSession, rows: DataFrame) -> None:
        """Hours that are there or not; doing it again changes nothing."""
        from delta.tables import DeltaTable

        table = (
            DeltaTable.forName(spark, self.table("device_stats"))
            if self.catalog
            else DeltaTable.forPath(spark, self.path("device_stats"))
        )
        same = " AND ".join(f"known.{key} = found.{key}" for key in STATS_KEYS)
        (
            table.alias("known")
            .merge(rows.alias("found"), same)
            .whenMatchedUpdateAll()
            .whenNotMatchedInsertAll()
            .execute()
        )
