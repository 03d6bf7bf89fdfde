#!/usr/bin/env python3
"""Checks the rules of src/ that a compiler does not: who includes whom, and who may ask the system.

A folder includes only what is to its left:
base < env < {net journal} < model < config < state < {source decode detect lake alert} < engine
< {server lambda catalog sink} < cli

Only env and net touch the operating system, the clock and randomness; everyone else has an Env.
Tests, benchmarks and their support (x_testing.h) obey the first rule and are free of the second.
A line may be excused by `// NOLINT(avocet-layers): reason`.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RANKS = [
    ["base"],
    ["env"],
    ["net", "journal"],
    ["model"],
    ["config"],
    ["state"],
    ["source", "decode", "detect", "lake", "alert"],
    ["engine"],
    ["server", "lambda", "catalog", "sink"],
    ["cli"],
]
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
SYSTEM_LAYERS = {"env", "net"}

MAX_LINES = 999
WARN_LINES = 400

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
EXCUSE = re.compile(r"//\s*NOLINT\(avocet-layers\): \S")
COMMENT = re.compile(r"//.*$")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

SYSTEM_HEADER = re.compile(
    r"^(sys/.*|net/.*|netinet/.*|arpa/.*|linux/.*|unistd\.h|fcntl\.h|poll\.h|dirent\.h|netdb\.h"
    r"|signal\.h|csignal|pthread\.h|sched\.h|spawn\.h|termios\.h|dlfcn\.h|pwd\.h|grp\.h|time\.h"
    r"|ctime|fstream|filesystem|random)$"
)
SYSTEM_CALL = re.compile(
    r"\b(?:system_clock|steady_clock|high_resolution_clock|random_device|this_thread::sleep_\w+"
    r"|(?:std::)?(?:getenv|setenv|fopen|remove|rename|time|rand|srand|system|popen)(?=\())\b"
)
# A method or a declaration of that name is somebody else's.
NOT_A_CALL = re.compile(r"(?:\.|->|\w::|\w\s)$")

THROW = re.compile(r"\bthrow\b")
USING_NAMESPACE = re.compile(r"^\s*using namespace\b")
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}


def strip_comments_and_strings(line: str) -> str:
    return COMMENT.sub("", STRING.sub('""', line))


def include_problem(layer: str | None, bracket: str, header: str) -> str | None:
    """Why this include is not allowed; `layer` is None for src/main.cc, which may all."""
    if not header.startswith("src/"):
        local = bracket == '"' and (ROOT / "src" / (layer or "") / header).exists()
        return f'include "{header}" by its path from the root, "src/..."' if local else None
    parts = header.split("/")
    target = parts[1]
    if target not in RANK:
        return f"src/{target} is not a layer; known: {' '.join(RANK)}"
    if layer is None or target == layer:
        return None
    if RANK[target] == RANK[layer]:
        return f"{layer} and {target} are side by side and do not include each other"
    if RANK[target] > RANK[layer]:
        return f"{layer} is below {target} and does not include it"
    return None


def is_system_call(code: str) -> bool:
    for match in SYSTEM_CALL.finditer(code):
        name = match.group(0)
        if "clock" in name or "device" in name or "sleep" in name or name.startswith("std::"):
            return True
        if not NOT_A_CALL.search(code[: match.start()]):
            return True
    return False


def line_problems(path: Path, layer: str | None, number: int, line: str) -> Iterator[str]:
    is_test = path.stem.endswith(("_test", "_bench", "_testing"))
    free = is_test or layer in SYSTEM_LAYERS or layer is None
    include = INCLUDE.match(line)
    if include:
        bracket, header = include.groups()
        problem = include_problem(layer, bracket, header)
        if problem:
            yield problem
        if not free and SYSTEM_HEADER.match(header):
            yield f"only src/env and src/net include <{header}>; take an Env"
        return
    code = strip_comments_and_strings(line)
    if not free and is_system_call(code):
        yield "only src/env and src/net ask the clock, the system or a random generator"
    if not is_test and THROW.search(code):
        yield "we do not throw; return a Status"
    if path.suffix == ".h" and USING_NAMESPACE.match(code):
        yield "no `using namespace` in a header"


def file_problems(path: Path) -> Iterator[tuple[int, str]]:
    parts = path.relative_to(ROOT / "src").parts
    layer = parts[0] if len(parts) > 1 else None
    if layer is not None and layer not in RANK:
        yield 1, f"src/{layer} is not a layer; known: {' '.join(RANK)}"
        return
    if VAGUE_NAMES & set(path.stem.split("_")):
        yield 1, "name the file after its one concept"
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_LINES:
        yield 1, f"{len(lines)} lines, at most {MAX_LINES}"
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "a header starts with #pragma once"
    for number, line in enumerate(lines, start=1):
        if EXCUSE.search(line):
            continue
        for problem in line_problems(path, layer, number, line):
            yield number, problem


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "src/*.h", "src/*.cc"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    num_problems = 0
    paths = [ROOT / name for name in sorted(set(listed.stdout.splitlines()))]
    for path in (path for path in paths if path.exists()):
        for line, problem in file_problems(path):
            print(f"{path.relative_to(ROOT)}:{line}: {problem}", file=sys.stderr)
            num_problems += 1
        num_lines = path.read_text(encoding="utf-8").count("\n")
        if WARN_LINES < num_lines <= MAX_LINES:
            print(
                f"{path.relative_to(ROOT)}: note: {num_lines} lines; most stay below {WARN_LINES}"
            )
    print(f"{len(paths)} files, {num_problems} problems")
    return 1 if num_problems else 0


if __name__ == "__main__":
    sys.exit(main())
