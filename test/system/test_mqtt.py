"""The `mqtt` source against a real broker: topics, sessions, cuts, kills, TLS, Sparkplug."""

import contextlib
import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import FAULTS, STRANGER
from harness import TEST_ALL, Run, Site, assert_counters_add_up
from mqtt_broker import Mosquitto
from network import Network, hangs_up, says
from world_site import WorldSite

START_MS = 1_700_000_000_000
CONFIG = """
lake: {lake}
storage: {commit: {interval: 300ms}}
sources:
  - mqtt:
      broker: mqtt://127.0.0.1:PORT
      topics: ["TOPIC"]
schema:
  device: device_id
  time: timestamp
  metrics: {temperature: {}, pressure: {}}
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("mqtt")) as server:
        yield server


def make_site(directory: Path, port: int, topic: str, *keys: str) -> Site:
    site = Site(directory)
    text = CONFIG.replace("PORT", str(port)).replace("TOPIC", topic)
    more = "".join(f"      {key}\n" for key in keys)
    site.configure(text.replace("schema:", f"{more}schema:", 1))
    return site


def follow(site: Site) -> Run:
    run = site.follow()
    run.wait_for_output("messages are taken from")
    return run


def readings(first: int, count: int) -> list[str]:
    return [
        json.dumps({"timestamp": START_MS + n * 1000, "temperature": n % 50, "n": n})
        for n in range(first, first + count)
    ]


def numbers(site: Site) -> list[int]:
    """The member n of every row of bronze."""
    if site.count("bronze") == 0:
        return []
    return [json.loads(row)["n"] for row in site.rows("bronze")["payload"].to_pylist()]


def test_topics_become_members_and_bad_messages_are_quarantined(
    broker: Mosquitto, tmp_path: Path
) -> None:
    broker.publish("plant/north/pump/telemetry", readings(0, 1), "-r")
    site = make_site(tmp_path, broker.port, "plant/{site}/{device_id}/telemetry")
    with follow(site) as run:
        broker.publish("plant/north/fan/telemetry", readings(1, 2))
        broker.publish("plant/south/fan/telemetry", ["{oops", "x" * 10_000_000])
        run.wait_for(
            lambda: site.count("bronze") == 3 and site.count("quarantine") == 2, "all are kept"
        )
        assert run.stop() == 0
    rows = sorted(site.rows("bronze").to_pylist(), key=lambda row: int(row["offset"]))
    assert [row["device_id"] for row in rows] == ["pump", "fan", "fan"]
    assert rows[0]["partition"] == "plant/north/pump/telemetry"
    assert json.loads(rows[0]["payload"])["site"] == "north"
    bad = sorted(site.rows("quarantine").to_pylist(), key=lambda row: int(row["offset"]))
    assert {row["partition"] for row in bad} == {"plant/south/fan/telemetry"}
    assert [row["offset"] for row in bad] == [3, 4]
    assert bad[1]["code"] == "record_too_long"
    assert_counters_add_up(site.lake)


def test_plain_numbers_and_version_3(broker: Mosquitto, tmp_path: Path) -> None:
    site = make_site(
        tmp_path,
        broker.port,
        "home/{device_id}/{metric}",
        'value_name: "{metric}"',
        "fields: {timestamp: received_at}",
        "version: 3.1.1",
    )
    with follow(site) as run:
        broker.publish("home/attic/temperature", ["21.5"])
        broker.publish("home/attic/pressure", ["1013"])
        run.wait_for(lambda: site.count("silver") == 2, "both are read")
        assert run.stop() == 0
    rows = site.rows("silver").to_pylist()
    assert {(row["device_id"], row["temperature"], row["pressure"]) for row in rows} == {
        ("attic", 21.5, None),
        ("attic", None, 1013.0),
    }


def test_nothing_is_lost_when_everything_breaks(broker: Mosquitto, tmp_path: Path) -> None:
    """The network is cut, avocet is killed, the broker restarts; messages come meanwhile."""
    with Network(broker.port) as network:
        site = make_site(tmp_path, network.port, "break/{device_id}")
        with follow(site) as run:
            sender = threading.Thread(target=broker.publish, args=("break/dev", readings(0, 3000)))
            sender.start()
            run.wait_for(lambda: site.count("bronze") > 0, "it reads")
            network.cut()
            run.wait_for_output("has a problem: MQTT broker")
            network.mend()
            sender.join()
            run.wait_for_output("is well again")
            run.kill()
        broker.publish("break/dev", readings(3000, 500))
        with follow(site) as run:
            run.wait_for(lambda: len(set(numbers(site))) == 3500, "the session brings the rest")
            broker.stop()
            run.wait_for_output("has a problem: MQTT broker")
            broker.start()
            run.wait_for_output("is well again")
            broker.publish("break/dev", readings(3500, 500))
            run.wait_for(lambda: len(set(numbers(site))) == 4000, "it goes on")
            assert run.stop() == 0
    assert set(numbers(site)) == set(range(4000))
    assert_counters_add_up(site.lake)


def test_shared_subscription(broker: Mosquitto, tmp_path: Path) -> None:
    sites = [make_site(tmp_path / n, broker.port, "$$share/all/shared/{device_id}") for n in "ab"]
    with follow(sites[0]) as first, follow(sites[1]) as second:
        broker.publish("shared/dev", readings(0, 200))
        first.wait_for(
            lambda: sum(site.count("bronze") for site in sites) == 200, "they share the messages"
        )
        assert first.stop() == 0
        assert second.stop() == 0
    assert all(site.count("bronze") > 0 for site in sites)
    assert sorted(numbers(sites[0]) + numbers(sites[1])) == list(range(200))


def test_tls_client_certificate_and_password(broker: Mosquitto, tmp_path: Path) -> None:
    certificate, key = broker.authority.issue("client")
    password = tmp_path / "password"
    password.write_text("guessed\n")
    keys = [
        f"tls_ca: {broker.authority.certificate}",
        f"tls_certificate: {certificate}",
        f"tls_key: {key}",
        "username: avocet",
        f"password_file: {password}",
    ]
    site = make_site(tmp_path, broker.secure_port, "secret/{device_id}", *keys)
    site.config.write_text(site.config.read_text().replace("mqtt://", "mqtts://"))
    with site.follow() as run:
        run.wait_for_output("the client may not|user name or password")
        assert f"check username, and the password in {password}" in run.output()
        assert "guessed" not in run.output()
        # Mended without a restart.
        password.write_text("s3cret\n")
        run.wait_for_output("messages are taken from")
        broker.publish("secret/dev", readings(0, 5))
        run.wait_for(lambda: site.count("bronze") == 5, "it reads")
        assert run.stop() == 0


def source(port: int, scheme: str = "mqtt", **keys: str) -> dict[str, object]:
    broker = f"{scheme}://127.0.0.1:{port}"
    return {"mqtt": {"broker": broker, "topics": ["worlds/{device_id}"], **keys}}


def test_certificates_that_nobody_should_trust(broker: Mosquitto, tmp_path: Path) -> None:
    trusting = {"tls_ca": str(broker.authority.certificate)}
    sources = {name: source(broker.faulty_ports[name], "mqtts", **trusting) for name in FAULTS}
    sources["stranger"] = source(broker.secure_port, "mqtts")
    sources["no-certificate"] = source(broker.secure_port, "mqtts", **trusting)
    sources["no-tls"] = source(broker.port, "mqtts", **trusting)
    words = {
        **FAULTS,
        "stranger": STRANGER + ".* in tls_ca",
        "no-certificate": "certificate required",
        "no-tls": "no TLS connection comes about",
    }
    site = WorldSite(tmp_path)
    site.configure_sources({**sources, "good": source(broker.port)})
    with site.start() as run:
        run.wait_for_output(f"messages are taken from mqtt://127.0.0.1:{broker.port}")
        broker.publish("worlds/dev", readings(0, 20))
        run.wait_for(lambda: site.count("bronze") == 20, "the good one is read")
        for name, pattern in words.items():
            assert "mqtts://127.0.0.1:" in site.wait_for_problem(run, name, pattern)
        ready, problems = site.readiness()
        assert not ready and problems["good"] == ""
        assert run.stop() == 0
    assert sorted(numbers(site)) == list(range(20))


CONNACK = b"\x20\x03\x00\x00\x00"
GARBAGE = {
    "random": (says(b"\x00" + random.Random(1).randbytes(4000)), "not MQTT|malformed"),
    "half-a-packet": (says(b"\x20\x03\x00"), "the broker closes the connection"),
    "hangs-up": (hangs_up, "the broker closes the connection|Connection reset"),
    "forbids": (
        says(CONNACK + b"\x90\x04\x00\x01\x00\x87"),
        r"the broker refuses the topic garbage/\d/\+: the client may not",
    ),
    "endless": (says(CONNACK + b"\x30\xff\xff\xff\xff"), "not MQTT|malformed"),
}


def test_what_is_no_broker_becomes_one(broker: Mosquitto, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        networks = {name: stack.enter_context(Network(broker.port)) for name in GARBAGE}
        site = WorldSite(tmp_path)
        sources = {name: source(network.port) for name, network in networks.items()}
        for i, (name, (talk, _)) in enumerate(GARBAGE.items()):
            networks[name].talk = talk
            sources[name]["mqtt"] |= {"topics": [f"garbage/{i}/{{device_id}}"]}
        site.configure_sources(sources)
        with site.start() as run:
            for name, (_, words) in GARBAGE.items():
                problem = site.wait_for_problem(run, name, words)
                assert f"mqtt://127.0.0.1:{networks[name].port}" in problem
                networks[name].mend()
            site.wait_until_well(run, *GARBAGE)
            assert site.readiness()[0]
            for i in range(len(GARBAGE)):
                broker.publish(f"garbage/{i}/dev{i}", readings(0, 5))
            run.wait_for(lambda: site.count("bronze") == 5 * len(GARBAGE), "all are read")
            assert run.stop() == 0


def test_a_slow_network_and_a_message_of_10_mb(broker: Mosquitto, tmp_path: Path) -> None:
    with Network(broker.port) as network:
        site = WorldSite(tmp_path)
        good = source(broker.port)
        good["mqtt"] |= {"topics": ["large/{device_id}"], "max_record_size": "16MiB"}
        slow = source(network.port)
        slow["mqtt"] |= {"topics": ["slow/{device_id}"]}
        network.bytes_per_second = 40_000
        site.configure_sources({"large": good, "slow": slow})
        with site.start() as run:
            site.wait_until_well(run, "large", "slow")
            broker.publish(
                "slow/dev", [r[:-1] + ', "x": "' + "x" * 400 + '"}' for r in readings(0, 200)]
            )
            large = json.dumps({"timestamp": START_MS, "n": 0, "note": "x" * 10_000_000})
            broker.publish_bytes("large/dev2", large.encode())
            broker.publish("large/dev3", readings(0, 3))
            run.wait_for(lambda: site.count("bronze") == 204, "all are read", 60)
            assert site.readiness()[0]
            assert run.stop() == 0
        assert max(len(p) for p in site.rows("bronze")["payload"].to_pylist()) > 10_000_000
        assert_counters_add_up(site.lake)


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def sparkplug(timestamp_ms: int, metrics: list[tuple[str, int, int]]) -> bytes:
    """A payload with metrics of a name, which may be empty, an alias and a value."""
    payload = b"\x08" + varint(timestamp_ms)
    for name, alias, value in metrics:
        metric = b"\x0a" + varint(len(name)) + name.encode() if name else b""
        metric += b"\x10" + varint(alias) + b"\x20\x04\x58" + varint(value)
        payload += b"\x12" + varint(len(metric)) + metric
    return payload


def test_sparkplug_asks_for_the_birth_that_it_has_missed(broker: Mosquitto, tmp_path: Path) -> None:
    site = make_site(tmp_path, broker.port, "spBv1.0/#", "payload: sparkplug")
    with broker.listen("spBv1.0/plant/NCMD/edge") as command, follow(site) as run:
        broker.publish_bytes("spBv1.0/plant/DDATA/edge/pump", sparkplug(START_MS, [("", 1, 20)]))
        asked, _ = command.communicate(timeout=30)
        assert b"Node Control/Rebirth" in asked
        for n in range(1, 3):
            name = "temperature" if n == 1 else ""
            kind = "DBIRTH" if n == 1 else "DDATA"
            data = sparkplug(START_MS + n * 1000, [(name, 1, 20 + n)])
            broker.publish_bytes(f"spBv1.0/plant/{kind}/edge/pump", data)
        run.wait_for(lambda: site.count("silver") == 2, "the metrics have names")
        assert run.stop() == 0
    rows = site.rows("silver").to_pylist()
    assert {(row["device_id"], row["temperature"]) for row in rows} == {
        ("plant/edge/pump", 21.0),
        ("plant/edge/pump", 22.0),
    }
    assert [row["code"] for row in site.rows("quarantine").to_pylist()] == [
        "unknown_sparkplug_metric"
    ]


def test_broker_that_is_away_or_none_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with make_site(tmp_path, port, "#").follow() as run:
            client, _ = server.accept()
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            run.wait_for_output("has a problem: MQTT broker .*: what the broker sends is not MQTT")
            client.close()
            server.close()
            run.wait_for_output("cannot connect: Connection refused")
            run.process.send_signal(signal.SIGTERM)
            assert run.process.wait(30) == 0


def test_messages_stay_with_the_broker_while_the_journal_is_full(
    broker: Mosquitto, tmp_path: Path
) -> None:
    count = 60
    site = make_site(tmp_path, broker.port, "full/{device_id}", "journal_size: 16MiB")
    config = site.config.read_text()
    site.config.write_text(config.replace("300ms", "1h"))
    note = ', "note": "' + "x" * 700_000 + '"}'
    with follow(site) as run:
        broker.publish("full/dev", [reading[:-1] + note for reading in readings(0, count)])
        run.wait_for_output("the source mqtt has a problem: .*journal")
        assert run.stop() == 0
    site.config.write_text(config)
    with follow(site) as run:
        run.wait_for(lambda: len(numbers(site)) >= count, "all are read", 60)
        assert run.stop() == 0
    assert sorted(numbers(site)) == list(range(count))
    assert_counters_add_up(site.lake)


@pytest.mark.slow
def test_kill_loop(broker: Mosquitto, tmp_path: Path) -> None:
    rng = random.Random(int(os.environ.get("AVOCET_KILL_SEED", "1")))
    site = make_site(tmp_path, broker.port, "kill/{device_id}")
    with follow(site) as run:
        assert run.stop() == 0
    sent = 0
    for _ in range(60 if TEST_ALL else 10):
        with site.follow() as run:
            broker.publish("kill/dev", readings(sent, 200))
            sent += 200
            time.sleep(rng.random())
            run.kill()
    with site.follow() as run:
        run.wait_for(lambda: len(set(numbers(site))) == sent, "all are read", 60)
        assert run.stop() == 0
    assert set(numbers(site)) == set(range(sent))
