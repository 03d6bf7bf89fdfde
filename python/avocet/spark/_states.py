"""The states of all parts between two micro-batches, in files of the checkpoint.

A micro-batch that is done again, after a crash, must begin with the state before it: states lie in
two folders by turns, and name the micro-batch after which they hold. Those that a stream has after
its end, or after it had to forget, lie elsewhere, and come before these.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from pyarrow.fs import FileSelector, FileType

from avocet.spark._exchange import STORED, locate, read_stored

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SCHEMA = "part int, kind string, bytes binary, progress string"
STATES = ("state", "stored state")
"""The kinds of rows that are kept here."""

_BY_TURNS = ("even", "odd")
_FIRST = ("relearned", "ended")


@dataclass(frozen=True)
class Progress:
    """What all parts have in common after a micro-batch."""

    version: int
    parts: int
    sequence: int
    """Of the last row."""
    clock_us: int
    relearned: bool = False
    """From bronze, once: hours that are open may have rows of which the engines do not know."""
    ended: bool = False
    """Of states that were learned anew: the stream had ended."""


class States:
    def __init__(self, spark: SparkSession, checkpoint: str) -> None:
        self._spark = spark
        self._folder = f"{checkpoint.rstrip('/')}/avocet-state"
        self._saved: tuple[Progress, str] | None = None
        self._files: str | None = None

    def load(self, version: int) -> tuple[Progress, DataFrame] | None:
        """The states after a micro-batch, as rows for Plan; nothing when there are none."""
        if self._saved is not None and self._saved[0].version == version:
            progress, folder = self._saved
            return progress, self._read(folder).drop("progress")
        for folder in (*_FIRST, _BY_TURNS[version % 2]):
            if found := self._progress_at(folder, version):
                return found, self._read(folder).drop("progress")
        return None

    def has_ended(self, version: int) -> bool:
        """Whether the stream was ended after a micro-batch: hours that were open have rows."""
        if found := self._progress_at("relearned", version):
            return found.ended
        return self._progress_at("ended", version) is not None

    def newest(self) -> int | None:
        """The last micro-batch that has states."""
        if self._saved is not None:
            return self._saved[0].version
        versions = [
            found.version for name in (*_FIRST, *_BY_TURNS) if (found := self._progress(name))
        ]
        return max(versions, default=None)

    def save(self, rows: DataFrame, progress: Progress, *, ended: bool) -> None:
        """`rows` are results of Plan."""
        self._write(rows, progress, self._folder_of(progress.version, ended))

    def replace(self, rows: DataFrame, progress: Progress, *, ended: bool) -> None:
        """Instead of all that are there. A crash leaves those of before, or these."""
        folder = self._folder_of(progress.version, ended, relearned=True)
        self._write(rows, replace(progress, relearned=True, ended=ended), folder)
        system, root = locate(self._folder)
        names = [name for name in (*_FIRST, *_BY_TURNS) if name != folder]
        for name in ("ending", *names, *map(_files_of, names)):
            if system.get_file_info(f"{root}/{name}").type != FileType.NotFound:
                system.delete_dir(f"{root}/{name}")

    def files(self, version: int, *, ended: bool, relearned: bool = False) -> str:
        """A new folder for the files whose places save() or replace() will be given."""
        name = _files_of(self._folder_of(version, ended, relearned=relearned))
        self._files = f"{self._folder}/{name}/{uuid.uuid4()}"
        return self._files

    def values(self) -> Iterator[bytes]:
        """All states that are there, of whatever micro-batch."""
        for name in (*_FIRST, *_BY_TURNS):
            if self._about(name):
                for row in self._read(name).select("kind", "bytes").toLocalIterator():
                    value = bytes(row[1])
                    yield bytes(read_stored(value)) if row[0] in STORED else value

    def _folder_of(self, version: int, ended: bool, *, relearned: bool = False) -> str:
        # Not where those are that hold until then.
        if relearned and self._progress_at("relearned", version) is None:
            return "relearned"
        return "ended" if ended else _BY_TURNS[version % 2]

    def _write(self, rows: DataFrame, progress: Progress, folder: str) -> None:
        from pyspark.sql import functions as F

        text = F.lit(json.dumps(asdict(progress))).alias("progress")
        states = rows.where(rows.kind.isin(*STATES)).select("part", "kind", "bytes", text)
        states.write.mode("overwrite").parquet(f"{self._folder}/{folder}")
        self._saved = (progress, folder)
        if self._files is not None:
            delete_others(self._files)

    def begin_end(self, version: int, writer: str) -> None:
        """The stream is about to end: until its last states are saved, that is unfinished."""
        row = [(json.dumps({"version": version, "writer": writer}),)]
        about = self._spark.createDataFrame(row, "progress string")
        about.write.mode("overwrite").parquet(f"{self._folder}/ending")

    def unfinished_end(self) -> tuple[int, str] | None:
        """The micro-batch after which a stream was to end when something came between, and the
        name under which it writes."""
        version = self.newest()
        if version is None or self.has_ended(version):
            return None
        found = self._about("ending")
        about = json.loads(found[0][0]) if len(found) == 1 else {}
        return (version, about["writer"]) if about.get("version") == version else None

    def _read(self, folder: str) -> DataFrame:
        return self._spark.read.schema(_SCHEMA).parquet(f"{self._folder}/{folder}")

    def _progress_at(self, folder: str, version: int) -> Progress | None:
        found = self._progress(folder)
        return found if found is not None and found.version == version else None

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


def _files_of(name: str) -> str:
    return f"{name}-files"


def delete_others(folder: str) -> None:
    """What is beside a folder: of those before, and of tasks that were tried again."""
    system, root = locate(folder)
    for one in system.get_file_info(FileSelector(root.rpartition("/")[0])):
        if one.path != root:
            system.delete_dir(one.path)
