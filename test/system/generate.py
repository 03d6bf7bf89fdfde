"""Sensor streams with everything that real ones have: seeded, so that a failure can be repeated."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

START_US = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z

# One of each kind of record that must not be accepted, beside those that random damage makes.
# `%D` and `%T` stand for a good device and a good time.
MALFORMED: list[bytes] = [
    b"not json at all",
    b'{"device_id": "%D", "timestamp": %T, "temperature": 21.5',  # truncated
    b'{"device_id": "%D", "timestamp": %T, "temperature": }',
    b'{"device_id": "%D", "timestamp": %T, "temperature": 21.5} {"device_id": "%D"}',
    b'["%D", %T, 21.5]',
    b"42",
    b"null",
    b'{"device_id": "%D", "timestamp": %T, "temperature": 1, "temperature": 2}',
    b'{"device_id": "%D", "device_id": "%D", "timestamp": %T}',
    b'{"device_id": "\xff\xfe", "timestamp": %T, "temperature": 21.5}',
    b'{"device_id": "%D", "timestamp": %T, "note": "a\x00b"}',
    b'{"timestamp": %T, "temperature": 21.5}',
    b'{"device_id": "", "timestamp": %T, "temperature": 21.5}',
    b'{"device_id": null, "timestamp": %T}',
    b'{"device_id": 1.5, "timestamp": %T}',
    b'{"device_id": ["%D"], "timestamp": %T}',
    b'{"device_id": "a\\u0007b", "timestamp": %T}',
    b'{"device_id": "' + b"x" * 257 + b'", "timestamp": %T}',
    b'{"device_id": "%D", "temperature": 21.5}',
    b'{"device_id": "%D", "timestamp": "yesterday", "temperature": 21.5}',
    b'{"device_id": "%D", "timestamp": "2023-02-30T00:00:00Z"}',
    b'{"device_id": "%D", "timestamp": true}',
    b'{"device_id": "%D", "timestamp": {"s": 1}}',
    b'{"device_id": "%D", "timestamp": ""}',
    b'{"device_id": "%D", "timestamp": -5, "temperature": 21.5}',
    b'{"device_id": "%D", "timestamp": "1969-12-31T23:59:59.999999Z"}',
    b'{"device_id": "%D", "timestamp": "2999-01-01T00:00:00Z", "temperature": 21.5}',
    b'{"device_id": "%D", "timestamp": 99999999999, "temperature": 21.5}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": "warm"}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": [21.5]}',
    b'{"device_id": "%D", "timestamp": %T, "humidity": {"value": 40}}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": 1e400}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": "-1e999"}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": NaN}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": "NaN"}',
    b'{"device_id": "%D", "timestamp": %T, "temperature": "-Infinity"}',
    b'{"device_id": "%D", "timestamp": %T, "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"device_id": "%D", "timestamp": %T, "x": ' + b"[" * 64 + b"]" * 64 + b"}",
]


def malformed(rng: random.Random, device: str, t_us: int) -> bytes:
    kind = rng.choice(MALFORMED)
    return kind.replace(b"%D", device.encode()).replace(b"%T", str(t_us // 1_000_000).encode())


def write_time(rng: random.Random, t_us: int, style: int) -> str | int | float:
    """One moment in one of the ways in which people write it. Styles 2 and 3 need whole
    milliseconds."""
    if style == 0:
        return t_us
    if style == 1:
        return t_us * 1000 + rng.randrange(1000)
    if style == 2:
        return t_us // 1000
    if style == 3:
        return f"{t_us // 1_000_000}.{t_us % 1_000_000 // 1000:03d}"
    moment = datetime.fromtimestamp(t_us // 1_000_000, UTC) + timedelta(microseconds=t_us % 10**6)
    if style == 4:
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    zone = timezone(timedelta(minutes=rng.choice([-570, -180, 0, 120, 345])))
    return moment.astimezone(zone).isoformat(sep=rng.choice("T "))


class Device:
    def __init__(self, rng: random.Random, number: int):
        self.rng = rng
        self.name = f"device-{number:02d}" if number else "Gerät 0 \u00b0"
        self.period_us = rng.choice([1, 5, 10, 37, 120]) * 1_000_000
        self.t_us = START_US + rng.randrange(3600) * 1_000_000
        self.style = number % 6
        self.level = 22.0
        self.recent: list[bytes] = []

    def _moment(self) -> int:
        chance = self.rng.random()
        if chance < 0.04:  # the same moment again
            return self.t_us
        if chance < 0.10:  # late, now and then too late for its hour
            return max(START_US, self.t_us - self.rng.randrange(1, 10_800_000) * 1000)
        if chance < 0.12:  # a gap that empties the rolling window
            self.t_us += self.rng.randrange(300, 7200) * 1_000_000
        elif chance < 0.13:  # exactly one window later
            self.t_us += 300_000_000
        elif chance < 0.14:  # exactly on the hour
            self.t_us += 3_600_000_000 - self.t_us % 3_600_000_000
        else:
            self.t_us += int(self.period_us * self.rng.uniform(0.1, 2)) // 1000 * 1000 or 1000
        return self.t_us

    def _values(self) -> dict[str, object]:
        rng = self.rng
        self.level += rng.gauss(0, 0.05)
        temperature: object = round(self.level + rng.gauss(0, 1), 2)
        if rng.random() < 0.01:
            temperature = round(self.level + rng.choice([-1, 1]) * rng.uniform(5, 40), 2)
        humidity: object = round(rng.gauss(45, 4), 1)
        if rng.random() < 0.02:
            humidity = rng.choice([-5, 101, 250.5])
        pressure: object = round(1000 + rng.gauss(0, 3), 3)
        if rng.random() < 0.02:
            pressure = 1e6
        # Constant but for rare steps, which std = 0 must flag.
        mode: object = 75 if rng.random() > 0.005 else 76
        values = {
            "temperature": temperature,
            "humidity": humidity,
            "pressure": pressure,
            "mode": mode,
        }
        for name in list(values):
            chance = rng.random()
            if chance < 0.02:
                del values[name]
            elif chance < 0.03:
                values[name] = None
            elif chance < 0.05:
                values[name] = f" {values[name]} "
        if rng.random() < 0.05:
            values["note"] = rng.choice(['"quoted"', "comma, and ä", {"deep": [1, 2, {"x": None}]}])
        return values

    def record(self) -> dict[str, object]:
        t = write_time(self.rng, self._moment(), self.style)
        return {"device_id": self.name, "timestamp": t, **self._values()}

    def line(self) -> bytes:
        """The next record as NDJSON; sometimes an earlier one again."""
        if self.recent and self.rng.random() < 0.03:
            back = self.rng.choice([1, 2, 30, 63, 64, 65, 66, 150])
            return self.recent[-min(back, len(self.recent))]
        record = self.record()
        text = json.dumps(record, ensure_ascii=self.rng.random() < 0.5)
        if self.style == 3:  # epoch seconds with a fraction, as a number
            text = text.replace(f'"{record["timestamp"]}"', str(record["timestamp"]), 1)
        self.recent.append(text.encode())
        return self.recent[-1]


def lines(
    seed: int, records: int, devices: int = 7, first: int = 0, bad: float = 0.02
) -> Iterator[bytes]:
    """NDJSON lines of devices `first` and up, in the order of their arrival."""
    rng = random.Random(seed)
    fleet = [Device(rng, first + i) for i in range(devices)]
    for _ in range(records):
        device = rng.choice(fleet)
        if rng.random() < bad:
            yield malformed(rng, "device-01", device.t_us)
        elif rng.random() < 0.002:
            yield rng.choice([b"", b"  ", b"\r"])
        yield device.line()


def write_ndjson(path: Path, all_lines: list[bytes]) -> None:
    data = b"".join(line + b"\n" for line in all_lines)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_csv(path: Path, seed: int, rows: int) -> None:
    """The same kind of stream as CSV, with rows of the wrong shape among the good ones."""
    rng = random.Random(seed)
    names = ["timestamp", "device_id", "temperature", "humidity", "pressure", "mode", "note"]
    fleet = [Device(rng, i) for i in range(10, 13)]
    out = [",".join(names)]
    for _ in range(rows):
        record = rng.choice(fleet).record()
        fields = []
        for name in names:
            value = record.get(name)
            text = "" if value is None else str(value)
            if any(c in text for c in ',"'):
                text = '"' + text.replace('"', '""') + '"'
            fields.append(text)
        out.append(",".join(fields))
        chance = rng.random()
        if chance < 0.01:
            out.append(",".join(fields[:-2]))
        elif chance < 0.02:
            out.append(",".join([*fields, "more"]))
        elif chance < 0.03:
            out.append(",".join([fields[0], fields[1], "warm", *fields[3:]]))
        elif chance < 0.04:
            out.append(",".join([fields[0], "", *fields[2:]]))
        elif chance < 0.05:
            out.append(out[-1])
    path.write_bytes(("\r\n".join(out) + "\r\n").encode())


def write_inputs(directory: Path, seed: int, records: int) -> list[Path]:
    """NDJSON, gzip and CSV, in the order in which avocet reads them. Devices occur in several
    files."""
    stream = list(lines(seed, records))
    third = len(stream) // 3
    paths = [directory / name for name in ("a-1.ndjson", "a-2.ndjson", "a-10.ndjson.gz", "b.csv")]
    write_ndjson(paths[0], stream[:third])
    write_ndjson(paths[1], stream[third : 2 * third])
    write_ndjson(paths[2], stream[2 * third :])
    write_csv(paths[3], seed + 1, records // 10)
    return paths
