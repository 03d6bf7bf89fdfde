"""Silver and gold from bronze, micro-batch by micro-batch."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from avocet import _engine
from avocet.config import Config, ConfigText
from avocet.spark._clock import FleetClock, join_runs
from avocet.spark._lake import STATS_KEYS, Lake
from avocet.spark._medians import MedianHub
from avocet.spark._parts import CUT_SCHEMA, RESULT_SCHEMA, RUNS, STATE, Cut, Plan, load_runs
from avocet.spark._stage import Stage, values_of
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

# More runs than these are rows in no order, which are sorted first: their clock would otherwise be
# told row by row.
_MANY_RUNS = 100_000


class Processing(Stage):
    """The stream from a bronze table to silver, device_stats, anomalies and alerts.

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
        check_for_spark(self._config)
        self._bronze = bronze or lake
        self._written_epoch = written_epoch
        self._options = options or {}
        self._compares = _engine.Engine(self._config.text, self._config.file, True).compares_fleet()

    def start(self, *, interval: str | None = None, available_now: bool = False) -> StreamingQuery:
        """Begins, or goes on. `interval`: of micro-batches; by default one follows the other.

        available_now: ends when all that is there is processed; hours that are open stay open.
        """
        for name in ("silver", "anomalies", "device_stats", "alerts"):
            self._lake.create(self._spark, name, self._schemas[name])
        # Otherwise hours that have rows would get second ones.
        if (version := self._states.unfinished_end()) is not None:
            self._do(None, version, ends=True)
        bronze = self._bronze.stream(self._spark, "bronze", self._options)
        return self._start(bronze, interval, available_now)

    def run_once(self) -> None:
        """As `avocet run --once`: all that is there, and rows of the hours that are open."""
        self.start(available_now=True).awaitTermination()
        version = self._states.newest()
        if version is not None:
            self._states.begin_end(version)
            self._do(None, version, ends=True)

    def _step(self, batch: DataFrame, version: int) -> None:
        self._do(batch, version, ends=False)

    def _do(self, batch: DataFrame | None, version: int, *, ends: bool) -> None:
        """Processes rows of bronze, or ends the stream after micro-batch `version`."""
        before = self._before(version if ends else version - 1)
        cut = None if batch is None else self._cut(batch)
        try:
            runs = [] if cut is None else load_runs(values_of(cut, "runs"))
            if runs and (first := min(run.first for run in runs)) <= before[0].sequence:
                raise ValueError(
                    f"bronze row {first} came after row {before[0].sequence}: rows must come in "
                    "their order. The first micro-batch must have all that is there; see "
                    "docs/spark.md"
                )
            last = max((run.last for run in runs), default=before[0].sequence)
            clock = join_runs(runs, before[0].clock_us)
            progress = Progress(version, self._parts, last, clock.end_us)
            self._run(cut, before[1], clock, progress, ends)
        finally:
            if cut is not None:
                cut.unpersist()

    def _cut(self, batch: DataFrame) -> DataFrame:
        """The rows of each part, and the runs; kept until the step ends."""
        from pyspark.sql import functions as F

        rows = batch.select(
            "sequence",
            F.unix_micros("event_time").alias("time_us"),
            "epoch",
            "payload",
            "source",
            "partition",
            "offset",
            F.pmod(F.xxhash64("device_id"), F.lit(self._parts)).cast("int").alias("part"),
        )
        cut = Cut(self._written_epoch)
        found = rows.mapInArrow(cut, CUT_SCHEMA).persist()
        if len(load_runs(values_of(found, "runs"))) <= _MANY_RUNS:
            return found
        found.unpersist()
        ordered = rows.repartitionByRange("sequence")
        return ordered.mapInArrow(cut, CUT_SCHEMA).persist()

    def _run(
        self,
        cut: DataFrame | None,
        states: DataFrame,
        clock: FleetClock,
        progress: Progress,
        ends: bool,
    ) -> None:
        work = states if cut is None else states.union(cut.where(cut.part != RUNS))
        exchanges = self._compares and any(stop.closes is not None for stop in clock.stops)
        conf = self._spark.sparkContext.getConf()
        host = conf.get("spark.driver.host", "127.0.0.1")
        with MedianHub(conf.get("spark.driver.bindAddress", host), host, self._tasks()) as hub:
            plan = Plan(
                self._config.text,
                self._config.file,
                clock,
                hub.address if exchanges else None,
                ends,
            )
            found = self._by_task(work).mapInArrow(plan, RESULT_SCHEMA, barrier=exchanges)
            found.persist()
            try:
                self._write(found, progress, ends)
            finally:
                found.unpersist()

    def _write(self, found: DataFrame, progress: Progress, ends: bool) -> None:
        kinds = found.where(found.kind != STATE).groupBy("kind").sum("rows").collect()
        rows = {row[0]: row[1] for row in kinds}
        for name in ("silver", "anomalies", "alerts"):
            if name in rows and not ends:
                table = self._table(found, name)
                self._lake.append(table, name, self._writer, progress.version)
        if "device_stats" in rows:
            stats = self._table(found, "device_stats")
            # Of hours that were over before, the rows are there; at the end of a stream, and after
            # one, those of open hours may be.
            if ends or self._written_epoch >= 0:
                self._lake.replace_stats(self._spark, stats)
            elif "amended_stats" not in rows:
                self._lake.append(stats, "device_stats", self._writer, progress.version)
            else:
                amended = self._table(found, "amended_stats")
                new = stats.join(amended, [*STATS_KEYS], "left_anti")
                self._lake.append(new, "device_stats", self._writer, progress.version)
                amended = stats.join(amended, [*STATS_KEYS], "left_semi")
                self._lake.replace_stats(self._spark, amended)
        self._states.save(found, progress, ended=ends)


def check_for_spark(config: ConfigText) -> None:
    """Raises ValueError, or warns, about what Spark cannot do."""
    about = _engine.describe(config.text, config.file)
    if about["evolves"]:
        raise ValueError(
            f"{config.file}: avocet.spark needs schema.metrics, and schema.evolve must be false: "
            "columns that appear while rows come are not possible here"
        )
    if about["fleet_rules"]:
        rules = ", ".join(about["fleet_rules"])
        message = f"{config.file}: in Spark, rules of the type fleet_spike make no alerts: {rules}"
        warnings.warn(message, stacklevel=3)
