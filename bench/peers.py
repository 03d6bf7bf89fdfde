"""avocet against other engines on the same NDJSON, interleaved in one run.

Usage: bench/peers.py [--rows N] [--rounds N] [--spark]

polars, duckdb  one batch pass over the files: bronze, typed and valid silver with rolling
                five-minute means, hourly statistics, z-scores and anomalies, as Parquet. No Delta,
                no state.
spark           PySpark Structured Streaming with delta-spark, as its users write it, tuned for two
                cores; its time is without the start of the JVM. Needs --spark and a JDK.
spark-fresh     the same program, taking about as many rows at a time as avocet commits, so that its
                tables are as fresh; with --spark. The other one takes half of the input at a time.

Prints rows per second of each round, and the ratios avocet / peer of the medians.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import tempfile

from common import (
    check,
    count_lines,
    make_readings,
    median,
    run_avocet,
    run_job,
    spark_python,
    write_config,
)

FILES = 50
COMMIT_ROWS = 250_000  # storage.commit.rows, unless configured
# No peer turns anomalies into alerts.
NO_ALERTS = "alerts: {rules: []}\n"


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
        source = make_readings(work, arguments.rows, 1000, FILES)
        rows = count_lines(source)
        peers: dict[str, tuple[str, ...]] = {"polars": (), "duckdb": ()}
        if arguments.spark:
            peers |= {"spark": (), "spark-fresh": (str(max(1, COMMIT_ROWS * FILES // rows)),)}
        for _ in range(arguments.rounds):
            lake = work / "lake"
            shutil.rmtree(lake, ignore_errors=True)
            write_config(work / "avocet.yaml", lake, f"{source}/*.ndjson", NO_ALERTS)
            report = run_avocet(work / "avocet.yaml")
            check(report["accepted"] == rows, "avocet has not all rows")
            rates.setdefault("avocet", []).append(rows / report["process_seconds"])
            for name, options in peers.items():
                program = name.partition("-")[0]
                python = spark_python() if program == "spark" else sys.executable
                job = f"{program}_job.py"
                done = run_job(python, job, source, rows, work / name, *options)
                rates.setdefault(name, []).append(rows / done["seconds"])
            print({name: round(values[-1]) for name, values in rates.items()}, flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    avocet = median(rates["avocet"])
    print(f"avocet {avocet:,.0f} rows/s")
    for name, values in rates.items():
        if name != "avocet":
            print(
                f"{name:11} {median(values):12,.0f} rows/s   "
                f"avocet is {avocet / median(values):.2f} times as fast"
            )


if __name__ == "__main__":
    main()
