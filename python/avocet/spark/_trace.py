"""What a device is found by, in rows, texts and bytes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Shorter names are found by chance in bytes.
_LONG_ENOUGH = 8
_IN_WORD = r"A-Za-z0-9_\-"
# What is left whole of a longer name in bounds, which are cut after 32 characters, the last of
# which may be another.
_STEM = 31


class Trace:
    """Looks for one device, as `avocet forget` does.

    ordinary: names of metrics, columns, detectors and rules. A device that is called so, or by a
        short word or number, is found only where devices are named.
    """

    def __init__(self, device: str, ordinary: Iterable[str] = ()) -> None:
        self.device = device
        digits = sum(c in "0123456789" for c in device)
        self._is_long = len(device.encode()) >= _LONG_ENOUGH
        is_word = digits in (0, len(device)) and not self._is_long
        self._is_telling = not is_word and device not in set(ordinary)
        words = "|".join(map(re.escape, _spellings(device)))
        # As Java's regular expressions have it, and Python's.
        inside = rf"[{_IN_WORD}[^\x00-\x7F]]"
        self.pattern = f"(?<!{inside})(?:{words})(?!{inside})"
        inside = rf"[{_IN_WORD}\x80-\U0010ffff]"
        self._word = re.compile(f"(?<!{inside})(?:{words})(?!{inside})")
        self._others: re.Pattern[str] | None = None
        self._others_in_bytes: list[bytes] = []
        self._stem = device[:_STEM]
        self._others_begin_alike = False

    def condition(self, name: str) -> Column:
        from pyspark.sql import functions as F

        if name != "quarantine":
            return F.col("device_id") == self.device
        texts = [F.col("payload").cast("string"), F.col("message")]
        return texts[0].rlike(self.pattern) | texts[1].rlike(self.pattern)

    def count(self, rows: DataFrame, name: str) -> int:
        return int(rows.where(self.condition(name)).count())

    def learn_others(self, bronze: DataFrame) -> None:
        """Devices whose names hold or begin as this one: press-04171."""
        from pyspark.sql import functions as F

        name = F.col("device_id")
        alike = name.contains(self.device) | name.startswith(self._stem)
        self.others_are(row[0] for row in bronze.where(alike).select(name).distinct().collect())

    def others_are(self, names: Iterable[str]) -> None:
        others = sorted((set(names) - {self.device}), key=len, reverse=True)
        self._others_begin_alike = any(name.startswith(self._stem) for name in others)
        holding = [name for name in others if self.device in name]
        self._others_in_bytes = [name.encode() for name in holding]
        spelled = [text for name in holding for text in _spellings(name)]
        words = "|".join(map(re.escape, sorted(spelled, key=len, reverse=True)))
        self._others = re.compile(words) if words else None

    def is_told_in(self, column: str, value: str) -> bool:
        """A value of a column, or a bound of its values: in device_id a name, elsewhere a text."""
        if column == "device_id":
            is_cut = len(self.device) > _STEM + 1 and not self._others_begin_alike
            return value == self.device or (is_cut and value.startswith(self._stem))
        if self._stem not in value and "\\" not in value:
            return False
        if value.startswith("{"):
            try:
                return any(self.is_told_in(*one) for one in _texts_of("", json.loads(value)))
            except ValueError:
                pass
        return self._is_telling and self._is_word_of(value)

    def _is_word_of(self, text: str) -> bool:
        if self._others is not None:
            text = self._others.sub("a", text)
        return self._word.search(text) is not None

    def is_in_bytes(self, content: bytes) -> bool:
        """Only names that are found there for no other reason."""
        if not (self._is_long and self._is_telling):
            return False
        for other in self._others_in_bytes:
            content = content.replace(other, b"")
        return self.device.encode() in content

    def is_in_file(self, name: str, content: bytes) -> bool:
        if name.endswith(".parquet"):
            try:
                return self._is_in_parquet(pq.ParquetFile(io.BytesIO(content)))
            except pa.ArrowInvalid:
                return self.is_in_bytes(content)
        if name.endswith((".crc", ".arrows")):
            return self.is_in_bytes(content)
        return any(
            self.is_told_in("", line) for line in content.decode(errors="replace").splitlines()
        )

    def _is_in_parquet(self, file: pq.ParquetFile) -> bool:
        return any(
            self.is_told_in(column, text)
            for batch in file.iter_batches()
            for field, values in zip(batch.schema, batch.columns, strict=True)
            for column, texts in _texts_in(field.name, values)
            for text in self._candidates(texts)
        )

    def _candidates(self, texts: pa.Array) -> Iterator[str]:
        near = pc.or_(pc.match_substring(texts, self._stem), pc.match_substring(texts, "\\"))
        for value in texts.filter(near):
            raw = value.as_py()
            yield raw.decode(errors="replace") if isinstance(raw, bytes) else raw


def _spellings(text: str) -> list[str]:
    """As texts may have it, as JSON does and as JSON within JSON."""
    escaped = json.dumps(text)[1:-1]
    upper = re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), escaped)
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    twice = json.dumps(plain, ensure_ascii=False)[1:-1]
    return sorted({text, escaped, upper, plain, twice})


def _texts_of(key: str, value: object) -> Iterator[tuple[str, str]]:
    """All texts of a JSON document with their keys, and the keys."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts_of(key, one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield "", name
            yield from _texts_of(name, one)


_Kind = Callable[[pa.DataType], bool]
_TEXTS: tuple[_Kind, ...] = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
    pa.types.is_large_binary,
)


def _texts_in(name: str, values: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """The texts at any depth, with the names of their fields."""
    kind = values.type
    if pa.types.is_struct(kind):
        for at in range(kind.num_fields):
            yield from _texts_in(kind.field(at).name, values.field(at))
    elif pa.types.is_map(kind):
        yield from _texts_in(name, values.keys)
        yield from _texts_in(name, values.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _texts_in(name, values.values)
    elif pa.types.is_dictionary(kind):
        yield from _texts_in(name, values.dictionary)
    elif any(is_kind(kind) for is_kind in _TEXTS):
        yield name, values
