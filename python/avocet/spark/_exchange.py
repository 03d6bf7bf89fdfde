"""How tables get from the tasks that cut them to those that have their parts.

As a value of Spark's rows, a table is copied a dozen times: to the JVM, into its cache, into and
out of the files of a shuffle, and back to Python. Where all tasks see one folder, each writes what
it cuts into one file there, and its rows only say where. So do those that have states.
"""

from __future__ import annotations

import io
import pickle
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import pyarrow as pa
import pyarrow.fs as fs

ROWS = "rows"
STATE = "state"

STORED = {"stored rows": ROWS, "stored state": STATE}
"""Kinds whose values say where they are, and what they are there."""


def cut_row(part: int, kind: str, value: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([part], pa.int32()), pa.array([kind]), pa.array([value], pa.binary())],
        ["part", "kind", "bytes"],
    )


def to_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    write_stream(sink, table)
    return sink.getvalue()


def write_stream(sink: Any, table: pa.Table) -> None:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


@dataclass(frozen=True)
class Exchange:
    folder: str | None
    """Nothing: tables travel in Spark's rows."""

    @contextmanager
    def sender(self) -> Iterator[Callable[[int, pa.Table], pa.RecordBatch]]:
        """Makes of a part's rows the row for Spark; they are there when the context is left."""
        if self.folder is None:
            yield lambda part, rows: cut_row(part, ROWS, to_bytes(rows))
            return
        with storing(self.folder) as store:
            yield lambda part, rows: cut_row(
                part, "stored rows", store(lambda out: write_stream(out, rows))
            )

    def clear(self) -> None:
        """Nobody waits for what was sent."""
        if self.folder is not None:
            system, root = locate(self.folder)
            system.delete_dir_contents(root, missing_dir_ok=True)


Store = Callable[[Callable[[Any], object]], bytes]
"""Lets a value be written, and says where it is."""


@contextmanager
def storing(folder: str) -> Iterator[Store]:
    """The values are there when the context is left."""
    system, root = locate(folder)
    system.create_dir(root, recursive=True)
    # A task that is tried again writes another file.
    name = f"{folder}/{uuid.uuid4()}.arrows"
    with system.open_output_stream(locate(name)[1]) as out:

        def store(write: Callable[[Any], object]) -> bytes:
            begin = out.tell()
            write(out)
            return pickle.dumps((name, begin, out.tell() - begin))

        yield store


def read_stored(value: bytes) -> pa.Buffer:
    """The value that was stored."""
    name, begin, size = pickle.loads(value)
    system, path = locate(name)
    with system.open_input_file(path) as file:
        file.seek(begin)
        return file.read_buffer(size)


def locate(path: str) -> tuple[Any, str]:
    """The file system of a path or URL, as Spark writes them, and the path there."""
    scheme, colon, rest = path.partition(":")
    if colon and scheme in ("s3", "s3a"):
        # Not as a URL: Spark escapes nothing.
        where = rest.lstrip("/")
        return _bucket(where.partition("/")[0]), where
    if colon and scheme == "file":
        return fs.LocalFileSystem(), "/" + rest.lstrip("/")
    if path.startswith("/"):
        return fs.LocalFileSystem(), path
    return cast(tuple[Any, str], fs.FileSystem.from_uri(path))


@cache
def _bucket(name: str) -> Any:
    return fs.FileSystem.from_uri(f"s3://{name}")[0]
