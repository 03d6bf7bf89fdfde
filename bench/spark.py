"""avocet.spark against a plain program for PySpark and `avocet run` on the same NDJSON, in one run.

Usage: bench/spark.py [--rows N] [--rounds N] [--devices N...] [--parts N...]

The plain program is bench/peers/spark_job.py, as bench/peers.py --spark has it, with the same
session. Prints, for each number of devices and each round, readings per second, and per second of
one processor: what others do on the machine changes the latter little. Then the ratio of the
medians, and avocet.spark with each number of parts. Needs a JDK.
"""

from __future__ import annotations

import argparse
import pathlib
import resource
import shutil
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

NO_ALERTS = "alerts: {rules: []}\n"


class Bench:
    def __init__(self, work: pathlib.Path, rows: int) -> None:
        self.work = work
        self.rows = rows
        self.python = spark_python("--avocet")
        self.config = work / "avocet.yaml"
        write_config(self.config, work / "unused", "unused", NO_ALERTS)

    def source(self, devices: int) -> pathlib.Path:
        source = make_readings(self.work, self.rows, devices, 50)
        self.rows = count_lines(source)
        return source

    def spark(self, source: pathlib.Path, parts: int = 8) -> tuple[float, float]:
        job = "avocet_spark_job.py"
        return self._job(job, source, str(self.config), str(parts))

    def plain(self, source: pathlib.Path) -> tuple[float, float]:
        return self._job("spark_job.py", source)

    def run(self, source: pathlib.Path) -> tuple[float, float]:
        """`avocet run`; its times are with its start."""
        lake = self.work / "lake"
        shutil.rmtree(lake, ignore_errors=True)
        write_config(self.work / "run.yaml", lake, f"{source}/*.ndjson", NO_ALERTS)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = run_avocet(self.work / "run.yaml")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        check(report["accepted"] == self.rows, "avocet has not all rows")
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return self.rows / report["process_seconds"], self.rows / processor

    def _job(self, job: str, source: pathlib.Path, *arguments: str) -> tuple[float, float]:
        done = run_job(self.python, job, source, self.rows, self.work / "job", *arguments)
        return self.rows / done["seconds"], self.rows / done["processor"]


def compare(bench: Bench, devices: int, rounds: int) -> None:
    source = bench.source(devices)
    programs = {"avocet.spark": bench.spark, "plain": bench.plain, "avocet run": bench.run}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            rates[name].append(program(source))
            show(f"{devices:,} devices, {name}", rates[name][-1])
    ours, plain = rates["avocet.spark"], rates["plain"]
    times, per_core = (
        median([one[i] for one in ours]) / median([one[i] for one in plain]) for i in (0, 1)
    )
    print(
        f"{devices:,} devices: avocet.spark is {times:.1f} times as fast, {per_core:.1f} times for "
        "each processor",
        flush=True,
    )
    shutil.rmtree(source)


def show(what: str, rates: tuple[float, float]) -> None:
    print(f"{what}: {rates[0]:,.0f} readings/s, {rates[1]:,.0f} a processor", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--devices", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--parts", type=int, nargs="*", default=[1, 2, 8, 32])
    arguments = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="avocet-spark-"))
    try:
        bench = Bench(work, arguments.rows)
        for devices in arguments.devices:
            compare(bench, devices, arguments.rounds)
        source = bench.source(1000)
        for parts in arguments.parts:
            show(f"{parts} parts", bench.spark(source, parts))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
