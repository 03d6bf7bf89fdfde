"""`avocet replay --from`: alerts tried on what the lake has, without sending anything."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from alert_fleet import fleet_configuration
from harness import Site
from receiver import Receiver

CHANNELS = '  channels: [{name: hook, webhook: {url: "URL/hook", allow_private: true}}]\n'
BEGIN = ("--from", "2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("backtest"))
    with Receiver() as receiver:
        site.configure(
            fleet_configuration(2000)
            + CHANNELS.replace("URL", receiver.url)
            + "engine: {tick_records: 500}\n"
        )
        site.drain()
    return site


def backtest(site: Site, *arguments: str) -> dict[str, Any]:
    done = site.avocet("replay", "-c", str(site.config), "-f", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def plain(row: dict[str, Any]) -> str:
    """A row of the table or of --rows, comparable."""

    def value(name: str, cell: Any) -> Any:
        if name in ("event_time", "opened_at"):
            time = datetime.fromisoformat(cell) if isinstance(cell, str) else cell
            return time.timestamp()
        # A whole number of JSON may be a double of the table.
        return float(cell) if isinstance(cell, int) else cell

    return str(sorted((name, value(name, cell)) for name, cell in row.items()))


def test_the_rows_are_those_of_the_run(fleet: Site) -> None:
    rows = fleet.directory / "rows.ndjson"
    summary = backtest(fleet, *BEGIN, "--rows", str(rows))["backtest"]
    tried = [plain(json.loads(line)) for line in rows.read_text().splitlines()]
    live = [plain(row) for row in fleet.rows("alerts").to_pylist()]
    assert len(live) > 20
    assert sorted(tried) == sorted(live)
    assert summary["changes"] == len(live)
    assert summary["anomalies"] == fleet.count("anomalies")
    assert summary["readings"] == fleet.count("silver")


def test_counts_are_those_of_the_rows(fleet: Site) -> None:
    summary = backtest(fleet, *BEGIN)["backtest"]
    by_alert: dict[str, list[str]] = {}
    for row in sorted(fleet.rows("alerts").to_pylist(), key=lambda row: row["change"]):
        by_alert.setdefault(row["id"], []).append(row["state"])
    fired = [states for states in by_alert.values() if {"firing", "flapping"} & set(states)]
    assert summary["alerts"]["fired"] == len(fired)
    assert summary["alerts"]["cleared"] == sum(states[-1] == "cleared" for states in fired)
    assert summary["alerts"]["open"] == sum(states[-1] != "cleared" for states in fired)
    assert summary["alerts"]["flapping"] == sum("flapping" in states for states in fired)
    assert summary["alerts"]["never_fired"] == len(by_alert) - len(fired) - sum(
        states[-1] == "pending" for states in by_alert.values()
    )
    told = [
        row
        for row in fleet.rows("alerts").to_pylist()
        if row["state"] in ("firing", "flapping")
        or (row["state"] == "cleared" and by_alert[row["id"]] in fired)
    ]
    channel = summary["channels"]["hook"]
    assert channel["messages"] + channel["digested"] == len(told)


def test_nothing_is_sent_and_nothing_is_written(fleet: Site) -> None:
    with Receiver() as receiver:
        config = fleet.directory / "sending.yaml"
        text = fleet.config.read_text()
        config.write_text(re.sub(r"http://[\d.:]+/hook", f"{receiver.url}/hook", text))
        versions = sorted(path.name for path in fleet.lake.rglob("_delta_log/*.json"))
        done = fleet.avocet("replay", "-c", str(config), *BEGIN)
        assert done.returncode == 0, done.stderr
        assert "nothing was sent" in done.stdout and "hook" in done.stdout
        assert receiver.requests == []
        assert sorted(path.name for path in fleet.lake.rglob("_delta_log/*.json")) == versions


def test_another_configuration_is_compared(fleet: Site) -> None:
    other = fleet.directory / "new.yaml"
    text = fleet.config.read_text().replace("{name: one}", "{name: one, fire_score: 2}")
    # Whatever lake it names: both look at that of the configuration in use.
    other.write_text(text.replace(str(fleet.lake), str(fleet.directory / "nowhere")))
    page = fleet.directory / "report.html"
    done = fleet.avocet(
        "replay", "-c", str(other), "--diff", "--base", str(fleet.config), *BEGIN,
        "--truth", str(fleet.inbox / "truth.ndjson"), "--report", str(page), "-f", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    was, now = answer["compared_with"], answer["backtest"]
    assert was["alerts"] == backtest(fleet, *BEGIN)["backtest"]["alerts"]
    assert now["rules"]["one"]["fired"] < was["rules"]["one"]["fired"]
    assert now["rules"]["twice"] == was["rules"]["twice"]
    for score in (was["score"], now["score"]):
        assert score["faults"] > 5
        assert 0 < score["recall"] <= 1 and 0 < score["precision"] <= 1
        assert score["delay_seconds_median"] >= 0
    assert now["score"]["found"] <= was["score"]["found"]
    html = page.read_text()
    assert "<script" not in html and "src=" not in html and "href=" not in html
    assert "Alerts that would not have been" in html and "<svg" in html


def test_a_part_of_the_past(fleet: Site) -> None:
    hour = ("--from", "2026-01-01T01:00:00Z", "--to", "2026-01-01T02:00:00Z")
    rows = fleet.directory / "hour.ndjson"
    backtest(fleet, *hour, "--rows", str(rows))
    tried = [plain(json.loads(line)) for line in rows.read_text().splitlines()]
    live = [plain(row) for row in fleet.rows("alerts").to_pylist() if row["event_time"].hour == 1]
    assert live and sorted(tried) == sorted(live)
    # With less of what came before, detectors know less.
    short = backtest(fleet, *hour, "--warm-up", "30m")["backtest"]
    assert short["bronze_rows"] < backtest(fleet, *hour)["backtest"]["bronze_rows"]
    assert short["readings"] == backtest(fleet, *hour)["backtest"]["readings"]
    week = backtest(fleet, "--from", "now-7d")["backtest"]
    assert week["readings"] == fleet.count("silver")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a file to play"),
        (("--from", "yesterday"), "is no time"),
        (("--from", "now", "--to", "now-1h"), "--from must be before --to"),
        (("--from", "now-1h", "--base", "x.yaml"), "--base is what --diff compares with"),
        (("a.csv", "--from", "now-1h"), "leave the file out"),
        (("--from", "now-1h", "--warm-up", "long"), "--warm-up"),
    ],
)
def test_mistakes_are_told(fleet: Site, arguments: tuple[str, ...], said: str) -> None:
    done = fleet.avocet("replay", "-c", str(fleet.config), *arguments)
    assert done.returncode == 64
    assert said in done.stderr
