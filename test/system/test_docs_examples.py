"""The configurations that the pages of the sources show are ones that avocet takes, the pictures of
detectors are what they find, and the tests that the documentation names are there."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cli_program import avocet
from harness import BINARY, ROOT

FENCE = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[tuple[int, str]]:
    """Line and text of each."""
    text = page.read_text()
    return [
        (text.count("\n", 0, found.start()) + 1, textwrap.dedent(found[2]))
        for found in FENCE.finditer(text)
    ]


def mistakes(directory: Path, name: str, text: str) -> str:
    """What `avocet check` says; empty when all is well. The files that it names are not here."""
    path = directory / "avocet.yaml"
    path.write_text(text)
    done = avocet(directory, "check", "--without-files", str(path), code=None)
    return "" if done.returncode == 0 else f"{name}: {done.stderr}"


@pytest.mark.parametrize("source", sorted(p.stem for p in ROOT.glob("docs/sources/[a-z]*.md")))
def test_every_source_has_an_example(tmp_path: Path, source: str) -> None:
    found = examples(ROOT / "docs" / "sources" / f"{source}.md")
    shown = [text for _, text in found if re.search(rf"^ *- {source}\b", text, re.MULTILINE)]
    assert shown
    assert [text for text in (mistakes(tmp_path, source, text) for text in shown) if text] == []


DETECTORS = sorted(
    p.stem for p in ROOT.glob("docs/detectors/*.md") if p.stem not in {"README", "benchmarks"}
)


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_detector_has_a_picture_of_what_it_finds(detector: str) -> None:
    page = (ROOT / "docs" / "detectors" / f"{detector}.md").read_text()
    assert f"](pictures/{detector}.svg)" in page
    made = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "detector_picture.py"), detector, str(BINARY)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    shown = (ROOT / "docs" / "detectors" / "pictures" / f"{detector}.svg").read_text()
    names = re.compile(r'class="name"[^>]*>(\w+)<')
    assert names.findall(shown) == names.findall(made) != []
    if detector == "auto":
        assert names.findall(made) == ["stuck", "spike", "noise", "level"]


PROOF = re.compile(r"`(\w+\.(?:py|cc))(?:::([\w.]+))?`")


def has_test(file: str, name: str) -> bool:
    """`name` is that of a function in Python, and Suite.Name in C++."""
    if file.endswith(".py"):
        path = ROOT / "test" / "system" / file
        return path.exists() and (not name or f"def {name}(" in path.read_text())
    found = list(ROOT.glob(f"src/**/{file}"))
    suite, _, case = name.partition(".")
    pattern = rf"TEST(_F|_P)?\({suite}, {case}\)" if name else ""
    return len(found) == 1 and re.search(pattern, found[0].read_text()) is not None


def test_the_tests_of_bad_worlds_are_there() -> None:
    named = PROOF.findall((ROOT / "docs" / "bad-worlds.md").read_text())
    assert len(named) > 60
    assert [f"{file}::{name}" for file, name in named if not has_test(file, name)] == []
