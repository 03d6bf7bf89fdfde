"""A lake in S3: the same tables as in a directory, whatever the service does meanwhile."""

import json
import os
import random
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import generate
import pyarrow as pa
import pytest
from dashboard import Client
from deltalake import DeltaTable
from harness import (
    BINARY,
    CATALOG,
    TABLES,
    TEST_ALL,
    Run,
    Site,
    arrow_table,
    assert_same_lakes,
    lake_csv,
    sorted_csv,
)
from ports import free_port, listens
from services import AWS_ENV, Service, client, fault_proxy, moto, needs_aws, versitygw
from test_dashboard_api import CHANGE
from test_spark import DELTA, spark_python
from unity_server import Fault, UnityServer

pytestmark = needs_aws

SPARK = """
import json, sys
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local[2]")
for name, value in json.loads(sys.argv[1]).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
tables = json.loads(sys.argv[2])
counts = {name: spark.read.format("delta").load(url).count() for name, url in tables.items()}
print("RESULT " + json.dumps(counts))
"""
# Of the AWS SDK only what S3A uses for plain buckets: the bundle has 690 MB.
SDK = "2.35.4"
SPARK_PACKAGES = [
    DELTA,
    "org.apache.hadoop:hadoop-aws:3.5.0",
    f"software.amazon.awssdk:s3:{SDK}",
    f"software.amazon.awssdk:s3-transfer-manager:{SDK}",
    f"software.amazon.awssdk:sts:{SDK}",
]

KILL_ROUNDS = int(os.environ.get("AVOCET_AWS_KILL_ROUNDS", "60" if TEST_ALL else "6"))
QUERY_BINARY = os.environ.get("AVOCET_QUERY_BIN", "")
SERVERS: dict[str, Callable[[Path], Service]] = {"moto": moto, "versitygw": versitygw}


class S3Site(Site):
    """A site whose lake is in a bucket."""

    def __init__(self, directory: Path, server: Service, endpoint: str = ""):
        """`endpoint`: what avocet is told, when it is not the server itself."""
        super().__init__(directory)
        self.server, self.endpoint = server, endpoint or server.url
        self.bucket = directory.name.replace("_", "-").lower()
        self.url = f"s3://{self.bucket}/lakes/plant"
        self.api = client("s3", server.url)
        self.api.create_bucket(Bucket=self.bucket)
        self.set_up()

    def set_up(self, **options: Any) -> None:
        storage: dict[str, Any] = {
            "data_dir": str(self.directory / "state"),
            "s3": {"endpoint": self.endpoint},
            "commit": {"interval": "100ms"},
            "snapshot_interval": "300ms",
            **options,
        }
        self.config.write_text(
            json.dumps(
                {
                    "lake": self.url,
                    "storage": storage,
                    "sources": [{"file": {"path": str(self.inbox), "poll_interval": "20ms"}}],
                    "schema": {
                        "metrics": {
                            "temperature": {"range": [-40, 60]},
                            "humidity": {"range": [0, 100], "on_invalid": "drop"},
                            "mode": {},
                        }
                    },
                    "detectors": [{"type": "zscore", "min_samples": 10, "sigma": 2.5}],
                    "server": {"enabled": False},
                }
            )
        )

    def local_twin(self, directory: Path) -> Site:
        """A site with the same inputs and a lake in a directory."""
        twin = Site(directory)
        config = json.loads(self.config.read_text())
        config["lake"] = str(twin.lake)
        del config["storage"]["data_dir"]
        twin.config.write_text(json.dumps(config))
        return twin

    def table(self, name: str) -> pa.Table:
        options = {
            **AWS_ENV,
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_ALLOW_HTTP": "true",
        }
        url = f"{self.url}/{CATALOG}/{TABLES[name]}"
        return arrow_table(DeltaTable(url, storage_options=options))

    def csv(self) -> dict[str, str]:
        return {name: sorted_csv(self.table(name)) for name in TABLES}

    def object_keys(self, prefix: str = "") -> list[str]:
        pages = self.api.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"lakes/plant/{prefix}"
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def bronze_rows(self) -> int:
        """Of the newest commit; 0 when there is none."""
        log = f"{CATALOG}/{TABLES['bronze']}/_delta_log/"
        for key in sorted((k for k in self.object_keys(log) if k.endswith(".json")), reverse=True):
            body = self.api.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for line in body.splitlines():
                info = json.loads(line).get("commitInfo", {}).get("avocet")
                if info:
                    return int(info["totals"]["accepted"])
        return 0

    def ok(self, *arguments: str) -> str:
        env = {**AWS_ENV, **({"AVOCET_QUERY": QUERY_BINARY} if QUERY_BINARY else {})}
        done = self.avocet(*arguments, "-c", str(self.config), env=env)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(scope="module", params=["versitygw", pytest.param("moto", marks=pytest.mark.slow)])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as service:
        yield service


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with versitygw(tmp_path_factory.mktemp("gateway")) as service:
        yield service


def order(proxy: Service, faults: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(f"{proxy.url}/_faults", json.dumps(faults).encode())
    urllib.request.urlopen(request).close()


def counts(proxy: Service) -> dict[str, int]:
    with urllib.request.urlopen(f"{proxy.url}/_counts") as answer:
        return dict(json.loads(answer.read()))


def test_tables_are_those_of_a_directory(tmp_path: Path, server: Service) -> None:
    site = S3Site(tmp_path, server)
    twin = site.local_twin(tmp_path / "twin")
    stream = list(generate.lines(8, 1200))
    for part in range(2):
        lines = stream[part * 600 : (part + 1) * 600]
        for inbox in (site.inbox, twin.inbox):
            generate.write_ndjson(inbox / f"{part}.ndjson", lines)
        done = site.run(env=AWS_ENV)
        assert done.returncode == 0, done.stderr
        twin.drain()
    assert_same_lakes(lake_csv(twin.lake), site.csv())
    if QUERY_BINARY:
        counted = site.ok(
            "query", "-f", "csv", f"SELECT count(*) AS n FROM {CATALOG}.processed.valid_readings"
        )
        assert counted.split() == ["n", str(site.table("silver").num_rows)]
    # Nothing of the state of this machine is in the bucket.
    assert [k for k in site.object_keys() if "/_avocet/" in k] == [
        "lakes/plant/_avocet/conditional-put"
    ]


def test_the_health_of_devices(tmp_path: Path, gateway: Service) -> None:
    site = S3Site(tmp_path, gateway)
    twin = site.local_twin(tmp_path / "twin")
    for inbox in (site.inbox, twin.inbox):
        generate.write_ndjson(inbox / "0.ndjson", list(generate.lines(5, 2000)))
    assert site.run(env=AWS_ENV).returncode == 0
    twin.drain()
    want = twin.avocet("health", "--all", "-f", "json", "-c", str(twin.config))
    assert want.returncode == 0, want.stderr
    found = json.loads(site.ok("health", "--all", "-f", "json"))
    assert found["devices"]
    assert found == json.loads(want.stdout)


def test_tables_are_registered_in_a_catalog(tmp_path: Path, gateway: Service) -> None:
    site = S3Site(tmp_path, gateway)
    generate.write_ndjson(site.inbox / "0.ndjson", list(generate.lines(5, 200)))
    with UnityServer(token="secret-token") as catalog:
        config = json.loads(site.config.read_text())
        config["catalog"] = {"url": catalog.url, "token": "secret-token"}
        site.config.write_text(json.dumps(config))
        assert site.run(env=AWS_ENV).returncode == 0
        registered = catalog.objects["tables"]
        places = {name: table["storage_location"] for name, table in registered.items()}
        assert places == {
            f"{CATALOG}.{path.replace('/', '.')}": f"{site.url}/{CATALOG}/{path}"
            for path in TABLES.values()
        }
        assert "is as the configuration" in site.ok("catalog", "sync")


VENDED_ENV = {key: value for key, value in AWS_ENV.items() if "KEY" not in key}


def vended_site(
    directory: Path, gateway: Service, catalog: UnityServer
) -> tuple[S3Site, dict[str, str]]:
    """A site whose only credentials are those that the catalog vends."""
    site = S3Site(directory, gateway)
    config = json.loads(site.config.read_text())
    config["storage"]["s3"]["profile"] = "lake"
    config["catalog"] = {"url": catalog.url, "token": "secret-token", "register_at_start": False}
    site.config.write_text(json.dumps(config))
    profiles = directory / "aws-config"
    process = f"{BINARY} catalog credentials -c {site.config}"
    profiles.write_text(f"[profile lake]\ncredential_process = {process}\n")
    return site, {**VENDED_ENV, "AWS_CONFIG_FILE": str(profiles)}


def test_credentials_that_the_catalog_vends_are_renewed(tmp_path: Path, gateway: Service) -> None:
    with UnityServer(token="secret-token") as catalog:
        catalog.vended = {
            "access_key_id": AWS_ENV["AWS_ACCESS_KEY_ID"],
            "secret_access_key": AWS_ENV["AWS_SECRET_ACCESS_KEY"],
            "session_token": "",
        }
        # Renewed two minutes before they expire: so after a second.
        catalog.vended_for_s = 121
        site, env = vended_site(tmp_path, gateway, catalog)
        with site.follow(env) as run:
            for part in range(3):
                asked = len(catalog.asked_to_vend)
                generate.write_ndjson(
                    site.inbox / f"{part}.ndjson", list(generate.lines(part, 200))
                )
                before = site.bronze_rows()
                run.wait_for(lambda n=before: site.bronze_rows() > n, "more rows", timeout=60)
                if part < 2:
                    run.wait_for(
                        lambda n=asked: len(catalog.asked_to_vend) > n,
                        "a renewal",
                        timeout=60,
                    )
            assert run.stop() == 0, run.output()
        wanted = {"url": site.url, "operation": "PATH_READ_WRITE"}
        assert all(body == wanted for body in catalog.asked_to_vend)


def test_credentials_that_the_catalog_does_not_vend(tmp_path: Path, gateway: Service) -> None:
    with UnityServer(token="secret-token") as catalog:
        site, env = vended_site(tmp_path, gateway, catalog)
        generate.write_ndjson(site.inbox / "0.ndjson", list(generate.lines(5, 200)))
        words = ("catalog", "credentials", "-c", str(site.config))
        done = site.avocet(*words)
        assert done.returncode != 0 and "gave none for AWS" in done.stderr, done.stderr
        assert done.stdout == ""
        catalog.faults = [Fault("POST temporary-path-credentials", 403)]
        done = site.avocet(*words)
        assert done.returncode == 77, done.stderr
        assert f"cannot get credentials for {site.url}" in done.stderr
        assert "answered 403: a bad day" in done.stderr
        # A run says the same, and does not begin.
        done = site.run(env=env)
        assert done.returncode != 0
        assert "gave none for AWS" in done.stderr, done.stderr


def test_credentials_for_one_table(tmp_path: Path, gateway: Service) -> None:
    with UnityServer(token="secret-token") as catalog:
        site, _ = vended_site(tmp_path, gateway, catalog)
        generate.write_ndjson(site.inbox / "0.ndjson", list(generate.lines(5, 200)))
        words = ("catalog", "credentials", "--table", "analytics.device_stats", "--read-only")
        done = site.avocet(*words, "-c", str(site.config))
        assert done.returncode == 69 and "`avocet catalog sync`" in done.stderr, done.stderr
        # Whoever has keys of their own registers the tables.
        config = json.loads(site.config.read_text())
        del config["storage"]["s3"]["profile"]
        site.config.write_text(json.dumps(config))
        assert site.run(env=AWS_ENV).returncode == 0
        site.ok("catalog", "sync")
        catalog.vended = {
            "access_key_id": "id",
            "secret_access_key": "secret",
            "session_token": "token",
        }
        done = site.avocet(*words, "-c", str(site.config))
        assert done.returncode == 0, done.stderr
        vended = json.loads(done.stdout)
        assert vended.pop("Expiration").endswith("Z")
        assert vended == {
            "Version": 1,
            "AccessKeyId": "id",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
        }
        (asked,) = catalog.asked_to_vend
        table = catalog.objects["tables"][f"{CATALOG}.analytics.device_stats"]
        assert asked == {"table_id": table["table_id"], "operation": "READ"}


if QUERY_BINARY:

    def test_the_dashboard_answers_sql(tmp_path: Path, gateway: Service) -> None:
        site = S3Site(tmp_path, gateway)
        generate.write_ndjson(site.inbox / "0.ndjson", list(generate.lines(5, 200)))
        port = free_port()
        config = json.loads(site.config.read_text())
        config["server"] = {"listen": f"127.0.0.1:{port}"}
        site.config.write_text(json.dumps(config))
        with site.follow({**AWS_ENV, "AVOCET_QUERY": QUERY_BINARY}) as run:
            run.wait_for(lambda: listens(port) and site.bronze_rows() > 0, "rows in bronze")
            sql = f"SELECT count(*) AS n FROM {CATALOG}.{TABLES['bronze'].replace('/', '.')}"
            status, _, body = Client(port).request(
                "POST", "/api/v1/query", json.dumps({"sql": sql}), headers=CHANGE
            )
            assert status == 200, body
            assert json.loads(body)["csv"] == f"n\n{site.bronze_rows()}\n"
            assert run.stop() == 0, run.output()


def test_table_care(tmp_path: Path, server: Service) -> None:
    site = S3Site(tmp_path, server)
    for part in range(3):
        generate.write_ndjson(site.inbox / f"{part}.ndjson", list(generate.lines(part, 400)))
        assert site.run(env=AWS_ENV).returncode == 0
    rows = site.csv()
    site.ok("fsck", "--verify-pages")
    assert "merged" in site.ok("optimize")
    before = len(site.object_keys())
    site.ok("vacuum", "--retention", "0s", "--force")
    assert len(site.object_keys()) < before
    assert_same_lakes(rows, site.csv(), "after optimize and vacuum")
    site.ok("rebuild")
    assert_same_lakes(rows, site.csv(), "after rebuild")
    device = site.table("bronze").column("device_id")[0].as_py()
    site.ok("forget", device)
    for name in ("bronze", "silver", "anomalies", "device_stats"):
        assert device not in site.table(name).column("device_id").to_pylist()
    site.ok("fsck")
    # Damage is found and named.
    key = next(k for k in site.object_keys(f"{CATALOG}/{TABLES['bronze']}/date=") if "parquet" in k)
    body = bytearray(site.api.get_object(Bucket=site.bucket, Key=key)["Body"].read())
    body[len(body) // 2] ^= 1
    site.api.put_object(Bucket=site.bucket, Key=key, Body=bytes(body))
    done = site.avocet("fsck", "-c", str(site.config), env=AWS_ENV)
    assert done.returncode == 65, done.stderr
    assert f"s3://{site.bucket}/{key}" in done.stdout


def test_lost_answers_and_throttling(tmp_path: Path, gateway: Service) -> None:
    with fault_proxy(tmp_path, gateway.url) as proxy:
        site = S3Site(tmp_path, gateway, proxy.url)
        twin = site.local_twin(tmp_path / "twin")
        log = f"PUT /{site.bucket}/lakes/plant/{CATALOG}/{TABLES['bronze']}/_delta_log/"
        data = f"PUT /{site.bucket}/lakes/plant/{CATALOG}/{TABLES['silver']}/"
        with site.follow(AWS_ENV) as run:
            for part, faults in enumerate(
                [
                    [],
                    [{"target": log, "late": True, "status": 500, "type": "InternalError"}],
                    [{"target": log, "late": True, "cut": True}],
                    [{"target": log, "cut": True}],
                    [{"target": log, "status": 503, "type": "SlowDown", "times": 3}],
                    [{"target": data, "late": True, "status": 500, "type": "InternalError"}],
                    [{"target": data, "status": 503, "type": "SlowDown", "times": 3}],
                    [
                        {"target": log, "late": True, "cut": True, "times": 2},
                        {"target": "GET ", "status": 503, "type": "SlowDown", "times": 2},
                    ],
                ]
            ):
                order(proxy, faults)
                lines = list(generate.lines(part, 200))
                for inbox in (site.inbox, twin.inbox):
                    generate.write_ndjson(inbox / f"{part}.ndjson", lines)
                before = site.bronze_rows()
                run.wait_for(lambda before=before: site.bronze_rows() > before, f"part {part}")
            assert run.stop() == 0, run.output()
        # The hours that are still open are written when there is nothing more to come.
        assert site.run(env=AWS_ENV).returncode == 0
        assert counts(proxy)["fault InternalError"] == 2
        assert counts(proxy)["fault SlowDown"] == 8
    twin.drain()
    assert_same_lakes(lake_csv(twin.lake), site.csv(), run.output())


def test_two_writers_never_overwrite_each_other(tmp_path: Path, gateway: Service) -> None:
    with fault_proxy(tmp_path, gateway.url) as proxy:
        site = S3Site(tmp_path, gateway, proxy.url)
        generate.write_ndjson(site.inbox / "0.ndjson", list(generate.lines(1, 300)))
        want = site.local_twin(tmp_path / "twin")
        generate.write_ndjson(want.inbox / "0.ndjson", list(generate.lines(1, 300)))
        runs: list[Run] = []
        for name in ("one", "two"):
            site.config = tmp_path / f"{name}.yaml"
            site.set_up(data_dir=str(tmp_path / name))
            runs.append(site.follow(AWS_ENV))
        deadline = time.monotonic() + 60
        number = 1
        while all(run.alive() for run in runs) and time.monotonic() < deadline:
            lines = list(generate.lines(100 + number, 40))
            for inbox in (site.inbox, want.inbox):
                generate.write_ndjson(inbox / f"{number}.ndjson", lines)
            number += 1
            time.sleep(0.1)
        losers = [run for run in runs if not run.alive()]
        assert losers, "both go on writing"
        for run in losers:
            assert run.process.returncode not in (0, 70), run.output()
            assert "another" in run.output(), run.output()
        for run in runs:
            run.kill()
        site.set_up()
        assert site.run(env=AWS_ENV).returncode == 0
    # Each entry of each log was written once: whoever came second was told.
    for name in TABLES:
        site.table(name)
    want.drain()
    assert_same_lakes(lake_csv(want.lake), site.csv())
    site.endpoint = gateway.url
    site.set_up()
    site.ok("fsck")


def test_kill_loop(tmp_path: Path, gateway: Service) -> None:
    site = S3Site(tmp_path, gateway)
    twin = site.local_twin(tmp_path / "twin")
    rng = random.Random(int(os.environ.get("AVOCET_KILL_SEED", "5")))
    points = ["files", "bronze", "silver", "device_stats", "quarantine", "snapshot"]
    for number in range(KILL_ROUNDS):
        lines = list(generate.lines(number, 300))
        for inbox in (site.inbox, twin.inbox):
            generate.write_ndjson(inbox / f"{number}.ndjson", lines)
        point = f"{points[number % len(points)]}:{rng.randrange(1, 3)}"
        with site.follow({**AWS_ENV, "AVOCET_KILL_POINT": point}) as run:
            deadline = time.monotonic() + rng.uniform(0.2, 1.0)
            while run.alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            run.kill()
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    twin.drain()
    assert_same_lakes(lake_csv(twin.lake), site.csv())
    site.ok("fsck")


def test_a_server_that_ignores_conditions_is_refused(tmp_path: Path) -> None:
    # moto looks at no signature, which covers the header that is taken away.
    with moto(tmp_path) as server, fault_proxy(tmp_path, server.url) as proxy:
        site = S3Site(tmp_path, server, proxy.url)
        order(proxy, [{"target": "PUT ", "without": "If-None-Match", "times": 1000}])
        done = site.run(env=AWS_ENV)
    assert done.returncode != 0
    assert "ignores If-None-Match" in done.stderr, done.stderr


def test_what_is_wrong_is_said(tmp_path: Path, gateway: Service) -> None:
    site = S3Site(tmp_path, gateway)
    done = site.run(env={**AWS_ENV, "AWS_SECRET_ACCESS_KEY": "wrong"})
    assert done.returncode == 77, done.stderr
    assert "SignatureDoesNotMatch" in done.stderr
    site.url = "s3://no-such-bucket/lake"
    site.set_up()
    done = site.run(env=AWS_ENV)
    assert done.returncode == 74
    assert "NoSuchBucket" in done.stderr
    done = site.avocet("fsck", "-c", str(site.config), env=AWS_ENV)
    assert "NoSuchBucket" in done.stderr
    done = site.run("--lake", "gs://bucket/lake")
    assert done.returncode == 78
    assert "directory or s3://" in done.stderr


@pytest.mark.slow
def test_spark_reads_every_table(tmp_path: Path, gateway: Service) -> None:
    site = S3Site(tmp_path, gateway)
    generate.write_ndjson(site.inbox / "0.ndjson", list(generate.lines(3, 2000)))
    assert site.run(env=AWS_ENV).returncode == 0
    s3a = "spark.hadoop.fs.s3a"
    options = {
        "spark.jars.packages": ",".join(SPARK_PACKAGES),
        "spark.jars.excludes": "software.amazon.awssdk:bundle",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.ui.enabled": "false",
        f"{s3a}.endpoint": gateway.url,
        f"{s3a}.endpoint.region": AWS_ENV["AWS_REGION"],
        f"{s3a}.access.key": AWS_ENV["AWS_ACCESS_KEY_ID"],
        f"{s3a}.secret.key": AWS_ENV["AWS_SECRET_ACCESS_KEY"],
        f"{s3a}.path.style.access": "true",
        f"{s3a}.connection.ssl.enabled": "false",
    }
    urls = {
        name: f"s3a://{site.bucket}/lakes/plant/{CATALOG}/{path}" for name, path in TABLES.items()
    }
    done = subprocess.run(
        [spark_python(), "-c", SPARK, json.dumps(options), json.dumps(urls)],
        capture_output=True,
        text=True,
        timeout=1200,
        env={**os.environ, "PYSPARK_PYTHON": spark_python()},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    line = next(x for x in done.stdout.splitlines() if x.startswith("RESULT "))
    counts = json.loads(line.removeprefix("RESULT "))
    assert counts == {name: site.table(name).num_rows for name in TABLES}
