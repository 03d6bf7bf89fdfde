"""Labelled readings of a wireless sensor network (Suthaharan and others 2010): how well the
severity of a detector ranks the readings of a fault above all others, as VUS-PR (Paparrizos and
others 2022, PVLDB 15(11)): the area under the precision-recall curve, averaged over tolerances
around the labelled ranges. The result is the mean over the series that have faults; the readings
from which a detector learns at the beginning count too."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import pathlib

import numpy as np

LONGEST_TOLERANCE = 100  # readings
TOLERANCES = 11


@dataclasses.dataclass
class Mote:
    name: str
    timestamps: list[str]
    values: list[str]
    labels: np.ndarray


def load(root: pathlib.Path) -> list[Mote]:
    motes = []
    for path in sorted(root.glob("mote*.csv")):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        begin = datetime.datetime(2010, 5, 9)  # the file counts seconds from its beginning
        times = [begin + datetime.timedelta(seconds=float(row["ts"])) for row in rows]
        motes.append(
            Mote(
                name=path.stem,
                timestamps=[time.isoformat() + "Z" for time in times],
                values=[row["value"] for row in rows],
                labels=np.array([int(row["label"]) for row in rows]),
            )
        )
    return motes


def ranges(labels: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each run of labels above 0."""
    edges = np.diff(np.r_[0, (labels > 0).astype(int), 0])
    return list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True))


def with_slopes(labels: np.ndarray, length: int) -> np.ndarray:
    """Labels that rise to each range and fall from it over half of `length` readings."""
    soft = labels.astype(float)
    for first, last in ranges(labels):
        for distance in range(1, length // 2 + 1):
            weight = np.sqrt(1 - distance / length)
            for at in (first - distance, last + distance):
                if 0 <= at < len(soft):
                    soft[at] = min(1.0, soft[at] + weight)
    return soft


def area(scores: np.ndarray, labels: np.ndarray, length: int) -> float:
    soft = with_slopes(labels, length)
    order = np.argsort(-scores, kind="stable")
    ends = np.r_[scores[order][1:] != scores[order][:-1], True]
    thresholds = scores[order][ends]
    hits = np.cumsum(soft[order])[ends]
    raised = np.arange(1, len(scores) + 1)[ends]
    positives = (labels.sum() + soft.sum()) / 2
    tops = np.sort([scores[a : b + 1].max() for a, b in ranges(soft)])
    existence = (len(tops) - np.searchsorted(tops, thresholds, side="left")) / len(tops)
    recall = np.r_[0, np.minimum(hits / positives, 1) * existence]
    precision = np.r_[1, hits / raised]
    return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))


def vus_pr(scores: np.ndarray, labels: np.ndarray) -> float:
    """REQUIRES: there is a label."""
    lengths = np.linspace(0, LONGEST_TOLERANCE, TOLERANCES).astype(int)
    return float(np.mean([area(scores, labels, length) for length in lengths]))
