"""Silver and gold as streaming DataFrames: `lake.stream` of a lake that goes on."""

import json
import subprocess
from pathlib import Path

import generate
import pytest
from harness import CATALOG, Site, read_table, sorted_csv
from test_deploy_databricks import local_spark
from test_spark_processing import CONFIG, lines_of_a_fleet, spark_python

pytestmark = pytest.mark.slow

NAMES = ("bronze", "silver", "anomalies", "alerts")

FOLLOW = """
import json, sys
from avocet.spark import Lake
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
folder, out, names = json.loads(sys.argv[1])
for name in names:
    rows = Lake.at(folder).stream(spark, name)
    assert rows.isStreaming
    writer = rows.writeStream.option("checkpointLocation", f"{out}/checkpoints/{name}")
    writer.trigger(availableNow=True).format("parquet").start(f"{out}/{name}").awaitTermination()
"""


def test_a_stream_has_each_row_once(tmp_path: Path) -> None:
    """Also when files are compacted while it is away."""
    import pyarrow.parquet as pq

    site = Site(tmp_path / "site")
    site.configure(CONFIG)
    python = spark_python()
    lines = lines_of_a_fleet(site)
    half = len(lines) // 2
    call = json.dumps([str(site.lake / CATALOG), str(tmp_path / "out"), NAMES])
    for name, part in (("a.ndjson", lines[:half]), ("b.ndjson", lines[half:])):
        generate.write_ndjson(site.inbox / name, part)
        site.drain()
        done = subprocess.run(
            [python, "-c", FOLLOW, call],
            capture_output=True,
            text=True,
            timeout=1200,
            env=local_spark(python),
        )
        assert done.returncode == 0, done.stderr[-4000:]
        for table in NAMES:
            want = read_table(site.lake, table)
            found = pq.read_table(tmp_path / "out" / table).select(want.column_names)
            assert found.num_rows == want.num_rows > 0, table
            assert sorted_csv(found.cast(want.schema)) == sorted_csv(want), table
        assert site.avocet("optimize", "-c", str(site.config)).returncode == 0
