"""`avocet forget` and names that are found in others, in words and in numbers."""

import json
from pathlib import Path

import pytest
from harness import Site
from test_forget import CONFIG

# Each name, and others that have it at their beginning, in the middle or at their end.
NAMES = {
    "pump-1": ["pump-10", "pump-1a"],
    "press-0417": ["press-04171", "press-0417_b", "hall press-0417"],
    "ump": ["pump", "umpire", "an ump"],
    "1": ["10", "21", "1.5"],
    "odd": ["oddly"],  # also the name of a detector,
    "heat": ["heater"],  # of a rule,
    "t": ["tt"],  # and of a metric
    "line 1": ["line 10", "the line 1"],
    "hall/1": ["hall/1/2", "west/hall/1"],
    'so "named" \\ so': ['so "named" \\ so 2', 'it is so "named" \\ so'],
    "Müller-1": ["Müller-10", "Halle Müller-1"],
    # Bounds have the first 32 and 64 characters.
    "a" * 40: ["a" * 41, "a" * 39, "b" + "a" * 40],
    "ü" * 70: ["ü" * 71, "ü" * 69],
}

OTHERS = [other for others in NAMES.values() for other in others]


def site_with(directory: Path, devices: list[str], more: str = "") -> Site:
    site = Site(directory)
    site.configure(CONFIG)
    with (site.inbox / "a.ndjson").open("w") as out:
        for second in range(60):
            value = 200 if second == 50 else 20 + second % 7 / 10
            for device in devices:
                reading = {"device_id": device, "timestamp": 1_780_000_000 + second, "t": value}
                out.write(json.dumps(reading) + "\n")
        out.write(more)
    site.drain()
    return site


def test_no_other_name_and_no_word_is_taken_for_the_device(tmp_path: Path) -> None:
    site = site_with(tmp_path, [*NAMES, *OTHERS])
    mute = ["alerts", "mute", "--reason", "hall pump-10-b", "--device"]
    assert site.avocet(*mute, "pump-100", "-c", str(site.config)).returncode == 0
    kept = {name: site.rows(name).num_rows for name in ("bronze", "silver", "anomalies", "alerts")}
    for device in NAMES:
        where = ["-c", str(site.config), "-f", "json"]
        done = site.avocet("forget", device, *where)
        assert done.returncode == 0, (device, done.stdout, done.stderr)
        report = json.loads(done.stdout)
        assert report["remaining"] == []
        for table in report["tables"]:
            if table["table"] in kept:
                assert table["rows_removed"] > 0, (device, table)
                kept[table["table"]] -= table["rows_removed"]
        again = json.loads(site.avocet("forget", device, *where).stdout)
        assert again["found"] is False, (device, again)
    for name, rows in kept.items():
        table = site.rows(name)
        assert set(table["device_id"].to_pylist()) == set(OTHERS) and table.num_rows == rows
    assert "clean" in site.avocet("fsck", "-c", str(site.config)).stdout


@pytest.mark.parametrize("device", ["pump-1", "press-0417", 'so "named" \\ so', "Müller-1"])
def test_what_others_say_of_it_is_found_in_compressed_pages(tmp_path: Path, device: str) -> None:
    others = NAMES[device]
    notes = [
        {"device_id": others[0], "timestamp": 1_780_000_100, "t": 20, "note": f"{text} is warm"}
        for text in (*others, device)
    ]
    told = "".join(json.dumps(note) + "\n" for note in notes[:-1])
    site = site_with(tmp_path, [device, *others], told)
    done = site.avocet("forget", device, "-c", str(site.config), "-f", "json")
    assert done.returncode == 0, done.stdout

    site = site_with(tmp_path / "told", [device, *others], told + json.dumps(notes[-1]) + "\n")
    done = site.avocet("forget", device, "-c", str(site.config), "-f", "json")
    assert done.returncode == 1, done.stdout
    (place,) = json.loads(done.stdout)["remaining"]
    assert "/raw/sensor_readings/" in place and place.endswith(".parquet")


def test_a_quarantined_record_of_its_own_topic_goes_though_it_does_not_name_it(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    site.configure(CONFIG)
    # Each file is a partition, as a topic of MQTT is one.
    for device in ("pump-1", "pump-10"):
        reading = json.dumps({"device_id": device, "timestamp": 1_780_000_000, "t": 20})
        (site.inbox / f"{device}.ndjson").write_text(reading + "\nnot even JSON\n")
    site.drain()
    report = json.loads(
        site.avocet("forget", "pump-1", "-c", str(site.config), "-f", "json").stdout
    )
    lost = {table["table"]: table["rows_removed"] for table in report["tables"]}
    assert (lost["bronze"], lost["quarantine"]) == (1, 1)
    (left,) = site.rows("quarantine")["partition"].to_pylist()
    assert left.endswith("/pump-10.ndjson")
    # The positions in files are still known, so that they are not read again.
    assert all("_delta_log" in place for place in report["remaining"]), report
