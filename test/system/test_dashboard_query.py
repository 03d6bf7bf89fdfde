"""SQL over HTTP: read-only, within limits, and never in the way of anything else."""

import csv
import io
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dashboard import Client, series, serving
from harness import Run, Site
from test_dashboard_api import CHANGE, assert_valid

QUERY_BINARY = os.environ.get("AVOCET_QUERY_BIN", "")
SERVER = "{listen: '127.0.0.1:PORT'}"
# Stands in for avocet-query where the answer must not depend on it.
PROGRAM = r"""#!/bin/sh
for sql; do :; done
case $sql in
  *wrong*) echo "error: it is wrong" >&2; exit 64 ;;
  *large*) echo "error: it is large" >&2; exit 75 ;;
  *broken*) echo "error: it is broken" >&2; exit 65 ;;
  *slow*) echo $$ >pid; exec sleep 600 ;;
  *endless*) exec cat /dev/zero ;;
esac
echo word
for word; do printf '"%s"\n' "$(printf %s "$word" | sed 's/"/""/g')"; done
"""


def ask(client: Client, sql: object) -> tuple[int, Any]:
    status, _, answer = client.request(
        "POST", "/api/v1/query", json.dumps({"sql": sql}), headers=CHANGE
    )
    value = json.loads(answer)
    name = "QueryResult" if status == 200 else "Error"
    assert_valid({"$ref": f"#/components/schemas/{name}"}, value)
    return status, value


@contextmanager
def asking(directory: Path, program: Path | str) -> Iterator[tuple[Run, Client, Site]]:
    site = Site(directory)
    (site.inbox / "a.ndjson").write_text(series("main", 60, [40]) + series("other", 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVOCET_QUERY", str(program))
        with serving(site, SERVER) as (run, client):
            yield run, client, site


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "query-program"
    path.write_text(PROGRAM)
    path.chmod(0o755)
    return path


def test_the_program_gets_the_query_and_its_limits(tmp_path: Path, program: Path) -> None:
    with asking(tmp_path, program) as (run, client, site):
        status, answer = ask(client, '-- "hm"\nSELECT 1')
        assert status == 200
        words = [row["word"] for row in csv.DictReader(io.StringIO(answer["csv"]))]
        assert words[-2:] == ["--", '-- "hm"\nSELECT 1']
        assert dict(zip(words[:-2:2], words[1:-2:2], strict=True)) == {
            "--lake": str(site.lake),
            "--catalog": "iot_catalog",
            "--format": "csv",
            "--max-rows": "1001",
            "--memory": "256MiB",
            "--spill": "256MiB",
            "--timeout": "10s",
            "--threads": "1",
        }
        for sql, code in (
            ("wrong", 400),
            ("large", 422),
            ("endless", 422),
            ("broken", 500),
            ("", 400),
            (7, 400),
            ("a\0b", 400),
            ("x" * 40_000, 400),
        ):
            assert ask(client, sql)[0] == code, sql
        assert ask(client, "wrong")[1]["error"]["message"] == "it is wrong"
        # A line of the log is one line, whatever the query is.
        quoted = json.dumps('sql="-- \\"hm\\"\\nSELECT 1"')[1:-1]
        run.wait_for_output("audit: query, user=.*" + re.escape(quoted))
        program.unlink()
        status, answer = ask(client, "SELECT 1")
        assert status == 501 and "AVOCET_QUERY" in answer["error"]["message"]


def begin_slow_query(run: Run, client: Client, pid_file: Path) -> tuple[socket.socket, int]:
    body = json.dumps({"sql": "slow"})
    connection = socket.create_connection(("127.0.0.1", client.port), timeout=20)
    head = f"Host: localhost:{client.port}\r\nX-Avocet-Request: 1\r\nContent-Length: {len(body)}"
    connection.sendall(f"POST /api/v1/query HTTP/1.1\r\n{head}\r\n\r\n{body}".encode())
    run.wait_for(lambda: pid_file.exists() and pid_file.read_text() != "", "the query runs")
    return connection, int(pid_file.read_text())


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_who_leaves_ends_their_query(tmp_path: Path, program: Path) -> None:
    with asking(tmp_path, program) as (run, client, _):
        connection, pid = begin_slow_query(run, client, tmp_path / "pid")
        # Others are not kept waiting.
        assert client.get("system")["version"] and client.get("devices")["total"] >= 0
        assert is_running(pid)
        connection.close()
        run.wait_for(lambda: not is_running(pid), "the query ended")
        assert ask(client, "SELECT 1")[0] == 200


def test_a_query_does_not_delay_the_end_of_avocet(tmp_path: Path, program: Path) -> None:
    with asking(tmp_path, program) as (run, client, _):
        connection, pid = begin_slow_query(run, client, tmp_path / "pid")
        begun = time.monotonic()
        assert run.stop() == 0
        assert time.monotonic() - begun < 9
        assert not is_running(pid)
        connection.close()


def test_more_queries_than_may_wait_are_told_so(tmp_path: Path, program: Path) -> None:
    with asking(tmp_path, program) as (run, client, _):
        connection, _ = begin_slow_query(run, client, tmp_path / "pid")
        with ThreadPoolExecutor(6) as pool:
            waiting = [pool.submit(ask, client, "SELECT 1") for _ in range(6)]
            run.wait_for(lambda: any(one.done() for one in waiting), "one is refused")
            connection.close()
            statuses = sorted(one.result()[0] for one in waiting)
        assert statuses == [200] * 4 + [503] * 2


if QUERY_BINARY:

    def test_sql_is_answered(tmp_path: Path) -> None:
        with asking(tmp_path, QUERY_BINARY) as (run, client, site):
            run.wait_for(lambda: site.count("anomalies") == 1, "an anomaly in the tables")
            readings = "iot_catalog.processed.valid_readings"
            by_device = f"SELECT device_id, count(*) AS n FROM {readings} GROUP BY 1 ORDER BY 1"
            with ThreadPoolExecutor(2) as pool:
                both = list(pool.map(lambda sql: ask(client, sql), [by_device, "SELECT 7 AS x"]))
            assert [(status, answer["csv"]) for status, answer in both] == [
                (200, "device_id,n\nmain,60\nother,5\n"),
                (200, "x\n7\n"),
            ]
            # More rows than are shown: one more tells it.
            status, answer = ask(client, "SELECT * FROM generate_series(1, 100000)")
            assert status == 200 and len(answer["csv"].splitlines()) == 1 + 1001
            assert answer["most_rows"] == 1000

    def test_only_reading_is_allowed(tmp_path: Path) -> None:
        with asking(tmp_path, QUERY_BINARY) as (_, client, site):
            target = tmp_path / "stolen.csv"
            for sql in (
                "INSERT INTO iot_catalog.raw.quarantine VALUES (1)",
                "DELETE FROM iot_catalog.analytics.alerts",
                "UPDATE iot_catalog.analytics.alerts SET rule = 'x'",
                "DROP TABLE iot_catalog.analytics.alerts",
                "CREATE TABLE t AS SELECT 1",
                f"COPY (SELECT 1) TO '{target}'",
                "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
                f"SELECT * FROM '{site.config}'",
                "SELECT 1; SELECT 2",
                "SELEKT 1",
                "SELECT nothing FROM iot_catalog.analytics.alerts",
            ):
                status, answer = ask(client, sql)
                assert status == 400, (sql, answer)
                assert answer["error"]["code"] == "bad_sql"
            assert not target.exists()

    def test_memory_is_limited(tmp_path: Path) -> None:
        with asking(tmp_path, QUERY_BINARY) as (_, client, _):
            huge = "repeat('x', 1900000000)"
            status, answer = ask(client, f"SELECT length({huge}) + length({huge} || 'y')")
            assert status == 422 and "memory" in answer["error"]["message"]
            assert ask(client, "SELECT 1")[0] == 200

    @pytest.mark.slow
    def test_time_is_limited(tmp_path: Path) -> None:
        with asking(tmp_path, QUERY_BINARY) as (_, client, _):
            begun = time.monotonic()
            rows = "generate_series(1, 1000000)"
            status, answer = ask(
                client, f"SELECT sum(a.value * b.value) FROM {rows} AS a, {rows} AS b"
            )
            assert status == 422, answer
            assert time.monotonic() - begun < 16
