"""The quality rules of a configuration as expectations of Lakeflow's declarative pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from avocet import _engine
from avocet.config import Config, ConfigText

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Expectations:
    """SQL by name. max_rate is in none: it compares with the reading before."""

    told: dict[str, str] = field(default_factory=dict)
    """Rules with `on_invalid: warn` or `nullify`: for `expect_all`."""
    dropped: dict[str, str] = field(default_factory=dict)
    """`drop`: for `expect_all_or_drop`."""
    failed: dict[str, str] = field(default_factory=dict)
    """`fail`: for `expect_all_or_fail`."""

    @classmethod
    def of(cls, config: Config) -> Expectations:
        """
        >>> metrics = {"t": {"range": [-40, 85], "on_invalid": "drop"}}
        >>> Expectations.of({"schema": {"metrics": metrics}}).dropped
        {'t.range': '`t` IS NULL OR (`t` >= -40.0 AND `t` <= 85.0)'}
        """
        source = ConfigText.of(config).require()
        found = cls()
        kinds = {"drop": found.dropped, "fail": found.failed}
        for metric in _engine.describe(source.text, source.file)["metrics"]:
            of_action = kinds.get(metric["on_invalid"], found.told)
            of_action.update(_constraints(metric))
        return found


def _constraints(metric: dict[str, Any]) -> dict[str, str]:
    name = metric["name"]
    found = {}
    bounds = [(">=", metric["min"]), ("<=", metric["max"])]
    limits = [f"`{name}` {sign} {bound!r}" for sign, bound in bounds if bound is not None]
    if limits:
        found[f"{name}.range"] = f"`{name}` IS NULL OR ({' AND '.join(limits)})"
    if metric["allowed"]:
        values = ", ".join(repr(value) for value in metric["allowed"])
        found[f"{name}.allowed"] = f"`{name}` IS NULL OR `{name}` IN ({values})"
    if metric["not_null"]:
        found[f"{name}.not_null"] = f"`{name}` IS NOT NULL"
    return found


@dataclass(frozen=True)
class _Decode:
    config_text: str
    config_file: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            engine = _engine.Engine(self.config_text, self.config_file, True, True, False)
            engine.feed(batch.__arrow_c_array__(), "payload", "", None, False)
            rows = pa.table(engine.take()["silver"])
            yield from rows.select(_columns(rows.schema)).to_batches()


def _columns(silver: pa.Schema) -> list[str]:
    """Without what depends on the readings before: means, and whether a reading is late."""
    metrics = (len(silver) - 3) // 2
    return list(silver.names[: 2 + metrics])


def typed(records: DataFrame, config: Config) -> DataFrame:
    """Records with a column `payload` as readings: device, time and metrics, as the engine reads
    them, with the values that expectations are to judge. What is no reading is left out.

    A value that breaks a rule with `on_invalid: nullify` is in it; see nullified().
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    source = ConfigText.of(config).require()
    silver = pa.table(_engine.Engine(source.text, source.file, True).take()["silver"]).schema
    schema = from_arrow_schema(pa.schema([silver.field(name) for name in _columns(silver)]))
    rows = records.select("payload").where("payload IS NOT NULL")
    return rows.mapInArrow(_Decode(source.text, source.file), schema)


def nullified(readings: DataFrame, config: Config) -> DataFrame:
    """Readings without the values that break a rule with `on_invalid: nullify`."""
    from pyspark.sql import functions as F

    source = ConfigText.of(config).require()
    for metric in _engine.describe(source.text, source.file)["metrics"]:
        rules = _constraints({**metric, "not_null": False}).values()
        if metric["on_invalid"] != "nullify" or not rules:
            continue
        holds = F.expr(" AND ".join(f"({rule})" for rule in rules))
        readings = readings.withColumn(metric["name"], F.when(holds, F.col(metric["name"])))
    return readings
