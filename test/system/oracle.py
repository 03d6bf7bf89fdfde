"""What avocet's tables must hold, recomputed from the input files without any code of avocet.

Bytes are read with Python's json and csv modules; everything that follows is DuckDB SQL, except
what depends on its own earlier outcome (duplicates, max_rate, exclude_anomalies), which is a loop.
The meaning of every column is that of docs/formats and docs/detectors.
"""

import csv
import gzip
import io
import json
import math
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

HOUR_US = 3_600_000_000
REMEMBERED = 64
MAX_DEPTH = 64


@dataclass
class Metric:
    name: str
    low: float | None = None
    high: float | None = None
    max_rate: float | None = None
    not_null: bool = False
    allowed: list[float] | None = None
    on_invalid: str = "nullify"

    def config(self) -> dict[str, Any]:
        keys: dict[str, Any] = {"not_null": self.not_null, "on_invalid": self.on_invalid}
        if self.low is not None or self.high is not None:
            keys["range"] = [self.low, self.high]
        if self.max_rate is not None:
            keys["max_rate"] = self.max_rate
        if self.allowed is not None:
            keys["allowed"] = self.allowed
        return keys


@dataclass
class ZScore:
    name: str
    sigma: float = 3
    window: int = 0
    min_samples: int = 30
    exclude_anomalies: bool = False

    def config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": "zscore",
            "sigma": self.sigma,
            "window": self.window,
            "min_samples": self.min_samples,
            "exclude_anomalies": self.exclude_anomalies,
        }


@dataclass
class Plan:
    """The part of a configuration that gives the tables their meaning."""

    metrics: list[Metric]
    detectors: list[ZScore] = field(default_factory=lambda: [ZScore("zscore")])
    rolling_s: int = 300
    lateness_s: int = 3600
    device: str = "device_id"
    time: str = "timestamp"

    def config(self, lake: Path, paths: list[str], **more: Any) -> str:
        """A configuration file; JSON is YAML."""
        return json.dumps(
            {
                "lake": str(lake),
                "sources": [{"file": {"path": paths}}],
                "schema": {
                    "device": self.device,
                    "time": self.time,
                    "metrics": {metric.name: metric.config() for metric in self.metrics},
                },
                "windows": {
                    "rolling": f"{self.rolling_s}s",
                    "allowed_lateness": f"{self.lateness_s}s",
                },
                "detectors": [detector.config() for detector in self.detectors],
                **more,
            },
            indent=1,
        )


# --- Bytes to records -------------------------------------------------------------------------


class Rejected(Exception):
    """Why a record is quarantined; the argument is its code."""


class Number(str):
    """A JSON number as it is written."""


class Pairs(list):
    """A JSON object with all of its keys, repeated ones too."""


def _no_constant(_: str) -> None:
    raise Rejected("invalid_json")


def _depth(value: Any) -> int:
    if isinstance(value, Pairs):
        return 1 + max((_depth(v) for _, v in value), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(v) for v in value), default=0)
    return 0


def parse_json(line: bytes) -> dict[str, Any]:
    if b"\0" in line:
        raise Rejected("nul_byte")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("invalid_utf8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=Pairs,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise Rejected("too_deep") from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise Rejected("trailing_content") from None
        ended = error.pos >= len(text) or error.msg.startswith("Unterminated string")
        raise Rejected("truncated" if ended else "invalid_json") from None
    if not isinstance(value, Pairs):
        raise Rejected("not_an_object")
    if _depth(value) > MAX_DEPTH:
        raise Rejected("too_deep")
    if len({key for key, _ in value}) != len(value):
        raise Rejected("duplicate_key")
    return dict(value)


def _epoch_us(text: str) -> int:
    number = Decimal(text)
    size = abs(number)
    if size < 10**11:
        scale = Decimal(10**6)
    elif size < 10**14:
        scale = Decimal(10**3)
    elif size < 10**17:
        scale = Decimal(1)
    else:
        scale = Decimal("0.001")
    micros = int(number * scale)
    return -1 if micros == 0 and number < 0 else micros


def parse_time(value: Any, now_us: int) -> int:
    if value is None or value == "":
        raise Rejected("missing_time")
    try:
        if isinstance(value, Number) or re.fullmatch(r"[+-]?\d+(\.\d*)?", str(value).strip()):
            micros = _epoch_us(value)
        elif isinstance(value, str):
            # A date without a zone is UTC.
            moment = datetime.fromisoformat(value.strip())
            moment = moment.replace(tzinfo=moment.tzinfo or UTC)
            since = moment - datetime(1970, 1, 1, tzinfo=UTC)
            micros = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
        else:
            raise Rejected("bad_time")
    except (ValueError, ArithmeticError):
        raise Rejected("bad_time") from None
    if micros < 0:
        raise Rejected("time_before_1970")
    if micros > now_us + 86_400_000_000:
        raise Rejected("time_in_future")
    return micros


def parse_device(value: Any) -> str:
    if value is None or value == "":
        raise Rejected("missing_device")
    if isinstance(value, Number):
        if not re.fullmatch(r"-?\d+", value):
            raise Rejected("bad_device")
    elif not isinstance(value, str):
        raise Rejected("bad_device")
    if len(value.encode()) > 256:
        raise Rejected("device_too_long")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in value):
        raise Rejected("bad_device")
    return str(value)


def parse_value(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        if text == "":
            return None
        if re.fullmatch(r"[+-]?(nan|inf(inity)?)", text, re.IGNORECASE):
            raise Rejected("not_finite")
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
            raise Rejected("wrong_type")
        number = float(text)
        if math.isinf(number):
            raise Rejected("number_overflow")
        return number
    raise Rejected("wrong_type")


@dataclass
class Raw:
    partition: str
    offset: int
    payload: bytes
    record: dict[str, Any] | None  # None: `code` says why not
    code: str = ""
    text: str = ""  # what bronze keeps as its payload


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def read_ndjson(path: Path) -> Iterator[Raw | None]:
    """Records of a file; None for an empty line."""
    offset = 0
    for line in _content(path).split(b"\n"):
        begin, offset = offset, offset + len(line) + 1
        text = line.rstrip(b"\r")
        if begin == 0:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text.strip() == b"":
            yield None
            continue
        begin += line.index(text)
        try:
            yield Raw(str(path), begin, text, parse_json(text), text=text.strip().decode("utf-8"))
        except Rejected as why:
            yield Raw(str(path), begin, text, None, str(why))


def _csv_json(header: list[str], row: list[str], device: str) -> str:
    parts = []
    for key, value in zip(header, row, strict=True):
        if value == "":
            shown = "null"
        elif key != device and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", value):
            shown = value
        else:
            shown = json.dumps(value, ensure_ascii=False)
        parts.append(f"{json.dumps(key, ensure_ascii=False)}:{shown}")
    return "{" + ",".join(parts) + "}"


def read_csv(path: Path, device: str) -> Iterator[Raw | None]:
    """Rows of a CSV file without line ends inside fields."""
    lines = _content(path).split(b"\n")
    header = next(csv.reader(io.StringIO(lines[0].decode("utf-8-sig"))))
    offset = len(lines[0]) + 1
    for line in lines[1:]:
        begin, offset = offset, offset + len(line) + 1
        text = line.rstrip(b"\r")
        if text == b"":
            yield None
            continue
        try:
            if b"\0" in text:
                raise Rejected("nul_byte")
            row = next(csv.reader(io.StringIO(text.decode("utf-8"))))
            if len(row) != len(header):
                raise Rejected("wrong_field_count")
            payload = _csv_json(header, row, device)
            yield Raw(str(path), begin, text, parse_json(payload.encode()), text=payload)
        except UnicodeDecodeError:
            yield Raw(str(path), begin, text, None, "invalid_utf8")
        except Rejected as why:
            yield Raw(str(path), begin, text, None, str(why))


# --- Records to tables ------------------------------------------------------------------------


class QualityRules:
    """max_rate compares with the last valid value, so that this is a loop."""

    def __init__(self, metrics: list[Metric]):
        self.metrics = metrics
        self.last: dict[tuple[str, str], tuple[int, float]] = {}

    def broken(self, metric: Metric, device: str, t: int, late: bool, x: float | None) -> str:
        if x is None:
            return "not_null" if metric.not_null else ""
        if (metric.low is not None and x < metric.low) or (
            metric.high is not None and x > metric.high
        ):
            return "range"
        if metric.allowed is not None and x not in metric.allowed:
            return "allowed"
        if metric.max_rate is None or late:
            return ""
        key = (device, metric.name)
        if key in self.last:
            last_t, last_x = self.last[key]
            seconds = (t - last_t) * 1e-6
            if seconds > 0 and abs(x - last_x) > metric.max_rate * seconds:
                return "max_rate"
        self.last[key] = (t, x)
        return ""


def _exclusive_zscore(rows: list[tuple[int, float]], detector: ZScore) -> list[tuple[Any, ...]]:
    """seq, n, mean, std, lowest, highest of what each reading is compared with; flagged readings
    are not learned. Sums are fractions, so that nothing is rounded before the end."""
    learned: deque[float] = deque()
    total = squares = Fraction(0)
    needed = min(detector.min_samples, detector.window or detector.min_samples)
    out = []
    for seq, x in rows:
        n = len(learned)
        flagged = False
        if n >= needed:
            mean, low, high = float(total / n), min(learned), max(learned)
            std = math.sqrt((squares - total * total / n) / (n - 1))
            out.append((seq, n, mean, std, low, high))
            flagged = x != low if low == high else abs(x - mean) / std > detector.sigma
        if flagged:
            continue
        learned.append(x)
        total += Fraction(x)
        squares += Fraction(x) ** 2
        if detector.window and len(learned) > detector.window:
            gone = Fraction(learned.popleft())
            total -= gone
            squares -= gone**2
    return out


class Oracle:
    """The tables that follow from the input files, in `rows`, and the counters in `totals`."""

    def __init__(self, plan: Plan, files: list[Path], source: str = "file"):
        self.plan = plan
        self.source = source
        self.totals: dict[str, int] = defaultdict(int)
        self.db = duckdb.connect()
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._now_us = int(datetime.now(UTC).timestamp() * 1e6)
        self._decode(files)
        self._silver()
        self._anomalies()
        self._device_stats()

    def _read(self, files: list[Path]) -> Iterator[Raw | None]:
        for path in files:
            yield from (
                read_csv(path, self.plan.device) if ".csv" in path.name else read_ndjson(path)
            )

    def _decode(self, files: list[Path]) -> None:
        rules = QualityRules(self.plan.metrics)
        recent: dict[str, deque[tuple[int, str]]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        newest: dict[str, int] = {}
        bronze, quarantine = [], []
        table: dict[str, list[Any]] = defaultdict(list)

        def reject(raw: Raw, code: str) -> None:
            quarantine.append(
                {
                    "payload": raw.payload if code[:8] != "quality_" else raw.text.encode(),
                    "code": code,
                    "source": self.source,
                    "partition": raw.partition,
                    "offset": raw.offset,
                }
            )

        for raw in self._read(files):
            if raw is None:
                continue
            self.totals["received"] += 1
            try:
                if raw.record is None:
                    raise Rejected(raw.code)
                device = parse_device(raw.record.get(self.plan.device))
                t = parse_time(raw.record.get(self.plan.time), self._now_us)
                values = [parse_value(raw.record.get(m.name)) for m in self.plan.metrics]
            except Rejected as why:
                self.totals["quarantined"] += 1
                reject(raw, str(why))
                continue
            if (t, raw.text) in recent[device]:
                self.totals["duplicates"] += 1
                continue
            recent[device].append((t, raw.text))
            seq = len(bronze)
            self.totals["accepted"] += 1
            bronze.append(
                {
                    "device_id": device,
                    "event_time": t,
                    "payload": raw.text,
                    "source": self.source,
                    "partition": raw.partition,
                    "offset": raw.offset,
                    "sequence": seq,
                }
            )
            late = t < newest.get(device, t)
            newest[device] = max(t, newest.get(device, t))
            dropped = ""
            for i, metric in enumerate(self.plan.metrics):
                rule = rules.broken(metric, device, t, late, values[i])
                if rule and metric.on_invalid == "nullify":
                    values[i] = None
                elif rule and metric.on_invalid == "drop":
                    dropped = dropped or f"quality_{rule}"
            if dropped:
                self.totals["dropped"] += 1
                reject(raw, dropped)
            table["seq"].append(seq)
            table["device"].append(device)
            table["t"].append(t)
            table["dropped"].append(bool(dropped))
            table["partition"].append(raw.partition)
            table["off"].append(raw.offset)
            for metric, value in zip(self.plan.metrics, values, strict=True):
                table[f"m_{metric.name}"].append(value)
        self.rows["bronze"], self.rows["quarantine"] = bronze, quarantine
        types = {"seq": pa.int64(), "device": pa.string(), "t": pa.int64(), "dropped": pa.bool_()}
        types |= {"partition": pa.string(), "off": pa.int64()}
        types |= {f"m_{m.name}": pa.float64() for m in self.plan.metrics}
        accepted = pa.table({name: pa.array(table[name], kind) for name, kind in types.items()})
        self.db.register("accepted", accepted)
        # Late: older than the newest event time of the device so far. Dropped readings count.
        self.db.execute("""
            CREATE TABLE reading AS SELECT *, coalesce(t < newest_before, false) AS late,
              greatest(t, coalesce(newest_before, t)) AS newest
            FROM (SELECT *, max(t) OVER (PARTITION BY device ORDER BY seq
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest_before
                  FROM accepted)""")
        row = self.db.execute("SELECT count(*) FILTER (late) FROM reading").fetchone()
        assert row is not None
        self.totals["late"] = row[0]

    def _query(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.db.execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _silver(self) -> None:
        suffix = "5m" if self.plan.rolling_s == 300 else f"{self.plan.rolling_s}s"
        names = [metric.name for metric in self.plan.metrics]
        means = ", ".join(f"favg(b.m_{n}) AS avg_{n}" for n in names)
        self.db.execute(f"""
            CREATE TABLE mean AS SELECT a.seq, {means} FROM reading a JOIN reading b
              ON a.device = b.device AND b.seq <= a.seq
              AND b.t > a.t - {self.plan.rolling_s}::BIGINT * 1000000
            WHERE NOT a.late AND NOT b.late AND NOT a.dropped AND NOT b.dropped GROUP BY a.seq""")
        values = ", ".join(f"m_{n} AS {n}" for n in names)
        rolling = ", ".join(f"avg_{n} AS {n}_avg_{suffix}" for n in names)
        self.rows["silver"] = self._query(f"""
            SELECT device AS device_id, t AS event_time, {values}, {rolling}, late
            FROM reading LEFT JOIN mean USING (seq) WHERE NOT dropped""")

    def _anomalies(self) -> None:
        self.db.execute("""CREATE TABLE anomaly (seq BIGINT, device VARCHAR, metric VARCHAR,
            t BIGINT, value DOUBLE, mean DOUBLE, std DOUBLE, constant BOOLEAN, sigma DOUBLE,
            detector VARCHAR, partition VARCHAR, off BIGINT)""")
        for detector in self.plan.detectors:
            for metric in self.plan.metrics:
                self._judge(detector, f"m_{metric.name}", metric.name)
        self.rows["anomalies"] = self._query("""
            SELECT device AS device_id, metric, t AS event_time, value, mean AS expected,
              CASE WHEN constant THEN mean ELSE mean - sigma * std END AS lower,
              CASE WHEN constant THEN mean ELSE mean + sigma * std END AS upper,
              CASE WHEN constant THEN 10 ELSE abs(value - mean) / std / sigma END AS score,
              CASE WHEN constant OR abs(value - mean) / std >= 5 THEN 'critical'
                   WHEN abs(value - mean) / std >= 3 THEN 'warning' ELSE 'info' END AS severity,
              CASE WHEN constant THEN 'constant' WHEN value > mean THEN 'above_mean'
                   ELSE 'below_mean' END AS reason,
              detector, partition, off AS "offset" FROM anomaly""")
        self.totals["anomalies"] = len(self.rows["anomalies"])

    def _judge(self, detector: ZScore, column: str, metric: str) -> None:
        judged = f"""SELECT seq, device, t, partition, off, {column} AS x FROM reading
                     WHERE NOT late AND NOT dropped AND {column} IS NOT NULL"""
        if detector.exclude_anomalies:
            moments = []
            for (device,) in self.db.execute("SELECT DISTINCT device FROM reading").fetchall():
                rows = self.db.execute(
                    f"SELECT seq, x FROM ({judged}) WHERE device = ? ORDER BY seq", [device]
                ).fetchall()
                moments += _exclusive_zscore(rows, detector)
            names = ["seq", "n", "mean", "std", "low", "high"]
            columns = list(zip(*moments, strict=True)) or [[]] * len(names)
            self.db.register("moments", pa.table(dict(zip(names, map(list, columns), strict=True))))
            earlier = f"SELECT * FROM ({judged}) JOIN moments USING (seq)"
        else:
            begin = f"{detector.window}" if detector.window else "UNBOUNDED"
            earlier = f"""SELECT *, count(*) OVER w AS n, favg(x) OVER w AS mean,
                stddev_samp(x) OVER w AS std, min(x) OVER w AS low, max(x) OVER w AS high
                FROM ({judged}) WINDOW w AS (PARTITION BY device ORDER BY seq
                ROWS BETWEEN {begin} PRECEDING AND 1 PRECEDING)"""
        needed = min(detector.min_samples, detector.window or detector.min_samples)
        self.db.execute(f"""
            INSERT INTO anomaly SELECT seq, device, '{metric}', t, x,
              CASE WHEN low = high THEN low ELSE mean END, std, low = high,
              {detector.sigma}, '{detector.name}', partition, off
            FROM ({earlier}) WHERE n >= {needed}
              AND CASE WHEN low = high THEN x != low
                       ELSE abs((x - mean) / std) > {detector.sigma} END""")

    def _device_stats(self) -> None:
        lateness = self.plan.lateness_s * 1_000_000
        per_metric = " UNION ALL ".join(
            f"SELECT device, '{m.name}' AS metric, t, newest, late, dropped, m_{m.name} AS x "
            "FROM reading"
            for m in self.plan.metrics
        )
        self.rows["device_stats"] = self._query(f"""
            WITH counted AS (
              SELECT device, metric, t // {HOUR_US} * {HOUR_US} AS hour, x, late FROM ({per_metric})
              WHERE NOT dropped AND x IS NOT NULL
                AND (NOT late OR newest < (t // {HOUR_US} + 1) * {HOUR_US} + {lateness})),
            stats AS (
              SELECT device, metric, hour, count(*) AS n, min(x) AS low, max(x) AS high,
                favg(x) AS mean, stddev_samp(x) AS std, count(*) FILTER (late) AS late
              FROM counted GROUP BY ALL),
            flagged AS (SELECT device, metric, t // {HOUR_US} * {HOUR_US} AS hour,
              count(*) AS anomalies FROM anomaly GROUP BY ALL)
            SELECT device AS device_id, metric, hour, n AS "count", low AS min, high AS max, mean,
              CASE WHEN low = high AND n > 1 THEN 0 ELSE std END AS std,
              coalesce(anomalies, 0) AS anomalies, late
            FROM stats LEFT JOIN flagged USING (device, metric, hour)""")


# --- Comparison -------------------------------------------------------------------------------


def _order(row: dict[str, Any], names: list[str]) -> list[tuple[bool, Any]]:
    return [(row[name] is not None, row[name] if row[name] is not None else 0) for name in names]


def compare(name: str, want: list[dict[str, Any]], got: pa.Table) -> None:
    """All rows and all columns that the oracle knows; floats to 1e-9 relative."""
    names = list(want[0]) if want else []
    columns = {}
    for column in names:
        values = got.column(column)
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.int64())
        columns[column] = values.to_pylist()
    found = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if name == "anomalies":
        for row in found:
            row["reason"] = row["reason"].split(":")[0]
    assert len(want) == got.num_rows, f"{name}: {len(want)} rows wanted, {got.num_rows} found"
    exact = [c for c in names if not any(isinstance(row[c], float) for row in want)]
    order = exact + [c for c in names if c not in exact]
    want = sorted(want, key=lambda row: _order(row, order))
    found.sort(key=lambda row: _order(row, order))
    for expected, actual in zip(want, found, strict=True):
        for column in names:
            a, b = expected[column], actual[column]
            same = (
                math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
                if isinstance(a, float) and isinstance(b, float | int)
                else a == b
            )
            assert same, f"{name}.{column}: want {a!r}, found {b!r}\n{expected}\n{actual}"
