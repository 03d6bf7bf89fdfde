"""The clock of a fleet whose rows lie in many places.

Rows of bronze are numbered in the order in which they arrived. What `avocet run` makes of a row may
depend on the newest event time of any device before it: the fleet's clock. A *run* is a stretch of
rows of one place whose numbers have no gap, so that runs do not overlap: the clock before a row is
the newest time of all earlier runs, or of earlier rows of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.int64]]

NO_TIME = -(2**63)
"""Before the first reading."""

FLEET_BUCKET_US = 300_000_000
"""As in src/detect/fleet.h."""


@dataclass(frozen=True)
class Run:
    first: int
    last: int
    newest_us: int
    steps: tuple[tuple[int, int, int], ...]
    """Rows at which the run's own clock enters another bucket of the fleet, the first row among
    them: number, newest time before, newest time after."""
    written: bool
    """The rows are in silver already."""

    def moved_to(self, first: int) -> Run:
        """The same rows under other numbers."""
        by = first - self.first
        steps = tuple((number + by, before, after) for number, before, after in self.steps)
        return replace(self, first=first, last=self.last + by, steps=steps)


@dataclass(frozen=True)
class Stop:
    """Where all parts of a fleet wait for each other: after the row with this number."""

    sequence: int
    clock_us: int
    closes: int | None = None
    """The bucket of the fleet that is over: its medians are due."""
    discards: bool = False
    """What was found so far is in the tables already."""


@dataclass(frozen=True)
class FleetClock:
    """Where the clock of the whole fleet stands, for rows of several runs."""

    firsts: Array
    before_us: Array
    """Before each run."""
    end_us: int
    stops: tuple[Stop, ...] = field(default=())

    def before(self, sequence: Array, within_us: Array) -> Array:
        """The clock before each row, of which `within_us` says what its own run knows."""
        if not len(sequence):
            return within_us
        run = np.searchsorted(self.firsts, sequence, side="right") - 1
        return np.maximum(within_us, self.before_us[run])


def find_runs(
    sequence: Array, time_us: Array, epoch: Array, written_epoch: int
) -> tuple[list[Run], Array]:
    """The runs of rows that are sorted by `sequence`, and each row's clock within its run."""
    within = np.full(len(sequence), NO_TIME, np.int64)
    written = epoch <= written_epoch
    cuts = np.flatnonzero((np.diff(sequence) != 1) | (written[1:] != written[:-1])) + 1
    runs = []
    for begin, end in zip([0, *cuts], [*cuts, len(sequence)], strict=True):
        newest = np.maximum.accumulate(time_us[begin:end])
        within[begin + 1 : end] = newest[:-1]
        bucket = newest // FLEET_BUCKET_US
        places = [0, *(np.flatnonzero(np.diff(bucket)) + 1)]
        steps = [(sequence[begin + i], within[begin + i], newest[i]) for i in places]
        runs.append(
            Run(
                first=int(sequence[begin]),
                last=int(sequence[end - 1]),
                newest_us=int(newest[-1]),
                steps=tuple((int(a), int(b), int(c)) for a, b, c in steps),
                written=bool(written[begin]),
            )
        )
    return runs, within


def join_runs(runs: list[Run], clock_us: int) -> FleetClock:
    """The clock over all runs, which stood at `clock_us` before them."""
    runs = sorted(runs, key=lambda run: run.first)
    before, stops = [], []
    written_through: Stop | None = None
    for run in runs:
        before.append(clock_us)
        for sequence, within_us, newest_us in run.steps:
            old_us, new_us = max(clock_us, within_us), max(clock_us, newest_us)
            if old_us == NO_TIME or old_us // FLEET_BUCKET_US == new_us // FLEET_BUCKET_US:
                continue
            stops.append(Stop(sequence, new_us, closes=old_us // FLEET_BUCKET_US))
        clock_us = max(clock_us, run.newest_us)
        if run.written:
            written_through = Stop(run.last, clock_us, discards=True)
    if written_through is not None:
        stops.append(written_through)
        # Of two stops at one row the one that compares is first.
        stops.sort(key=lambda stop: (stop.sequence, stop.discards))
    return FleetClock(
        firsts=np.array([run.first for run in runs], np.int64),
        before_us=np.array(before, np.int64),
        end_us=clock_us,
        stops=tuple(stops),
    )
