#!/usr/bin/env python3
"""Prints the picture of a detector's page: what `avocet detect` says of a generated series, as SVG.

Usage: scripts/detector_picture.py TYPE [AVOCET]     (AVOCET: the program; default build/avocet)
       scripts/detector_picture.py --list

The series are the same each time, the band and the anomalies are those of the program.
"""

import csv
import math
import pathlib
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAY_SECONDS = 86400

Values = dict[str, float]  # by metric


@dataclass
class Scene:
    """A series per metric, and the part of it that is shown."""

    settings: str  # of the detector, as in a configuration
    draw: Callable[[random.Random, int], Values | None]  # the reading of an index, if any
    count: int  # readings
    period: int = 10  # seconds
    shown_from: int = 0  # index


def between(i: int, first: int, last: int) -> bool:
    return first <= i < last


def day_course(i: int, period: int) -> float:
    return math.sin(2 * math.pi * (i * period / DAY_SECONDS - 0.375))


def of_auto(r: random.Random, i: int) -> Values:
    x = 20 + 4 * day_course(i, 60) + r.gauss(0, 0.15)
    at = i - 4 * 1440  # minutes of the fifth day
    if between(at, 130, 240):
        x = 16.11
    if at == 420:
        x += 5
    if between(at, 640, 700):
        x += r.gauss(0, 1.2)
    if between(at, 1000, 1120):
        x += 3
    return {"temperature": round(x, 2)}


def of_threshold(r: random.Random, i: int) -> Values:
    return {
        "temperature": round(62 + 14 * math.sin(i / 60) + 5 * math.sin(i / 23) + r.gauss(0, 0.6), 1)
    }


def of_rate(r: random.Random, i: int) -> Values:
    fall = 0.0 if i < 220 else min(4.0, (i - 220) * 0.9)
    return {"pressure": round(8 + 0.6 * math.sin(i / 50) - fall + r.gauss(0, 0.03), 2)}


def of_stuck(r: random.Random, i: int) -> Values:
    held = i if not between(i, 150, 330) else 150
    value = 21 + 2 * math.sin(held / 40)
    return {"temperature": round(value + (0 if held != i else r.gauss(0, 0.12)), 2)}


def of_missing(r: random.Random, i: int) -> Values | None:
    if between(i, 190, 280):
        return None
    return {"temperature": round(21 + 2 * math.sin(i / 40) + r.gauss(0, 0.2), 2)}


def of_zscore(r: random.Random, i: int) -> Values:
    jump = {180: 3.2, 290: -2.8}.get(i, 0)
    return {"temperature": round(22 + r.gauss(0, 0.5) + jump, 2)}


def of_ewma(r: random.Random, i: int) -> Values:
    jump = {250: 4.5, 330: -4}.get(i, 0)
    return {"temperature": round(20 + 6 * math.sin(i / 130) + r.gauss(0, 0.4) + jump, 2)}


def of_mad(r: random.Random, i: int) -> Values:
    group = 3.5 if i in {240, 242, 243, 246, 247, 251} else 0
    return {"vibration": round(4 + r.gauss(0, 0.3) + group, 2)}


def of_cusum(r: random.Random, i: int) -> Values:
    return {"weight": round(500 + r.gauss(0, 1.5) + (1.4 if i >= 230 else 0), 2)}


def of_page_hinkley(r: random.Random, i: int) -> Values:
    level = 6.0 if i < 260 else 6.5 if i < 480 else 6.1
    return {"pressure": round(level + r.gauss(0, 0.2), 2)}


def of_forecast_band(r: random.Random, i: int) -> Values:
    x = 20 + 5 * math.sin(i / 9) + r.gauss(0, 0.08)
    if i == 330:
        x += 3
    return {"temperature": round(x, 2)}


def of_half_space_trees(r: random.Random, i: int) -> Values:
    on = (i // 45) % 2 == 1
    x = (48 if on else 8) + r.gauss(0, 1.2)
    if between(i, 610, 613):
        x = 27 + r.gauss(0, 1)
    return {"power": round(x, 1)}


def of_holt_winters(r: random.Random, i: int) -> Values:
    x = 20 + 5 * day_course(i, 300) + r.gauss(0, 0.25)
    if between(i, 4 * 288 + 30, 4 * 288 + 45):
        x += 5  # what is usual at noon is not at night
    return {"temperature": round(x, 2)}


def of_matrix_profile(r: random.Random, i: int) -> Values:
    phase = i % 60
    x = 2 + (8 if between(phase, 6, 34) else 0) + (3 if between(phase, 6, 12) else 0)
    if between(i, 905, 945):
        x = 2 + 8 * max(0.0, math.sin((i - 905) / 40 * math.pi))
    return {"current": round(x + r.gauss(0, 0.15), 2)}


def of_t2(r: random.Random, i: int) -> Values:
    speed = 1500 + 220 * math.sin(i / 35) + r.gauss(0, 12)
    followed = speed if not between(i, 420, 440) else 3000 - speed
    return {
        "speed": round(speed, 0),
        "oil_pressure": round(1.2 + followed / 600 + r.gauss(0, 0.03), 2),
    }


def of_random_cut_forest(r: random.Random, i: int) -> Values:
    on = (i // 60) % 2 == 1
    slips = between(i, 630, 634)  # a belt: the motor runs, and nothing moves
    return {
        "current": round((9 if on or slips else 2) + r.gauss(0, 0.3), 2),
        "speed": round((1480 if on else 0) + abs(r.gauss(0, 15)), 0),
    }


SCENES = {
    "auto": Scene("", of_auto, 5 * 1440, period=60, shown_from=4 * 1440),
    "cusum": Scene("mean: 500, deviation: 1.5, limit: 20", of_cusum, 340),
    "ewma": Scene("alpha: 0.05", of_ewma, 420, shown_from=60),
    "forecast_band": Scene("", of_forecast_band, 420, shown_from=180),
    "half_space_trees": Scene("", of_half_space_trees, 720, shown_from=360),
    "holt_winters": Scene("", of_holt_winters, 5 * 288, period=300, shown_from=3 * 288),
    "mad": Scene("window: 120", of_mad, 330, shown_from=100),
    "matrix_profile": Scene("length: 60, history: 480", of_matrix_profile, 1080, shown_from=600),
    "missing": Scene("", of_missing, 400, shown_from=60),
    "page_hinkley": Scene("", of_page_hinkley, 640, shown_from=60),
    "random_cut_forest": Scene("sigma: 4", of_random_cut_forest, 720, shown_from=360),
    "rate_of_change": Scene("max_per_second: 0.05, rising: false", of_rate, 340, shown_from=60),
    "stuck": Scene("duration: 20m", of_stuck, 420),
    "t2": Scene("", of_t2, 540, shown_from=240),
    "threshold": Scene("warn_max: 70, max: 78", of_threshold, 420),
    "zscore": Scene("", of_zscore, 400),
}

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 760, 190, 52, 12, 34, 26
STYLE = """
text{font:12px system-ui,sans-serif;fill:#475569}.title{font-weight:600;fill:#0f172a}
.back{fill:#fff}.grid{stroke:#e2e8f0}path{fill:none}.band{fill:#94a3b8;fill-opacity:.28}
.expected{stroke:#64748b;stroke-dasharray:4 3}.value{stroke:#2563eb;stroke-width:1.4}
.mark{fill:none;stroke:#dc2626;stroke-width:2}.when{stroke:#dc2626;stroke-dasharray:2 3}
.name{fill:#b91c1c;font-weight:600;text-anchor:middle}
.name{paint-order:stroke;stroke:#fff;stroke-width:3px}
@media (prefers-color-scheme:dark){text{fill:#94a3b8}.title{fill:#f1f5f9}.back{fill:#0f172a}
.grid{stroke:#1e293b}.value{stroke:#60a5fa}.mark,.when{stroke:#f87171}
.name{fill:#fca5a5;stroke:#0f172a}}
"""


@dataclass
class Row:
    index: int
    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    type: str
    onset: bool


def readings(scene: Scene) -> list[tuple[int, Values]]:
    source = random.Random(7)
    drawn = [(i, scene.draw(source, i)) for i in range(scene.count)]
    return [(i, values) for i, values in drawn if values is not None]


def detect(kind: str, scene: Scene, avocet: str) -> dict[str, list[Row]]:
    """What the program says of each reading, by metric; "" is the device as a whole."""
    given = readings(scene)
    metrics = list(given[0][1])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        settings = f"type: {kind}" + (f", {scene.settings}" if scene.settings else "")
        (path / "c.yaml").write_text(f"detectors: [{{{settings}}}]\n")
        with open(path / "in.csv", "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["device_id", "timestamp", *metrics])
            for i, values in given:
                time = START + timedelta(seconds=i * scene.period)
                writer.writerow(["d", time.isoformat(), *values.values()])
        command = [avocet, "detect", "in.csv", "-c", "c.yaml", "-o", "out.csv", "--quiet"]
        try:
            done = subprocess.run(command, cwd=path, capture_output=True, text=True)
        except OSError as error:
            sys.exit(f"cannot run {avocet}: {error.strerror}; build it with make, or name another")
        if done.returncode != 0:
            sys.exit(f"{kind}: {done.stderr.strip()}")
        rows: dict[str, list[Row]] = {}
        with open(path / "out.csv", newline="") as found:
            for row in csv.DictReader(found):
                passed = datetime.fromisoformat(row["event_time"]) - START
                value, expected, lower, upper = (
                    float(row[name]) if row[name] else None
                    for name in ("value", "expected", "lower", "upper")
                )
                index = round(passed.total_seconds() / scene.period)
                one = Row(index, value, expected, lower, upper, row["type"], row["onset"] == "true")
                if index >= scene.shown_from:
                    rows.setdefault(row["metric"], []).append(one)
    return rows


class Panel:
    """The chart of one metric."""

    def __init__(self, scene: Scene, rows: list[Row], top: float) -> None:
        self.scene, self.rows, self.top = scene, rows, top
        values = [row.value for row in rows if row.value is not None]
        room = 0.12 * (max(values) - min(values) or 1)
        self.low, self.high = min(values) - room, max(values) + 2 * room

    def x(self, index: float) -> float:
        share = (index - self.scene.shown_from) / (self.scene.count - self.scene.shown_from)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        clipped = min(max(value, self.low), self.high)
        return self.top + (self.high - clipped) / (self.high - self.low) * PANEL

    def path(self, name: str, of: Callable[[Row], float | None]) -> str:
        steps, last = [], None
        for row in self.rows:
            value = of(row)
            if value is None:
                last = None
                continue
            joined = last is not None and row.index - last <= 3
            steps.append(f"{'L' if joined else 'M'}{self.x(row.index):.1f} {self.y(value):.1f}")
            last = row.index
        return f'<path class="{name}" d="{"".join(steps)}"/>' if steps else ""

    def band(self) -> str:
        runs: list[list[Row]] = []
        for row in self.rows:
            if row.lower is None and row.upper is None:
                continue
            if not runs or row.index - runs[-1][-1].index > 3:
                runs.append([])
            runs[-1].append(row)
        parts = []
        for run in runs:
            over = [(r.index, self.high if r.upper is None else r.upper) for r in run]
            under = [(r.index, self.low if r.lower is None else r.lower) for r in reversed(run)]
            points = " ".join(f"{self.x(i):.1f},{self.y(v):.1f}" for i, v in over + under)
            parts.append(f'<polygon class="band" points="{points}"/>')
        return "".join(parts)

    def axes(self) -> str:
        parts = []
        step = 10 ** math.floor(math.log10(self.high - self.low))
        step *= next(m for m in (0.2, 0.5, 1, 2, 5, 10) if (self.high - self.low) / (step * m) <= 6)
        for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1):
            y = self.y(k * step)
            label = f"{k * step:.10g}"
            parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        return "".join(parts)

    def marks(self) -> str:
        found = [row for row in self.rows if row.onset and row.value is not None]
        radius = 5 if len(found) < 20 else 2.5
        marks, names, last = [], [], -1000
        for row in found:
            x, y = self.x(row.index), self.y(row.value)
            marks.append(f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')
            if row.index - last > 25:  # of several in a row the first is named
                half = 3.6 * len(row.type)
                at = min(max(x, LEFT + half), WIDTH - RIGHT - half)
                names.append(
                    f'<text class="name" x="{at:.1f}" y="{y - 10:.1f}">{escape(row.type)}</text>'
                )
            last = row.index
        return "".join(marks + names)

    def svg(self, with_band: bool) -> str:
        lines = self.path("expected", lambda r: r.expected) + self.path("value", lambda r: r.value)
        return self.axes() + (self.band() if with_band else "") + lines + self.marks()


def time_axis(panel: Panel, bottom: float) -> str:
    scene = panel.scene
    seconds = (scene.count - scene.shown_from) * scene.period
    step = next(s for s in (600, 1200, 3600, 7200, 10800, 21600, 43200) if seconds / s <= 9)
    first = math.ceil(scene.shown_from * scene.period / step)
    parts = []
    for k in range(first, scene.count * scene.period // step + 1):
        x = panel.x(k * step / scene.period)
        if LEFT + 10 <= x <= WIDTH - RIGHT - 14:
            label = f"{START + timedelta(seconds=k * step):%H:%M}"
            parts.append(f'<text x="{x:.1f}" y="{bottom}" text-anchor="middle">{label}</text>')
    return "".join(parts)


def picture(kind: str, scene: Scene, rows: dict[str, list[Row]]) -> str:
    metrics = [metric for metric in rows if metric]
    height = TOP + len(metrics) * (PANEL + TOP) - TOP + BOTTOM
    panels = [Panel(scene, rows[m], TOP + k * (PANEL + TOP)) for k, m in enumerate(metrics)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{kind}: what it finds in a generated series</title>",
        f"<style>{STYLE.strip()}</style>",
        f'<rect class="back" width="{WIDTH}" height="{height}" rx="8"/>',
    ]
    settings = f"{kind}  {scene.settings}".rstrip()
    for metric, panel in zip(metrics, panels, strict=True):
        parts.append(f'<text class="title" x="{LEFT}" y="{panel.top - 12}">{metric}</text>')
        # Of several metrics one at a time has a band.
        parts.append(panel.svg(with_band=len(panels) == 1))
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{TOP - 12}" text-anchor="end">{escape(settings)}</text>'
    )
    for row in rows.get("", []):  # of the device, whatever its metrics are
        if row.onset:
            x = panels[0].x(row.index)
            parts.append(f'<path class="when" d="M{x:.1f} {TOP}V{height - BOTTOM}"/>')
            parts.append(f'<text class="name" x="{x:.1f}" y="{TOP + 12}">{escape(row.type)}</text>')
    parts.append(time_axis(panels[-1], height - 8))
    return "\n".join([*parts, "</svg>"])


def main() -> None:
    if sys.argv[1:] == ["--list"]:
        print("\n".join(SCENES))
        return
    if len(sys.argv) not in {2, 3} or sys.argv[1] not in SCENES:
        sys.exit(__doc__)
    avocet = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else "build/avocet").resolve()
    scene = SCENES[sys.argv[1]]
    print(picture(sys.argv[1], scene, detect(sys.argv[1], scene, str(avocet))))


if __name__ == "__main__":
    main()
