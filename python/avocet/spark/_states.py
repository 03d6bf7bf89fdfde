"""The states of all parts between two micro-batches, in files of the checkpoint.

A micro-batch that is done again, after a crash, must begin with the state before it: states lie in
two folders by turns, and name the micro-batch after which they hold.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from avocet.spark._parts import STATE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SCHEMA = "part int, kind string, bytes binary, progress string"
_FOLDERS = ("even", "odd", "ended")


@dataclass(frozen=True)
class Progress:
    """What all parts have in common after a micro-batch."""

    version: int
    parts: int
    sequence: int
    """Of the last row."""
    clock_us: int


class States:
    def __init__(self, spark: SparkSession, checkpoint: str) -> None:
        self._spark = spark
        self._folder = f"{checkpoint.rstrip('/')}/avocet-state"
        self._saved: tuple[Progress, str] | None = None

    def load(self, version: int) -> tuple[Progress, DataFrame] | None:
        """The states after a micro-batch, as rows for Plan; nothing when there are none."""
        if self._saved is not None and self._saved[0].version == version:
            progress, folder = self._saved
            return progress, self._read(folder).drop("progress")
        for folder in ("ended", _FOLDERS[version % 2]):
            found = self._progress(folder)
            if found is not None and found.version == version:
                return found, self._read(folder).drop("progress")
        return None

    def newest(self) -> int | None:
        """The last micro-batch that has states."""
        if self._saved is not None:
            return self._saved[0].version
        versions = [found.version for name in _FOLDERS if (found := self._progress(name))]
        return max(versions, default=None)

    def save(self, rows: DataFrame, progress: Progress, *, ended: bool) -> None:
        """`rows` are results of Plan."""
        from pyspark.sql import functions as F

        text = F.lit(json.dumps(asdict(progress))).alias("progress")
        folder = "ended" if ended else _FOLDERS[progress.version % 2]
        states = rows.where(rows.kind == STATE).select("part", "kind", "bytes", text)
        states.write.mode("overwrite").parquet(f"{self._folder}/{folder}")
        self._saved = (progress, folder)

    def begin_end(self, version: int, writer: str) -> None:
        """The stream is about to end: until its last states are saved, that is unfinished."""
        row = [(json.dumps({"version": version, "writer": writer}),)]
        about = self._spark.createDataFrame(row, "progress string")
        about.write.mode("overwrite").parquet(f"{self._folder}/ending")

    def unfinished_end(self) -> tuple[int, str] | None:
        """The micro-batch after which a stream was to end when something came between, and the
        name under which it writes."""
        version = self.newest()
        if version is None or self._ending("ended", version) is not None:
            return None
        ending = self._ending("ending", version)
        return None if ending is None else (version, ending["writer"])

    def _ending(self, folder: str, version: int) -> dict[str, Any] | None:
        found = self._about(folder)
        about = json.loads(found[0][0]) if len(found) == 1 else {}
        return about if about.get("version") == version else None

    def _read(self, folder: str) -> DataFrame:
        return self._spark.read.schema(_SCHEMA).parquet(f"{self._folder}/{folder}")

    def _progress(self, folder: str) -> Progress | None:
        """Nothing, too, when a crash left a part of the states only."""
        rows = self._about(folder)
        if len(rows) != 1:
            return None
        found = Progress(**json.loads(rows[0][0]))
        return found if rows[0][1] == found.parts else None

    def _about(self, folder: str) -> list[tuple[str, int]]:
        """What the rows of a folder say, and how many say it."""
        from pyspark.errors import AnalysisException

        try:
            rows = self._read(folder).groupBy("progress").count().collect()
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
            return []
        return [(row[0], row[1]) for row in rows]
