"""What `auto` muted because it came too often is shown, and said again when somebody asks."""

import json
import random
from pathlib import Path

from dashboard import chromium, page_of, serving
from harness import Site, read_table
from playwright.sync_api import expect

CONFIG = """\
lake: {lake}
server: {SERVER}
storage: {commit: {interval: 50ms}}
sources: [{file: {path: {in}, poll_interval: 5ms}}]
schema: {metrics: {t: {}}}
detectors: [{type: auto, tier: lean}]
alerts: {rules: []}
"""
DEVICE = "press-7"
EVERY = 200  # readings from one spike to the next, which is more than a calm


class Series:
    """A file that gets readings every ten seconds, with a spike in the middle of each portion."""

    def __init__(self, site: Site):
        self.site = site
        self.noise = random.Random(1)
        self.written = 0

    def add(self, readings: int, spike: float = 0) -> None:
        with (self.site.inbox / "a.ndjson").open("a") as out:
            for i in range(readings):
                hours, seconds = divmod((self.written + i) * 10, 3600)
                time = f"2026-01-15T{hours:02}:{seconds // 60:02}:{seconds % 60:02}Z"
                value = 20 + self.noise.gauss(0, 0.1) + (spike if i == readings // 2 else 0)
                reading = {"device_id": DEVICE, "timestamp": time, "t": round(value, 2)}
                out.write(json.dumps(reading) + "\n")
        self.written += readings

    def mute(self) -> None:
        """Three spikes, of which the last is one too many."""
        self.add(2000)
        for size in (10, 50, 250):
            self.add(EVERY, size)

    def spikes(self) -> int:
        return sum(row["type"] == "spike" for row in self.site.rows("anomalies").to_pylist())


def test_a_muted_series_is_heard_again(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG.replace("{SERVER}", "{enabled: false}"))
    config = ("-c", str(site.config))
    series = Series(site)
    series.mute()
    site.drain()
    assert series.spikes() == 2
    for device, metric, complaint in [
        ("pres-7", "t", f'the lake knows no device "pres-7"; did you mean "{DEVICE}"?'),
        (DEVICE, "T", 'the lake knows no metric "T"; did you mean "t"?'),
        ("boiler", "t", 'the lake knows no device "boiler"'),
    ]:
        done = site.avocet("alerts", "reset", device, "--metric", metric, *config)
        assert done.returncode == 69 and complaint in done.stderr, done.stderr
    actor = "bo-the-operator"
    done = site.avocet("alerts", "reset", DEVICE, "--metric", "t", "--by", actor, *config)
    assert done.returncode == 0 and f"of t of {DEVICE} is said again" in done.stdout, done.stderr
    series.add(EVERY, 1250)
    site.drain()
    assert series.spikes() == 3
    assert "muted series reset" in site.avocet("audit", "list", *config).stdout

    live = sorted(map(str, site.rows("anomalies").to_pylist()))
    done = site.avocet("rebuild", *config)
    assert done.returncode == 0, done.stderr
    assert sorted(map(str, read_table(site.lake, "anomalies").to_pylist())) == live

    assert site.avocet("forget", DEVICE, *config).returncode == 0
    outbox = b"".join(path.read_bytes() for path in (site.lake / "_avocet").glob("alerts.db*"))
    assert outbox and actor.encode() not in outbox


def test_the_page_of_a_device_shows_what_is_held_back(tmp_path: Path) -> None:
    site = Site(tmp_path)
    series = Series(site)
    series.add(50)
    with (
        serving(site, "{listen: '127.0.0.1:PORT'}", CONFIG) as (run, client),
        chromium() as browser,
    ):
        run.wait_for(lambda: site.count("silver") == 50, "the first readings")
        with page_of(browser, client, f"/device?device={DEVICE}") as page:
            card = page.get_by_label("Held back")
            expect(card).to_contain_text("Still learning what is usual for t")
            series.mute()
            # A view of hours moves every ten seconds.
            expect(card).to_contain_text("spike of t", timeout=60_000)
            expect(card).not_to_contain_text("Still learning")
            page.get_by_role("button", name="Tell them again").click()
            expect(card).to_contain_text("They are told again")
            run.wait_for(
                lambda: client.get("resets")["resets"][0]["from_us"] is not None, "the reset"
            )
            series.add(EVERY, 1250)
            run.wait_for(lambda: series.spikes() == 3, "the spike")
