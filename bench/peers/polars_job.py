"""One batch pass of Polars over a folder of NDJSON. Prints {"bronze": rows, "seconds": s}."""

from __future__ import annotations

import json
import pathlib
import sys
import time

import polars as pl
from metrics import RANGES

SCHEMA = {"device_id": pl.String, "timestamp": pl.String, **{m: pl.Float64 for m in RANGES}}


def main() -> None:
    source, out = sys.argv[1], pathlib.Path(sys.argv[2])
    start = time.monotonic()
    bronze = pl.read_ndjson(sorted(pathlib.Path(source).glob("*.ndjson")), schema=SCHEMA)
    bronze.write_parquet(out / "bronze.parquet", compression="zstd", compression_level=1)
    silver = (
        bronze.lazy()
        .with_columns(
            pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ"),
            *[
                pl.when(pl.col(m).is_between(*r)).then(pl.col(m)).alias(m)
                for m, r in RANGES.items()
            ],
        )
        .sort("device_id", "timestamp")
        .with_columns(
            *[
                pl.col(m).rolling_mean_by("timestamp", "5m").over("device_id").alias(f"{m}_avg_5m")
                for m in RANGES
            ]
        )
        .collect()
    )
    silver.write_parquet(out / "silver.parquet", compression="zstd", compression_level=1)
    stats = silver.group_by("device_id").agg(
        *[
            x
            for m in RANGES
            for x in (pl.col(m).mean().alias(m + "_m"), pl.col(m).std().alias(m + "_s"))
        ]
    )
    scored = (
        silver.lazy()
        .join(stats.lazy(), on="device_id")
        .filter(
            pl.any_horizontal(
                ((pl.col(m) - pl.col(m + "_m")) / pl.col(m + "_s")).abs() > 3 for m in RANGES
            )
        )
        .collect()
    )
    scored.write_parquet(out / "anomalies.parquet")
    silver.group_by("device_id", pl.col("timestamp").dt.truncate("1h")).agg(
        *[
            x
            for m in RANGES
            for x in (
                pl.col(m).count().alias(m + "_count"),
                pl.col(m).min().alias(m + "_min"),
                pl.col(m).max().alias(m + "_max"),
                pl.col(m).mean().alias(m + "_mean"),
                pl.col(m).std().alias(m + "_std"),
            )
        ]
    ).write_parquet(out / "device_stats.parquet")
    print(json.dumps({"bronze": len(bronze), "seconds": time.monotonic() - start}))


if __name__ == "__main__":
    main()
