"""All tables from records, in one pass."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from avocet.spark._clock import join_runs
from avocet.spark._fleet import MADE, FleetStage
from avocet.spark._ingest import load_stretches, with_places
from avocet.spark._intake import Decode, Judge, number_stretches
from avocet.spark._parts import CUT_SCHEMA, RUNS
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery

_TABLES = ("bronze", "quarantine", *MADE)


class Pipeline(FleetStage):
    """The stream from records to all tables: Ingest and Processing in one, as `avocet run` is.

    A record crosses the network once, and bronze is not read again. The rows are those that Ingest
    and Processing make.

    >>> # records = kafka(spark, {"kafka.bootstrap.servers": "broker:9092", "subscribe": "r"})
    >>> # Pipeline(spark, "avocet.yaml", Lake.of("iot_catalog"), "/checkpoints/all").start(records)
    """

    def start(
        self, records: DataFrame, *, interval: str | None = None, available_now: bool = False
    ) -> StreamingQuery:
        """Begins, or goes on, as Ingest does."""
        self._prepare(*_TABLES)
        return self._start(with_places(records), interval, available_now)

    def run_once(self, records: DataFrame) -> None:
        """As `avocet run --once`: all that is there, and rows of the hours that are open."""
        self.start(records, available_now=True).awaitTermination()
        self._end()

    def _step(self, batch: DataFrame, version: int) -> None:
        before, states = self._before(version - 1)
        now_us = time.time_ns() // 1000
        decode = Decode(self._config.text, self._config.file, self._parts, now_us)
        cut = batch.mapInArrow(decode, CUT_SCHEMA).persist()
        try:
            first, runs, end = number_stretches(load_stretches(cut), before.sequence + 1)
            plan = Judge(
                self._config.text,
                self._config.file,
                join_runs(runs, before.clock_us),
                ends=False,
                replaces=False,
                folders=self._folders(*_TABLES),
                now_us=now_us,
                epoch=version,
                first=first,
            )
            progress = Progress(version, self._parts, end - 1, plan.clock.end_us)
            self._run(states.union(cut.where(cut.part != RUNS)), plan, progress, self._writer)
        finally:
            cut.unpersist()
