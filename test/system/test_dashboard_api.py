"""The dashboard's API: it answers as its OpenAPI document says, and only to who may ask."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dashboard
import pytest
from dashboard import CONFIG, START_S, Client
from harness import ROOT, Run, Site
from jsonschema import Draft202012Validator

DOCUMENT = json.loads((ROOT / "docs" / "api" / "openapi.json").read_text())
HOSTILE = '<img src=x onerror="alert(1)">'
SERIES_ROWS = 3000


def reading(device: str, second: int, temperature: float) -> str:
    return (
        json.dumps({"device_id": device, "timestamp": START_S + second, "temperature": temperature})
        + "\n"
    )


def readings() -> str:
    """A device with many readings and a spike, one with a hostile name, and a broken record."""
    lines = [
        reading("dev/1", i, 80.0 if i == 1000 else 20 + i % 5 / 10) for i in range(SERIES_ROWS)
    ]
    lines += [reading(HOSTILE, i * 60, 55.0 if i == 40 else 21.0) for i in range(50)]
    lines.append("{not json\n")
    return "".join(lines)


class StreamClient(Client):
    def events(self, headers: dict[str, str], wanted: int) -> list[dict[str, str]]:
        """The first events that are no pulse, up to `wanted` or until two pulses have come."""
        found: list[dict[str, str]] = []
        pulses = 0
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            request = f"GET /api/v1/events HTTP/1.1\r\nHost: localhost:{self.port}\r\n{lines}\r\n"
            connection.sendall(request.encode())
            text = ""
            while len(found) < wanted and pulses < 2:
                text += connection.recv(65536).decode()
                events = [
                    dict(re.findall(r"^(id|event|data): (.*?)\r?$", block, re.MULTILINE))
                    for block in text.split("\n\n")[:-1]
                ]
                found = [e for e in events if e.get("event") not in (None, "pulse")]
                pulses = sum(e.get("event") == "pulse" for e in events)
        return found[:wanted]


@contextmanager
def serving(site: Site, server: str) -> Iterator[tuple[Run, StreamClient]]:
    with dashboard.serving(site, server) as (run, client):
        yield run, StreamClient(client.port)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, StreamClient, Site]]:
    site = Site(tmp_path_factory.mktemp("dashboard"))
    (site.inbox / "a.ndjson").write_text(readings())
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (run, client):
        run.wait_for(
            lambda: (
                client.get("system")["totals"]["received"] == SERIES_ROWS + 51
                and site.count("anomalies") == 2
            ),
            "all readings in the tables",
        )
        yield run, client, site


def assert_valid(schema: dict[str, Any], value: object) -> None:
    root = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(root).validate(value)


QUERIES: dict[str, list[dict[str, object]]] = {
    "/status": [{}],
    "/devices": [{}, {"q": "dev", "sort": "anomalies", "order": "desc", "limit": 1}],
    "/device": [{"device": "dev/1"}, {"device": HOSTILE}],
    "/series": [
        {"device": "dev/1", "points": 100},
        {"device": HOSTILE, "from": "2024-12-31T00:00:00Z", "metrics": "temperature"},
    ],
    "/health": [{}, {"limit": 1}],
    "/device_health": [{"device": "dev/1", "from": "2024-12-31T00:00:00Z"}, {"device": "none"}],
    "/quiet": [{"device": "dev/1", "from": "now-7d"}, {"device": HOSTILE}],
    "/late": [{}, {"device": "dev/1", "limit": 5, "from": "2024-12-31"}],
    "/records": [{"device": "dev/1", "limit": 5}, {"device": HOSTILE, "from": "2024-12-31"}],
    "/anomalies": [{}, {"severity": "critical"}, {"q": "DEV/"}],
    "/alerts": [{}, {"stage": "open", "severity": "critical", "q": "DEV/", "limit": 1}],
    "/mutes": [{}],
    "/rules": [{}],
    "/rule_preview": [{"rule": "anomaly", "fire_score": 2, "from": "now-1h", "count": 1}],
    "/gates": [{}],
    "/resets": [{}],
    "/tables": [{}, {"commits": 0}],
    "/quarantine": [{}],
    "/system": [{}],
}


@pytest.mark.parametrize("path", sorted(DOCUMENT["paths"]))
def test_answers_are_as_documented(running: tuple[Run, StreamClient, Site], path: str) -> None:
    _, client, _ = running
    newest = client.get("anomalies")["anomalies"][0]
    alert = client.get("alerts")["alerts"][0]["id"]
    if path == "/anomaly":
        queries: list[dict[str, object]] = [{"id": newest["id"], "at": newest["time_us"]}]
    elif path == "/alert":
        queries = [{"id": alert}]
    elif path == "/gate_proposal":
        queries = [{"alert": alert}]
    else:
        queries = QUERIES.get(path, [])
    operation = DOCUMENT["paths"][path].get("get")
    changes = ("/alert_actions", "/quarantine/retry", "/query", "/session")  # that is all they do
    for query in queries:
        value = client.get(path[1:], **query)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert_valid(schema, value)
        allowed = {parameter["name"] for parameter in operation["parameters"]}
        assert set(query) <= allowed
    others = ("/events", "/tap", "/openapi.json", "/anomalies.csv", "/alerts.csv")
    assert queries or path in changes + others


def test_the_document_is_served(running: tuple[Run, StreamClient, Site]) -> None:
    _, client, _ = running
    assert client.get("openapi.json") == DOCUMENT


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/v1/device", 400),
        ("/api/v1/device?device=nobody", 404),
        ("/api/v1/devices?limit=0", 400),
        ("/api/v1/devices?limit=501", 400),
        ("/api/v1/devices?state=fine", 400),
        ("/api/v1/series?device=dev/1&from=yesterday", 400),
        ("/api/v1/series?device=dev/1&from=now&to=now-1h", 400),
        ("/api/v1/series?device=dev/1&metrics=humidity", 400),
        ("/api/v1/anomaly?id=nothing", 404),
        ("/api/v1/alert?id=nothing", 404),
        ("/api/v1/alerts?stage=strange", 400),
        ("/api/v1/rule_preview?rule=nothing", 404),
        ("/api/v1/rule_preview?rule=anomaly&fire_score=high", 400),
        ("/api/v1/rule_preview?rule=anomaly&for=ever", 400),
        ("/api/v1/rule_preview?rule=anomaly&from=now-1000d", 400),
        ("/api/v1/gate_proposal?alert=nothing", 404),
        ("/api/v1/nothing", 404),
    ],
)
def test_mistakes_are_told(
    running: tuple[Run, StreamClient, Site], target: str, status: int
) -> None:
    _, client, _ = running
    got, _, body = client.request("GET", target)
    assert got == status, body
    assert_valid({"$ref": "#/components/schemas/Error"}, json.loads(body))


def test_a_range_has_no_more_points_than_asked_and_keeps_extremes(
    running: tuple[Run, StreamClient, Site],
) -> None:
    _, client, _ = running
    series = client.get("series", device="dev/1", points=50)
    metric = series["metrics"][0]
    assert not series["is_raw"]
    assert series["readings"] == SERIES_ROWS
    assert len(series["time_us"]) <= 50
    assert max(metric["max"]) == 80
    raw = client.get(
        "series",
        device="dev/1",
        points=50,
        **{"from": START_S * 1_000_000, "to": (START_S + 10) * 1_000_000},
    )
    assert raw["is_raw"]
    assert raw["time_us"] == [(START_S + i) * 1_000_000 for i in range(10)]


def test_history_comes_from_the_tables_after_a_restart(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(readings())
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (run, client):
        run.wait_for(lambda: site.count("anomalies") == 2, "anomalies in the table")
        before = client.get("series", device="dev/1", points=4000)
        found = client.get("anomalies")
        devices = client.get("devices", sort="device")
        assert run.stop() == 0
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (_, client):
        assert client.get("series", device="dev/1", points=4000) == before
        assert client.get("anomalies") == found
        again = client.get("devices", sort="device")
        names = [device["device"] for device in devices["devices"]]
        assert [device["device"] for device in again["devices"]] == names
        # What the stream of an earlier run had sent is not known.
        headers = {"Last-Event-ID": found["anomalies"][0]["id"]}
        assert [e["event"] for e in client.events(headers, 1)] == ["reset"]


def test_events_resume_without_gap_or_repeat(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (run, client):
        file = site.inbox / "a.ndjson"

        def append(first: int, count: int) -> None:
            with file.open("a") as out:
                out.writelines(reading("hot", first + i, 75.0 + i) for i in range(count))

        append(0, 3)
        run.wait_for(lambda: len(client.get("anomalies")["anomalies"]) == 3, "three anomalies")
        ids = [row["id"] for row in client.get("anomalies")["anomalies"]][::-1]
        resumed = client.events({"Last-Event-ID": ids[0]}, 2)
        assert [event["id"] for event in resumed] == ids[1:]
        append(3, 2)
        run.wait_for(lambda: len(client.get("anomalies")["anomalies"]) == 5, "five anomalies")
        more = client.events({"Last-Event-ID": resumed[-1]["id"]}, 9)
        ids = [row["id"] for row in client.get("anomalies")["anomalies"]][::-1]
        assert [event["id"] for event in more] == ids[3:]
        for event in more:
            assert_valid({"$ref": "#/components/schemas/Anomaly"}, json.loads(event["data"]))
        assert [e["event"] for e in client.events({"Last-Event-ID": "unknown"}, 1)] == ["reset"]


def test_records_are_what_arrived(running: tuple[Run, StreamClient, Site]) -> None:
    _, client, site = running
    rows = [row for row in site.rows("bronze").to_pylist() if row["device_id"] == "dev/1"]
    rows.sort(key=lambda row: row["event_time"])
    answer = client.get("records", device="dev/1", limit=3)
    assert not answer["is_complete"]
    assert [record["payload"] for record in answer["records"]] == [
        row["payload"] for row in reversed(rows[-3:])
    ]
    newest = answer["records"][0]
    assert newest["position"] == {
        "source": rows[-1]["source"],
        "partition": rows[-1]["partition"],
        "offset": rows[-1]["offset"],
    }
    assert json.loads(newest["payload"])["timestamp"] * 1_000_000 == newest["time_us"]
    first = answer["records"][2]["time_us"]
    part = client.get("records", **{"device": "dev/1", "from": first, "to": first + 1})
    assert part == {"is_complete": True, "records": answer["records"][2:]}
    assert client.get("records", device="nobody") == {"is_complete": True, "records": []}


def test_csv_is_complete_and_harmless(running: tuple[Run, StreamClient, Site]) -> None:
    _, client, _ = running
    status, headers, body = client.request("GET", "/api/v1/anomalies.csv?from=now-7d")
    assert status == 200
    assert headers["content-disposition"].startswith("attachment")
    assert len(body.splitlines()) == 3
    assert HOSTILE.replace('"', '""') in body
    types = [row["type"] for row in client.get("anomalies", **{"from": "now-7d"})["anomalies"]]
    for wanted in (types[0], "none"):
        answer = client.request("GET", f"/api/v1/anomalies.csv?from=now-7d&type={wanted}")
        assert len(answer[2].splitlines()) == 1 + types.count(wanted)


def test_pages_have_security_headers(running: tuple[Run, StreamClient, Site]) -> None:
    _, client, _ = running
    for target in ("/", "/device?device=" + quote(HOSTILE), "/api/v1/status", "/api/v1/devices"):
        status, headers, body = client.request("GET", target)
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        if target.startswith("/api/"):
            assert headers["cache-control"] == "no-store"
        else:
            assert HOSTILE not in body


def test_foreign_hosts_and_origins_are_refused(running: tuple[Run, StreamClient, Site]) -> None:
    _, client, _ = running
    status, _, _ = client.request("GET", "/api/v1/status", headers={"Host": "evil.example"})
    assert status in (400, 403, 421)
    body = json.dumps({"token": "x"})
    status, _, _ = client.request("POST", "/api/v1/session", body)
    assert status == 403


def test_other_machines_need_a_token(tmp_path: Path) -> None:
    site = Site(tmp_path)
    server = "{listen: '0.0.0.0:PORT'}"
    with serving(site, server) as (run, anybody):
        run.wait_for_output("avocet access create")
        tokens = {
            role: site.avocet(
                "access", "create", role, "--role", role, "-c", str(site.config)
            ).stdout
            for role in ("viewer", "admin")
        }
        assert anybody.request("GET", "/api/v1/status")[0] == 401
        assert anybody.request("GET", "/api/v1/events")[0] == 401
        assert anybody.request("GET", "/")[0] == 200
        viewer = Client(anybody.port, tokens["viewer"].strip())
        run.wait_for(lambda: viewer.request("GET", "/api/v1/status")[0] == 200, "the token known")
        assert viewer.get("status")["role"] == "viewer"
        assert viewer.get("system")["config"] is None
        admin = Client(anybody.port, tokens["admin"].strip())
        lines = {line["text"].strip(): line["line"] for line in admin.get("system")["config"]}
        assert lines[f'listen: "0.0.0.0:{anybody.port}"'] == 3
        assert lines["enabled: true"] is None
        headers = {"X-Avocet-Request": "1"}
        bad = anybody.request("POST", "/api/v1/session", json.dumps({"token": "no"}), headers)
        assert bad[0] == 401
        body = json.dumps({"token": tokens["viewer"].strip()})
        status, fields, _ = anybody.request("POST", "/api/v1/session", body, headers)
        assert status == 200
        assert "HttpOnly" in fields["set-cookie"] and "SameSite=Strict" in fields["set-cookie"]
        cookie = {"Cookie": fields["set-cookie"].split(";")[0]}
        assert anybody.request("GET", "/api/v1/status", headers=cookie)[0] == 200
        assert anybody.request("DELETE", "/api/v1/session", headers={**cookie, **headers})[0] == 200
        assert anybody.request("GET", "/api/v1/status", headers=cookie)[0] == 401


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site.configure(CONFIG.replace("{SERVER}", f"{{listen: '127.0.0.1:{port}'}}"))
        refused = site.avocet("run", "-c", str(site.config))
        assert refused.returncode == 69
        assert str(port) in refused.stderr


def test_the_dashboard_can_be_turned_off(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(reading("a", 0, 20))
    site.configure(CONFIG.replace("{SERVER}", "{enabled: false}"))
    with Run(["run", "-c", str(site.config)], site.directory) as run:
        run.wait_for(lambda: site.count("bronze") == 1, "the reading in bronze")
        assert run.stop() == 0
        assert "Dashboard:" not in run.output()


CHANGE = {"X-Avocet-Request": "1", "Content-Type": "application/json"}


def test_what_people_do_is_checked_and_kept(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(readings())
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (run, client):
        run.wait_for(lambda: site.count("alerts") > 1, "alerts in the table")
        alerts = client.get("alerts")["alerts"]
        assert {row["id"] for row in site.rows("alerts").to_pylist()} == {a["id"] for a in alerts}
        alert = next(a for a in alerts if a["device"] == "dev/1")

        def send(method: str, target: str, body: object = None) -> int:
            text = "" if body is None else json.dumps(body)
            status, _, answer = client.request(method, f"/api/v1/{target}", text, CHANGE)
            if status != 200:
                assert_valid({"$ref": "#/components/schemas/Error"}, json.loads(answer))
            return status

        def act(**body: object) -> int:
            return send("POST", "alert_actions", body)

        ids = [alert["id"]]
        assert act(ids=ids, action="dance") == 400
        assert act(ids=[], action="acknowledge") == 400
        assert act(ids=ids, action="label", text="maybe") == 400
        assert act(ids=ids, action="comment") == 400
        assert act(ids=["nothing"], action="acknowledge") == 404
        status, _, _ = client.request(
            "POST", "/api/v1/alert_actions", json.dumps({"ids": ids, "action": "acknowledge"})
        )
        assert status == 403
        assert act(ids=ids, action="comment", text="<b>hm</b>") == 200
        assert act(ids=ids, action="assign", text="bob") == 200
        assert act(ids=ids, action="label", text="false-positive") == 200
        whole = client.get("alert", id=alert["id"])
        assert [a["action"] for a in whole["actions"]] == ["commented", "assigned", "labelled"]
        assert whole["assignee"] == "bob" and whole["label"] == "false-positive"
        assert client.get("rules")["rules"][0]["false_positives"] == 1

        assert send("POST", "mutes", {"for": "soon"}) == 400
        assert send("POST", "mutes", {"schedule": "at night"}) == 400
        assert send("POST", "mutes", {"device": "dev/*", "for": "2h", "reason": "works"}) == 200
        assert client.get("alert", id=alert["id"])["muted"]
        mute = client.get("mutes")["mutes"][0]
        assert mute["rule"] == "*" and mute["reason"] == "works"
        assert send("DELETE", f"mutes?id={mute['id']}") == 200
        assert send("DELETE", f"mutes?id={mute['id']}") == 404
        assert not client.get("alert", id=alert["id"])["muted"]

        proposal = client.get("gate_proposal", alert=alert["id"])
        assert proposal["before"] == 1 and proposal["after"] == 0
        assert [gone["id"] for gone in proposal["gone"]] == ids
        assert send("POST", "gates", {"alert": alert["id"], "min_score": -1}) == 400
        assert send("POST", "gates", {"alert": "nothing"}) == 404
        assert send("POST", "gates", {"alert": alert["id"]}) == 200
        run.wait_for(lambda: client.get("gates")["gates"][0]["from_us"] is not None, "the gate")
        gate = client.get("gates")["gates"][0]
        assert gate["min_score"] == proposal["min_score"] and gate["device"] == "dev/1"
        assert send("DELETE", f"gates?id={gate['id']}") == 200
        assert send("DELETE", f"gates?id={gate['id']}") == 404

        assert send("POST", "resets", {"device": "nobody"}) == 404
        assert send("POST", "resets", {"device": "dev/1", "metric": "temprature"}) == 400
        assert send("POST", "resets", {"device": "dev/1", "metric": "temperature"}) == 200
        run.wait_for(lambda: client.get("resets")["resets"][0]["from_us"] is not None, "the reset")
        reset = client.get("resets")["resets"][0]
        assert (reset["device"], reset["metric"]) == ("dev/1", "temperature")
        # What another program does is seen, too.
        done = site.avocet("alerts", "comment", alert["id"], "seen", "-c", str(site.config))
        assert done.returncode == 0, done.stderr
        run.wait_for(
            lambda: client.get("alert", id=alert["id"])["actions"][-1]["text"] == "seen",
            "the comment",
        )
        status, headers, csv = client.request("GET", "/api/v1/alerts.csv?q=dev")
        assert status == 200 and headers["content-disposition"].startswith("attachment")
        assert len(csv.splitlines()) == 2 and "false-positive" in csv
        before = client.get("alert", id=alert["id"])
        assert run.stop() == 0
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (_, client):
        assert client.get("alert", id=alert["id"]) == before


def test_viewers_may_only_look(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(readings())
    with serving(site, "{listen: '0.0.0.0:PORT'}") as (run, anybody):
        run.wait_for_output("avocet access create")
        made = site.avocet(
            "access", "create", "eve", "--role", "viewer", "-c", str(site.config)
        ).stdout
        viewer = Client(anybody.port, made.strip())
        run.wait_for(lambda: viewer.request("GET", "/api/v1/status")[0] == 200, "the token known")
        run.wait_for(lambda: viewer.get("alerts")["matching"] > 0, "alerts")
        alert = viewer.get("alerts")["alerts"][0]["id"]
        for method, target, body in (
            ("POST", "alert_actions", {"ids": [alert], "action": "acknowledge"}),
            ("POST", "mutes", {}),
            ("DELETE", "mutes?id=1", None),
            ("POST", "gates", {"alert": alert}),
            ("POST", "resets", {"device": "dev/1"}),
            ("POST", "query", {"sql": "SELECT 1"}),
            ("POST", "quarantine/retry", {}),
            ("DELETE", "gates?id=1", None),
        ):
            text = "" if body is None else json.dumps(body)
            assert viewer.request(method, f"/api/v1/{target}", text, CHANGE)[0] == 403
        assert viewer.get("alert", id=alert)["actions"] == []


def test_a_preview_of_unchanged_rules_is_what_was(
    running: tuple[Run, StreamClient, Site],
) -> None:
    _, client, site = running
    fired = [row for row in site.rows("alerts").to_pylist() if row["state"] == "firing"]
    same = client.get("rule_preview", rule="anomaly", **{"from": "now-1d"})
    assert same["before"] == same["after"]
    assert same["before"]["fires"] == len({row["id"] for row in fired}) == 2
    assert same["gone"]["alerts"] == same["new"]["alerts"] == 0
    strict = client.get("rule_preview", rule="anomaly", fire_score=1e6, **{"from": "now-1d"})
    assert strict["after"]["fires"] == 0 and strict["gone"]["alerts"] == 2
    assert {alert["id"] for alert in strict["gone"]["newest"]} == {row["id"] for row in fired}
