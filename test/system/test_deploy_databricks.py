"""The bundle for Databricks, judged by Databricks' own models, and its task on a local Spark."""

import itertools
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.bundles.catalogs import Catalog
from databricks.bundles.jobs import Job
from databricks.bundles.pipelines import Pipeline
from databricks.bundles.schemas import Schema
from databricks.bundles.volumes import Volume
from harness import ROOT, TABLES, Site, table_path
from receiver import Receiver

BUNDLE = ROOT / "deploy" / "databricks"
MODELS = {
    "catalogs": Catalog,
    "jobs": Job,
    "pipelines": Pipeline,
    "schemas": Schema,
    "volumes": Volume,
}
GIVEN = {
    "storage_root": "s3://managed/iot",
    "writer": "00000000-0000-0000-0000-000000000001",
    "service_principal": "00000000-0000-0000-0000-000000000002",
    "notify": "ops@example.com",
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def bundle(target: str) -> dict[str, Any]:
    """The bundle with the target's variables in their places, as the CLI does it."""
    root = load(BUNDLE / "databricks.yml")
    for pattern in root["include"]:
        for path in sorted(BUNDLE.glob(pattern)):
            for kind, resources in load(path)["resources"].items():
                root.setdefault("resources", {}).setdefault(kind, {}).update(resources)
    values = {
        name: variable["default"]
        for name, variable in root["variables"].items()
        if "default" in variable
    }
    values |= GIVEN | root["targets"][target].get("variables", {})
    assert set(values) == set(root["variables"])
    known = {f"var.{name}": value for name, value in values.items()}
    known |= {"bundle.name": root["bundle"]["name"], "bundle.target": target}
    for kind, resources in root["resources"].items():
        known |= {f"resources.{kind}.{key}.name": one["name"] for key, one in resources.items()}
    filled: dict[str, Any] = fill(fill(root, known), known)
    assert "${" not in json.dumps([filled["resources"], filled["targets"][target]])
    return filled


def fill(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: fill(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, known) for one in value]
    if not isinstance(value, str):
        return value
    if whole := re.fullmatch(r"\$\{([a-z_.]+)\}", value):
        return known[whole[1]]
    return re.sub(r"\$\{([a-z_.]+)\}", lambda match: str(known[match[1]]), value)


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_databricks_own_models_take_every_resource(target: str) -> None:
    made = bundle(target)
    count = 0
    for kind, resources in made["resources"].items():
        for name, resource in resources.items():
            model = MODELS[kind].from_dict(resource)
            # What the model does not know it would have refused; nothing was left out either.
            assert set(resource) <= set(model.as_dict()), (kind, name)
            count += 1
    assert count == 11
    with pytest.raises(Exception, match="max_retires"):
        job = made["resources"]["jobs"]["care"]
        Job.from_dict({**job, "tasks": [{**job["tasks"][0], "max_retires": 1}]})


def test_jobs_end_retry_and_tell(tmp_path: Path) -> None:
    for target in ("staging", "prod"):
        made = bundle(target)
        principal = made["targets"][target]["run_as"]["service_principal_name"]
        assert principal == GIVEN["service_principal"]
        for job in made["resources"]["jobs"].values():
            assert job["timeout_seconds"] and job["max_concurrent_runs"] == 1
            assert job["email_notifications"]["on_failure"] == ["ops@example.com"]
            for task in job["tasks"]:
                assert task["timeout_seconds"] <= job["timeout_seconds"]
                # Databricks itself tries tasks of a continuous job again, and takes no number.
                assert ("continuous" in job) != ("max_retries" in task)
                if wheel := task.get("python_wheel_task"):
                    assert task["libraries"] == [{"whl": "../dist/*.whl"}]
                    assert_runs(wheel)
                else:
                    script = task["spark_python_task"]["python_file"]
                    assert (BUNDLE / "resources" / script).resolve().is_file()
    for job in ("care", "detect", "detect_stream"):
        cluster = bundle("prod")["resources"]["jobs"][job]["job_clusters"][0]["new_cluster"]
        assert cluster["autoscale"] == {"min_workers": 8, "max_workers": 32}
        assert cluster["node_type_id"] == "m5.xlarge"
        cluster = bundle("dev")["resources"]["jobs"][job]["job_clusters"][0]["new_cluster"]
        assert cluster["is_single_node"] and "autoscale" not in cluster


def test_care_is_taken_of_all_tables() -> None:
    text = (BUNDLE / "tasks" / "care.py").read_text()
    known = re.findall(r'^    "([a-z_.]+)": ', text, re.MULTILINE)
    assert sorted(known) == sorted(name.replace("/", ".") for name in TABLES.values())


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_a_target_touches_its_own_catalog_alone(target: str) -> None:
    made = bundle(target)
    catalog = made["resources"]["catalogs"]["iot"]["name"]
    text = json.dumps(made["resources"])
    assert set(re.findall(r"/Volumes/([^/]+)/", text)) == {catalog}
    assert set(re.findall(r"iot_catalog\w*", text)) == {catalog}


def assert_runs(wheel: dict[str, Any]) -> None:
    """The entry point is one of the package, and every option is one of its program."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert wheel["package_name"] == project["name"]
    module = project["scripts"][wheel["entry_point"]].split(":")[0]
    source = (ROOT / "python" / f"{module.replace('.', '/')}.py").read_text()
    assert f'add_parser("{wheel["parameters"][0]}"' in source
    for option in wheel["parameters"]:
        if option.startswith("--"):
            assert f'"{option}"' in source, option


def test_the_schedule_goes_from_bronze_to_table_care() -> None:
    tasks = bundle("prod")["resources"]["jobs"]["detect"]["tasks"]
    assert [task["task_key"] for task in tasks] == ["bronze", "gold", "alerts", "retention", "care"]
    for before, task in itertools.pairwise(tasks):
        assert task["depends_on"] == [{"task_key": before["task_key"]}]


def test_the_schema_of_the_cli_takes_every_file() -> None:
    """With the Databricks CLI installed, or its schema in a file."""
    import jsonschema

    if path := os.environ.get("AVOCET_BUNDLE_SCHEMA"):
        text = Path(path).read_text()
    elif cli := shutil.which("databricks"):
        done = subprocess.run([cli, "bundle", "schema"], capture_output=True, check=True)
        text = done.stdout.decode()
    else:
        pytest.skip("needs the databricks CLI, or AVOCET_BUNDLE_SCHEMA")
    # Letters and digits as Go's patterns have them, which Python's do not.
    text = text.replace(r"[\\p{L}\\p{N}]", "[A-Za-z0-9]").replace(r"\\p{L}", "[A-Za-z]")
    schema = json.loads(text)
    for file in [BUNDLE / "databricks.yml", *BUNDLE.glob("resources/*.yml")]:
        jsonschema.validate(load(file), schema)
    broken = load(BUNDLE / "databricks.yml")
    broken["targets"]["prod"]["run_us"] = broken["targets"]["prod"].pop("run_as")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def local_spark(python: str, more: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a task: as on Databricks, a session with Delta is there when it begins."""
    from test_spark import DELTA

    settings = {
        "spark.jars.packages": DELTA,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        # Defaults are for clusters.
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        **(more or {}),
    }
    arguments = " ".join(f"--conf {key}={value}" for key, value in settings.items())
    return {
        **os.environ,
        "PYSPARK_PYTHON": python,
        "PYSPARK_SUBMIT_ARGS": f"{arguments} pyspark-shell",
    }


@pytest.mark.slow
def test_the_care_of_a_lake_on_a_local_spark(tmp_path: Path) -> None:
    from test_spark import spark_python

    site = Site(tmp_path)
    site.configure("""\
lake: {lake}
storage: {commit: {rows: 200}, care: {enabled: false}}
engine: {tick_records: 100}
sources:
  - simulate: {devices: 20, duration: 20m, speed: 0, start_time: "2026-01-01T00:00:00Z"}
""")
    site.drain()
    rows = site.count("silver")
    log = table_path(site.lake, "silver") / "_delta_log"
    before = len(list(log.glob("*.json")))
    done = subprocess.run(
        [
            *(spark_python(), str(BUNDLE / "tasks" / "care.py")),
            *("--lake", str(site.lake / "iot_catalog"), "files"),
        ],
        capture_output=True,
        text=True,
        timeout=1200,
        env=local_spark(spark_python()),
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert re.search(r"valid_readings`: [1-9]\d* files became 1\b", done.stdout), done.stdout
    assert len(list(log.glob("*.json"))) > before
    assert site.count("silver") == rows
    checked = site.avocet("fsck", "-c", str(site.config))
    assert checked.returncode == 0, checked.stdout + checked.stderr


NOTEBOOKS = """
import runpy, sys
from types import SimpleNamespace
from pathlib import Path
from pyspark.sql import SparkSession

bundle, site = Path(sys.argv[1]), Path(sys.argv[2])
spark = SparkSession.builder.getOrCreate()
values = {
    "config": str(site / "avocet.yaml"),
    "catalog": str(site / "spark" / "iot_catalog"),
    "landing": str(site / "in"),
    "checkpoints": str(site / "checkpoints"),
}
given = {
    "spark": spark,
    "dbutils": SimpleNamespace(widgets=SimpleNamespace(get=values.__getitem__)),
    "display": lambda rows: print("SHOWN", rows.count()),
}
for name in ("bronze", "silver", "gold"):
    runpy.run_path(str(bundle / "notebooks" / f"{name}.py"), given)
sys.argv = ["", "--lake", values["catalog"], "--checkpoint", str(site / "told"), "--once"]
runpy.run_path(str(bundle / "tasks" / "alerts.py"), run_name="__main__")
"""


@pytest.mark.slow
def test_notebooks_and_the_task_of_alerts_on_a_local_spark(tmp_path: Path) -> None:
    from test_spark_processing import spark_python

    site = Site(tmp_path)
    site.configure("""\
lake: {lake}
sources: [{file: {path: {in}}}]
schema: {metrics: {temperature: {range: [-40, 85]}, humidity: {}}}
detectors: [{type: zscore}]
""")
    made = site.avocet("simulate", "--devices", "6", "--duration", "4h", "--faults", "spike", "-q")
    (site.inbox / "readings.ndjson").write_text(made.stdout + "no reading\n")
    site.drain()
    python = spark_python()
    with Receiver() as receiver:
        done = subprocess.run(
            [python, "-c", NOTEBOOKS, str(BUNDLE), str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=1200,
            env={**local_spark(python), "AVOCET_WEBHOOK_URL": receiver.url},
        )
        told = [json.loads(request.body)["alert"] for request in receiver.requests]
    assert done.returncode == 0, done.stderr[-4000:]
    shown = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("SHOWN")]
    lake = Site(tmp_path / "spark")
    lake.lake = tmp_path / "spark"
    for name in ("bronze", "quarantine", "silver", "anomalies", "device_stats", "alerts"):
        assert lake.count(name) == site.count(name) > 0, name
    assert shown[:3] == [1, site.count("silver"), site.count("device_stats")]
    assert len(shown) == 5 and shown[4] > 0
    changes = [row["state"] for row in site.rows("alerts").to_pylist()]
    assert len(told) == changes.count("firing") + changes.count("cleared") > 0
    assert {alert["state"] for alert in told} <= {"firing", "cleared"}


LAKEFLOW = (ROOT / "test" / "system" / "lakeflow.py").read_text()


@pytest.mark.slow
def test_the_declarative_pipeline_on_a_local_spark(tmp_path: Path) -> None:
    """Its expectations are the rules, and its rows are those of silver."""
    from test_spark_processing import spark_python

    site = Site(tmp_path)
    site.configure("""\
lake: {lake}
sources: [{file: {path: {in}}}]
schema:
  metrics:
    temperature: {range: [-40, 60], unit: degC, source_unit: degF}
    humidity: {range: [0, 100], on_invalid: drop}
    mode: {allowed: [1, 2], on_invalid: warn}
detectors: [{type: zscore}]
""")
    lines = [
        {
            "device_id": f"d{n % 5}",
            "timestamp": 1_780_000_000 + 60 * n,
            "temperature": 900 if n % 50 == 0 else 68 + n % 9,
            "humidity": 140 if n % 40 == 1 else n % 90,
            "mode": n % 4,
        }
        for n in range(1000)
    ]
    text = "\n".join(["no reading", *map(json.dumps, lines)])
    (site.inbox / "a.ndjson").write_text(text + "\n")
    site.drain()
    python = spark_python()
    done = subprocess.run(
        [python, "-c", LAKEFLOW, str(BUNDLE / "lakeflow" / "readings.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=1200,
        cwd=tmp_path,  # where Spark puts its warehouse
        env=local_spark(python),
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["broken"] == {
        "temperature.range": ["expect_all", 20],
        "mode.allowed": ["expect_all", 500],
        "humidity.range": ["expect_all_or_drop", 25],
    }
    silver = site.rows("silver").sort_by([("device_id", "ascending"), ("event_time", "ascending")])
    names = ["device_id", "temperature", "humidity", "mode"]
    assert found["rows"] == [list(row.values()) for row in silver.select(names).to_pylist()]
    assert len(found["rows"]) == 975
    assert (
        sum(row[1] is None for row in found["rows"])
        == site.rows("silver")["temperature"].null_count
    )
