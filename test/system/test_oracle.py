"""avocet's tables equal an independent recomputation from the input files."""

from pathlib import Path

import generate
import pytest
from harness import Site, assert_counters_add_up, newest_commit_info, totals
from oracle import Metric, Oracle, Plan, ZScore, compare

RULES = [
    Metric("temperature", low=-40, high=85, max_rate=2.5),
    Metric("humidity", low=0, high=100, on_invalid="drop"),
    Metric("pressure", high=2000, not_null=True, on_invalid="warn"),
    Metric("mode", allowed=[75, 76]),
]

PLANS = {
    "defaults": Plan([Metric(m.name) for m in RULES]),
    "rules": Plan(RULES),
    "exclude_anomalies": Plan(RULES, [ZScore("strict", exclude_anomalies=True)]),
    "windowed": Plan(RULES, [ZScore("recent", window=50, sigma=2.5)]),
    "small_window": Plan(RULES, [ZScore("tiny", window=10, sigma=4, exclude_anomalies=True)]),
    "several_detectors": Plan(
        [
            Metric("temperature", low=0, high=50, on_invalid="drop", max_rate=5, not_null=True),
            Metric("humidity", low=0, allowed=None, not_null=True, on_invalid="drop"),
            Metric("pressure", low=900, high=1100, on_invalid="nullify"),
            Metric("mode"),
        ],
        [ZScore("early", min_samples=5, sigma=2), ZScore("late", min_samples=100, window=200)],
        rolling_s=90,
        lateness_s=900,
    ),
    "no_lateness": Plan(RULES, lateness_s=0, rolling_s=1),
}


def check(site: Site, plan: Plan, files: list[Path]) -> Oracle:
    oracle = Oracle(plan, files)
    counted = totals(site.lake)
    for name, value in oracle.totals.items():
        assert counted[name] == value, (name, counted, dict(oracle.totals))
    assert_counters_add_up(site.lake)
    for name, want in oracle.rows.items():
        assert want, f"the generated data gives no {name}"
        compare(name, want, site.rows(name))
    return oracle


@pytest.mark.parametrize("name", list(PLANS))
def test_tables_equal_the_oracle(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path)
    plan = PLANS[name]
    seed = list(PLANS).index(name) + 100
    files = generate.write_inputs(site.inbox, seed, 6000)
    site.config.write_text(plan.config(site.lake, [str(site.inbox)]))
    site.drain()
    oracle = check(site, plan, files)
    # The data has what it is for; otherwise equality says little.
    assert oracle.totals["late"] > 100
    assert oracle.totals["duplicates"] > 50
    codes = {row["code"] for row in oracle.rows["quarantine"]}
    assert len(codes) >= 15, codes


def test_every_malformed_record_has_its_code(tmp_path: Path) -> None:
    """Each alone between two good ones, which are not harmed."""
    site = Site(tmp_path)
    plan = PLANS["defaults"]
    good = b'{"device_id": "%d", "timestamp": %d, "temperature": 20.5}'
    out = []
    for i, bad in enumerate(generate.MALFORMED):
        out.append(good % (i, 1_700_000_000))
        out.append(bad.replace(b"%D", b"%d" % i).replace(b"%T", b"1700000000"))
        out.append(good % (i, 1_700_000_001))
    path = site.inbox / "bad.ndjson"
    generate.write_ndjson(path, out)
    site.config.write_text(plan.config(site.lake, [str(path)]))
    site.drain()
    oracle = Oracle(plan, [path])
    counted = assert_counters_add_up(site.lake)
    assert counted["quarantined"] == len(generate.MALFORMED)
    assert counted["accepted"] == 2 * len(generate.MALFORMED)
    compare("quarantine", oracle.rows["quarantine"], site.rows("quarantine"))
    compare("bronze", oracle.rows["bronze"], site.rows("bronze"))
    compare("silver", oracle.rows["silver"], site.rows("silver"))


def test_hours_that_were_written_early_are_amended(tmp_path: Path) -> None:
    """Each `--once` writes its open hours; what comes later amends them, once per key."""
    site = Site(tmp_path)
    plan = PLANS["rules"]
    stream = list(generate.lines(7, 4000))
    path = site.inbox / "a.ndjson"
    site.config.write_text(plan.config(site.lake, [str(path)]))
    for part in range(8):
        with path.open("ab") as out:
            for line in stream[part * 500 : part * 500 + 500]:
                out.write(line + b"\n")
        site.drain()
    check(site, plan, [path])
    stats = site.rows("device_stats")
    keys = list(
        zip(*(stats.column(c).to_pylist() for c in ("device_id", "metric", "hour")), strict=True)
    )
    assert len(set(keys)) == len(keys)
    assert newest_commit_info(site.lake)["epoch"] == 8


def test_a_fail_rule_stops_before_anything_is_committed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    plan = Plan([Metric("temperature", high=30, on_invalid="fail")])
    path = site.inbox / "a.ndjson"
    line = b'{"device_id": "d", "timestamp": %d, "temperature": %d}'
    generate.write_ndjson(path, [line % (1_700_000_000 + i, 20 + i // 60) for i in range(1000)])
    site.config.write_text(plan.config(site.lake, [str(path)]))
    done = site.run()
    assert done.returncode == 65, done.stderr
    assert "temperature is 31, outside its range -inf to 30" in done.stderr
    assert [site.count(name) for name in ("bronze", "silver", "quarantine")] == [0, 0, 0]
