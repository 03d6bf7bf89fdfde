"""What each detector of avocet is worth. Usage: bench/detect/run.py [--quick] [--only SUITE]
[--data FOLDER] [--write] [DETECTOR...]

Runs `avocet detect` with default parameters over public and generated data with known anomalies,
prints a table for each, and with --write puts them into docs/detectors/benchmarks.md and .json;
suites that were not run keep the figures that are there.

nab       Numenta Anomaly Benchmark v1.1, all three profiles, own scorer
sensors   injected sensor faults, by seed
wsn       faults of a wireless sensor network, ranking by severity
rul       useful life of engines that ran until they failed
rcf       random_cut_forest and the library of its inventors on the same records
robustness  NAB again, with every parameter of `auto` moved by up to 30 %
cost      nanoseconds per value and bytes per series, with 100,000 series
pipeline  `auto` and `zscore` in the whole engine: readings a second, memory of a million series

The data, folders nab, wsn and cmapss, is looked for in --data, else $AVOCET_DATA, else
../shared/data; a suite without its data is left out.
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

import cost
import detection
import nab
import numpy as np
import pipeline
import rcf
import robustness
import rul
import sensors
import wsn

DOCS = detection.ROOT / "docs/detectors"
SUITES = ("nab", "sensors", "wsn", "rul", "rcf", "robustness", "cost", "pipeline")
# The folder of the data that a suite needs.
FOLDERS = {"nab": "nab", "wsn": "wsn", "rul": "cmapss", "robustness": "nab"}
# Detectors that need parameters for each data set, and what is not a detector of values.
NOT_COMPARED = {"threshold", "rate_of_change"}
# Some of those that `auto` was developed with (1 to 24), and some that nothing was chosen on.
# Detectors other than `auto` are run on the first fresh seed only: their figures differ far more
# from each other than by seed.
DEVELOPMENT_SEEDS, FRESH_SEEDS = (1, 2, 3), (91, 92, 93)
DRAWS, QUICK_DRAWS = 20, 3
OUT_OF_SAMPLE = (
    "No detector of avocet has been tuned on this corpus: all results are out of sample."
)
IN_SAMPLE = (
    "`auto` was developed on this corpus, so its result is in sample. No other detector of "
    "avocet has been tuned on it."
)


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


def judged(source: pathlib.Path, detector: str, out: pathlib.Path) -> tuple[list, set]:
    """The lines of readings in order, and those of silences, which are written when they show."""
    readings, silences = [], set()
    for line in detection.detect(source, detector, out).read_text().splitlines()[1:]:
        if line.split(",")[3]:
            readings.append(line)
        else:
            silences.add(line)
    return readings, silences


def looks_ahead(detector: str, corpus: list[nab.Series], work: pathlib.Path) -> list[str]:
    """The series whose first half is judged otherwise when the second half is not there."""
    differing = []
    for series in corpus[:: max(1, len(corpus) // 6)]:
        lines = series.path.read_text().splitlines(keepends=True)
        half = work / series.path.name
        half.write_text("".join(lines[: len(lines) // 2]))
        readings, silences = judged(half, detector, work / "half.csv")
        half.unlink()
        all_readings, all_silences = judged(series.path, detector, work / "whole.csv")
        if all_readings[: len(readings)] != readings or not silences <= all_silences:
            differing.append(series.name)
    return differing


def run_nab(detectors: list[str], data: pathlib.Path, work: pathlib.Path) -> dict:
    root = data / "nab"
    corpus = nab.load(root)
    problems = nab.check_against_published(root, corpus)
    if problems:
        sys.exit("the NAB scorer disagrees with published results:\n" + "\n".join(problems))
    results = {}
    for detector in detectors:
        result = nab.judge(detector, corpus, work)
        result["looks_ahead"] = looks_ahead(detector, corpus, work)
        if result["looks_ahead"]:
            sys.exit(f"{detector} looks ahead: {', '.join(result['looks_ahead'])}")
        results[detector] = result
        print(f"nab {' '.join(nab_cells(detector, result))}", flush=True)
    return results


def nab_cells(detector: str, result: dict) -> list[str]:
    cells = [number(result["fixed"][profile], 1) for profile in nab.PROFILES]
    cells += [number(result["best"][profile], 1) for profile in nab.PROFILES]
    return [f"`{detector}`", *cells, str(result["detections"])]


def nab_text(results: dict) -> str:
    header = ["detector", "standard", "low FP", "low FN"]
    header += ["standard, best", "low FP, best", "low FN, best", "detections"]
    return table(header, [nab_cells(detector, results[detector]) for detector in results])


# Injected sensor faults.


def run_sensors(detectors: list[str], data: pathlib.Path, work: pathlib.Path, quick: bool) -> dict:
    prototypes = data.parent / "prototypes"
    most = 1 if quick else len(FRESH_SEEDS)

    def slow(seed: int, folder: pathlib.Path) -> sensors.Dataset:
        return sensors.simulated(seed, folder, sensors.SLOW)

    groups = {
        "simulated, fresh seeds": (sensors.simulated, FRESH_SEEDS[:most]),
        "simulated, five minutes between readings, fresh seeds": (slow, FRESH_SEEDS[:most]),
    }
    if (prototypes / "sensorgen.py").exists():

        def generated(seed: int, folder: pathlib.Path) -> sensors.Dataset:
            return sensors.generated(prototypes, seed, folder)

        groups["generated, fresh seeds"] = (generated, FRESH_SEEDS[:most])
        groups["generated, development seeds"] = (generated, DEVELOPMENT_SEEDS[:most])
    results: dict = {}
    for group, (make, seeds) in groups.items():
        for detector in detectors:
            if detector != "auto" and seeds == DEVELOPMENT_SEEDS[:most]:
                continue
            used = seeds if detector == "auto" else seeds[:1]
            parts = [sensors.score(make(seed, work), detector, work) for seed in used]
            result = sensors.together(parts) | {"seeds": list(used)}
            results.setdefault(group, {})[detector] = result
            print(f"sensors, {group}: {' '.join(sensors_cells(detector, result))}", flush=True)
    return results


def sensors_cells(detector: str, result: dict) -> list[str]:
    return [
        f"`{detector}`",
        ", ".join(map(str, result["seeds"])),
        number(result["recall"], 3),
        number(result["precision"], 3),
        number(result["false_alarms_per_device_day"], 2),
    ]


def sensors_text(results: dict) -> str:
    header = ["detector", "seeds", "recall", "precision", "false alarms per device and day"]
    text = ""
    for group, by_detector in results.items():
        if not by_detector:
            continue
        rows = [sensors_cells(detector, by_detector[detector]) for detector in by_detector]
        text += f"### {group.capitalize()}\n\n{table(header, rows)}\n"
        if "auto" in by_detector:
            text += kinds_table({"auto": by_detector["auto"]["kinds"]}) + "\n"
    return text


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


def run_wsn(detectors: list[str], data: pathlib.Path, work: pathlib.Path) -> dict:
    motes = [mote for mote in wsn.load(data / "wsn") if mote.labels.any()]
    results = {}
    for detector in detectors:
        parts = {}
        for mote in motes:
            source = work / f"{mote.name}.csv"
            lines = zip(mote.timestamps, mote.values, strict=True)
            source.write_text("timestamp,value\n" + "".join(f"{t},{v}\n" for t, v in lines))
            readings = detection.read(detection.detect(source, detector, work / "wsn.csv"))
            at = detection.align(mote.timestamps, readings)
            severity = np.where(at >= 0, readings.severity[at], 0.0)
            # What is the same for all readings ranks none, which the measure does not see.
            ranks = severity.min() < severity.max()
            parts[mote.name] = wsn.vus_pr(severity, mote.labels) if ranks else None
        known = [part for part in parts.values() if part is not None]
        parts["mean"] = float(np.mean(known)) if len(known) == len(motes) else None
        results[detector] = parts
        print(f"wsn {detector} {' '.join(number(part, 3) for part in parts.values())}", flush=True)
    return results


def wsn_text(results: dict) -> str:
    names = list(next(iter(results.values())))
    rows = [
        [f"`{detector}`", *(number(parts[name], 3) for name in names)]
        for detector, parts in results.items()
    ]
    return table(["detector", *names], rows)


# Useful life.


def run_rul(data: pathlib.Path, work: pathlib.Path) -> dict:
    told = rul.measure(data, work)
    print(f"rul RMSE {told['rmse_hours']:.2f} h, coverage {told['coverage']:.3f}", flush=True)
    return {key: told[key] for key in ("failures", "cap_hours", "rmse_hours", "coverage")}


def rul_text(results: dict) -> str:
    header = ["engines", "cap, hours", "RMSE, hours", "truth in the 80 % interval"]
    row = [number(results["failures"], 0), number(results["cap_hours"], 0)]
    row += [number(results["rmse_hours"], 2), f"{100 * results['coverage']:.1f} %"]
    return table(header, [row])


# The random cut forest of others.


def rcf_text(results: dict) -> str:
    header = ["records", "judged", "labelled", "area under the ROC, avocet", "library"]
    header.append("rank correlation")
    rows = [
        [
            name,
            f"{part['records']:,}",
            str(part["labelled"]),
            number(part["auc"], 3),
            number(part["auc_library"], 3),
            number(part["rank_correlation"], 2),
        ]
        for name, part in results.items()
    ]
    return table(header, rows)


# Moved parameters.


def robustness_text(results: dict) -> str:
    header = ["profile", "as they are", "10 % of the draws below", "median", "10 % above"]
    rows = [
        [
            profile.replace("reward_", "").replace("_rate", "").replace("_", " "),
            number(results["unmoved"][profile], 1),
            *(number(parts[percent], 1) for percent in ("10", "50", "90")),
        ]
        for profile, parts in results["profiles"].items()
    ]
    told = f"{results['draws']} draws of {results['parameters']} parameters.\n\n"
    return told + table(header, rows)


# Time and memory.


def cost_text(results: dict) -> str:
    rows = [
        [
            f"`{name}`",
            number(part["ns_per_value"], 0),
            number(part["bytes_per_series"], 0),
            f"{part['series']:,}",
        ]
        for name, part in results.items()
    ]
    return table(["detector", "ns per value", "bytes per series", "series"], rows)


# The whole engine.


def pipeline_text(results: dict) -> str:
    header = ["detector", "readings per second", "of `zscore`", "state of a series, bytes"]
    header += ["peak memory, MB", "restart, s", "its peak memory, MB"]
    rows = [
        [
            f"`{name}`",
            f"{part['readings_per_second']:,}",
            f"{part['readings_per_second'] / results['zscore']['readings_per_second']:.0%}",
            f"{part['state_bytes_per_series']:,}",
            f"{part['peak_memory_mb']:,}",
            number(part["restart_seconds"], 1),
            f"{part['restart_peak_memory_mb']:,}",
        ]
        for name, part in results.items()
    ]
    return table(header, rows)


# The page.


def commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=detection.ROOT,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "unknown"


def commits_text(commits: dict[str, str]) -> str:
    """The one that most figures are of, and those of the others."""
    by_commit: dict[str, list[str]] = {}
    for name, commit_of_name in commits.items():
        by_commit.setdefault(commit_of_name, []).append(name)
    most = max(by_commit, key=lambda each: len(by_commit[each]))
    others = [
        f"{', '.join(f'`{name}`' for name in names)}: {each}"
        for each, names in by_commit.items()
        if each != most
    ]
    return f"{most} ({'; '.join(others)})" if others else most


def write(results: dict, made_with: str) -> None:
    """The page and the figures; of what was not run, those that are there."""
    path = DOCS / "benchmarks.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    for suite, figures in results.items():
        merged = known.get(suite, {}).get("results", {})
        if suite == "sensors":
            for group, by_detector in figures.items():
                merged[group] = merged.get(group, {}) | by_detector
        else:
            merged |= figures
        commits = known.get(suite, {}).get("commits", {}) | dict.fromkeys(figures, made_with)
        known[suite] = {"commits": commits, "results": merged}
    path.write_text(json.dumps(known, indent=1) + "\n")
    texts = {
        "nab": nab_text,
        "sensors": sensors_text,
        "wsn": wsn_text,
        "rul": rul_text,
        "rcf": rcf_text,
        "robustness": robustness_text,
        "cost": cost_text,
        "pipeline": pipeline_text,
    }
    parts = {}
    for suite in SUITES:
        missing = suite not in known
        parts[suite] = (
            "This part was not run.\n"
            if missing
            else f"Made with commit {commits_text(known[suite]['commits'])}.\n\n"
            + texts[suite](known[suite]["results"])
        )
    judged = known.get("nab", {}).get("results", {})
    template = (pathlib.Path(__file__).parent / "page.md").read_text()
    page = template.format(in_sample=IN_SAMPLE if "auto" in judged else OUT_OF_SAMPLE, **parts)
    (DOCS / "benchmarks.md").write_text(page)


def data_folder(given: str | None) -> pathlib.Path:
    default = detection.ROOT / "../shared/data"
    return pathlib.Path(given or os.environ.get("AVOCET_DATA") or default).resolve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer seeds and draws")
    parser.add_argument("--only", choices=SUITES, action="append")
    parser.add_argument("--data", help="folder with nab, wsn and cmapss (default: $AVOCET_DATA)")
    parser.add_argument("--write", action="store_true", help="write docs/detectors/benchmarks.*")
    parser.add_argument("detectors", nargs="*", help="types (default: all that can be compared)")
    arguments = parser.parse_args()
    detectors = arguments.detectors or [d for d in known_detectors() if d not in NOT_COMPARED]
    data = data_folder(arguments.data)
    made_with = commit()  # before the page changes
    results: dict = {}
    with tempfile.TemporaryDirectory(prefix="avocet-detect-") as folder:
        work = pathlib.Path(folder)
        for suite in arguments.only or SUITES:
            folder_needed = data / FOLDERS.get(suite, "")
            if not folder_needed.is_dir() and suite in FOLDERS:
                print(f"{suite} is left out: there is no {folder_needed}", flush=True)
            elif suite == "nab":
                results[suite] = run_nab(detectors, data, work)
            elif suite == "sensors":
                results[suite] = run_sensors(detectors, data, work, arguments.quick)
            elif suite == "wsn":
                results[suite] = run_wsn(detectors, data, work)
            elif suite == "rul":
                results[suite] = run_rul(data, work)
            elif suite == "rcf" and not rcf.is_possible():
                print("rcf is left out: there is no JDK or no Maven", flush=True)
            elif suite == "rcf":
                results[suite] = rcf.measure(data, work)
            elif suite == "robustness":
                draws = QUICK_DRAWS if arguments.quick else DRAWS
                results[suite] = robustness.measure(data, work, draws)
            elif suite == "cost":
                results[suite] = cost.measure()
            else:
                results[suite] = pipeline.measure(work, arguments.quick)
            if arguments.write and suite in results:
                write(results, made_with)
                results.clear()


if __name__ == "__main__":
    main()
