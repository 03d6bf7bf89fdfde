"""Several processes share a stream of kinesis-local by leases in Amazon's DynamoDB Local. The union
of their tables is compared with what was put into the stream."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import Run, Site
from kinesis_stream import Stream, assert_union_exact, configure
from services import AWS_ENV, Service, client, dynamodb, fault_proxy, kinesis, needs_aws, script

pytestmark = needs_aws

SEED = int(os.environ.get("AVOCET_KILL_SEED", "4"))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with kinesis(tmp_path_factory.mktemp("kinesis")) as service:
        yield service


@pytest.fixture(scope="module")
def leases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with dynamodb(tmp_path_factory.mktemp("dynamodb")) as service:
        yield service


class Group:
    """Processes that share a stream, each with a lake of its own."""

    def __init__(
        self, directory: Path, emulator: Service, table: Service, shards: int, proxy: str = ""
    ):
        """`proxy`: URL by which the members reach the table."""
        self.directory = directory
        self.stream = Stream(emulator.url, directory.name, shards)
        self.kinesis_url, self.table_url = emulator.url, table.url
        self.members_url = proxy or table.url
        self.table = f"{directory.name}-leases"
        self.sites: list[Site] = []
        self.runs: list[Run] = []

    def start(self, number: int, **options: Any) -> Run:
        """A new member, or one that is no longer running."""
        while len(self.sites) <= number:
            site = Site(self.directory / f"member-{len(self.sites)}")
            leasing = {
                "lease_table": self.table,
                "lease_endpoint": self.members_url,
                "lease_duration": "2s",
                **options,
            }
            configure(site, self.kinesis_url, self.stream.name, **leasing)
            self.sites.append(site)
        run = self.sites[number].follow(AWS_ENV)
        self.runs.append(run)
        return run

    def count(self) -> int:
        return sum(site.count("bronze") for site in self.sites)

    def items(self) -> dict[str, dict[str, Any]]:
        """The leases as DynamoDB has them."""
        api = client("dynamodb", self.table_url)
        try:
            scan = api.scan(TableName=self.table, ConsistentRead=True)
        except api.exceptions.ResourceNotFoundException:
            return {}
        return {item["leaseKey"]["S"]: item for item in scan["Items"]}

    def shares(self) -> dict[str, int]:
        """How many shards that are to be read each worker has."""
        shares: dict[str, int] = {}
        for item in self.items().values():
            if item["checkpoint"]["S"] != "SHARD_END":
                owner = item.get("leaseOwner", {"S": ""})["S"]
                shares[owner] = shares.get(owner, 0) + 1
        return shares

    def wait_for_shares(self, run: Run, shares: list[int], timeout: float = 40) -> None:
        def even() -> bool:
            held = self.shares()
            return "" not in held and sorted(held.values()) == shares

        run.wait_for(even, f"shares of {shares}, not {self.shares()}", timeout)

    def wait_for_all(self, run: Run, timeout: float = 60) -> None:
        run.wait_for(lambda: self.count() >= self.stream.sent, "all readings", timeout)

    @contextmanager
    def producing(self, seed: int, pause: float = 0.05) -> Iterator[None]:
        stop = threading.Event()

        def produce() -> None:
            rng = random.Random(seed)
            while not stop.is_set():
                self.stream.put_some(rng, devices=40, count=10)
                time.sleep(pause)

        thread = threading.Thread(target=produce)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def finish(self) -> None:
        """All that are left read the rest, and end well."""
        alive = [run for run in self.runs if run.alive()]
        self.wait_for_all(alive[0])
        for run in alive:
            assert run.stop() == 0, run.output()
        assert_union_exact(self.sites, self.stream)

    def kill(self) -> None:
        for run in self.runs:
            run.kill()


@pytest.fixture
def group(tmp_path: Path, emulator: Service, leases: Service) -> Iterator[Group]:
    members = Group(tmp_path, emulator, leases, shards=4)
    yield members
    members.kill()


def test_two_share_and_one_is_killed(group: Group) -> None:
    first = group.start(0)
    with group.producing(1):
        group.wait_for_shares(first, [4])
        second = group.start(1)
        group.wait_for_shares(second, [2, 2])
        second.wait_for(lambda: group.sites[1].count("bronze") > 0, "some readings")
        first.kill()
        # On one machine the other finds in its lake where to go on.
        group.wait_for_shares(second, [4])
    group.wait_for_all(second)
    assert second.stop() == 0, second.output()
    assert_union_exact(group.sites, group.stream)
    # The layout of the Kinesis Client Library; given away for whoever comes.
    for item in group.items().values():
        assert set(item) >= {
            "leaseCounter",
            "checkpoint",
            "checkpointSubSequenceNumber",
            "ownerSwitchesSinceCheckpoint",
            "startingHashKey",
            "endingHashKey",
        }
        assert "leaseOwner" not in item
        assert item["checkpoint"]["S"].isdigit()
        assert json.loads(item["avocetClaim"]["S"])["avocet"] == "released"


@pytest.mark.slow
def test_balance_stop_and_reshard(group: Group) -> None:
    """A third joins, one is stopped, shards split and merge meanwhile, and it comes back."""
    rng = random.Random(SEED)
    runs = [group.start(0), group.start(1)]
    with group.producing(2):
        group.wait_for_shares(runs[0], [2, 2])
        runs.append(group.start(2))
        group.wait_for_shares(runs[2], [1, 1, 2])
        for _ in range(3):
            group.stream.reshard(rng)
            time.sleep(1)
        assert runs[0].stop() == 0, runs[0].output()
        runs[1].wait_for(lambda: len(group.shares()) == 2, "two that share", 40)
        for _ in range(3):
            group.stream.reshard(rng)
            time.sleep(1)
        group.start(0)
        runs[1].wait_for(
            lambda: len(group.shares()) == min(3, len(group.stream.open_shards())),
            "three that share, as far as there are shards",
            60,
        )
    group.finish()
    ended = [item for item in group.items().values() if item["checkpoint"]["S"] == "SHARD_END"]
    assert ended, "no shard was read to its end"


@pytest.mark.slow
def test_a_paused_process_is_waited_for(group: Group) -> None:
    """Its lease is lost, but nobody reads its shards before it says how far it got."""
    first, second = group.start(0), group.start(1)
    with group.producing(3):
        group.wait_for_shares(second, [2, 2])
        first.process.send_signal(signal.SIGSTOP)
        group.wait_for_shares(second, [4])
        second.wait_for_output("waits for the lake .*its process is running")
        time.sleep(2)
        first.process.send_signal(signal.SIGCONT)
        group.wait_for_shares(second, [2, 2])
    group.finish()


@pytest.mark.slow
def test_kill_loop(group: Group) -> None:
    """Whoever it is, at any time, and started again a little later."""
    rng = random.Random(SEED)
    runs = [group.start(number) for number in range(3)]
    with group.producing(4, pause=0.1):
        for round_number in range(12):
            time.sleep(rng.uniform(0.2, 4))
            number = rng.randrange(3)
            assert runs[number].alive(), runs[number].output()
            if rng.random() < 0.7:
                runs[number].kill()
            else:
                assert runs[number].stop() == 0, runs[number].output()
            if round_number % 3 == 0:
                group.stream.reshard(rng)
            time.sleep(rng.uniform(0, 3))
            runs[number] = group.start(number)
            # Whoever takes over may hold the lock of its lake just then.
            while not runs[number].alive():
                runs[number] = group.start(number)
    group.finish()


@pytest.mark.slow
def test_the_table_is_away(tmp_path: Path, emulator: Service) -> None:
    """Longer than a lease: reading stops, and goes on when the table is back."""
    with dynamodb(tmp_path) as table:
        group = Group(tmp_path, emulator, table, shards=3)
        try:
            first, second = group.start(0), group.start(1)
            with group.producing(5):
                group.wait_for_shares(second, [1, 2])
                second.wait_for(lambda: group.sites[1].count("bronze") > 0, "some readings")
                table.stop()
                second.wait_for_output("could not be renewed in time")
                assert first.alive() and second.alive()
                time.sleep(1)
                table.start()
                group.wait_for_shares(second, [1, 2])
            group.finish()
        finally:
            group.kill()


def test_bad_days_of_the_table(tmp_path: Path, emulator: Service, leases: Service) -> None:
    """Throttling and lost answers do not disturb reading; missing rights are said."""
    with fault_proxy(tmp_path, leases.url) as proxy:
        group = Group(tmp_path, emulator, leases, shards=2, proxy=proxy.url)
        try:
            denied = {"target": "Scan", "status": 400, "type": "AccessDeniedException", "times": 3}
            script(proxy, [denied])
            run = group.start(0, lease_duration="6s")
            run.wait_for_output(f"the table of leases {group.table}: AccessDeniedException")
            with group.producing(6):
                group.wait_for_shares(run, [2])
                throttled = "ProvisionedThroughputExceededException"
                for fault in (
                    {"target": "UpdateItem", "status": 400, "type": throttled, "times": 2},
                    {"target": "UpdateItem", "late": True, "cut": True},
                    {
                        "target": "UpdateItem",
                        "status": 400,
                        "type": "ConditionalCheckFailedException",
                    },
                    {"target": "Scan", "garbage": True},
                    {"target": "Scan", "status": 500, "type": "InternalServerError"},
                ):
                    script(proxy, [fault])
                time.sleep(6)  # Four renewals.
            group.wait_for_all(run)
            assert "could not be renewed" not in run.output()
            assert run.stop() == 0, run.output()
            assert_union_exact(group.sites, group.stream)
        finally:
            group.kill()


def test_a_table_of_another_stream_is_refused(group: Group) -> None:
    run = group.start(0)
    group.wait_for_shares(run, [4])
    other = Site(group.directory / "other")
    options = {"lease_table": group.table, "lease_endpoint": group.table_url}
    Stream(group.kinesis_url, group.stream.name + "-2", 1)
    configure(other, group.kinesis_url, group.stream.name + "-2", **options)
    done = other.run(env=AWS_ENV)
    assert done.returncode == 78, done.stderr
    assert f"it is that of the stream {group.stream.name}" in done.stderr


def test_once_reads_what_is_there(group: Group) -> None:
    group.stream.put_some(random.Random(7), devices=6, count=50)
    group.start(0).kill()
    done = group.sites[0].run(env=AWS_ENV)
    assert done.returncode == 0, done.stderr
    assert_union_exact(group.sites, group.stream)
