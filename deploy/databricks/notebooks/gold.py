# Databricks notebook source
# Gold: what each device did each hour, what was strange and why, and which of it are alerts.
from avocet.spark import Lake

catalog = dbutils.widgets.get("catalog")
lake = Lake.at(catalog) if "/" in catalog else Lake.of(catalog)

# COMMAND ----------

display(lake.read(spark, "device_stats").orderBy("hour", "device_id", "metric"))

# COMMAND ----------

anomalies = lake.read(spark, "anomalies")
display(anomalies.select("event_time", "device_id", "metric", "severity", "reason"))

# COMMAND ----------

display(lake.read(spark, "alerts").where("state = 'firing'"))
