"""The `kafka` source against a real broker: groups, kills, restarts of the broker, bad messages."""

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from certificates import FAULTS, STRANGER
from fake_clock import FakeClock
from harness import TEST_ALL, Run, Site, assert_counters_add_up, has_table
from kafka_broker import Kafka
from network import Network, hangs_up, says
from world_site import WorldSite

PARTITIONS = 4
START_MS = 1_700_000_000_000
CONFIG = """
lake: {lake}
storage: {commit: {interval: 300ms}}
sources:
  - kafka:
      brokers: "BROKERS"
      topics: [TOPIC]
      group: GROUP
      fields: {device_id: key, site: header.site}
      options:
        session.timeout.ms: 6000
        max.poll.interval.ms: 10000
        heartbeat.interval.ms: 500
        topic.metadata.refresh.interval.ms: 500
schema:
  device: device_id
  time: timestamp
  metrics: {temperature: {}}
"""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka"), PARTITIONS) as server:
        yield server


SCHEMA = {"device": "device_id", "time": "timestamp", "metrics": {"temperature": {}}}


class Topic:
    """A topic, and what has been sent to it. Each partition has devices of its own."""

    def __init__(self, kafka: Kafka, name: str, device: str = "dev"):
        self.kafka, self.name, self.device = kafka, name, device
        self.sent = 0

    def send(self, count: int) -> None:
        """So many readings, over all partitions."""
        for partition in range(PARTITIONS):
            lines = []
            first = self.sent + (partition - self.sent) % PARTITIONS
            for i in range(first, self.sent + count, PARTITIONS):
                reading = {"timestamp": START_MS + i * 1000, "temperature": 20 + i % 97 / 10}
                lines.append(f"{self.device}-{partition}-{i % 5}:{json.dumps(reading)}")
            self.kafka.produce(self.name, partition, lines, headers={"site": "hall"})
        self.sent += count


def places(site: Site) -> Counter[tuple[str, int]]:
    """Partition and offset of every row of bronze."""
    if not has_table(site.lake, "bronze"):
        return Counter()
    rows = site.rows("bronze")
    return Counter(zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True))


def make_site(directory: Path, kafka: Kafka, topic: str, group: str = "avocet") -> Site:
    site = Site(directory)
    text = CONFIG.replace("BROKERS", kafka.brokers).replace("TOPIC", topic)
    site.configure(text.replace("GROUP", group))
    return site


def insert(site: Site, line: str) -> None:
    """One more key for the source."""
    site.config.write_text(site.config.read_text().replace("group:", f"{line}\n      group:"))


def assert_exact(sites: list[Site], topic: Topic) -> None:
    """Every message is in exactly one of the lakes, once."""
    union: Counter[tuple[str, int]] = Counter()
    for site in sites:
        union += places(site)
    want = {
        (f"{topic.name}/{partition}", offset)
        for partition in range(PARTITIONS)
        for offset in range(len(range(partition, topic.sent, PARTITIONS)))
    }
    twice = [place for place, count in union.items() if count > 1]
    assert not twice, f"{len(twice)} places are in the lakes twice: {sorted(twice)[:5]}"
    missing = want - union.keys()
    assert not missing, f"{len(missing)} places are in no lake: {sorted(missing)[:5]}"
    assert len(union) == len(want)


def wait_for_union(run: Run, sites: list[Site], topic: Topic, what: str) -> None:
    """Waits until the lakes together have as many rows as were sent; else says who has what."""
    try:
        run.wait_for(lambda: sum(site.count("bronze") for site in sites) >= topic.sent, what, 60)
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{told(sites)}") from None


def told(sites: list[Site]) -> str:
    """Which offsets of each partition the lakes have, and what their processes said."""
    lines = []
    for site in sites:
        offsets: dict[str, list[int]] = {}
        for partition, offset in sorted(places(site)):
            offsets.setdefault(partition, []).append(offset)
        for partition, found in offsets.items():
            lines.append(f"{site.lake} {partition}: {len(found)} in {found[0]}..{found[-1]}")
        lines += [path.read_text(errors="replace") for path in site.directory.glob("avocet-*.log")]
    return "\n".join(lines)


def test_once_reads_all_and_continues(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "once")
    topic.send(1000)
    site = make_site(tmp_path, kafka, topic.name, "once")
    site.drain("--report", "report.json")
    assert_exact([site], topic)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["received"] == 1000
    assert report["lag_records"] == 0
    rows = site.rows("bronze")
    assert set(rows["device_id"].to_pylist()) == {
        f"dev-{p}-{d}" for p in range(PARTITIONS) for d in range(5)
    }
    assert json.loads(rows["payload"].to_pylist()[0])["site"] == "hall"
    topic.send(400)
    site.drain()
    assert_exact([site], topic)
    assert_counters_add_up(site.lake)


def test_poison_messages_are_quarantined_with_their_place(kafka: Kafka, tmp_path: Path) -> None:
    good = json.dumps({"timestamp": START_MS, "temperature": 1})
    kafka.produce("poison", 0, [f"dev:{good}", "dev:{oops", "dev:" + "x" * 70_000, f"dev2:{good}"])
    site = make_site(tmp_path, kafka, "poison", "poison")
    insert(site, "max_record_size: 64KiB")
    site.drain()
    rows = sorted(site.rows("quarantine").to_pylist(), key=lambda row: int(row["offset"]))
    assert [(row["partition"], row["offset"]) for row in rows] == [("poison/0", 1), ("poison/0", 2)]
    assert rows[1]["code"] == "record_too_long"
    assert places(site) == Counter({("poison/0", 0): 1, ("poison/0", 3): 1})


def test_message_of_10_mb(kafka: Kafka, tmp_path: Path) -> None:
    readings = [{"timestamp": START_MS + i, "temperature": 1, "note": ""} for i in range(3)]
    readings[1]["note"] = "x" * 10_000_000
    kafka.produce("big", 0, [f"dev:{json.dumps(reading)}" for reading in readings])
    site = make_site(tmp_path / "a", kafka, "big", "big-a")
    site.drain()
    assert places(site) == Counter({("big/0", 0): 1, ("big/0", 2): 1})
    assert site.rows("quarantine").to_pylist()[0]["code"] == "record_too_long"
    site = make_site(tmp_path / "b", kafka, "big", "big-b")
    insert(site, "max_record_size: 16MiB")
    site.drain()
    assert places(site) == Counter({("big/0", offset): 1 for offset in range(3)})
    assert max(len(payload) for payload in site.rows("bronze")["payload"].to_pylist()) > 10_000_000


def test_pattern_and_start_time(kafka: Kafka, tmp_path: Path) -> None:
    for topic in ("plant-1", "plant-2", "plants"):
        Topic(kafka, topic, device=topic).send(40)
    site = make_site(tmp_path / "all", kafka, "'^plant-[0-9]+$'", "pattern")
    site.drain()
    topics = Counter(partition.split("/")[0] for partition, _ in places(site).elements())
    assert topics == {"plant-1": 40, "plant-2": 40}
    time.sleep(0.002)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    Topic(kafka, "plant-1", device="new").send(8)
    site = make_site(tmp_path / "new", kafka, "plant-1", "start-time")
    insert(site, f"start_time: {now}")
    site.drain()
    assert places(site) == Counter(
        {(f"plant-1/{p}", 10 + i): 1 for p in range(4) for i in range(2)}
    )


def test_tls_and_sasl(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "secret")
    topic.send(40)
    site = make_site(tmp_path, kafka, topic.name, "secret")
    password = tmp_path / "password"
    config = site.config.read_text().replace(kafka.brokers, kafka.secure_brokers)
    options = (
        "options:\n        security.protocol: SASL_SSL\n        sasl.mechanism: PLAIN\n"
        "        sasl.username: avocet\n"
    )
    trusting = options + f"        ssl.ca.location: {kafka.authority.certificate}\n"
    insert_password = f"password_file: {password}\n      "
    site.config.write_text(config.replace("options:\n", insert_password + options))
    password.write_text("s3cret\n")
    with site.follow() as run:
        run.wait_for_output("the source kafka has a problem: .*certificate", 20)
    site.config.write_text(config.replace("options:\n", insert_password + trusting))
    password.write_text("guessed")
    with site.follow() as run:
        run.wait_for_output("the source kafka has a problem: .*[Aa]uthentication", 20)
        assert f"check the option sasl.username, and the password in {password}" in run.output()
        assert "guessed" not in run.output()
        # Mended without a restart.
        password.write_text("s3cret\n")
        run.wait_for(lambda: site.count("bronze") == 40, "it reads", 60)
        assert run.stop() == 0
    assert_exact([site], topic)


def source(brokers: str, topic: str, **options: str) -> dict[str, object]:
    """Without a group in common, so that each reads everything."""
    keys = {"brokers": brokers, "topics": [topic], "group": f"{topic}-{brokers}-{len(options)}"}
    return {"kafka": {**keys, "fields": {"device_id": "key"}, "options": options}}


def test_certificates_that_nobody_should_trust(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "certified")
    topic.send(40)
    trusting = {"security.protocol": "SSL", "ssl.ca.location": str(kafka.authority.certificate)}
    faulty = {name: source(kafka.faulty_brokers[name], topic.name, **trusting) for name in FAULTS}
    login = {"sasl.mechanism": "PLAIN", "sasl.username": "avocet", "sasl.password": "s3cret"}
    faulty["stranger"] = source(
        kafka.secure_brokers, topic.name, **login, **{"security.protocol": "SASL_SSL"}
    )
    site = WorldSite(tmp_path)
    site.configure_sources({**faulty, "good": source(kafka.brokers, topic.name)}, schema=SCHEMA)
    with site.start() as run:
        run.wait_for(lambda: site.count("bronze") == 40, "the good one is read", 60)
        for name, words in {**FAULTS, "stranger": STRANGER}.items():
            problem = site.wait_for_problem(run, name, words)
            assert "127.0.0.1:" in problem
        ready, problems = site.readiness()
        assert not ready and problems["good"] == ""
        assert run.stop() == 0
    assert_exact([site], topic)


GARBAGE = {
    "random": (says(random.Random(1).randbytes(4000)), "response size|[Rr]ead|[Dd]isconnected"),
    "half-a-frame": (says(b"\x00\x00\x10\x00half a frame"), "[Dd]isconnected|[Cc]onnect"),
    "hangs-up": (hangs_up, "[Dd]isconnected|[Cc]onnect"),
    "another-server": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "response size|[Dd]isconnect"),
}


def test_what_is_no_broker(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        sources = {}
        for name, (talk, _) in GARBAGE.items():
            network = stack.enter_context(Network())
            network.talk = talk
            sources[name] = source(f"127.0.0.1:{network.port}", "any")
        site = WorldSite(tmp_path)
        (site.inbox / "a.ndjson").write_text('{"device_id": "d", "timestamp": 1, "n": 1}\n')
        site.configure_sources({**sources, "file": {"file": {"path": str(site.inbox)}}})
        with site.start() as run:
            for name, (_, words) in GARBAGE.items():
                problem = site.wait_for_problem(run, name, words)
                assert "127.0.0.1:" in problem, problem
            run.wait_for(lambda: site.count("bronze") == 1, "the file is read")
            assert not site.readiness()[0]
            assert run.stop() == 0, run.output()


def test_one_of_two_is_killed_in_mid_stream(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "pair")
    topic.send(2000)
    a, b = (make_site(tmp_path / name, kafka, topic.name, "pair") for name in "ab")
    with a.follow() as first:
        first.wait_for(lambda: a.count("bronze") > 0, "the first process reads")
        with b.follow() as second:

            def second_reads() -> bool:
                topic.send(40)
                return b.count("bronze") > 0

            second.wait_for(second_reads, "the second process gets partitions")
            topic.send(2000)
            # In mid-stream: rows that are read and not committed are lost with the process.
            first.kill()
            topic.send(2000)
            wait_for_union(second, [a, b], topic, "the second process takes over")
            assert second.stop() == 0
    assert_exact([a, b], topic)
    # The one that was killed comes back, and neither repeats nor misses anything.
    topic.send(1000)
    a.drain()
    assert_exact([a, b], topic)


def test_takeover_waits_for_a_process_that_hangs(kafka: Kafka, tmp_path: Path) -> None:
    """A process that the group gives up, because it does not move, still commits what it has."""
    topic = Topic(kafka, "hang")
    topic.send(400)
    a, b = (make_site(tmp_path / name, kafka, topic.name, "hang") for name in "ab")
    with a.follow() as first:
        first.wait_for(lambda: a.count("bronze") == 400, "the first process reads")
        first.process.send_signal(signal.SIGSTOP)
        with b.follow() as second:
            topic.send(400)
            second.wait_for_output("waits for the lake .*its process is running", 60)
            assert b.count("bronze") == 0
            first.process.send_signal(signal.SIGCONT)
            wait_for_union(second, [a, b], topic, "it goes on")
            assert second.stop() == 0
        assert first.stop() == 0
    assert_exact([a, b], topic)


def test_broker_is_down_at_start_and_the_topic_is_missing(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "late")
    site = make_site(tmp_path, kafka, topic.name, "late")
    kafka.stop()
    with site.follow() as run:
        run.wait_for_output(f"the source kafka has a problem: Kafka: .*{kafka.brokers}")
        kafka.start()
        run.wait_for_output("the source kafka has a problem: Kafka topic late: ", 60)
        topic.send(400)
        run.wait_for(lambda: site.count("bronze") == 400, "it reads the topic", 60)
        assert run.stop() == 0
    assert_exact([site], topic)


def test_the_clock_jumps(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "clock")
    clock = FakeClock(tmp_path)
    site = make_site(tmp_path / "site", kafka, topic.name, "clock")
    topic.send(40)
    with Run(["run", "-c", str(site.config)], site.directory, clock.env) as run:
        for offset in ("+0", "-1h", "+3d", "-10d", "+0"):
            clock.set(offset)
            topic.send(40)
            wait_for_union(run, [site], topic, f"all after {offset}")
        assert run.stop() == 0, run.output()
    assert_exact([site], topic)
    received = site.rows("bronze").sort_by("sequence")["received_at"].to_pylist()
    assert received == sorted(received)


@pytest.mark.slow
def test_a_slow_network_and_what_is_no_broker_for_a_while(tmp_path: Path) -> None:
    with Network() as network, Kafka(tmp_path / "kafka", PARTITIONS, network.port) as kafka:
        network.target = kafka.detour_end
        network.bytes_per_second = 30_000
        topic = Topic(kafka, "slow")
        topic.send(2000)
        site = make_site(tmp_path / "site", kafka, topic.name, "slow")
        site.config.write_text(
            site.config.read_text().replace(kafka.brokers, f"127.0.0.1:{network.port}")
        )
        with site.follow() as run:
            run.wait_for(lambda: site.count("bronze") == topic.sent, "all are read", 120)
            for talk in (says(random.Random(2).randbytes(4000)), hangs_up):
                network.cut()
                network.talk = talk
                run.wait_for_output("the source kafka has a problem: Kafka: ", 60)
                topic.send(200)
                network.mend()
                run.wait_for(lambda: site.count("bronze") == topic.sent, "it goes on", 120)
            run.wait_for_output("the source kafka is well again", 30)
            assert run.stop() == 0
        assert_exact([site], topic)


@pytest.mark.slow
def test_broker_is_restarted(kafka: Kafka, tmp_path: Path) -> None:
    topic = Topic(kafka, "restart")
    topic.send(400)
    site = make_site(tmp_path, kafka, topic.name, "restart")
    with site.follow() as run:
        run.wait_for(lambda: site.count("bronze") == 400, "it reads")
        kafka.stop()
        run.wait_for_output("the source kafka has a problem: Kafka: ", 60)
        kafka.start()
        topic.send(400)
        run.wait_for(lambda: site.count("bronze") >= 800, "it goes on", 60)
        run.wait_for_output("the source kafka is well again", 30)
        assert run.stop() == 0
    assert_exact([site], topic)


@pytest.mark.slow
def test_stops_at_any_moment_of_joining_the_group(kafka: Kafka, tmp_path: Path) -> None:
    rng = random.Random(int(os.environ.get("AVOCET_KILL_SEED", "1")))
    topic = Topic(kafka, "joining")
    topic.send(400)
    first, second = (make_site(tmp_path / name, kafka, topic.name, "joining") for name in "ab")
    with first.follow() as run:
        for _ in range(100 if TEST_ALL else 30):
            joining = second.follow()
            time.sleep(rng.random())
            assert joining.stop() == 0
        assert run.stop() == 0


@pytest.mark.slow
def test_processes_come_go_and_are_killed(kafka: Kafka, tmp_path: Path) -> None:
    seed = int(os.environ.get("AVOCET_KILL_SEED", "1"))
    rng = random.Random(seed)
    topic = Topic(kafka, f"churn-{seed}")
    topic.send(400)
    sites = [make_site(tmp_path / name, kafka, topic.name, f"churn-{seed}") for name in "abc"]
    running: dict[int, Run] = {}
    try:
        for _ in range(60 if TEST_ALL else 10):
            which = rng.randrange(3)
            if which not in running:
                running[which] = sites[which].follow()
            elif rng.random() < 0.6:
                running.pop(which).kill()
            else:
                assert running.pop(which).stop() == 0
            topic.send(rng.randrange(4, 800))
            time.sleep(rng.random() * 2)
    finally:
        for run in running.values():
            run.kill()
    # The group takes a while to notice who is dead; until then `--once` would get only a part.
    with sites[0].follow() as last:
        wait_for_union(last, sites, topic, "it takes over everything")
        assert last.stop() == 0
    assert_exact(sites, topic)
