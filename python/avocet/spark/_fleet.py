"""What streams have in common whose parts are whole engines: silver and the tables of analytics."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from avocet import _engine
from avocet.config import Config, ConfigText
from avocet.spark._clock import join_runs
from avocet.spark._lake import Lake
from avocet.spark._parts import REPLACES, Plan
from avocet.spark._stage import Stage
from avocet.spark._states import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MADE = ("silver", "anomalies", "device_stats", "device_health", "alerts")


class FleetStage(Stage):
    _replaces = False
    """Hours that are open here may have rows of another program."""

    def __init__(
        self,
        spark: SparkSession,
        config: Config,
        lake: Lake,
        checkpoint: str,
        *,
        parts: int = 32,
    ) -> None:
        """parts: a checkpoint keeps to one number. No more tasks than these work on a micro-batch.

        Raises ConfigError, and ValueError for what Spark cannot do; see docs/spark.md.
        """
        super().__init__(spark, config, lake, checkpoint, parts=parts)
        check_for_spark(self._config)
        self._compares = _engine.Engine(self._config.text, self._config.file, True).compares_fleet()

    def _prepare(self, *tables: str) -> None:
        super()._prepare(*tables)
        # Otherwise hours that have rows would get second ones.
        if (unfinished := self.states.unfinished_end()) is not None:
            self._finish(*unfinished)

    def _end(self) -> None:
        """The stream is over, as that of `avocet run --once`: rows of the hours that are open."""
        version = self.states.newest()
        if version is not None:
            # Not the name of the stream, which has written this version.
            writer = f"{self._writer}/end"
            self.states.begin_end(version, writer)
            self._finish(version, writer)

    def _finish(self, version: int, writer: str) -> None:
        """Ends the stream after a micro-batch."""
        before, states = self._before(version)
        plan = Plan(
            self._config.text,
            self._config.file,
            join_runs([], before.clock_us),
            ends=True,
            replaces=self._replaces or before.relearned,
            folders=self._folders(*MADE),
            states=self._state_folder(version, ended=True),
        )
        self._run(states, plan, before, writer)

    def _run(self, work: DataFrame, plan: Plan, progress: Progress, writer: str) -> None:
        """Lets tasks follow a plan, writes what they find, and then the states."""
        with self._found(work, plan) as found:
            for kind in sorted(self._append(found, writer, progress.version)):
                name = kind.removeprefix(REPLACES)
                self.lake.replace_hours(self.spark, self._table(found, kind), name)
            self.states.save(found, progress, ended=plan.ends)


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
        warnings.warn(message, stacklevel=4)
