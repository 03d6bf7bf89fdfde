"""States that are learned anew, from the bronze table as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import pyarrow as pa

from avocet.spark._exchange import ROWS
from avocet.spark._parts import Part, Plan, Values, open_engine

ALL_EPOCHS = 2**63 - 1


@dataclass(frozen=True)
class Relearn(Plan):
    """All rows of bronze, for new engines. Their states are the only results."""

    _: KW_ONLY
    takes_in: bool

    def open(self, sent: Values) -> Part:
        part = super().open({kind: values for kind, values in sent.items() if kind == ROWS})
        if self.takes_in:
            part.engine = open_engine(self, {}, takes_in=True)
        return part

    def _results(self, parts: dict[int, Part]) -> Iterator[tuple[int, str, pa.Table]]:
        for part in parts.values():
            if self.ends:
                part.engine.finish()
            part.engine.take()
        return iter(())
