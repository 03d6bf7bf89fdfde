"""One avocet reads from every source at once, is killed, stopped and left alone by its brokers, and
goes on in each of them."""

import http.client
import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import Run, Site, assert_counters_add_up
from kafka_broker import Kafka
from mqtt_broker import Mosquitto
from ports import free_port, listens
from services import AWS_ENV, Service, client, kinesis, needs_aws, versitygw

pytestmark = needs_aws

START_S = 1_770_000_000
SIMULATED = 20
PER_ROUND = 50
GRACE_S = 15  # half of what Kubernetes gives


class Senders:
    """One device for each source that is sent to; every round goes on with its numbers."""

    def __init__(self, site: Site, broker: Kafka, mosquitto: Mosquitto, stream: str, bucket: str):
        self.site, self.kafka, self.mosquitto = site, broker, mosquitto
        self.kinesis, self.s3 = client("kinesis", stream), client("s3", bucket)
        self.port = free_port()
        self.kinesis.create_stream(StreamName="plant", ShardCount=1)
        self.kinesis.get_waiter("stream_exists").wait(StreamName="plant", WaiterConfig={"Delay": 1})
        self.s3.create_bucket(Bucket="plant")
        self.rounds = self.pushed = 0
        aws = {"region": "us-east-1"}
        sources = [
            {"file": {"path": str(site.inbox), "poll_interval": "20ms"}},
            {"http": {"listen": f"127.0.0.1:{self.port}"}},
            {
                "kafka": {
                    "brokers": broker.brokers,
                    "topics": ["plant"],
                    "group": "avocet",
                    "options": {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500},
                }
            },
            {
                "mqtt": {
                    "broker": f"mqtt://127.0.0.1:{mosquitto.port}",
                    "topics": ["plant/readings"],
                }
            },
            {"kinesis": {"stream": "plant", "endpoint": stream, "poll_interval": "20ms", **aws}},
            {
                "s3": {
                    "url": "s3://plant/raw/",
                    "endpoint": bucket,
                    "poll_interval": "50ms",
                    **aws,
                }
            },
            {
                "simulate": {
                    "devices": 2,
                    "period": "10s",
                    "duration": f"{SIMULATED * 5}s",
                    "speed": 0,
                    "seed": 1,
                    "start_time": "2026-01-31T00:00:00Z",
                }
            },
        ]
        site.config.write_text(
            json.dumps(
                {
                    "lake": str(site.lake),
                    "storage": {"commit": {"interval": "200ms"}},
                    "sources": sources,
                    "schema": {"metrics": {"temperature": {}}},
                    "server": {"enabled": False},
                }
            )
        )

    def start(self) -> Run:
        run = self.site.follow(AWS_ENV)
        run.wait_for(lambda: listens(self.port), "the port")
        run.wait_for_output("messages are taken from")
        return run

    def send(self) -> None:
        number, self.rounds = self.rounds, self.rounds + 1
        (self.site.inbox / f"{number}.ndjson").write_text("".join(self.lines("file", number)))
        self.post("".join(self.lines("http", number)))
        self.kafka.produce(
            "plant", 0, [f"k:{line.rstrip()}" for line in self.lines("kafka", number)]
        )
        self.mosquitto.publish("plant/readings", [x.rstrip() for x in self.lines("mqtt", number)])
        records = [{"Data": x.encode(), "PartitionKey": "k"} for x in self.lines("kinesis", number)]
        done = self.kinesis.put_records(StreamName="plant", Records=records)
        assert done["FailedRecordCount"] == 0
        body = "".join(self.lines("s3", number)).encode()
        self.s3.put_object(Bucket="plant", Key=f"raw/{number}.ndjson", Body=body)

    def post(self, body: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/x-ndjson"}
        connection.request("POST", "/api/v1/readings", body, headers)
        assert connection.getresponse().status == 200
        connection.close()

    @staticmethod
    def lines(device: str, number: int) -> list[str]:
        numbers = range(number * PER_ROUND, (number + 1) * PER_ROUND)
        return [
            json.dumps({"device_id": device, "timestamp": START_S + n, "temperature": 20, "n": n})
            + "\n"
            for n in numbers
        ]

    def send_pushed(self) -> None:
        """Only files and HTTP: what needs no other server."""
        number = self.pushed = self.pushed + 1
        (self.site.inbox / f"x{number}.ndjson").write_text("".join(self.lines("xfile", number - 1)))
        self.post("".join(self.lines("xhttp", number - 1)))

    def want(self) -> Counter[str]:
        devices = ["file", "http", "kafka", "mqtt", "kinesis", "s3"]
        want = Counter({device: self.rounds * PER_ROUND for device in devices})
        if self.pushed:
            want.update({device: self.pushed * PER_ROUND for device in ("xfile", "xhttp")})
        return want

    def assert_exact(self) -> None:
        """Everything that was sent is in bronze once."""
        payloads = self.site.rows("bronze")["payload"].to_pylist()
        rows = [json.loads(payload) for payload in payloads]
        sent = [(row["device_id"], row["n"]) for row in rows if "n" in row]
        assert max(Counter(sent).values()) == 1
        assert Counter(device for device, _ in sent) == self.want()
        assert len(rows) == SIMULATED + self.want().total()
        assert_counters_add_up(self.site.lake)


@contextmanager
def every_server(tmp_path: Path, persist: bool = False) -> Iterator[tuple[Senders, list[Service]]]:
    """What sends to a site with every source, and the servers between them. `persist`: that of
    Kinesis keeps what it has over a restart, as the others do."""
    with (
        Kafka(tmp_path, 1) as broker,
        Mosquitto(tmp_path) as mosquitto,
        kinesis(tmp_path, persist=persist) as stream,
        versitygw(tmp_path) as bucket,
    ):
        site = Site(tmp_path / "site")
        senders = Senders(site, broker, mosquitto, stream.url, bucket.url)
        yield senders, [broker, mosquitto, stream, bucket]


def test_every_source_at_once(tmp_path: Path) -> None:
    with every_server(tmp_path) as (senders, _):
        site = senders.site
        with senders.start() as run:
            senders.send()
            run.wait_for(lambda: site.count("bronze") > SIMULATED, "the first rows")
            run.kill()
        with senders.start() as run:
            senders.send()
            total = SIMULATED + senders.want().total()
            run.wait_for(lambda: site.count("bronze") >= total, f"{total} rows", timeout=60)
            time.sleep(0.5)  # what would be there twice
            assert run.stop() == 0, run.output()
        senders.assert_exact()


@pytest.mark.slow
def test_a_minute_without_any_broker(tmp_path: Path) -> None:
    """Files and HTTP go on meanwhile; then everything does."""
    seconds = float(os.environ.get("AVOCET_OUTAGE_S", "60"))
    with every_server(tmp_path, persist=True) as (senders, servers):
        site = senders.site

        def all_are_there() -> bool:
            return site.count("bronze") >= SIMULATED + senders.want().total()

        with senders.start() as run:
            senders.send()
            run.wait_for(all_are_there, "the first rows", 60)
            time.sleep(1)  # until the emulator of Kinesis has written its state
            for server in servers:
                server.stop()
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                senders.send_pushed()
                run.wait_for(all_are_there, "files and HTTP go on")
                time.sleep(2)
            for source in ("kafka", "mqtt", "kinesis", "s3"):
                assert re.search(f"{source} has a problem|{source}.* unavailable", run.output())
            for server in servers:
                server.start()
            senders.send()
            run.wait_for(all_are_there, "all rows", 120)
            assert run.stop() == 0, run.output()
        senders.assert_exact()


@pytest.mark.slow
def test_sigterm_under_load_drains_within_the_grace_time(tmp_path: Path) -> None:
    with every_server(tmp_path) as (senders, _):
        site = senders.site
        for _ in range(6):
            stopping = threading.Event()

            def send(stopping: threading.Event = stopping) -> None:
                while not stopping.is_set():
                    senders.send()

            with senders.start() as run:
                sender = threading.Thread(target=send)
                sender.start()
                try:
                    run.wait_for(lambda: site.count("bronze") > SIMULATED, "rows", 60)
                    time.sleep(0.5)
                finally:
                    stopping.set()
                    sender.join()
                # Much of the last rounds has not been read or committed.
                senders.send()
                began = time.monotonic()
                assert run.stop() == 0, run.output()
                assert time.monotonic() - began < GRACE_S
        with senders.start() as run:
            total = SIMULATED + senders.want().total()
            run.wait_for(lambda: site.count("bronze") >= total, f"{total} rows", timeout=120)
            time.sleep(0.5)
            assert run.stop() == 0, run.output()
        senders.assert_exact()
