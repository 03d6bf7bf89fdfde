"""Tables of other libraries as Arrow capsules."""

from typing import Any, Protocol


class ArrowStream(Protocol):
    """A table of pyarrow, pandas (2.2 or later), polars, DuckDB and so on."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any: ...


class ArrowArray(Protocol):
    """A single record batch."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> Any: ...


Rows = ArrowStream | ArrowArray


def capsules_of(rows: Rows) -> object:
    """The capsules that the engine takes."""
    for method in ("__arrow_c_stream__", "__arrow_c_array__"):
        if hasattr(rows, method):
            return getattr(rows, method)()
    raise TypeError(
        f"{type(rows).__name__} has no Arrow data: give a table of pyarrow, pandas (2.2 or later), "
        "polars or DuckDB; pyarrow.Table.from_pylist makes one of dictionaries"
    )
