"""The kinesis source against kinesis-local, whose resharding is that of Kinesis, and a proxy that
has bad days."""

import json
import os
import random
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import TEST_ALL, Site
from kinesis_stream import Stream, assert_exact, configure, reading
from services import AWS_ENV, Service, fault_proxy, kinesis, needs_aws, script

pytestmark = needs_aws

KILL_ROUNDS = int(os.environ.get("AVOCET_AWS_KILL_ROUNDS", "60" if TEST_ALL else "8"))


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
