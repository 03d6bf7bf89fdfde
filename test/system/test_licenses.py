"""Licenses of packages: `make audit` asks for all of them, this without a network."""

import importlib.util
import shutil
import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from harness import ROOT

PROGRAM = ROOT / "scripts" / "check_licenses.py"
spec = importlib.util.spec_from_file_location("check_licenses", PROGRAM)
assert spec is not None and spec.loader is not None
check_licenses = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_licenses)


def test_those_of_the_tests_are_accepted() -> None:
    assert check_licenses.main([]) == 0
    assert len(check_licenses.of_environment()) > 20


def test_those_of_the_dashboard_are_accepted(tmp_path: Path) -> None:
    lock = ROOT / "web" / "package-lock.json"
    done = subprocess.run([sys.executable, PROGRAM, lock], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    broken = tmp_path / "package-lock.json"
    shutil.copy(lock, broken)
    broken.write_text(broken.read_text().replace('"license": "MIT"', '"license": "GPL-3.0"', 1))
    done = subprocess.run([sys.executable, PROGRAM, broken], capture_output=True, text=True)
    assert done.returncode == 1
    assert "GPL-3.0" in done.stderr and "1 under licenses that are not accepted" in done.stdout


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("License-Expression: MIT OR GPL-3.0-only", True),
        ("License-Expression: MIT AND GPL-3.0-only", False),
        ("License-Expression: (MIT OR GPL-3.0-only) AND Zlib", True),
        ("Classifier: License :: OSI Approved :: BSD License", True),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)", False),
        ("License: Apache 2.0", True),
        ("License: ask me", False),
        ("Summary: says nothing", False),
    ],
)
def test_what_packages_say(tmp_path: Path, said: str, accepted: bool) -> None:
    folder = tmp_path / "some-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: some\nVersion: 1.0\n{said}\n")
    found = {"some 1.0": check_licenses.license_of(Distribution.at(folder))}
    assert (check_licenses.unwanted(found) == []) is accepted
