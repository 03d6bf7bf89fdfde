#!/usr/bin/env python3
"""Adds up what the test stages reported.

Usage: count_results.py RESULTS_DIRECTORY

Each stage has a folder there: `status` (exit code and seconds) and whatever its runner wrote,
`*.xml` (JUnit of pytest and ctest), `gtest/*.xml` (GoogleTest's own, which knows single cases) or
`output.log` (cargo). The last line printed is "N passed, N failed", with ", N skipped" when some
were. A stage that failed without a failed test, such as one that did not build, counts as one.
"""

import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

CARGO_RESULT = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )


def count_case(case: ET.Element) -> Counts:
    if case.find("failure") is not None or case.find("error") is not None:
        return Counts(failed=1)
    skipped = case.find("skipped")
    if skipped is not None and "Unable to find" in skipped.get("message", ""):
        return Counts(failed=1)  # ctest's word for a program that was not built
    not_run = case.get("status") in ("notrun", "disabled") or case.get("result") == "skipped"
    if skipped is not None or not_run:
        return Counts(skipped=1)
    return Counts(passed=1)


def count_junit(path: Path) -> Counts:
    cases = ET.parse(path).getroot().iter("testcase")
    return sum((count_case(case) for case in cases), Counts())


def count_ctest_case(case: ET.Element, gtest: Path) -> Counts:
    """One program run by ctest: its single cases if it is a GoogleTest, otherwise itself."""
    whole = count_case(case)
    report = gtest / f"{case.get('name')}_test.xml"
    if not report.is_file():
        return whole
    counts = count_junit(report)
    if whole.failed and not counts.failed:  # it crashed or hung outside a case
        counts.failed = 1
    return counts


def count_stage(stage: Path) -> Counts:
    counts = Counts()
    for report in sorted(stage.glob("*.xml")):
        if report.name == "ctest.xml":
            for case in ET.parse(report).getroot().iter("testcase"):
                counts += count_ctest_case(case, stage / "gtest")
        else:
            counts += count_junit(report)
    log = stage / "output.log"
    if log.is_file():
        for match in CARGO_RESULT.finditer(log.read_text(errors="replace")):
            counts += Counts(*map(int, match.groups()))
    return counts


def main() -> int:
    total = Counts()
    print(f"{'stage':<24}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    status_files = sorted(Path(sys.argv[1]).glob("*/status"), key=lambda p: p.stat().st_mtime_ns)
    for status in status_files:
        code, seconds = status.read_text().split()
        counts = count_stage(status.parent)
        if code != "0" and not counts.failed:
            counts.failed = 1
        total += counts
        print(
            f"{status.parent.name:<24}{counts.passed:>8}{counts.failed:>8}{counts.skipped:>9}"
            f"{seconds:>9}"
        )
    print()
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
