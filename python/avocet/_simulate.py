"""Readings of a made-up fleet, and the truth about its faults."""

from collections.abc import Sequence
from dataclasses import dataclass

from avocet import _engine
from avocet._engine import Table


@dataclass(frozen=True)
class Simulation:
    """The same arguments give the same rows on every machine."""

    readings: Table
    """device_id, timestamp and five metrics, in order of arrival."""
    truth: Table
    """Faults: device_id, metric, fault, start, end and severity."""


def simulate(
    *,
    devices: int = 10,
    period: str = "1m",
    duration: str = "1d",
    faults: Sequence[str] = (),
    seed: int = 1,
    start: str = "2021-06-15T00:00:00Z",
) -> Simulation:
    """What `avocet simulate` writes. faults: kinds such as "spike", or ["all"].

    >>> len(simulate(devices=2, duration="1h").readings)
    120
    """
    return Simulation(*_engine.simulate(devices, period, duration, list(faults), seed, start))
