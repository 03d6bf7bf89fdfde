"""Speed of avocet.Engine.process on one thread, in batches of 10,000 readings.

Run by bench/run.py with the Python that has the package. Prints JSON: readings per second of
processor time, of which the C++ bench's figure is, too, when the rows are columns, and when they
are whole records, as src/engine/embedded_engine_bench.cc has them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

import avocet
import pyarrow as pa

# The same fleet, configuration and batches as in src/engine/embedded_engine_bench.cc.
BATCHES, ROWS = 50, 10_000
METRICS = ["temperature", "humidity", "air_quality", "light", "loudness"]
CONFIG = {
    "engine": {"threads": 1},
    "schema": {"metrics": {metric: {} for metric in METRICS}},
    "detectors": [{"type": "zscore"}],
}
FLEET = {"devices": 1000, "period": "60s", "duration": f"{BATCHES * ROWS // 1000}m"}


def seconds_of(batches: list[pa.RecordBatch], payload: str | None) -> float:
    engine = avocet.Engine(CONFIG)
    start = time.process_time()
    rows = sum(len(engine.process(batch, payload=payload).silver) for batch in batches)
    seconds = time.process_time() - start
    assert rows == BATCHES * ROWS, rows
    return seconds


def main() -> None:
    program = sys.argv[1]
    columns = avocet.simulate(**FLEET).readings.to_arrow().combine_chunks().to_batches(ROWS)
    arguments = [text for key, value in FLEET.items() for text in (f"--{key}", str(value))]
    lines = subprocess.run(
        [program, "simulate", *arguments, "-q"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    records = pa.table({"payload": lines}).to_batches(ROWS)
    result = {
        "columns": BATCHES * ROWS / seconds_of(columns, None),
        "records": BATCHES * ROWS / seconds_of(records, "payload"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
