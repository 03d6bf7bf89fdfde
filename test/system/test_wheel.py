"""`make wheel`: it brings its libraries and their terms along; one serves all later Pythons."""

import functools
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from harness import ROOT

pytestmark = pytest.mark.slow

CODE = """
import avocet
fleet = avocet.simulate(devices=3, duration="1d", faults=["spike"])
assert avocet.validate("detectors: [{type: mad}]") == []
found = avocet.detect(fleet.readings, {"detectors": [{"type": "mad"}]})
print(avocet.score(found, fleet.truth).recall)
"""


@functools.cache
def pythons_of_the_stable_abi() -> list[str]:
    """Those of 3.12 and later that are here: on the path, or versions of pyenv; oldest first."""
    folders = [*map(Path, os.get_exec_path()), *Path.home().glob(".pyenv/versions/*/bin")]
    found = {}
    for folder in folders:
        for python in folder.glob("python3.[0-9][0-9]"):
            code = "import ensurepip, sys, sysconfig; print(sys.version_info[1], sys.prefix)"
            done = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
            minor, _, prefix = done.stdout.partition(" ")
            if done.returncode == 0 and int(minor) >= 12:
                found.setdefault((int(minor), prefix), str(python))
    return [found[key] for key in sorted(found)]


@pytest.fixture(scope="module")
def wheels() -> list[Path]:
    """As a release makes them: of this Python, and of the first of those that share one."""
    pythons = ["python3", *pythons_of_the_stable_abi()[:1]]
    script = str(ROOT / "scripts" / "package_wheel.sh")
    subprocess.run([script, *pythons], check=True, timeout=3600)
    return sorted((ROOT / "build" / "wheels").glob("avocet-*.whl"))


def install(python: str, wheel: Path, folder: Path) -> str:
    """The Python of an empty environment that has the wheel alone."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    found = str(folder / "bin" / "python")
    # From no index: the package needs no other.
    pip = [found, "-m", "pip", "install", "--quiet", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, timeout=300)
    done = subprocess.run(
        [found, "-c", CODE], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "1.0", done.stderr
    return found


def test_one_wheel_serves_every_later_python(wheels: list[Path], tmp_path: Path) -> None:
    if not pythons_of_the_stable_abi():
        pytest.skip("there is no Python 3.12 or later here")
    (wheel,) = (wheel for wheel in wheels if "-cp312-abi3-manylinux_2_" in wheel.name)
    # nanobind falls back to a module of one version where it finds no stable ABI.
    assert "avocet/_engine.abi3.so" in zipfile.ZipFile(wheel).namelist()
    for number, python in enumerate(pythons_of_the_stable_abi()):
        install(python, wheel, tmp_path / str(number))


def test_a_wheel_is_installed_into_an_empty_environment(wheels: list[Path], tmp_path: Path) -> None:
    # When this Python is a later one, the one wheel is its own.
    wheel = next((wheel for wheel in wheels if "-abi3-" not in wheel.name), wheels[0])
    assert "-manylinux_2_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    libraries = [Path(name).name for name in names if name.startswith("avocet.libs/")]
    for library in ("simdjson", "yaml-cpp", "fmt", "xxhash", "absl"):
        assert any(name.startswith(f"lib{library}") for name in libraries), libraries
        terms = [name for name in names if "/licenses/" in name and library[:4] in name]
        assert terms, (library, names)
    install("python3", wheel, tmp_path / "venv")
    (module,) = (tmp_path / "venv").glob("lib/python*/site-packages/avocet/_engine*.so")
    needed = subprocess.run(["ldd", module], check=True, capture_output=True, text=True).stdout
    for line in needed.splitlines():
        if "simdjson" in line or "yaml" in line or "fmt" in line:
            assert str(tmp_path) in line, "the system's library is not used"
