"""`avocet init`: what it learns from samples, and that its configurations work."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
from cli_program import EXAMPLE, avocet
from harness import read_table


def config(directory: Path, *arguments: str) -> str:
    """`avocet init` of a sample, checked; the configuration without its comments."""
    avocet(directory, "init", *arguments)
    avocet(directory, "check")
    lines = (directory / "avocet.yaml").read_text().splitlines()
    bare = [line.split(" #")[0].rstrip() for line in lines]
    return "\n".join(line for line in bare if line and not line.lstrip().startswith("#"))


def drain(directory: Path, rows: int) -> None:
    """The configuration takes in every row of its sample."""
    avocet(directory, "run", "-c", "avocet.yaml", "--once")
    assert read_table(directory / "lake", "quarantine").num_rows == 0
    assert read_table(directory / "lake", "bronze").num_rows == rows
    assert read_table(directory / "lake", "silver").num_rows == rows


def test_the_example_needs_two_commands(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    done = avocet(tmp_path, "init", EXAMPLE.name, "--report", "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "loudness of iaddataset" in page and page.count("<svg") == 5
    # What it shows is what a run will find.
    found = int(re.search(r"auto would have flagged (\d+) anomalies", done.stdout)[1])
    assert f"<b>{found}</b><span>anomalies" in page
    for part in (
        "6,558 records",
        "a reading every 10s",
        "Air Quality  air_quality",
        "avocet run --once",
    ):
        assert part in done.stdout
    text = (tmp_path / "avocet.yaml").read_text()
    for part in (
        "device: {constant: iaddataset}",
        "field: Time",
        "format: epoch_s",
        "unit: degC",
        "range: [-40, 85]",
        'unit: "%"',
        "range: [0, 100]",
        "unit: lux",
        'field: "Air Quality"',
        "rolling: 5m",
    ):
        assert part in text
    # Guesses say so, and a range that is only what was seen is not in force.
    assert "guess from the name" in text
    loudness = text[text.index("loudness:") : text.index("windows:")]
    assert "# range:" in loudness and "\n      range:" not in loudness
    # Every key is explained: no line of the schema stands without a comment on it or above it.
    assert text.count("#") > 25
    drain(tmp_path, 6558)
    assert read_table(tmp_path / "lake", "anomalies").num_rows == found
    silver = read_table(tmp_path / "lake", "silver")
    assert set(silver.column("device_id").to_pylist()) == {"iaddataset"}
    assert silver.column("temperature").null_count == 0
    assert "air_quality_avg_5m" in silver.column_names


def test_semicolons_iso_times_and_a_name_with_a_dot(tmp_path: Path) -> None:
    (tmp_path / "hall 7.csv").write_text(
        "Date;Temp (\u00b0C);PM2.5;Text\n"
        "2021-06-15T18:00:00+02:00;21.5;3;calm\n"
        "2021-06-15T18:00:30+02:00;21.6;;calm\n"
        "2021-06-15T18:01:00+02:00;21.7;5;windy, cold\n"
    )
    text = config(tmp_path, "hall 7.csv")
    for part in (
        'device: {constant: "hall 7"}',
        "field: Date",
        "format: iso8601",
        "temp_c:",
        "unit: degC",
        "field: PM2.5",
        "pm2_5:",
    ):
        assert part in text
    assert "text:" not in text
    drain(tmp_path, 3)
    rows = read_table(tmp_path / "lake", "silver").sort_by("event_time").to_pylist()
    assert [row["pm2_5"] for row in rows] == [3, None, 5]
    assert rows[0]["event_time"].isoformat() == "2021-06-15T16:00:00+00:00"


def test_a_european_export(tmp_path: Path) -> None:
    rows = [
        f"{1 + i // 1440:02}.06.2021 {i // 60 % 24:02}:{i % 60:02};{20 + i % 7},5;{i % 3}"
        for i in range(3000)
    ]
    (tmp_path / "halle.csv").write_text(
        "Datum;Temperatur (\u00b0C);Stufe\n" + "\n".join(rows) + "\n"
    )
    done = avocet(tmp_path, "init", "halle.csv", "-o", "-")
    assert "a reading every 1m" in done.stderr
    text = config(tmp_path, "halle.csv")
    for part in ('pattern: "%d.%m.%Y %H:%M"', "decimal_comma: true", "unit: degC", "stufe:"):
        assert part in text
    drain(tmp_path, 3000)
    first = read_table(tmp_path / "lake", "silver").sort_by("event_time").to_pylist()[0]
    assert first["event_time"].isoformat() == "2021-06-01T00:00:00+00:00"
    assert first["temperatur_c"] == 20.5


def test_an_american_export_of_local_times(tmp_path: Path) -> None:
    rows = [
        f"{6 + i // 2880}/{1 + i // 1440 % 2}/2021 {i // 60 % 12 or 12}:{i % 60:02} "
        f"{'AM' if i // 60 % 24 < 12 else 'PM'},pump-{i % 3},{70 + i % 9 / 10}"
        for i in range(3000)
    ]
    (tmp_path / "pumps.csv").write_text("When,Device,Temp F\n" + "\n".join(rows) + "\n")
    text = config(tmp_path, "pumps.csv")
    assert 'pattern: "%m/%d/%Y %I:%M %p"' in text and "device: Device" in text
    file = tmp_path / "avocet.yaml"
    file.write_text(file.read_text().replace("# zone: Europe/Berlin", "zone: America/New_York"))
    drain(tmp_path, 3000)
    times = read_table(tmp_path / "lake", "silver").column("event_time").to_pylist()
    assert min(times).isoformat() == "2021-06-01T04:00:00+00:00"


def test_nested_records_of_several_devices(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "data.ndjson.gz", "wt") as out:
        for i in range(60):
            record = {
                "meta": {"mote": f"pump-{i % 3}", "ts": 1623781306000 + i * 250},
                "data": {"temp": str(70 + i % 9), "flow": {"rate": i}},
                "ok": i % 2 == 0,
                "seq": i,
            }
            out.write(json.dumps(record) + "\n")
    done = avocet(tmp_path, "init", "data.ndjson.gz", "-o", "-")
    assert "3 devices (by its name), a reading every 750ms" in done.stderr
    text = config(tmp_path, "data.ndjson.gz")
    for part in (
        "device: meta.mote",
        "field: meta.ts",
        "format: epoch_ms",
        "field: data.temp",
        "unit: degF",
        "field: data.flow.rate",
        "ok:",
    ):
        assert part in text
    assert "seq:" not in text  # it counts the rows
    drain(tmp_path, 60)
    assert read_table(tmp_path / "lake", "silver").column("temp").to_pylist()[0] is not None


def test_one_metric_per_record(tmp_path: Path) -> None:
    lines = ["time,sensor_id,metric,value"]
    for i in range(40):
        lines.append(f"{1623781306 + i},s{i % 2},{'temp' if i % 4 < 2 else 'Rel Hum'},{20 + i % 7}")
    (tmp_path / "long.csv").write_text("\n".join(lines) + "\n")
    text = config(tmp_path, "long.csv")
    for part in ("device: sensor_id", "metric: metric", "value: value", "temp:", "rel_hum:"):
        assert part in text
    drain(tmp_path, 40)


def test_identifiers_are_found_by_their_values(tmp_path: Path) -> None:
    lines = ["when,where,id,status,load"]
    for i in range(100):
        lines.append(
            f"2024-05-01 00:00:{i % 60:02},line-{i % 4},{i},{'OK' if i % 3 else 'BAD'},{i}"
        )
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    text = config(tmp_path, "a.csv")
    assert "device: where" in text
    assert "status:" not in text and "id:" not in text.replace("device_id", "")


def test_values_beyond_the_usual_limits_leave_the_range_open(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "time,humidity,temperature\n1623781306,50,-127\n1623781316,104,20\n1623781326,60,21\n"
    )
    text = config(tmp_path, "a.csv")
    assert "range" not in text
    drain(tmp_path, 3)
    silver = read_table(tmp_path / "lake", "silver")
    assert silver.column("humidity").null_count == silver.column("temperature").null_count == 0


def test_times_in_the_future_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,x\n2090-01-01T00:00:00Z,1\n2090-01-01T00:00:10Z,2\n")
    assert "max_future:" in config(tmp_path, "a.csv")
    drain(tmp_path, 2)


def test_odd_names_become_valid_columns(tmp_path: Path) -> None:
    (tmp_path / "a[1]$.csv").write_text(
        'time,late,all,2nd,"a ""b"" #c: {d}",A-B,a b,${HOME}\n'
        "1623781306,1,2,3,4,5,6,7\n1623781316,2,3,4,5,6,7,8\n"
    )
    text = config(tmp_path, "a[1]$.csv")
    for name in ("late_value:", "all_value:", "_2nd:", "a_b_c_d:", "a_b:", "a_b_2:", "home:"):
        assert name in text
    drain(tmp_path, 2)
    row = read_table(tmp_path / "lake", "silver").sort_by("event_time").to_pylist()[0]
    values = [row[name] for name in ("late_value", "all_value", "_2nd", "a_b_c_d", "a_b", "a_b_2")]
    assert values == [1, 2, 3, 4, 5, 6]
    assert row["home"] == 7


def test_bad_records_are_counted_and_do_not_hide_the_good_ones(tmp_path: Path) -> None:
    good = [f'{{"device":"a-{i % 2}","time":{1623781306 + i},"v":{i}}}' for i in range(50)]
    (tmp_path / "a.ndjson").write_text("\n".join([*good, '{"device":', '{"device":"a-1","v":1}']))
    done = avocet(tmp_path, "init", "a.ndjson")
    assert "2 records will be quarantined" in done.stdout
    avocet(tmp_path, "run", "--once")
    assert read_table(tmp_path / "lake", "bronze").num_rows == 50


def test_hints_come_before_guesses(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t0,time,x\n5,1623781306,1\n6,1623781316,2\n")
    text = config(tmp_path, "a.csv", "--time-field", "t0", "--device", "hall")
    assert "field: t0" in text and "constant: hall" in text
    done = avocet(tmp_path, "init", "a.csv", "--force", "--time-field", "nope", code=65)
    assert '"nope"' in done.stderr and '"t0"' in done.stderr


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    (tmp_path / "avocet.yaml").write_text("lake: ./mine\n")
    done = avocet(tmp_path, "init", EXAMPLE.name, code=73)
    assert done.stderr.startswith("error: cannot write avocet.yaml: it exists; --force")
    assert (tmp_path / "avocet.yaml").read_text() == "lake: ./mine\n"
    avocet(tmp_path, "init", EXAMPLE.name, "--force")
    assert "iaddataset" in (tmp_path / "avocet.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (None, 69, "cannot open a.csv"),
        ("", 65, "it has no records"),
        ("time,x\n", 65, "it has no records"),
        ("a,b\n1,2\n", 65, 'no field reads as one. It has "a" such as "1", "b" such as "2"'),
        ("Date,x\n15th of June,1\n", 65, '"15th of June" is neither ISO 8601'),
        ("1623781306,1.5\n1623781307,2\n", 65, "its first line has values"),
        ("time,Temp \u00b0C\n1623781306,1\n", 65, "is not UTF-8; save the file as UTF-8"),
        ("time,x\n1623781306,fine\n", 65, "cannot find a metric"),
        ("time,x,x\n1623781306,1,2\n", 65, 'two columns are called "x"'),
        ("\x00\x01\x02\n\x00\xff,\n", 65, "none of its records can be read"),
    ],
)
def test_what_cannot_be_learnt_from(
    tmp_path: Path, content: str | None, code: int, message: str
) -> None:
    if content is not None:
        (tmp_path / "a.csv").write_bytes(content.encode("latin-1"))
    done = avocet(tmp_path, "init", "a.csv", code=code)
    assert done.stderr.startswith("error: cannot ") and message in done.stderr
    assert not (tmp_path / "avocet.yaml").exists()
