"""A declarative pipeline of Databricks on a local Spark: tables, and expectations about their rows.

Usage: lakeflow.py PIPELINE SITE, for test_deploy_databricks.py. Spark's own declarative pipelines
have no expectations; here they are counted, and rows dropped, as Databricks documents it. Prints
what broke each expectation, and the rows of the last table.
"""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyspark
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

site = Path(sys.argv[2])
spark = SparkSession.builder.getOrCreate()
spark.conf.set("avocet.config", str(site / "avocet.yaml"))
spark.conf.set("avocet.landing", str(site / "in"))
spark.conf.set("avocet.auto_loader", "false")
rules_of: dict[Any, list[tuple[str, dict[str, str]]]] = {}
tables: list[tuple[str, Any]] = []
broken: dict[str, tuple[str, int]] = {}


def expectation(kind: str) -> Callable[..., Any]:
    def with_rules(rules: dict[str, str]) -> Callable[..., Any]:
        def decorate(query: Any) -> Any:
            rules_of.setdefault(query, []).append((kind, rules))
            return query

        return decorate

    return with_rules


def table(*, name: str, comment: str) -> Callable[..., Any]:
    def decorate(query: Any) -> Any:
        assert comment
        tables.append((name, query))
        return query

    return decorate


def write(name: str, query: Any) -> None:
    def judge(batch: DataFrame, _: int) -> None:
        batch.persist()
        kept = batch
        for kind, rules in rules_of.get(query, []):
            for rule, sql in rules.items():
                count = batch.where(~F.coalesce(F.expr(sql), F.lit(False))).count()
                broken[rule] = (kind, broken.get(rule, (kind, 0))[1] + count)
                assert kind != "expect_all_or_fail" or count == 0, rule
                if kind == "expect_all_or_drop":
                    kept = kept.where(sql)
        kept.write.format("delta").mode("append").saveAsTable(name)
        batch.unpersist()

    stream = query().writeStream.foreachBatch(judge).trigger(availableNow=True)
    stream.option("checkpointLocation", str(site / "lakeflow" / name)).start().awaitTermination()


pipelines = ModuleType("pyspark.pipelines")
pipelines.table = table  # type: ignore[attr-defined]
for kind in ("expect_all", "expect_all_or_drop", "expect_all_or_fail"):
    setattr(pipelines, kind, expectation(kind))
sys.modules["pyspark.pipelines"] = pipelines
pyspark.pipelines = pipelines
runpy.run_path(sys.argv[1])
for name, query in tables:
    write(name, query)
rows = spark.table(tables[-1][0]).orderBy("device_id", "event_time")
columns = ["device_id", "temperature", "humidity", "mode"]
print(json.dumps({"broken": broken, "rows": [list(row) for row in rows.select(columns).collect()]}))
