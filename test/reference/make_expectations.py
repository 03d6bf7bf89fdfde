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


def matrix_profile() -> None:
    """The left matrix profile of stumpy, at the end of each stretch, with one odd period."""
    import numpy as np
    import stumpy

    random, length = Random(5), 24
    values = []
    for i in range(480):
        odd = 300 <= i < 324
        wave = math.sin(2 * math.pi * i * (2 if odd else 1) / length)
        values.append(round(1000 + 5 * wave + 0.4 * random.normal(), 3))
    values[100:130] = [1003.0] * 30  # a constant stretch
    indices = stumpy.stump(np.array(values), length)[:, 2]
    rows = [[value, math.nan] for value in values]
    for begin, nearest in enumerate(indices):
        if nearest >= 0:
            stretch = np.array(values[begin : begin + length])
            other = np.array(values[nearest : nearest + length])
            distance = stumpy.core.mass(stretch, other)[0]
            rows[begin + length - 1][1] = float(distance)
    write("matrix_profile", ["value", "distance"], rows)


def t2() -> None:
    """Mahalanobis distances by numpy, of records of three metrics that belong together."""
    import numpy as np

    random = Random(6)
    records = []
    for i in range(400):
        common = random.normal()
        records.append(
            [
                round(20 + 3 * common + random.normal(), 3),
                round(-100 + 0.5 * common + 0.2 * random.normal(), 3),
                round(7 + random.normal() - 2 * common, 3),
            ]
        )
        if i % 50 == 49:
            records[-1][i // 50 % 3] += 4 if i % 100 == 49 else -4
    rows = []
    for i, record in enumerate(records):
        squared = math.nan
        if i >= 50:
            before = np.array(records[:i])
            deviations = before.std(axis=0)
            correlations = 0.95 * np.corrcoef(before.T) + 0.05 * np.eye(3)
            z = (np.array(record) - before.mean(axis=0)) / deviations
            squared = float(z @ np.linalg.inv(correlations) @ z)
        rows.append([*record, squared])
    write("t2", ["a", "b", "c", "squared"], rows)


def random_cut_forest() -> None:
    """Mean collusive displacements by rrcf of points that are inserted in trees of a fixed set."""
    import numpy as np
    import rrcf

    random, trees = Random(7), 3000
    points = []
    for i in range(60):
        center = 0 if i % 3 else 4
        points.append([round(center + random.normal(), 3), round(random.normal() / 2, 3)])
    points += points[:4]  # equal ones share a leaf
    probes = [[0.1, 0.0], [4.2, 0.3], [2.0, 0.0], [2.0, 3.0], [8.0, 0.0], [0.0, -9.0], points[5]]
    sums = np.zeros(len(probes))
    for seed in range(trees):
        tree = rrcf.RCTree(np.array(points), random_state=seed)
        for i, probe in enumerate(probes):
            tree.insert_point(np.array(probe), index="probe")
            sums[i] += tree.codisp("probe")
            tree.forget_point("probe")
    rows = [[*point, math.nan] for point in points]
    rows += [[*probe, s / trees] for probe, s in zip(probes, sums, strict=True)]
    write("random_cut_forest", ["x", "y", "displacement"], rows)


if __name__ == "__main__":
    page_hinkley()
    holt_winters()
    half_space_trees()
    forecast_band()
    matrix_profile()
    random_cut_forest()
    t2()
