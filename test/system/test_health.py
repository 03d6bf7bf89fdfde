"""device_health against an independent count in SQL, and what `avocet health` says of a fleet."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import Site

HOUR = 3600
START = 1_700_006_400  # a full hour
HOURS = 9 * 24
PERIOD = 300
RISE = 0.05  # of the metric, an hour
LIMIT = 40.0

CONFIG = """
lake: {lake}
sources: [{file: {path: '{in}'}}]
schema: {metrics: {temperature: {unit: degC, range: [-40, 85], limits: [null, 40]}}}
detectors: [{type: threshold, max: 60}]
server: {enabled: false}
"""


def fleet() -> Iterator[dict[str, object]]:
    chance = random.Random(5)
    for i in range(HOURS * HOUR // PERIOD):
        second = i * PERIOD
        hour = second / HOUR
        day = 3 * math.sin(2 * math.pi * hour / 24)
        for device in ("well", "rising", "lossy", "gone", "invalid", "strange"):
            if device == "gone" and hour > HOURS - 10:
                continue
            if device == "lossy" and hour > HOURS - 24 and chance.random() < 0.5:
                continue
            value = 20 + day + chance.gauss(0, 0.5)
            if device == "rising":
                value += RISE * hour
            if device == "invalid" and hour > HOURS - 24 and i % 3 == 0:
                value = 500
            if device == "strange" and hour > HOURS - 24 and i % 2 == 0:
                value = 70
            yield {"device_id": device, "timestamp": START + second, "temperature": value}


@pytest.fixture(name="site", scope="module")
def a_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("health"))
    site.configure(CONFIG)
    (site.inbox / "a.ndjson").write_text("".join(json.dumps(row) + "\n" for row in fleet()))
    site.drain()
    return site


def test_the_counts_and_shares_are_those_that_sql_finds(site: Site) -> None:
    db = duckdb.connect()
    db.register("health", site.rows("device_health"))
    db.register("silver", site.rows("silver"))
    db.register("stats", site.rows("device_stats"))
    wrong = db.sql(f"""
        WITH counted AS (
          SELECT device_id, date_trunc('hour', event_time) AS hour, count(*) AS readings,
            count(*) FILTER (temperature IS NULL) AS invalid, max(event_time) AS newest
          FROM silver GROUP BY ALL),
        flagged AS (
          SELECT device_id, hour, sum(anomalies)::BIGINT AS anomalies FROM stats GROUP BY ALL)
        SELECT * FROM health h FULL JOIN counted c USING (device_id, hour)
          LEFT JOIN flagged f USING (device_id, hour)
        WHERE h.readings IS DISTINCT FROM c.readings OR h.invalid IS DISTINCT FROM c.invalid
          OR h.anomalies IS DISTINCT FROM f.anomalies
          OR (h.expected != {HOUR // PERIOD} AND h.until = h.hour + INTERVAL 1 HOUR
              AND h.device_id != 'lossy')
          OR abs(h.availability - least(h.readings / h.expected, 1)) > 1e-9
          OR abs(h.quality - (1 - c.invalid / c.readings)) > 1e-9
          OR abs(h.health - 100 * least(availability, freshness) * quality
                 * (1 - anomaly_share) * (1 - coalesce(drift, 0) / 2)) > 1e-9
    """).fetchall()
    assert wrong == []
    found = dict(
        db.sql(f"""
        SELECT device_id, avg(health) FROM health
        WHERE hour >= to_timestamp({START + (HOURS - 20) * HOUR}) AND until = hour + INTERVAL 1 HOUR
        GROUP BY ALL""").fetchall()
    )
    assert found["well"] == 100
    assert 50 < found["lossy"] < 85  # half of the readings, which in part becomes the usual pace
    assert found["invalid"] == pytest.approx(100 * 2 / 3, abs=1)
    # Anomalous for nearly half of the time, and its level has moved.
    assert 20 < found["strange"] < 60


def ranking(site: Site, *options: str) -> dict[str, dict[str, Any]]:
    done = site.avocet("health", "-c", str(site.config), "-f", "json", *options)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["total"] == 6
    assert answer["need_attention"] == 5
    return {device["device_id"]: device for device in answer["devices"]}


def test_the_ranking_says_who_needs_attention_and_why(site: Site) -> None:
    devices = ranking(site, "--all")
    assert next(iter(devices)) == "gone"
    assert devices["gone"]["reasons"][0].startswith("has sent nothing for 1")
    assert devices["gone"]["health"] < 65
    assert devices["well"]["reasons"] == []
    assert devices["well"]["urgency"] == 0
    for device in ("lossy", "invalid", "strange"):
        reasons = devices[device]["reasons"]
        assert any("health fell from 100 to" in reason for reason in reasons)
    # The daily peak gets there when 20 + 3 + RISE * hour does.
    due = (LIMIT - 23) / RISE - HOURS
    assert devices["rising"]["hours_to_limit"] == pytest.approx(due, rel=0.1)
    assert "temperature (degC) reaches its limit 40 in" in devices["rising"]["reasons"][0]
    assert set(ranking(site)) == set(devices) - {"well"}
    assert len(ranking(site, "--limit", "2")) == 2


def test_the_ranking_is_a_table_and_csv_too(site: Site) -> None:
    done = site.avocet("health", "-c", str(site.config))
    assert done.returncode == 0
    assert "BECAUSE" in done.stdout
    assert "5 of 6 devices will need attention in the week from 2023-11-23T23:55:00Z" in done.stdout
    done = site.avocet("health", "-c", str(site.config), "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0]["device_id"] == "gone"
    assert len(rows) == 5
    assert float(rows[0]["silent_hours"]) > 9


def test_without_a_lake_it_says_so(tmp_path: Path) -> None:
    done = Site(tmp_path).avocet("health", "--lake", str(tmp_path / "none"))
    assert done.returncode == 69, done.stderr
    assert "none" in done.stderr
