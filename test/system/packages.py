"""Packs build/avocet as Debian packages, and has fresh machines for them."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import BINARY, ROOT

FRESH_ROOT = ROOT / "test" / "package" / "fresh_root.sh"


@functools.cache
def pack(revision: int, *names: str) -> list[Path]:
    """The packages of these names, avocet first; without names, all whose programs are built."""
    if Path(BINARY) != ROOT / "build" / "avocet" or shutil.which("cpack") is None:
        pytest.skip("packs build/avocet with cpack, which are not both here")
    done = subprocess.run(
        [str(ROOT / "scripts" / "package_deb.sh"), *names],
        env={**os.environ, "DEB_REVISION": str(revision)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [ROOT / path for path in re.findall(r"built (build/\S+\.deb)", done.stdout)]


def fresh_root(*arguments: str) -> str:
    """What test/package/fresh_root.sh says; the test is skipped where that cannot be made."""
    done = subprocess.run([str(FRESH_ROOT), *arguments], capture_output=True, text=True)
    if done.returncode == 69:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout
