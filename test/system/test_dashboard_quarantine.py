"""Another try of quarantine while avocet runs, by the API and by the page Data."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dashboard import CONFIG, START_S, Client, chromium, page_of, serving
from harness import Run, Site, assert_counters_add_up, totals
from playwright.sync_api import expect
from test_dashboard_api import CHANGE, assert_valid

SERVER = "{listen: '127.0.0.1:PORT'}"
NUM_GOOD = 5  # of each name of the device


def records(**names: str) -> str:
    return "".join(
        json.dumps({"timestamp": START_S + 60 * i, "temperature": 20 + i, **names}) + "\n"
        for i in range(NUM_GOOD)
    )


def write(site: Site) -> None:
    text = records(device_id="a") + records(sensor="b") + "no json\n"
    (site.inbox / "a.ndjson").write_text(text)


def retry(client: Client, body: object, want: int) -> dict[str, object]:
    status, _, text = client.request("POST", "/api/v1/quarantine/retry", json.dumps(body), CHANGE)
    assert status == want, text
    answer: dict[str, object] = json.loads(text)
    name = "QuarantineRetry" if status < 300 else "Error"
    assert_valid({"$ref": f"#/components/schemas/{name}"}, answer)
    return answer


def correct(site: Site, run: Run, client: Client) -> None:
    """The configuration reads the other name of the device from now on."""
    text = site.config.read_text()
    site.config.write_text(text.replace("schema:\n", "schema:\n  device: sensor\n"))
    assert client.request("POST", "/-/reload", "", CHANGE)[0] == 202
    run.wait_for(lambda: is_good(client), "the new configuration")


def answer_of(client: Client, name: str) -> dict[str, Any] | None:
    """Nothing while avocet pauses."""
    try:
        status, _, text = client.request("GET", f"/api/v1/{name}")
    except OSError:
        return None
    return json.loads(text) if status == 200 else None


def is_good(client: Client) -> bool:
    system = answer_of(client, "system")
    return system is not None and any("sensor" in line["text"] for line in system["config"])


def has_retried(client: Client) -> bool:
    quarantine = answer_of(client, "quarantine")
    return quarantine is not None and quarantine["retry"]["last"] is not None


def test_records_that_are_good_now_leave_quarantine_while_avocet_runs(tmp_path: Path) -> None:
    site = Site(tmp_path)
    write(site)
    with serving(site, SERVER) as (run, client):
        run.wait_for(lambda: site.count("quarantine") == NUM_GOOD + 1, "refused records")
        # Nothing has changed: nothing begins.
        answer = retry(client, {}, 200)
        assert answer["is_begun"] is False and answer["tried"] == NUM_GOOD + 1
        assert client.get("quarantine")["retry"] == {"is_waiting": False, "last": None}
        correct(site, run, client)
        assert retry(client, {"code": "invalid_json"}, 200)["tried"] == 1
        answer = retry(client, {"code": "missing_device"}, 202)
        assert answer["is_begun"] is True and answer["good"] == NUM_GOOD
        run.wait_for(lambda: has_retried(client), "the end of the retry")
        left = client.get("quarantine")
        assert_valid({"$ref": "#/components/schemas/Quarantine"}, left)
        assert left["rows"] == 1 and left["reasons"][0]["code"] != "missing_device"
        last = left["retry"]["last"]
        assert (last["code"], last["good"], last["accepted"]) == (
            "missing_device",
            NUM_GOOD,
            NUM_GOOD,
        )
        assert last["problem"] == ""
        # The pipeline goes on.
        with (site.inbox / "a.ndjson").open("a") as out:
            out.write(records(sensor="c"))
        run.wait_for(lambda: site.count("bronze") == 3 * NUM_GOOD, "what came afterwards")
        assert client.get("device", device="b")["device"] == "b"
        assert re.search("audit: retry of quarantine begun.*user=", run.output())
        assert run.stop() == 0, run.output()
    assert_counters_add_up(site.lake)
    assert totals(site.lake)["received"] == 3 * NUM_GOOD + 1


def test_a_retry_needs_an_operator_of_this_site(tmp_path: Path) -> None:
    site = Site(tmp_path)
    write(site)
    with serving(site, "{listen: '0.0.0.0:PORT'}") as (run, anybody):
        made = site.avocet("access", "create", "eve", "--role", "viewer", "-c", str(site.config))
        viewer = Client(anybody.port, made.stdout.strip())
        run.wait_for(lambda: viewer.request("GET", "/api/v1/status")[0] == 200, "the token known")
        target = "/api/v1/quarantine/retry"
        assert anybody.request("POST", target, "{}", CHANGE)[0] == 401
        assert viewer.request("POST", target, "{}", CHANGE)[0] == 403
        assert viewer.request("POST", target, "{}")[0] == 403
        with chromium() as browser:
            cookie = viewer.request(
                "POST", "/api/v1/session", json.dumps({"token": made.stdout.strip()}), CHANGE
            )[1]["set-cookie"]
            name, value = cookie.split(";")[0].split("=", 1)
            state = {
                "cookies": [
                    {
                        "name": name,
                        "value": value,
                        "domain": "127.0.0.1",
                        "path": "/",
                        "expires": -1,
                        "httpOnly": True,
                        "secure": False,
                        "sameSite": "Strict",
                    }
                ],
                "origins": [],
            }
            with page_of(browser, viewer, "/data", storage_state=state) as page:
                page.get_by_text("missing_device").wait_for()
                expect(page.get_by_role("button", name="Retry")).to_have_count(0)


@pytest.mark.parametrize("button", ["Retry all", "Retry missing_device"])
def test_the_page_retries_and_says_how_it_went(tmp_path: Path, button: str) -> None:
    site = Site(tmp_path)
    write(site)
    with serving(site, SERVER, CONFIG) as (run, client), chromium() as browser:
        run.wait_for(lambda: site.count("quarantine") == NUM_GOOD + 1, "refused records")
        with page_of(browser, client, "/data", allow="ERR_|50[0-9]") as page:
            page.get_by_role("button", name=button).click()
            page.get_by_text("accepts none of").wait_for()
            correct(site, run, client)
            page.get_by_role("button", name=button).click()
            page.get_by_text(f"{NUM_GOOD} left quarantine").wait_for()
            page.get_by_text("1 in quarantine").wait_for()
            expect(page.get_by_text("missing_device", exact=True)).to_have_count(0)
