"""The tour in README.md: its commands, run as they stand there, print what stands there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cli_program import EXAMPLE
from harness import BINARY, ROOT

QUERY_BINARY = os.environ.get("AVOCET_QUERY_BIN", "")


def tour() -> str:
    text = (ROOT / "README.md").read_text()
    return text.split("## Five minutes\n")[1].split("\n## ")[0]


def console_steps(text: str) -> list[tuple[str, str]]:
    """(command, output) of each command whose output the page shows, in order."""
    steps: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.M | re.S):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = step.partition("\n")
            steps.append((command, output.strip("\n")))
    return [(command, output) for command, output in steps if output]


@pytest.mark.skipif(not QUERY_BINARY, reason="needs avocet-query: make query")
def test_the_tour_word_for_word(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "avocet").symlink_to(BINARY)
    (programs / "avocet-query").symlink_to(QUERY_BINARY)
    here = tmp_path / "empty"
    here.mkdir()
    shutil.copy(EXAMPLE, here)

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=here,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    text = tour()
    steps = console_steps(text)
    assert len(steps) >= 4
    for command, output in steps:
        printed = run(command)
        assert output in printed, f"{command}\n{printed}"
    # The answer to the last question stands below its block, as a quotation.
    question = re.search(r'^\$ (avocet query "SELECT reason .*)$', text, flags=re.M)
    sentence = re.search(r"^> (.*)$", text, flags=re.M)
    assert question and sentence
    assert sentence.group(1) in run(question.group(1))
