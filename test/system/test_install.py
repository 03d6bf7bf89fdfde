"""`make install`: everything that belongs to the program, below any folder."""

import subprocess
from pathlib import Path

import pytest
from harness import BINARY, ROOT


def test_installs_the_program_and_what_belongs_to_it(tmp_path: Path) -> None:
    if Path(BINARY) != ROOT / "build" / "avocet":
        pytest.skip("installs build/avocet, which is not the one that is tested")
    done = subprocess.run(
        [str(ROOT / "scripts" / "install.sh"), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    version = [str(tmp_path / "bin" / "avocet"), "version"]
    assert subprocess.run(version, capture_output=True, text=True).stdout.startswith("avocet ")
    share = tmp_path / "share"
    for file in ("man/man1/avocet-run.1", "bash-completion/completions/avocet"):
        assert (share / file).stat().st_size > 0
    examples = share / "doc" / "avocet" / "examples"
    want = [path for path in (ROOT / "examples").rglob("*") if path.is_file()]
    for path in want:
        place = path.relative_to(ROOT / "examples")
        assert (examples / place).exists() == (place.parts[0] != "seed-path"), place
