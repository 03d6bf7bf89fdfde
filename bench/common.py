"""What the benchmarks share: data, configurations, and runs of avocet that check themselves."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
AVOCET = os.environ.get("AVOCET_BIN", str(ROOT / "build" / "avocet"))
ZSCORE = "{name: three_sigma, type: zscore, sigma: 3}"
METRICS = ["temperature", "humidity", "air_quality", "light", "loudness"]

CONFIG = """\
lake: {lake}
sources:
  - file: {{path: "{source}"}}
schema:
  metrics:
    temperature: {{unit: degC, range: [-40, 85]}}
    humidity: {{unit: "%", range: [0, 100]}}
    air_quality: {{range: [0, 500]}}
    light: {{range: [0, 100000]}}
    loudness: {{range: [0, 2000]}}
detectors:
  - {detector}
{more}"""


def make_readings(folder: pathlib.Path, rows: int, devices: int, files: int) -> pathlib.Path:
    """NDJSON of a simulated fleet, about 140 bytes a reading; made once and kept.

    A reading a minute, so that a run sees several days and nights: in the first hours of a first
    day a rise of temperature is all an anomaly to a z-score, and a tenth of the values are flagged.
    """
    target = folder / f"readings-{rows}-{devices}-{files}"
    if target.exists():
        return target
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    steps = rows // devices
    whole = folder / "whole.ndjson"
    subprocess.run(
        [
            AVOCET,
            "simulate",
            "--devices",
            str(devices),
            "--period",
            "60s",
            "--duration",
            f"{steps * 60}s",
            "--start",
            "2021-06-15T00:00:00Z",
            "--seed",
            "1",
            "--out",
            str(whole),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    lines_per_file = rows // files
    with open(whole, "rb") as source:
        for index in range(files):
            with open(unfinished / f"part-{index:04d}.ndjson", "wb") as part:
                for _ in range(lines_per_file):
                    part.write(source.readline())
    whole.unlink()
    unfinished.rename(target)
    return target


def write_config(
    path: pathlib.Path, lake: pathlib.Path, source: str, more: str = "", detector: str = ZSCORE
) -> None:
    path.write_text(CONFIG.format(lake=lake, source=source, more=more, detector=detector))


def drain(work: pathlib.Path, source: pathlib.Path, records: int, detector: str = ZSCORE) -> dict:
    """Takes the files of `source`, which have `records`, into a new lake at work/lake."""
    lake = work / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    config = work / "drain.yaml"
    write_config(config, lake, f"{source}/*.ndjson", detector=detector)
    report = run_avocet(config)
    check(report["received"] == records, f"{report['received']} of {records} records")
    return report


def million_series(work: pathlib.Path, devices: int, detector: str = ZSCORE) -> dict:
    """Five metrics of each device, 32 readings of each; then a start from their snapshot."""
    lake = work / "lake-state"
    shutil.rmtree(lake, ignore_errors=True)
    config = work / "state.yaml"
    write_config(config, lake, "none", detector=detector)
    config.write_text(
        config.read_text().replace(
            '  - file: {path: "none"}',
            f"  - simulate: {{devices: {devices}, period: 10s, speed: 0, seed: 1, duration: 320s,"
            " start_time: 2021-06-15T00:00:00Z}",
        )
    )
    report = run_avocet(config)
    check(report["received"] == devices * 32, f"{report['received']} of {devices * 32} readings")
    series = devices * len(METRICS)
    again = run_avocet(config)
    check(again["replayed_rows"] == 0 and again["snapshot_epoch"] > 0, "no restart from a snapshot")
    check(again["devices"] == devices, f"{again['devices']} of {devices} devices came back")
    shutil.rmtree(lake)
    return {
        "series": series,
        "state_bytes_per_series": round(report["state_bytes"] / series),
        "peak_memory_mb": round(report["peak_memory_bytes"] / 1e6),
        "restart_seconds": round(again["process_seconds"], 2),
        "restart_peak_memory_mb": round(again["peak_memory_bytes"] / 1e6),
    }


def run_avocet(config: pathlib.Path, *arguments: str) -> dict:
    """Drains the input of `config`; returns the run's report and the wall time of the process."""
    report = config.with_suffix(".report.json")
    os.sync()  # What others wrote before is not this run's to wait for.
    start = time.monotonic()
    subprocess.run(
        [AVOCET, "run", "-c", str(config), "--once", "-q", "--report", str(report), *arguments],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    result = json.loads(report.read_text())
    result["process_seconds"] = time.monotonic() - start
    return result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(port: int, run: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        check(run.poll() is None, "avocet has ended")
        time.sleep(0.05)
    check(False, "avocet does not listen")


def count_lines(folder: pathlib.Path) -> int:
    return sum(part.read_bytes().count(b"\n") for part in folder.glob("*.ndjson"))


def spark_python(*options: str) -> str:
    """The Python of scripts/spark_env.sh, which has options."""
    command = [ROOT / "scripts" / "spark_env.sh", *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()[-1]


def run_job(
    python: str, job: str, source: pathlib.Path, rows: int, out: pathlib.Path, *arguments: str
) -> dict:
    """What a program of bench/peers says of its run. It must have all rows in bronze."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.sync()
    command = [python, str(ROOT / "bench" / "peers" / job), str(source), str(out), *arguments]
    environment = {**os.environ, "PYSPARK_PYTHON": python}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    check(done.returncode == 0, f"{job} failed:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    check(result["bronze"] == rows, f"{job} has {result['bronze']} of {rows} rows")
    return result


def check(condition: bool, message: str) -> None:
    if not condition:
        raise SystemExit(f"the benchmark's own check does not hold: {message}")


def median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
