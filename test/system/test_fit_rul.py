"""avocet fit-rul learns from recorded failures; avocet health says how much life is left."""

from __future__ import annotations

import json
import random
from pathlib import Path
from subprocess import CompletedProcess

import dashboard
import pytest
from harness import Site

HOUR = 3600
START = 1_700_006_400
CONFIG = """
lake: {lake}
sources: [{file: {path: '{in}'}}]
schema: {metrics: {vibration: {}, humidity: {}}}
detectors: [{type: threshold, metrics: [vibration], max: 1000}]
server: {SERVER}
health: {rul_model: rul.model}
"""


def life(device: str, begin: int, hours: int, total: int, chance: random.Random) -> list[str]:
    """Vibration grows in the last 100 of `total` hours; humidity says nothing."""
    lines = []
    for hour in range(hours):
        left = total - hour
        wear = max(0, 100 - left) / 10
        row = {
            "device_id": device,
            "timestamp": START + (begin + hour) * HOUR,
            "vibration": 5 + wear + chance.gauss(0, 0.3),
            "humidity": 50 + chance.gauss(0, 5),
        }
        lines.append(json.dumps(row) + "\n")
    return lines


@pytest.fixture(name="site", scope="module")
def a_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("rul"))
    site.configure(CONFIG.replace("{SERVER}", "{enabled: false}"))
    chance = random.Random(3)
    lines, failures = [], ["device_id,failed_at"]
    for i in range(12):
        total = chance.randrange(150, 250)
        lines += life(f"old-{i}", 250 - total, total, total, chance)
        failures.append(f"old-{i},2023-11-25T10:00:00Z")  # START + 250 hours
    lines += life("worn", 100, 150, 170, chance)
    lines += life("fresh", 150, 100, 400, chance)
    (site.inbox / "a.ndjson").write_text("".join(lines))
    (site.directory / "failures.csv").write_text("\n".join(failures) + "\n")
    site.drain()
    return site


def fit(site: Site, *arguments: str) -> CompletedProcess[str]:
    return site.avocet("fit-rul", "failures.csv", "-c", str(site.config), *arguments)


def test_the_model_knows_how_much_life_is_left(site: Site) -> None:
    done = fit(site, "--cap", "100h", "-f", "json")
    assert done.returncode == 0, done.stderr
    fitted = json.loads(done.stdout)
    assert fitted["failures"] == 12
    assert fitted["cap_hours"] == 100
    assert fitted["rmse_hours"] < 12
    assert 0.7 < fitted["coverage"] < 0.92
    done = site.avocet("health", "-c", str(site.config), "-f", "json", "--all", "--limit", "0")
    assert done.returncode == 0, done.stderr
    devices = {device["device_id"]: device for device in json.loads(done.stdout)["devices"]}
    worn, fresh = devices["worn"]["useful_life"], devices["fresh"]["useful_life"]
    assert worn["hours"] == pytest.approx(20, abs=12)
    assert worn["hours_low"] <= worn["hours"] <= worn["hours_high"]
    assert fresh["hours"] > 80
    shares = {share["metric"]: share["hours"] for share in worn["shares"]}
    assert shares["vibration"] < -20
    assert abs(shares["humidity"]) < 10
    reasons = " ".join(devices["worn"]["reasons"])
    assert "of useful life left" in reasons
    assert "mostly because of vibration" in reasons
    assert devices["fresh"]["reasons"] == []


def test_the_cap_and_the_metrics_are_chosen(site: Site) -> None:
    done = fit(site, "-o", "other.model", "-f", "json", "--metrics", "vibration")
    assert done.returncode == 0, done.stderr
    assert 90 <= json.loads(done.stdout)["cap_hours"] <= 160  # five eighths of 150 to 250 h
    done = site.avocet(
        "health", "-c", str(site.config), "--rul", "other.model", "-f", "json", "--all"
    )
    lives = [device["useful_life"] for device in json.loads(done.stdout)["devices"]]
    assert all([share["metric"] for share in life["shares"]] == ["vibration"] for life in lives)
    done = fit(site, "--cap", "2h")
    assert done.returncode != 0
    assert "--cap must be a duration of at least 12h" in done.stderr


def test_a_run_shows_it(site: Site) -> None:
    assert fit(site, "--cap", "100h").returncode == 0
    config = site.config.read_text()
    try:
        with dashboard.serving(site, "{listen: '127.0.0.1:PORT'}", CONFIG) as (_, client):
            fleet = {device["device"]: device for device in client.get("health")["devices"]}
            device = client.get("device_health", device="worn", **{"from": "2023-11-01"})
    finally:
        site.config.write_text(config)
    life = device["useful_life"]
    assert fleet["worn"]["useful_life"] == life
    assert life["hours"] == pytest.approx(20, abs=12)
    assert life["shares"][0]["metric"] == "vibration"
    assert "of useful life left" in " ".join(fleet["worn"]["reasons"])


def test_what_is_no_model_or_no_list_of_failures_is_refused(site: Site, tmp_path: Path) -> None:
    config = str(site.config)
    assert fit(site, "--cap", "100h").returncode == 0
    text = (site.directory / "rul.model").read_text()
    for changed, message in (
        (text.replace("weights", "weights 0", 1), "it is no model of avocet fit-rul, or it is dam"),
        (text.replace("avocet-rul 1", "avocet-rul 9", 1), "it has version 9 of the format"),
    ):
        model = tmp_path / "changed.model"
        model.write_text(changed)
        done = site.avocet("health", "-c", config, "--rul", str(model))
        assert done.returncode != 0
        assert f"cannot use {model}: {message}" in done.stderr
    failures = tmp_path / "f.csv"
    for content, message in (
        ("old-1,2023-11-25T10:00:00Z", 'line 1 is not "device_id,failed_at"'),
        ("device_id,failed_at\nold-1,yesterday", "line 2 is not a device and a time"),
        (
            "device_id,failed_at\nold-1,2023-11-25T10:00:00Z\nnobody,2023-11-25",
            "readings before a failure are on record for 1 failures; at least 10 are needed",
        ),
    ):
        failures.write_text(content + "\n")
        done = site.avocet("fit-rul", str(failures), "-c", config)
        assert done.returncode != 0
        assert message in done.stderr
