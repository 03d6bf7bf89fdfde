"""Runs one command of the shipped binary in a directory."""

import os
import subprocess
from pathlib import Path

from harness import BINARY, ROOT

EXAMPLE = ROOT / "examples" / "iaddataset.csv"


def avocet(
    directory: Path,
    *arguments: str,
    stdin: bytes | str = b"",
    env: dict[str, str] | None = None,
    code: int | None = 0,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """The finished command. Its exit code must be `code`, unless that is None."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [BINARY, *arguments],
        cwd=directory,
        input=data,
        capture_output=True,
        timeout=timeout,
        env={**os.environ, **(env or {})},
    )
    result = subprocess.CompletedProcess(
        done.args,
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )
    if code is not None:
        assert result.returncode == code, f"{result.args}\n{result.stdout}\n{result.stderr}"
    return result
