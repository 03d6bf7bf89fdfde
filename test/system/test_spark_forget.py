"""avocet.spark forgets a device, and rows that are too old, as `avocet run` does."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import generate
import pytest
from harness import CATALOG, Site, read_table
from test_deploy_databricks import local_spark
from test_spark_processing import CONFIG, Driver, assert_all_tables, lines_of_a_fleet, spark_python

pytestmark = pytest.mark.slow

SCHEMAS = ("raw", "processed", "analytics")


@pytest.fixture(scope="module")
def python() -> str:
    return spark_python()


class Streams:
    """Streams over a folder of files, to a lake of their own."""

    def __init__(self, python: str, site: Site, folder: Path):
        self.python, self.site, self.folder = python, site, folder
        self.inbox = folder / "in"
        self.inbox.mkdir(parents=True)
        self.settings: dict[str, str] = {}

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def where(self) -> list[str]:
        return ["--lake", str(self.lake / CATALOG)]

    def call(self, checkpoint: str, **more: Any) -> dict[str, Any]:
        tables = {"config": str(self.site.config), "lake": self.where[1], "parts": 3}
        return {**tables, "checkpoint": str(self.folder / checkpoint), **more}

    def run(self, *words: str, code: int = 0) -> str:
        program = Path(self.python).with_name("avocet-spark")
        where = ["--config", str(self.site.config), *self.where]
        done = subprocess.run(
            [str(program), *words, *where],
            capture_output=True,
            text=True,
            timeout=1200,
            env=local_spark(self.python, self.settings),
        )
        assert done.returncode == code, done.stdout + done.stderr[-6000:]
        return done.stdout if code == 0 else done.stdout + done.stderr


class OnePass(Streams):
    """Tasks write the tables."""

    def take_in(self) -> None:
        call = self.call("all", all=str(self.inbox), direct=True)
        Driver(self.python, self.folder, call, settings=self.settings).finish()

    def forget(self, device: str, code: int = 0) -> str:
        where = ["--all", str(self.folder / "all"), "--direct", "--parts", "3"]
        return self.run("forget", device, *where, code=code)


class TwoStreams(Streams):
    """Spark writes the tables."""

    def take_in(self) -> None:
        calls = [self.bronze, self.call("gold")]
        Driver(self.python, self.folder, *calls, settings=self.settings).finish()

    @property
    def bronze(self) -> dict[str, Any]:
        return self.call("bronze", files=str(self.inbox))

    def forget(self, device: str, code: int = 0) -> str:
        where = ["--bronze", str(self.folder / "bronze"), "--gold", str(self.folder / "gold")]
        return self.run("forget", device, *where, "--parts", "3", code=code)


class Catalogued(TwoStreams):
    """The same, by the names of the tables; only the catalog knows where they are."""

    def __init__(self, python: str, site: Site, folder: Path):
        super().__init__(python, site, folder)
        store = f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
        self.settings = {
            "spark.sql.catalogImplementation": "hive",
            "spark.hadoop.javax.jdo.option.ConnectionURL": store,
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.driver.extraJavaOptions": f"-Dderby.stream.error.file={folder / 'derby.log'}",
        }
        places = {schema: self.lake / CATALOG / schema for schema in SCHEMAS}
        made = [f"CREATE SCHEMA {schema} LOCATION '{place}'" for schema, place in places.items()]
        code = "import sys; from pyspark.sql import SparkSession as S; s = S.builder.getOrCreate();"
        subprocess.run(
            [python, "-c", code + "[s.sql(text) for text in sys.argv[1:]]", *made],
            check=True,
            timeout=600,
            env=local_spark(python, self.settings),
        )

    @property
    def where(self) -> list[str]:
        return ["--catalog", "spark_catalog"]


def names(folder: Path, device: str) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix not in (".ndjson", ".log")
        and device.encode() in path.read_bytes()
    ]


def device_of(line: bytes) -> Any:
    try:
        return json.loads(line).get("device_id")
    except (ValueError, AttributeError):
        return None


@pytest.mark.parametrize("kind", [OnePass, TwoStreams, Catalogued])
def test_a_device_is_forgotten_and_the_streams_go_on(
    python: str, tmp_path: Path, kind: type[OnePass] | type[TwoStreams] | type[Catalogued]
) -> None:
    """The rows of `avocet run` that had to forget it, too, at the same place."""
    site = Site(tmp_path / "run")
    site.configure(CONFIG)
    streams = kind(python, site, tmp_path / "spark")
    lines = lines_of_a_fleet(site)
    half = len(lines) // 2
    device = next(device_of(line) for line in lines if device_of(line))
    gone = "press-0417-of-hall-3"
    # One of the fleet, under a name that is found nowhere by chance.
    lines = [line.replace(f'"{device}"'.encode(), f'"{gone}"'.encode()) for line in lines]
    lines.insert(half - 5, lines[half - 5][:-1] + b', "note": "' + gone.encode() + b'"')
    for name, part in (("a.ndjson", lines[:half]), ("b.ndjson", lines[half:])):
        if name == "b.ndjson":
            part = [line for line in part if gone.encode() not in line]
        for inbox in (site.inbox, streams.inbox):
            generate.write_ndjson(inbox / name, part)
        site.drain()
        streams.take_in()
        assert_all_tables(site.lake, streams.lake)
        if name == "b.ndjson":
            break
        assert names(streams.folder, gone)
        assert "no trace" in site.avocet("forget", gone, "-c", str(site.config)).stdout
        told = streams.forget(gone)
        assert "no trace" in told, told
        assert names(streams.folder, gone) == []
        assert_all_tables(site.lake, streams.lake)
    assert gone not in read_table(streams.lake, "bronze")["device_id"].to_pylist()


def test_a_stream_that_is_behind_does_not_forget(python: str, tmp_path: Path) -> None:
    site = Site(tmp_path / "run")
    site.configure(CONFIG)
    streams = TwoStreams(python, site, tmp_path / "spark")
    generate.write_ndjson(streams.inbox / "a.ndjson", lines_of_a_fleet(site)[:200])
    streams.take_in()
    generate.write_ndjson(streams.inbox / "b.ndjson", lines_of_a_fleet(site)[200:300])
    Driver(python, streams.folder, streams.bronze).finish()
    rows = read_table(streams.lake, "bronze").num_rows
    device = read_table(streams.lake, "bronze")["device_id"][0].as_py()
    told = streams.forget(device, code=1)
    assert f"{streams.folder / 'gold'}: the stream has something to finish" in told
    assert read_table(streams.lake, "bronze").num_rows == rows


@pytest.mark.parametrize("kind", [TwoStreams, Catalogued])
def test_rows_that_are_too_old_go(
    python: str, tmp_path: Path, kind: type[TwoStreams] | type[Catalogued]
) -> None:
    site = Site(tmp_path / "run")
    keep = "storage: {retention: {silver: 1000d, anomalies: 1d, bronze: 1d}, commit:"
    site.configure(CONFIG.replace("storage: {commit:", keep))
    streams = kind(python, site, tmp_path / "spark")
    old = lines_of_a_fleet(site)[:2000]
    young = json.dumps({"device_id": "young", "timestamp": 1_790_000_000, "humidity": 5}).encode()
    generate.write_ndjson(streams.inbox / "a.ndjson", [*old, young])
    streams.take_in()
    before = {name: read_table(streams.lake, name).num_rows for name in ("bronze", "device_stats")}
    told = streams.run("retention")
    assert "valid_readings" in told and "rows were too old" in told
    assert read_table(streams.lake, "silver")["device_id"].to_pylist() == ["young"]
    assert read_table(streams.lake, "anomalies").num_rows == 0
    # It was received today.
    after = {name: read_table(streams.lake, name).num_rows for name in before}
    assert after == before
    shutil.rmtree(streams.inbox)
