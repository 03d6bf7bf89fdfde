"""The clock of the machine jumps while readings come from everywhere: none is lost or there twice,
and when they were received never goes back."""

import time
from pathlib import Path

from fake_clock import FakeClock
from harness import assert_counters_add_up
from http_client import post
from mqtt_broker import Mosquitto
from ports import free_port
from world_site import WorldSite, numbered, readings

PART = 20
JUMPS = ["+0", "-2d", "+0", "+3d", "-1h", "+0"]


def test_the_clock_jumps(tmp_path: Path) -> None:
    clock = FakeClock(tmp_path)
    site = WorldSite(tmp_path)
    port = free_port()
    with Mosquitto(tmp_path) as broker:
        site.configure_sources(
            {
                "file": {"file": {"path": str(site.inbox), "poll_interval": "20ms"}},
                "http": {"http": {"listen": f"127.0.0.1:{port}"}},
                "mqtt": {
                    "mqtt": {
                        "broker": f"mqtt://127.0.0.1:{broker.port}",
                        "topics": ["plant/readings"],
                    }
                },
            },
            storage={"commit": {"interval": "50ms"}, "snapshot_interval": "100ms"},
        )

        def send(number: int) -> None:
            first = number * PART
            (site.inbox / f"{number}.ndjson").write_text(
                "".join(f"{line}\n" for line in readings("file", first, PART))
            )
            body = "\n".join(readings("http", first, PART))
            for _ in range(2):  # the second time it is known, whatever the clock says
                answer = post(
                    port, body, Content_Type="application/x-ndjson", Idempotency_Key=str(number)
                )
                assert answer.status == 200, answer.text
            broker.publish("plant/readings", readings("mqtt", first, PART))

        def all_are_there(parts: int) -> bool:
            want = [numbered(device, parts * PART) for device in ("file", "http", "mqtt")]
            return site.numbers() == want[0] + want[1] + want[2]

        sent = 0
        for _ in range(2):  # the second time after a kill
            with site.start(clock.env) as run:
                run.wait_for_output("messages are taken from")
                for offset in JUMPS:
                    clock.set(offset)
                    send(sent)
                    sent += 1
                    run.wait_for(lambda parts=sent: all_are_there(parts), f"all after {offset}")
                assert site.readiness()[0]
                run.kill()
            clock.set("-10d")
        with site.start(clock.env) as run:
            time.sleep(0.5)
            began = time.monotonic()
            assert run.stop() == 0, run.output()
            assert time.monotonic() - began < 15
        assert all_are_there(sent)
    rows = site.rows("bronze").sort_by("sequence")
    received = rows["received_at"].to_pylist()
    assert received == sorted(received)
    assert_counters_add_up(site.lake)
    assert site.avocet("fsck", "--lake", str(site.lake)).returncode == 0
