"""Configurations: the same YAML, with the same messages, as that of `avocet run`."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avocet import _engine

Config = str | os.PathLike[str] | Mapping[str, Any] | None
"""A file (a path, or a string that ends in .yaml or .yml), YAML text, the same as a dictionary, or
None for the defaults: devices in `device_id`, times in `timestamp`, every number a metric, and the
detector `auto`."""


@dataclass(frozen=True)
class Problem:
    """One mistake of a configuration. Lines and columns count from 1; line 0 means the whole."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: error: {self.message}"


class ConfigError(ValueError):
    """A configuration with mistakes. Its text is that of `avocet check`."""

    def __init__(self, text: str, problems: list[Problem]) -> None:
        super().__init__(text)
        self.problems = problems


@dataclass(frozen=True)
class ConfigText:
    """A configuration as text, and the name of its file."""

    text: str
    file: str

    @classmethod
    def of(cls, config: Config) -> "ConfigText":
        if config is None:
            return cls("", "config")
        if isinstance(config, Mapping):
            # JSON is YAML; with lines, so that a message shows the entry that it is about.
            return cls(json.dumps(config, indent=1, ensure_ascii=False), "config")
        if isinstance(config, os.PathLike) or config.endswith((".yaml", ".yml")):
            path = Path(config)
            return cls(path.read_text(encoding="utf-8"), str(path))
        return cls(config, "config")

    def problems(self) -> list[Problem]:
        return [Problem(self.file, *place) for place in _engine.check(self.text, self.file)[0]]

    def require(self) -> "ConfigText":
        """Itself; raises ConfigError when it has mistakes."""
        problems = self.problems()
        if problems:
            raise ConfigError(_engine.check(self.text, self.file)[1], problems)
        return self


def validate(config: Config) -> list[Problem]:
    """Every mistake of a configuration, in the order of its lines.

    >>> [str(problem) for problem in validate("detectors: [{type: mad, treshold: 3}]")]
    ['config:1:25: error: unknown key "treshold" in detectors[0]; did you mean "threshold"?']
    """
    return ConfigText.of(config).problems()
