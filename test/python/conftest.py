"""What the tests of the Python package share: data, and the program that it must agree with."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import avocet
import pyarrow as pa
import pyarrow.csv
import pytest

ROOT = Path(__file__).resolve().parents[2]
AVOCET = os.environ.get("AVOCET_BIN", str(ROOT / "build" / "avocet"))

CONFIG = """\
schema:
  metrics:
    temperature: {unit: degC, range: [-40, 85]}
    humidity: {unit: "%", range: [0, 100]}
    air_quality: {}
    light: {}
    loudness: {}
detectors:
  - {type: auto}
  - {type: zscore, metrics: [temperature, humidity]}
  - {type: missing}
"""


def run_avocet(*arguments: object) -> None:
    subprocess.run([AVOCET, *map(str, arguments)], check=True, capture_output=True)


@dataclass(frozen=True)
class Fleet:
    """The same readings as a table and as a CSV file, with the configuration for both."""

    table: pa.Table
    csv: Path
    config: Path


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A simulated fleet with faults, silences, late rows, repetitions and a row that is none."""
    folder = tmp_path_factory.mktemp("fleet")
    simulated = avocet.simulate(devices=12, period="5m", duration="3d", faults=["all"], seed=7)
    table = simulated.readings.to_arrow()
    nobody = table.slice(50, 1).set_column(0, "device_id", pa.array([None], pa.string()))
    late = table.slice(2000, 3).set_column(2, "temperature", pa.array([21.0, None, 22.5]))
    parts = [table.slice(0, 6000), late, nobody, table.slice(5960, 40), table.slice(6000)]
    table = pa.concat_tables(parts)
    pa.csv.write_csv(table, folder / "fleet.csv")
    (folder / "avocet.yaml").write_text(CONFIG)
    return Fleet(table, folder / "fleet.csv", folder / "avocet.yaml")


def same_rows(left: pa.Table, right: pa.Table) -> bool:
    """Equal columns of equal rows in the same order; strings of any Arrow type are the same."""
    return left.column_names == right.column_names and left.cast(right.schema).equals(right)
