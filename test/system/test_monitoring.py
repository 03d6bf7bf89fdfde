"""The files of monitoring/ ask for metrics that avocet has."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dashboard import serving
from harness import ROOT, Site

MONITORING = ROOT / "monitoring"
RULES = MONITORING / "avocet.rules.yml"
METRIC = re.compile(r"\bavocet_[a-z_]+")


def test_metrics_are_there(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, "{listen: '127.0.0.1:PORT'}") as (_, client):
        page = client.request("GET", "/metrics")[2]
    known = set(re.findall(r"^# TYPE (avocet_\w+)", page, re.MULTILINE))
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) > 10
    used = set(METRIC.findall("\n".join(queries) + RULES.read_text()))
    assert used <= known
    documented = set(METRIC.findall((ROOT / "docs" / "monitoring.md").read_text()))
    assert documented == known


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_rules_fire(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "avocet_rules_test.yml").read_text()
    test = tmp_path / "test.yml"
    test.write_text(text.replace("RULES", str(RULES)))
    subprocess.run(["promtool", "test", "rules", str(test)], check=True)
