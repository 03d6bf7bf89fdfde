"""What each detector of avocet is worth. Usage: bench/detect/run.py [--quick] [--only SUITE]
[--write] [DETECTOR...]

Runs `avocet detect` with default parameters over public and generated data with known anomalies,
prints a table for each, and with --write puts them into docs/detectors/benchmarks.md and .json.

nab       Numenta Anomaly Benchmark v1.1, all three profiles, own scorer
sensors   injected sensor faults, by seed
wsn       faults of a wireless sensor network, ranking by severity

The data is looked for in $AVOCET_SHARED, else ../shared; a suite without its data is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import detection
import nab
import numpy as np
import sensors
import wsn

DOCS = detection.ROOT / "docs/detectors"
# Detectors that need parameters for each data set, and what is not a detector of values.
NOT_COMPARED = {"threshold", "rate_of_change"}
# What `auto` was developed with; everything else is out of sample.
DEVELOPMENT_SEEDS, FRESH_SEEDS = (1, 2), (31, 32, 33)
QUICK_SEEDS = ((1,), (31,))
OUT_OF_SAMPLE = (
    "No detector of avocet has been tuned on this corpus: all results are out of sample."
)
IN_SAMPLE = (
    "`auto` was developed on this corpus, so its result is in sample. No other detector of "
    "avocet has been tuned on it."
)


def shared_data() -> pathlib.Path:
    root = pathlib.Path(os.environ.get("AVOCET_SHARED", detection.ROOT / "../shared")).resolve()
    return root / "data" if (root / "data").is_dir() else root


def known_detectors() -> list[str]:
    """What `avocet components` lists: two spaces and a name under the last heading."""
    done = subprocess.run([detection.AVOCET, "components"], check=True, capture_output=True)
    lines = done.stdout.decode().split("\nDetectors\n")[1].splitlines()
    return [line.split()[0] for line in lines if re.match(r"  [a-z]", line)]


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


# The Numenta Anomaly Benchmark.


def nab_scores(detector: str, corpus: list[nab.Series], work: pathlib.Path) -> dict:
    onsets, scores = {}, {}
    for series in corpus:
        out = detection.detect(series.path, detector, work / "nab.csv")
        readings = detection.read(out)
        rows = detection.align([t.replace(" ", "T") + "Z" for t in series.timestamps], readings)
        found = rows >= 0
        onsets[series.name] = np.where(found, readings.onset[rows], False).astype(float)
        scores[series.name] = np.where(found, readings.score[rows], 0.0)
    fixed = nab.score_at(nab.rank(corpus, onsets), 1.0)
    best = nab.score_best(nab.rank(corpus, scores))
    return {
        "fixed": fixed,
        "best": {profile: result for profile, (result, _) in best.items()},
        "best_threshold": best["standard"][1],
        "detections": int(sum(values.sum() for values in onsets.values())),
    }


def looks_ahead(detector: str, corpus: list[nab.Series], work: pathlib.Path) -> list[str]:
    """The series whose first half is judged otherwise when the second half is not there."""
    differing = []
    for series in corpus[:: max(1, len(corpus) // 6)]:
        lines = series.path.read_text().splitlines(keepends=True)
        half = work / series.path.name
        half.write_text("".join(lines[: len(lines) // 2]))
        part = detection.detect(half, detector, work / "half.csv").read_text().splitlines()
        half.unlink()
        whole = detection.detect(series.path, detector, work / "whole.csv").read_text().splitlines()
        if whole[: len(part)] != part:
            differing.append(series.name)
    return differing


def run_nab(detectors: list[str], data: pathlib.Path, work: pathlib.Path) -> tuple[dict, str]:
    root = data / "nab"
    corpus = nab.load(root)
    problems = nab.check_against_published(root, corpus)
    if problems:
        sys.exit("the NAB scorer disagrees with published results:\n" + "\n".join(problems))
    results, rows = {}, []
    for detector in detectors:
        result = nab_scores(detector, corpus, work)
        result["looks_ahead"] = looks_ahead(detector, corpus, work)
        if result["looks_ahead"]:
            sys.exit(f"{detector} looks ahead: {', '.join(result['looks_ahead'])}")
        results[detector] = result
        cells = [number(result["fixed"][profile], 1) for profile in nab.PROFILES]
        cells += [number(result["best"][profile], 1) for profile in nab.PROFILES]
        rows.append([f"`{detector}`", *cells, str(result["detections"])])
        print(f"nab {' '.join(rows[-1])}", flush=True)
    header = ["detector", "standard", "low FP", "low FN"]
    header += ["standard, best", "low FP, best", "low FN, best", "detections"]
    return results, table(header, rows)


# Injected sensor faults.


def run_sensors(
    detectors: list[str], data: pathlib.Path, work: pathlib.Path, quick: bool
) -> tuple[dict, str]:
    development, fresh = QUICK_SEEDS if quick else (DEVELOPMENT_SEEDS, FRESH_SEEDS)
    prototypes = data.parent / "prototypes"
    groups = {"simulated, fresh seeds": [sensors.simulated(seed, work) for seed in fresh]}
    if (prototypes / "sensorgen.py").exists():
        for name, seeds in (
            ("generated, fresh seeds", fresh),
            ("generated, development", development),
        ):
            groups[name] = [sensors.generated(prototypes, seed, work) for seed in seeds]
    results: dict = {}
    text = ""
    for group, datasets in groups.items():
        rows, by_kind = [], {}
        for detector in detectors:
            result = sensors.together([sensors.score(d, detector, work) for d in datasets])
            results.setdefault(group, {})[detector] = result
            rows.append(
                [
                    f"`{detector}`",
                    number(result["recall"], 3),
                    number(result["precision"], 3),
                    number(result["false_alarms_per_device_day"], 2),
                ]
            )
            by_kind[detector] = result["kinds"]
            print(f"sensors, {group}: {' '.join(rows[-1])}", flush=True)
        text += f"### {group.capitalize()}\n\n"
        text += table(["detector", "recall", "precision", "false alarms per device and day"], rows)
        text += "\n" + kinds_table(by_kind) + "\n"
    return results, text


def kinds_table(by_kind: dict[str, dict]) -> str:
    kinds = sorted({kind for kinds in by_kind.values() for kind in kinds})
    rows = []
    for kind in kinds:
        cells = [kind]
        for kinds_of_detector in by_kind.values():
            part = kinds_of_detector[kind]
            delay = part["delay_seconds"]
            after = "" if delay is None else f" ({delay / 60:.1f} min)"
            cells.append(f"{part['found']}/{part['faults']}{after}")
        rows.append(cells)
    return table(["found (median delay)", *(f"`{name}`" for name in by_kind)], rows)


# The wireless sensor network.


def run_wsn(detectors: list[str], data: pathlib.Path, work: pathlib.Path) -> tuple[dict, str]:
    motes = [mote for mote in wsn.load(data / "wsn") if mote.labels.any()]
    results, rows = {}, []
    for detector in detectors:
        parts = {}
        for mote in motes:
            source = work / f"{mote.name}.csv"
            lines = zip(mote.timestamps, mote.values, strict=True)
            source.write_text("timestamp,value\n" + "".join(f"{t},{v}\n" for t, v in lines))
            readings = detection.read(detection.detect(source, detector, work / "wsn.csv"))
            at = detection.align(mote.timestamps, readings)
            severity = np.where(at >= 0, readings.severity[at], 0.0)
            parts[mote.name] = wsn.vus_pr(severity, mote.labels)
        parts["mean"] = float(np.mean(list(parts.values())))
        results[detector] = parts
        rows.append([f"`{detector}`", *(number(part, 3) for part in parts.values())])
        print(f"wsn {' '.join(rows[-1])}", flush=True)
    return results, table(["detector", *(mote.name for mote in motes), "mean"], rows)


# The page.


def commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=detection.ROOT,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "unknown"


def write(texts: dict[str, str], results: dict) -> None:
    missing = "The data of this part was not there.\n"
    page = (
        (pathlib.Path(__file__).parent / "page.md")
        .read_text()
        .format(
            commit=commit(),
            in_sample=IN_SAMPLE if "auto" in results.get("nab", {}) else OUT_OF_SAMPLE,
            nab=texts.get("nab", missing),
            sensors=texts.get("sensors", missing),
            wsn=texts.get("wsn", missing),
        )
    )
    (DOCS / "benchmarks.md").write_text(page)
    figures = {"commit": commit(), **results}
    (DOCS / "benchmarks.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer seeds")
    parser.add_argument("--only", choices=["nab", "sensors", "wsn"], action="append")
    parser.add_argument("--write", action="store_true", help="write docs/detectors/benchmarks.*")
    parser.add_argument("detectors", nargs="*", help="types (default: all that can be compared)")
    arguments = parser.parse_args()
    detectors = arguments.detectors or [d for d in known_detectors() if d not in NOT_COMPARED]
    suites = arguments.only or ["nab", "sensors", "wsn"]
    data = shared_data()
    results, texts = {}, {}
    with tempfile.TemporaryDirectory(prefix="avocet-detect-") as folder:
        work = pathlib.Path(folder)
        for suite, folder_name in (("nab", "nab"), ("sensors", None), ("wsn", "wsn")):
            if suite not in suites:
                continue
            if folder_name is not None and not (data / folder_name).is_dir():
                print(f"{suite} is left out: there is no {data / folder_name}", flush=True)
                continue
            if suite == "nab":
                results[suite], texts[suite] = run_nab(detectors, data, work)
            elif suite == "sensors":
                results[suite], texts[suite] = run_sensors(detectors, data, work, arguments.quick)
            else:
                results[suite], texts[suite] = run_wsn(detectors, data, work)
            print(f"\n{texts[suite]}", flush=True)
    if arguments.write:
        write(texts, results)


if __name__ == "__main__":
    main()
