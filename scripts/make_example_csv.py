#!/usr/bin/env python3
"""Writes examples/iaddataset.csv to standard output: one sensor node, 18 hours, six known faults.

The layout is that of the public AnoML-IoT data set; the values are generated, the same each time.
examples/README.md lists the faults.
"""

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = "Time,Temperature,Humidity,Air Quality,Light,Loudness"
START = 1623781306  # 2021-06-15 18:21:46 UTC
PERIOD_SECONDS = 10
NUM_ROWS = 6558
DAY_SECONDS = 86400

# The first readings are those of the public file.
FIRST_ROWS = [
    (37.94, 28.94, 75, 644, 106),
    (37.94, 29.0, 75, 645, 145),
    (37.88, 28.88, 75, 644, 146),
]


@dataclass
class Reading:
    temperature: float
    humidity: float
    air_quality: int
    light: int
    loudness: int


def normal_reading(row: int, noise: random.Random) -> Reading:
    """Warm evenings, cool nights, humidity against it; the rest is steady."""
    phase = 2 * math.pi * row * PERIOD_SECONDS / DAY_SECONDS
    warmth = (1 + math.cos(phase)) / 2  # 1 at the start, 0 twelve hours later
    return Reading(
        temperature=24.5 + 13.4 * warmth + noise.gauss(0, 0.08),
        humidity=55.0 - 26.0 * warmth + noise.gauss(0, 0.15),
        air_quality=noise.choices((74, 75, 76), weights=(15, 70, 15))[0],
        light=round(640 + 4 * warmth + noise.gauss(0, 1.5)),
        loudness=round(min(185.0, max(100.0, noise.gauss(135, 17)))),
    )


def inject_faults(row: int, reading: Reading) -> None:
    """Rows count from 0, the first data row."""
    if row in (1200, 3305, 5011):  # a spike of one reading
        reading.temperature += 28.0
    if 2000 <= row < 2003:  # a short dip
        reading.humidity -= 31.0
    if 2700 <= row < 2760:  # smoke for ten minutes
        reading.air_quality += 40
    if 3900 <= row < 4020:  # the lamp is off for twenty minutes
        reading.light -= 420
    if 4600 <= row < 4720:  # the sensor repeats itself for twenty minutes
        reading.temperature = 26.31
    if 5600 <= row < 5606:  # a noisy minute
        reading.loudness += 260


def rows() -> Iterator[str]:
    noise = random.Random(START)
    for row in range(NUM_ROWS):
        reading = normal_reading(row, noise)
        if row < len(FIRST_ROWS):
            reading = Reading(*FIRST_ROWS[row])
        inject_faults(row, reading)
        yield (
            f"{START + row * PERIOD_SECONDS},{round(reading.temperature, 2)},"
            f"{round(reading.humidity, 2)},{reading.air_quality},{reading.light},"
            f"{reading.loudness}"
        )


def main() -> None:
    sys.stdout.write("\n".join([HEADER, *rows()]) + "\n")


if __name__ == "__main__":
    main()
