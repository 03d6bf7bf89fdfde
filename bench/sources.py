"""Each source by itself: records per second, time to acknowledgement, memory. See run.py.

What a sender is told by HTTP it is told when the journal has it, and so the client measures it.
From the other sources a record is acknowledged by the bronze commit that has its position, and is
measured from its receipt to that commit; the interval of commits is COMMIT_SECONDS.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import http_load
import numpy as np
import pyarrow as pa
from common import AVOCET, METRICS, ROOT, check, count_lines, make_readings

sys.path.append(str(ROOT / "test" / "system"))
from harness import Run, Site, table_path
from kafka_broker import Kafka
from mqtt_broker import Mosquitto
from services import AWS_ENV, client, has_aws, kinesis, versitygw

COMMIT_SECONDS = 1
PARTITIONS = 4
RECORDS_PER_SECOND_WITH_SYNC = 200_000  # of the journal alone


def sources(work: pathlib.Path, quick: bool) -> dict:
    results = journal()
    for measure in (file, http, mqtt, kafka, *((s3, kinesis_stream) if has_aws() else ())):
        name = measure.__name__.split("_")[0]
        folder = work / f"source-{name}"
        folder.mkdir()
        results |= {f"{name}_{key}": value for key, value in measure(folder, quick).items()}
    return results


def journal() -> dict:
    command = [ROOT / "build" / "cmake-release" / "journal_bench", "--benchmark_format=json"]
    done = subprocess.run(
        [*command, "--benchmark_filter=BM_Append"], check=True, capture_output=True
    )
    rates = json.loads(done.stdout)["benchmarks"]
    for rate in rates:
        check(not rate.get("error_occurred"), str(rate.get("error_message")))
    best = max(rates, key=lambda rate: rate["items_per_second"])
    speed = round(best["items_per_second"])
    check(speed >= RECORDS_PER_SECOND_WITH_SYNC, f"the journal takes {speed} records/s")
    return {
        "journal_records_per_second": speed,
        "journal_ack_ms_p99": round(best["ack_ms_p99"], 1),
        "journal_memory_mb": round(best["memory_mb"]),
    }


def file(folder: pathlib.Path, quick: bool) -> dict:
    readings = make_readings(folder.parent, 500_000 if quick else 2_000_000, 1000, 50)
    site = site_with(folder, {"file": {"path": f"{readings}/*.ndjson"}})
    return drained(site, count_lines(readings))


def http(folder: pathlib.Path, quick: bool) -> dict:
    options = argparse.Namespace(seconds=3 if quick else 10, clients=4, batch=500, connections=100)
    found = http_load.measure(options, folder)
    return {
        "records_per_second": found["readings_per_second"],
        "ack_ms_p99": found["ack_p99_ms"],
        "memory_mb": found["avocet_memory_mb"],
    }


def mqtt(folder: pathlib.Path, quick: bool) -> dict:
    count = 50_000 if quick else 200_000
    with Mosquitto(folder) as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        site = site_with(folder, {"mqtt": {"broker": url, "topics": ["plant/+/readings"]}})
        report = folder / "report.json"
        command = ["run", "-c", str(site.config), "--quiet", "--report", str(report)]
        with Run(command, folder) as run:
            run.wait_for_output("messages are taken from")
            begin = time.monotonic()
            send(count, f"{url}/plant/{{device}}/readings")
            run.wait_for(lambda: site.count("bronze") == count, f"{count} rows", timeout=120)
            seconds = time.monotonic() - begin
            check(run.stop() == 0, run.output())
    return figures(site, count, seconds, json.loads(report.read_text()))


def kafka(folder: pathlib.Path, quick: bool) -> dict:
    count = 100_000 if quick else 500_000
    with Kafka(folder, PARTITIONS) as broker:
        send(count, f"kafka://{broker.brokers}/readings")
        source = {"brokers": broker.brokers, "topics": ["readings"], "group": "bench"}
        return drained(site_with(folder, {"kafka": source}), count)


def s3(folder: pathlib.Path, quick: bool) -> dict:
    count = 200_000 if quick else 1_000_000
    with versitygw(folder) as server:
        client("s3", server.url).create_bucket(Bucket="bench")
        send(count, "s3://bench/raw/", f"endpoint={server.url}", "path_style=true")
        source = {"url": "s3://bench/raw/", "endpoint": server.url}
        return drained(site_with(folder, {"s3": source}), count)


def kinesis_stream(folder: pathlib.Path, quick: bool) -> dict:
    count = 20_000  # The emulator needs a quarter of an hour to take five times as many.
    del quick
    with kinesis(folder) as server:
        api = client("kinesis", server.url)
        api.create_stream(StreamName="bench", ShardCount=PARTITIONS)
        api.get_waiter("stream_exists").wait(StreamName="bench", WaiterConfig={"Delay": 1})
        send(count, "kinesis:bench", f"endpoint={server.url}", "region=us-east-1")
        source = {"stream": "bench", "endpoint": server.url, "region": "us-east-1"}
        return drained(site_with(folder, {"kinesis": source}), count)


def site_with(folder: pathlib.Path, source: dict) -> Site:
    site = Site(folder / "site")
    site.config.write_text(
        json.dumps(
            {
                "lake": str(site.lake),
                "storage": {"commit": {"interval": f"{COMMIT_SECONDS}s"}},
                "sources": [source],
                "schema": {"metrics": {name: {} for name in METRICS}},
                "detectors": [{"type": "zscore"}],
                "server": {"enabled": False},
            }
        )
    )
    return site


def send(count: int, target: str, *options: str) -> None:
    """`count` readings of 1,000 devices, all acknowledged by `target`."""
    command = [AVOCET, "simulate", "--devices", "1000", "--period", "60s", "--seed", "1"]
    command += ["--start", "2021-06-15T00:00:00Z", "--duration", f"{count // 1000 * 60}s"]
    command += ["--to", target]
    for option in options:
        command += ["--to-option", option]
    environment = {**os.environ, **AWS_ENV}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    check(done.returncode == 0, f"cannot send to {target}: {done.stderr[-2000:]}")
    said = re.search(r"([\d,]+) acknowledged", done.stderr)
    check(
        said is not None and int(said[1].replace(",", "")) == count,
        f"not all are acknowledged by {target}: {done.stderr[-500:]}",
    )


def drained(site: Site, count: int) -> dict:
    report = site.directory / "report.json"
    begin = time.monotonic()
    done = site.run("--report", str(report), env=AWS_ENV, timeout=600)
    seconds = time.monotonic() - begin
    check(done.returncode == 0, done.stderr)
    return figures(site, count, seconds, json.loads(report.read_text()))


def figures(site: Site, count: int, seconds: float, report: dict) -> dict:
    rows = site.rows("bronze")
    check(rows.num_rows == count, f"{rows.num_rows} of {count} rows in bronze")
    places = rows.select(["source", "partition", "offset"]).group_by(
        ["source", "partition", "offset"]
    )
    check(places.aggregate([]).num_rows == count, "a place of a source is in bronze twice")
    return {
        "records_per_second": round(count / seconds),
        "ack_ms_p99": round(commit_ms_p99(site, rows)),
        "memory_mb": round(report["peak_memory_bytes"] / 1e6),
    }


def commit_ms_p99(site: Site, rows: pa.Table) -> float:
    """From the receipt of a row to the commit that has it."""
    stamps = {}
    for entry in (table_path(site.lake, "bronze") / "_delta_log").glob("*.json"):
        for line in entry.read_text().splitlines():
            info = json.loads(line).get("commitInfo", {})
            if "avocet" in info:
                stamps[info["avocet"]["epoch"]] = info["timestamp"]
    epochs = np.array(sorted(stamps))
    committed_ms = np.array([stamps[epoch] for epoch in epochs])
    of_row = np.searchsorted(epochs, rows["epoch"].to_numpy())
    received_ms = rows["received_at"].cast(pa.int64()).to_numpy() / 1000
    return float(np.percentile(committed_ms[of_row] - received_ms, 99))
