"""The HTTP source: what is acknowledged is in bronze once, whatever happens in between."""

import base64
import gzip
import http.client
import json
import os
import random
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from certificates import Authority
from harness import TEST_ALL, ListeningSite, Run, assert_counters_add_up, read_table
from http_client import PATH, post, request
from ports import free_port, listens

KILL_ROUNDS = 40 if TEST_ALL else 5


class HttpSite(ListeningSite):
    def configure_http(self, interval: str = "50ms", **options: object) -> None:
        http = {"listen": f"127.0.0.1:{self.port}", **options}
        self.config.write_text(
            json.dumps(
                {
                    "lake": str(self.lake),
                    "storage": {"commit": {"interval": interval}},
                    "sources": [{"http": http}],
                    "schema": {"metrics": {"temperature": {"range": [-40, 85]}}},
                }
            )
        )

    def wait_for_rows(self, run: Run, count: int) -> None:
        run.wait_for(lambda: self.count("bronze") >= count, f"{count} rows", timeout=60)


@pytest.fixture
def site(tmp_path: Path) -> HttpSite:
    return HttpSite(tmp_path)


def reading(device: str, second: int, temperature: float = 20.5) -> dict[str, object]:
    return {"device_id": device, "timestamp": 1623781706 + second, "temperature": temperature}


def test_a_firehose_stream_ends_in_the_tables(site: HttpSite) -> None:
    data = [json.dumps(reading("a", 1)), json.dumps(reading("b", 2)) * 2, "{broken"]
    records = [{"data": base64.b64encode(text.encode()).decode()} for text in data]
    body = json.dumps({"requestId": "id-1", "timestamp": 1578090901599, "records": records})
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": "id-1",
    }
    site.configure_http()
    for _ in range(2):  # the second time after a restart
        with site.start() as run:
            path = "/api/v1/firehose"
            answer = request(site.port, "POST", path, gzip.compress(body.encode()), headers)
            assert answer.status == 200, answer.text
            assert answer.json()["requestId"] == "id-1" and "errorMessage" not in answer.json()
            site.wait_for_rows(run, 2)
            assert run.stop() == 0
    devices = sorted(row["device_id"] for row in site.rows("silver").to_pylist())
    assert devices == ["a", "b"], "an equal reading is a duplicate"
    assert site.rows("quarantine").column("payload").to_pylist() == [b"{broken"]
    assert_counters_add_up(site.lake)


def test_readings_of_every_format_reach_the_tables(site: HttpSite) -> None:
    site.configure_http()
    with site.start() as run:
        assert post(site.port, json.dumps(reading("a", 1))).json() == {
            "accepted": 1,
            "rejected": 0,
        }
        body = json.dumps([reading("b", i) for i in range(3)])
        assert post(site.port, gzip.compress(body.encode()), Content_Encoding="gzip").status == 200
        lines = "".join(json.dumps(reading("c", i)) + "\n" for i in range(4))
        assert post(site.port, lines, Content_Type="application/x-ndjson").status == 200
        table = "device_id,timestamp,temperature\nd,1623781706,1\nd,1623781707,2\n"
        assert post(site.port, table, Content_Type="text/csv").status == 200
        line = "weather,device_id=e temperature=3 1623781706000000000\n"
        assert post(site.port, line, Content_Type="text/plain").status == 200
        site.wait_for_rows(run, 11)
        assert run.stop() == 0
    silver = site.rows("silver").to_pylist()
    assert sorted(row["device_id"] for row in silver) == sorted("abbbccccdde")
    bronze = site.rows("bronze").sort_by("sequence")
    assert bronze.column("offset").to_pylist() == list(range(11))
    assert set(bronze.column("partition").to_pylist()) == {"readings"}


def test_every_rejected_record_has_a_verdict_and_a_row(site: HttpSite) -> None:
    site.configure_http()
    with site.start() as run:
        body = [json.dumps(reading("a", 1)), '{"device_id":"a"}', "not json", ""]
        answer = post(site.port, "\n".join(body), Content_Type="application/x-ndjson")
        assert answer.status == 200
        told = answer.json()
        assert (told["accepted"], told["rejected"]) == (1, 2)
        assert [(e["line"], e["code"]) for e in told["errors"]] == [
            (2, "missing_time"),
            (3, "invalid_json"),
        ]
        run.wait_for(lambda: site.count("quarantine") == 2, "the quarantine")
        assert run.stop() == 0
    rows = site.rows("quarantine").to_pylist()
    assert [row["message"] for row in rows] == [e["message"] for e in told["errors"]]
    assert_counters_add_up(site.lake)


def test_health_readiness_and_metrics(site: HttpSite) -> None:
    site.configure_http()
    with site.start() as run:
        assert request(site.port, "GET", "/-/healthy").status == 200
        assert request(site.port, "GET", "/-/ready").json()["ready"] is True
        post(site.port, json.dumps([reading("a", i) for i in range(7)]))
        site.wait_for_rows(run, 7)

        def read_metrics() -> dict[str, float]:
            lines = request(site.port, "GET", "/metrics").text.splitlines()
            pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
            return {name: float(value) for name, value in pairs}

        # Progress is published with the next tick.
        last_commit = "avocet_last_commit_timestamp_seconds"
        run.wait_for(lambda: read_metrics()[last_commit] > 1.7e9, "the commit in the metrics")
        metrics = read_metrics()
        assert metrics['avocet_records_total{result="accepted"}'] == 7
        assert metrics['avocet_source_ready{source="http"}'] == 1
        assert metrics['avocet_source_lag_records{source="http"}'] == 0
        assert metrics['avocet_journal_syncs_total{source="http"}'] >= 1
        assert metrics['avocet_http_requests_total{status="2xx"}'] >= 3
        assert run.stop() == 0


def test_a_taken_port_is_said_clearly(site: HttpSite) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()
        site.configure_http()
        done = site.avocet("run", "-c", str(site.config))
    assert done.returncode == 69
    assert f"cannot listen on 127.0.0.1:{site.port}" in done.stderr
    assert "another port" in done.stderr


def test_without_a_configuration_it_listens(tmp_path: Path) -> None:
    port = free_port()
    with Run(["run", "--listen", f"127.0.0.1:{port}"], tmp_path) as run:
        run.wait_for(lambda: listens(port), "the port")
        run.wait_for_output("api/v1/readings")
        assert post(port, json.dumps(reading("a", 1))).status == 200
        assert run.stop() == 0
    assert read_table(tmp_path / "lake", "silver").num_rows == 1


def test_listening_to_the_world_needs_tokens(site: HttpSite) -> None:
    site.configure_http(listen=f"0.0.0.0:{site.port}")
    done = site.avocet("run", "-c", str(site.config))
    assert done.returncode == 78
    assert "token_file" in done.stderr


def test_tokens_limit_who_sends_what(site: HttpSite) -> None:
    tokens = site.directory / "tokens"
    made = site.avocet("token", "create", "hall", "--devices", "hall-", "--file", str(tokens))
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert secret not in tokens.read_text()
    site.configure_http(listen=f"0.0.0.0:{site.port}", token_file=str(tokens))
    with site.start() as run:
        body = json.dumps([reading("hall-1", 1), reading("yard-1", 1)])
        assert post(site.port, body).status == 401
        answer = post(site.port, body, Authorization=f"Bearer {secret}")
        assert answer.status == 200
        assert [e["code"] for e in answer.json()["errors"]] == ["device_forbidden"]
        assert run.stop() == 0
    assert site.rows("bronze").column("device_id").to_pylist() == ["hall-1"]


def test_tls(site: HttpSite) -> None:
    key, certificate = site.directory / "tls.key", site.directory / "tls.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    site.configure_http(tls_certificate=str(certificate), tls_key=str(key))
    with site.start() as run:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("localhost", site.port, context=context)
        headers = {"Content-Type": "application/json"}
        for second in range(3):
            body = json.dumps(reading("a", second))
            answer = request(site.port, "POST", PATH, body, headers, connection=connection)
            assert answer.status == 200
        connection.close()
        assert run.stop() == 0
    assert site.count("bronze") == 3


def test_an_expired_certificate_is_said_and_a_renewed_one_is_taken(site: HttpSite) -> None:
    authority = Authority(site.directory)
    shown = {name: site.directory / f"shown.{name}" for name in ("crt", "key")}

    def show(certificate: Path, key: Path) -> None:
        shown["crt"].write_bytes(certificate.read_bytes())
        shown["key"].write_bytes(key.read_bytes())

    show(*authority.issue("old", expired=True))
    site.configure_http(tls_certificate=str(shown["crt"]), tls_key=str(shown["key"]))
    checked = site.avocet("check", str(site.config))
    assert checked.returncode == 78
    assert re.search(r"tls_certificate: the certificate expired on \d{4}-", checked.stderr)
    context = ssl.create_default_context(cafile=str(authority.certificate))

    def send() -> None:
        connection = http.client.HTTPSConnection("127.0.0.1", site.port, context=context)
        headers = {"Content-Type": "application/json"}
        body = json.dumps(reading("a", 1))
        answer = request(site.port, "POST", PATH, body, headers, connection=connection)
        assert answer.status == 200
        connection.close()

    with site.start() as run:
        run.wait_for_output(
            f"has a problem: clients refuse the certificate {shown['crt']}: .* expired on"
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            send()
        show(*authority.issue("new"))
        run.process.send_signal(signal.SIGHUP)
        run.wait_for(lambda: run.output().count("readings are taken at") == 2, "the reload")
        send()
        site.wait_for_rows(run, 1)
        assert run.stop() == 0


def test_bodies_of_10_mb(site: HttpSite) -> None:
    body = json.dumps({**reading("a", 1), "note": "x" * 10_000_000})
    site.configure_http()
    with site.start() as run:
        answer = post(site.port, body)
        assert answer.status == 413
        assert "max_record_size" in answer.text or "bytes" in answer.text
        assert post(site.port, json.dumps(reading("b", 1))).status == 200
        assert run.stop() == 0
    site.configure_http(max_record_size="16MiB", max_decompressed_size="32MiB")
    with site.start() as run:
        assert post(site.port, body).status == 200
        packed = gzip.compress(body.replace('"a"', '"c"').encode())
        assert post(site.port, packed, Content_Encoding="gzip").status == 200
        site.wait_for_rows(run, 3)
        assert run.stop() == 0
    assert sorted(site.rows("bronze")["device_id"].to_pylist()) == ["a", "b", "c"]
    assert_counters_add_up(site.lake)


def test_a_body_that_breaks_off_is_not_taken(site: HttpSite) -> None:
    body = "\n".join(json.dumps(reading("cut", i)) for i in range(200)).encode()
    chunk = b"%x\r\n" % len(body) + body + b"\r\n"
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
    sized = head + f"Content-Length: {len(body)}\r\n\r\n"
    chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
    site.configure_http()
    with site.start() as run:
        for start, whole in ((sized, body), (chunked, chunk)):
            for part in (0, 1, len(body) // 2, len(body) - 1, len(whole) - 1):
                for reset in (False, True):
                    with socket.create_connection(("127.0.0.1", site.port)) as client:
                        client.sendall(start.encode() + whole[:part])
                        if reset:
                            nothing_left = struct.pack("ii", 1, 0)
                            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, nothing_left)
        assert post(site.port, json.dumps(reading("whole", 1))).status == 200
        site.wait_for_rows(run, 1)
        assert request(site.port, "GET", "/-/ready").status == 200
        assert run.stop() == 0
    assert site.rows("bronze")["device_id"].to_pylist() == ["whole"]
    assert assert_counters_add_up(site.lake)["received"] == 1


def test_a_full_disk_acknowledges_nothing_and_passes(site: HttpSite) -> None:
    site.configure_http(journal_size="16MiB", max_record_size="1MiB", interval="1h")
    with site.start() as run:
        blank = " " * 700_000
        taken = 0
        while taken < 100:
            body = json.dumps({**reading("a", taken), "note": blank})
            answer = post(site.port, body)
            if answer.status != 200:
                break
            taken += 1
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        run.wait_for(
            lambda: request(site.port, "GET", "/-/ready").status == 503, "readiness says so"
        )
        assert "the journal is full" in request(site.port, "GET", "/-/ready").text
        # About 22, and as many again when the first commit of a run comes in between.
        assert 10 < taken < 60
        assert run.stop() == 0
    site.configure_http(journal_size="16MiB", max_record_size="1MiB")
    with site.start() as run:
        site.wait_for_rows(run, taken)
        deadline = time.monotonic() + 30
        while post(site.port, json.dumps(reading("b", 1))).status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        site.wait_for_rows(run, taken + 1)
        assert run.stop() == 0
    assert_counters_add_up(site.lake)


class Sender(threading.Thread):
    """Sends requests with keys, repeating each until it is acknowledged or the sender stops."""

    def __init__(self, site: HttpSite, number: int, seed: int):
        super().__init__()
        self.site, self.number = site, number
        self.rng = random.Random(seed)
        self.next = 0
        self.acknowledged: list[tuple[str, int]] = []
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            device = f"s{self.number}"
            rows = [reading(device, self.next + i) for i in range(self.rng.randrange(1, 20))]
            key = f"{device}-{self.next}"
            while not self.stopping:
                try:
                    answer = post(self.site.port, json.dumps(rows), Idempotency_Key=key)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.01)
                    continue
                if answer.status == 200:
                    assert answer.json()["accepted"] == len(rows), answer.text
                    seconds = [1623781706 + self.next + i for i in range(len(rows))]
                    self.acknowledged += [(device, second) for second in seconds]
                    break
                time.sleep(0.01)
            self.next += len(rows)


def test_what_is_acknowledged_survives_sigkill_once(site: HttpSite) -> None:
    seed = int(os.environ.get("AVOCET_SEED", "1"))
    rng = random.Random(seed)
    site.configure_http(interval="80ms")
    senders = [Sender(site, i, seed + i) for i in range(3)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(KILL_ROUNDS):
            point = rng.choice(["", "", "journal_written:3", "journal_synced:4"])
            env = {"AVOCET_KILL_POINT": point} if point else {}
            with site.follow(env) as run:
                deadline = time.monotonic() + rng.uniform(0.3, 1.2)
                while run.alive() and time.monotonic() < deadline:
                    time.sleep(0.02)
    finally:
        for sender in senders:
            sender.stopping = True
        for sender in senders:
            sender.join()
    acknowledged = {row for sender in senders for row in sender.acknowledged}
    assert len(acknowledged) > 100
    assert site.avocet("fsck", "--lake", str(site.lake)).returncode == 0
    site.drain()
    stored = [
        (row["device_id"], row["event_time"].timestamp())
        for row in site.rows("bronze").select(["device_id", "event_time"]).to_pylist()
    ]
    assert len(stored) == len(set(stored)), "a reading is there twice"
    missing = {(device, float(second)) for device, second in acknowledged} - set(stored)
    assert not missing, f"seed {seed}: {len(missing)} acknowledged readings are lost"
    counted = assert_counters_add_up(site.lake)
    assert counted["duplicates"] == 0, "a key did not keep a repeated request out"
    assert counted["quarantined"] == 0
