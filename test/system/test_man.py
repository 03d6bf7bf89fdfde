"""`avocet man`: pages that man can show, about every command, option and key."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cli_program import avocet
from harness import ROOT


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("man")
    avocet(directory, "man", str(directory / "share"))
    return directory / "share"


def shown(page: Path) -> str:
    """What a reader sees, without bold and italics."""
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-man", "-Tascii", "-P-c", "-ww", "-rLL=100n", str(page)],
        capture_output=True,
        text=True,
    )
    assert done.stderr == "", f"{page.name}: {done.stderr}"
    return re.sub(".\b", "", done.stdout)


def commands(directory: Path) -> list[str]:
    listing = avocet(directory, "--help").stdout.split("Subcommands:")[1]
    return re.findall(r"^  (\S+)", listing, re.MULTILINE)


def test_every_command_has_a_page_that_groff_accepts(pages: Path, tmp_path: Path) -> None:
    known = commands(tmp_path)
    assert "run" in known and "man" in known
    found = {page.name for page in (pages / "man1").iterdir()}
    assert found == {"avocet.1", *(f"avocet-{name}.1" for name in known)}
    overview = shown(pages / "man1" / "avocet.1")
    for name in known:
        assert f"avocet-{name}(1)" in overview
        text = shown(pages / "man1" / f"avocet-{name}.1")
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"):
            assert re.search(f"^{section}$", text, re.MULTILINE), f"{name} has no {section}"
        for option in re.findall(r"--[a-z][a-z-]+", avocet(tmp_path, name, "--help").stdout):
            assert option in text, f"{name} {option}"


def test_a_page_says_what_the_guide_says(pages: Path) -> None:
    text = " ".join(shown(pages / "man1" / "avocet-score.1").split())
    assert "avocet score TRUTH [ALARMS]" in text
    assert "Recall, precision, delay and false alarms per device and day." in text
    overview = " ".join(shown(pages / "man1" / "avocet.1").split())
    assert "78 the configuration has mistakes" in overview
    # Nothing of Markdown is left.
    for page in sorted((pages / "man1").iterdir()):
        assert not re.search(r"\]\(|\*\*|^\|", page.read_text(), re.MULTILINE), page


def test_the_page_of_the_configuration_has_every_key(pages: Path) -> None:
    text = shown(pages / "man5" / "avocet.yaml.5")
    reference = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    keys = re.findall(r"^\| `([a-z_.]+)` \|", reference, re.MULTILINE)
    assert len(keys) > 100
    for key in keys:
        assert re.search(rf"^ +{re.escape(key)}( |$)", text, re.MULTILINE), key


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = avocet(tmp_path, "man", "file/man", code=None)
    assert done.returncode != 0
    assert done.stderr.startswith("error: cannot create directory file")


def test_zsh_loads_an_installed_completion(tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    (tmp_path / "_avocet").write_text(avocet(tmp_path, "completion", "zsh").stdout)
    # Loaded from $fpath the script itself is called, and must offer something the first time.
    asked = (
        "fpath=(. $fpath); autoload -U _avocet; compdef() { print WRONG; }; "
        "_describe() { print $found[1]; }; words=(avocet ''); CURRENT=2; _avocet"
    )
    done = subprocess.run(
        ["zsh", "-f", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("init:"), done.stdout + done.stderr
