"""How well alarms agree with known faults: `avocet score` as a function."""

import json
from dataclasses import dataclass
from typing import Any

from avocet import _engine
from avocet._arrow import Rows, capsules_of

_FRACTIONS = {
    "recall",
    "precision",
    "device_days",
    "false_alarms_per_device_day",
    "delay_seconds_median",
    "delay_seconds_p90",
}


@dataclass(frozen=True)
class KindScore:
    """Faults of one kind. Delays are those of the faults that were found; None without one."""

    faults: int
    found: int
    delay_seconds_median: float | None
    delay_seconds_p90: float | None


@dataclass(frozen=True)
class Score:
    """None stands for what is unknown: a recall without faults, a rate without readings."""

    recall: float | None
    precision: float | None
    alarms: int
    false_alarms: int
    """Alarms outside of faults; neighbours of one device and metric count as one."""
    device_days: float | None
    """How long devices were watched."""
    false_alarms_per_device_day: float | None
    faults: int
    found: int
    delay_seconds_median: float | None
    delay_seconds_p90: float | None
    kinds: dict[str, KindScore]


def score(
    alarms: Rows,
    truth: Rows,
    *,
    detector: str | None = None,
    tolerance: str | None = None,
    short: str | None = None,
    aftermath: str | None = None,
    merge: str | None = None,
    start: str | None = None,
    device_days: float | None = None,
) -> Score:
    """Compares alarms with known faults.

    alarms: what `detect` returns, the anomalies of an Engine, or any table with device_id and
        event_time, and possibly metric, detector and onset (rows with a false onset are readings).
    truth: device_id, start and end, and possibly metric and fault, as of `simulate`.
    start: what is earlier is not looked at, the time for learning.

    The others are the options of `avocet score`, with its defaults.
    """
    counts: dict[str, Any] = json.loads(
        _engine.score(
            capsules_of(alarms),
            capsules_of(truth),
            detector or "",
            tolerance,
            short,
            aftermath,
            merge,
            start,
            device_days,
        )
    )
    for part in (counts, *counts["kinds"].values()):
        for name, value in part.items():
            # JSON writes a whole number without a fraction, whatever it counts.
            if value is not None and name in _FRACTIONS:
                part[name] = float(value)
    counts["kinds"] = {name: KindScore(**kind) for name, kind in counts["kinds"].items()}
    return Score(**counts)
