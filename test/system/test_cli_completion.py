"""`avocet completion`: valid scripts that complete what the program knows."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cli_program import avocet


def complete(directory: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    script = avocet(directory, "completion", "bash").stdout
    line = " ".join(f"'{word}'" for word in words)
    asked = (
        f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _avocet\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", asked], cwd=directory, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_offers_commands_options_and_values(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("")
    assert {"run", "init", "query", "completion"} <= set(complete(tmp_path, "avocet", ""))
    assert complete(tmp_path, "avocet", "repl") == ["replay"]
    assert complete(tmp_path, "avocet", "simulate", "--per") == ["--period"]
    assert complete(tmp_path, "avocet", "query", "-f", "") == ["table", "csv", "json", "parquet"]
    assert complete(tmp_path, "avocet", "config", "sch") == ["schema"]
    assert complete(tmp_path, "avocet", "completion", "z") == ["zsh"]
    assert complete(tmp_path, "avocet", "init", "da") == ["data.csv"]
    assert complete(tmp_path, "avocet", "run", "--source", "da") == ["data.csv"]
    assert complete(tmp_path, "avocet", "nonsense", "--per") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_know_every_command(tmp_path: Path, shell: str) -> None:
    script = avocet(tmp_path, "completion", shell).stdout
    for word in ("init", "simulate", "replay", "query", "check", "period", "time-field"):
        assert word in script
    interpreter = shutil.which(shell)
    if interpreter is not None:
        subprocess.run([interpreter, "-n"], input=script, text=True, check=True)


def test_unknown_shells_are_named(tmp_path: Path) -> None:
    done = avocet(tmp_path, "completion", "tcsh", code=64)
    assert "tcsh" in done.stderr
