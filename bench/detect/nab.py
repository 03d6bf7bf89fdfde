"""Numenta Anomaly Benchmark v1.1: the corpus and its scoring, written from the definition of
Lavin and Ahmad 2015 (arXiv:1510.03336).

A series is scored on the rows after its probation (15 %, at most 750 rows). Inside a labelled
window only the earliest detection counts, and the earlier the more. A window without one costs a
miss. Every detection outside costs, the less the closer it follows a window. The sum over all
series is put on a scale where 0 is a detector that never fires and 100 one that finds the first
row of every window.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import pathlib

import detection
import numpy as np


@dataclasses.dataclass(frozen=True)
class Profile:
    """Weights of a hit, a miss and a false alarm."""

    hit: float
    miss: float
    false_alarm: float


PROFILES = {
    "standard": Profile(1.0, 1.0, 0.11),
    "reward_low_FP_rate": Profile(1.0, 1.0, 0.22),
    "reward_low_FN_rate": Profile(1.0, 2.0, 0.11),
}


@dataclasses.dataclass
class Series:
    name: str
    path: pathlib.Path
    timestamps: list[str]
    probation: int  # rows that are not scored
    worth: np.ndarray  # of a detection at each row, before weights
    window: np.ndarray  # index of the window each row is in, -1: none
    num_windows: int

    @property
    def category(self) -> str:
        return self.name.split("/")[0]


def sigmoid(position: float) -> float:
    """Worth of a detection by its distance from the end of a window, in windows."""
    return -1.0 if position > 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def worth_of_rows(size: int, windows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    worth = np.full(size, -1.0)
    window = np.full(size, -1)
    for index, (first, last) in enumerate(windows):
        width = last - first + 1
        for row in range(first, last + 1):
            worth[row] = sigmoid(-(last - row + 1) / width) / sigmoid(-1.0)
            window[row] = index
        until = windows[index + 1][0] if index + 1 < len(windows) else size
        for row in range(last + 1, until):
            worth[row] = sigmoid((row - last) / (width - 1))
    return worth, window


def load(root: pathlib.Path) -> list[Series]:
    labels = json.loads((root / "labels/combined_windows.json").read_text())
    corpus = []
    for name in sorted(labels):
        path = root / "data" / name
        with path.open(newline="") as file:
            timestamps = [row[0] for row in list(csv.reader(file))[1:]]
        rows = {}
        for row, timestamp in enumerate(timestamps):
            rows.setdefault(timestamp, row)
        windows = [(rows[a.split(".")[0]], rows[b.split(".")[0]]) for a, b in labels[name]]
        worth, window = worth_of_rows(len(timestamps), windows)
        corpus.append(
            Series(
                name=name,
                path=path,
                timestamps=timestamps,
                probation=math.ceil(min(math.floor(0.15 * len(timestamps)), 0.15 * 5000)),
                worth=worth,
                window=window,
                num_windows=len(windows),
            )
        )
    return corpus


@dataclasses.dataclass
class Ranked:
    """All scored rows of a corpus by descending score."""

    scores: np.ndarray
    worth: np.ndarray
    window: np.ndarray  # numbered through the corpus
    num_windows: int


def rank(corpus: list[Series], scores: dict[str, np.ndarray]) -> Ranked:
    parts, base = [], 0
    for series in corpus:
        given = np.asarray(scores[series.name], float)
        if len(given) != len(series.timestamps):
            raise ValueError(f"{series.name}: {len(given)} scores")
        window = np.where(series.window >= 0, series.window + base, -1)
        skip = series.probation
        parts.append((given[skip:], series.worth[skip:], window[skip:]))
        base += series.num_windows
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(-columns[0], kind="stable")
    return Ranked(*(column[order] for column in columns), num_windows=base)


def totals(ranked: Ranked, profile: Profile) -> tuple[np.ndarray, float]:
    """Sum of the corpus when the first i + 1 rows are detections, for each i; and without any."""
    change = np.where(ranked.window < 0, profile.false_alarm * ranked.worth, 0.0)
    present = np.unique(ranked.window[ranked.window >= 0])
    for index in present:
        rows = np.flatnonzero(ranked.window == index)
        best = np.maximum.accumulate(profile.hit * ranked.worth[rows])
        change[rows] = np.diff(np.r_[-profile.miss, np.maximum(best, -profile.miss)])
    nothing = -profile.miss * len(present)
    return nothing + np.cumsum(change), nothing


def on_scale(total: float, nothing: float, ranked: Ranked, profile: Profile) -> float:
    return 100 * (total - nothing) / (profile.hit * ranked.num_windows - nothing)


def score_at(ranked: Ranked, threshold: float) -> dict[str, float]:
    """The result of every profile when rows from `threshold` on are detections."""
    count = int(np.searchsorted(-ranked.scores, -threshold, side="right"))
    results = {}
    for name, profile in PROFILES.items():
        sums, nothing = totals(ranked, profile)
        total = sums[count - 1] if count > 0 else nothing
        results[name] = on_scale(float(total), nothing, ranked, profile)
    return results


def score_best(ranked: Ranked) -> dict[str, tuple[float, float]]:
    """Result and threshold of the best threshold of each profile, as NAB chooses it."""
    is_last = np.r_[ranked.scores[1:] != ranked.scores[:-1], True]
    results = {}
    for name, profile in PROFILES.items():
        sums, nothing = totals(ranked, profile)
        ends = np.flatnonzero(is_last)
        best = ends[np.argmax(sums[ends])]
        total, threshold = float(sums[best]), float(ranked.scores[best])
        if total <= nothing:
            total, threshold = nothing, math.inf
        results[name] = (on_scale(total, nothing, ranked, profile), threshold)
    return results


def judge(
    detector: str,
    corpus: list[Series],
    work: pathlib.Path,
    program: detection.Program | None = None,
) -> dict:
    """Results of a detector of avocet at its own threshold, and at the best one on its score."""
    onsets, scores = {}, {}
    for series in corpus:
        out = detection.detect(series.path, detector, work / "nab.csv", program)
        readings = detection.read(out)
        rows = detection.align([t.replace(" ", "T") + "Z" for t in series.timestamps], readings)
        found = rows >= 0
        onsets[series.name] = np.where(found, readings.onset[rows], False).astype(float)
        scores[series.name] = np.where(found, readings.score[rows], 0.0)
    fixed = score_at(rank(corpus, onsets), 1.0)
    best = score_best(rank(corpus, scores))
    return {
        "fixed": fixed,
        "best": {profile: result for profile, (result, _) in best.items()},
        "best_threshold": best["standard"][1],
        "detections": int(sum(values.sum() for values in onsets.values())),
    }


def check_against_published(root: pathlib.Path, corpus: list[Series]) -> list[str]:
    """Scores the published results anew; says where the outcome differs from the published one."""
    published = json.loads((root / "results_reference/final_results.json").read_text())
    scores = np.load(root / "results_reference/published_scores.npz")
    detectors = sorted({key.split("|")[0] for key in scores.files})
    problems = []
    for detector in detectors:
        given = {series.name: scores[f"{detector}|{series.name}"] for series in corpus}
        for profile, (result, _) in score_best(rank(corpus, given)).items():
            expected = published[detector][profile]
            # Numenta's own low-FP result was published with a threshold that is not the best one.
            stale = (detector, profile) == ("numenta", "reward_low_FP_rate")
            allowed = 0.1 if stale else 0.0005
            if abs(result - expected) > allowed:
                problems.append(f"{detector} {profile}: {result:.4f}, published {expected:.4f}")
    return problems
