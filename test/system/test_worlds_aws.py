"""Bad worlds of what talks to AWS: certificates, credentials and clocks, for streams, objects,
queues and the lake."""

import contextlib
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from certificates import OTHER_HOST, Authority, issue_faulty
from fake_clock import FakeClock
from harness import Run, assert_counters_add_up
from network import Network, TlsFront
from services import AWS_ENV, Service, client, fault_proxy, kinesis, moto, needs_aws, versitygw
from test_kinesis import script
from test_lake_s3 import S3Site
from world_site import WorldSite, numbered, readings

pytestmark = needs_aws

COUNT = 30
# What avocet says of certificates.
FAULTS = {
    "expired": "certificate: Expired",
    "foreign": f'certificate not valid for name "127.0.0.1".*{OTHER_HOST}',
    "stranger": "UnknownIssuer.* ca_file",
}


class Account:
    """A stream, a bucket and a queue of emulators; one device each, whose readings go on."""

    def __init__(self, stream: Service, store: Service):
        self.stream, self.store = stream, store
        self.kinesis = client("kinesis", stream.url)
        self.s3, self.sqs = client("s3", store.url), client("sqs", store.url)
        self.kinesis.create_stream(StreamName="plant", ShardCount=1)
        self.kinesis.get_waiter("stream_exists").wait(StreamName="plant", WaiterConfig={"Delay": 1})
        self.s3.create_bucket(Bucket="plant")
        self.queue_url = self.sqs.create_queue(QueueName="objects")["QueueUrl"]
        self.sent = 0

    def send(self) -> None:
        lines = readings("kinesis", self.sent, COUNT)
        records = [{"Data": line.encode(), "PartitionKey": "k"} for line in lines]
        assert (
            self.kinesis.put_records(StreamName="plant", Records=records)["FailedRecordCount"] == 0
        )
        body = "\n".join(readings("s3", self.sent, COUNT)).encode()
        self.s3.put_object(Bucket="plant", Key=f"raw/{self.sent:06d}", Body=body)
        self.sent += COUNT

    def want(self) -> Any:
        return numbered("kinesis", self.sent) + numbered("s3", self.sent)


def stream_source(endpoint: str, **more: str) -> dict[str, Any]:
    options = {"stream": "plant", "endpoint": endpoint, "region": "us-east-1"}
    return {"kinesis": {**options, "poll_interval": "50ms", **more}}


def object_source(endpoint: str, **more: str) -> dict[str, Any]:
    options = {"url": "s3://plant/raw/", "endpoint": endpoint, "region": "us-east-1"}
    return {"s3": {**options, "poll_interval": "50ms", **more}}


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Service]]:
    directory = tmp_path_factory.mktemp("aws")
    with kinesis(directory) as stream, moto(directory) as store:
        yield stream, store


@pytest.fixture
def account(emulators: tuple[Service, Service]) -> Iterator[Account]:
    made = Account(*emulators)
    yield made
    made.kinesis.delete_stream(StreamName="plant")
    gone = made.kinesis.get_waiter("stream_not_exists")
    gone.wait(StreamName="plant", WaiterConfig={"Delay": 1})
    for item in made.s3.list_objects_v2(Bucket="plant").get("Contents", []):
        made.s3.delete_object(Bucket="plant", Key=item["Key"])
    made.s3.delete_bucket(Bucket="plant")
    made.sqs.delete_queue(QueueUrl=made.queue_url)


def shown(authority: Authority, stranger: Authority) -> dict[str, tuple[Path, Path]]:
    return {**issue_faulty(authority), "stranger": stranger.issue("stranger")}


def test_certificates_that_nobody_should_trust(account: Account, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path, "stranger-ca")
    good = authority.issue("good")
    trusting = {"ca_file": str(authority.certificate)}
    queue = re.sub(r"^http://[^/]*", "", account.queue_url)
    with contextlib.ExitStack() as stack:

        def front(server: Service, files: tuple[Path, Path]) -> TlsFront:
            return stack.enter_context(TlsFront(server.port, *files))

        well = {name: front(getattr(account, name), good) for name in ("stream", "store")}
        sources = {
            "good-stream": stream_source(well["stream"].url, **trusting),
            "good-store": object_source(well["store"].url, **trusting),
        }
        faulty: list[TlsFront] = []
        for name, files in shown(authority, stranger).items():
            streams, store = front(account.stream, files), front(account.store, files)
            faulty += [streams, store]
            sources[f"{name}-stream"] = stream_source(streams.url, **trusting)
            sources[f"{name}-store"] = object_source(store.url, **trusting)
            sources[f"{name}-queue"] = object_source(
                well["store"].url, queue_url=store.url + queue, **trusting
            )
        site = WorldSite(tmp_path / "site")
        site.configure_sources(sources)
        account.send()
        with site.start(AWS_ENV) as run:
            run.wait_for(lambda: site.numbers() == account.want(), "the good ones are read", 60)
            for name, pattern in FAULTS.items():
                for kind in ("stream", "store", "queue"):
                    problem = site.wait_for_problem(run, f"{name}-{kind}", pattern)
                    assert "https://127.0.0.1:" in problem, problem
            ready, problems = site.readiness()
            assert not ready
            assert problems["good-stream"] == problems["good-store"] == ""
            for one in faulty:
                one.show(*good)
            site.wait_until_well(run, *sources)
            assert site.readiness()[0]
            account.send()
            run.wait_for(lambda: site.numbers() == account.want(), "all are read", 60)
            assert run.stop() == 0, run.output()
        assert_counters_add_up(site.lake)


def test_poison_and_10_mb_are_quarantined_with_their_place(
    account: Account, tmp_path: Path
) -> None:
    large = json.dumps({"device_id": "d", "timestamp": 1, "n": 0, "note": "x" * 10_000_000})
    for data in ["{oops", gzip.compress(large.encode())]:
        account.kinesis.put_record(StreamName="plant", Data=data, PartitionKey="k")
    body = f"{{oops\n{large}\n".encode()
    account.s3.put_object(Bucket="plant", Key="raw/0", Body=body)
    account.send()
    site = WorldSite(tmp_path)
    site.configure_sources(
        {"stream": stream_source(account.stream.url), "store": object_source(account.store.url)}
    )
    with site.start(AWS_ENV) as run:
        run.wait_for(lambda: site.numbers() == account.want(), "what is good", 60)
        run.wait_for(lambda: site.count("quarantine") == 4, "what is not", 60)
        assert site.readiness()[0]
        assert run.stop() == 0, run.output()
    rows = site.rows("quarantine").to_pylist()
    shard, key = "plant/shardId-000000000000", "plant/raw/0"
    assert {(row["partition"], row["offset"], row["code"]) for row in rows} == {
        (shard, 0, "invalid_json"),
        (shard, 1, "record_too_long"),
        (key, 0, "invalid_json"),
        (key, len("{oops\n"), "record_too_long"),
    }
    assert_counters_add_up(site.lake)


def test_what_is_missing_is_waited_for(account: Account, tmp_path: Path) -> None:
    with fault_proxy(tmp_path, account.store.url) as proxy:
        queue = proxy.url + re.sub(r"^http://[^/]*(/.*/).*", r"\1later", account.queue_url)
        script(proxy, [{"target": "ReceiveMessage", "garbage": True}])
        site = WorldSite(tmp_path)
        site.configure_sources(
            {
                "stream": stream_source(account.stream.url, stream="later"),
                "store": object_source(account.store.url, url="s3://later/"),
                "queue": object_source(account.store.url, queue_url=queue),
            }
        )
        account.send()
        with site.start(AWS_ENV) as run:
            here = numbered("s3", account.sent)
            run.wait_for(lambda: site.numbers() == here, "the objects without the bell", 60)
            run.wait_for_output("an answer that makes no sense: <html>")
            site.wait_for_problem(run, "stream", "stream later: ResourceNotFoundException")
            site.wait_for_problem(run, "store", "s3://later/: NoSuchBucket")
            site.wait_for_problem(run, "queue", "/later: QueueDoesNotExist")
            assert not site.readiness()[0]
            account.kinesis.create_stream(StreamName="later", ShardCount=1)
            account.s3.create_bucket(Bucket="later")
            account.sqs.create_queue(QueueName="later")
            site.wait_until_well(run, "stream", "store", "queue")
            assert site.readiness()[0]
            assert run.stop() == 0, run.output()
        account.kinesis.delete_stream(StreamName="later")
        account.s3.delete_bucket(Bucket="later")


def test_a_slow_network(account: Account, tmp_path: Path) -> None:
    with Network(account.stream.port) as streams, Network(account.store.port) as store:
        streams.bytes_per_second = store.bytes_per_second = 8_000
        site = WorldSite(tmp_path)
        queue = re.sub(r"^http://[^/]*", "", account.queue_url)
        url = f"http://127.0.0.1:{store.port}"
        site.configure_sources(
            {
                "stream": stream_source(f"http://127.0.0.1:{streams.port}"),
                "store": object_source(url, queue_url=url + queue),
            }
        )
        for _ in range(3):
            account.send()
        with site.start(AWS_ENV) as run:
            run.wait_for(lambda: site.numbers() == account.want(), "all are read", 60)
            assert site.readiness()[0]
            assert run.stop() == 0, run.output()
        assert_counters_add_up(site.lake)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Service]:
    with versitygw(tmp_path) as service:
        yield service


class SharedCredentials:
    """A file of credentials, as `~/.aws/credentials`, for processes with `env`. `refusal` is the
    fault of those that were given first."""

    refusal: ClassVar = {"key": "AKIDOLD", "status": 400, "times": 1_000_000}

    def __init__(self, directory: Path):
        self._file = directory / "credentials"
        self.env = {
            **AWS_ENV,
            "AWS_SHARED_CREDENTIALS_FILE": str(self._file),
            "AWS_CONFIG_FILE": str(directory / "none"),
            # Set, they would come first.
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
        }
        self.give("AKIDOLD")

    def give(self, key: str) -> None:
        self._file.write_text(
            f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n"
        )


class LakeWorld(WorldSite):
    """Files go into a lake in S3, which avocet reaches at `endpoint`."""

    def __init__(self, directory: Path, server: Service, endpoint: str, **options: str):
        super().__init__(directory / "world")
        self.store = S3Site(directory / "site", server, endpoint)
        self.configure_sources(
            {"file": {"file": {"path": str(self.inbox), "poll_interval": "20ms"}}},
            lake=self.store.url,
            storage={
                "data_dir": str(directory / "state"),
                "s3": {"endpoint": endpoint, **options},
                "commit": {"interval": "100ms"},
            },
        )
        self.sent = 0

    def append(self) -> None:
        lines = readings("d", self.sent, COUNT)
        (self.inbox / f"{self.sent:06d}.ndjson").write_text("".join(f"{x}\n" for x in lines))
        self.sent += COUNT

    def wait_for_all(self, run: Run) -> None:
        run.wait_for(lambda: self.store.bronze_rows() == self.sent, f"{self.sent} rows", 60)
        run.wait_for(lambda: self.readiness()[0], "it is ready", 40)

    def wait_for_trouble(self, run: Run, pattern: str) -> None:
        run.wait_for_output(pattern, 40)
        run.wait_for(lambda: not self.readiness()[0], "it is not ready")

    def assert_exact(self) -> None:
        rows = self.store.table("bronze")["payload"].to_pylist()
        assert sorted(json.loads(row)["n"] for row in rows) == list(range(self.sent))


def test_a_lake_whose_certificate_expires_in_mid_stream(gateway: Service, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path, "stranger-ca")
    good = authority.issue("good")
    with TlsFront(gateway.port, *good) as front:
        world = LakeWorld(tmp_path, gateway, front.url, ca_file=str(authority.certificate))
        world.append()
        faults = shown(authority, stranger)
        front.show(*faults["foreign"])
        # A start says it and ends.
        done = world.run(env=AWS_ENV)
        assert done.returncode == 69, done.stderr
        assert re.search(FAULTS["foreign"], done.stderr) and front.url in done.stderr, done.stderr
        front.show(*good)
        with world.start(AWS_ENV) as run:
            world.wait_for_all(run)
            for name in ("expired", "stranger"):
                front.show(*faults[name])
                front.cut()
                front.mend()
                world.append()
                world.wait_for_trouble(run, FAULTS[name])
                front.show(*good)
                world.wait_for_all(run)
            assert run.stop() == 0, run.output()
        world.assert_exact()


def test_a_lake_whose_credentials_expire_in_mid_stream(
    emulators: tuple[Service, Service], tmp_path: Path
) -> None:
    store = emulators[1]
    shared = SharedCredentials(tmp_path)
    with fault_proxy(tmp_path, store.url) as proxy:
        world = LakeWorld(tmp_path, store, proxy.url)
        world.append()
        with world.start(shared.env) as run:
            world.wait_for_all(run)
            script(proxy, [{**shared.refusal, "type": "ExpiredToken"}])
            world.append()
            world.wait_for_trouble(run, "ExpiredToken.*renew the credentials")
            shared.give("AKIDNEW")
            world.wait_for_all(run)
            assert run.stop() == 0, run.output()
        world.assert_exact()


def test_a_lake_while_the_clock_jumps(gateway: Service, tmp_path: Path) -> None:
    world = LakeWorld(tmp_path, gateway, gateway.url)
    clock = FakeClock(tmp_path)
    world.append()
    with world.start({**AWS_ENV, **clock.env}) as run:
        world.wait_for_all(run)
        for offset in ("-2d", "+40d"):
            clock.set(offset)
            world.append()
            world.wait_for_trouble(run, "RequestTimeTooSkewed.*clock of this machine")
            clock.set("+0")
            world.wait_for_all(run)
        assert run.stop() == 0, run.output()
    world.assert_exact()


def test_credentials_that_expire_are_read_again(account: Account, tmp_path: Path) -> None:
    """Somebody renews the shared file; avocet goes on without a restart."""
    shared = SharedCredentials(tmp_path)
    with (
        fault_proxy(tmp_path, account.stream.url) as streams,
        fault_proxy(tmp_path, account.store.url) as store,
    ):
        queue = re.sub(r"^http://[^/]*", "", account.queue_url)
        site = WorldSite(tmp_path)
        site.configure_sources(
            {
                "stream": stream_source(streams.url),
                "store": object_source(store.url, queue_url=store.url + queue),
            }
        )
        account.send()
        with site.start(shared.env) as run:
            run.wait_for(lambda: site.numbers() == account.want(), "all are read", 60)
            script(streams, [{**shared.refusal, "type": "ExpiredTokenException"}])
            script(store, [{**shared.refusal, "type": "ExpiredToken"}])
            for source in ("stream", "store"):
                site.wait_for_problem(run, source, "ExpiredToken.*renew the credentials")
            account.send()
            shared.give("AKIDNEW")
            site.wait_until_well(run, "stream", "store")
            run.wait_for(lambda: site.numbers() == account.want(), "all are read", 60)
            assert run.stop() == 0, run.output()
        assert_counters_add_up(site.lake)


def test_the_clock_jumps(gateway: Service, tmp_path: Path) -> None:
    """Requests that are signed at the wrong time are refused, and go through when it is right."""
    api = client("s3", gateway.url)
    api.create_bucket(Bucket="plant")
    site = WorldSite(tmp_path)
    site.configure_sources({"store": object_source(gateway.url)})
    clock = FakeClock(tmp_path)
    with site.start({**AWS_ENV, **clock.env}) as run:
        for number, offset in enumerate(["+0", "-2d", "+0", "+40d", "+0"]):
            clock.set(offset)
            body = "\n".join(readings("s3", number * COUNT, COUNT)).encode()
            api.put_object(Bucket="plant", Key=f"raw/{number}", Body=body)
            if offset != "+0":
                site.wait_for_problem(run, "store", "RequestTimeTooSkewed.*clock of this machine")
                continue
            site.wait_until_well(run, "store")
            want = numbered("s3", (number + 1) * COUNT)
            run.wait_for(lambda want=want: site.numbers() == want, "all are read", 60)
        assert run.stop() == 0, run.output()
    assert_counters_add_up(site.lake)
