"""`avocet detect` and `avocet score`: what is said of each reading, and how right it is."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as parquet
from cli_program import avocet

COLUMNS = [
    "device_id",
    "event_time",
    "metric",
    "value",
    "expected",
    "lower",
    "upper",
    "score",
    "severity",
    "type",
    "onset",
]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def two_columns(directory: Path, spike_at: int = 150, size: int = 200) -> Path:
    lines = ["timestamp,value"]
    for i in range(size):
        value = 1000 if i == spike_at else 20 + i % 3
        lines.append(f"2024-02-29 {i // 60:02d}:{i % 60:02d}:00,{value}")
    path = directory / "pump.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_two_columns_need_no_configuration(tmp_path: Path) -> None:
    two_columns(tmp_path)
    done = avocet(tmp_path, "detect", "pump.csv", "-d", "zscore")
    rows = rows_of(done.stdout)
    assert list(rows[0]) == COLUMNS
    assert len(rows) == 200
    assert {row["device_id"] for row in rows} == {"pump"}
    assert {row["metric"] for row in rows} == {"value"}
    onsets = [i for i, row in enumerate(rows) if row["onset"] == "true"]
    assert onsets == [150]
    spike, before = rows[150], rows[149]
    assert spike["type"] == "above_mean" and float(spike["score"]) > 1
    assert before["type"] == "" and 0 < float(before["score"]) < 1
    assert float(before["lower"]) < float(before["expected"]) < float(before["upper"])
    assert rows[0]["expected"] == "" and rows[0]["score"] == "0"
    assert "200 records of 1 device" in done.stderr and "1 anomaly begin" in done.stderr


def test_a_prefix_is_judged_as_the_whole(tmp_path: Path) -> None:
    two_columns(tmp_path)
    whole = avocet(tmp_path, "detect", "pump.csv", "-q").stdout.splitlines()
    lines = (tmp_path / "pump.csv").read_text().splitlines()
    (tmp_path / "part").mkdir()
    (tmp_path / "part/pump.csv").write_text("\n".join(lines[:161]) + "\n")
    part = avocet(tmp_path, "detect", "part/pump.csv", "-q").stdout.splitlines()
    assert len(part) == 161
    assert whole[:161] == part


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    two_columns(tmp_path)
    avocet(tmp_path, "detect", "pump.csv", "-d", "zscore", "-o", "out.csv")
    avocet(tmp_path, "detect", "pump.csv", "-d", "zscore", "-o", "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == COLUMNS
    expected = rows_of((tmp_path / "out.csv").read_text())
    assert table.num_rows == len(expected)
    for name in ("value", "expected", "score", "severity"):
        texts = [row[name] for row in expected]
        assert table[name].to_pylist() == [float(text) if text else None for text in texts]
    assert table["onset"].to_pylist() == [row["onset"] == "true" for row in expected]
    assert [path.name for path in tmp_path.iterdir() if "tmp" in path.name] == []


def test_a_configuration_names_fields_and_detectors(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "schema: {device: who, time: at, metrics: {t: {range: [0, 50]}}}\n"
        "detectors:\n"
        "  - {type: threshold, max: 30}\n"
        "  - {type: missing, periods: 3, period: 1m}\n"
    )
    times = [0, 1, 2, 3, 9, 10]
    lines = [f'{{"who":"a","at":"2024-01-01T00:{m:02d}:00Z","t":{m * 4}}}\n' for m in times]
    lines.append('{"who":"a","at":"2024-01-01T00:11:00Z","t":99}\n')
    lines.append('{"at":"2024-01-01T00:12:00Z","t":9}\n')
    (tmp_path / "in.ndjson").write_text("".join(lines))
    done = avocet(tmp_path, "detect", "in.ndjson", "-c", "c.yaml", "-o", "-")
    rows = rows_of(done.stdout)
    # 99 is out of range and became null; the record without a device was refused.
    assert [row["value"] for row in rows if row["value"]] == ["0", "4", "8", "12", "36", "40"]
    assert "1 records left out" in done.stderr
    hot = [row for row in rows if row["type"] == "above_max"]
    assert [row["value"] for row in hot] == ["36", "40"]
    silence = [row for row in rows if row["type"] == "no_reading"]
    assert [(row["event_time"], row["metric"], row["value"]) for row in silence] == [
        ("2024-01-01T00:06:00Z", "", "")
    ]
    only = rows_of(avocet(tmp_path, "detect", "in.ndjson", "-c", "c.yaml", "--onsets").stdout)
    assert only == [row for row in rows if row["onset"] == "true"]


def test_mistakes_are_said_plainly(tmp_path: Path) -> None:
    two_columns(tmp_path)
    cases = [
        (["detect", "nowhere.csv"], 69, "nowhere.csv"),
        (["detect", "pump.csv", "-d", "zscroe"], 64, "zscore"),
        (["detect", "pump.csv", "-o", "pump.csv"], 64, "replace the input"),
        (["detect", "-"], 64, "configuration"),
        (["detect", "pump.csv", "--time-field", "when"], 65, "when"),
    ]
    for arguments, code, words in cases:
        done = avocet(tmp_path, *arguments, code=code)
        assert words in done.stderr, done.stderr
    (tmp_path / "c.yaml").write_text("schema: {device: who, metrics: {t: {}}}\n")
    done = avocet(tmp_path, "detect", "pump.csv", "-c", "c.yaml", code=65)
    assert "none of its 200 records has a valid value" in done.stderr
    assert "the first one:" in done.stderr


def test_a_report_draws_what_was_found(tmp_path: Path) -> None:
    path = two_columns(tmp_path)
    path.rename(tmp_path / "<b>&.csv")
    out = ("-q", "-o", "o.csv", "--report")
    avocet(tmp_path, "detect", "<b>&.csv", "-d", "zscore", *out, "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "<b>1</b><span>anomalies" in page and "1 above_mean" in page
    assert page.count("<circle class=mark") == 1 and "2024-02-29T02:30:00Z above_mean: 1000" in page
    assert "class=band" in page and "class=expected" in page
    # Names are text, and nothing is loaded from anywhere.
    assert "&lt;b&gt;&amp;" in page and "<b>&" not in page
    assert "http" not in page and "<script" not in page
    # One reading of 1e300 leaves numbers in the chart.
    odd = [f"{1_700_000_000 + i},{value}" for i, value in enumerate((1, 1e300, -1e300, 1))]
    (tmp_path / "odd.csv").write_text("\n".join(["timestamp,value", *odd]) + "\n")
    avocet(tmp_path, "detect", "odd.csv", *out, "odd.html")
    chart = (tmp_path / "odd.html").read_text().partition("<svg")[2].partition("</svg>")[0]
    assert "class=value" in chart and "nan" not in chart and "inf" not in chart


def test_scores_agree_whatever_the_form_of_the_data(tmp_path: Path) -> None:
    fleet = ["--devices", "6", "--duration", "2d", "--period", "60s", "--faults", "all"]
    avocet(tmp_path, "simulate", *fleet, "-o", "in.ndjson", "--truth", "truth.ndjson")
    truth = [json.loads(line) for line in (tmp_path / "truth.ndjson").read_text().splitlines()]
    with (tmp_path / "truth.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, ["device_id", "metric", "fault", "start", "end"])
        out.writeheader()
        for window in truth:
            out.writerow({name: window[name] for name in out.fieldnames})
    for name in ("out.csv", "out.parquet"):
        avocet(tmp_path, "detect", "in.ndjson", "-d", "zscore", "-o", name)
    # The lake of a run with the same detector has the same anomalies.
    (tmp_path / "avocet.yaml").write_text("detectors: [{type: zscore}]\n")
    avocet(tmp_path, "run", "--once", "--source", "in.ndjson", "-q")
    results = []
    for arguments in (
        ["truth.ndjson", "out.csv"],
        ["truth.csv", "out.csv"],
        ["truth.ndjson", "out.parquet"],
        ["truth.ndjson"],
    ):
        done = avocet(tmp_path, "score", *arguments, "-f", "json")
        results.append(json.loads(done.stdout))
    for result in results:
        assert result["faults"] == len(truth)
        for key in ("recall", "precision", "false_alarms", "alarms", "kinds"):
            assert result[key] == results[0][key], key
        assert abs(result["device_days"] - 12) < 0.3
    assert 0 < results[0]["recall"] < 1
    text = avocet(tmp_path, "score", "truth.ndjson", "out.csv").stdout
    assert f"{results[0]['false_alarms']:,} false alarms" in text


def test_score_knows_windows_by_file(tmp_path: Path) -> None:
    two_columns(tmp_path)
    avocet(tmp_path, "detect", "pump.csv", "-d", "zscore", "-o", "out.csv")
    windows = {"folder/pump.csv": [["2024-02-29 02:20:00.000000", "2024-02-29 02:40:00.000000"]]}
    (tmp_path / "windows.json").write_text(json.dumps(windows))
    done = avocet(tmp_path, "score", "windows.json", "out.csv", "-f", "json")
    result = json.loads(done.stdout)
    assert (result["faults"], result["found"], result["false_alarms"]) == (1, 1, 0)
    assert result["delay_seconds_median"] == 600


def test_score_says_what_it_cannot_read(tmp_path: Path) -> None:
    two_columns(tmp_path)
    (tmp_path / "bad.csv").write_text("device_id,start\na,2024-01-01T00:00:00Z\n")
    (tmp_path / "bad.json").write_text('{"a.csv": "yes"}')
    (tmp_path / "good.json").write_text("{}")
    for arguments, words in (
        (["bad.csv", "pump.csv"], "each row needs device_id, start and an end"),
        (["bad.json", "pump.csv"], "a file has no list of windows"),
        (["good.json", "pump.csv"], "it needs the columns device_id and event_time"),
    ):
        assert words in avocet(tmp_path, "score", *arguments, code=65).stderr
