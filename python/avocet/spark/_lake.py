"""Where the tables are, and what is written into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from avocet.spark._direct import BOUNDED_KEY, NewFile, commit_files, create_table

if TYPE_CHECKING:
    from delta.tables import DeltaTable
    from pyspark.sql import DataFrame, SparkSession

TABLES = {
    "bronze": "raw.sensor_readings",
    "quarantine": "raw.quarantine",
    "silver": "processed.valid_readings",
    "anomalies": "analytics.anomalies",
    "device_stats": "analytics.device_stats",
    "device_health": "analytics.device_health",
    "alerts": "analytics.alerts",
}

HOURLY_KEYS = {
    "device_stats": ("device_id", "metric", "hour"),
    "device_health": ("device_id", "hour"),
}
"""Of tables with a row of each hour, which later readings may amend."""

BOUNDED = {
    "bronze": ("event_time", "epoch", "sequence"),
    "quarantine": ("received_at", "epoch"),
    "alerts": ("event_time",),
}
"""Of tables that streams follow or that have whole records: the columns whose bounds are in the
log. They name no device, so that a device can be forgotten and the streams need no other log."""

DAY_OF = {"bronze": "received_at"}
"""Of a table that is partitioned by `date`: the column that has it."""


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
    direct: bool = False
    storage_options: dict[str, str] | None = None

    @classmethod
    def at(
        cls, folder: str, *, direct: bool = False, storage_options: dict[str, str] | None = None
    ) -> Lake:
        """`folder` has `raw`, `processed` and `analytics`.

        direct: tasks write the files of what is appended, without Spark's rows, and the driver
            commits them with the package deltalake. Tasks and driver must see the same folder.
        storage_options: of deltalake, when `direct`.

        Raises ValueError for a folder that tasks would look for elsewhere.
        """
        if direct and not folder.startswith("/") and ":" not in folder:
            raise ValueError(f"{folder}: with direct=True a folder must be absolute, or a URL")
        return cls("", folder.rstrip("/"), direct, storage_options)

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

    def place(self, spark: SparkSession, name: str) -> str:
        """The folder or URL that has the table."""
        if not self.catalog:
            return self.path(name)
        return str(spark.sql(f"DESCRIBE DETAIL {self.table(name)}").collect()[0]["location"])

    def has(self, spark: SparkSession, name: str) -> bool:
        from delta.tables import DeltaTable

        if self.catalog:
            return bool(spark.catalog.tableExists(self.table(name)))
        return bool(DeltaTable.isDeltaTable(spark, self.path(name)))

    def delta_table(self, spark: SparkSession, name: str) -> DeltaTable:
        from delta.tables import DeltaTable

        if self.catalog:
            return DeltaTable.forName(spark, self.table(name))
        return DeltaTable.forPath(spark, self.path(name))

    def read(self, spark: SparkSession, name: str) -> DataFrame:
        return spark.table(self.table(name))

    def stream(
        self, spark: SparkSession, name: str, options: dict[str, str] | None = None
    ) -> DataFrame:
        """A streaming DataFrame: the rows of a table as they come, each once.

        options: of Delta's source. What compacts, deletes or amends an hour changes nothing here.

        >>> # Lake.of("iot_catalog").stream(spark, "anomalies").where("severity = 'critical'")
        """
        reader = spark.readStream.format("delta").option("skipChangeCommits", "true")
        reader = reader.options(**(options or {}))
        return reader.table(self.table(name)) if self.catalog else reader.load(self.path(name))

    def create(self, spark: SparkSession, name: str, schema: pa.Schema) -> None:
        """An empty table, unless there is one."""
        if name in DAY_OF:
            schema = schema.append(pa.field("date", pa.date32()))
        days = ["date"] if name in DAY_OF else []
        if self.direct:
            create_table(self.path(name), schema, days, BOUNDED.get(name), self.storage_options)
            return
        from pyspark.sql.pandas.types import from_arrow_schema

        columns = from_arrow_schema(schema)
        if self.catalog:
            # DeltaTable's builder does not take a catalog's name everywhere.
            listed = ", ".join(f"`{one.name}` {one.dataType.simpleString()}" for one in columns)
            text = f"CREATE TABLE IF NOT EXISTS {self.table(name)} ({listed}) USING DELTA"
            text += f" PARTITIONED BY ({', '.join(days)})" if days else ""
            if name in BOUNDED:
                text += f" TBLPROPERTIES ('{BOUNDED_KEY}' = '{','.join(BOUNDED[name])}')"
            spark.sql(text)
            return
        from delta.tables import DeltaTable

        table = DeltaTable.createIfNotExists(spark).addColumns(columns)
        table = table.partitionedBy(*days) if days else table
        if name in BOUNDED:
            table = table.property(BOUNDED_KEY, ",".join(BOUNDED[name]))
        table.location(self.path(name)).execute()

    def append(self, rows: DataFrame, name: str, writer: str, version: int) -> None:
        """Once only: nothing, when the table has what `writer` wrote as `version`."""
        from pyspark.sql import functions as F

        if name in DAY_OF:
            day = F.floor(F.unix_micros(DAY_OF[name]) / 86_400_000_000).cast("int")
            rows = rows.withColumn("date", F.date_from_unix_date(day))
        out = rows.write.format("delta").mode("append")
        out = out.option("txnAppId", writer).option("txnVersion", version)
        if self.catalog:
            out.saveAsTable(self.table(name))
        else:
            out.save(self.path(name))

    def commit(self, files: list[NewFile], name: str, writer: str, version: int) -> None:
        """Appends what tasks have written. Once only, too."""
        commit_files(self.path(name), files, writer, version, self.storage_options)

    def replace_hours(self, spark: SparkSession, rows: DataFrame, name: str) -> None:
        """Rows of hours that are there or not; doing it again changes nothing."""
        table = self.delta_table(spark, name)
        same = " AND ".join(f"known.{key} = found.{key}" for key in HOURLY_KEYS[name])
        (
            table.alias("known")
            .merge(rows.alias("found"), same)
            .whenMatchedUpdateAll()
            .whenNotMatchedInsertAll()
            .execute()
        )
