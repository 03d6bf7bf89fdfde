"""From a reading over HTTP to the webhook that tells of it, under load, over loopback."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import multiprocessing
import pathlib
import queue
import shutil
import subprocess
import time

import deltalake
from common import AVOCET, check, free_port, median, wait_until_listening

READINGS_PER_SECOND = 20_000
BATCH = 500
DEVICES = 1000
PROBES_PER_SECOND = 10
LIMIT = 100
GOAL_MS = 100

CONFIG = """\
lake: {lake}
sources:
  - http: {{listen: "127.0.0.1:{port}"}}
schema:
  metrics: {{temperature: {{}}, humidity: {{}}}}
detectors:
  - {{name: limits, type: threshold, metrics: [temperature], max: {limit}}}
alerts:
  rules: [{{name: hot, detectors: limits}}]
  channels:
    - rate_limit: 0
      webhook: {{url: "http://127.0.0.1:{hook}/", allow_private: true}}
server: {{enabled: false}}
"""


def receive(ready: multiprocessing.Queue, told: multiprocessing.Queue) -> None:
    """Serves the webhook, as a process: puts (device, monotonic seconds) for each alert."""

    class Hook(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            now = time.monotonic()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            for alert in json.loads(body)["alerts"]:
                told.put((alert["device_id"], now))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        ready.put(server.server_address[1])
        server.serve_forever()


def send(port: int, seconds: int) -> tuple[dict[str, float], int, float]:
    """Sends batches at the set rate; returns when each probe left, readings and seconds."""
    rows = [
        f',"temperature":{20 + i % 7 / 10:.2f},"humidity":{40 + i % 11:.1f}}}\n'
        for i in range(DEVICES)
    ]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-ndjson"}
    requests_per_second = READINGS_PER_SECOND // BATCH
    sent: dict[str, float] = {}
    readings = 0
    begin = time.monotonic()
    for number in range(seconds * requests_per_second):
        due = begin + number / requests_per_second
        time.sleep(max(0.0, due - time.monotonic()))
        stamp = int(time.time() * 1000)
        first = number * BATCH % DEVICES
        lines = [
            f'{{"device_id":"d{i}","timestamp":{stamp}{rows[i]}'
            for i in range(first, first + BATCH)
        ]
        if number % (requests_per_second // PROBES_PER_SECOND) == 0:
            # A device of its own, so that each probe opens an alert, in the middle of a batch.
            probe = f"probe-{number}"
            lines[BATCH // 2] = (
                f'{{"device_id":"{probe}","timestamp":{stamp},"temperature":{LIMIT + 1}}}\n'
            )
            sent[probe] = time.monotonic()
        connection.request("POST", "/api/v1/readings", "".join(lines), headers)
        response = connection.getresponse()
        answer = response.read()
        check(response.status == 200, f"a request was answered {response.status}: {answer!r}")
        readings += BATCH
    return sent, readings, time.monotonic() - begin


def alert_latency(work: pathlib.Path, quick: bool) -> dict:
    lake = work / "lake-alerts"
    shutil.rmtree(lake, ignore_errors=True)
    ready: multiprocessing.Queue = multiprocessing.Queue()
    told: multiprocessing.Queue = multiprocessing.Queue()
    hook = multiprocessing.Process(target=receive, args=(ready, told), daemon=True)
    hook.start()
    port = free_port()
    config = work / "alerts.yaml"
    config.write_text(CONFIG.format(lake=lake, port=port, hook=ready.get(timeout=30), limit=LIMIT))
    with subprocess.Popen([AVOCET, "run", "-c", str(config), "-q"]) as run:
        try:
            wait_until_listening(port, run)
            sent, readings, seconds = send(port, 5 if quick else 30)
            arrived: dict[str, float] = {}
            with contextlib.suppress(queue.Empty):
                while len(arrived) < len(sent):
                    device, when = told.get(timeout=30)
                    arrived.setdefault(device, when)
        finally:
            run.terminate()
            hook.kill()
        check(run.wait(timeout=120) == 0, "avocet did not end cleanly")
    check(arrived.keys() == sent.keys(), f"told of {len(arrived)} of {len(sent)} probes")
    bronze = deltalake.DeltaTable(str(lake / "iot_catalog/raw/sensor_readings"))
    rows = bronze.to_pyarrow_dataset().count_rows()
    check(rows == readings, f"{readings} acknowledged, {rows} in bronze")
    check(readings / seconds > 0.95 * READINGS_PER_SECOND, "the load was not kept up")
    delays = sorted(1e3 * (arrived[probe] - sent[probe]) for probe in sent)
    p99 = delays[len(delays) * 99 // 100]
    check(p99 < GOAL_MS, f"p99 from a reading to the webhook is {p99:.0f} ms")
    return {
        "readings_per_second": round(readings / seconds),
        "alerts": len(delays),
        "reading_to_webhook_ms_p50": round(median(delays), 1),
        "reading_to_webhook_ms_p99": round(p99, 1),
        "reading_to_webhook_ms_max": round(delays[-1], 1),
    }
