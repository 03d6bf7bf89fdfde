"""avocet.spark takes records from a real Kafka, and from Kinesis by the columns of its source."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from harness import CATALOG, Site, read_table, sorted_csv
from kafka_broker import Kafka
from test_spark import DELTA
from test_spark_processing import CONFIG, spark_python

pytestmark = pytest.mark.slow

KAFKA = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"

# The columns that Databricks documents for its source of Kinesis.
KINESIS = """
import json, sys
from avocet.spark import Ingest, Lake, kinesis
from pyspark.sql import SparkSession
from pyspark.sql.datasource import DataSource, SimpleDataSourceStreamReader

class Reader(SimpleDataSourceStreamReader):
    def __init__(self, lines):
        self.lines = lines
    def initialOffset(self):
        return {"at": 0}
    def read(self, start):
        rows = [
            ("key", line.encode(), "readings", f"shardId-{n % 2}", str(n), None)
            for n, line in enumerate(self.lines)
        ][start["at"]:]
        return iter(rows), {"at": len(self.lines)}
    def readBetweenOffsets(self, start, end):
        return iter(list(self.read(start)[0])[: end["at"] - start["at"]])

class Kinesis(DataSource):
    @classmethod
    def name(cls):
        return "kinesis"
    def schema(self):
        return (
            "partitionKey string, data binary, stream string, shardId string,"
            " sequenceNumber string, approximateArrivalTimestamp timestamp"
        )
    def simpleStreamReader(self, schema):
        assert self.options["streamName"] == "readings"
        with open(self.options["file"]) as file:
            return Reader(file.read().splitlines())

spark = SparkSession.builder.getOrCreate()
spark.dataSource.register(Kinesis)
call = json.loads(sys.argv[1])
records = kinesis(spark, {"streamName": "readings", "file": call["file"]})
ingest = Ingest(spark, call["config"], Lake.at(call["lake"]), call["checkpoint"], parts=2)
query = ingest.start(records)
query.processAllAvailable()
query.stop()
"""


def environment(python: str, packages: str) -> dict[str, str]:
    from test_deploy_databricks import local_spark

    known = local_spark(python)
    arguments = known["PYSPARK_SUBMIT_ARGS"].replace(DELTA, packages)
    return {**os.environ, **known, "PYSPARK_SUBMIT_ARGS": arguments}


def test_a_topic_becomes_the_rows_of_run(tmp_path: Path) -> None:
    """Read by `avocet run` and by Spark, from the same broker: each record at the same place."""
    site = Site(tmp_path / "site")
    with Kafka(tmp_path, partitions=2) as broker:
        source = f"{{kafka: {{brokers: [{broker.brokers}], topics: [readings]}}}}"
        site.configure(CONFIG.replace("{file: {path: {in}}}", source))
        lines = [
            json.dumps({"device_id": f"d{n % 7}", "timestamp": 1_780_000_000 + n, "humidity": n})
            for n in range(400)
        ]
        lines[9] = "no reading"
        for partition in (0, 1):
            broker.produce("readings", partition, [f"k:{one}" for one in lines[partition::2]])
        site.drain()
        python = spark_python()
        out = tmp_path / "spark"
        command = [str(Path(python).with_name("avocet-spark"))]
        where = ["--config", str(site.config), "--lake", str(out / CATALOG), "--once"]
        options = [f"kafka.bootstrap.servers={broker.brokers}", "subscribe=readings"]
        options += ["startingOffsets=earliest"]
        one_pass = ["all", "--kafka", *options, "--direct"]
        for work in (["bronze", "--kafka", *options], ["gold"], one_pass):
            if work is one_pass:
                where[where.index("--lake") + 1] = str(tmp_path / "one" / CATALOG)
            done = subprocess.run(
                [*command, *work, *where, "--checkpoint", str(out / work[0]), "--parts", "3"],
                capture_output=True,
                text=True,
                timeout=1200,
                env=environment(python, f"{DELTA},{KAFKA}"),
            )
            assert done.returncode == 0, done.stderr[-4000:]
    places = ["payload", "source", "partition", "offset"]
    kept = (("bronze", ["device_id", *places]), ("quarantine", ["code", *places]))
    for found_in in (out, tmp_path / "one"):
        for name, columns in kept:
            want, found = (read_table(lake, name).select(columns) for lake in (site.lake, found_in))
            assert sorted_csv(found) == sorted_csv(want), name
        assert read_table(found_in, "bronze").num_rows == 399
        want, found = (read_table(lake, "silver") for lake in (site.lake, found_in))
        assert sorted_csv(found.select(want.column_names)) == sorted_csv(want)


def test_the_columns_of_kinesis_become_bronze(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.configure(CONFIG)
    lines = [
        json.dumps({"device_id": f"d{n % 3}", "timestamp": 1_780_000_000 + n, "humidity": n % 90})
        for n in range(100)
    ]
    (tmp_path / "lines").write_text("\n".join(lines))
    python = spark_python()
    out = tmp_path / "spark"
    call = {
        **{"config": str(site.config), "lake": str(out / CATALOG), "file": f"{tmp_path}/lines"},
        "checkpoint": str(out / "checkpoint"),
    }
    done = subprocess.run(
        [python, "-c", KINESIS, json.dumps(call)],
        capture_output=True,
        text=True,
        timeout=1200,
        env=environment(python, DELTA),
    )
    assert done.returncode == 0, done.stderr[-4000:]
    rows = read_table(out, "bronze")
    assert sorted(rows["payload"].to_pylist()) == sorted(lines)
    assert set(rows["source"].to_pylist()) == {"kinesis"}
    assert set(rows["partition"].to_pylist()) == {"shardId-0", "shardId-1"}
