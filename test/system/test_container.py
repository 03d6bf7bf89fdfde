"""The container: its file, its health check against a real avocet, and its configuration."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from cli_program import avocet
from harness import ROOT, Site
from ports import free_port

FOLDER = ROOT / "deploy" / "container"
DOCKERFILE = FOLDER / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) of the file, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, rest in (line.split(None, 1) for line in lines if line)]


def final_stage() -> list[tuple[str, str]]:
    all_of_them = instructions()
    last = max(i for i, (word, _) in enumerate(all_of_them) if word == "FROM")
    return all_of_them[last:]


def test_it_is_small_unprivileged_and_healthy() -> None:
    stages = [rest for word, rest in instructions() if word == "FROM"]
    assert len(stages) == 2 and stages[0].endswith(" AS build")
    final = dict(final_stage())
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", final["USER"]), "Kubernetes wants a number"
    assert "avocet-healthcheck" in final["HEALTHCHECK"]
    assert final["ENTRYPOINT"] == '["/usr/bin/avocet"]'
    assert final["VOLUME"] == final["WORKDIR"] == "/var/lib/avocet"
    # No compiler and no source comes along.
    assert not any("make" in rest for word, rest in final_stage() if word == "RUN")
    assert all(":latest" not in stage for stage in stages)


def test_what_it_copies_is_in_the_context() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    listed = [line[1:] for line in ignored if line.startswith("!")]
    for path in listed:
        assert (ROOT / path).exists(), path
    # What the build reads: CMake's folders, the crates, the files of the dashboard.
    needed = re.findall(r"add_subdirectory\((\S+)\)", (ROOT / "CMakeLists.txt").read_text())
    needed += ["src", "cmake", "rust", "scripts", "docs", "web/dist", "web/static", "deploy"]
    for path in needed:
        assert any(path == entry or path.startswith(entry + "/") for entry in listed), path


def test_its_configuration_asks_for_tokens(tmp_path: Path) -> None:
    config = str(FOLDER / "avocet.yaml")
    avocet(tmp_path, "check", config)
    shown = avocet(tmp_path, "config", "show", "-c", config).stdout
    assert "insecure: true" not in shown
    shown = avocet(tmp_path, "config", "show", "-c", config, env={"AVOCET_INSECURE": "true"}).stdout
    assert "insecure: true" in shown


def test_compose_gives_it_nothing_that_it_does_not_need() -> None:
    service = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]["avocet"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # Without tokens only this machine may send.
    assert all(str(port).startswith("127.0.0.1:") for port in service["ports"])
    assert (FOLDER / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]) == DOCKERFILE


def health(port: int, *path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(FOLDER / "healthcheck.sh"), *path],
        env={"AVOCET_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=10,
    )


def test_the_health_check_asks_a_running_avocet(tmp_path: Path) -> None:
    port = free_port()
    site = Site(tmp_path)
    site.configure(
        f"lake: {{lake}}\nserver: {{listen: '127.0.0.1:{port}'}}\n"
        "sources: [{file: {path: '{in}'}}]\n"
    )
    assert health(port).returncode == 1
    with site.follow() as run:
        run.wait_for(lambda: health(port).returncode == 0, "health")
        assert health(port, "/-/ready").returncode == 0
        wrong = health(port, "/-/nonsense")
        assert wrong.returncode == 1
        assert "answers 404" in wrong.stdout
        assert run.stop() == 0
    assert health(port).returncode == 1


@pytest.mark.slow
def test_hadolint_accepts_it() -> None:
    done = subprocess.run(
        [str(ROOT / "test" / "tools" / "tool.sh"), "hadolint", str(DOCKERFILE)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode == 69:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
