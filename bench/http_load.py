#!/usr/bin/env python3
"""How fast readings are acknowledged over HTTP, on disk, and what that costs.

Starts avocet, opens many connections at once and looks at its memory; then sends batches over
kept-alive loopback connections, each answered after its sync, and checks that every acknowledged
reading is in bronze.

    bench/http_load.py --seconds 10 --clients 4 --batch 500
"""

import argparse
import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from common import AVOCET, free_port, wait_until_listening
from deltalake import DeltaTable

PATH = "/api/v1/readings"
HEADERS = {"Content-Type": "application/x-ndjson"}
PLACEHOLDER = b"1000000000"
FIRST_SECOND = 1_700_000_000


class Client(threading.Thread):
    def __init__(self, port: int, number: int, batch: int, until: float):
        super().__init__()
        self.port, self.until, self.batch = port, until, batch
        lines = [
            b'{"device_id":"c%d-%d","timestamp":%s,"temperature":%.2f,"humidity":%.1f}\n'
            % (number, i, PLACEHOLDER, 20 + i % 7 / 10, 40 + i % 11)
            for i in range(batch)
        ]
        self.template = b"".join(lines)
        self.acknowledged = 0
        self.refused = 0
        self.latencies: list[float] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        second = FIRST_SECOND
        while time.monotonic() < self.until:
            body = self.template.replace(PLACEHOLDER, b"%d" % second)
            begin = time.monotonic()
            connection.request("POST", PATH, body, HEADERS)
            response = connection.getresponse()
            answer = response.read()
            if response.status == 200:
                self.latencies.append(time.monotonic() - begin)
                assert json.loads(answer)["accepted"] == self.batch, answer
                self.acknowledged += self.batch
                second += 1
            else:
                assert response.status in (429, 503), answer
                self.refused += 1
                time.sleep(0.05)


def memory_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(options: argparse.Namespace, directory: Path) -> dict[str, object]:
    port = free_port()
    lake = directory / "lake"
    config = directory / "avocet.yaml"
    config.write_text(
        json.dumps(
            {
                "lake": str(lake),
                "sources": [{"http": {"listen": f"127.0.0.1:{port}", "max_connections": 2000}}],
                "schema": {"metrics": {"temperature": {}, "humidity": {}}},
            }
        )
    )
    with subprocess.Popen([AVOCET, "run", "-c", str(config), "--quiet"]) as run:
        wait_until_listening(port, run)
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(options.connections)]
        time.sleep(1)
        connections_mb = memory_mb(run.pid)
        for connection in idle:
            connection.close()
        begin = time.monotonic()
        cpu = cpu_seconds(run.pid)
        clients = [
            Client(port, i, options.batch, begin + options.seconds) for i in range(options.clients)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        seconds = time.monotonic() - begin
        cpu = cpu_seconds(run.pid) - cpu
        peak = memory_mb(run.pid)
        run.send_signal(signal.SIGTERM)
        assert run.wait(120) == 0
    subprocess.run([AVOCET, "run", "-c", str(config), "--quiet", "--once"], check=True)
    acknowledged = sum(client.acknowledged for client in clients)
    bronze = DeltaTable(str(lake / "iot_catalog" / "raw" / "sensor_readings"))
    rows = bronze.to_pyarrow_dataset().count_rows()
    assert rows == acknowledged, f"{acknowledged} acknowledged, {rows} in bronze"
    latencies = sorted(latency for client in clients for latency in client.latencies)
    return {
        "readings_per_second": round(acknowledged / seconds),
        "acknowledged": acknowledged,
        "refused_requests": sum(client.refused for client in clients),
        "ack_p50_ms": round(latencies[len(latencies) // 2] * 1e3, 1),
        "ack_p99_ms": round(latencies[len(latencies) * 99 // 100] * 1e3, 1),
        "avocet_cpu_seconds": round(cpu, 2),
        "avocet_memory_mb": round(peak),
        f"memory_mb_with_{options.connections}_connections": round(connections_mb),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--connections", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("AVOCET_BENCH_DIR")) as directory:
        result = measure(options, Path(directory))
    result["machine"] = f"{platform.machine()}, {os.cpu_count()} CPUs"
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
