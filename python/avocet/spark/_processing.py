"""Silver and gold from bronze, micro-batch by micro-batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avocet.config import Config
from avocet.spark._clock import join_runs
from avocet.spark._fleet import MADE, FleetStage
from avocet.spark._lake import Lake
from avocet.spark._parts import RUNS, Plan, load_runs
from avocet.spark._stage import values_of
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery


class Processing(FleetStage):
    """The stream from a bronze table to silver and the tables of analytics.

    The rows are those that `avocet run` makes of the same bronze table with the same configuration.
    Devices are spread over `parts` by a hash of their name; each part is an engine, whose state is
    kept with the checkpoint.

    >>> # processing = Processing(spark, "avocet.yaml", Lake.of("iot_catalog"), "/checkpoints/gold")
    >>> # processing.start(interval="10 seconds").awaitTermination()
    """

    def __init__(
        self,
        spark: SparkSession,
        config: Config,
        lake: Lake,
        checkpoint: str,
        *,
        bronze: Lake | None = None,
        parts: int = 32,
        written_epoch: int = -1,
        options: dict[str, str] | None = None,
    ) -> None:
        """
        lake: what is written to.
        bronze: whose bronze table is read; by default that of `lake`.
        parts: a checkpoint keeps to one number. No more tasks than these work on a micro-batch.
        written_epoch: rows of bronze up to this epoch are in silver and gold already, from an
            `avocet run` that has ended; they only make the state.
        options: of Delta's stream, such as maxBytesPerTrigger.

        Raises ConfigError, and ValueError for what Spark cannot do; see docs/spark.md.
        """
        super().__init__(spark, config, lake, checkpoint, parts=parts)
        self.bronze = bronze or lake
        self._written_epoch = written_epoch
        self._replaces = written_epoch >= 0
        self._options = options or {}

    def start(self, *, interval: str | None = None, available_now: bool = False) -> StreamingQuery:
        """Begins, or goes on. `interval`: of micro-batches; by default one follows the other.

        available_now: ends when all that is there is processed; hours that are open stay open.
        """
        self._prepare(*MADE)
        bronze = self.bronze.stream(self.spark, "bronze", self._options)
        return self._start(bronze, interval, available_now)

    def run_once(self) -> None:
        """As `avocet run --once`: all that is there, and rows of the hours that are open."""
        self.start(available_now=True).awaitTermination()
        self._end()

    def _step(self, batch: DataFrame, version: int) -> None:
        before, states = self._before(version - 1)
        cut = self._cut(batch, self._written_epoch)
        try:
            runs = load_runs(values_of(cut, "runs"))
            if runs and (first := min(run.first for run in runs)) <= before.sequence:
                raise ValueError(
                    f"bronze row {first} came after row {before.sequence}: rows must come in "
                    "their order. The first micro-batch must have all that is there; see "
                    "docs/spark.md"
                )
            last = max((run.last for run in runs), default=before.sequence)
            plan = Plan(
                self._config.text,
                self._config.file,
                join_runs(runs, before.clock_us),
                ends=False,
                replaces=self._replaces or before.relearned,
                folders=self._folders(*MADE),
                states=self._state_folder(version, ended=False),
            )
            progress = Progress(version, self._parts, last, plan.clock.end_us, before.relearned)
            self._run(states.union(cut.where(cut.part != RUNS)), plan, progress, self._writer)
        finally:
            cut.unpersist()

    def _part_columns(self) -> list[Column]:
        from pyspark.sql import functions as F

        return [F.pmod(F.xxhash64("device_id"), F.lit(self._parts)).cast("int").alias("part")]
