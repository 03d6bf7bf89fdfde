"""avocet.spark over a folder of NDJSON: bronze, silver, gold; the job that spark_job.py is.

Usage: avocet_spark_job.py SOURCE OUT CONFIG PARTS. Prints {"bronze": rows, "seconds": s,
"processor": s}; the times are without the start of the JVM and of the session, and after a warm-up
over one file.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import time

from avocet.spark import Lake, Pipeline, files
from processor import processor_seconds
from spark_job import FILES_PER_BATCH, make_session


def run(spark, source: pathlib.Path, out: pathlib.Path, config: str, parts: int) -> float:
    lake = Lake.at(str(out / "lake"), direct=True)
    start = time.monotonic()
    options = {"maxFilesPerTrigger": str(FILES_PER_BATCH)}
    records = files(spark, str(source), direct=True, options=options)
    Pipeline(spark, config, lake, str(out / "checkpoint"), parts=parts).run_once(records)
    return time.monotonic() - start


def main() -> None:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    config, parts = sys.argv[3], int(sys.argv[4])
    spark = make_session()
    sample = out / "warm-up-input"
    sample.mkdir(parents=True)
    shutil.copy(min(source.glob("*.ndjson")), sample)
    run(spark, sample, out / "warm-up", config, parts)
    before = processor_seconds()
    seconds = run(spark, source, out / "tables", config, parts)
    processor = processor_seconds() - before
    rows = Lake.at(str(out / "tables" / "lake")).read(spark, "bronze").count()
    spark.stop()
    print(json.dumps({"bronze": rows, "seconds": seconds, "processor": processor}))


if __name__ == "__main__":
    main()
