"""The kinesis source against kinesis-local, whose resharding is that of Kinesis, and a proxy that
has bad days."""

import gzip
import hashlib
import json
import os
import random
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import TEST_ALL, Site, assert_counters_add_up, read_table
from services import AWS_ENV, Service, client, fault_proxy, kinesis, needs_aws

pytestmark = needs_aws

KILL_ROUNDS = int(os.environ.get("AVOCET_AWS_KILL_ROUNDS", "60" if TEST_ALL else "8"))
START_US = 1_780_000_000_000_000


def reading(device: int, n: int) -> dict[str, Any]:
    return {
        "device_id": f"dev-{device:02d}",
        "timestamp": START_US // 1000 + n * 1000,
        "temperature": 20 + n % 7,
        "n": n,
    }


def aggregate(readings: list[dict[str, Any]]) -> bytes:
    """As the Kinesis Producer Library writes it: magic, protobuf, MD5."""

    def varint(value: int) -> bytes:
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def field(number: int, data: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(data)) + data

    body = b""
    keys = sorted({r["device_id"] for r in readings})
    for key in keys:
        body += field(1, key.encode())
    for r in readings:
        index = varint(1 << 3) + varint(keys.index(r["device_id"]))
        body += field(3, index + field(3, json.dumps(r).encode()))
    return b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body).digest()


class Stream:
    """A stream of the emulator, and what was put into it."""

    def __init__(self, url: str, name: str, shards: int):
        self.api = client("kinesis", url)
        self.name = name
        self.next: dict[int, int] = {}
        self.sent = 0
        self.api.create_stream(StreamName=name, ShardCount=shards)
        self.wait_until_active()

    def wait_until_active(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            summary = self.api.describe_stream_summary(StreamName=self.name)
            if summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
                return
            assert time.monotonic() < deadline, "the stream does not become active"
            time.sleep(0.02)

    def readings(self, device: int, count: int) -> list[dict[str, Any]]:
        first = self.next.get(device, 0)
        self.next[device] = first + count
        self.sent += count
        return [reading(device, n) for n in range(first, first + count)]

    def put(self, device: int, data: bytes) -> None:
        self.api.put_record(StreamName=self.name, Data=data, PartitionKey=f"dev-{device:02d}")

    def put_some(self, rng: random.Random, devices: int, count: int) -> None:
        """Readings of several devices in every form that a payload may have."""
        records = []
        for _ in range(count):
            device = rng.randrange(devices)
            form = rng.randrange(6)
            if form == 0:
                data = aggregate(self.readings(device, rng.randrange(1, 5)))
            elif form == 1:
                lines = [json.dumps(r) for r in self.readings(device, 3)]
                data = gzip.compress("\n".join(lines).encode())
            elif form == 2:
                data = "".join(json.dumps(r) for r in self.readings(device, 2)).encode()
            else:
                data = json.dumps(self.readings(device, 1)[0]).encode()
            records.append({"Data": data, "PartitionKey": f"dev-{device:02d}"})
        done = self.api.put_records(StreamName=self.name, Records=records)
        assert done["FailedRecordCount"] == 0

    def open_shards(self) -> list[dict[str, Any]]:
        shards = self.api.list_shards(StreamName=self.name)["Shards"]
        parents = {s.get("ParentShardId") for s in shards}
        parents |= {s.get("AdjacentParentShardId") for s in shards}
        return [s for s in shards if s["ShardId"] not in parents]

    def reshard(self, rng: random.Random) -> None:
        """Splits a shard, or merges two neighbours."""
        shards = sorted(self.open_shards(), key=lambda s: int(s["HashKeyRange"]["StartingHashKey"]))
        if len(shards) > 1 and (len(shards) > 4 or rng.random() < 0.5):
            at = rng.randrange(len(shards) - 1)
            self.api.merge_shards(
                StreamName=self.name,
                ShardToMerge=shards[at]["ShardId"],
                AdjacentShardToMerge=shards[at + 1]["ShardId"],
            )
        else:
            shard = rng.choice(shards)
            low = int(shard["HashKeyRange"]["StartingHashKey"])
            high = int(shard["HashKeyRange"]["EndingHashKey"])
            self.api.split_shard(
                StreamName=self.name,
                ShardToSplit=shard["ShardId"],
                NewStartingHashKey=str((low + high) // 2),
            )
        self.wait_until_active()


def configure(site: Site, endpoint: str, stream: str, **options: Any) -> None:
    source = {
        "stream": stream,
        "endpoint": endpoint,
        "region": "us-east-1",
        "poll_interval": "20ms",
        "list_interval": "500ms",
        **options,
    }
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "storage": {"commit": {"interval": "100ms"}, "snapshot_interval": "300ms"},
                "sources": [{"kinesis": source}],
                "schema": {"metrics": {"temperature": {}, "n": {}}},
                "detectors": [{"type": "zscore"}],
            }
        )
    )


def assert_exact(site: Site, stream: Stream) -> None:
    """Every reading once, each device's in order, and offsets that go up by one in each shard."""
    bronze = read_table(site.lake, "bronze").sort_by("sequence")
    seen: dict[str, list[int]] = {}
    for payload in bronze.column("payload").to_pylist():
        record = json.loads(payload)
        seen.setdefault(record["device_id"], []).append(record["n"])
    want = {f"dev-{device:02d}": list(range(count)) for device, count in stream.next.items()}
    for device, numbers in want.items():
        got = seen.get(device, [])
        missing = sorted(set(numbers) - set(got))[:5]
        assert sorted(got) == numbers, f"{device}: {len(got)} of {len(numbers)}, missing {missing}"
        assert got == numbers, f"{device} is out of order"
    assert set(seen) == set(want)
    last: dict[str, int] = {}
    for partition, offset in zip(
        bronze.column("partition").to_pylist(), bronze.column("offset").to_pylist(), strict=True
    ):
        assert offset == last.get(partition, -1) + 1, f"{partition} jumps to {offset}"
        last[partition] = offset
    assert_counters_add_up(site.lake)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with kinesis(tmp_path_factory.mktemp("kinesis")) as service:
        yield service


def test_once_reads_all_shards_and_all_forms(tmp_path: Path, emulator: Service) -> None:
    stream = Stream(emulator.url, tmp_path.name, 3)
    rng = random.Random(1)
    for _ in range(5):
        stream.put_some(rng, devices=8, count=60)
    site = Site(tmp_path)
    configure(site, emulator.url, stream.name)
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert_exact(site, stream)
    # Nothing is there twice after another run, and what came since is there.
    stream.put_some(rng, devices=8, count=10)
    assert site.run(env=AWS_ENV).returncode == 0
    assert_exact(site, stream)


def test_reshard_under_load(tmp_path: Path, emulator: Service) -> None:
    stream = Stream(emulator.url, tmp_path.name, 2)
    rng = random.Random(2)
    site = Site(tmp_path)
    configure(site, emulator.url, stream.name)
    with site.follow(AWS_ENV) as run:
        stop = threading.Event()

        def produce() -> None:
            producer = random.Random(3)
            while not stop.is_set():
                stream.put_some(producer, devices=10, count=20)

        thread = threading.Thread(target=produce)
        thread.start()
        try:
            for _ in range(6):
                time.sleep(0.3)
                stream.reshard(rng)
        finally:
            stop.set()
            thread.join()
        run.wait_for(lambda: site.count("bronze") >= stream.sent, "all readings", 60)
        assert run.stop() == 0, run.output()
    assert_exact(site, stream)


def test_kill_loop_while_resharding(tmp_path: Path, emulator: Service) -> None:
    stream = Stream(emulator.url, tmp_path.name, 2)
    rng = random.Random(int(os.environ.get("AVOCET_KILL_SEED", "4")))
    site = Site(tmp_path)
    configure(site, emulator.url, stream.name)
    for number in range(KILL_ROUNDS):
        with site.follow(AWS_ENV) as run:
            deadline = time.monotonic() + rng.uniform(0.2, 0.9)
            while time.monotonic() < deadline:
                stream.put_some(rng, devices=6, count=15)
            if number % 2 == 0:
                stream.reshard(rng)
            assert run.alive(), run.output()
            run.kill()
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert_exact(site, stream)


def script(proxy: Service, faults: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(f"{proxy.url}/_faults", json.dumps(faults).encode())
    urllib.request.urlopen(request).close()


def counts(proxy: Service) -> dict[str, int]:
    with urllib.request.urlopen(f"{proxy.url}/_counts") as answer:
        return dict(json.load(answer))


def test_bad_days_of_the_service(tmp_path: Path, emulator: Service) -> None:
    stream = Stream(emulator.url, tmp_path.name, 2)
    rng = random.Random(5)
    site = Site(tmp_path)
    kinds = [
        {"status": 400, "type": "ProvisionedThroughputExceededException", "times": 3},
        {"status": 400, "type": "ExpiredIteratorException", "times": 3},
        {"status": 500, "type": "InternalFailure", "times": 2},
        {"cut": True},
        {"garbage": True},
        {"status": 400, "type": "KMSThrottlingException"},
    ]
    with fault_proxy(tmp_path, emulator.url) as proxy:
        configure(site, proxy.url, stream.name)
        script(proxy, [{"target": "ListShards", "status": 400, "type": "LimitExceededException"}])
        with site.follow(AWS_ENV) as run:
            for kind in kinds:
                script(proxy, [{"target": "GetRecords", **kind}])
                stream.put_some(rng, devices=6, count=20)
                run.wait_for(lambda: site.count("bronze") >= stream.sent, f"all after {kind}", 60)
            script(proxy, [{"target": "GetShardIterator", "status": 503, "type": "Unavailable"}])
            script(
                proxy, [{"target": "GetRecords", "status": 400, "type": "ExpiredIteratorException"}]
            )
            stream.put_some(rng, devices=6, count=20)
            run.wait_for(lambda: site.count("bronze") >= stream.sent, "all in the end", 60)
            assert run.stop() == 0, run.output()
        seen = counts(proxy)
        assert seen["fault ProvisionedThroughputExceededException"] == 3
        assert seen["fault ExpiredIteratorException"] == 4
    assert_exact(site, stream)


@pytest.mark.slow
def test_waits_for_the_stream_and_the_service(tmp_path: Path) -> None:
    """Down at the start, then without the stream, then restarted in mid-stream."""
    rng = random.Random(6)
    site = Site(tmp_path)
    service = kinesis(tmp_path, persist=True)
    configure(site, service.url, "late")
    with site.follow(AWS_ENV) as run:
        run.wait_for_output("cannot list the shards of stream late")
        with service:
            run.wait_for_output("ResourceNotFoundException")
            stream = Stream(service.url, "late", 2)
            stream.put_some(rng, devices=5, count=30)
            run.wait_for(lambda: site.count("bronze") >= stream.sent, "the first readings", 60)
            time.sleep(1)  # until the emulator has written its state
            service.stop()
            time.sleep(0.5)
            service.start()
            stream.put_some(rng, devices=5, count=30)
            run.wait_for(lambda: site.count("bronze") >= stream.sent, "all readings", 60)
            assert run.stop() == 0, run.output()
    assert_exact(site, stream)


def test_once_without_the_stream_is_an_error(tmp_path: Path, emulator: Service) -> None:
    site = Site(tmp_path)
    configure(site, emulator.url, "nowhere")
    done = site.run(env=AWS_ENV)
    assert done.returncode == 69
    assert "nowhere" in done.stderr and "ResourceNotFoundException" in done.stderr


def test_no_credentials_is_said(tmp_path: Path, emulator: Service) -> None:
    site = Site(tmp_path)
    configure(site, emulator.url, "any")
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
    done = site.run(env={**AWS_ENV, **nothing})
    assert done.returncode == 77, done.stderr
    assert "credential" in done.stderr


def test_latest_leaves_out_what_was_there(tmp_path: Path, emulator: Service) -> None:
    stream = Stream(emulator.url, tmp_path.name, 1)
    stream.put(0, json.dumps(reading(0, 999)).encode())
    time.sleep(1.1)
    site = Site(tmp_path)
    configure(site, emulator.url, stream.name, start="latest")
    with site.follow(AWS_ENV) as run:
        time.sleep(1.1)
        stream.put_some(random.Random(7), devices=2, count=10)
        run.wait_for(lambda: site.count("bronze") >= stream.sent, "the new readings", 30)
        assert run.stop() == 0, run.output()
    assert_exact(site, stream)
