"""The Lambda producer in AWS's runtime interface emulator, against emulators of Kinesis and S3."""

import base64
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Site, assert_counters_add_up
from services import AWS_ENV, Service, client, fault_proxy, kinesis, lambda_rie, moto, needs_aws
from test_kinesis import configure, script

pytestmark = needs_aws

BOOTSTRAP = Path(os.environ.get("AVOCET_LAMBDA_BIN", str(ROOT / "build" / "avocet-lambda")))


@pytest.fixture(scope="module")
def stream_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with kinesis(tmp_path_factory.mktemp("kinesis")) as service:
        yield service


@pytest.fixture(scope="module")
def bucket_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with moto(tmp_path_factory.mktemp("moto")) as service:
        yield service


class Function:
    """The producer as Lambda would run it, with a stream, a bucket for input and dead letters."""

    def __init__(
        self, directory: Path, stream_url: str, kinesis_url: str, s3_url: str, **settings: str
    ):
        self.stream = directory.name.replace("[", "-").replace("]", "")
        self.bucket = self.stream.replace("_", "-").lower()
        self.kinesis = client("kinesis", kinesis_url)
        self.s3 = client("s3", s3_url)
        self.kinesis.create_stream(StreamName=self.stream, ShardCount=2)
        self.s3.create_bucket(Bucket=self.bucket)
        while True:
            summary = self.kinesis.describe_stream_summary(StreamName=self.stream)
            if summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
                break
            time.sleep(0.02)
        env = {
            "AVOCET_STREAM": self.stream,
            "AVOCET_STREAM_ENDPOINT": stream_url,
            "AVOCET_S3_ENDPOINT": s3_url,
            "AVOCET_DEAD_LETTERS": f"s3://{self.bucket}/letters",
            **settings,
        }
        self.service = lambda_rie(directory, BOOTSTRAP, env)

    def __enter__(self) -> "Function":
        self.service.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.service.stop()

    def invoke(self, event: Any) -> Any:
        url = f"{self.service.url}/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(url, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def records(self) -> list[dict[str, Any]]:
        """Everything in the stream."""
        found = []
        for shard in self.kinesis.list_shards(StreamName=self.stream)["Shards"]:
            iterator = self.kinesis.get_shard_iterator(
                StreamName=self.stream,
                ShardId=shard["ShardId"],
                ShardIteratorType="TRIM_HORIZON",
            )["ShardIterator"]
            while True:
                answer = self.kinesis.get_records(ShardIterator=iterator, Limit=10_000)
                for record in answer["Records"]:
                    reading = json.loads(record["Data"])
                    assert record["PartitionKey"] == reading["device_id"]
                    found.append(reading)
                iterator = answer.get("NextShardIterator")
                if not answer["Records"] or iterator is None:
                    break
        return found

    def letters(self) -> list[dict[str, Any]]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="letters/")
        found = []
        for entry in listed.get("Contents", []):
            body = self.s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read()
            found += [json.loads(line) for line in body.decode().splitlines()]
        return found


@pytest.fixture
def function(
    tmp_path: Path, stream_service: Service, bucket_service: Service
) -> Iterator[Function]:
    with Function(tmp_path, stream_service.url, stream_service.url, bucket_service.url) as made:
        yield made


def reading(device: str, n: int) -> dict[str, Any]:
    return {"device_id": device, "timestamp": 1_780_000_000_000 + n * 1000, "n": n}


def sqs(**bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"eventSource": "aws:sqs", "messageId": name, "body": body}
            for name, body in bodies.items()
        ]
    }


def created(bucket: str, key: str) -> dict[str, Any]:
    s3 = {"bucket": {"name": bucket}, "object": {"key": key}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}


def test_events_of_every_kind(function: Function) -> None:
    assert function.invoke(reading("plain", 1))["accepted"] == 1
    assert function.invoke([reading("array", 1), reading("array", 2)])["accepted"] == 2
    http = {
        "requestContext": {"http": {"method": "POST"}},
        "body": base64.b64encode(json.dumps(reading("http", 1)).encode()).decode(),
        "isBase64Encoded": True,
    }
    answer = function.invoke(http)
    assert answer["statusCode"] == 200 and json.loads(answer["body"])["accepted"] == 1
    failures = function.invoke(
        sqs(m1=json.dumps(reading("sqs", 1)), m2=json.dumps(reading("sqs", 2)))
    )
    assert failures == {"batchItemFailures": []}
    found = function.records()
    devices = sorted(r["device_id"] for r in found)
    assert devices == ["array", "array", "http", "plain", "sqs", "sqs"]
    assert all(r["ingested_at"].startswith("20") for r in found)


def test_csv_in_a_bucket_reaches_the_lake(
    tmp_path: Path, function: Function, stream_service: Service
) -> None:
    """The path of the AnoML-IoT sample: CSV, Lambda, Kinesis, avocet, Delta."""
    lines = ["device_id,timestamp,temperature,humidity"]
    lines += [f"dev-{n % 9},{1_780_000_000 + n},{20 + n % 5}.5,{40 + n % 3}" for n in range(3000)]
    function.s3.put_object(
        Bucket=function.bucket, Key="drop/day 1.csv", Body="\n".join(lines).encode()
    )
    answer = function.invoke(created(function.bucket, "drop/day+1.csv"))
    assert (answer["accepted"], answer["num_rejected"]) == (3000, 0)
    site = Site(tmp_path)
    configure(site, stream_service.url, function.stream)
    done = site.run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert assert_counters_add_up(site.lake)["accepted"] == 3000
    silver = site.rows("silver")
    assert silver.num_rows == 3000
    assert len(set(silver.column("device_id").to_pylist())) == 9


def test_an_export_with_local_times_and_decimal_commas(
    tmp_path: Path, stream_service: Service, bucket_service: Service
) -> None:
    urls = (stream_service.url, stream_service.url, bucket_service.url)
    settings = {
        "AVOCET_TIME_FIELD": "Datum",
        "AVOCET_TIME_PATTERN": "%d.%m.%Y %H:%M",
        "AVOCET_TIME_ZONE": "Europe/Berlin",
        "AVOCET_DECIMAL_COMMA": "true",
    }
    with Function(tmp_path, *urls, **settings) as function:
        body = b"device_id;Datum;Temperatur\nh;15.06.2021 18:00;20,5\nh;15/06/2021 18:01;20,5\n"
        function.s3.put_object(Bucket=function.bucket, Key="halle.csv", Body=body)
        answer = function.invoke(created(function.bucket, "halle.csv"))
        assert (answer["accepted"], len(answer["rejected"])) == (1, 1)
        (found,) = function.records()
        assert (found["Datum"], found["Temperatur"]) == ("15.06.2021 18:00", 20.5)
        assert [letter["code"] for letter in function.letters()] == ["bad_time"]


def test_what_can_never_be_right_is_a_dead_letter(function: Function) -> None:
    body = "\n".join([json.dumps(reading("ok", 1)), "{broken", '{"timestamp": 1780000000}'])
    assert function.invoke(sqs(m1=body)) == {"batchItemFailures": []}
    letters = function.letters()
    assert sorted(letter["code"] for letter in letters) == ["invalid_json", "missing_device"]
    assert {letter["payload"] for letter in letters} == {"{broken", '{"timestamp": 1780000000}'}
    assert len(function.records()) == 1


def test_bad_days_of_the_stream(
    tmp_path: Path, stream_service: Service, bucket_service: Service
) -> None:
    with fault_proxy(tmp_path, stream_service.url) as proxy:
        urls = (proxy.url, stream_service.url, bucket_service.url)
        with Function(tmp_path, *urls) as function:
            slow = {"status": 400, "type": "ProvisionedThroughputExceededException", "times": 3}
            script(proxy, [{"target": "PutRecords", **slow}, {"target": "PutRecords", "cut": True}])
            assert function.invoke([reading("d", n) for n in range(1200)])["accepted"] == 1200
            numbers = sorted(r["n"] for r in function.records())
            assert numbers == list(range(1200))
            refused = {"status": 400, "type": "AccessDeniedException"}
            script(proxy, [{"target": "PutRecords", **refused}])
            messages = sqs(m1=json.dumps(reading("e", 1)), m2=json.dumps(reading("e", 2)))
            failures = function.invoke(messages)
            assert failures == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
            script(proxy, [{"target": "PutRecords", **refused}])
            assert "AccessDeniedException" in function.invoke(reading("f", 1))["errorMessage"]
