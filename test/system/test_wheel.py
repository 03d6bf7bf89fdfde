"""`make wheel`: it brings its libraries and their terms along."""

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


def test_a_wheel_is_installed_into_an_empty_environment(tmp_path: Path) -> None:
    subprocess.run([str(ROOT / "scripts" / "package_wheel.sh")], check=True, timeout=3600)
    (wheel,) = (ROOT / "build" / "wheels").glob("avocet-*.whl")
    assert "-manylinux_2_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    libraries = [Path(name).name for name in names if name.startswith("avocet.libs/")]
    for library in ("simdjson", "yaml-cpp", "fmt", "xxhash", "absl"):
        assert any(name.startswith(f"lib{library}") for name in libraries), libraries
        terms = [name for name in names if "/licenses/" in name and library[:4] in name]
        assert terms, (library, names)
    subprocess.run(["python3", "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    # From no index: the package needs no other.
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-index", str(wheel)]
    subprocess.run(install, check=True, timeout=300)
    done = subprocess.run(
        [str(python), "-c", CODE], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "1.0", done.stderr
    (module,) = (tmp_path / "venv").glob("lib/python*/site-packages/avocet/_engine*.so")
    needed = subprocess.run(["ldd", module], check=True, capture_output=True, text=True).stdout
    for line in needed.splitlines():
        if "simdjson" in line or "yaml" in line or "fmt" in line:
            assert str(tmp_path) in line, "the system's library is not used"
