"""One batch pass of DuckDB over a folder of NDJSON. Prints {"bronze": rows, "seconds": s}."""

from __future__ import annotations

import json
import sys
import time

import duckdb
from metrics import RANGES


def main() -> None:
    source, out = sys.argv[1], sys.argv[2]
    start = time.monotonic()
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order=false")
    columns = ", ".join(f"{m}: 'DOUBLE'" for m in RANGES)
    con.execute(
        f"CREATE TEMP TABLE bronze AS SELECT * FROM read_json('{source}/*.ndjson', "
        f"format='newline_delimited', columns={{device_id: 'VARCHAR', timestamp: 'VARCHAR', "
        f"{columns}}})"
    )
    zstd = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    con.execute(f"COPY bronze TO '{out}/bronze.parquet' {zstd}")
    valid = ", ".join(
        f"CASE WHEN {m} BETWEEN {lo} AND {hi} THEN {m} END AS {m}" for m, (lo, hi) in RANGES.items()
    )
    means = ", ".join(f"avg({m}) OVER w AS {m}_avg_5m" for m in RANGES)
    con.execute(
        f"CREATE TEMP TABLE silver AS SELECT *, {means} FROM (SELECT device_id, "
        f"timestamp::TIMESTAMP AS event_time, {valid} FROM bronze) WINDOW w AS (PARTITION BY "
        "device_id ORDER BY event_time RANGE BETWEEN INTERVAL '299.999999 seconds' PRECEDING "
        "AND CURRENT ROW)"
    )
    con.execute(f"COPY silver TO '{out}/silver.parquet' {zstd}")
    stats = ", ".join(f"avg({m}) AS {m}_m, stddev_samp({m}) AS {m}_s" for m in RANGES)
    flagged = " OR ".join(f"abs(({m} - {m}_m) / nullif({m}_s, 0)) > 3" for m in RANGES)
    con.execute(
        f"COPY (SELECT silver.* FROM silver JOIN (SELECT device_id, {stats} FROM silver "
        f"GROUP BY 1) USING (device_id) WHERE {flagged}) TO '{out}/anomalies.parquet' {zstd}"
    )
    hourly = ", ".join(
        f"count({m}), min({m}), max({m}), avg({m}), stddev_samp({m})" for m in RANGES
    )
    con.execute(
        f"COPY (SELECT device_id, date_trunc('hour', event_time) AS hour, {hourly} FROM silver "
        f"GROUP BY 1, 2) TO '{out}/device_stats.parquet' {zstd}"
    )
    seconds = time.monotonic() - start
    rows = con.execute("SELECT count(*) FROM bronze").fetchone()
    print(json.dumps({"bronze": rows[0] if rows else 0, "seconds": seconds}))


if __name__ == "__main__":
    main()
