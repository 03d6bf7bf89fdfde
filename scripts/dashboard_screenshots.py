#!/usr/bin/env python3
"""Makes docs/images/dashboard-*.png: a simulated fleet with faults, as README and docs show it.

Usage: ~/.cache/avocet/venv/bin/python scripts/dashboard_screenshots.py [DIRECTORY]
(after make build and scripts/setup.sh test)
"""

import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "system"))

from dashboard import Client, chromium, serving  # noqa: E402
from harness import Site  # noqa: E402

HOUR_US = 3_600_000_000
CONFIG = """
lake: {lake}
server: {SERVER}
storage: {commit: {interval: 500ms}}
sources:
  - simulate: {devices: 60, period: 10s, speed: 3000, seed: 7, start_time: 2025-01-01T00:00:00Z,
               faults: [spike, level_shift, dropout]}
schema:
  metrics:
    temperature: {unit: degC, range: [-40, 150]}
    humidity: {unit: "%", range: [0, 100]}
    air_quality: {range: [0, 500]}
devices:
  labels:
    - {devices: ["dev-000?", "dev-001?"], labels: {site: north}}
    - {devices: ["dev-002?", "dev-003?"], labels: {site: south}}
    - {devices: ["dev-004?", "dev-005?", "dev-0060"], labels: {site: west}}
    - {devices: ["*1", "*3", "*5", "*7", "*9"], labels: {line: A}}
    - {devices: ["*0", "*2", "*4", "*6", "*8"], labels: {line: B}}
detectors:
  - {type: mad, metrics: [temperature, humidity], window: 120, threshold: 9, critical: 16}
  - {type: missing}
alerts: {rules: [{name: anomaly, min_severity: critical, hold_off: 30m}]}
"""


def shown_anomaly(client: Client) -> dict[str, Any]:
    """The clearest one that is neither the first nor off the scale."""
    rows = client.get("anomalies", metric="temperature", severity="critical", limit=500)
    return max(rows["anomalies"], key=lambda row: min(row["score"], 60))


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        site = Site(Path(directory))
        with serving(site, "{listen: '127.0.0.1:PORT'}", CONFIG) as (run, client):
            run.wait_for(
                lambda: (
                    client.get("system")["totals"]["received"] > 60 * 360 * 10
                    and len(client.get("anomalies", metric="temperature")["anomalies"]) > 10
                ),
                "ten hours of readings",
                timeout=120,
            )
            anomaly = shown_anomaly(client)
            alert = client.get("alerts", device=anomaly["device"], metric="temperature")["alerts"][
                0
            ]["id"]
            device = urlencode(
                {
                    "device": anomaly["device"],
                    "from": anomaly["time_us"] - 2 * HOUR_US,
                    "to": anomaly["time_us"] + HOUR_US,
                    "anomaly": anomaly["id"],
                }
            )
            with chromium() as browser:
                for scheme in ("light", "dark"):
                    context = browser.new_context(
                        viewport={"width": 1440, "height": 900},
                        color_scheme=scheme,
                        timezone_id="UTC",
                    )
                    page = context.new_page()
                    for name, (target, ready) in {
                        "fleet": ("/", ".grid-row"),
                        "device": (f"/device?{device}", ".chart canvas"),
                        "alerts": (f"/alerts?id={alert}", ".timeline"),
                    }.items():
                        page.goto(client.base + target)
                        page.locator(ready).first.wait_for()
                        page.wait_for_timeout(2500)
                        page.screenshot(path=out / f"dashboard-{name}-{scheme}.png")
                    context.close()


main()
