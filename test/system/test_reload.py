"""A new configuration while avocet runs: taken over whole or not at all, and no reading is lost."""

import json
import signal
import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest
from harness import Run, Site, assert_counters_add_up
from http_client import post, request
from ports import free_port, listens
from receiver import Receiver

SUCCESS_TIME = "avocet_config_last_reload_success_timestamp_seconds"
HEADERS = {"X-Avocet-Request": "1"}
CONFIG = """\
lake: {lake}
storage: {{commit: {{interval: 50ms}}}}
sources: [{{http: {{listen: "127.0.0.1:{port}"}}}}]
schema: {{metrics: {{t: {{}}}}}}
detectors:
  - {{name: learns, type: zscore, min_samples: 30}}
  - {{name: limit, type: threshold, max: {limit}}}
alerts:
  rules: [{rule}]
  channels:
    - webhook: {{url: "{url}", allow_private: true}}
"""


class LiveSite(Site):
    """One device, a reading each second of event time."""

    def __init__(self, directory: Path, receiver: Receiver):
        super().__init__(directory)
        self.port = free_port()
        self.url = f"{receiver.url}/hook"
        self.second = 0

    def write(self, limit: float = 50, rule: str = "{name: all}", more: str = "") -> None:
        text = CONFIG.format(lake=self.lake, port=self.port, url=self.url, limit=limit, rule=rule)
        self.config.write_text(text + more)

    def start(self) -> Run:
        run = self.follow()
        run.wait_for(lambda: self.taken_over(0), "the dashboard")
        return run

    def send(self, value: float) -> None:
        self.second += 1
        reading = {"device_id": "d", "timestamp": 1623781700 + self.second, "t": value}
        assert post(self.port, json.dumps(reading)).status in (200, 202)

    def metric(self, name: str) -> float:
        """0 when there is none: between two servers."""
        try:
            text = request(self.port, "GET", "/metrics").text
        except (OSError, HTTPException):
            return 0
        values = [row.split()[1] for row in text.splitlines() if row.startswith(f"{name} ")]
        return float(values[0]) if values else 0

    def taken_over(self, since: float) -> bool:
        return self.metric(SUCCESS_TIME) > since

    def anomalies(self, detector: str) -> list[float]:
        rows = self.rows("anomalies").to_pylist()
        return sorted(row["value"] for row in rows if row["detector"] == detector)


def reload_and_wait(site: LiveSite, run: Run, by_signal: bool) -> dict[str, object]:
    """The answer of the API."""
    before = site.metric(SUCCESS_TIME)
    assert before > 0
    answer: dict[str, object] = {}
    if by_signal:
        run.process.send_signal(signal.SIGHUP)
    else:
        got = request(site.port, "POST", "/-/reload", headers=HEADERS)
        assert got.status == 202, got.text
        answer = got.json()
    run.wait_for(lambda: site.taken_over(before), "the new configuration")
    assert site.metric("avocet_config_last_reload_successful") == 1
    return answer


@pytest.mark.parametrize("by_signal", [True, False])
def test_thresholds_and_rules_change_and_what_was_learned_stays(
    tmp_path: Path, by_signal: bool
) -> None:
    with Receiver() as receiver:
        site = LiveSite(tmp_path, receiver)
        site.write()
        with site.start() as run:
            for i in range(40):
                site.send(10 + i % 3)
            site.send(30)  # far from the mean, below the limit
            run.wait_for(lambda: site.anomalies("learns") == [30], "the first anomaly")
            run.wait_for(lambda: len(receiver.alerts()) == 1, "its alert")

            # Who is told changes: the state is kept.
            site.write(rule="{name: all, channels: [webhook]}")
            answer = reload_and_wait(site, run, by_signal)
            assert answer in ({}, {"ok": True, "keeps_state": True})

            # Another limit, and a rule of its own: the state is computed again.
            rule = "{name: only_limit, detectors: limit}"
            site.write(limit=35, rule=rule)
            answer = reload_and_wait(site, run, by_signal)
            assert answer in ({}, {"ok": True, "keeps_state": False})
            site.send(40)
            run.wait_for(lambda: 40 in site.anomalies("limit"), "the new limit")
            assert site.anomalies("learns") == [30, 40], "it has not forgotten what is usual"
            run.wait_for(lambda: len(receiver.alerts()) >= 2, "the alert of the new rule")
            assert receiver.alerts()[-1]["rule"] == "only_limit"
            assert run.stop() == 0, run.output()
    assert_counters_add_up(site.lake)
    assert site.count("bronze") == 42


def test_a_broken_configuration_changes_nothing(tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = LiveSite(tmp_path, receiver)
        site.write()
        with site.start() as run:
            started = site.metric(SUCCESS_TIME)
            site.write(more="detecters: []\n")
            answer = request(site.port, "POST", "/-/reload", headers=HEADERS)
            assert answer.status == 422
            message = answer.json()["error"]["message"]
            assert f'{site.config}:12:1: error: unknown key "detecters"' in message
            assert 'did you mean "detectors"?' in message
            run.wait_for_output("did you mean .{1,2}detectors")
            assert site.metric("avocet_config_last_reload_successful") == 0

            site.config.write_text(site.config.read_text().replace("detecters: []\n", ""))
            site.config.write_text(site.config.read_text().replace("/lake", "/elsewhere"))
            answer = request(site.port, "POST", "/-/reload", headers=HEADERS)
            assert answer.status == 422
            assert "what is new of lake needs a restart" in answer.json()["error"]["message"]

            # Only when it is tried can be seen that a file is not there: the former one goes on.
            site.write(rule="{name: all}")
            missing = "sources: [{file: {path: /nowhere/*.csv, follow: false}}, {http: "
            text = site.config.read_text().replace("sources: [{http: ", missing)
            site.config.write_text(text)
            run.process.send_signal(signal.SIGHUP)
            run.wait_for_output("the new configuration does not work, the last one goes on")
            run.wait_for(lambda: site.taken_over(0), "the server")
            assert site.metric(SUCCESS_TIME) == started
            assert site.metric("avocet_config_last_reload_successful") == 0
            site.send(60)
            run.wait_for(lambda: site.anomalies("limit") == [60], "the old limit")
            assert run.stop() == 0, run.output()


class Sender(threading.Thread):
    """Sends readings of a device of its own, each over a new connection, until it is stopped or
    anything but an acknowledgement comes back."""

    def __init__(self, port: int, device: str):
        super().__init__()
        self.port, self.device = port, device
        self.sent = 0
        self.trouble = ""
        self.slowest = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set() and not self.trouble:
            second = 1623781700 + self.sent
            reading = {"device_id": self.device, "timestamp": second, "t": self.sent % 7}
            began = time.monotonic()
            try:
                answer = post(self.port, json.dumps(reading))
            except (OSError, HTTPException) as error:
                self.trouble = repr(error)
                return
            self.slowest = max(self.slowest, time.monotonic() - began)
            if answer.status != 200:
                self.trouble = f"{answer.status} {answer.text}"
            self.sent += 1

    def stop(self) -> None:
        self._done.set()
        self.join()


def test_readings_sent_meanwhile_are_all_taken_once(tmp_path: Path) -> None:
    """No connection is refused or broken, nothing has to be sent twice."""
    with Receiver() as receiver:
        site = LiveSite(tmp_path, receiver)
        site.write()
        senders = [Sender(site.port, f"d{i}") for i in range(3)]
        with site.start() as run:
            for sender in senders:
                sender.start()
            try:
                for limit in (60, 70, 80, 90):
                    site.write(limit=limit)
                    reload_and_wait(site, run, by_signal=True)
                    time.sleep(0.1)
            finally:
                for sender in senders:
                    sender.stop()
            assert [sender.trouble for sender in senders] == [""] * len(senders)
            sent = sum(sender.sent for sender in senders)
            run.wait_for(lambda: site.count("bronze") >= sent, "all rows")
            assert run.stop() == 0, run.output()
    assert sent > 50
    rows = site.rows("bronze").select(["device_id", "event_time"]).to_pylist()
    assert len({(row["device_id"], row["event_time"]) for row in rows}) == len(rows) == sent
    assert assert_counters_add_up(site.lake)["duplicates"] == 0


def test_a_port_that_is_not_configured_any_more_is_closed(tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = LiveSite(tmp_path, receiver)
        site.write()
        other = free_port()
        both = 'sources: [{http: {listen: "127.0.0.1:%d"}}, {http: {listen: "127.0.0.1:%d"}}]'
        one = site.config.read_text()
        line = next(x for x in one.splitlines() if x.startswith("sources:"))
        site.config.write_text(one.replace(line, both % (site.port, other)))
        with site.start() as run:
            assert listens(other)
            site.config.write_text(one)
            reload_and_wait(site, run, by_signal=True)
            assert listens(site.port) and not listens(other)
            assert run.stop() == 0, run.output()
        assert not listens(site.port)
