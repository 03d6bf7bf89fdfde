"""Spark reads the tables unchanged. Needs Java; PySpark is set up once, in the cache."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import generate
import pytest
from harness import TABLES, Site, read_table, table_path

pytestmark = pytest.mark.slow

DELTA = "io.delta:delta-spark_4.2_2.13:4.4.0"

PROGRAM = """
import json, sys
from pyspark.sql import SparkSession, functions as F

spark = (
    SparkSession.builder.master("local[2]").appName("avocet")
    .config("spark.jars.packages", sys.argv[2])
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2").getOrCreate()
)
out = {}
for name, path in json.loads(sys.argv[1]).items():
    rows = spark.read.format("delta").load(path)
    times = [f.name for f in rows.schema.fields if f.dataType.typeName() == "timestamp"]
    doubles = [f.name for f in rows.schema.fields if f.dataType.typeName() == "double"]
    sums = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        *[F.max(F.unix_micros(t)).alias(t) for t in times],
        *[F.sum(d).alias(d) for d in doubles],
    )
    out[name] = sums.first().asDict()
    newest = spark.sql(f"DESCRIBE HISTORY delta.`{path}`").first()
    out[name]["engine"] = newest["engineInfo"]
    # Statistics let Spark skip files; the answer must not change.
    if times:
        middle = rows.agg(F.expr(f"percentile_approx({times[0]}, 0.5)")).first()[0]
        below = rows.where(F.col(times[0]) < F.lit(middle)).count()
        at_least = rows.where(F.col(times[0]) >= F.lit(middle)).count()
        assert below + at_least == out[name]["rows"], name
print("RESULT " + json.dumps(out))
"""


def spark_python() -> str:
    script = Path(__file__).resolve().parents[2] / "scripts" / "spark_env.sh"
    return subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def run_spark(program: str, paths: dict[str, str]) -> Any:
    """What the program says of the tables at these paths or URLs."""
    done = subprocess.run(
        [spark_python(), "-c", program, json.dumps(paths), DELTA],
        capture_output=True,
        text=True,
        timeout=1200,
        env={**os.environ, "PYSPARK_PYTHON": spark_python()},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    line = next(x for x in done.stdout.splitlines() if x.startswith("RESULT "))
    return json.loads(line.removeprefix("RESULT "))


def test_spark_reads_every_table(tmp_path: Path) -> None:
    site = Site(tmp_path)
    settings = {
        "lake": str(site.lake),
        "storage": {
            "commit": {"rows": 500},
            "care": {"interval": "10ms", "compact_min_files": 4, "checkpoint_commits": 3},
        },
        "engine": {"tick_records": 200},
        "sources": [{"file": {"path": str(site.inbox)}}],
        "schema": {"metrics": {"temperature": {}, "humidity": {}, "mode": {}}},
    }
    site.config.write_text(json.dumps(settings))
    generate.write_inputs(site.inbox, 31, 6000)
    site.drain()
    paths = {name: str(table_path(site.lake, name)) for name in TABLES}
    found = run_spark(PROGRAM, paths)
    for name in TABLES:
        rows = read_table(site.lake, name)
        assert found[name].pop("rows") == rows.num_rows
        assert found[name].pop("engine").startswith("avocet/")
        for column, value in found[name].items():
            values = [v for v in rows.column(column).to_pylist() if v is not None]
            if isinstance(value, int):
                want = max(int(v.timestamp()) * 1_000_000 + v.microsecond for v in values)
                assert value == want, (name, column)
            elif value is not None:
                assert value == pytest.approx(sum(values), rel=1e-9), (name, column)
