# Databricks notebook source
# Bronze becomes silver: typed, valid readings with rolling means. Gold is made in the same step.
from avocet.spark import Lake, Processing

config, catalog = dbutils.widgets.get("config"), dbutils.widgets.get("catalog")
lake = Lake.at(catalog) if "/" in catalog else Lake.of(catalog)

# COMMAND ----------

processing = Processing(spark, config, lake, dbutils.widgets.get("checkpoints") + "/gold")
processing.run_once()

# COMMAND ----------

display(lake.read(spark, "silver").orderBy("event_time"))
