"""Readings that the configuration's quality rules have judged, as a declarative pipeline.

Its expectations are made from the configuration: Databricks counts what breaks each, drops what
`on_invalid: drop` says, and ends the update for `fail`. Detection is avocet's, in the other jobs.
"""

from avocet.spark import Expectations, files, nullified, typed
from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

spark = SparkSession.getActiveSession()
config = spark.conf.get("avocet.config")
landing = spark.conf.get("avocet.landing")
auto_loader = spark.conf.get("avocet.auto_loader", "true") == "true"
rules = Expectations.of(config)


@dp.table(name="landed_records", comment="Lines of the files in the landing volume")
def landed_records() -> DataFrame:
    return files(spark, landing, whole=False, auto_loader=auto_loader)


@dp.table(name="judged_readings", comment="Readings, with the values that devices sent")
@dp.expect_all(rules.told)
@dp.expect_all_or_drop(rules.dropped)
@dp.expect_all_or_fail(rules.failed)
def judged_readings() -> DataFrame:
    return typed(spark.readStream.table("landed_records"), config)


@dp.table(name="checked_readings", comment="Readings without values that break a rule")
def checked_readings() -> DataFrame:
    return nullified(spark.readStream.table("judged_readings"), config)
