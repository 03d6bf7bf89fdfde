"""The channel `mqtt` against a real broker: topics, retained messages, TLS, a broker that left."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_program import avocet
from harness import Site
from mqtt_broker import Mosquitto

CONFIG = """\
lake: {lake}
storage: {commit: {interval: 50ms}}
sources: [{file: {path: {in}, poll_interval: 5ms}}]
schema: {metrics: {t: {}}}
detectors: [{type: threshold, max: 10}]
alerts:
  rules: [{name: heat, hold_off: 1s}]
  channels:
    - name: bus
      mqtt: {broker: "BROKER", allow_private: true, timeout: 3sOPTIONS}
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("mqtt")) as server:
        yield server


def site_with(directory: Path, address: str, options: str = "") -> Site:
    site = Site(directory)
    site.configure(CONFIG.replace("BROKER", address).replace("OPTIONS", options))
    return site


def line(second: int, value: float, device: str = "d") -> str:
    reading = {"device_id": device, "timestamp": 1623781700 + second, "t": value}
    return json.dumps(reading) + "\n"


def retained(broker: Mosquitto, topic: str) -> dict[str, object]:
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", topic]
    done = subprocess.run([*command, "-C", "1", "-W", "10"], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_alerts_are_published_to_the_topic_of_their_device(
    tmp_path: Path, broker: Mosquitto, version: str
) -> None:
    """The newest message is kept. A name with what means something in topics is one level."""
    options = (
        f", retain: true, version: '{version}', topic: 'v{version}/{{{{rule}}}}/{{{{device}}}}'"
    )
    site = site_with(tmp_path, f"mqtt://127.0.0.1:{broker.port}", options)
    lines = line(0, 1, "a/b+#") + line(1, 20, "a/b+#") + line(2, 1, "a/b+#") + line(4, 1, "a/b+#")
    (site.inbox / "a.ndjson").write_text(lines)
    site.drain()
    message = retained(broker, f"v{version}/heat/a_b__")
    assert message["digest"] is False
    (alert,) = message["alerts"]
    rows = site.rows("alerts").to_pylist()
    assert [row["state"] for row in rows] == ["firing", "cleared"]
    assert alert["state"] == "cleared" and alert["device_id"] == "a/b+#"
    assert alert["id"] == rows[1]["id"] and alert["change"] == rows[1]["change"]


def test_a_broker_that_is_gone_gets_the_alerts_later(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        site = site_with(tmp_path, f"mqtt://127.0.0.1:{broker.port}", ", topic: 'gone/{{device}}'")
        broker.stop()
        with site.follow() as run:
            (site.inbox / "a.ndjson").write_text(line(0, 20))
            run.wait_for_output(
                "cannot deliver alerts to channel bus, trying again: cannot connect"
            )
            run.wait_for(lambda: site.count("alerts") == 1, "the row, which waits for nobody")
            broker.start()
            listener = broker.listen("gone/d")
            run.wait_for_output("channel bus takes alerts again")
            assert run.stop() == 0, run.output()
        out, _ = listener.communicate(timeout=60)
    assert json.loads(out)["alerts"][0]["value"] == 20


def test_notify_test_goes_through_tls_with_a_login(tmp_path: Path, broker: Mosquitto) -> None:
    certificate, key = broker.authority.issue("client")
    files = f", tls_ca: '{broker.authority.certificate}', tls_certificate: '{certificate}'"
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    login = f", username: avocet, password_file: '{password}'"
    options = (
        f"{files}, tls_key: '{key}'{login}, retain: true, body: '{{\"what\": \"{{{{reason}}}}\"}}'"
    )
    site = site_with(tmp_path, f"mqtts://127.0.0.1:{broker.secure_port}", options)
    avocet(tmp_path, "notify", "test", "bus", "--config", str(site.config))
    message = retained(broker, "avocet/alerts/test/test-device")
    assert message == {"what": "this is a test of the channel, nothing is wrong"}

    site.config.write_text(site.config.read_text().replace("allow_private: true", "retain: false"))
    site.config.write_text(site.config.read_text().replace(", retain: true", ""))
    done = avocet(tmp_path, "notify", "test", "bus", "--config", str(site.config), code=None)
    assert done.returncode != 0
    assert "which is not public; set allow_private to allow it" in done.stderr
