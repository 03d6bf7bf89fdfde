"""Alerts end to end: rows in the table, messages at a real HTTP server, and what people do."""

import hashlib
import hmac
import json
import random
import shutil
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from alert_fleet import fleet_configuration
from harness import Site, read_table, table_path
from mail_server import MailServer
from ports import free_port
from receiver import Answer, Received, Receiver

HOT = """\
lake: {lake}
storage: {commit: {interval: 50ms}}
sources: [{file: {path: {in}, poll_interval: 5ms}}]
schema: {metrics: {t: {unit: degC}}}
detectors: [{name: hot, type: threshold, max: 10}]
alerts:
  rules: [{name: heat, hold_off: 1s, flapping: {fires: 0}}]
  channels:
"""


def line(device: str, second: int, value: float) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f'{{"device_id":"{device}","timestamp":"2021-06-15T{clock}Z","t":{value}}}\n'


def site_with(tmp_path: Path, channels: str, lines: str = "") -> Site:
    site = Site(tmp_path)
    site.configure(HOT + channels)
    if lines:
        (site.inbox / "a.ndjson").write_text(lines)
    return site


def webhook(receiver: Receiver, options: str = "", beside: str = "") -> str:
    return (
        f"    - name: hook\n      rate_limit: 0\n{beside}"
        f'      webhook: {{url: "{receiver.url}/hook", allow_private: true, '
        f"timeout: 1s{options}}}\n"
    )


def changes(site: Site) -> set[tuple[str, int]]:
    """(id, change) of the rows that people are told of."""
    rows = site.rows("alerts").to_pylist()
    assert len({(row["id"], row["change"]) for row in rows}) == len(rows)
    return {(row["id"], row["change"]) for row in rows if row["state"] != "pending"}


def told(receiver: Receiver) -> set[tuple[str, int]]:
    return {(alert["id"], alert["change"]) for alert in receiver.alerts()}


def test_a_webhook_gets_firing_and_cleared_signed(tmp_path: Path) -> None:
    lines = line("d", 0, 1) + line("d", 1, 20) + line("d", 2, 1) + line("d", 3, 1)
    with Receiver() as receiver:
        site = site_with(tmp_path, webhook(receiver, ", secret: key"), lines)
        site.drain()
        alerts = receiver.alerts()
        requests = receiver.requests
    assert [alert["state"] for alert in alerts] == ["firing", "cleared"]
    firing = alerts[0]
    assert firing["device_id"] == "d" and firing["metric"] == "t" and firing["rule"] == "heat"
    assert firing["value"] == 20 and firing["upper"] == 10 and firing["severity"] == "critical"
    assert firing["event_time"] == "2021-06-15T00:00:01Z"
    assert "t (degC) of d" in firing["title"] and "20" in firing["sentence"]
    assert alerts[1]["id"] == firing["id"] and alerts[1]["event_time"] == "2021-06-15T00:00:02Z"
    for request in requests:
        signed = request.headers["x-avocet-timestamp"].encode() + b"." + request.body
        digest = hmac.new(b"key", signed, hashlib.sha256).hexdigest()
        assert request.headers["x-avocet-signature"] == f"sha256={digest}"
        assert abs(time.time() - int(request.headers["x-avocet-timestamp"])) < 60
    assert len({request.headers["x-avocet-delivery"] for request in requests}) == 2
    assert changes(site) == {(alert["id"], alert["change"]) for alert in alerts}


def test_the_template_is_filled(tmp_path: Path) -> None:
    body = """, body: '{"text": "{{title}} at {{value}}", "other": "{{unknown}}"}'"""
    with Receiver() as receiver:
        site = site_with(
            tmp_path, webhook(receiver, body), line('q"uote', 1, 20).replace('q"', 'q\\"')
        )
        site.drain()
        got = receiver.requests[0].json()
    assert got == {"text": 'CRITICAL: t (degC) of q"uote at 20', "other": "{{unknown}}"}


def test_whatever_the_server_answers_every_alert_arrives_in_order(tmp_path: Path) -> None:
    lines = "".join(line("d", i, 20 if i % 4 == 0 else 1) for i in range(20))
    with Receiver() as receiver:
        receiver.script = [
            Answer(500),
            Answer(429, headers={"Retry-After": "1"}),
            Answer(raw=b"garbage\r\n\r\n"),
            Answer(500, hang=3),
            Answer(200),
            Answer(503, body=b"\xff\x00" * 50_000),
            Answer(302, headers={"Location": "http://example.com/"}),
            Answer(raw=b""),
        ]
        site = site_with(tmp_path, webhook(receiver), lines)
        with site.follow() as run:
            run.wait_for(lambda: len(receiver.alerts()) >= 10, "all alerts", timeout=60)
            assert run.stop() == 0, run.output()
        alerts = receiver.alerts()
        assert told(receiver) == changes(site)
    # What came again, came because the answer was lost.
    order = [(alert["event_time"], alert["change"]) for alert in alerts]
    assert order == sorted(order)
    assert "trying again" in run.output() and "takes alerts again" in run.output()


def test_a_server_that_hangs_does_not_slow_ingest(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda _: Answer(hang=30)
        site = site_with(tmp_path, webhook(receiver).replace("timeout: 1s", "timeout: 25s"))
        with site.follow() as run:
            (site.inbox / "a.ndjson").write_text(line("d", 0, 20))
            run.wait_for(lambda: len(receiver.requests) > 0, "the first message")
            (site.inbox / "b.ndjson").write_text(
                "".join(line("d", i, 20 if i % 2 else 1) for i in range(1, 500))
            )
            run.wait_for(lambda: site.count("bronze") == 500, "all rows", timeout=15)


def test_alerts_survive_kill_nine(tmp_path: Path) -> None:
    """Killed over and over, with a server that fails often: rows and messages agree in the end."""
    rng = random.Random(7)
    with Receiver() as receiver:
        receiver.answer = lambda _: Answer(200 if rng.random() < 0.6 else 500)
        site = site_with(tmp_path, webhook(receiver))
        points = ["alerts_stored", "bronze", "alerts", "anomalies", "files", "", "", ""]
        second = 0
        for round_number, point in enumerate(points):
            env = {"AVOCET_KILL_POINT": f"{point}:2"} if point else {}
            with site.follow(env) as run:
                deadline = time.monotonic() + (5 if point else rng.uniform(0.05, 0.4))
                while run.alive() and time.monotonic() < deadline:
                    with (site.inbox / f"{round_number % 2}.ndjson").open("a") as out:
                        for _ in range(20):
                            device = f"d{round_number % 2}-{rng.randrange(5)}"
                            out.write(line(device, second, rng.choice([1, 1, 20])))
                            second += 1
                    time.sleep(0.01)
                run.kill()
        with site.follow() as run:
            size = sum(path.read_text().count("\n") for path in site.inbox.iterdir())
            run.wait_for(lambda: site.count("bronze") == size, "all rows", timeout=60)
            run.wait_for(lambda: changes(site) <= told(receiver), "all messages", timeout=90)
            assert run.stop() == 0
        assert told(receiver) == changes(site)
        assert len(changes(site)) > 50
    before = sorted(map(str, site.rows("alerts").to_pylist()))
    done = site.avocet("rebuild", "-c", str(site.config))
    assert done.returncode == 0, done.stderr
    assert sorted(map(str, site.rows("alerts").to_pylist())) == before


def slack_answer(request: Received) -> Answer:
    number = len(request.body)
    return Answer(
        body=json.dumps({"ok": True, "channel": "C1", "ts": f"1.{number}"}).encode(),
        headers={"Content-Type": "application/json"},
    )


def slack_text(message: Any) -> str:
    return json.dumps(message["attachments"], ensure_ascii=False)


def test_a_slack_bot_updates_its_message(tmp_path: Path) -> None:
    lines = line("d<1>", 1, 20) + line("d<1>", 3, 1)
    with Receiver() as receiver:
        receiver.answer = slack_answer
        receiver.script = [
            Answer(429, headers={"Retry-After": "1"}),
            Answer(body=b'{"ok":false,"error":"ratelimited"}'),
        ]
        token = tmp_path / "token"
        token.write_text("xoxb-secret\n")
        site = site_with(
            tmp_path,
            f"    - slack: {{bot_token_file: {token}, channel: '#ops', allow_private: true, "
            f'api_url: "{receiver.url}/api"}}\n',
            lines,
        )
        site.drain()
        requests = receiver.requests
    assert [request.path for request in requests] == [
        "/api/chat.postMessage",
        "/api/chat.postMessage",
        "/api/chat.postMessage",
        "/api/chat.update",
    ]
    assert all(r.headers["authorization"] == "Bearer xoxb-secret" for r in requests)
    posted, updated = requests[2].json(), requests[3].json()
    assert posted["channel"] == "#ops" and "ts" not in posted
    assert updated["channel"] == "C1" and updated["ts"] == f"1.{len(requests[2].body)}"
    assert "d&lt;1&gt;" in posted["text"] and "CRITICAL" in posted["text"]
    assert posted["attachments"][0]["color"] == "#d50200"
    assert updated["attachments"][0]["color"] == "#2eb886" and "CLEARED" in slack_text(updated)
    kinds = [block["type"] for block in posted["attachments"][0]["blocks"]]
    assert kinds == ["header", "section", "section", "context"]
    assert "measured 20" in slack_text(posted)


FAULT = """\
lake: {lake}
sources:
  - simulate: {devices: 3, duration: 3h, seed: 3, speed: 0, faults: [stuck],
               start_time: "2026-01-01T00:00:00Z", truth_file: "{in}/truth.ndjson"}
detectors: [{type: stuck, metrics: [temperature, humidity], duration: 5m}]
alerts:
  rules: [{name: fault, hold_off: 1m}]
  channels: [{slack: {webhook_url: "URL", allow_private: true}}]
"""


def test_a_slack_webhook_is_told_when_a_simulated_fault_begins_and_is_over(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with Receiver() as receiver:
        receiver.answer = lambda _: Answer(body=b"ok")
        site.configure(FAULT.replace("URL", receiver.url))
        site.drain()
        messages = [request.json() for request in receiver.requests]
    (fault,) = [json.loads(row) for row in (site.inbox / "truth.ndjson").read_text().splitlines()]
    rows = [row for row in site.rows("alerts").to_pylist() if row["state"] != "pending"]
    assert [row["state"] for row in rows] == ["firing", "cleared"]
    assert fault["start"] < rows[0]["event_time"].strftime("%Y-%m-%dT%H:%M:%SZ") < fault["end"]
    assert len(messages) == 2
    for message, word in zip(messages, ["WARNING", "CLEARED"], strict=True):
        assert fault["device_id"] in message["text"] and fault["metric"] in message["text"]
        assert word in message["text"] + slack_text(message)
    assert messages[1]["attachments"][0]["color"] == "#2eb886"


def png_pixels(data: bytes) -> set[bytes]:
    """The colours of a picture with 8 bits of red, green and blue and no filters."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(data[16:20], "big")
    size = int.from_bytes(data[33:37], "big")
    assert data[37:41] == b"IDAT"
    rows = zlib.decompress(data[41 : 41 + size])
    lines = [rows[at + 1 : at + 1 + 3 * width] for at in range(0, len(rows), 3 * width + 1)]
    return {line[at : at + 3] for line in lines for at in range(0, len(line), 3)}


@pytest.mark.parametrize("allowed", [True, False])
def test_a_slack_bot_adds_a_chart_below_its_message(tmp_path: Path, allowed: bool) -> None:
    """Without the right to upload files the message is there all the same, and once."""
    uploads: list[bytes] = []
    with Receiver() as receiver:

        def answer(request: Received) -> Answer:
            reply: dict[str, object] = {"ok": True, "channel": "C1", "ts": "1.5"}
            if request.path == "/api/files.getUploadURLExternal":
                reply = {"ok": True, "upload_url": f"{receiver.url}/upload?key=1", "file_id": "F1"}
                if not allowed:
                    reply = {"ok": False, "error": "missing_scope"}
            elif request.path == "/upload?key=1":
                uploads.append(request.body)
            return Answer(body=json.dumps(reply).encode())

        receiver.answer = answer
        site = site_with(
            tmp_path,
            "    - slack: {bot_token: xoxb-1, channel: '#ops', allow_private: true, "
            f'api_url: "{receiver.url}/api"}}\n'
            f'server: {{listen: "127.0.0.1:{free_port()}"}}\n',
        )
        with site.follow() as run:
            lines = "".join(line("d", second, second % 7) for second in range(200))
            (site.inbox / "a.ndjson").write_text(lines + line("d", 200, 20) + line("d", 203, 1))
            run.wait_for(
                lambda: any(got.path == "/api/chat.update" for got in receiver.requests),
                "the message of the clearing",
            )
            assert run.stop() == 0, run.output()
        paths = [request.path for request in receiver.requests]
        requests = receiver.requests
    posted = ["/api/chat.postMessage", "/api/files.getUploadURLExternal"]
    if not allowed:
        assert paths == [*posted, "/api/chat.update"]
        assert "which need the scope files:write: Slack answered missing_scope" in run.output()
        return
    complete = "/api/files.completeUploadExternal"
    assert paths == [*posted, "/upload?key=1", complete, "/api/chat.update"]
    assert requests[1].body == f"filename=chart.png&length={len(uploads[0])}".encode()
    shared = requests[3].json()
    assert shared["files"] == [{"id": "F1", "title": "CRITICAL: t (degC) of d"}]
    assert (shared["channel_id"], shared["thread_ts"]) == ("C1", "1.5")
    assert b"\xc8\x16\x1d" in png_pixels(uploads[0]), "the alert is marked"


def test_pagerduty_opens_and_resolves_one_incident(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda _: Answer(202, body=b'{"status":"success"}')
        site = site_with(
            tmp_path,
            f"    - pagerduty: {{routing_key: R1, api_url: '{receiver.url}', "
            "allow_private: true}\n",
            line("d", 1, 20) + line("d", 3, 1),
        )
        site.drain()
        opened, resolved = (request.json() for request in receiver.requests)
        assert {request.path for request in receiver.requests} == {"/v2/enqueue"}
    assert opened["event_action"] == "trigger" and resolved["event_action"] == "resolve"
    assert opened["dedup_key"] == resolved["dedup_key"] == site.rows("alerts").to_pylist()[0]["id"]
    assert opened["routing_key"] == resolved["routing_key"] == "R1"
    payload = opened["payload"]
    assert payload["severity"] == "critical" and payload["source"] == "d"
    assert "t (degC) was 20" in payload["summary"]


def test_teams_gets_cards(tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = site_with(
            tmp_path,
            f"    - teams: {{webhook_url: '{receiver.url}/w', allow_private: true}}\n",
            line("d_1", 1, 20) + line("d_1", 3, 1),
        )
        site.drain()
        firing, cleared = (r.json()["attachments"][0]["content"] for r in receiver.requests)
    assert firing["type"] == "AdaptiveCard"
    assert firing["body"][0]["text"] == "CRITICAL: t (degC) of d\\_1"
    assert firing["body"][0]["color"] == "attention" and cleared["body"][0]["color"] == "good"
    facts = {fact["title"]: fact["value"] for fact in firing["body"][2]["facts"]}
    assert facts["Measured"].startswith("measured 20") and facts["Rule"] == "heat"


def test_mails_of_an_alert_are_one_thread(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server:
        site = site_with(
            tmp_path,
            f"    - email: {{server: 'smtps://localhost:{server.port}', ca_file: {server.ca_file}, "
            "username: ann, password: secret, from: avocet@example.com, "
            "to: [a@example.com, b@example.com], allow_private: true}\n",
            line("dé", 1, 20) + line("dé", 3, 1),
        )
        site.drain()
        firing, cleared = server.mails
    assert server.logins == ["ann/secret", "ann/secret"]
    assert firing.to == ["<a@example.com>", "<b@example.com>"]
    assert firing.sender == "<avocet@example.com>"
    assert firing.mail["Subject"] == "CRITICAL: t (degC) of dé"
    assert firing.mail["In-Reply-To"] is None
    assert cleared.mail["In-Reply-To"] == firing.mail["Message-ID"]
    assert cleared.mail["Subject"] == "CLEARED: t (degC) of dé"
    text = firing.mail.get_content()
    assert "t (degC) of dé: t (degC) was 20" in text and "expected at most 10" in text


def test_a_storm_is_a_bounded_number_of_messages_and_nothing_is_lost(tmp_path: Path) -> None:
    devices = 10_000
    lines = "".join(line(f"d{i}", 1, 20) for i in range(devices))
    with Receiver() as receiver:
        site = site_with(
            tmp_path, webhook(receiver).replace("rate_limit: 0", "rate_limit: 20"), lines
        )
        site.drain()
        assert len(receiver.requests) <= 20
        assert len(told(receiver)) == devices
        assert told(receiver) == changes(site)
        titles = [request.json()["title"] for request in receiver.requests]
    assert any("alerts at once" in title for title in titles)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ("allow_private: true", 0, "took the test alert"),
        ("allow_private: false", 78, "127.0.0.1, which is not public"),
    ],
)
def test_notify_test_goes_the_same_way(tmp_path: Path, options: str, code: int, said: str) -> None:
    with Receiver() as receiver:
        site = site_with(tmp_path, f'    - webhook: {{url: "{receiver.url}", {options}}}\n')
        done = site.avocet("notify", "test", "webhook", "-c", str(site.config))
        assert done.returncode == code, done.stderr
        assert said in done.stdout + done.stderr
        assert len(receiver.requests) == (1 if code == 0 else 0)
        if code == 0:
            receiver.answer = lambda _: Answer(503)
            done = site.avocet("notify", "test", "webhook", "-c", str(site.config))
            assert done.returncode == 69 and "answered 503" in done.stderr
            receiver.answer = lambda _: Answer(404)
            done = site.avocet("notify", "test", "webhook", "-c", str(site.config))
            assert done.returncode == 78 and "answered 404" in done.stderr
    done = site.avocet("notify", "test", "nobody", "-c", str(site.config))
    assert done.returncode == 64 and "known are webhook" in done.stderr


def test_people_look_acknowledge_and_mute(tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = site_with(tmp_path, webhook(receiver), line("d", 1, 20) + line("e", 1, 30))
        site.drain()
        config = ["-c", str(site.config)]

        def listed(*arguments: str) -> list[dict[str, Any]]:
            done = site.avocet("alerts", "list", *config, "-f", "json", *arguments)
            assert done.returncode == 0, done.stderr
            return list(json.loads(done.stdout)["alerts"])

        assert sorted(alert["device_id"] for alert in listed()) == ["d", "e"]
        alert = listed("--device", "d")[0]
        done = site.avocet("alerts", "ack", alert["id"][:12], "looking", "--by", "ann", *config)
        assert done.returncode == 0, done.stderr
        assert listed("--device", "d")[0]["state"] == "acknowledged"
        shown = site.avocet("alerts", "show", alert["id"], *config)
        assert "acknowledged by ann: looking" in shown.stdout and "firing" in shown.stdout
        assert "t (degC) was 20" in shown.stdout
        done = site.avocet("alerts", "label", alert["id"], "rubbish", *config)
        assert done.returncode == 64
        assert site.avocet("alerts", "ack", "zzzz", *config).returncode == 69

        done = site.avocet(
            "alerts", "mute", "--device", "m*", "--for", "1h", "--by", "bob", *config
        )
        assert done.returncode == 0, done.stderr
        before = len(receiver.requests)
        (site.inbox / "b.ndjson").write_text(
            line("m1", 2, 20) + line("n1", 2, 20) + line("d", 9, 1)
        )
        site.drain()
        assert [a["device_id"] for a in receiver.alerts()[before:]] == ["n1", "d"]
        # The row is there all the same.
        assert {alert["device_id"] for alert in listed()} == {"e", "m1", "n1"}
        assert {alert["device_id"] for alert in listed("--all")} == {"d", "e", "m1", "n1"}
        assert "mute 1 by bob" in site.avocet("alerts", "mutes", *config).stdout
        assert site.avocet("alerts", "unmute", "1", *config).returncode == 0
        assert "nothing is muted" in site.avocet("alerts", "mutes", *config).stdout
        hours = "mon-fri 22:00-06:00 Europe/Berlin"
        done = site.avocet("alerts", "mute", "--every", hours, "--by", "bob", *config)
        assert done.returncode == 0 and "until it is ended" in done.stdout, done.stderr
        assert f"mute 2 by bob, {hours}," in site.avocet("alerts", "mutes", *config).stdout
        done = site.avocet("alerts", "mute", "--every", "at night", *config)
        assert done.returncode == 64 and "mon-fri 22:00-06:00" in done.stderr


def test_alerts_are_chosen_on_the_command_line(tmp_path: Path) -> None:
    lines = "".join(line(device, 1, 20) for device in "abc") + line("a", 60, 1) + line("b", 90, 30)
    site = site_with(tmp_path, "    - log: {}\n", lines)
    site.drain()
    config = ["-c", str(site.config)]

    def listed(*arguments: str) -> list[str]:
        done = site.avocet("alerts", "list", *config, "-f", "json", *arguments)
        assert done.returncode == 0, done.stderr
        return sorted(alert["device_id"] for alert in json.loads(done.stdout)["alerts"])

    def ids(*devices: str) -> str:
        done = site.avocet("alerts", "list", "--all", *config, "-f", "json")
        alerts = json.loads(done.stdout)["alerts"]
        return ",".join(a["id"][:10] for a in alerts if a["device_id"] in devices)

    assert listed() == ["b", "c"] and listed("--all") == ["a", "b", "c"]
    assert listed("--stage", "cleared") == ["a"]
    assert listed("--severity", "critical") == ["b", "c"] and listed("--severity", "info") == []
    assert listed("--metric", "t", "--rule", "heat") == ["b", "c"]
    assert listed("--metric", "u") == [] and listed("--rule", "cold") == []
    assert listed("--all", "--from", "2021-06-15T00:00:30Z") == ["a"]
    assert listed("--all", "--to", "now-60s") == ["b", "c"]
    for wrong in (["--stage", "over"], ["--from", "soon"], ["--from", "now", "--to", "now-1h"]):
        assert site.avocet("alerts", "list", *config, *wrong).returncode == 64
    # All or none.
    both = ids("b", "c")
    assert site.avocet("alerts", "ack", f"{both},zzzz", *config).returncode == 69
    assert site.avocet("alerts", "ack", ids("a", "b"), *config).returncode == 64
    assert listed("--stage", "open") == ["b", "c"]
    done = site.avocet("alerts", "ack", both, "on my way", "--by", "ann", *config)
    assert done.returncode == 0 and done.stdout.count("is acknowledged") == 2, done.stderr
    assert listed("--stage", "open") == [] and listed("--stage", "acknowledged") == ["b", "c"]
    assert listed() == ["b", "c"]


def test_anomalies_are_listed_on_the_command_line(tmp_path: Path) -> None:
    site = Site(tmp_path)
    cold = "{name: cold, type: threshold, warn_min: 5, min: -20}"
    site.configure(HOT.replace("detectors: [", f"detectors: [{cold}, ").split("alerts:")[0])
    config = ["-c", str(site.config)]
    done = site.avocet("anomalies", *config)
    assert done.returncode == 69 and "cannot find a lake" in done.stderr
    values = [(1, 20), (2, 30), (3, 8), (60, 1)]
    (site.inbox / "a.ndjson").write_text("".join(line(d, s, v) for d in "ab" for s, v in values))
    site.drain()

    def listed(*arguments: str) -> list[dict[str, Any]]:
        done = site.avocet("anomalies", *config, "-f", "json", *arguments)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["is_complete"] == ("--limit" not in arguments)
        return answer["anomalies"]

    rows = listed()
    times = [row["time_us"] for row in rows]
    assert len(rows) == 6 and times == sorted(times, reverse=True)
    assert {row["id"] for row in rows} == set(site.rows("anomalies")["id"].to_pylist())
    assert {row["device"] for row in listed("--device", "a")} == {"a"}
    assert {row["value"] for row in listed("--detector", "cold", "--metric", "t")} == {1}
    assert {row["value"] for row in listed("--severity", "critical")} == {20, 30}
    assert len(listed("--type", rows[0]["type"])) == len(
        [row for row in rows if row["type"] == rows[0]["type"]]
    )
    assert listed("--type", "none") == [] == listed("--metric", "u")
    assert {row["value"] for row in listed("--from", "now-30s")} == {1}
    assert {row["value"] for row in listed("--to", "2021-06-15T00:00:02Z")} == {20}
    assert listed("--limit", "2") == rows[:2]
    csv = site.avocet("anomalies", *config, "-f", "csv").stdout.splitlines()
    assert len(csv) == 7 and csv[0].startswith("id,device,metric,time,")
    table = site.avocet("anomalies", *config).stdout
    assert "6 anomalies" in table and str(rows[0]["reason"])[:20] in table
    short = site.avocet("anomalies", *config, "--limit", "1").stdout
    assert "the newest 1 are listed, --limit 0 lists all" in short
    for wrong in (["--severity", "bad"], ["--from", "soon"], ["--from", "now", "--to", "now-1h"]):
        assert site.avocet("anomalies", *config, *wrong).returncode == 64


def acknowledge(site: Site, device: str, who: str) -> None:
    config = ["-c", str(site.config)]
    done = site.avocet("alerts", "list", "--device", device, "-f", "json", *config)
    alert = json.loads(done.stdout)["alerts"][0]
    done = site.avocet("alerts", "ack", alert["id"], "why it is so", "--by", who, *config)
    assert done.returncode == 0, done.stderr


def acknowledged(site: Site) -> list[tuple[str, int, str]]:
    rows = site.rows("alerts").to_pylist()
    seen = [row for row in rows if row["state"] == "acknowledged"]
    for row in seen:
        firing = next(r for r in rows if r["id"] == row["id"] and r["change"] == row["change"])
        changed = {"state", "event_time", "reason", "actor"}
        assert {k: v for k, v in row.items() if k not in changed} == {
            k: v for k, v in firing.items() if k not in changed
        }
    return sorted((row["device_id"], row["change"], row["actor"]) for row in seen)


def test_an_acknowledgement_is_a_row_of_its_own(tmp_path: Path) -> None:
    """While avocet runs and while it does not; a rebuild, a new table and a lost log keep it."""
    site = site_with(tmp_path, "    - log: {}\n", line("press-d", 1, 20) + line("press-e", 1, 30))
    with site.follow() as run:
        run.wait_for(lambda: site.count("alerts") == 2, "alerts")
        acknowledge(site, "press-d", "ann")
        run.wait_for(lambda: site.count("alerts") == 3, "the acknowledgement")
        assert run.stop() == 0, run.output()
    acknowledge(site, "press-e", "bob")
    assert acknowledged(site) == [("press-d", 0, "ann")]
    site.drain()
    both = [("press-d", 0, "ann"), ("press-e", 0, "bob")]
    assert acknowledged(site) == both
    before = sorted(map(str, site.rows("alerts").to_pylist()))
    # The table is computed anew, with what people did.
    shutil.rmtree(table_path(site.lake, "alerts"))
    site.drain()
    assert sorted(map(str, site.rows("alerts").to_pylist())) == before
    config = ["-c", str(site.config)]
    done = site.avocet("rebuild", *config)
    assert done.returncode == 0, done.stderr
    assert sorted(map(str, site.rows("alerts").to_pylist())) == before
    assert site.avocet("fsck", *config).returncode == 0
    # A new log does not begin before what the table has.
    for file in (site.lake / "_avocet").glob("alerts.db*"):
        file.unlink()
    acknowledge(site, "press-d", "cid")
    site.drain()
    assert acknowledged(site) == sorted([*both, ("press-d", 0, "cid")])
    done = site.avocet("forget", "press-d", *config)
    assert done.returncode == 0, done.stderr + done.stdout
    site.drain()
    assert acknowledged(site) == [("press-e", 0, "bob")]


@pytest.mark.parametrize("point", ["acknowledgement_file", "acknowledgement"])
def test_an_acknowledgement_survives_kill_nine_once(tmp_path: Path, point: str) -> None:
    site = site_with(tmp_path, "    - log: {}\n", line("d", 1, 20))
    site.drain()
    acknowledge(site, "d", "ann")
    done = site.run(env={"AVOCET_KILL_POINT": point})
    assert done.returncode == -9, done.stderr
    acknowledge(site, "d", "bob")
    site.drain()
    site.drain()
    assert acknowledged(site) == [("d", 0, "ann"), ("d", 0, "bob")]


def test_an_outbox_that_is_damaged_stops_the_run(tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = site_with(tmp_path, webhook(receiver), line("d", 1, 20))
        (site.lake / "_avocet").mkdir(parents=True)
        (site.lake / "_avocet" / "alerts.db").write_bytes(b"not a database at all" * 1000)
        done = site.run()
    assert done.returncode == 65 and "alerts.db" in done.stderr, done.stderr


def test_alerts_leave_within_the_tick(tmp_path: Path) -> None:
    """Long before the commit."""
    with Receiver() as receiver:
        site = site_with(tmp_path, webhook(receiver))
        site.configure(site.config.read_text().replace("interval: 50ms", "interval: 1h"))
        with site.follow() as run:
            (site.inbox / "a.ndjson").write_text(line("d", 1, 20))
            run.wait_for(lambda: len(receiver.taken) == 1, "the message", timeout=10)
            assert site.count("bronze") == 0


def test_live_and_rebuilt_rows_are_the_same(tmp_path: Path) -> None:
    """Over a simulated fleet with faults and every kind of rule."""
    site = Site(tmp_path)
    site.configure(fleet_configuration(700))
    site.drain()
    live = sorted(map(str, site.rows("alerts").to_pylist()))
    rules = {row["rule"] for row in site.rows("alerts").to_pylist()}
    assert rules >= {"one", "twice", "many"}, rules
    done = site.avocet("rebuild", "-c", str(site.config))
    assert done.returncode == 0, done.stderr
    assert sorted(map(str, read_table(site.lake, "alerts").to_pylist())) == live
    # However it is cut into ticks and spread over threads.
    other = tmp_path / "other"
    site.configure(site.config.read_text() + "engine: {tick_records: 97, threads: 2}\n")
    site.drain("--lake", str(other))
    assert sorted(map(str, read_table(other, "alerts").to_pylist())) == live


def trouble(receiver: Receiver) -> list[tuple[str, str]]:
    return [
        (alert["state"], alert["metric"])
        for alert in receiver.alerts()
        if alert["rule"] == "pipeline"
    ]


def test_trouble_of_the_pipeline_is_told_and_ends_with_the_next_run(tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = site_with(tmp_path, webhook(receiver))
        well = site.config.read_text()
        pipeline = "  pipeline: {free_space: 1000TiB, rejected_share: 0.5, for: 0s}\n"
        site.config.write_text(well + pipeline)
        (site.inbox / "a.ndjson").write_text("no reading\n" * 30 + line("d", 1, 1))
        with site.follow() as run:
            run.wait_for(lambda: ("firing", "disk") in trouble(receiver), "a full disk")
            (site.inbox / "b.ndjson").write_text("no reading\n" * 30)
            run.wait_for(
                lambda: ("firing", "rejected records") in trouble(receiver), "rejected records"
            )
            run.kill()
        disk = next(alert for alert in receiver.alerts() if alert["metric"] == "disk")
        assert disk["title"] == "CRITICAL: disk" and "GB left" in disk["sentence"]
        site.config.write_text(well + "  pipeline: {free_space: 0, rejected_share: 1}\n")
        with site.follow() as run:
            ends = {("cleared", "disk"), ("cleared", "rejected records")}
            run.wait_for(lambda: ends <= set(trouble(receiver)), "the ends")
            assert run.stop() == 0, run.output()
        cleared = [alert["id"] for alert in receiver.alerts() if alert["state"] == "cleared"]
        assert disk["id"] in cleared
        assert site.count("alerts") == 0
