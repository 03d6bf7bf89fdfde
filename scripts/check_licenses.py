#!/usr/bin/env python3
"""Whether the packages of an environment, or of a lock file of npm, are under accepted licenses.

Usage: check_licenses.py              the packages of the Python that runs this
       check_licenses.py LOCK.json    those that a package-lock.json names

What is linked and given away is in rust/deny.toml; what only builds and tests may be a little more.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import tomllib
from pathlib import Path

DENY = Path(__file__).parent.parent / "rust" / "deny.toml"

# Beside those that may be linked: for what is given to nobody with avocet.
TOOLS = {"0BSD", "CC0-1.0", "CNRI-Python", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0"}

# How packages say it that do not say it as SPDX does.
SPOKEN = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}

# What says it in a file only.
IN_FILES = {"axe-playwright-python": "MIT"}
# Under the Databricks License: its models judge the bundle in the tests.
FOR_TESTS_ALONE = {"databricks-bundles"}


def accepted() -> set[str]:
    licenses = tomllib.loads(DENY.read_text())["licenses"]["allow"]
    return {*licenses, *TOOLS}


def is_accepted(expression: str, licenses: set[str]) -> bool:
    """Of an SPDX expression of licenses, AND and OR."""
    parts = re.split(r"\s+AND\s+", re.sub(r"[()]", "", expression))
    return all(any(one in licenses for one in re.split(r"\s+OR\s+", part)) for part in parts)


def spoken(text: str) -> str:
    return SPOKEN.get(text.strip().lower(), text.strip())


def license_of(package: importlib.metadata.Distribution) -> str:
    """As SPDX, if that can be told; empty when nothing is said."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [one.split(" :: ") for one in about.get_all("Classifier", [])]
    found = [spoken(words[-1]) for words in classifiers if words[0] == "License" and words[2:]]
    if found:
        return " AND ".join(found)
    first = str(about.get("License") or "").partition("\n")[0]
    return IN_FILES.get(package.name, spoken(first))


def of_environment() -> dict[str, str]:
    found = importlib.metadata.distributions()
    return {f"{one.name} {one.version}": license_of(one) for one in found}


def of_lock(path: Path) -> dict[str, str]:
    packages = json.loads(path.read_text())["packages"]
    return {
        f"{name.removeprefix('node_modules/')} {about['version']}": about.get("license", "")
        for name, about in packages.items()
        if name and not about.get("link")
    }


def unwanted(found: dict[str, str]) -> list[str]:
    licenses = accepted()
    return [
        f"{package}: {license or 'no license is said'}"
        for package, license in sorted(found.items())
        if not is_accepted(license, licenses) and package.split()[0] not in FOR_TESTS_ALONE
    ]


def main(arguments: list[str]) -> int:
    found = of_lock(Path(arguments[0])) if arguments else of_environment()
    for line in (lines := unwanted(found)):
        print(f"unwanted: {line}", file=sys.stderr)
    print(f"{len(found)} packages, {len(lines)} under licenses that are not accepted")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
