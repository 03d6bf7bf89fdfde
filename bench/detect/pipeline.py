"""`auto` in the whole engine, from files to committed tables: its speed against that of `zscore`,
and what a million series take, snapshot and restart included."""

from __future__ import annotations

import pathlib
import sys

import detection

sys.path.insert(0, str(detection.ROOT / "bench"))
import common

DETECTORS = {"auto": "{type: auto}", "zscore": common.ZSCORE}
ROUNDS = 3


def measure(work: pathlib.Path, quick: bool) -> dict:
    common.AVOCET = str(detection.AVOCET)
    rows = 200_000 if quick else 2_000_000
    source = common.make_readings(work, rows, 1000, 20)
    runs: dict[str, list[dict]] = {detector: [] for detector in DETECTORS}
    for _ in range(1 if quick else ROUNDS):
        for detector, text in DETECTORS.items():
            report = common.drain(work, source, rows, text)
            runs[detector].append(report)
            print(
                f"pipeline {detector}: {rows / report['process_seconds']:,.0f} a second", flush=True
            )
    results = {}
    for detector, text in DETECTORS.items():
        seconds = common.median([run["process_seconds"] for run in runs[detector]])
        cpu = [run["user_seconds"] + run["system_seconds"] for run in runs[detector]]
        state = common.million_series(work, 20_000 if quick else 200_000, text)
        print(f"pipeline {detector}: {state}", flush=True)
        results[detector] = state | {
            "readings_per_second": round(rows / seconds),
            "cpu_seconds": round(common.median(cpu), 2),
        }
    return results
