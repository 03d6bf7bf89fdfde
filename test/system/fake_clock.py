"""A clock that jumps, for one process: libfaketime."""

import subprocess
from pathlib import Path

import pytest
from harness import TEST_ALL

_PLACES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64")


class FakeClock:
    """Of processes that get `env`. Time that only goes on, as for time-outs, is the real one."""

    def __init__(self, directory: Path):
        libraries = [Path(place) / "faketime" / "libfaketimeMT.so.1" for place in _PLACES]
        found = [library for library in libraries if library.exists()]
        if not found:
            assert not TEST_ALL, "libfaketime is needed; scripts/setup.sh test installs it"
            pytest.skip("libfaketime is needed; scripts/setup.sh test installs it")
        c11 = directory / "c11_clock.so"
        source = Path(__file__).with_name("c11_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", c11, source], check=True)
        self._file = directory / "clock"
        self.set("+0")
        self.env = {
            "LD_PRELOAD": f"{c11}:{found[0]}",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Files were written when they were written.
            "NO_FAKE_STAT": "1",
        }

    def set(self, offset: str) -> None:
        """How far it is off, as in "-2d" or "+90m"."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.rename(self._file)
