"""Detection in a table, without a lake: `avocet detect` as a function."""

from dataclasses import dataclass
from typing import Any

from avocet import _engine
from avocet._arrow import Rows, capsules_of
from avocet.config import Config, ConfigText


@dataclass(frozen=True)
class Detection:
    """What detectors made of each reading, in order of arrival.

    It is an Arrow table itself: device_id, event_time, metric, value, expected, lower, upper, score
    (1.0 fires), severity, type and onset, which is true where an anomaly begins.
    """

    table: _engine.Table
    received: int
    quarantined: int
    """Rows that were left out as no readings; `first_rejection` says why the first one was."""
    duplicates: int
    devices: int
    values: int
    anomalies: int
    """Anomalies that begin."""
    first_rejection: str

    def __len__(self) -> int:
        return len(self.table)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> Any:
        """The rows as a pyarrow.Table."""
        return self.table.to_arrow()

    def to_pandas(self) -> Any:
        """The rows as a pandas.DataFrame."""
        return self.table.to_pandas()

    def to_polars(self) -> Any:
        """The rows as a polars.DataFrame."""
        return self.table.to_polars()


def detect(table: Rows, config: Config = None, *, payload: str | None = None) -> Detection:
    """What the detectors of a configuration make of each reading of a table.

    Rows must be in order of arrival. A row means what the same row of a CSV file would mean to
    `avocet detect`. With `payload`, the column of that name has whole records, as in bronze.
    Raises ConfigError, and InputError for columns that cannot be read.

    >>> import pyarrow
    >>> readings = pyarrow.table({"device_id": ["a"] * 3, "timestamp": [0, 60, 120],
    ...                           "temperature": [20.0, 21.0, 99.0]})
    >>> config = {"detectors": [{"type": "threshold", "max": 50}]}
    >>> detect(readings, config).to_arrow().column("onset").to_pylist()
    [False, False, True]
    """
    source = ConfigText.of(config).require()
    rows, counts = _engine.detect(capsules_of(table), source.text, source.file, payload or "")
    return Detection(rows, **counts)
