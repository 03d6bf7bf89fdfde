"""avocet.spark against a plain program for PySpark on the same NDJSON, interleaved in one run.

Usage: bench/spark.py [--rows N] [--rounds N] [--devices N...] [--parts N...]

The plain program is bench/peers/spark_job.py, as bench/peers.py --spark has it, with the same
session. Prints readings per second of each round and the ratio of the medians, for each number of
devices; then those of avocet.spark for each number of parts. Needs a JDK.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import tempfile

from common import count_lines, make_readings, median, run_job, spark_python, write_config

OURS = "avocet_spark_job.py"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--devices", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--parts", type=int, nargs="*", default=[2, 8, 32])
    arguments = parser.parse_args()
    python = spark_python("--avocet")
    work = pathlib.Path(tempfile.mkdtemp(prefix="avocet-spark-"))
    config = work / "avocet.yaml"
    write_config(config, work / "unused", "unused", "alerts: {rules: []}\n")
    try:
        for devices in arguments.devices:
            source = make_readings(work, arguments.rows, devices, 50)
            rows = count_lines(source)
            rates: dict[str, list[float]] = {"avocet.spark": [], "plain": []}
            for _ in range(arguments.rounds):
                ours = run_job(python, OURS, source, rows, work / "a", str(config), "8")
                rates["avocet.spark"].append(ours)
                rates["plain"].append(run_job(python, "spark_job.py", source, rows, work / "p"))
                print(devices, {name: round(one[-1]) for name, one in rates.items()}, flush=True)
            times = median(rates["avocet.spark"]) / median(rates["plain"])
            print(f"{devices:,} devices: avocet.spark is {times:.1f} times as fast", flush=True)
        source = make_readings(work, arguments.rows, arguments.devices[0], 50)
        rows = count_lines(source)
        for parts in arguments.parts:
            ours = run_job(python, OURS, source, rows, work / "a", str(config), str(parts))
            print(f"{parts} parts: {ours:,.0f} readings/s", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
