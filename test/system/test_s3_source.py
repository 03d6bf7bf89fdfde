"""The s3 source against moto, and against versitygw, which verifies signatures."""

import gzip
import json
import os
import random
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import TEST_ALL, Site, assert_counters_add_up, read_table
from services import AWS_ENV, Service, client, fault_proxy, moto, needs_aws, versitygw

pytestmark = needs_aws

KILL_ROUNDS = int(os.environ.get("AVOCET_AWS_KILL_ROUNDS", "60" if TEST_ALL else "10"))
START_MS = 1_780_000_000_000
SERVERS: dict[str, Callable[[Path], Service]] = {"moto": moto, "versitygw": versitygw}


class Bucket:
    """A bucket, and what was put into it."""

    def __init__(self, url: str, name: str):
        self.api = client("s3", url)
        self.name = name
        self.want: dict[str, list[int]] = {}
        self.count = 0
        self.api.create_bucket(Bucket=name)

    def lines(self, count: int) -> list[str]:
        first = self.count
        self.count += count
        return [
            json.dumps(
                {
                    "device_id": f"dev-{n % 7}",
                    "timestamp": START_MS + n * 1000,
                    "temperature": 20 + n % 5,
                    "n": n,
                }
            )
            for n in range(first, self.count)
        ]

    def put(self, key: str, count: int, form: str) -> None:
        self.want[f"{self.name}/{key}"] = list(range(self.count, self.count + count))
        lines = self.lines(count)
        body = ("" if form.startswith("firehose") else "\n").join(lines).encode()
        if form.endswith("gz"):
            body = gzip.compress(body)
        self.api.put_object(Bucket=self.name, Key=key, Body=body)

    def put_some(self, rng: random.Random, hour: int, objects: int) -> None:
        for number in range(objects):
            form = rng.choice(["firehose", "firehose.gz", "lines", "lines.gz"])
            key = f"raw/2026/01/31/{hour:02d}/readings 1+{rng.randrange(100)}={hour}-{number}"
            self.put(key + (".gz" if form.endswith("gz") else ""), rng.randrange(1, 120), form)


def configure(site: Site, endpoint: str, bucket: str, **options: Any) -> None:
    source = {
        "url": f"s3://{bucket}/raw/",
        "endpoint": endpoint,
        "poll_interval": "50ms",
        **options,
    }
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "storage": {"commit": {"interval": "100ms"}, "snapshot_interval": "300ms"},
                "sources": [{"s3": source}],
                "schema": {"metrics": {"temperature": {}, "n": {}}},
                "detectors": [{"type": "zscore"}],
            }
        )
    )


def assert_exact(site: Site, bucket: Bucket) -> None:
    """Every reading once, and those of an object in its order."""
    bronze = read_table(site.lake, "bronze").sort_by("sequence")
    got: dict[str, list[int]] = {}
    for partition, payload in zip(
        bronze.column("partition").to_pylist(), bronze.column("payload").to_pylist(), strict=True
    ):
        got.setdefault(partition, []).append(json.loads(payload)["n"])
    assert got == bucket.want
    assert_counters_add_up(site.lake)


@pytest.fixture(scope="module", params=list(SERVERS))
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as service:
        yield service


def name_of(tmp_path: Path) -> str:
    return tmp_path.name.replace("_", "-").lower()


def test_once_reads_all_forms_in_order(tmp_path: Path, server: Service) -> None:
    bucket = Bucket(server.url, name_of(tmp_path))
    rng = random.Random(1)
    bucket.put_some(rng, 10, 12)
    bucket.put("other/not-ours", 3, "lines")
    del bucket.want[f"{bucket.name}/other/not-ours"]
    site = Site(tmp_path)
    configure(site, server.url, bucket.name)
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert_exact(site, bucket)
    partitions = read_table(site.lake, "bronze").sort_by("sequence").column("partition").to_pylist()
    assert partitions == sorted(partitions)
    bucket.put_some(rng, 9, 3)  # with lesser keys than those that were read
    assert site.run(env=AWS_ENV).returncode == 0
    assert_exact(site, bucket)


def test_notifications_ring_for_new_objects(tmp_path: Path) -> None:
    with moto(tmp_path) as server:
        bucket = Bucket(server.url, name_of(tmp_path))
        sqs = client("sqs", server.url)
        url = sqs.create_queue(QueueName="objects")["QueueUrl"]
        site = Site(tmp_path)
        configure(site, server.url, bucket.name, poll_interval="1h", queue_url=url)
        bucket.put("raw/a", 5, "firehose")
        with site.follow(AWS_ENV) as run:
            run.wait_for(lambda: site.count("bronze") == 5, "the first listing")
            for number in range(3):
                bucket.put(f"raw/b{number}", 5, "lines.gz")
                event = {"Records": [{"eventName": "ObjectCreated:Put"}]}
                sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
                want = 5 * (number + 2)
                run.wait_for(lambda want=want: site.count("bronze") == want, f"{want} rows")
            assert run.stop() == 0
        left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert left["ApproximateNumberOfMessages"] == "0"
        assert left["ApproximateNumberOfMessagesNotVisible"] == "0"
        assert_exact(site, bucket)


def test_kill_loop_while_objects_appear(tmp_path: Path, server: Service) -> None:
    bucket = Bucket(server.url, name_of(tmp_path))
    rng = random.Random(int(os.environ.get("AVOCET_KILL_SEED", "2")))
    site = Site(tmp_path)
    # Longer than the service may take from one object to the next, whose key may come before.
    configure(site, server.url, bucket.name, settle="5s")
    # Objects of many records, so that most kills are in the middle of one.
    bucket.put("raw/2026/01/30/large", 30_000, "firehose")
    bucket.put("raw/2026/01/30/large.gz", 30_000, "lines.gz")
    for number in range(KILL_ROUNDS):
        with site.follow(AWS_ENV) as run:
            deadline = time.monotonic() + rng.uniform(0.1, 0.6)
            bucket.put_some(rng, number % 24, 2)
            time.sleep(max(0, deadline - time.monotonic()))
            assert run.alive(), run.output()
            run.kill()
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert_exact(site, bucket)


def test_bad_days_of_the_service(tmp_path: Path, server: Service) -> None:
    bucket = Bucket(server.url, name_of(tmp_path))
    rng = random.Random(3)
    site = Site(tmp_path)
    with fault_proxy(tmp_path, server.url) as proxy:
        # A signature covers the host: versitygw sees that of the proxy, and accepts it.
        configure(site, proxy.url, bucket.name)
        listing, reading = f"GET /{bucket.name}/?", f"GET /{bucket.name}/raw"
        faults = [
            {"target": listing, "status": 503, "type": "SlowDown", "times": 2},
            {"target": listing, "garbage": True},
            {"target": reading, "status": 500, "type": "InternalError", "times": 2},
            {"target": reading, "cut": True},
            {"target": reading, "status": 503, "type": "SlowDown"},
        ]
        request = urllib.request.Request(f"{proxy.url}/_faults", json.dumps(faults).encode())
        urllib.request.urlopen(request).close()
        bucket.put_some(rng, 1, 5)
        with site.follow(AWS_ENV) as run:
            run.wait_for(lambda: site.count("bronze") >= bucket.count, "all readings", 60)
            assert run.stop() == 0, run.output()
    assert_exact(site, bucket)


def test_missing_bucket(tmp_path: Path, server: Service) -> None:
    site = Site(tmp_path)
    configure(site, server.url, name_of(tmp_path))
    done = site.run(env=AWS_ENV)
    assert done.returncode == 69
    assert "NoSuchBucket" in done.stderr
    with site.follow(AWS_ENV) as run:
        run.wait_for_output("NoSuchBucket")
        bucket = Bucket(server.url, name_of(tmp_path))
        bucket.put_some(random.Random(4), 1, 2)
        run.wait_for(lambda: site.count("bronze") >= bucket.count, "all readings", 60)
        assert run.stop() == 0, run.output()
    assert_exact(site, bucket)


def test_wrong_secret_is_said(tmp_path: Path) -> None:
    with versitygw(tmp_path) as service:
        Bucket(service.url, "locked")
        site = Site(tmp_path)
        configure(site, service.url, "locked")
        done = site.run(env={**AWS_ENV, "AWS_SECRET_ACCESS_KEY": "wrong"})
        assert done.returncode == 77, done.stderr
        assert "SignatureDoesNotMatch" in done.stderr
