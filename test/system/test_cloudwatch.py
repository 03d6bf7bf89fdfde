"""Metrics, a dashboard and alarms in CloudWatch, against moto."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Site, read_table, totals
from services import AWS_ENV, Service, client, moto, needs_aws

pytestmark = needs_aws


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


def site_with(tmp_path: Path, endpoint: str, instance: str) -> Site:
    site = Site(tmp_path)
    site.configure(f"""\
lake: {{lake}}
sources:
  - simulate: {{devices: 60, duration: 6h, seed: 3, speed: 0, faults: [spike, dropout],
               start_time: "2026-01-01T00:00:00Z"}}
detectors: [{{type: zscore, min_samples: 20}}]
alerts:
  rules:
    - {{name: one}}
    - {{name: storm, type: fleet_spike, min_severity: info,
       spike: {{window: 3m, sigma: 2, min_count: 3}}}}
cloudwatch: {{namespace: avocet/test, instance: {instance}, endpoint: "{endpoint}"}}
""")
    return site


def metric_sum(api: Any, instance: str, metric: str, *dimension: str) -> float:
    dimensions = [{"Name": "Instance", "Value": instance}]
    if dimension:
        dimensions.append({"Name": dimension[0], "Value": dimension[1]})
    now = datetime.datetime.now(datetime.UTC)
    points = api.get_metric_statistics(
        Namespace="avocet/test",
        MetricName=metric,
        Dimensions=dimensions,
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def test_the_metrics_of_a_run_agree_with_its_tables(tmp_path: Path, server: Service) -> None:
    site = site_with(tmp_path, server.url, "hall-1")
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    api = client("cloudwatch", server.url)
    counted = totals(site.lake)
    assert metric_sum(api, "hall-1", "ReadingsReceived") == counted["received"] > 0
    assert metric_sum(api, "hall-1", "Anomalies") == counted["anomalies"] > 0
    fired: dict[str, int] = {}
    for row in read_table(site.lake, "alerts").to_pylist():
        if row["state"] == "firing":
            fired[row["rule"]] = fired.get(row["rule"], 0) + 1
    assert fired["one"] > 0 and fired["storm"] > 0
    for rule, count in fired.items():
        assert metric_sum(api, "hall-1", "AlertsFired", "Rule", rule) == count
    by_severity = [
        metric_sum(api, "hall-1", "AlertsFired", "Severity", severity)
        for severity in ("info", "warning", "critical")
    ]
    assert sum(by_severity) == sum(fired.values())


def test_a_dashboard_and_alarms_are_made(tmp_path: Path, server: Service) -> None:
    site = site_with(tmp_path, server.url, "hall-2")
    for _ in range(2):  # The second time replaces them.
        done = site.avocet("aws", "dashboard", "-c", str(site.config), env=AWS_ENV)
        assert done.returncode == 0, done.stderr
        done = site.avocet("aws", "alarms", "-c", str(site.config), env=AWS_ENV)
        assert done.returncode == 0, done.stderr
    api = client("cloudwatch", server.url)
    body = json.loads(api.get_dashboard(DashboardName="hall-2")["DashboardBody"])
    titles = [widget["properties"]["title"] for widget in body["widgets"]]
    assert "Anomalies" in titles and "Alerts by rule" in titles
    lines = [line for widget in body["widgets"] for line in widget["properties"]["metrics"]]
    assert all(
        line[:1] == ["avocet/test"] and line[2:4] == ["Instance", "hall-2"] for line in lines
    )
    alarms = api.describe_alarms(AlarmNamePrefix="hall-2 ")["MetricAlarms"]
    assert sorted(alarm["AlarmName"] for alarm in alarms) == [
        "hall-2 anomaly spike: storm",
        "hall-2 critical alert",
        "hall-2 does not work",
        "hall-2 lags",
    ]
    spike = next(alarm for alarm in alarms if "spike" in alarm["AlarmName"])
    assert {d["Name"]: d["Value"] for d in spike["Dimensions"]} == {
        "Instance": "hall-2",
        "Rule": "storm",
    }


def test_a_cloudwatch_that_is_away_does_not_stop_a_run(tmp_path: Path) -> None:
    site = site_with(tmp_path, "http://127.0.0.1:1", "hall-3")
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert "cannot put metrics into CloudWatch" in done.stderr


def test_without_a_namespace_the_commands_say_what_to_write(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure("lake: {lake}\n")
    done = site.avocet("aws", "dashboard", "-c", str(site.config))
    assert done.returncode == 78 and "cloudwatch: {namespace: avocet}" in done.stderr
