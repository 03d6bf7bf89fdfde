"""Unity Catalog: what is registered, that nothing happens twice, and what is said when it fails."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Site
from unity_server import Fault, UnityServer

TABLES = {
    "iot_catalog.raw.sensor_readings",
    "iot_catalog.raw.quarantine",
    "iot_catalog.processed.valid_readings",
    "iot_catalog.analytics.device_stats",
    "iot_catalog.analytics.device_health",
    "iot_catalog.analytics.anomalies",
    "iot_catalog.analytics.alerts",
}


@pytest.fixture(name="server")
def a_server() -> Iterator[UnityServer]:
    with UnityServer(token="secret-token") as server:
        yield server


def site_with(
    tmp_path: Path, catalog: str, *, at_start: bool = False, detectors: str = "auto"
) -> Site:
    site = Site(tmp_path)
    site.configure(f"""\
lake: {{lake}}
sources:
  - file: {{path: "{{in}}/*.ndjson", follow: false}}
schema:
  metrics:
    temperature: {{unit: degC}}
detectors: [{{type: {detectors}}}]
catalog:
  register_at_start: {str(at_start).lower()}
{catalog}
""")
    readings = [
        {"device_id": f"d{n % 3}", "timestamp": 1_780_000_000 + n, "temperature": 20 + n % 7}
        for n in range(300)
    ]
    (site.inbox / "a.ndjson").write_text("\n".join(json.dumps(r) for r in readings) + "\n")
    return site


def catalog(site: Site, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return site.avocet("catalog", *arguments, "-c", str(site.config), env=env)


def keys(server: UnityServer, *more: str) -> str:
    lines = [f'url: "{server.url}"', *more]
    return "\n".join("  " + line for line in lines)


def test_sync_registers_everything_once(tmp_path: Path, server: UnityServer) -> None:
    more = ('token: "${CATALOG_TOKEN}"', 'grants: {analysts: "use_catalog, USE SCHEMA, SELECT"}')
    site = site_with(tmp_path, keys(server, *more))
    site.run(env={"CATALOG_TOKEN": "secret-token"})
    assert server.requests == []  # register_at_start is off
    diff = catalog(site, "diff", CATALOG_TOKEN="secret-token")
    assert diff.returncode == 1 and diff.stdout.count("create") == 1 + 3 + 7, diff.stdout
    assert server.writes() == []
    done = catalog(site, "sync", CATALOG_TOKEN="secret-token")
    assert done.returncode == 0, done.stderr
    assert set(server.objects["tables"]) == TABLES
    silver = server.objects["tables"]["iot_catalog.processed.valid_readings"]
    assert silver["storage_location"] == f"file://{site.lake}/iot_catalog/processed/valid_readings"
    columns = {column["name"]: column for column in silver["columns"]}
    assert columns["temperature"]["type_name"] == "DOUBLE"
    assert columns["temperature"]["comment"] == "temperature (degC)"
    assert columns["event_time"]["type_text"] == "timestamp"
    bronze = server.objects["tables"]["iot_catalog.raw.sensor_readings"]
    assert [c["name"] for c in bronze["columns"] if "partition_index" in c] == ["date"]
    assert server.grants["iot_catalog"] == {"analysts": ["USE CATALOG", "USE SCHEMA", "SELECT"]}
    for version in ("catalogs", "iot_catalog"), ("schemas", "iot_catalog.analytics"):
        made = server.objects[version[0]][version[1]]
        assert len(made["properties"]["avocet.detectors"]) == 32 and made["comment"]
    # A second time there is nothing to do.
    server.requests.clear()
    again = catalog(site, "sync", CATALOG_TOKEN="secret-token")
    assert again.returncode == 0 and "is as the configuration" in again.stdout, again.stdout
    assert server.writes() == [] and len(server.requests) == 1 + 3 + 7 + 1
    assert catalog(site, "diff", CATALOG_TOKEN="secret-token").returncode == 0


def test_a_run_registers_its_tables(tmp_path: Path, server: UnityServer) -> None:
    site = site_with(tmp_path, keys(server, "token: secret-token"), at_start=True)
    site.drain()
    assert set(server.objects["tables"]) == TABLES
    # Other detectors are another version, which the next start makes known; what others have
    # written beside it stays.
    made = server.objects["catalogs"]["iot_catalog"]
    before = made["properties"]["avocet.detectors"]
    made["properties"]["cost_centre"] = "42"
    server.requests.clear()
    site_with(tmp_path, keys(server, "token: secret-token"), at_start=True, detectors="zscore")
    site.drain()
    made = server.objects["catalogs"]["iot_catalog"]
    assert made["properties"]["avocet.detectors"] != before
    assert made["properties"]["cost_centre"] == "42"
    assert {method for method, _ in server.writes()} == {"PATCH"}


def test_drift_is_reported_and_left_alone(tmp_path: Path, server: UnityServer) -> None:
    site = site_with(tmp_path, keys(server, "token: secret-token"))
    site.drain()
    assert catalog(site, "sync").returncode == 0
    stats = server.objects["tables"]["iot_catalog.analytics.device_stats"]
    stats["storage_location"] = "s3://elsewhere/device_stats"
    (count,) = [column for column in stats["columns"] if column["name"] == "count"]
    count["type_name"] = "INT"
    silver = server.objects["tables"]["iot_catalog.processed.valid_readings"]
    silver["columns"] = [c for c in silver["columns"] if c["name"] != "temperature"]
    silver["columns"].append({"name": "old", "type_name": "DOUBLE", "type_text": "double"})
    server.objects["schemas"]["iot_catalog.raw"]["comment"] = "changed by hand"
    server.requests.clear()
    diff = catalog(site, "diff", "-f", "json")
    assert diff.returncode == 1
    found = {(c["action"], c["name"], c["detail"].split(",")[0]) for c in json.loads(diff.stdout)}
    analytics = "iot_catalog.analytics.device_stats"
    processed = "iot_catalog.processed.valid_readings"
    assert found == {
        ("differs", analytics, "is registered at s3://elsewhere/device_stats"),
        ("differs", analytics, "column count is INT"),
        ("differs", processed, "lacks column temperature DOUBLE"),
        ("differs", processed, "has column old"),
        ("change", "iot_catalog.raw", 'comment is "changed by hand"'),
    }
    assert server.writes() == []
    done = catalog(site, "sync")
    assert done.returncode == 1 and "1 done, 4 left to a person" in done.stdout, done.stdout
    assert server.writes() == [("PATCH", "schemas/iot_catalog.raw")]
    assert stats["storage_location"] == "s3://elsewhere/device_stats"


def test_databricks_with_a_service_principal(tmp_path: Path) -> None:
    with UnityServer(databricks=True) as server:
        server.client = ("principal", "oauth-secret")
        (tmp_path / "secret").write_text("oauth-secret\n")
        more = (
            "client_id: principal",
            f'client_secret_file: "{tmp_path / "secret"}"',
            "owner: platform",
            "storage_root: s3://managed/root",
            "location: s3://lake/iot/",
            'grants: {analysts: "USE CATALOG, SELECT"}',
        )
        site = site_with(tmp_path / "site", keys(server, *more))
        site.drain()
        # Once asked for, the token is used for all requests; one that expired is replaced.
        done = catalog(site, "sync")
        assert done.returncode == 0, done.stderr + done.stdout
        assert server.requests.count(("POST", "/oidc/v1/token")) == 1
        owners = {made["owner"] for kind in server.objects.values() for made in kind.values()}
        assert owners == {"platform"}
        table = server.objects["tables"]["iot_catalog.analytics.alerts"]
        assert table["storage_location"] == "s3://lake/iot/iot_catalog/analytics/alerts"
        assert server.objects["catalogs"]["iot_catalog"]["storage_root"] == "s3://managed/root"
        assert server.grants["iot_catalog"] == {"analysts": ["USE CATALOG", "SELECT"]}
        server.requests.clear()
        server.faults = [Fault("GET schemas/iot_catalog.processed", 401)]
        again = catalog(site, "sync")
        assert again.returncode == 0 and server.writes() == [], again.stdout
        assert server.requests.count(("POST", "/oidc/v1/token")) == 2
        server.client = ("principal", "another")
        refused = catalog(site, "sync")
        assert refused.returncode == 77, refused.stderr
        assert "does not accept catalog.client_id" in refused.stderr


def test_a_bad_day_is_waited_for(tmp_path: Path, server: UnityServer) -> None:
    site = site_with(tmp_path, keys(server, "token: secret-token"))
    site.drain()
    server.faults = [
        Fault("GET catalogs", 503),
        Fault("POST catalogs", 500, after=True),  # it is made, and nobody hears of it
        Fault("POST schemas", 429),
    ]
    done = catalog(site, "sync")
    assert done.returncode == 0, done.stderr
    assert server.faults == [] and set(server.objects["tables"]) == TABLES


def test_what_is_said_when_it_cannot_be(tmp_path: Path, server: UnityServer) -> None:
    site = site_with(tmp_path, keys(server, "token: wrong"))
    site.drain()
    refused = catalog(site, "sync")
    assert refused.returncode == 77
    assert "does not accept the token (401); see catalog.token" in refused.stderr
    assert "wrong" not in refused.stderr
    site = site_with(tmp_path, keys(server))
    assert "wants to know who asks" in catalog(site, "diff").stderr
    site = site_with(tmp_path, f'  url: "{server.url}/elsewhere"\n  token: secret-token')
    wrong = catalog(site, "sync")
    assert "answered 404" in wrong.stderr and "is catalog.url right?" in wrong.stderr
    site = site_with(tmp_path, '  url: "http://127.0.0.1:1"')
    away = catalog(site, "diff")
    assert away.returncode == 69 and "cannot reach 127.0.0.1" in away.stderr, away.stderr
    site = site_with(tmp_path, "  owner: somebody")
    nowhere = catalog(site, "diff")
    assert nowhere.returncode == 78 and "names no catalog" in nowhere.stderr
    site = site_with(tmp_path, keys(server))
    site.remove_lake()
    assert "cannot find a lake" in catalog(site, "sync").stderr
    both = site_with(tmp_path, keys(server, "token: a", "token_file: b"))
    assert 'catalog has "token" and "token_file"' in catalog(both, "diff").stderr


def test_a_catalog_that_is_away_does_not_stop_a_run(tmp_path: Path) -> None:
    site = site_with(tmp_path, '  url: "http://127.0.0.1:1"', at_start=True)
    done = site.run()
    assert done.returncode == 0, done.stderr
    assert "cannot register the tables in the catalog, trying again" in done.stderr
    assert site.count("silver") == 300


@pytest.mark.slow
def test_spark_reads_a_table_where_the_catalog_says(tmp_path: Path, server: UnityServer) -> None:
    from test_spark import PROGRAM, run_spark
    from unitycatalog.client import ApiClient, Configuration, TablesApi

    site = site_with(tmp_path, keys(server, "token: secret-token"), at_start=True)
    site.drain()
    # The official client finds the table; it is asynchronous.
    import asyncio

    async def location() -> str:
        configuration = Configuration(f"{server.url}/api/2.1/unity-catalog")
        async with ApiClient(configuration) as api:
            api.set_default_header("Authorization", "Bearer secret-token")
            table = await TablesApi(api).get_table("iot_catalog.analytics.device_stats")
            return str(table.storage_location)

    found = run_spark(PROGRAM, {"device_stats": asyncio.run(location())})
    assert found["device_stats"]["rows"] == site.count("device_stats") > 0


def test_tables_and_columns_that_name_devices_are_tagged(tmp_path: Path) -> None:
    tags = ("tags: {domain: plant_7, tier: gold}", "device_tag: pii=device")
    with UnityServer(token="t", databricks=True) as server:
        more = ("token: t", "flavor: databricks", *tags)
        site = site_with(tmp_path / "site", keys(server, *more))
        site.drain()
        done = catalog(site, "sync")
        assert done.returncode == 0, done.stderr + done.stdout
        assert all(server.tags[table] == {"domain": "plant_7", "tier": "gold"} for table in TABLES)
        columns = {name for name in server.tags if name not in TABLES}
        assert "iot_catalog.processed.valid_readings.device_id" in columns
        assert "iot_catalog.raw.sensor_readings.payload" in columns
        assert {name.rpartition(".")[2] for name in columns} == {"device_id", "payload"}
        assert all(server.tags[name] == {"pii": "device"} for name in columns)
        server.requests.clear()
        assert catalog(site, "sync").returncode == 0 and server.writes() == []
        # A tag that differs is changed; tags of others stay.
        alerts = server.tags["iot_catalog.analytics.alerts"]
        alerts |= {"tier": "lead", "owner": "ops"}
        assert "tag     table   iot_catalog.analytics.alerts" in catalog(site, "diff").stdout
        assert catalog(site, "sync").returncode == 0
        assert alerts == {"domain": "plant_7", "tier": "gold", "owner": "ops"}
    with UnityServer(token="t") as server:
        site = site_with(tmp_path / "open", keys(server, "token: t", *tags))
        site.drain()
        left = catalog(site, "sync")
        assert left.returncode == 1 and "which this server does not have" in left.stdout
