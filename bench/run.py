"""End-to-end benchmarks of avocet. Usage: bench/run.py [--quick] [NAME...]

throughput  NDJSON files to committed, synced tables, with zscore on every metric
trickle     180 readings/s: processor share, memory, from file to gold, start to the first row
latency     50,000 readings/s: from arrival to judgement, p50 and p99
commits     the 5,000th commit against the 50th, with table care running
sources     each source by itself: records/s, p99 to the acknowledgement, memory
alerts      20,000 readings/s over HTTP: from a reading to the webhook that tells of it
series      the dashboard's chart of six metrics and a million rows, from the tables
paint       the dashboard's first page over 10,000 devices, in Chromium: first paint, devices shown
state       a million series: bytes of state per series, time to restart from a snapshot
wheel       the Python package against the C++ engine, each on one thread

Each checks its own result and prints one line per figure, then all of them as JSON.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import deltalake
from alert_latency import alert_latency
from common import (
    AVOCET,
    METRICS,
    ROOT,
    check,
    count_lines,
    drain,
    make_readings,
    median,
    million_series,
    run_avocet,
    write_config,
)
from first_paint import first_paint
from series import series
from sources import sources


def throughput(work: pathlib.Path, quick: bool) -> dict:
    rows = 1_000_000 if quick else 5_000_000
    source = make_readings(work, rows, 1000, 50)
    expected = count_lines(source)
    reports = [drain(work, source, expected) for _ in range(2 if quick else 5)]
    silver = deltalake.DeltaTable(str(work / "lake/iot_catalog/processed/valid_readings"))
    check(silver.to_pyarrow_dataset().count_rows() == expected, "silver has not all rows")
    best = min(reports, key=lambda r: r["process_seconds"])
    return {
        "rows": expected,
        "readings_per_second_median": round(
            median([expected / r["process_seconds"] for r in reports])
        ),
        "readings_per_second_best": round(expected / best["process_seconds"]),
        "readings_per_cpu_second": round(
            expected / median([r["user_seconds"] + r["system_seconds"] for r in reports])
        ),
        "peak_memory_mb": round(max(r["peak_memory_bytes"] for r in reports) / 1e6),
        "flagged_values_percent": round(100 * best["anomalies"] / (expected * len(METRICS)), 2),
        "stage_seconds": {k: round(v, 2) for k, v in best["stage_seconds"].items()},
    }


def trickle(work: pathlib.Path, quick: bool) -> dict:
    lake, inbox = work / "lake-trickle", work / "inbox"
    for folder in (lake, inbox):
        shutil.rmtree(folder, ignore_errors=True)
    inbox.mkdir()
    interval = 2 if quick else 10
    more = f"storage: {{commit: {{interval: {interval}s}}}}\n"
    write_config(work / "trickle.yaml", lake, str(inbox), more)
    lines = (
        (make_readings(work, 1_000_000, 1000, 50) / "part-0000.ndjson")
        .read_bytes()
        .splitlines(True)
    )
    seconds = 4 * interval if quick else 60
    (inbox / "first.ndjson").write_bytes(b"".join(lines[:180]))
    started = time.monotonic()
    report = work / "trickle.report.json"
    process = subprocess.Popen(
        [AVOCET, "run", "-c", str(work / "trickle.yaml"), "-q", "--report", str(report)],
        stderr=subprocess.DEVNULL,
    )
    silver_log = lake / "iot_catalog/processed/valid_readings/_delta_log"
    while not (silver_log / f"{1:020d}.json").exists():
        check(time.monotonic() - started < 60, "no row within a minute")
        time.sleep(0.01)
    first_row = time.monotonic() - started
    delays, version, position = [], 1, 180
    usage_before, begin = process_usage(process.pid), time.monotonic()
    arrived: list[tuple[float, int]] = []
    total = 180
    next_drop = begin
    while time.monotonic() - begin < seconds:
        if time.monotonic() >= next_drop:
            unfinished = inbox / ".next"
            unfinished.write_bytes(b"".join(lines[position : position + 180]))
            unfinished.rename(inbox / f"f{position:07d}.ndjson")
            position += 180
            total += 180
            arrived.append((time.monotonic(), total))
            next_drop += 1
        entry = silver_log / f"{version + 1:020d}.json"
        if entry.exists():
            version += 1
            visible = rows_up_to(silver_log, version)
            while arrived and arrived[0][1] <= visible:
                delays.append(time.monotonic() - arrived.pop(0)[0])
        time.sleep(0.02)
    share = (process_usage(process.pid) - usage_before) / (time.monotonic() - begin)
    process.terminate()
    check(process.wait(timeout=60) == 0, "avocet did not end cleanly")
    result = json.loads(report.read_text())
    check(result["received"] == total, f"{result['received']} of {total} records")
    return {
        "start_to_first_row_seconds": round(first_row, 2),
        "commit_interval_seconds": interval,
        "file_to_silver_seconds_p50": round(median(delays), 2),
        "file_to_silver_seconds_max": round(max(delays), 2),
        "processor_share_percent": round(100 * share, 2),
        "peak_memory_mb": round(result["peak_memory_bytes"] / 1e6),
    }


def rows_up_to(log: pathlib.Path, version: int) -> int:
    rows = 0
    for index in range(1, version + 1):
        for line in (log / f"{index:020d}.json").read_text().splitlines():
            action = json.loads(line)
            if "add" in action and action["add"].get("dataChange"):
                rows += json.loads(action["add"]["stats"])["numRecords"]
    return rows


def process_usage(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def latency(work: pathlib.Path, quick: bool) -> dict:
    lake = work / "lake-latency"
    shutil.rmtree(lake, ignore_errors=True)
    seconds = 5 if quick else 20
    config = work / "latency.yaml"
    # 500 devices, a reading every 10 ms each, in real time: arrivals spread over the second.
    write_config(config, lake, "none", "")
    text = config.read_text().replace(
        '  - file: {path: "none"}',
        f"  - simulate: {{devices: 500, period: 10ms, speed: 1, seed: 1, duration: {seconds}s,"
        " start_time: 2021-06-15T00:00:00Z}",
    )
    config.write_text(text)
    report = run_avocet(config)
    check(report["received"] >= 50_000 * (seconds - 1), "the simulator was too slow")
    return {
        "readings": report["received"],
        "readings_per_second": round(report["received"] / report["seconds"]),
        "judgement_ms": {k: round(v, 2) for k, v in report["judgement_ms"].items()},
    }


def commits(work: pathlib.Path, quick: bool) -> dict:
    wanted = 500 if quick else 5000
    lake = work / "lake-commits"
    shutil.rmtree(lake, ignore_errors=True)
    lines = (
        (make_readings(work, 1_000_000, 1000, 50) / "part-0000.ndjson")
        .read_bytes()
        .splitlines(True)
    )
    (work / "commits.ndjson").write_bytes(b"".join(lines[: wanted * 4]))
    more = (
        "engine: {tick_records: 4}\n"
        "storage: {commit: {rows: 4}, care: {interval: 1s, compact_min_files: 16}}\n"
    )
    write_config(work / "commits.yaml", lake, str(work / "commits.ndjson"), more)
    report = run_avocet(work / "commits.yaml")
    check(report["received"] == wanted * 4, "not all records")
    log = lake / "iot_catalog/raw/sensor_readings/_delta_log"
    stamps = {}
    for entry in sorted(log.glob("*.json")):
        info = next(
            json.loads(line)["commitInfo"]
            for line in entry.read_text().splitlines()
            if "commitInfo" in line
        )
        if "avocet" in info:
            stamps[info["avocet"]["epoch"]] = info["timestamp"]
    check(max(stamps) >= wanted, f"{max(stamps)} epochs")

    def pace(around: int) -> float:
        return (stamps[around + 40] - stamps[around - 40]) / 80

    early, late = pace(50), pace(wanted - 50)
    return {
        "epochs": max(stamps),
        "ms_per_commit_at_50": round(early, 2),
        f"ms_per_commit_at_{wanted}": round(late, 2),
        "ratio": round(late / early, 2),
    }


def state(work: pathlib.Path, quick: bool) -> dict:
    return million_series(work, 20_000 if quick else 200_000)


def wheel(work: pathlib.Path, quick: bool) -> dict:
    done = subprocess.run(
        [ROOT / "scripts" / "python_env.sh"], check=True, stdout=subprocess.PIPE, text=True
    )
    python = done.stdout.split()[-1]
    engine_bench = ROOT / "build" / "cmake-release" / "engine_bench"
    cpp, columns, records = [], [], []
    # Interleaved, as a shared machine's speed changes from one minute to the next.
    for _ in range(3 if quick else 9):
        command = [engine_bench, "--benchmark_filter=ProcessRecords", "--benchmark_format=json"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        cpp.append(report["benchmarks"][0]["items_per_second"])
        command = [python, ROOT / "bench" / "wheel.py", AVOCET]
        result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        columns.append(result["columns"])
        records.append(result["records"])
    share = median([r / c for r, c in zip(records, cpp, strict=True)])
    check(share >= 0.9, f"the package is {share:.2f} times as fast as the C++ engine, not 0.9")
    return {
        "cpp_records_per_second": round(median(cpp)),
        "python_records_per_second": round(median(records)),
        "python_columns_per_second": round(median(columns)),
        "records_against_cpp": round(share, 2),
        "columns_against_cpp": round(median([r / c for r, c in zip(columns, cpp, strict=True)]), 2),
    }


BENCHMARKS = {
    "throughput": throughput,
    "trickle": trickle,
    "latency": latency,
    "sources": sources,
    "alerts": alert_latency,
    "series": series,
    "paint": first_paint,
    "commits": commits,
    "state": state,
    "wheel": wheel,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="smaller data, for a first look")
    parser.add_argument("--work", type=pathlib.Path, help="folder for data and lakes, kept")
    arguments = parser.parse_args()
    work = arguments.work or pathlib.Path(tempfile.mkdtemp(prefix="avocet-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    results = {}
    try:
        for name in arguments.names or BENCHMARKS:
            results[name] = BENCHMARKS[name](work, arguments.quick)
            print(f"{name}", flush=True)
            for key, value in results[name].items():
                print(f"  {key:32} {value}", flush=True)
    finally:
        if arguments.work is None:
            shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
