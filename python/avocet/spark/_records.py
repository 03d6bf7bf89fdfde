"""What streams have in common that take records in."""

from __future__ import annotations

import pickle
import time
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avocet.spark._clock import Run
from avocet.spark._intake import Decode, Place, number_stretches
from avocet.spark._parts import CUT_SCHEMA, RUNS
from avocet.spark._stage import Stage, values_of
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.streaming.query import StreamingQuery


@dataclass(frozen=True)
class Decoded:
    """The records of a micro-batch, cut into parts."""

    before: Progress
    work: DataFrame
    """The states of the parts, and their records."""
    places: dict[int, Place]
    runs: list[Run]
    last: int
    """The number of the last row."""
    now_us: int


class RecordStage(Stage):
    _tables: tuple[str, ...]
    """What is written."""
    _splits = False
    _opens = False

    def start(
        self, records: DataFrame, *, interval: str | None = None, available_now: bool = False
    ) -> StreamingQuery:
        """Begins, or goes on.

        records: a streaming DataFrame with `payload`, or `content` that holds many records, or
            `file`, the path of what holds them, as kafka(), files() and kinesis() make them;
            possibly `source`, `partition` and `offset`.
        """
        self._opens = "file" in records.columns
        self._splits = self._opens or "content" in records.columns
        self._prepare(*self._tables)
        return self._start(_with_places(records), interval, available_now)

    @abstractmethod
    def _take(self, decoded: Decoded, version: int) -> None:
        """Makes tables of records, and saves the states. Doing it again changes nothing."""

    def _step(self, batch: DataFrame, version: int) -> None:
        before, states = self._before(version - 1)
        now_us = time.time_ns() // 1000
        decode = Decode(
            self._config.text,
            self._config.file,
            self._parts,
            now_us,
            self._splits,
            self._opens,
            self._exchange,
        )
        cut = batch.mapInArrow(decode, CUT_SCHEMA).persist()
        try:
            stretches = [one for v in values_of(cut, "stretches") for one in pickle.loads(v)]
            places, runs, end = number_stretches(stretches, before.sequence + 1)
            work = states.union(cut.where(cut.part != RUNS))
            self._take(Decoded(before, work, places, runs, end - 1, now_us), version)
        finally:
            cut.unpersist()


def _with_places(records: DataFrame) -> DataFrame:
    """The columns that Decode reads."""
    from pyspark.sql import functions as F

    def column(name: str, kind: str) -> Column:
        known = F.col(name) if name in records.columns else F.lit(None)
        return known.cast(kind).alias(name)

    kinds = [kind for kind in ("file", "content") if kind in records.columns]
    return records.select(
        F.col(kinds[0] if kinds else "payload").alias("payload"),
        column("source", "string"),
        column("partition", "string"),
        column("offset", "long"),
    ).where("payload IS NOT NULL")
