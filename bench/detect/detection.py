"""Runs `avocet detect` and reads what it says."""

from __future__ import annotations

import csv
import dataclasses
import os
import pathlib
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
AVOCET = pathlib.Path(os.environ.get("AVOCET", ROOT / "build/avocet"))


@dataclasses.dataclass
class Program:
    """An avocet, and what is in its environment beside what is in ours."""

    path: pathlib.Path = AVOCET
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Readings:
    """The rows of one output file. Times and numbers as columns; NaN where empty."""

    device: list[str]
    event_time: list[str]
    metric: list[str]
    value: np.ndarray
    score: np.ndarray
    severity: np.ndarray
    onset: np.ndarray


def detect(
    source: pathlib.Path, detector: str, out: pathlib.Path, program: Program | None = None
) -> pathlib.Path:
    program = program or Program()
    command = [str(program.path), "detect", str(source), "-d", detector, "-o", str(out), "-q"]
    environment = os.environ | program.environment
    done = subprocess.run(command, capture_output=True, text=True, cwd=out.parent, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return out


def read(path: pathlib.Path) -> Readings:
    with path.open(newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        columns = dict(zip(header, zip(*rows, strict=True), strict=False))

    def numbers(name: str) -> np.ndarray:
        return np.array([float(text) if text else np.nan for text in columns.get(name, ())])

    return Readings(
        device=list(columns.get("device_id", ())),
        event_time=list(columns.get("event_time", ())),
        metric=list(columns.get("metric", ())),
        value=numbers("value"),
        score=numbers("score"),
        severity=numbers("severity"),
        onset=np.array([text == "true" for text in columns.get("onset", ())], bool),
    )


def align(timestamps: list[str], readings: Readings) -> np.ndarray:
    """The row of `readings` that each row of the input became, -1: none (it came twice, say).

    Rows without a value are silences, which nothing in the input stands for. Rows of one time keep
    their order."""
    rows: dict[str, list[int]] = {}
    for row, time in enumerate(readings.event_time):
        if not np.isnan(readings.value[row]):
            rows.setdefault(time, []).append(row)
    for waiting in rows.values():
        waiting.reverse()
    return np.array([rows[t].pop() if rows.get(t) else -1 for t in timestamps])
