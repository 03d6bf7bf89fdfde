"""The engine: readings in, rows of the tables out, with state from call to call."""

from dataclasses import dataclass

from avocet import _engine
from avocet._arrow import Rows, capsules_of
from avocet._engine import Table
from avocet.config import Config, ConfigText


@dataclass(frozen=True)
class Results:
    """Rows that one call brought, with the columns of avocet's tables."""

    bronze: Table
    """Accepted records as they arrived; nothing when they were replayed."""
    silver: Table
    """Typed, valid readings with rolling means."""
    anomalies: Table
    device_stats: Table
    """Hours that are over, one row per device, metric and hour."""
    amended_stats: Table
    """Keys of hours among `device_stats` that replace a row that came before."""
    device_health: Table
    """How well devices were in hours that are over, one row per device and hour."""
    amended_health: Table
    """Keys of hours among `device_health` that replace a row that came before."""
    alerts: Table
    """Changes of the states of alerts."""
    quarantine: Table
    """Rows that were not accepted, and why."""


class Engine:
    """Everything that avocet remembers of a fleet, and the function from readings to results.

    The rows do not depend on how readings are cut into calls. Any thread may call; while the engine
    works, other threads of Python run.

    >>> engine = Engine({"detectors": [{"type": "zscore"}]})
    >>> # results = engine.process(readings); later: Engine(config).restore(engine.state())
    """

    def __init__(self, config: Config = None) -> None:
        source = ConfigText.of(config).require()
        self._engine = _engine.Engine(source.text, source.file)

    def process(
        self,
        table: Rows,
        *,
        payload: str | None = None,
        now_us: int | None = None,
        replayed: bool = False,
    ) -> Results:
        """Processes readings, which must be in order of arrival.

        payload: the column that has whole records as JSON; `source`, `partition` and `offset`
            beside it say where they came from.
        now_us: microseconds since 1970 by which readings of the future are told; by default the
            time of day.
        replayed: the rows are of a bronze table, so that they were accepted and counted before:
            none is of the future or a duplicate, and none is quarantined again.

        Raises InputError, also when a quality rule with `on_invalid: fail` is broken; the engine
        then needs restore().
        """
        self._engine.feed(capsules_of(table), payload or "", "", now_us, replayed)
        return Results(**self._engine.take())

    def finish(self) -> Results:
        """Ends the stream: the hours that are open. Later readings amend them."""
        self._engine.finish()
        return Results(**self._engine.take())

    def state(self) -> bytes:
        """All that the engine remembers, checksummed. Another version of avocet may refuse it."""
        return self._engine.state()

    def restore(self, state: bytes) -> "Engine":
        """Goes on where `state` was taken, and returns itself.

        Raises StateError for a damaged state and for one that another schema, other windows, other
        detectors or other alert rules shaped; the engine is then as it was.
        """
        self._engine.restore(state)
        return self

    @property
    def counters(self) -> dict[str, int]:
        """received = accepted + quarantined + duplicates, and more."""
        return self._engine.counters()
