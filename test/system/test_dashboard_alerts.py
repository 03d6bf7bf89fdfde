"""The pages about alerts and rules in a real browser: triage by keyboard, live, bulk, previews."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard import CONFIG, Client, chromium, page_of, parameters, series, serving
from harness import Run, Site
from playwright.sync_api import Browser, expect
from test_dashboard_api import CHANGE

SERVER = "{listen: '127.0.0.1:PORT'}"
RULES = CONFIG + "alerts: {rules: [{name: heat, hold_off: 1h}]}\n"
COLUMNS_FIT = """width => {
  const head = document.querySelector(".grid-head");
  return innerWidth === width && head.scrollWidth <= head.clientWidth;
}"""
DEVICES = ["alpha", "beta", "gamma", "delta"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Run, Client, Site]]:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text("".join(series(name, 60, [50]) for name in DEVICES))
    with serving(site, SERVER, RULES) as (run, client):
        run.wait_for(lambda: site.count("alerts") == len(DEVICES), "alerts in the table")
        yield run, client, site


def test_triage_with_one_key_per_verdict(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, _ = running

    def whole(device: str) -> dict[str, object]:
        alert = client.get("alerts", device=device)["alerts"][0]
        return dict(client.get("alert", id=alert["id"]))

    with page_of(browser, client, "/alerts") as page:
        rows = page.locator("tbody tr[data-id]")
        expect(rows).to_have_count(4)
        page.keyboard.press("j")
        expect(page.locator("tr.selected")).to_have_count(1)
        first = page.locator("tr.selected a").inner_text().split(" · ")[0]
        page.keyboard.press("a")
        expect(rows).to_have_count(3)
        assert whole(first)["stage"] == "acknowledged"
        # The next one is chosen, so that verdict follows verdict.
        expect(page.locator("tr.selected")).to_have_count(1)
        second = page.locator("tr.selected a").inner_text().split(" · ")[0]
        assert second != first
        page.keyboard.press("m")
        page.get_by_text("recorded, and nobody is told").wait_for()
        assert whole(second)["muted"]
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("Undone").wait_for()
        assert not whole(second)["muted"]
        page.keyboard.press("f")
        page.get_by_text("Proposal:").wait_for()
        assert whole(second)["label"] == "false-positive"
        page.get_by_role("button", name="Move the gate to").click()
        page.locator(".toast").get_by_text("Gate moved").wait_for()
        assert [gate["device"] for gate in client.get("gates")["gates"]] == [second]
        page.goto(client.base + "/rules")
        page.get_by_role("button", name="Revert").click()
        expect(page.get_by_role("button", name="Revert")).to_have_count(0)
        assert client.get("gates")["gates"][0]["is_reverted"]


def test_bulk_and_permalinks(browser: Browser, running: tuple[Run, Client, Site]) -> None:
    _, client, _ = running
    with page_of(browser, client, "/alerts?q=a") as page:
        expect(page.locator("tbody tr[data-id]")).to_have_count(4)
        page.get_by_label("Search device").fill("lta")
        expect(page.locator("tbody tr[data-id]")).to_have_count(1)
        page.get_by_label("Search device").fill("")
        expect(page.locator("tbody tr[data-id]")).to_have_count(4)
        page.get_by_label("Choose all").click()
        page.get_by_text("4 chosen").wait_for()
        page.get_by_label("What to do").get_by_role("button", name="Acknowledge").click()
        page.get_by_text("All calm").wait_for()
        assert client.get("alerts", stage="acknowledged")["matching"] == 4
        page.get_by_role("button", name="Acknowledged").click()
        page.locator("tbody tr[data-id]").first.click()
        query = parameters(page)
        page.goto(f"{client.base}/alerts?id={query['id']}&at={query['at']}")
        page.locator(".facts").get_by_text(query["id"]).wait_for()
        # What is being typed outlives what others do meanwhile.
        page.get_by_label("Comment").fill("looked at it")
        other = {"ids": [query["id"]], "action": "comment", "text": "on my way"}
        assert client.request("POST", "/api/v1/alert_actions", json.dumps(other), CHANGE)[0] == 200
        page.locator(".timeline").get_by_text("commented: on my way").wait_for()
        page.get_by_role("button", name="Add").click()
        page.locator(".timeline").get_by_text("commented: looked at it").wait_for()
        page.get_by_text("See it in the chart").click()
        page.locator(".chart canvas").first.wait_for()


def test_an_alert_says_what_looked_like_it_before(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    run, client, site = running
    with (site.inbox / "a.ndjson").open("a") as out:
        out.write(series("again", 300, [50, 250]) + series("late", 300, [251]))
    run.wait_for(lambda: client.get("alerts")["matching"] == len(DEVICES) + 3, "more alerts")
    newer, older = sorted(
        client.get("alerts", device="again")["alerts"], key=lambda alert: -alert["opened_us"]
    )
    label = {"ids": [older["id"]], "action": "label", "text": "true-positive"}
    assert client.request("POST", "/api/v1/alert_actions", json.dumps(label), CHANGE)[0] == 200
    # Of others only because it has none of its own.
    late = client.get("alerts", device="late")["alerts"][0]
    of_others = client.get("alert", id=late["id"])["similar"]
    assert of_others["of_device"] is False and of_others["found"] == len(DEVICES) + 2
    assert of_others["alerts"][0]["id"] == newer["id"] and len(of_others["alerts"]) == 5
    assert client.get("alert", id=older["id"])["similar"]["found"] == 0
    with page_of(browser, client, f"/alerts?id={newer['id']}&at={newer['time_us']}") as page:
        before = page.get_by_label("Similar alerts")
        before.get_by_text("1 of this device").wait_for()
        expect(before.locator("li")).to_contain_text("cleared after 60 min")
        expect(before.locator("li")).to_contain_text("true-positive")
        before.get_by_role("link").click()
        page.locator(".facts").get_by_text(older["id"]).wait_for()
        page.get_by_text("Nothing like this is known").wait_for()


def test_the_fleet_has_open_alerts_and_muted_devices(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    run, client, site = running
    with (site.inbox / "a.ndjson").open("a") as out:
        out.write(series("calm", 60))
    alert = client.get("alerts", device="beta")["alerts"][0]["id"]

    def change(target: str, **body: object) -> None:
        answer = client.request("POST", f"/api/v1/{target}", json.dumps(body), CHANGE)
        assert answer[0] == 200, answer

    change("alert_actions", ids=[alert], action="acknowledge")
    run.wait_for(lambda: client.get("devices")["total"] == 5, "all devices")
    rows = {row["device"]: row for row in client.get("devices", sort="alerts")["devices"]}
    assert [rows[name]["open_alerts"] for name in [*DEVICES, "calm"]] == [1, 0, 1, 1, 0]
    assert rows["beta"]["acknowledged_alerts"] == 1
    assert list(rows)[:2] == ["beta", "calm"]
    # A mute of a rule leaves others to be told.
    change("mutes", rule="heat", device="gamma")
    assert client.get("devices")["muted"] == 0
    change("mutes", device="*lta")
    assert client.get("device", device="delta")["muted"] is True
    muted = client.get("devices", state="muted")
    assert muted["muted"] == 1 and [row["device"] for row in muted["devices"]] == ["delta"]
    with page_of(browser, client, "/") as page:
        expect(page.locator(".tile", has_text="Muted").locator(".value")).to_have_text("1")
        for width in (1440, 1320, 1190, 1024, 800):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(COLUMNS_FIT, arg=width)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.get_by_role("button", name="Alerts", exact=True).click()
        shown = page.locator(".grid-row .name a")
        expect(shown).to_have_text(["alpha", "delta", "gamma", "beta", "calm"])
        assert parameters(page) == {"sort": "alerts", "order": "desc"}
        expect(
            page.locator(".grid-row", has_text="beta").locator(".open > span")
        ).to_have_attribute("title", "0 open, 1 acknowledged")
        page.locator("button.tile", has_text="Muted").click()
        expect(shown).to_have_text(["delta"])
        expect(page.locator(".grid-row").get_by_label("Muted")).to_be_visible()
    with page_of(browser, client, "/", viewport={"width": 390, "height": 844}) as page:
        shown = page.locator(".grid-row .name a")
        expect(shown).to_have_count(5)
        page.get_by_label("Order of the devices").select_option("Sort: alerts")
        expect(shown).to_have_text(["alpha", "delta", "gamma", "beta", "calm"])
        expect(page.locator(".grid-row", has_text="alpha").get_by_text("1 alert")).to_be_visible()
        expect(
            page.locator(".grid-row", has_text="calm").locator(".open span").first
        ).to_be_hidden()


def test_alerts_are_assigned(browser: Browser, running: tuple[Run, Client, Site]) -> None:
    _, client, _ = running

    def assignees() -> list[object]:
        alerts = client.get("alerts")["alerts"]
        return sorted((alert["assignee"] or "") for alert in alerts)

    with page_of(browser, client, "/alerts") as page:
        rows = page.locator("tbody tr[data-id]")
        expect(rows).to_have_count(4)
        page.keyboard.press("j")
        expect(page.locator("tr.selected")).to_have_count(1)
        page.keyboard.press("o")
        person = page.get_by_label("Who looks after it")
        expect(person).to_be_focused()
        page.keyboard.type("ann")
        page.keyboard.press("Enter")
        page.get_by_text("1 alert assigned to ann").wait_for()
        expect(page.locator("tr.selected .assignee")).to_have_text("ann")
        expect(page.locator(".facts").get_by_text("ann", exact=True)).to_be_visible()
        assert assignees() == ["", "", "", "ann"]
        page.get_by_label("Choose all").click()
        page.get_by_text("4 chosen").wait_for()
        person.fill("bob")
        page.get_by_label("What to do").get_by_role("button", name="Assign").click()
        page.get_by_text("4 alerts assigned to bob").wait_for()
        expect(page.locator(".assignee")).to_have_text(["bob"] * 4)
        assert assignees() == ["bob"] * 4
    with page_of(browser, client, "/device?device=alpha") as page:
        alerts = page.get_by_label("Alerts of the device")
        alerts.get_by_text("Open", exact=True).wait_for()
        page.keyboard.press("o")
        page.get_by_label("Who looks after it").fill("cid")
        page.keyboard.press("Enter")
        alerts.get_by_text("assigned to cid").wait_for()
        assert assignees() == ["bob", "bob", "bob", "cid"]


def test_alerts_appear_and_change_by_themselves(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, site = running
    with page_of(browser, client, "/alerts") as page:
        expect(page.locator("tbody tr[data-id]")).to_have_count(4)
        page.get_by_text("Live", exact=True).wait_for()
        with (site.inbox / "a.ndjson").open("a") as out:
            out.write(series("omega", 60, [55]))
        page.locator("tbody").get_by_text("omega").wait_for()
        expect(page.locator(".nav .badge[title='5 alerts are open']")).to_be_visible()
        alert = client.get("alerts", device="omega")["alerts"][0]["id"]
        done = site.avocet("alerts", "ack", alert, "-c", str(site.config))
        assert done.returncode == 0, done.stderr
        expect(page.locator("tbody tr[data-id]")).to_have_count(4)


def test_a_threshold_is_tried_before_it_is_applied(
    browser: Browser, running: tuple[Run, Client, Site]
) -> None:
    _, client, site = running
    refused = "status of 400"
    with page_of(browser, client, "/rules", allow=refused) as page:
        rule = page.locator("[data-rule=heat]")
        rule.get_by_role("button", name="Try other thresholds").click()
        verdict = rule.locator(".verdict")
        expect(verdict).to_contain_text("4 as it is")
        expect(verdict).to_contain_text("4 with this")
        rule.get_by_label("From score").fill("1000")
        expect(verdict).to_contain_text("0 with this")
        rule.get_by_text("Alerts that would not have been: 4").click()
        expect(rule.locator("details[open] tbody tr")).to_have_count(4)
        expect(rule.locator("pre")).to_contain_text("fire_score: 1000")
        # What is shown is what the configuration takes.
        tried = site.directory / "tried.yaml"
        own = site.config.read_text().split("alerts:")[0]
        tried.write_text(own + rule.locator("pre").inner_text() + "\n")
        assert site.avocet("check", "-c", str(tried)).returncode == 0
        # So it is copied, also by a page that is not encrypted and comes from another machine.
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        copy = rule.get_by_title("Copy the lines")
        for is_secure in (True, False):
            page.evaluate("navigator.clipboard.writeText('nothing')")
            page.evaluate(
                "value => Object.defineProperty(window, 'isSecureContext', "
                "{value, configurable: true})",
                is_secure,
            )
            copy.click()
            page.wait_for_function(
                "async wanted => (await navigator.clipboard.readText()) === wanted",
                arg=rule.locator("pre").inner_text(),
            )
            expect(copy).to_have_text("Copied")
        rule.get_by_label("From score").fill("high")
        rule.get_by_text("fire_score must be a number").wait_for()
