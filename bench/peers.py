"""avocet against other engines on the same NDJSON, interleaved in one run.

Usage: bench/peers.py [--rows N] [--rounds N] [--spark]

polars, duckdb  one batch pass over the files: bronze, typed and valid silver with rolling
                five-minute means, hourly statistics, z-scores and anomalies, as Parquet. No Delta,
                no state.
spark           PySpark Structured Streaming with delta-spark, as its users write it, tuned for two
                cores; its time is without the start of the JVM. Needs --spark and a JDK.

Prints rows per second of each round, and the ratios avocet / peer of the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from common import check, count_lines, make_readings, median, run_avocet, write_config

# No peer turns anomalies into alerts.
NO_ALERTS = "alerts: {rules: []}\n"

HERE = pathlib.Path(__file__).resolve().parent


def spark_python() -> str:
    script = HERE.parent / "scripts" / "spark_env.sh"
    return subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def run_peer(name: str, source: pathlib.Path, out: pathlib.Path, rows: int) -> float:
    os.sync()
    python = spark_python() if name == "spark" else sys.executable
    answer = subprocess.run(
        [python, str(HERE / "peers" / f"{name}_job.py"), str(source), str(out)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    result = json.loads(answer.strip().splitlines()[-1])
    check(result["bronze"] == rows, f"{name} has {result['bronze']} of {rows} rows")
    return rows / result["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spark", action="store_true")
    arguments = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="avocet-peers-"))
    rates: dict[str, list[float]] = {}
    try:
        source = make_readings(work, arguments.rows, 1000, 50)
        rows = count_lines(source)
        peers = ["polars", "duckdb"] + (["spark"] if arguments.spark else [])
        for _ in range(arguments.rounds):
            lake = work / "lake"
            shutil.rmtree(lake, ignore_errors=True)
            write_config(work / "avocet.yaml", lake, f"{source}/*.ndjson", NO_ALERTS)
            report = run_avocet(work / "avocet.yaml")
            check(report["accepted"] == rows, "avocet has not all rows")
            rates.setdefault("avocet", []).append(rows / report["process_seconds"])
            for name in peers:
                out = work / name
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                rates.setdefault(name, []).append(run_peer(name, source, out, rows))
            print({name: round(values[-1]) for name, values in rates.items()}, flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    avocet = median(rates["avocet"])
    print(f"avocet {avocet:,.0f} rows/s")
    for name, values in rates.items():
        if name != "avocet":
            print(
                f"{name:8} {median(values):12,.0f} rows/s   "
                f"avocet is {avocet / median(values):.2f} times as fast"
            )


if __name__ == "__main__":
    main()
