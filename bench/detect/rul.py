"""Useful life on C-MAPSS FD001 (Saxena and others 2008, PHM): 100 engines that ran until they
failed, 21 sensors, a row for each flight. A flight stands for an hour. `avocet run` takes them in,
and `avocet fit-rul` tells what cross-validation over the engines says of its model."""

from __future__ import annotations

import datetime
import gzip
import json
import pathlib
import subprocess

import detection

SOURCE = "cmapss/train_FD001.txt.gz"
CAP_HOURS = 125  # as usual with this data
SENSORS = 21
BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
CONFIG = """
lake: lake
sources: [{{file: {{path: in}}}}]
schema: {{metrics: {{{metrics}}}}}
detectors: [{{type: threshold, max: 1e9}}]
server: {{enabled: false}}
"""


def flights(path: pathlib.Path) -> dict[str, list[list[str]]]:
    """The sensors of each flight, by engine."""
    engines: dict[str, list[list[str]]] = {}
    with gzip.open(path, "rt") as file:
        for line in file:
            engine, _, *values = line.split()
            engines.setdefault(engine, []).append(values[-SENSORS:])
    return engines


def avocet(work: pathlib.Path, *arguments: str) -> str:
    command = [str(detection.AVOCET), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=work)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def measure(data: pathlib.Path, work: pathlib.Path) -> dict:
    """What `avocet fit-rul` says as JSON."""
    site = work / "rul"
    (site / "in").mkdir(parents=True)
    names = [f"s{i + 1}" for i in range(SENSORS)]
    (site / "avocet.yaml").write_text(
        CONFIG.format(metrics=", ".join(f"{name}: {{}}" for name in names))
    )
    failures = ["device_id,failed_at"]
    with (site / "in" / "engines.csv").open("w") as file:
        file.write(",".join(["device_id", "timestamp", *names]) + "\n")
        for engine, rows in flights(data / SOURCE).items():
            for flight, values in enumerate(rows):
                time = (BEGIN + datetime.timedelta(hours=flight)).isoformat()
                file.write(",".join([f"engine-{engine}", time, *values]) + "\n")
            failures.append(f"engine-{engine},{time}")
    (site / "failures.csv").write_text("\n".join(failures) + "\n")
    avocet(site, "run", "-c", "avocet.yaml", "--once", "--quiet")
    told = avocet(site, "fit-rul", "failures.csv", "--cap", f"{CAP_HOURS}h", "-f", "json")
    return json.loads(told)
