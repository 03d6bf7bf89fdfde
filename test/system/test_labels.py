"""Labels of devices: rules, maintenance, mutes, groups, messages, API, dashboard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from dashboard import Client, chromium, page_of, parameters, series, serving
from harness import Run, Site
from playwright.sync_api import Browser, expect
from receiver import Receiver
from test_dashboard_api import CHANGE

SERVER = "{listen: '127.0.0.1:PORT'}"
CSV = "device_id,site\npress-1,north\npress-2,north\noven,south\n"
CONFIG = """\
lake: {lake}
server: {SERVER}
storage: {commit: {interval: 100ms}}
sources: [{file: {path: "{in}/*.ndjson", poll_interval: 20ms}}]
schema: {metrics: {temperature: {unit: degC}, humidity: {}}}
devices:
  labels_file: devices.csv
  labels: [{devices: "press-*", labels: {line: A}}]
detectors: [{type: threshold, name: limits, metrics: temperature, max: 70}]
maintenance:
  - {name: works, from: 2025-01-01T00:10:00Z, until: 2025-01-01T00:20:00Z, labels: {line: A}}
alerts:
  rules: [{name: heat, labels: {site: "n*"}, hold_off: 10m}]
"""
DEVICES = ["press-1", "press-2", "press-3", "oven"]


def site_with(directory: Path, config: str = CONFIG, csv: str = CSV) -> Site:
    site = Site(directory)
    site.configure(config.replace("{SERVER}", "{enabled: false}"))
    (directory / "devices.csv").write_text(csv)
    # The spike at 15 is in the maintenance of press-*.
    lines = "".join(series(device, 60, [15, 50]) for device in DEVICES)
    (site.inbox / "a.ndjson").write_text(lines)
    return site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Client, Site]]:
    site = site_with(tmp_path_factory.mktemp("labels"))
    with serving(site, SERVER, CONFIG) as (run, client):
        run.wait_for(lambda: site.count("alerts") == 2, "alerts in the table")
        yield run, client, site


def names(page: dict[str, Any]) -> list[str]:
    return sorted(device["device"] for device in page["devices"])


def test_rules_maintenance_and_messages_know_labels(tmp_path: Path) -> None:
    with Receiver() as receiver:
        channels = f"""\
  channels:
    - name: hook
      group_by: [rule, site]
      group_wait: 1h
      webhook: {{url: "{receiver.url}", allow_private: true}}
    - name: text
      webhook:
        url: "{receiver.url}/text"
        allow_private: true
        body: '{{"text": "{{{{device}}}} {{{{label.line}}}}{{{{label.owner}}}} {{{{labels}}}}"}}'
"""
        site = site_with(tmp_path, CONFIG + channels)
        site.drain()
        got = {
            path: [r.json() for r in receiver.taken if r.path == path] for path in ("/", "/text")
        }
    found = site.rows("anomalies").to_pylist()
    assert sorted(row["device_id"] for row in found) == [
        "oven",
        "oven",
        "press-1",
        "press-2",
        "press-3",
    ]
    assert {row["device_id"] for row in site.rows("alerts").to_pylist()} == {"press-1", "press-2"}
    (message,) = got["/"]
    assert message["title"] == "2 alerts of rule heat, site north" and message["digest"]
    assert [alert["labels"] for alert in message["alerts"]] == [{"line": "A", "site": "north"}] * 2
    assert sorted(text["text"] for text in got["/text"]) == [
        "press-1 A line A, site north",
        "press-2 A line A, site north",
    ]


def test_a_message_says_what_looked_like_it_before(tmp_path: Path) -> None:
    with Receiver() as receiver:
        hook = f'  channels: [{{webhook: {{url: "{receiver.url}", allow_private: true}}}}]\n'
        site = Site(tmp_path)
        (tmp_path / "devices.csv").write_text(CSV)
        config = CONFIG.replace("hold_off: 10m", "hold_off: 1m") + hook
        with serving(site, SERVER, config) as (run, _):
            for i in range(0, 60, 20):  # each part has a spike, and time for it to clear
                part = series("press-1", 60, [5, 30, 50]).splitlines(keepends=True)[i : i + 20]
                with (site.inbox / "a.ndjson").open("a") as file:
                    file.writelines(part)
                wanted = 2 * (i // 20 + 1)
                run.wait_for(lambda n=wanted: len(receiver.alerts()) >= n, "the messages")
        seen = [a["seen_before"] for a in receiver.alerts() if a["state"] == "firing"]
    assert seen == [
        None,
        "1 time on this device, last 2025-01-01T00:05:00Z, which cleared after 1m",
        "2 times on this device, last 2025-01-01T00:30:00Z, which cleared after 1m",
    ]


@pytest.mark.parametrize(
    ("config", "csv", "place", "message"),
    [
        (CONFIG, CSV + "oven\n", ":7:16:", "devices.csv:5: the row has 1 fields, the header 2"),
        (CONFIG, None, ":7:16:", "devices.csv"),
        (CONFIG.replace('site: "n*"', "sit: north"), CSV, ":13:33:", 'did you mean "site"?'),
    ],
)
def test_check_names_the_place_of_each_mistake(
    tmp_path: Path, config: str, csv: str | None, place: str, message: str
) -> None:
    site = site_with(tmp_path, config)
    (tmp_path / "devices.csv").write_text(csv or "")
    if csv is None:
        (tmp_path / "devices.csv").unlink()
    done = site.avocet("check", str(site.config))
    assert done.returncode == 78
    assert f"{site.config}{place} error: " in done.stderr and message in done.stderr


def test_config_show_says_where_values_are_from(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    done = site.avocet("config", "show", "--origins", str(site.config))
    lines = {
        line.split("  # ")[0].strip(): line.split("  # ")[-1] for line in done.stdout.splitlines()
    }
    assert lines["labels_file: devices.csv"] == f"{site.config}:7"
    assert lines["interval: 100ms"] == f"{site.config}:3"
    assert lines["rows: 250000"] == "default"


def test_the_api_filters_and_shows_labels(running: tuple[Run, Client, Site]) -> None:
    _, client, _ = running
    everything = client.get("devices")
    assert everything["labels"] == [
        {"name": "line", "values": 1, "devices": {"A": 3}},
        {"name": "site", "values": 2, "devices": {"north": 2, "south": 1}},
    ]
    assert names(client.get("devices", **{"label.site": "north"})) == ["press-1", "press-2"]
    assert names(client.get("devices", **{"label.site": "", "label.line": "A"})) == ["press-3"]
    assert names(client.get("devices", q="SOUTH")) == ["oven"]
    assert client.get("device", device="press-3")["labels"] == {"line": "A"}
    assert client.request("GET", "/api/v1/devices?label.device=x")[0] == 400
    (rule,) = client.get("rules")["rules"]
    assert rule["labels"] == {"site": "n*"}
    assert {alert["device"]: alert["labels"] for alert in client.get("alerts")["alerts"]} == {
        "press-1": {"line": "A", "site": "north"},
        "press-2": {"line": "A", "site": "north"},
    }


def test_alerts_are_listed_by_label(running: tuple[Run, Client, Site]) -> None:
    _, client, site = running

    def found(**labels: str) -> list[str]:
        query = {f"label.{name}": pattern for name, pattern in labels.items()}
        page = client.get("alerts", **query)
        csv = client.request("GET", f"/api/v1/alerts.csv?{urlencode(query)}")[2].splitlines()
        assert page["matching"] == sum(page["stages"].values()) == len(csv) - 1
        return sorted(alert["device"] for alert in page["alerts"])

    assert found(site="n*", line="A") == ["press-1", "press-2"]
    assert found(site="south") == [] and found(line="") == []
    assert client.request("GET", "/api/v1/alerts?label.rule=x")[0] == 400

    def listed(*labels: str) -> list[dict[str, Any]]:
        options = [part for label in labels for part in ("--label", label)]
        done = site.avocet("alerts", "list", "-c", str(site.config), "-f", "json", *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["alerts"]

    assert sorted(alert["device_id"] for alert in listed("site=north", "line=?")) == [
        "press-1",
        "press-2",
    ]
    assert listed("site=south") == []
    assert listed()[0]["labels"] == {"line": "A", "site": "north"}
    bad = site.avocet("alerts", "list", "-c", str(site.config), "--label", "north")
    assert bad.returncode == 64 and "write site=north" in bad.stderr


def test_mutes_by_label(running: tuple[Run, Client, Site]) -> None:
    _, client, site = running

    def muted() -> set[bool]:
        return {alert["muted"] for alert in client.get("alerts")["alerts"]}

    assert muted() == {False}
    body = json.dumps({"labels": {"site": "north", "line": "?"}, "for": "1h", "reason": "works"})
    status, _, text = client.request("POST", "/api/v1/mutes", body, CHANGE)
    assert status == 200, text
    mute = json.loads(text)
    assert mute["labels"] == {"site": "north", "line": "?"} and muted() == {True}
    listed = site.avocet("alerts", "mutes", "-c", str(site.config)).stdout
    assert "line ?, site north" in listed
    assert client.request("DELETE", f"/api/v1/mutes?id={mute['id']}", "", CHANGE)[0] == 200
    assert muted() == {False}
    site_mute = ["alerts", "mute", "-c", str(site.config), "--label", "site=south"]
    assert site.avocet(*site_mute).returncode == 0
    assert muted() == {False}
    assert site.avocet(*site_mute[:-1], "the site=x").returncode != 0
    bad = json.dumps({"labels": {"device": "x"}})
    assert client.request("POST", "/api/v1/mutes", bad, CHANGE)[0] == 400


def test_when_a_device_is_left_in_peace(running: tuple[Run, Client, Site]) -> None:
    _, client, _ = running

    def maintenance(device: str) -> list[tuple[str, int, int]]:
        spans = client.get(
            "quiet", device=device, **{"from": "2025-01-01", "to": "2025-01-01T00:15:00Z"}
        )
        return [
            (span["text"], span["from_us"], span["to_us"])
            for span in spans["spans"]
            if span["kind"] == "maintenance"
        ]

    begin = 1_735_689_600_000_000
    assert maintenance("press-3") == [
        ("maintenance: works", begin + 600_000_000, begin + 900_000_000)
    ]
    assert maintenance("oven") == []


def test_the_fleet_is_filtered_by_labels(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, _ = running
    with page_of(browser, client, "/") as page:
        rows = page.locator(".grid-row")
        expect(rows).to_have_count(4)
        page.keyboard.press("b")
        page.get_by_label("Filter by a label").select_option("site=north")
        expect(rows).to_have_count(2)
        assert parameters(page) == {"label.site": "north"}
        page.get_by_role("button", name="No longer only site north").click()
        expect(rows).to_have_count(4)
        page.get_by_label("Search devices and labels").fill("south")
        expect(rows).to_have_count(1)
        page.get_by_text("site south").wait_for()
    with page_of(browser, client, "/device?device=press-1&from=now-1h") as page:
        page.get_by_text("maintenance: not judged").wait_for()
        page.get_by_role("link", name="line A").click()
        expect(page.locator(".grid-row")).to_have_count(3)
        assert parameters(page) == {"label.line": "A"}


def test_the_alerts_are_filtered_by_labels(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, _ = running
    with page_of(browser, client, "/alerts") as page:
        rows = page.locator("tbody tr[data-id]")
        expect(rows).to_have_count(2)
        page.get_by_label("Filter by a label").wait_for()
        page.keyboard.press("b")
        expect(page.get_by_label("Filter by a label")).to_be_focused()
        page.get_by_label("Filter by a label").select_option("site=south")
        page.get_by_text("All calm").wait_for()
        assert parameters(page) == {"label.site": "south"}
        assert page.get_by_role("link", name="CSV").get_attribute("href") == (
            "/api/v1/alerts.csv?stage=open&label.site=south"
        )
        page.get_by_role("button", name="No longer only site south").click()
        expect(rows).to_have_count(2)
    # Who gets the address sees the same.
    with page_of(browser, client, "/alerts?label.line=A&label.site=north") as page:
        expect(page.locator("tbody tr[data-id]")).to_have_count(2)
        page.get_by_role("button", name="No longer only line A").wait_for()


def test_the_anomalies_are_filtered_by_labels(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, site = running

    def found(**labels: str) -> list[str]:
        query = {f"label.{name}": pattern for name, pattern in labels.items()}
        answer = client.get("anomalies", **query)["anomalies"]
        return sorted(anomaly["device"] for anomaly in answer)

    assert found(site="n*") == ["press-1", "press-2"] and found(site="south") == ["oven"] * 2
    assert found(line="A", site="") == ["press-3"]
    assert client.request("GET", "/api/v1/anomalies?label.rule=x")[0] == 400
    csv = client.request("GET", "/api/v1/anomalies.csv?label.site=south")[2].splitlines()
    assert len(csv) == 3
    done = site.avocet(
        "anomalies", "-c", str(site.config), "-f", "json", "--label", "site=n*", "--label", "line=A"
    )
    assert done.returncode == 0, done.stderr
    assert {row["device"] for row in json.loads(done.stdout)["anomalies"]} == {"press-1", "press-2"}
    with page_of(browser, client, "/anomalies") as page:
        rows = page.locator("tbody tr[data-id]")
        expect(rows).to_have_count(5)
        page.get_by_label("Filter by a label").wait_for()
        page.keyboard.press("b")
        expect(page.get_by_label("Filter by a label")).to_be_focused()
        page.get_by_label("Filter by a label").select_option("site=south")
        expect(rows).to_have_count(2)
        assert parameters(page) == {"label.site": "south"}
        assert "label.site=south" in str(page.get_by_role("link", name="CSV").get_attribute("href"))
        # What is found now is shown when it fits.
        page.get_by_text("Live", exact=True).wait_for()
        (site.inbox / "b.ndjson").write_text(
            series("oven", 61, [60]).splitlines(keepends=True)[60]
            + series("press-3", 61, [60]).splitlines(keepends=True)[60]
        )
        expect(rows).to_have_count(3)
        page.get_by_role("button", name="No longer only site south").click()
        expect(rows).to_have_count(7)


def test_a_mute_is_made_on_the_page_of_alerts(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, _ = running
    with page_of(browser, client, "/alerts?stage=any") as page:
        page.get_by_role("button", name="Mutes").click()
        form = page.get_by_label("Mutes", exact=True)
        form.get_by_label("Labels").fill("site north")
        # The list is read again when something happens to an alert; the form is left alone.
        alert = client.get("alerts")["alerts"][0]["id"]
        comment = json.dumps({"ids": [alert], "action": "comment", "text": "seen"})
        with page.expect_response("**/api/v1/mutes*"):
            assert client.request("POST", "/api/v1/alert_actions", comment, CHANGE)[0] == 200
        page.wait_for_timeout(100)
        expect(form.get_by_label("Labels")).to_be_focused()
        form.get_by_role("button", name="Mute", exact=True).click()
        page.get_by_text("Write labels as").wait_for()
        form.get_by_label("Labels").fill("site=north")
        form.get_by_label("Only at these hours").fill("daily 00:00-24:00")
        form.get_by_label("Why").fill("works")
        form.get_by_role("button", name="Mute", exact=True).click()
        form.get_by_text("any rule, any device, site north, any metric").wait_for()
    mute = client.get("mutes")["mutes"][-1]
    assert mute["labels"] == {"site": "north"} and mute["schedule"] == "daily 00:00-24:00"


def test_the_page_system_says_where_values_are_from(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, _ = running
    with page_of(browser, client, "/system") as page:
        line = page.locator(".config > div").filter(has_text="labels_file")
        expect(line.locator(".origin")).to_have_text("line 7")
        default = page.locator(".config > div").filter(has_text="snapshot_interval")
        expect(default.locator(".origin")).to_have_text("default")
        page.get_by_role("button", name="Only what the file sets").click()
        expect(default).to_have_count(0)
        expect(line).to_have_count(1)


def test_a_reload_takes_over_a_changed_file(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    with serving(site, SERVER, CONFIG) as (run, client):
        run.wait_for(lambda: site.count("alerts") == 2, "alerts in the table")
        (tmp_path / "devices.csv").write_text(CSV.replace("oven,south", "oven,north"))
        assert client.request("POST", "/-/reload", "", CHANGE)[0] in (200, 202)

        def found() -> list[str]:
            try:
                status, _, text = client.request("GET", "/api/v1/devices?label.site=north")
            except OSError:
                return []
            return names(json.loads(text)) if status == 200 else []

        run.wait_for(lambda: found() == ["oven", "press-1", "press-2"], "the new label")
