"""`avocet run` for a newcomer: no configuration, pipes, and what it says."""

from pathlib import Path

from cli_program import avocet
from harness import read_table


def test_without_anything_it_explains_itself(tmp_path: Path) -> None:
    done = avocet(tmp_path, "run", "--once")
    for part in ("./inbox", "device_id and timestamp", "avocet init", "nothing to read"):
        assert part in done.stderr
    assert (tmp_path / "inbox").is_dir()


def test_the_inbox_is_read(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.ndjson").write_text(
        '{"device_id":"a","timestamp":"2021-06-15T18:21:46Z","temp":1}\n'
        '{"device_id":"a","timestamp":1623781316,"temp":2,"hum":3}\n'
    )
    done = avocet(tmp_path, "run", "--once")
    assert "2 records: 2 in bronze" in done.stderr
    rows = read_table(tmp_path / "lake", "silver").sort_by("event_time").to_pylist()
    assert [row["temp"] for row in rows] == [1, 2]
    assert [row["hum"] for row in rows] == [None, 3]


def test_csv_on_standard_input(tmp_path: Path) -> None:
    data = "device_id,timestamp,Air Quality\na,1623781306,75\nb,1623781306,80\n"
    done = avocet(tmp_path, "run", "--source", "-", "--once", stdin=data)
    assert "2 devices" in done.stderr
    assert sorted(read_table(tmp_path / "lake", "silver").column("air_quality").to_pylist()) == [
        75,
        80,
    ]


def test_records_without_the_fields_get_a_hint(tmp_path: Path) -> None:
    done = avocet(tmp_path, "run", "--source", "-", "--once", stdin='{"Time":1623781306,"x":1}\n')
    assert "1 quarantined" in done.stderr
    assert "raw.quarantine" in done.stderr and "avocet init" in done.stderr
    quarantine = read_table(tmp_path / "lake", "quarantine").to_pylist()
    assert quarantine[0]["code"] == "missing_device"


def test_without_a_command_there_is_help(tmp_path: Path) -> None:
    done = avocet(tmp_path, code=64)
    for word in ("init", "run", "query", "simulate", "replay"):
        assert f"\n  {word} " in done.stderr
