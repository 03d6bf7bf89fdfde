"""One avocet with several sources, and what its readiness says of each."""

import json
import re
from collections import Counter
from typing import Any

from harness import ListeningSite, Run
from http_client import request

START_S = 1_770_000_000


class WorldSite(ListeningSite):
    """Every reading has a device and a number n, which together are there once."""

    def configure_sources(self, sources: dict[str, dict[str, Any]], **more: Any) -> None:
        """`sources` by name, each a map with its type as the only key."""
        self.config.write_text(
            json.dumps(
                {
                    "lake": str(self.lake),
                    "storage": {"commit": {"interval": "100ms"}},
                    "server": {"listen": f"127.0.0.1:{self.port}"},
                    "sources": [{"name": name, **source} for name, source in sources.items()],
                    "schema": {"metrics": {"temperature": {}, "n": {}}},
                    **more,
                }
            )
        )

    def readiness(self) -> tuple[bool, dict[str, str]]:
        """Whether it is ready, and the problems of the sources that have one."""
        answer = request(self.port, "GET", "/-/ready")
        sources = answer.json()["sources"]
        assert answer.json()["ready"] == (answer.status == 200)
        return answer.status == 200, {s["name"]: s.get("problem", "") for s in sources}

    def wait_for_problem(self, run: Run, source: str, pattern: str) -> str:
        """Readiness says so; the problem."""

        def found() -> bool:
            return re.search(pattern, self.readiness()[1][source]) is not None

        run.wait_for(found, f"{source} has the problem {pattern}", 40)
        return self.readiness()[1][source]

    def wait_until_well(self, run: Run, *sources: str) -> None:
        def well() -> bool:
            problems = self.readiness()[1]
            return not any(problems[source] for source in sources)

        run.wait_for(well, f"{sources} are well", 60)

    def numbers(self) -> Counter[tuple[str, int]]:
        """Device and number of every row of bronze."""
        if self.count("bronze") == 0:
            return Counter()
        payloads = self.rows("bronze")["payload"].to_pylist()
        return Counter((row["device_id"], row["n"]) for row in map(json.loads, payloads))


def readings(device: str, first: int, count: int) -> list[str]:
    """Lines of JSON."""
    return [
        json.dumps(
            {"device_id": device, "timestamp": START_S + n, "temperature": 20 + n % 9, "n": n}
        )
        for n in range(first, first + count)
    ]


def numbered(device: str, count: int) -> Counter[tuple[str, int]]:
    """What WorldSite.numbers has when all of a device's readings are there once."""
    return Counter({(device, n): 1 for n in range(count)})
