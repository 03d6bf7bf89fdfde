"""How much of the processor a program of Spark took: driver, JVM and tasks."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds() -> float:
    """Of this process and all that it began, whether they still run or have been waited for."""
    seconds: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            about = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        process, parent = int(folder.name), int(about[1])
        # In user and system mode, its own and of those that it has waited for.
        seconds[process] = sum(map(int, about[11:15])) / TICKS
        children.setdefault(parent, []).append(process)
    found, total = [os.getpid()], 0.0
    while found:
        process = found.pop()
        total += seconds.get(process, 0)
        found += children.get(process, [])
    return total
