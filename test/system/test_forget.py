"""`avocet forget` beyond the tables: journals, what people did, an audit log that stays whole."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import ListeningSite, assert_counters_add_up
from http_client import post

DEVICE = "press-0417"
OTHER = "press-04171"  # begins with the name, and is another device


class PushSite(ListeningSite):
    def configure_push(self, interval: str) -> None:
        # Small commits in the first place; later ones that never come on their own.
        self.config.write_text(
            json.dumps(
                {
                    "lake": str(self.lake),
                    "storage": {"commit": {"interval": interval}},
                    "sources": [{"http": {"listen": f"127.0.0.1:{self.port}"}}],
                    "schema": {"metrics": {"temperature": {"range": [-40, 85]}}},
                }
            )
        )

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.avocet(*words, "-c", str(self.config))

    def json(self, *words: str) -> dict[str, Any]:
        done = self.ask(*words, "-f", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def holds(self, text: str) -> list[Path]:
        """Files in which a name is found that is not the beginning of the other one."""
        other = OTHER.encode()
        return [
            path
            for path in self.lake.rglob("*")
            if path.is_file() and text.encode() in path.read_bytes().replace(other, b"")
        ]


def reading(device: str, second: int) -> str:
    when = 1623781706 + second
    return json.dumps({"device_id": device, "timestamp": when, "temperature": 20.5})


def test_a_journal_forgets_what_bronze_has_and_what_it_has_not(tmp_path: Path) -> None:
    site = PushSite(tmp_path)
    site.configure_push("50ms")
    with site.start() as run:
        lines = "".join(reading(d, s) + "\n" for s in range(5) for d in (DEVICE, OTHER))
        assert post(site.port, lines, Content_Type="application/x-ndjson").status == 200
        run.wait_for(lambda: site.count("bronze") >= 10, "10 rows", timeout=60)
        assert run.stop() == 0
    assert site.json("forget", DEVICE, "--dry-run")["journal_records"] == 5
    # Acknowledged, and killed before any commit: these are nowhere but in the journal.
    site.configure_push("1h")
    with site.start() as run:
        table = "device_id,timestamp,temperature\n"
        table += "".join(f"{d},{1623781800 + s},1\n" for s in range(3) for d in (OTHER, DEVICE))
        assert post(site.port, table, Content_Type="text/csv").status == 200
        assert post(site.port, reading(DEVICE, 200)).status == 200
        assert post(site.port, reading(OTHER, 201)).status == 200
        run.kill()
    assert site.count("bronze") == 10

    dry = site.json("forget", DEVICE, "--dry-run")
    assert dry["found"] and dry["journal_records"] == 3 + 1, "the start trimmed the others"
    report = site.json("forget", DEVICE)
    assert report["journal_records"] == 4 and report["remaining"] == []
    assert site.holds(DEVICE) == []
    assert "clean" in site.ask("fsck").stdout
    assert site.json("forget", DEVICE)["found"] is False

    # What is left of the journal reaches bronze; each record that went is counted, with its reason.
    site.configure_push("50ms")
    with site.start() as run:
        run.wait_for(lambda: site.rows("bronze").num_rows >= 9, "the rest", timeout=60)
        run.wait_for(lambda: site.rows("quarantine").num_rows >= 4, "the reasons", timeout=60)
        assert run.stop() == 0
    assert {row["device_id"] for row in site.rows("bronze").to_pylist()} == {OTHER}
    assert site.rows("bronze").num_rows == 5 + 3 + 1
    gone = site.rows("quarantine").to_pylist()
    assert [(row["code"], row["payload"]) for row in gone] == [("forgotten", b"")] * 4
    assert_counters_add_up(site.lake)
    assert site.holds(DEVICE) == []


def test_a_number_as_a_name_takes_no_values_along(tmp_path: Path) -> None:
    site = PushSite(tmp_path)
    site.configure_push("1h")
    with site.start() as run:
        body = "".join(
            json.dumps({"device_id": d, "timestamp": 1623781706 + s, "temperature": 17}) + "\n"
            for s in range(3)
            for d in ("17", "18")
        )
        assert post(site.port, body, Content_Type="application/x-ndjson").status == 200
        run.kill()
    done = site.ask("forget", "17", "-f", "json")
    # Times in the log of Delta may look like the name, which the report says.
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["journal_records"] == 3
    site.configure_push("50ms")
    with site.start() as run:
        run.wait_for(lambda: site.rows("bronze").num_rows >= 3, "the others", timeout=60)
        assert run.stop() == 0
    assert site.rows("bronze").column("device_id").to_pylist() == ["18"] * 3


CONFIG = """\
lake: {lake}
sources: [{file: {path: {in}}}]
schema: {metrics: {t: {}}}
detectors: [{name: odd, type: zscore, min_samples: 30, sigma: 4}]
alerts:
  rules: [{name: heat, hold_off: 5s, flapping: {fires: 0}}]
"""


@pytest.fixture
def site(tmp_path: Path) -> PushSite:
    """Two devices with an alert each."""
    site = PushSite(tmp_path)
    site.configure(CONFIG)
    with (site.inbox / "a.ndjson").open("w") as out:
        for second in range(100):
            value = 200 if second == 60 else 20 + second % 7 / 10
            for device in (DEVICE, OTHER):
                when = 1623781706 + second
                out.write(json.dumps({"device_id": device, "timestamp": when, "t": value}) + "\n")
    site.drain()
    return site


def alert_of(site: PushSite, device: str) -> str:
    rows = site.rows("alerts").to_pylist()
    return next(row["id"] for row in rows if row["device_id"] == device)


def test_what_people_did_is_forgotten_and_the_audit_log_stays_whole(site: PushSite) -> None:
    own, others = alert_of(site, DEVICE), alert_of(site, OTHER)
    for words in (
        ["alerts", "comment", own, "bearing of the old press"],
        ["alerts", "comment", others, f"as on {DEVICE} last week"],
        ["alerts", "comment", others, "a new bearing is ordered"],
        ["alerts", "mute", "--device", DEVICE, "--reason", "repair"],
        ["alerts", "mute", "--device", OTHER],
        ["access", "create", "ann"],
    ):
        done = site.ask(*words)
        assert done.returncode == 0, done.stderr
    before = site.json("audit", "verify")
    assert before["whole"] and before["entries"] == 6 and before["redacted"] == 0

    report = site.json("forget", DEVICE)
    assert report["remaining"] == []
    assert report["audit_entries"] == 1, "the mute that names it"
    assert site.holds(DEVICE) == []
    assert not any(b"old press" in p.read_bytes() for p in site.lake.rglob("alerts.db*"))
    mutes = json.loads(site.ask("alerts", "mutes", "-f", "json").stdout)
    assert [mute["device"] for mute in mutes] == [OTHER]
    shown = site.ask("alerts", "show", others).stdout
    assert "a new bearing is ordered" in shown and "last week" not in shown

    after = site.json("audit", "verify", "--kept", f"{before['entries']}:{before['head']}")
    assert after["whole"] and after["entries"] == 7 and after["redacted"] == 1
    lines = [
        json.loads(line) for line in site.ask("audit", "list", "-f", "json").stdout.split("\n")[:-1]
    ]
    assert [line["entry"] is None for line in lines] == [False] * 3 + [True] + [False] * 3
    assert lines[-1]["entry"]["action"] == "device forgotten"
    assert lines[-1]["entry"]["details"]["redacted"] == "4"
    assert "clean" in site.ask("fsck").stdout


def test_fsck_finds_a_changed_audit_log(site: PushSite) -> None:
    for name in ("one", "two", "three"):
        assert site.ask("alerts", "mute", "--device", name).returncode == 0
    path = site.lake / "_avocet" / "audit.db"
    data = path.read_bytes()
    assert data.count(b'"two"') == 1
    path.write_bytes(data.replace(b'"two"', b'"twp"'))
    done = site.ask("fsck")
    assert done.returncode == 65
    assert "audit.db: entry 2 does not say what was written" in done.stdout
    done = site.ask("audit", "verify")
    assert done.returncode == 65 and "error: entry 2" in done.stdout
    assert site.ask("audit", "verify", "--kept", "x").returncode == 64
