"""A stream of the Kinesis emulator, and what has to be in the lakes of those that read it."""

import gzip
import hashlib
import json
import random
import time
from typing import Any

from harness import Site, assert_counters_add_up, read_table
from services import client

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


def bronze_records(sites: list[Site]) -> list[tuple[str, int, dict[str, Any]]]:
    """Partition, offset and record of all rows, those of each lake in their order."""
    records = []
    for site in sites:
        bronze = read_table(site.lake, "bronze").sort_by("sequence")
        records += zip(
            bronze.column("partition").to_pylist(),
            bronze.column("offset").to_pylist(),
            map(json.loads, bronze.column("payload").to_pylist()),
            strict=True,
        )
    return records


def assert_exact(site: Site, stream: Stream) -> None:
    """Every reading once, each device's in order, and offsets that go up by one in each shard."""
    records = bronze_records([site])
    seen: dict[str, list[int]] = {}
    for _, _, record in records:
        seen.setdefault(record["device_id"], []).append(record["n"])
    want = {f"dev-{device:02d}": list(range(count)) for device, count in stream.next.items()}
    for device, numbers in want.items():
        got = seen.get(device, [])
        missing = sorted(set(numbers) - set(got))[:5]
        assert sorted(got) == numbers, f"{device}: {len(got)} of {len(numbers)}, missing {missing}"
        assert got == numbers, f"{device} is out of order"
    assert set(seen) == set(want)
    last: dict[str, int] = {}
    for partition, offset, _ in records:
        assert offset == last.get(partition, -1) + 1, f"{partition} jumps to {offset}"
        last[partition] = offset
    assert_counters_add_up(site.lake)


def assert_union_exact(sites: list[Site], stream: Stream) -> None:
    """Every reading in one of the lakes, once, and every place of a shard once."""
    records = bronze_records(sites)
    want = {f"dev-{device:02d}": list(range(count)) for device, count in stream.next.items()}
    seen: dict[str, list[int]] = {}
    places: dict[str, list[int]] = {}
    for partition, offset, record in records:
        seen.setdefault(record["device_id"], []).append(record["n"])
        places.setdefault(partition, []).append(offset)
    for device, numbers in want.items():
        got = sorted(seen.get(device, []))
        missing = sorted(set(numbers) - set(got))[:5]
        twice = sorted({n for n in got if got.count(n) > 1})[:5] if got != numbers else []
        assert got == numbers, f"{device}: {len(got)} of {len(numbers)}, {missing=}, {twice=}"
    assert set(seen) == set(want)
    for partition, offsets in places.items():
        assert sorted(offsets) == list(range(len(offsets))), partition
    for site in sites:
        assert_counters_add_up(site.lake)
