"""The chart of a device over its whole life: six metrics of a million rows, read from silver."""

from __future__ import annotations

import http.client
import json
import math
import pathlib
import shutil
import subprocess
import time
from urllib.parse import urlencode

from common import AVOCET, check, free_port, median, run_avocet, wait_until_listening

METRICS = ["temperature", "humidity", "air_quality", "light", "loudness", "vibration"]
START_S = 1_735_689_600
POINTS = 1400  # of a chart on a wide screen
GOAL_MS = 500

CONFIG = """\
lake: {lake}
sources:
  - file: {{path: "{source}"}}
schema:
  metrics: {{{metrics}}}
detectors:
  - {{name: three_sigma, type: zscore, sigma: 3}}
server: {{listen: "127.0.0.1:{port}"}}
"""


def series(work: pathlib.Path, quick: bool) -> dict:
    rows = 100_000 if quick else 1_000_000
    lake, source = work / "lake-series", work / "series.ndjson"
    shutil.rmtree(lake, ignore_errors=True)
    with source.open("w") as file:
        for i in range(rows):
            values = ",".join(
                f'"{name}":{50 + 9 * math.sin(i / 9000 + m) + i % 13 / 10:.2f}'
                for m, name in enumerate(METRICS)
            )
            file.write(f'{{"device_id":"d","timestamp":{START_S + i},{values}}}\n')
    port = free_port()
    config = work / "series.yaml"
    metrics = ", ".join(f"{name}: {{}}" for name in METRICS)
    config.write_text(CONFIG.format(lake=lake, source=source, metrics=metrics, port=port))
    run_avocet(config)
    query = {
        "device": "d",
        "metrics": ",".join(METRICS),
        "from": START_S * 1_000_000,
        "to": (START_S + rows) * 1_000_000,
        "points": POINTS,
    }
    times = []
    # A new process: nothing is in memory.
    with subprocess.Popen([AVOCET, "run", "-c", str(config), "-q"]) as run:
        try:
            wait_until_listening(port, run)
            for _ in range(5 if quick else 15):
                begin = time.monotonic()
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("GET", f"/api/v1/series?{urlencode(query)}")
                response = connection.getresponse()
                body = response.read()
                times.append(1e3 * (time.monotonic() - begin))
                check(response.status == 200, f"the answer was {response.status}: {body!r}")
                answer = json.loads(body)
                check(answer["readings"] == rows, f"{answer['readings']} of {rows} readings")
                check(answer["problem"] == "", answer["problem"])
                check(len(answer["metrics"]) == len(METRICS), "a metric is missing")
                check(len(answer["time_us"]) <= POINTS, "more points than were asked for")
        finally:
            run.terminate()
        check(run.wait(timeout=120) == 0, "avocet did not end cleanly")
    check(median(times) < GOAL_MS, f"the answer takes {median(times):.0f} ms")
    return {
        "rows": rows,
        "first_ms": round(times[0]),
        "median_ms": round(median(times)),
        "slowest_ms": round(max(times)),
        "answer_kb": round(len(body) / 1000),
    }
