"""`avocet query`: finds avocet-query, hands it what it needs, and passes its answer on."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli_program import EXAMPLE, avocet

QUERY_BINARY = os.environ.get("AVOCET_QUERY_BIN", "")


@pytest.fixture
def stub(tmp_path: Path) -> dict[str, str]:
    """An environment with a program that shows its arguments and input instead of asking."""
    program = tmp_path / "stub"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 42\n')
    program.chmod(0o755)
    return {"AVOCET_QUERY": str(program)}


def test_arguments_and_exit_code_are_passed_on(tmp_path: Path, stub: dict[str, str]) -> None:
    done = avocet(tmp_path, "query", "SELECT 1", env=stub, code=42)
    assert done.stdout.splitlines() == [
        *("--lake", "./lake", "--catalog", "iot_catalog", "--", "SELECT 1")
    ]
    args = ["-f", "csv", "-o", "x", "--timeout", "5s", "--memory", "1GiB", "--max-rows", "7"]
    done = avocet(
        tmp_path, "query", "--lake", "/a b", *args, "-- note\nSELECT 1", env=stub, code=42
    )
    assert done.stdout.splitlines() == [
        *("--lake", "/a b", "--format", "csv", "--output", "x", "--max-rows", "7"),
        *("--memory", "1GiB", "--timeout", "5s", "--", "-- note", "SELECT 1"),
    ]
    done = avocet(tmp_path, "query", "-", env=stub, code=42)
    assert done.stdout.splitlines()[-2:] == ["--", "-"]


def test_the_configuration_names_lake_and_catalog(tmp_path: Path, stub: dict[str, str]) -> None:
    (tmp_path / "avocet.yaml").write_text("lake: /data/x\nstorage: {catalog: plant}\n")
    done = avocet(tmp_path, "query", "SELECT 1", env=stub, code=42)
    assert done.stdout.splitlines()[:4] == ["--lake", "/data/x", "--catalog", "plant"]
    (tmp_path / "avocet.yaml").write_text("lakes: 1\n")
    avocet(tmp_path, "query", "SELECT 1", env=stub, code=78)


def test_the_program_is_found_on_the_path(tmp_path: Path, stub: dict[str, str]) -> None:
    # Beside the binary comes first, so the binary is used from where nothing is beside it.
    here = tmp_path / "bin"
    here.mkdir()
    from harness import BINARY

    shutil.copy(BINARY, here / "avocet")
    (tmp_path / "other").mkdir()
    shutil.copy(stub["AVOCET_QUERY"], tmp_path / "other" / "avocet-query")
    import subprocess

    def run(path: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key != "AVOCET_QUERY"}
        return subprocess.run(
            [here / "avocet", "query", "SELECT 1"],
            cwd=tmp_path,
            env={**env, "PATH": path},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    missing = run("/nonexistent")
    assert missing.returncode == 69
    assert "make query" in missing.stderr and missing.stderr.startswith("error: cannot run")
    assert run(f"/nonexistent:{tmp_path / 'other'}").returncode == 42
    shutil.copy(stub["AVOCET_QUERY"], here / "avocet-query")
    assert run("/nonexistent").returncode == 42


def test_mistakes(tmp_path: Path) -> None:
    done = avocet(tmp_path, "query", "SELECT 1", env={"AVOCET_QUERY": "/nonexistent/q"}, code=69)
    assert "/nonexistent/q" in done.stderr and "make query" in done.stderr
    assert "xml" in avocet(tmp_path, "query", "-f", "xml", "SELECT 1", code=64).stderr


if QUERY_BINARY:

    def test_the_tour(tmp_path: Path) -> None:
        env = {"AVOCET_QUERY": QUERY_BINARY}
        shutil.copy(EXAMPLE, tmp_path)
        avocet(tmp_path, "init", EXAMPLE.name)
        avocet(tmp_path, "run", "--once")
        top = (
            "SELECT device_id, metric, score FROM iot_catalog.analytics.anomalies "
            "ORDER BY score DESC LIMIT 5"
        )
        table = avocet(tmp_path, "query", top, env=env).stdout
        assert "iaddataset" in table and "score" in table
        text = avocet(tmp_path, "query", "-f", "csv", top, env=env).stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == 5
        scores = [float(row["score"]) for row in rows]
        assert scores == sorted(scores, reverse=True)
        lines = avocet(tmp_path, "query", "-f", "json", "-", stdin=top, env=env).stdout.splitlines()
        assert [json.loads(line)["score"] for line in lines] == scores
        avocet(tmp_path, "query", "-f", "parquet", "-o", "top.parquet", top, env=env)
        assert pq.read_table(tmp_path / "top.parquet").column("score").to_pylist() == scores
        done = avocet(tmp_path, "query", "SELECT nothing FROM nowhere", env=env, code=64)
        assert "nowhere" in done.stderr
