"""The dashboard in a real browser: every page, live updates, keyboard, themes, hostile names."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from dashboard import CONFIG, Client, chromium, page_of, parameters, series, serving
from harness import ROOT, Run, Site
from playwright.sync_api import Browser, Page, TimeoutError, expect

SERVER = "{listen: '127.0.0.1:PORT'}"
LIMIT_BYTES = 300_000  # of what a browser fetches, compressed
HOSTILE = [
    '<img src=x onerror="window.hacked=1">',
    "<script>window.hacked=1</script>",
    '"><svg/onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "'-window.hacked=1-'",
    "{{constructor.constructor('window.hacked=1')()}}",
    "a/b?c=d&e=f#g %00 ../..",
    "\u202egnp.exe",
    "名前 🌡️",
]
FLEET = 400

# A page, and what shows that it is there with its data.
READY = {
    "/": ".grid-row",
    "/device?device=main": ".chart canvas",
    "/alerts?stage=any": "tbody tr",
    "/anomalies": "tbody tr",
    "/rules": ".rule .bars i",
    "/data": ".bars i",
    "/system": ".stack i",
}

# Resolves when so many pulses have come.
PULSES = """wanted => new Promise(resolve => {
  const source = new EventSource("/api/v1/events");
  source.addEventListener("pulse", () => {
    if (--wanted > 0) return;
    source.close();
    resolve();
  });
})"""

# Also of what a page draws anew once the window has another width.
FITS = """width => {
  const main = document.querySelector(".main");
  return innerWidth === width && document.documentElement.scrollWidth <= width
    && main.scrollWidth <= main.clientWidth;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    site = Site(tmp_path_factory.mktemp("dashboard"))
    lines = [series(name, 90, [40]) for name in HOSTILE]
    lines += [series(f"dev-{i:04}", 12) for i in range(FLEET)]
    lines.append(series("main", 300, [50, 150, 290]))
    text = "".join(lines)
    (site.inbox / "a.ndjson").write_text(text)
    with serving(site, SERVER) as (run, client):
        run.wait_for(
            lambda: (
                client.get("system")["totals"]["received"] == text.count("\n")
                and len(client.get("anomalies", **{"from": "now-7d"})["anomalies"])
                == len(HOSTILE) + 3
                and site.count("anomalies") == len(HOSTILE) + 3
            ),
            "all readings and anomalies",
        )
        yield client


def arrives(page: Page, path: str) -> bool:
    try:
        page.wait_for_function("path => location.pathname === path", arg=path, timeout=2000)
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("target", READY)
def test_a_page_is_shown_accessible_and_fits(
    browser: Browser, running: Client, target: str, scheme: Any
) -> None:
    with page_of(browser, running, target, color_scheme=scheme) as page:
        page.locator(READY[target]).first.wait_for()
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
        found = Axe().run(page, options=rules)
        assert found.violations_count == 0, found.generate_report()
        for width in (1024, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.locator(READY[target]).first.wait_for()
            page.wait_for_function(FITS, arg=width)


def test_what_a_browser_fetches_is_small() -> None:
    names = ["static/index.html", "static/icon.svg", "dist/app.js", "dist/style.css"]
    assert sum(len(gzip.compress((ROOT / "web" / n).read_bytes())) for n in names) < LIMIT_BYTES


def test_the_bundle_is_of_this_source() -> None:
    """Else: scripts/setup.sh web && scripts/check_generated.sh --update."""
    subprocess.run(
        ["sha256sum", "--check", "--quiet", "dist/sources.sha256"], cwd=ROOT / "web", check=True
    )


def test_the_fleet_draws_only_rows_in_view(browser: Browser, running: Client) -> None:
    with page_of(browser, running, "/?sort=device") as page:
        page.locator(".grid-row").first.wait_for()
        assert page.locator(".grid-row").count() < 60
        body = page.locator(".grid-body")
        body.evaluate("body => { body.scrollTop = body.scrollHeight; }")
        page.get_by_text("名前 🌡️").first.wait_for()
        rows = page.locator("[role=table]").get_attribute("aria-rowcount")
        assert rows == str(FLEET + len(HOSTILE) + 2)


def test_tiles_and_rows_of_the_fleet_agree_at_every_moment(
    browser: Browser, tmp_path: Path
) -> None:
    """Devices become critical one by one; the page is looked at each time it changes."""
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text("".join(series(f"dev-{i}", 30) for i in range(8)))
    with serving(site, SERVER) as (_, client), page_of(browser, client, "/") as page:
        expect(page.locator(".grid-row")).to_have_count(8)
        page.evaluate("""() => {
          window.disagreements = [];
          const look = () => {
            const rows = document.querySelectorAll(".grid-row .is-critical").length;
            const tile = document.querySelector(".tile:has(.is-critical) .value").textContent;
            if (String(rows) !== tile) window.disagreements.push(`${tile} above ${rows} rows`);
            requestAnimationFrame(look);
          };
          look();
        }""")
        for i in range(4):
            with (site.inbox / f"spike-{i}.ndjson").open("w") as file:
                file.write(series(f"dev-{i}", 31, [30]).splitlines(keepends=True)[30])
            expect(page.locator(".grid-row .is-critical")).to_have_count(i + 1)
        assert page.evaluate("window.disagreements") == []


def test_a_device_that_is_not_there_is_shown_once_it_sends(
    browser: Browser, tmp_path: Path
) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(series("dev-1", 30))
    with (
        serving(site, SERVER) as (_, client),
        page_of(browser, client, "/device?device=dev-2", allow="404") as page,
    ):
        page.get_by_text("No device of this name").wait_for()
        expect(page.get_by_label("Time range")).to_be_hidden()
        link = page.get_by_role("link", name="Search the fleet")
        assert link.get_attribute("href") == "/?q=dev-2"
        # While there are no more devices it does not ask again and again.
        page.evaluate(PULSES, 2)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.evaluate(PULSES, 3)
        assert [url for url in asked if "dev-2" in url] == []
        (site.inbox / "b.ndjson").write_text(series("dev-2", 30))
        page.locator(".chart canvas").first.wait_for()
        expect(page.get_by_label("Time range")).to_be_visible()


def test_an_address_with_a_time_that_is_none_says_so(browser: Browser, running: Client) -> None:
    with page_of(browser, running, "/device?device=main&from=yesterday") as page:
        page.get_by_text("“yesterday” in the address is not a time").wait_for()
        page.locator(".chart canvas").first.wait_for()
        page.get_by_role("button", name="24 h").click()
        expect(page.get_by_text("is not a time")).to_have_count(0)


def test_a_search_is_in_the_address(browser: Browser, running: Client) -> None:
    with page_of(browser, running, "/") as page:
        page.locator(".grid-row").first.wait_for()
        page.keyboard.press("/")
        page.keyboard.type("dev-039")
        page.get_by_text("10 of").wait_for()
        expect(page.locator(".grid-row")).to_have_count(10)
        assert parameters(page)["q"] == "dev-039"
        page.reload()
        page.get_by_text("10 of").wait_for()
        assert page.get_by_role("searchbox").input_value() == "dev-039"


def test_hostile_names_are_text(browser: Browser, running: Client) -> None:
    with page_of(browser, running, "/anomalies?from=now-7d") as page:
        for name in HOSTILE:
            page.locator("tbody").get_by_text(name, exact=True).wait_for()
        for name in HOSTILE:
            page.goto(f"{running.base}/device?device={quote(name, safe='')}")
            page.locator(".chart canvas").first.wait_for()
            assert page.locator("h1").text_content() == name
            page.locator(".feed-item a").first.click()
            assert page.locator(".facts dd a").first.text_content() == name


def test_the_keyboard_is_enough(browser: Browser, running: Client) -> None:
    with page_of(browser, running, "/") as page:
        page.locator(".grid-row").first.wait_for()
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.locator(".grid-row.selected").count() == 1
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/device\?"))
        page.keyboard.press("Escape")
        page.wait_for_url(re.compile("/$"))
        for key, path in {
            "l": "/alerts",
            "a": "/anomalies",
            "r": "/rules",
            "d": "/data",
            "s": "/system",
            "f": "/",
        }.items():
            # On a slow machine the second key may come too late to belong to the first.
            for _ in range(10):
                page.keyboard.type("g" + key)
                if arrives(page, path):
                    break
            assert urlsplit(page.url).path == path
        page.keyboard.press("?")
        page.get_by_text("Keyboard shortcuts").wait_for()
        page.keyboard.press("Escape")
        theme = "document.documentElement.dataset.theme"
        before = page.evaluate(theme)
        page.keyboard.press("t")
        assert page.evaluate(theme) != before
        page.reload()
        assert page.evaluate(theme) != before


def test_a_drag_zooms(browser: Browser, running: Client) -> None:
    def span(page: Page) -> int:
        return int(parameters(page)["to"]) - int(parameters(page)["from"])

    with page_of(browser, running, "/device?device=main") as page:
        over = page.locator(".u-over").first
        over.wait_for()
        box = over.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 50, steps=5)
        page.mouse.up()
        page.wait_for_url(re.compile(r"from=\d+"))
        zoomed = span(page)
        assert 0 < zoomed < 2 * 3_600_000_000
        page.keyboard.press("z")
        page.wait_for_function(
            """was => {
              const query = new URL(location.href).searchParams;
              return Number(query.get("to")) - Number(query.get("from")) > was;
            }""",
            arg=zoomed,
        )
        page.keyboard.press("l")
        page.wait_for_function("!new URL(location.href).searchParams.has('to')")


def test_a_device_shows_its_alerts_and_its_records(browser: Browser, tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(series(HOSTILE[0], 90, [40]) + series("calm", 90))
    rules = CONFIG + "alerts: {rules: [{name: heat, hold_off: 2h}]}\n"
    with serving(site, SERVER, rules) as (run, client):
        run.wait_for(lambda: client.get("alerts", stage="open")["matching"] == 1, "an alert")
        alert = client.get("alerts", stage="open")["alerts"][0]["id"]
        target = f"/device?device={quote(HOSTILE[0], safe='')}"
        with page_of(browser, client, target) as page:
            alerts = page.get_by_label("Alerts of the device")
            alerts.get_by_text("Open", exact=True).wait_for()
            page.keyboard.press("a")
            alerts.get_by_text("Acknowledged", exact=True).wait_for()
            page.keyboard.press("f")
            alerts.get_by_text("labelled false-positive").wait_for()
            page.keyboard.press("m")
            alerts.get_by_text("muted for 1 hour").wait_for()
            stands = client.get("alert", id=alert)
            assert stands["stage"] == "acknowledged" and stands["muted"]
            assert stands["label"] == "false-positive"
            page.get_by_text("Records as they arrived").click()
            rows = page.get_by_label("Records", exact=True).locator("tbody tr")
            rows.first.wait_for()
            expect(rows).to_have_count(90)
            expect(rows.first).to_contain_text("a.ndjson @ ")
            expect(rows.first).to_contain_text('"humidity"')
            page.goto(f"{client.base}/device?device=calm")
            page.locator(".chart canvas").first.wait_for()
            expect(page.get_by_label("Alerts of the device")).to_be_hidden()


def test_late_readings_are_on_the_charts_and_counted(browser: Browser, tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(series("slow", 90) + series("calm", 90))
    late = [json.loads(line) for line in series("slow", 60).splitlines()[20:25]]
    for reading in late:
        reading["timestamp"] += 30
    with serving(site, SERVER) as (run, client):
        run.wait_for(lambda: client.get("devices")["total"] == 2, "the devices")
        assert client.get("late")["rows"] == 0
        (site.inbox / "b.ndjson").write_text("".join(json.dumps(row) + "\n" for row in late))
        run.wait_for(lambda: client.get("late")["rows"] == 5, "the late readings")
        answer = client.get("late", device="slow", limit=2)
        assert answer["rows"] == 5 and answer["is_complete"] and answer["late_devices"] == 1
        assert answer["devices"][0]["device"] == "slow" and answer["devices"][0]["rows"] == 5
        newest = [(row["time_us"], row["values"]["temperature"]) for row in answer["newest"]]
        assert newest == [(row["timestamp"] * 1_000_000, row["temperature"]) for row in late[:2:-1]]
        assert client.get("late", device="calm")["rows"] == 0
        assert client.get("late", **{"from": "2025-01-01T00:22:00Z"})["rows"] == 3
        assert client.request("GET", "/api/v1/late?from=now&to=now-1h")[0] == 400
        with page_of(browser, client, "/device?device=slow") as page:
            page.locator(".legend").first.get_by_text("late: 5").wait_for()
            page.goto(f"{client.base}/data")
            card = page.get_by_label("Late readings")
            card.get_by_text("5 in the last 7 days").wait_for()
            expect(card.get_by_role("link", name="slow").first).to_be_visible()
            card.get_by_text("The newest 5").click()
            rows = card.locator("details").nth(1).locator("tbody tr")
            expect(rows).to_have_count(5)
            rows.first.get_by_role("link").click()
            page.locator(".legend").first.get_by_text("late: 5").wait_for()
            page.goto(f"{client.base}/device?device=calm")
            page.locator(".chart canvas").first.wait_for()
            expect(page.locator(".legend").first).not_to_contain_text("late")


@pytest.mark.parametrize("target", ["alerts?stage=any", "anomalies"])
def test_a_list_stays_in_sight_while_the_server_is_away(
    browser: Browser, tmp_path: Path, target: str
) -> None:
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(series("first", 30, [20]))
    gone = "ERR_CONNECTION|ERR_INCOMPLETE|Failed to load resource"
    with serving(site, SERVER) as (run, client):
        run.wait_for(lambda: client.get("alerts")["matching"] == 1, "an alert")
        with page_of(browser, client, f"/{target}", allow=gone) as page:
            rows = page.locator("tbody tr[data-id]")
            rows.first.wait_for()
            page.get_by_text("Live", exact=True).wait_for()
            assert run.stop() == 0
            page.get_by_text("avocet does not answer").wait_for()
            # Asks again, and is refused.
            with page.expect_event("requestfailed", lambda request: "limit=" in request.url):
                page.keyboard.press("r")
            page.evaluate("new Promise(resolve => setTimeout(resolve))")
            expect(rows).to_have_count(1)
            expect(rows).to_contain_text("first")
            with Run(["run", "-c", str(site.config)], site.directory):
                page.get_by_text("Live", exact=True).wait_for()
                expect(rows).to_have_count(1)
                expect(page.get_by_text("avocet does not answer")).to_have_count(0)


def test_an_anomaly_explains_itself(browser: Browser, running: Client) -> None:
    with page_of(browser, running, "/anomalies?q=main") as page:
        page.locator("tbody tr").nth(1).click()
        page.locator("section[aria-label=Explanation]").get_by_text("limits").wait_for()
        query = parameters(page)
        assert re.fullmatch("[0-9a-f]{32}", query["id"])
        page.goto(f"{running.base}/anomalies?from=now-1h&id={query['id']}&at={query['at']}")
        page.locator(".facts").get_by_text(query["id"]).wait_for()
        page.get_by_text("See it in the chart").click()
        page.locator(".chart canvas").first.wait_for()
        page.locator(".facts").get_by_text(query["id"]).wait_for()


def test_new_anomalies_appear_once_across_a_restart(browser: Browser, tmp_path: Path) -> None:
    site = Site(tmp_path)

    def write(name: str, spike: int) -> None:
        with (site.inbox / "a.ndjson").open("a") as out:
            out.write(series(name, 30, [spike]))

    write("first", 20)
    gone = "ERR_CONNECTION|ERR_INCOMPLETE|Failed to load resource"
    with serving(site, SERVER) as (run, client):
        run.wait_for(lambda: len(client.get("anomalies")["anomalies"]) == 1, "an anomaly")
        with page_of(browser, client, "/anomalies", allow=gone) as page:
            rows = page.locator("tbody tr")
            live = page.get_by_text("Live", exact=True)
            live.wait_for()
            rows.first.wait_for()
            write("second", 21)
            page.locator("tbody").get_by_text("second").wait_for()
            assert run.stop() == 0
            page.get_by_text("avocet does not answer").wait_for()
            write("third", 22)
            with Run(["run", "-c", str(site.config)], site.directory):
                page.locator("tbody").get_by_text("third").wait_for()
                live.wait_for()
                write("fourth", 23)
                page.locator("tbody").get_by_text("fourth").wait_for()
                ids = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
                assert len(ids) == len(set(ids)) == 4


def test_sql_is_answered_as_a_table_and_a_chart(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "query-program"
    program.write_text('#!/bin/sh\nprintf \'device,n\\n"<b>a, ""b""</b>",1\\nc,3\\nd,\\n\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("AVOCET_QUERY", str(program))
    site = Site(tmp_path)
    (site.inbox / "a.ndjson").write_text(series("new", 5))
    with (
        serving(site, SERVER) as (_, client),
        page_of(browser, client, "/data", allow="400|ERR_ABORTED") as page,
    ):
        page.get_by_label("SQL", exact=True).last.press("Control+Enter")
        rows = page.get_by_label("Result").locator("tbody tr")
        expect(rows).to_have_count(3)
        assert rows.first.locator("td").all_inner_texts() == ['<b>a, "b"</b>', "1"]
        page.get_by_role("button", name="Chart").click()
        page.get_by_text("n: 1 to 3").wait_for()
        expect(page.locator(".query-chart path")).to_have_count(1)
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert download.value.path().read_text().splitlines()[2:] == ["c,3", "d,"]
        program.write_text("#!/bin/sh\necho 'error: line 1: no' >&2\nexit 64\n")
        page.get_by_label("SQL", exact=True).last.fill("SELEKT 1")
        page.get_by_role("button", name="Run").click()
        page.get_by_text("line 1: no").wait_for()
        assert parameters(page)["sql"] == "SELEKT 1"
        program.write_text("#!/bin/sh\nexec sleep 60\n")
        page.get_by_role("button", name="Run").click()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("stopped").wait_for()


def test_without_readings_the_fleet_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, SERVER) as (_, client), page_of(browser, client, "/") as page:
        page.get_by_text("Waiting for the first reading").wait_for()
        (site.inbox / "a.ndjson").write_text(series("new", 5))
        page.locator(".grid-row").first.wait_for()


def test_other_machines_are_asked_for_a_token(browser: Browser, tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, "{listen: '0.0.0.0:PORT'}") as (run, client):
        secret = site.avocet("access", "create", "me", "-c", str(site.config)).stdout.strip()
        known = Client(client.port, secret)
        run.wait_for(lambda: known.request("GET", "/api/v1/status")[0] == 200, "the token known")
        with page_of(browser, client, "/", allow="401") as page:
            page.get_by_label("token").fill("wrong")
            page.keyboard.press("Enter")
            page.get_by_text("not known").wait_for()
            page.get_by_label("token").fill(secret)
            page.keyboard.press("Enter")
            page.get_by_text("Waiting for the first reading").wait_for()
