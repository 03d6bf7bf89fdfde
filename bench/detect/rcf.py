"""`random_cut_forest` beside randomcutforest-core, the library of its inventors.
Usage: bench/detect/rcf.py [--data FOLDER] [--expect]

Both see the same records, in the same units, with the same trees, samples and memory. avocet ranks
a record by its displacement, the library by how early cuts part it from the others, and both draw
their cuts at random, so scores are compared by rank: how well each puts the labelled records first
(area under the ROC curve), and how alike both order the records that avocet finds unusual
(Spearman). Needs a JDK and Maven. --expect writes what a unit test expects,
test/reference/random_cut_forest_aws.csv.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import datetime
import pathlib
import shutil
import subprocess
import sys
import tempfile

import detection
import numpy as np
import wsn

HERE = pathlib.Path(__file__).resolve().parent
EXPECTATIONS = detection.ROOT / "test/reference/random_cut_forest_aws.csv"
TREES, SAMPLES, MEMORY = 20, 128, 2000  # avocet's defaults
LEARNS = 358  # records before avocet judges
UNIT_AFTER = 30  # records that values are scaled by
BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


@dataclasses.dataclass
class Records:
    name: str
    values: np.ndarray  # [record][metric]
    labels: np.ndarray


def two_states(size: int, seed: int) -> Records:
    """A machine that idles or works, each with levels of its own; labelled are records between
    the two, or with one metric far off."""
    random = np.random.default_rng(seed)
    busy = np.cumsum(random.random(size) < 0.05) % 2
    noise = random.normal(0, 1, (size, 3))
    values = np.c_[20 + 50 * busy, 1000 + 300 * busy, 0 * busy] + noise * [1, 5, 0.5]
    labels = np.zeros(size, int)
    odd = random.choice(np.arange(LEARNS + 50, size), size // 50, replace=False)
    labels[odd] = 1
    for at, kind in zip(odd, random.integers(0, 4, len(odd)), strict=True):
        if kind == 3:
            values[at] = [45, 1150, 0] + noise[at] * [3, 15, 0.5]
        else:
            values[at, kind] += random.choice([-1, 1]) * random.uniform(6, 20) * [1, 5, 0.5][kind]
    return Records(f"two states {seed}", np.round(values, 3), labels)


def motes(root: pathlib.Path) -> list[Records]:
    """Temperature and humidity of a mote together; labelled when either is."""
    both: dict[str, list[wsn.Mote]] = {}
    for mote in wsn.load(root):
        both.setdefault(mote.name.split("_")[0], []).append(mote)
    records = []
    for name, parts in both.items():
        size = min(len(part.values) for part in parts)
        values = np.array([[float(value) for value in part.values[:size]] for part in parts]).T
        labels = np.max([part.labels[:size] for part in parts], axis=0)
        if labels.any():
            records.append(Records(name, values, labels))
    return records


def is_possible() -> bool:
    return all(shutil.which(program) for program in ("mvn", "java", "javac"))


def jars(work: pathlib.Path) -> str:
    command = ["mvn", "-q", "-B", "-f", str(HERE / "rcf/pom.xml")]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={work / 'jars'}"]
    subprocess.run(command, check=True)
    return f"{work / 'jars'}/*"


def library_scores(values: np.ndarray, classpath: str) -> np.ndarray:
    """Of values in deviations of the first ones, as avocet scales them."""
    first = values[:UNIT_AFTER]
    deviation = first.std(axis=0)
    scaled = (values - first.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    lines = "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in scaled)
    command = ["java", "-cp", classpath, str(HERE / "rcf/Scores.java")]
    command += [str(number) for number in (TREES, SAMPLES, MEMORY)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return np.array([float(line) for line in done.stdout.split()])


def avocet_scores(values: np.ndarray, work: pathlib.Path) -> np.ndarray:
    step = datetime.timedelta(seconds=10)
    times = [(BEGIN + i * step).strftime("%Y-%m-%dT%H:%M:%SZ") for i in range(len(values))]
    source = work / "records.csv"
    with source.open("w", newline="") as file:
        out = csv.writer(file)
        metrics = [f"m{i}" for i in range(values.shape[1])]
        out.writerow(["timestamp", "device_id", *metrics])
        out.writerows([time, "d", *row] for time, row in zip(times, values, strict=True))
    readings = detection.read(detection.detect(source, "random_cut_forest", work / "scores.csv"))
    # The score of a record is that of the metric with the largest part; the others have none.
    scores = dict.fromkeys(times, 0.0)
    for time, score in zip(readings.event_time, readings.score, strict=True):
        scores[time] = max(scores[time], score)
    return np.array(list(scores.values()))


def ranks(values: np.ndarray) -> np.ndarray:
    """From 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    positive = labels > 0
    count = positive.sum()
    beaten = ranks(scores)[positive].sum() - count * (count + 1) / 2
    return float(beaten / (count * (len(labels) - count)))


def compare(records: Records, work: pathlib.Path, classpath: str) -> dict:
    theirs = library_scores(records.values, classpath)[LEARNS:]
    ours = avocet_scores(records.values, work)[LEARNS:]
    labels = records.labels[LEARNS:]
    unusual = ours > 0
    return {
        "records": len(labels),
        "labelled": int((labels > 0).sum()),
        "auc": auc(ours, labels),
        "auc_library": auc(theirs, labels),
        "rank_correlation": float(np.corrcoef(ranks(ours[unusual]), ranks(theirs[unusual]))[0, 1]),
    }


def measure(data: pathlib.Path, work: pathlib.Path) -> dict:
    """By name of the data."""
    classpath = jars(work)
    sets = [two_states(5000, seed) for seed in (1, 2, 3)]
    if (data / "wsn").is_dir():
        sets += motes(data / "wsn")
    results = {}
    for records in sets:
        results[records.name] = compare(records, work, classpath)
        print(f"rcf {records.name}: {results[records.name]}", flush=True)
    return results


def write_expectations(work: pathlib.Path) -> None:
    records = two_states(1200, 7)
    scores = library_scores(records.values, jars(work))
    with EXPECTATIONS.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["a", "b", "c", "label", "score"])
        for row, label, score in zip(records.values, records.labels, scores, strict=True):
            out.writerow([*row, label, f"{score:.4f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=detection.ROOT / "../shared/data", type=pathlib.Path)
    parser.add_argument("--expect", action="store_true", help="write the unit test's expectations")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="avocet-rcf-") as folder:
        work = pathlib.Path(folder)
        if arguments.expect:
            write_expectations(work)
        else:
            measure(arguments.data.resolve(), work)


if __name__ == "__main__":
    sys.exit(main())
