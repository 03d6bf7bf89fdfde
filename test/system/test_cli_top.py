"""`avocet top` and `avocet tap`: looking at a running avocet from a terminal."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard import CONFIG, START_S, Client, series, serving
from harness import BINARY, Run, Site

SERVER = "{listen: '127.0.0.1:PORT'}"
RULES = (
    CONFIG.replace("detectors:", "    humidity: {unit: '%'}\ndetectors:")
    + "alerts: {rules: [{name: heat, hold_off: 1h}]}\n"
    + "devices: {labels: [{devices: pump, labels: {site: north}}]}\n"
)
HOSTILE = "\u202egnp [2J <b>"  # control characters are not accepted


def reading(device: str, second: int, value: float, metric: str = "temperature") -> str:
    return json.dumps({"device_id": device, "timestamp": START_S + second, metric: value}) + "\n"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Run, Client, Site]]:
    site = Site(tmp_path)
    text = series("main", 60, [40]) + series(HOSTILE, 60, [41]) + series("other", 60)
    (site.inbox / "a.ndjson").write_text(text + "{not json\n")
    with serving(site, SERVER, RULES) as (run, client):
        run.wait_for(lambda: client.get("alerts", stage="open")["matching"] == 2, "two alerts")
        yield run, client, site


def command(client: Client, *arguments: str) -> list[str]:
    return [BINARY, *arguments, "--url", client.base]


def top_once(client: Client, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(client, "top", *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


def without_escapes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, arguments: list[str], columns: int = 100, rows: int = 30):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(arguments[0], arguments, {**os.environ, "TERM": "xterm"})
        self.seen = ""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        self.seen = ""
        os.write(self.fd, keys.encode())

    def read(self) -> None:
        """What has come, waiting a moment for it; nothing when the program has ended."""
        if select.select([self.fd], [], [], 0.1)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.fd, 65536).decode(errors="replace")

    def wait_for(self, pattern: str, timeout: float = 20) -> None:
        deadline = time.monotonic() + timeout
        while not re.search(pattern, without_escapes(self.seen)):
            assert time.monotonic() < deadline, f"no {pattern} in:\n{self.seen}"
            self.read()

    def next_frame(self) -> list[str]:
        """The lines of a frame that is drawn from now on."""
        self.seen = ""
        frames: list[str] = []
        while not frames:
            self.read()
            frames = re.findall(r"\x1b\[H(.*?)\x1b\[J", self.seen, re.DOTALL)
        # The terminal may add a carriage return to each line.
        return re.split(r"\r*\n", without_escapes(frames[-1]))

    def end(self) -> int:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError("it does not end")


def test_without_a_terminal_top_prints_a_snapshot(running: tuple[Run, Client, Site]) -> None:
    _, client, _ = running
    done = top_once(client)
    assert done.returncode == 0, done.stderr
    for wanted in (
        r"181: 180 in bronze, 1 quarantined, 0 duplicates",
        r"Devices +3: 2 critical",
        r"ALERTS 2 open",
        r"critical +\d+m +main ",
        r"main +critical +\d+s +1 +100\.0 % +.*temperature [\d.]+",
        r"other +ok",
    ):
        assert re.search(wanted, done.stdout), f"no {wanted} in:\n{done.stdout}"
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert all(len(line) <= 120 for line in done.stdout.splitlines())
    filtered = top_once(client, "--filter", "OTH", "--sort", "device").stdout
    assert "other" in filtered and not re.search("main +critical", filtered)


def test_top_is_live_and_obeys_keys(running: tuple[Run, Client, Site]) -> None:
    run, client, site = running
    terminal = Terminal(command(client, "top", "--interval", "200ms"))
    terminal.wait_for(r"ALERTS 2 open")
    assert "\u202e" not in terminal.seen
    frame = terminal.next_frame()
    assert len(frame) == 30 and all(len(line) <= 100 for line in frame)
    with (site.inbox / "a.ndjson").open("a") as out:
        out.write(series("late-comer", 61, [59]))
    terminal.wait_for(r"late-comer")
    terminal.press("s")
    terminal.wait_for(r"DEVICES +by anomalies, descending")
    terminal.press("r")
    terminal.wait_for(r"DEVICES +by anomalies\s")
    terminal.press("/oth\r")
    terminal.wait_for(r'1 with "oth"')
    assert not re.search("main +critical", "\n".join(terminal.next_frame()).split("DEVICES")[1])
    terminal.resize(50, 12)
    run.wait_for(lambda: len(terminal.next_frame()) == 12, "the small frame")
    assert all(len(line) <= 50 for line in terminal.next_frame())
    # The second alert is acknowledged.
    before = client.get("alerts", stage="open")["alerts"]
    terminal.press("ja")
    run.wait_for(lambda: client.get("alerts", stage="acknowledged")["matching"] == 1, "the ack")
    assert client.get("alerts", stage="acknowledged")["alerts"][0]["id"] == before[1]["id"]
    terminal.press("q")
    assert terminal.end() == 0
    # The terminal gets back its own screen.
    assert "\x1b[?1049l" in terminal.seen


def test_top_says_when_avocet_has_gone_and_when_it_was_never_there(
    running: tuple[Run, Client, Site],
) -> None:
    run, client, _ = running
    terminal = Terminal(command(client, "top", "--interval", "200ms"))
    terminal.wait_for(r"ALERTS 2 open")
    assert run.stop() == 0
    terminal.wait_for(r"cannot reach 127.0.0.1")
    terminal.press("\x03")
    assert terminal.end() == 0
    for arguments in (["top"], ["tap", "silver"]):
        done = subprocess.run(
            command(client, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 69 and "cannot reach" in done.stderr


class Tap:
    def __init__(self, client: Client, *arguments: str):
        self.process = subprocess.Popen(
            command(client, "tap", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def records(self) -> list[dict[str, object]]:
        out, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, errors
        return [json.loads(line) for line in out.splitlines()]


def test_tap_shows_what_passes_each_stage(running: tuple[Run, Client, Site]) -> None:
    run, client, site = running
    device = ("--device", "pu*")
    taps = {
        "decode": Tap(client, "decode", "-n", "3", "--device", "pu?p"),
        "rejected": Tap(client, "decode", "-n", "1", "--device", ""),
        "silver": Tap(client, "silver", "-n", "2", *device),
        "humid": Tap(client, "silver", "-n", "1", "--metric", "humidity"),
        "anomalies": Tap(client, "anomalies", "-n", "1", *device, "--metric", "temperature"),
        "alerts": Tap(client, "alerts", "-n", "1", "--device", "hot-*"),
        "labelled": Tap(client, "silver", "-n", "3", "--label", "site=n*"),
        "unlabelled": Tap(client, "anomalies", "-n", "2", "--label", "site="),
    }
    ended = []

    def write(second: int) -> None:
        with (site.inbox / "a.ndjson").open("a") as out:
            out.write(reading("main", second, 21.0) + reading("pump", second, 79.5))
            out.write("{broken\n" + reading("humid", second, 40.0, "humidity"))
            out.write(reading(f"hot-{second}", second, 79.5))  # an alert of its own

    def all_have_ended() -> bool:
        # From when on a tap sees is up to it.
        ended.append(1)
        write(len(ended) * 60)
        return all(tap.process.poll() is not None for tap in taps.values())

    run.wait_for(all_have_ended, "every tap to have its records")
    found = {name: tap.records() for name, tap in taps.items()}
    assert [len(found[name]) for name in taps] == [3, 1, 2, 1, 1, 1, 3, 2]
    first = found["decode"][0]
    assert first["device_id"] == "pump" and first["payload"]["temperature"] == 79.5
    assert first["source"] and first["partition"] and first["offset"] > 0
    assert found["rejected"][0]["error"] and found["rejected"][0]["payload"] == "{broken"
    for row in found["silver"]:
        assert row["device_id"] == "pump" and row["event_time"].endswith("Z")
        assert row["values"] == {"temperature": 79.5} and row["late"] in (True, False)
    assert found["humid"][0]["values"] == {"humidity": 40.0} == found["humid"][0]["means"]
    assert found["anomalies"][0]["device"] == "pump"
    assert found["alerts"][0]["device"].startswith("hot-") and found["alerts"][0]["state"]
    assert {row["device_id"] for row in found["labelled"]} == {"pump"}
    assert all(str(row["device"]).startswith("hot-") for row in found["unlabelled"])


def test_a_tap_that_nobody_reads_holds_up_nothing(running: tuple[Run, Client, Site]) -> None:
    run, client, site = running
    unread, stopped = taps = [Tap(client, "decode"), Tap(client, "decode")]
    looks: list[int] = []

    def all_see() -> bool:
        looks.append(1)
        with (site.inbox / "a.ndjson").open("a") as out:
            out.write(reading("main", 9000 + len(looks), 21.0))
        return len(select.select([tap.process.stdout for tap in taps], [], [], 0)[0]) == len(taps)

    run.wait_for(all_see, "the first record in each tap")
    os.kill(stopped.process.pid, signal.SIGSTOP)
    rows = 40_000
    run.wait_for(
        lambda: client.get("system")["totals"]["received"] == 181 + len(looks), "what was written"
    )
    before = client.get("system")["totals"]["received"]
    (site.inbox / "b.ndjson").write_text("".join(reading(f"d{i % 50}", i, 20) for i in range(rows)))
    run.wait_for(
        lambda: client.get("system")["totals"]["received"] == before + rows, "all records", 60
    )
    stopped.process.kill()
    stopped.process.communicate()
    # Whoever reads again sees what was kept, and how much was not.
    assert unread.process.stdout and unread.process.stderr
    shown: list[str] = []
    reader = threading.Thread(target=lambda: shown.extend(unread.process.stdout or []))
    reader.start()
    note = unread.process.stderr.readline()
    unread.process.send_signal(signal.SIGINT)
    assert unread.process.wait(30) == 0
    reader.join()
    assert "came too fast and are not shown" in note
    assert any('"device_id":"d' in line for line in shown)
    missing = int(note.split()[0])
    assert len(shown) < rows and len(shown) + missing <= rows + len(looks)


def test_tap_ends_with_its_reader_and_refuses_what_makes_no_sense(
    running: tuple[Run, Client, Site],
) -> None:
    run, client, site = running
    tap = Tap(client, "silver")
    assert tap.process.stdout
    tap.process.stdout.close()
    written = []

    def has_ended() -> bool:
        written.append(1)
        with (site.inbox / "a.ndjson").open("a") as out:
            out.write(reading("main", 9000 + len(written), 21.0))
        return tap.process.poll() is not None

    run.wait_for(has_ended, "the end of the tap")
    assert tap.process.wait() == 0
    done = subprocess.run(command(client, "tap", "gold"), capture_output=True, text=True)
    assert done.returncode == 64 and "decode" in done.stderr
    assert client.request("GET", "/api/v1/tap?stage=gold")[0] == 400
    assert client.request("GET", "/api/v1/tap?label.rule=x")[0] == 400
    done = subprocess.run(
        command(client, "tap", "silver", "--label", "x"), capture_output=True, text=True
    )
    assert done.returncode == 64 and "write site=north" in done.stderr


def test_other_machines_need_a_token(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site, "{listen: '0.0.0.0:PORT'}") as (run, client):
        made = site.avocet("access", "create", "me", "--role", "viewer", "-c", str(site.config))
        (tmp_path / "secret").write_text(made.stdout)
        known = Client(client.port, made.stdout.strip())
        run.wait_for(lambda: known.request("GET", "/api/v1/status")[0] == 200, "the token known")
        assert client.request("GET", "/api/v1/tap")[0] == 401
        refused = top_once(client)
        assert refused.returncode == 77 and "--token-file" in refused.stderr
        shown = top_once(client, "--token-file", str(tmp_path / "secret"))
        assert shown.returncode == 0 and "me (viewer)" in shown.stdout
