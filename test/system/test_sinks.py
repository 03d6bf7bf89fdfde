"""`avocet simulate` and `replay` send to the real servers, from which `avocet run` reads it all."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_program import avocet
from harness import BINARY, Site, assert_counters_add_up
from kafka_broker import Kafka
from mqtt_broker import Mosquitto
from network import Network
from ports import free_port, listens
from services import AWS_ENV, client, fault_proxy, kinesis, needs_aws, versitygw
from test_kinesis import Stream, script

FLEET = ["--devices", "5", "--period", "10s", "--seed", "7"]
COUNT = 900
HALF_AN_HOUR = [*FLEET, "--duration", "30m"]
SUMMARY = f"{COUNT} sent, {COUNT} acknowledged"


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    done = avocet(tmp_path_factory.mktemp("fleet"), "simulate", *HALF_AN_HOUR)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == COUNT
    return rows


def make_site(directory: Path, kind: str, source: dict[str, Any]) -> Site:
    directory.mkdir(exist_ok=True)
    site = Site(directory)
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "storage": {"commit": {"interval": "100ms"}},
                "sources": [{kind: source}],
                "schema": {"metrics": {"temperature": {}, "humidity": {}}},
            }
        )
    )
    return site


def assert_all(site: Site, expected: list[dict[str, Any]]) -> None:
    """Every reading is in bronze once, each device's in its order."""
    bronze = site.rows("bronze").sort_by("sequence")
    seen: dict[str, list[str]] = {}
    for payload in bronze["payload"].to_pylist():
        row = json.loads(payload)
        seen.setdefault(row["device_id"], []).append(row["timestamp"])
    want: dict[str, list[str]] = {}
    for row in expected:
        want.setdefault(row["device_id"], []).append(row["timestamp"])
    assert seen == want
    assert_counters_add_up(site.lake)


def simulate(directory: Path, to: str, *options: str, code: int = 0, **env: str) -> str:
    words = [word for option in options for word in ("--to-option", option)]
    done = avocet(
        directory, "simulate", *HALF_AN_HOUR, "--to", to, *words, env={**AWS_ENV, **env}, code=code
    )
    return done.stderr


def test_files(tmp_path: Path) -> None:
    text = avocet(tmp_path, "simulate", *HALF_AN_HOUR).stdout
    assert avocet(tmp_path, "simulate", *HALF_AN_HOUR, "--to", "stdout").stdout == text
    simulate(tmp_path, "file:fleet.ndjson")
    assert (tmp_path / "fleet.ndjson").read_text() == text
    avocet(tmp_path, "replay", "fleet.ndjson", "--flat", "--to", "file:again.ndjson")
    again = (tmp_path / "again.ndjson").read_text().splitlines()
    assert [json.loads(line)["device_id"] for line in again] == [
        json.loads(line)["device_id"] for line in text.splitlines()
    ]


@pytest.mark.parametrize(
    ("to", "options", "message"),
    [
        ("kafak://x/y", [], "is none of stdout"),
        ("kafka://broker:9092", [], "kafka://host:9092/topic"),
        ("mqtt://broker", [], "mqtt://host:1883/topic"),
        ("mqtt://broker/a/#", [], "without wildcards"),
        ("http://127.0.0.1:1", ["tokens=x"], "known: "),
        ("http://127.0.0.1:1", ["batch=none"], "whole number"),
        ("http://127.0.0.1:1", ["batch"], "name=value"),
        ("stdout", ["batch=1"], "it has none"),
    ],
)
def test_mistakes(tmp_path: Path, to: str, options: list[str], message: str) -> None:
    assert message in simulate(tmp_path, to, *options, code=64)
    both = avocet(tmp_path, "simulate", "--out", "x", "--to", "stdout", code=64)
    assert "one is enough" in both.stderr


def http_source(directory: Path, port: int, **options: Any) -> Site:
    return make_site(directory, "http", {"listen": f"127.0.0.1:{port}", **options})


def test_http(tmp_path: Path, expected: list[dict[str, Any]]) -> None:
    port = free_port()
    site = http_source(tmp_path / "site", port)
    # The server comes later: the sink waits for it.
    with subprocess.Popen(
        [BINARY, "simulate", *HALF_AN_HOUR, "--to", f"http://127.0.0.1:{port}"],
        stderr=subprocess.PIPE,
        text=True,
    ) as sender:
        time.sleep(0.3)
        with site.follow() as run:
            _, said = sender.communicate(timeout=60)
            assert sender.returncode == 0, said
            assert SUMMARY in said
            run.wait_for(lambda: site.count("bronze") == COUNT, "all rows")
            assert run.stop() == 0
    assert_all(site, expected)


def test_http_says_what_is_refused(tmp_path: Path) -> None:
    port = free_port()
    token = avocet(tmp_path, "token", "create", "plant", "--file", "tokens").stdout.split()[-1]
    site = http_source(tmp_path / "site", port, token_file=str(tmp_path / "tokens"))
    to = f"http://127.0.0.1:{port}"
    (tmp_path / "secret").write_text(token + "\n")
    (tmp_path / "bad.ndjson").write_text(
        '{"device_id":"a","timestamp":"2026-01-31T12:00:00Z","temperature":1}\n'
        '{"device_id":"a","timestamp":"2026-01-31T12:00:01Z","temperature":"warm"}\n'
    )
    with site.follow() as run:
        run.wait_for(lambda: listens(port), "the port")
        assert "401" in simulate(tmp_path, to, code=77)
        done = avocet(
            tmp_path,
            *("replay", "bad.ndjson", "--flat", "--to", to),
            *("--to-option", "token_file=secret"),
            code=None,
        )
        run.stop()
    assert done.returncode == 65, done.stderr
    assert "2 sent, 1 acknowledged" in done.stderr and "1 rejected" in done.stderr


def test_patience_ends(tmp_path: Path) -> None:
    for to in ("http://127.0.0.1:1", "mqtt://127.0.0.1:1/t", "kafka://127.0.0.1:1/t"):
        said = simulate(tmp_path, to, "patience=300ms", code=69)
        assert "without an answer" in said or "0 acknowledged" in said
        assert "error: cannot " in said


@needs_aws
def test_kinesis(tmp_path: Path, expected: list[dict[str, Any]]) -> None:
    with kinesis(tmp_path) as service, fault_proxy(tmp_path, service.url) as proxy:
        Stream(service.url, "fleet", 2)
        throttled = {
            "target": "PutRecords",
            "status": 400,
            "type": "ProvisionedThroughputExceededException",
            "times": 3,
        }
        script(proxy, [throttled])
        assert SUMMARY in simulate(tmp_path, "kinesis:fleet", f"endpoint={proxy.url}")
        said = simulate(tmp_path, "kinesis:none", f"endpoint={proxy.url}", code=69)
        assert "ResourceNotFoundException" in said
        source = {"stream": "fleet", "endpoint": service.url, "region": "us-east-1"}
        site = make_site(tmp_path / "site", "kinesis", source)
        done = site.run(env=AWS_ENV)
        assert done.returncode == 0, done.stderr
    assert_all(site, expected)


@needs_aws
def test_s3(tmp_path: Path, expected: list[dict[str, Any]]) -> None:
    with versitygw(tmp_path) as service, fault_proxy(tmp_path, service.url) as proxy:
        api = client("s3", service.url)
        api.create_bucket(Bucket="plant")
        script(proxy, [{"target": "PUT /plant", "status": 503, "type": "SlowDown", "times": 2}])
        options = (f"endpoint={proxy.url}", "object_bytes=20000")
        assert SUMMARY in simulate(tmp_path, "s3://plant/raw/", *options)
        objects = api.list_objects_v2(Bucket="plant", Prefix="raw/")["Contents"]
        assert 4 < len(objects) < 10
        assert all(item["Size"] <= 20000 for item in objects)
        assert "NoSuchBucket" in simulate(tmp_path, "s3://none/raw/", *options, code=69)
        source = {"url": "s3://plant/raw/", "endpoint": service.url}
        site = make_site(tmp_path / "site", "s3", source)
        done = site.run(env=AWS_ENV)
        assert done.returncode == 0, done.stderr
    assert_all(site, expected)


def test_kafka(tmp_path: Path, expected: list[dict[str, Any]]) -> None:
    with Kafka(tmp_path, 3) as kafka:
        assert SUMMARY in simulate(tmp_path, f"kafka://{kafka.brokers}/fleet", "linger.ms=5")
        said = simulate(tmp_path, f"kafka://{kafka.brokers}/fleet", "lingerie.ms=5", code=78)
        assert "lingerie.ms" in said
        source = {"brokers": kafka.brokers, "topics": ["fleet"], "group": "g"}
        site = make_site(tmp_path / "site", "kafka", source)
        done = site.run()
        assert done.returncode == 0, done.stderr
    assert_all(site, expected)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("mqtt")) as server:
        yield server


def test_mqtt_loses_nothing_when_the_network_is_cut(
    tmp_path: Path, broker: Mosquitto, expected: list[dict[str, Any]]
) -> None:
    source = {"broker": f"mqtt://127.0.0.1:{broker.port}", "topics": ["plant/+/readings"]}
    site = make_site(tmp_path / "site", "mqtt", source)
    with site.follow() as run, Network(broker.port) as network:
        run.wait_for_output("messages are taken from")

        def cut() -> None:
            for _ in range(2):
                time.sleep(0.4)
                network.cut()
                time.sleep(0.1)
                network.mend()

        cutter = threading.Thread(target=cut)
        cutter.start()
        words = [*HALF_AN_HOUR, "--speed", "1800", "-q"]
        to = f"mqtt://127.0.0.1:{network.port}/plant/{{device}}/readings"
        avocet(tmp_path, "simulate", *words, "--start", expected[0]["timestamp"], "--to", to)
        cutter.join()
        # A message may come twice; avocet knows it by device and time.
        run.wait_for(lambda: site.count("silver") >= COUNT, "all rows")
        assert run.stop() == 0
    rows = site.rows("silver")
    assert rows.num_rows == COUNT
    assert len(set(rows["device_id"].to_pylist())) == 5


def test_mqtt_says_who_is_not_let_in(tmp_path: Path, broker: Mosquitto) -> None:
    to = f"mqtts://localhost:{broker.secure_port}/t"
    said = simulate(tmp_path, to, "patience=500ms", code=69)
    assert "cannot connect" in said or "certificate" in said, said


def test_a_signal_ends_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        to = f"http://127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen([BINARY, "simulate", *FLEET, "-q", "--to", to]) as process:
            server.accept()[0].close()
            server.close()
            process.terminate()
            assert process.wait(20) == 69


def test_replay_in_time(tmp_path: Path, broker: Mosquitto) -> None:
    start = ["--start", "2026-01-31T12:00:00Z", "--duration", "10s", "--period", "1s"]
    avocet(tmp_path, "simulate", "--devices", "2", *start, "--to", "file:fleet.ndjson")
    listener = broker.listen("replayed/dev-0002")
    begun = time.monotonic()
    to = f"mqtt://127.0.0.1:{broker.port}/replayed/{{device}}"
    done = avocet(tmp_path, "replay", "fleet.ndjson", "--speed", "10", "--to", to)
    assert time.monotonic() - begun >= 0.85
    assert "20 sent, 20 acknowledged" in done.stderr
    output, _ = listener.communicate(timeout=30)
    assert json.loads(output)["device_id"] == "dev-0002"
