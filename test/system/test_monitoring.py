"""The files of monitoring/ ask for metrics that avocet has."""

import itertools
import json
import re
import subprocess
import time
from pathlib import Path

import pytest
from dashboard import serving
from harness import ROOT, Site
from receiver import Answer, Receiver
from services import install

MONITORING = ROOT / "monitoring"
RULES = MONITORING / "avocet.rules.yml"
METRIC = re.compile(r"\b(?:avocet|process)_[a-z_]+")


WATCHED = """
lake: {lake}
server: {SERVER}
storage: {commit: {interval: 200ms}}
sources: [{file: {path: "{in}/*.ndjson", poll_interval: 20ms}}]
schema: {metrics: {t: {}}}
detectors: [{type: threshold, name: limits, metrics: [t], max: 10}]
alerts:
  channels: [{name: hook, webhook: {url: "HOOK", allow_private: true}}]
"""


def test_metrics_are_there(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (_, client):
        page = client.request("GET", "/metrics")[2]
    known = set(re.findall(r"^# TYPE ((?:avocet|process)_\w+)", page, re.MULTILINE))
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) > 10
    used = set(METRIC.findall("\n".join(queries) + RULES.read_text()))
    histograms = re.findall(r"^# TYPE (avocet_\w+) histogram", page, re.MULTILINE)
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    assert used <= known | parts
    documented = set(METRIC.findall((ROOT / "docs" / "monitoring.md").read_text()))
    assert documented - parts == known


def histogram(page: str, name: str, stage: str) -> list[int]:
    """The counts of its buckets, and of all."""
    pattern = rf'^avocet_{name}_seconds_(?:bucket|count){{stage="{stage}"[^}}]*}} (\d+)$'
    return [int(count) for count in re.findall(pattern, page, re.MULTILINE)]


def test_latencies_count_every_record_and_message_at_every_stage(tmp_path: Path) -> None:
    lines = [f'{{"device_id":"d{i}","timestamp":{1_735_689_600 + i},"t":1}}\n' for i in range(50)]
    lines[25] = '{"device_id":"d25","timestamp":1735689625,"t":20}\n'
    site = Site(tmp_path)
    page = ""

    def all_counted() -> bool:
        nonlocal page
        page = client.request("GET", "/metrics")[2]
        in_tables = histogram(page, "event_to_commit", "tables")[-1] == len(lines)
        return in_tables and histogram(page, "event_to_alert", "delivered")[-1] == 1

    with (
        Receiver() as receiver,
        serving(
            site, "{listen: '127.0.0.1:PORT'}", WATCHED.replace("HOOK", f"{receiver.url}/hook")
        ) as (run, client),
    ):
        (site.inbox / "a.ndjson").write_text("".join(lines))
        run.wait_for(all_counted, "the records in all tables, and the message delivered")
        system = client.get("system")
    for name, stages, count in (
        ("event_to_commit", ("judged", "written", "bronze", "tables"), len(lines)),
        ("event_to_alert", ("judged", "stored", "delivered"), 1),
    ):
        counts = [histogram(page, name, stage) for stage in stages]
        for buckets in counts:
            assert buckets == sorted(buckets) and buckets[-2:] == [count, count]
        # What comes to a later stage comes there later.
        for before, after in itertools.pairwise(counts):
            assert all(a >= b for a, b in zip(before, after, strict=True))
        shown = system[name.replace("event_", "") + "_ms"]
        assert [(row["stage"], row["count"]) for row in shown] == [(s, count) for s in stages]
        assert all(0 < row["p50"] <= row["p99"] <= row["max"] for row in shown)
    for stage in ("poll", "decode", "state", "collect", "files", "commit"):
        assert histogram(page, "stage_duration", stage)[-1] > 0


def test_alerts_and_their_messages_are_counted(tmp_path: Path) -> None:
    """One message is delivered at the second attempt, one is silenced, one waits."""
    site = Site(tmp_path)
    values: dict[str, float] = {}

    def write(name: str, value: float) -> None:
        text = f'{{"device_id":"{name}","timestamp":1735689600,"t":{value}}}\n'
        (site.inbox / f"{name}.ndjson").write_text(text)

    def has(metric: str, value: float) -> bool:
        page = client.request("GET", "/metrics")[2]
        samples = re.findall(r"^([a-z_]+(?:{.*})?) (\S+)$", page, re.MULTILINE)
        values.update((name, float(number)) for name, number in samples)
        return values.get(metric) == value

    def sent(result: str) -> str:
        return f'avocet_notifications_total{{channel="hook",result="{result}"}}'

    waiting = 'avocet_notification_outbox{channel="hook"}'
    with Receiver() as receiver:
        receiver.script = [Answer(500)]
        config = WATCHED.replace("HOOK", f"{receiver.url}/hook")
        with serving(site, "{listen: '127.0.0.1:PORT'}", config) as (run, client):
            write("one", 20)
            run.wait_for(lambda: has(sent("delivered"), 1), "the message")
            assert values[sent("retried")] == 1 and values[waiting] == 0
            done = site.avocet("alerts", "mute", "--device", "two", "-c", str(site.config))
            assert done.returncode == 0, done.stderr
            write("two", 20)
            run.wait_for(lambda: has(sent("silenced"), 1), "the silence")
            receiver.answer = lambda _: Answer(500)
            write("three", 20)
            run.wait_for(lambda: has(waiting, 1), "the alert that waits")
            run.wait_for(
                lambda: has('avocet_alerts_active{severity="critical"}', 3), "the active alerts"
            )
            assert values[sent("delivered")] == 1 and values[sent("failed")] == 0
            assert values["avocet_devices_silent"] == 0
            assert values["process_resident_memory_bytes"] > 1e6
            assert 0 < values["process_open_fds"] < values["process_max_fds"]
            assert abs(values["process_start_time_seconds"] - time.time()) < 3600


@pytest.fixture(scope="module")
def promtool() -> list[str]:
    return [install("promtool.sh"), "run"]


def test_the_metrics_are_well_formed(promtool: list[str], tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (_, client):
        page = client.request("GET", "/metrics")[2]
    judged = subprocess.run(
        [*promtool, "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_rules_fire(promtool: list[str], tmp_path: Path) -> None:
    text = (Path(__file__).parent / "avocet_rules_test.yml").read_text()
    test = tmp_path / "test.yml"
    test.write_text(text.replace("RULES", str(RULES)))
    subprocess.run([*promtool, "check", "rules", str(RULES)], check=True)
    subprocess.run([*promtool, "test", "rules", str(test)], check=True)
