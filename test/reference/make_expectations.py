"""Makes the expectations that detectors are compared with, by implementations of others.

Usage, in an environment of its own:
  pip install -r test/reference/requirements.txt && test/reference/make_expectations.py

Writes one CSV file for each detector beside this script; they are committed, and the tests of
src/detect read them. The series come from a linear congruential generator, so that no version of a
random number generator changes them.
"""

from __future__ import annotations

import math
import pathlib
from collections.abc import Iterable

FOLDER = pathlib.Path(__file__).resolve().parent


class Random:
    """Knuth's MMIX generator; sums of twelve uniform numbers are normal enough."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def uniform(self) -> float:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53

    def normal(self) -> float:
        return sum(self.uniform() for _ in range(12)) - 6


def write(name: str, header: list[str], rows: Iterable[list[float]]) -> None:
    lines = [",".join(header)]
    for row in rows:
        lines.append(",".join("" if math.isnan(cell) else repr(float(cell)) for cell in row))
    (FOLDER / f"{name}.csv").write_text("\n".join(lines) + "\n")


def page_hinkley() -> None:
    """river's PageHinkley: whether each reading is a drift."""
    from river.drift import PageHinkley

    random = Random(1)
    test = PageHinkley(min_instances=30, delta=0.2, threshold=15, alpha=0.999)
    rows = []
    for i in range(600):
        level = 0 if i < 150 else 2 if i < 330 else -1
        value = round(level + random.normal(), 3)
        test.update(value)
        rows.append([value, float(test.drift_detected)])
    write("page_hinkley", ["value", "drift"], rows)


def holt_winters() -> None:
    """One-step forecasts of statsmodels' additive exponential smoothing, from the second season."""
    import numpy as np
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    random, season = Random(2), 24
    values = [
        round(50 + 0.02 * i + 8 * math.sin(2 * math.pi * i / season) + random.normal(), 3)
        for i in range(season * 9)
    ]
    first, rest = np.array(values[:season]), np.array(values[season:])
    model = ExponentialSmoothing(
        rest,
        trend="add",
        seasonal="add",
        seasonal_periods=season,
        initialization_method="known",
        initial_level=first.mean(),
        initial_trend=0.0,
        initial_seasonal=first - first.mean(),
    )
    fit = model.fit(
        smoothing_level=0.2, smoothing_trend=0.1, smoothing_seasonal=0.3, optimized=False
    )
    forecasts = [math.nan] * season + list(fit.fittedvalues)
    write("holt_winters", ["value", "forecast"], map(list, zip(values, forecasts, strict=True)))


def half_space_trees() -> None:
    """Scores of river's HalfSpaceTrees for a series of two levels with readings between them."""
    from river.anomaly import HalfSpaceTrees

    random = Random(3)
    trees = HalfSpaceTrees(
        n_trees=25, height=8, window_size=250, limits={"x": (0.0, 100.0)}, seed=1
    )
    rows = []
    for i in range(1500):
        odd = i >= 500 and random.uniform() < 0.02
        level = 30 + 40 * random.uniform() if odd else 15 if random.uniform() < 0.5 else 85
        value = round(level + 2 * random.normal(), 3)
        reading = {"x": value}
        rows.append([value, float(odd), trees.score_one(reading)])
        trees.learn_one(reading)
    write("half_space_trees", ["value", "odd", "score"], rows)


def forecast_band() -> None:
    """Forecasts from three lags by weighted least squares, solved outright for each reading."""
    import numpy as np

    random, lags, forget = Random(4), 3, 1 - 1 / 200
    values = [20.0, 20.0, 20.0]
    while len(values) < 400:
        last = 0.9 * values[-1] - 0.3 * values[-2] + 0.25 * values[-3] + 3
        values.append(round(last + random.normal(), 3))
    scaled = (np.array(values) - values[0]) / np.std(values[:30], ddof=1)
    first = np.array([0.0, 1.0, 0.0, 0.0])
    gram, moment = np.eye(lags + 1) / 100, first / 100
    rows = [[value, math.nan] for value in values[:30]]
    for i in range(30, len(values)):
        inputs = np.r_[1, scaled[i - lags : i][::-1]]
        forecast = inputs @ np.linalg.solve(gram, moment)
        rows.append([values[i], values[0] + forecast * np.std(values[:30], ddof=1)])
        gram = forget * gram + np.outer(inputs, inputs)
        moment = forget * moment + inputs * scaled[i]
    write("forecast_band", ["value", "forecast"], rows)


if __name__ == "__main__":
    page_hinkley()
    holt_winters()
    half_space_trees()
    forecast_band()
