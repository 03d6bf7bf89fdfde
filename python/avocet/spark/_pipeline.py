"""All tables from records, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avocet.spark._clock import join_runs
from avocet.spark._fleet import MADE, FleetStage
from avocet.spark._intake import Judge
from avocet.spark._records import Decoded, RecordStage
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Pipeline(RecordStage, FleetStage):
    """The stream from records to all tables: Ingest and Processing in one, as `avocet run` is.

    A record crosses the network once, and bronze is not read again. The rows are those that Ingest
    and Processing make.

    >>> # records = kafka(spark, {"kafka.bootstrap.servers": "broker:9092", "subscribe": "r"})
    >>> # Pipeline(spark, "avocet.yaml", Lake.of("iot_catalog"), "/checkpoints/all").start(records)
    """

    _tables = ("bronze", "quarantine", *MADE)

    def run_once(self, records: DataFrame) -> None:
        """As `avocet run --once`: all that is there, and rows of the hours that are open."""
        self.start(records, available_now=True).awaitTermination()
        self._end()

    def _take(self, decoded: Decoded, version: int) -> None:
        plan = Judge(
            self._config.text,
            self._config.file,
            join_runs(decoded.runs, decoded.before.clock_us),
            ends=False,
            replaces=decoded.before.relearned,
            folders=self._folders(*self._tables),
            states=self._state_folder(version, ended=False),
            now_us=decoded.now_us,
            epoch=version,
            places=decoded.places,
        )
        relearned = decoded.before.relearned
        progress = Progress(version, self._parts, decoded.last, plan.clock.end_us, relearned)
        self._run(decoded.work, plan, progress, self._writer)
