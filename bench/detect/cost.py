"""Time and memory of every detector, as src/detect/detect_bench.cc measures them."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess

import detection

PROGRAM = pathlib.Path(
    os.environ.get("AVOCET_DETECT_BENCH", detection.ROOT / "build/cmake-release/detect_bench")
)

# Their states would not fit the memory of a small machine a hundred thousand times.
LARGE = "HalfSpaceTrees|MatrixProfile|RandomCutForest"


def measure() -> dict:
    """By name of the benchmark, which is the detector's and its variant's; with as many series as
    there is memory for."""
    command = [PROGRAM, f"--benchmark_filter=/100000$|^({LARGE})/1000$", "--benchmark_format=json"]
    command += ["--benchmark_min_time=0.5"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    results = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            raise RuntimeError(f"{run['name']}: {run['error_message']}")
        words = re.findall(r"[A-Z]+[a-z]*[0-9]*", run["name"].split("/")[0])
        results["_".join(words).lower()] = {
            "ns_per_value": run["ns/value"],
            "bytes_per_series": run["bytes/series"],
            "series": int(run["name"].split("/")[1]),
        }
        print(f"cost {run['name']}: {run['ns/value']:.0f} ns per value", flush=True)
    return results
