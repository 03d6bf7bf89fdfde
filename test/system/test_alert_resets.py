"""What `auto` muted because it came too often is said again when somebody asks, and in a rebuild."""

import json
import random
from pathlib import Path

from harness import Site, read_table

CONFIG = """\
lake: {lake}
storage: {commit: {interval: 50ms}}
sources: [{file: {path: {in}, poll_interval: 5ms}}]
schema: {metrics: {t: {}}}
detectors: [{type: auto, tier: lean}]
alerts: {rules: []}
"""
EVERY = 200  # readings from one spike to the next, which is more than a calm


def test_a_muted_series_is_heard_again(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG)
    config = ("-c", str(site.config))
    file = site.inbox / "a.ndjson"
    noise = random.Random(1)
    written = 0

    def spikes() -> int:
        return sum(row["type"] == "spike" for row in site.rows("anomalies").to_pylist())

    def more(readings: int, spike: float = 0) -> None:
        """Readings every ten seconds; the one in their middle is a spike."""
        nonlocal written
        with file.open("a") as out:
            for i in range(readings):
                hours, seconds = divmod((written + i) * 10, 3600)
                time = f"2026-01-15T{hours:02}:{seconds // 60:02}:{seconds % 60:02}Z"
                value = 20 + noise.gauss(0, 0.1) + (spike if i == readings // 2 else 0)
                reading = {"device_id": "d", "timestamp": time, "t": round(value, 2)}
                out.write(json.dumps(reading) + "\n")
        written += readings
        site.drain()

    more(2000)
    for size in (10, 50, 250):
        more(EVERY, size)
    assert spikes() == 2  # the third is one too many
    done = site.avocet("alerts", "reset", "d", "--metric", "t", "--by", "ann", *config)
    assert done.returncode == 0 and "of t of d is said again" in done.stdout, done.stderr
    more(EVERY, 1250)
    assert spikes() == 3
    assert "muted series reset" in site.avocet("audit", "list", *config).stdout

    live = sorted(map(str, site.rows("anomalies").to_pylist()))
    done = site.avocet("rebuild", *config)
    assert done.returncode == 0, done.stderr
    assert sorted(map(str, read_table(site.lake, "anomalies").to_pylist())) == live

    assert site.avocet("forget", "d", *config).returncode == 0
    outbox = b"".join(path.read_bytes() for path in (site.lake / "_avocet").glob("alerts.db*"))
    assert outbox and b"ann" not in outbox
