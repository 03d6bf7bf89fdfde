"""A false positive moves the gate of its series: proposed, tried on the past, applied, reverted."""

import json
from pathlib import Path
from typing import Any

from harness import Site, read_table

CONFIG = """\
lake: {lake}
storage: {commit: {interval: 50ms}}
sources: [{file: {path: {in}, poll_interval: 5ms}}]
schema: {metrics: {t: {unit: degC}, u: {}}}
detectors:
  - {name: odd, type: zscore, min_samples: 30, sigma: 4, exclude_anomalies: true}
alerts:
  rules: [{name: heat, hold_off: 5s, flapping: {fires: 0}}]
"""
PERIOD = 100  # readings from one spike to the next


def lines(device: str, first: int, spikes: dict[int, float]) -> str:
    """A reading each second, with spikes at some of them."""
    text = ""
    for second in range(first, first + PERIOD):
        value = spikes.get(second, 20 + second % 7 / 10)
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        text += f'{{"device_id":"{device}","timestamp":"2026-01-15T{clock}Z","t":{value},"u":1}}\n'
    return text


def fired(site: Site, device: str) -> list[dict[str, Any]]:
    rows = site.rows("alerts").to_pylist()
    return sorted(
        (row for row in rows if row["device_id"] == device and row["state"] == "firing"),
        key=lambda row: row["event_time"],
    )


def test_a_false_positive_moves_the_gate_and_back(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG)
    file = site.inbox / "a.ndjson"
    config = ("-c", str(site.config))

    def more(first: int, spike: float) -> None:
        with file.open("a") as out:
            for device in ("d", "e"):
                out.write(lines(device, first, {first + 60: spike}))
        site.drain()

    more(0, 25)
    more(PERIOD, 25)
    assert len(fired(site, "d")) == len(fired(site, "e")) == 2
    newest = fired(site, "d")[-1]

    done = site.avocet("alerts", "label", newest["id"], "false-positive", "--by", "ann", *config)
    assert done.returncode == 0, done.stderr
    assert "proposed: t of d count for alerts from score" in done.stdout
    assert "in the 7 days before, 2 alerts would have been 0" in done.stdout
    assert "no gate was moved" in site.avocet("alerts", "gates", *config).stdout
    wrong = site.avocet("alerts", "label", newest["id"], "true-positive", "--apply", *config)
    assert wrong.returncode == 64

    done = site.avocet(
        "alerts", "label", newest["id"], "false-positive", "--apply", "--by", "ann", *config
    )
    assert done.returncode == 0 and "gate 1 is moved" in done.stdout, done.stderr
    gates = json.loads(site.avocet("alerts", "gates", *config, "-f", "json").stdout)
    assert gates[0]["device_id"] == "d" and gates[0]["metric"] == "t" and gates[0]["from"] == ""
    assert gates[0]["min_score"] > newest["score"]

    more(2 * PERIOD, 25)
    assert len(fired(site, "d")) == 2 and len(fired(site, "e")) == 3
    # The anomaly is recorded all the same.
    anomalies = site.rows("anomalies").to_pylist()
    assert sum(row["device_id"] == "d" for row in anomalies) == sum(
        row["device_id"] == "e" for row in anomalies
    )
    more(3 * PERIOD, 200)
    assert len(fired(site, "d")) == 3 and len(fired(site, "e")) == 4

    done = site.avocet("alerts", "revert", "1", *config)
    assert done.returncode == 0, done.stderr
    assert site.avocet("alerts", "revert", "1", *config).returncode == 69
    more(4 * PERIOD, 200)
    assert len(fired(site, "d")) == 4
    gate = json.loads(site.avocet("alerts", "gates", *config, "-f", "json").stdout)[0]
    assert gate["reverted"] and gate["from"] < gate["until"]

    # Each gate holds where it held: in a rebuild, and in a backtest.
    live = sorted(map(str, site.rows("alerts").to_pylist()))
    done = site.avocet("rebuild", *config)
    assert done.returncode == 0, done.stderr
    assert sorted(map(str, read_table(site.lake, "alerts").to_pylist())) == live
    rows = tmp_path / "rows.ndjson"
    done = site.avocet("replay", "--from", "now-1d", "--rows", str(rows), *config)
    assert done.returncode == 0, done.stderr
    tried = [json.loads(line) for line in rows.read_text().splitlines()]
    assert [row["id"] for row in tried if row["device_id"] == "d" and row["state"] == "firing"] == [
        row["id"] for row in fired(site, "d")
    ]
    # So do labels.
    shown = site.avocet("alerts", "show", newest["id"], *config).stdout
    assert "labelled by ann: false-positive" in shown


def test_a_gate_stays_below_true_positives(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG)
    file = site.inbox / "a.ndjson"
    file.write_text(
        lines("d", 0, {60: 25})
        + lines("d", PERIOD, {PERIOD + 60: 25.2})
        + lines("d", 2 * PERIOD, {})
    )
    site.drain()
    weak, strong = sorted(fired(site, "d"), key=lambda row: row["score"])
    config = ("-c", str(site.config))
    site.avocet("alerts", "label", strong["id"], "true-positive", *config)
    done = site.avocet("alerts", "label", weak["id"], "false-positive", "--apply", *config)
    assert done.returncode == 0, done.stderr
    gate = json.loads(site.avocet("alerts", "gates", *config, "-f", "json").stdout)[0]
    assert weak["score"] < gate["min_score"] < strong["score"]
    done = site.avocet("alerts", "label", strong["id"], "false-positive", *config)
    assert "careful" not in done.stdout
    site.avocet("alerts", "label", weak["id"], "true-positive", *config)
    done = site.avocet("alerts", "label", strong["id"], "false-positive", *config)
    assert "careful: it would have hidden 1" in done.stdout


def test_forget_removes_gates(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG)
    (site.inbox / "a.ndjson").write_text(lines("press-17", 0, {60: 25}) + lines("e", 0, {}))
    site.drain()
    config = ("-c", str(site.config))
    alert = fired(site, "press-17")[0]["id"]
    site.avocet("alerts", "label", alert, "false-positive", "--apply", *config)
    done = site.avocet("forget", "press-17", *config)
    assert done.returncode == 0, done.stderr
    assert "no gate was moved" in site.avocet("alerts", "gates", *config).stdout
