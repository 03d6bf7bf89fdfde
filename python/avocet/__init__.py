"""Anomalies in sensor readings, found by the engine of avocet.

    >>> import avocet
    >>> fleet = avocet.simulate(devices=3, duration="1d", faults=["spike"])
    >>> found = avocet.detect(fleet.readings, {"detectors": [{"type": "mad"}]})
    >>> avocet.score(found, fleet.truth).recall
    1.0

Tables come in and go out through the Arrow PyCapsule interface: whatever pyarrow, pandas, polars or
DuckDB hold can be given, and they read what comes back. See docs/python.md.
"""

from avocet._detect import Detection, detect
from avocet._engine import InputError, StateError, Table, __version__, detectors
from avocet._simulate import Simulation, simulate
from avocet.config import ConfigError, Problem, validate
from avocet.engine import Engine, Results
from avocet.scoring import KindScore, Score, score

__all__ = [
    "ConfigError",
    "Detection",
    "Engine",
    "InputError",
    "KindScore",
    "Problem",
    "Results",
    "Score",
    "Simulation",
    "StateError",
    "Table",
    "__version__",
    "detect",
    "detectors",
    "score",
    "simulate",
    "validate",
]
