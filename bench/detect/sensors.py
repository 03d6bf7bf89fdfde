"""Injected sensor faults: recall, precision, delay and false alarms, as `avocet score` has them.

Two sources of data, both deterministic by seed. `avocet simulate` is ours: 20 devices, 5 metrics,
6 days at 10 s or a month at 5 min, with every kind of fault. The other is the generator that the
design was measured with, where it is there: 12 kinds in readings with far more that is ordinary
and looks like a fault.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import importlib.util
import json
import pathlib
import subprocess

import detection
import numpy as np

DEVICES = 20
BEGIN = datetime.datetime(2023, 11, 15, tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True)
class Pace:
    period: str
    days: int
    warm_up_days: float


FAST, SLOW = Pace("10s", 6, 1.5), Pace("5m", 30, 4)


@dataclasses.dataclass
class Dataset:
    readings: pathlib.Path
    truth: pathlib.Path
    pace: Pace


def text_of(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def simulated(seed: int, work: pathlib.Path, pace: Pace = FAST) -> Dataset:
    name = f"simulate_{pace.period}_{seed}"
    data = Dataset(work / f"{name}.ndjson", work / f"{name}_truth.ndjson", pace)
    if not data.truth.exists():
        fleet = ["--devices", str(DEVICES), "--period", pace.period]
        fleet += ["--duration", f"{pace.days}d", "--start", text_of(BEGIN)]
        faults = ["--faults", "all", "--seed", str(seed), "--truth", str(data.truth)]
        command = [detection.AVOCET, "simulate", *fleet, *faults, "--out", str(data.readings)]
        subprocess.run([*command, "-q"], check=True)
    return data


def generated(prototypes: pathlib.Path, seed: int, work: pathlib.Path) -> Dataset:
    data = Dataset(work / f"generated_{seed}.csv", work / f"generated_{seed}_truth.csv", FAST)
    if data.truth.exists():
        return data
    spec = importlib.util.spec_from_file_location("sensorgen", prototypes / "sensorgen.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    devices, faults, steps = module.build(DEVICES, FAST.days, seed)
    step = datetime.timedelta(seconds=module.DT)
    times = [text_of(BEGIN + i * step) for i in range(steps)]
    with data.readings.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["timestamp", "device_id", *module.METRICS])
        for row, time in enumerate(times):
            for number, device in enumerate(devices):
                values = [device[metric][row] for metric in module.METRICS]
                cells = ["" if np.isnan(value) else f"{value:.2f}" for value in values]
                out.writerow([time, f"dev{number:03d}", *cells])
    with data.truth.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["device_id", "metric", "fault", "start", "end"])
        for number, metric, kind, first, last, _ in faults:
            out.writerow([f"dev{number:03d}", metric, kind, times[first], times[last]])
    return data


def score(data: Dataset, detector: str, work: pathlib.Path) -> dict:
    found = work / f"{data.readings.stem}_found.csv"
    command = [detection.AVOCET, "detect", str(data.readings), "-d", detector, "--onsets"]
    subprocess.run([*command, "-o", str(found), "-q"], check=True, cwd=work)
    warm_up = data.pace.warm_up_days
    begin = text_of(BEGIN + datetime.timedelta(days=warm_up))
    command = [detection.AVOCET, "score", str(data.truth), str(found), "--from", begin]
    command += ["--device-days", str(DEVICES * (data.pace.days - warm_up)), "-f", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=work)
    return json.loads(done.stdout)


def together(results: list[dict]) -> dict:
    """Several seeds as one."""
    faults = sum(result["faults"] for result in results)
    found = sum(result["found"] for result in results)
    false_alarms = sum(result["false_alarms"] for result in results)
    device_days = sum(result["device_days"] for result in results)
    kinds: dict[str, dict] = {}
    for result in results:
        for kind, part in result["kinds"].items():
            whole = kinds.setdefault(kind, {"faults": 0, "found": 0, "delays": []})
            whole["faults"] += part["faults"]
            whole["found"] += part["found"]
            if part["delay_seconds_median"] is not None:
                whole["delays"].append(part["delay_seconds_median"])
    for whole in kinds.values():
        delays = whole.pop("delays")
        # Exact for one seed; the middle one of the medians for several.
        whole["delay_seconds"] = float(np.median(delays)) if delays else None
    return {
        "recall": found / faults if faults else None,
        "precision": found / (found + false_alarms) if found + false_alarms else None,
        "false_alarms_per_device_day": false_alarms / device_days,
        "kinds": kinds,
    }
