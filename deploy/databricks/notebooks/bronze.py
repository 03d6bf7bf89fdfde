# Databricks notebook source
# Files in the landing volume become bronze and quarantine.
from avocet.spark import Ingest, Lake, files

config, catalog = dbutils.widgets.get("config"), dbutils.widgets.get("catalog")
lake = Lake.at(catalog) if "/" in catalog else Lake.of(catalog)

# COMMAND ----------

records = files(spark, dbutils.widgets.get("landing"))
ingest = Ingest(spark, config, lake, dbutils.widgets.get("checkpoints") + "/bronze")
ingest.start(records, available_now=True).awaitTermination()

# COMMAND ----------

display(lake.read(spark, "quarantine").groupBy("code").count())
