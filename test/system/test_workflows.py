"""The workflows of .github: pinned, with few rights, and no text of strangers in their scripts."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
TOOL = ROOT / "test" / "tools" / "tool.sh"
# What a job may ask for beyond reading the code, and why there is no other way.
RIGHTS = {
    ("release.yml", "publish"): {"contents": "write", "id-token": "write", "attestations": "write"},
    ("release.yml", "image"): {
        "contents": "read",
        "packages": "write",
        "id-token": "write",
        "attestations": "write",
    },
}


def load(path: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(path.read_text()))


def jobs(path: Path) -> dict[str, Any]:
    return dict(load(path)["jobs"])


def test_there_are_those_that_are_documented() -> None:
    assert [path.name for path in WORKFLOWS] == ["audit.yml", "ci.yml", "release.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_say_their_version(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if re.search(r"\buses:", line)]
    assert lines
    for line in lines:
        assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_is_the_same_commit_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for name, pin in re.findall(r"uses: (\S+)@(\S+ # v[\d.]+)", path.read_text()):
            found.setdefault(name, set()).add(pin)
    assert {name: pins for name, pins in found.items() if len(pins) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_the_least(path: Path) -> None:
    assert load(path)["permissions"] == {"contents": "read"}
    for name, job in jobs(path).items():
        assert job.get("permissions") == RIGHTS.get((path.name, name)), f"{path.name}: {name}"
        assert job["timeout-minutes"] <= 120


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_checkouts_keep_no_credentials_and_scripts_no_expressions(path: Path) -> None:
    for job in jobs(path).values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            # An expression in a script is code of whoever chose its value.
            assert "${{" not in step.get("run", ""), step


def test_they_call_targets_that_there_are() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = set()
    for path in WORKFLOWS:
        for words in re.findall(r"run: make ([a-z ]+)|target: ([a-z ]+)", path.read_text()):
            called.update(" ".join(words).split())
    assert {"check", "test", "deb", "tarball", "audit"} <= called | {"audit"}
    assert called <= targets


def run_tool(*arguments: str) -> None:
    done = subprocess.run(
        [str(TOOL), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    if done.returncode == 69:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_actionlint_accepts_them() -> None:
    run_tool("actionlint", "-no-color", *map(str, WORKFLOWS))


@pytest.mark.slow
def test_zizmor_finds_no_weakness() -> None:
    run_tool("zizmor", "--offline", "--no-progress", str(FOLDER))
