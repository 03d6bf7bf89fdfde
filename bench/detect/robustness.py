"""What `auto` is worth when its parameters are not quite the chosen ones.

Builds a second avocet in a scratch folder, in which every parameter of `auto` is multiplied by a
factor of its own between 0.7 and 1.3, drawn when the program starts from the number in
AVOCET_DRAW. Of numbers near 1, such as shares of the past that are kept and how much further than
ever something must go, the distance from 1 is multiplied. A parameter is a named constant of
src/detect/auto, but for those in KEPT.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shlex
import subprocess

import detection
import nab
import numpy as np

BUILD = pathlib.Path(os.environ.get("AVOCET_BUILD", detection.ROOT / "build/cmake-release"))
SOURCES = "src/detect/auto"
# Shapes of the state, units, mathematics, and bounds that keep numbers finite.
# fmt: off
KEPT = {
    "kAt", "kAtLeast", "kBands", "kBias", "kBins", "kBinsPerDecade", "kBits", "kDays", "kEntries",
    "kFar", "kFull", "kFurthest", "kFurthestUnit", "kHalfHour", "kHour", "kLag", "kLargest",
    "kLargestStep", "kLargestTerm", "kLargestTrace", "kLargestZ", "kLine", "kLongest", "kMost",
    "kMostCount", "kMostFurthest", "kMostHalvings", "kMostPeak", "kMostTicks", "kNarrowestUs",
    "kNone", "kNumChannels", "kNumViews", "kOfMean", "kOrder", "kPeakUnit", "kPerByte", "kPerDay",
    "kPerForgetting", "kPerQuantile", "kPerWidth", "kPrefetchRows", "kSecondsPerUs", "kSmallest",
    "kSteps", "kStrangest", "kTerms", "kTicksPerAlarm", "kUnknown",
}
# fmt: on
# The first values that a histogram chooses its range from fill the memory of its bins.
KEPT_IN = {"range_histogram.h": {"kWarmUp"}, "pace.h": {"kShortest"}}

MOVED_H = """#pragma once
#include <cmath>
#include <cstdlib>
#include <random>
#include <type_traits>
namespace avocet {
inline double FactorOf(int parameter) {
  const char* draw = std::getenv("AVOCET_DRAW");
  if (draw == nullptr) return 1;
  std::mt19937_64 random(std::strtoull(draw, nullptr, 10) * 1000 + parameter);
  return std::uniform_real_distribution<double>(0.7, 1.3)(random);
}
template <typename T>
T Moved(T value, int parameter) {
  const double factor = FactorOf(parameter);
  const double x = static_cast<double>(value);
  if constexpr (std::is_integral_v<T>) return static_cast<T>(std::max(1.0, std::round(x * factor)));
  return static_cast<T>(x > 0.85 && x < 1.7 ? 1 + (x - 1) * factor : x * factor);
}
}  // namespace avocet
"""

NUMBER = r"(?:float|double|u?int\d+_t|int|size_t)"


class Rewriter:
    """Makes constants of one file depend on the draw; numbers parameters through all files."""

    def __init__(self) -> None:
        self.parameters: list[str] = []

    def moved(self, kind: str, name: str, value: str) -> str:
        self.parameters.append(name)
        return f"Moved<{kind}>({value.strip()}, {len(self.parameters)})"

    def rewrite(self, name: str, text: str) -> str:
        kept = KEPT | KEPT_IN.get(name, set())

        def scalar(match: re.Match) -> str:
            indent, static, kind, constant, value = match.groups()
            if constant in kept:
                return match[0]
            # Of a class, of a file, or of a function.
            storage = "static inline" if static else "static"
            return (
                f"{indent}{storage} const {kind} {constant} = {self.moved(kind, constant, value)};"
            )

        def array(match: re.Match) -> str:
            head, values = match.groups()
            self.parameters.append(head)
            moved = [
                f"Moved<float>({value}, {len(self.parameters)})" for value in values.split(",")
            ]
            return f"static inline const float {head} = {{{', '.join(moved)}}};"

        def rule(match: re.Match) -> str:
            def field(part: re.Match) -> str:
                # A rate of 1 is the absence of smoothing, and a switch is no number.
                if part[2].strip() in {"1", "true"}:
                    return part[0]
                return f".{part[1]} = {self.moved('float', part[1], part[2])}"

            return "static const" + re.sub(r"\.(\w+) = ([^,}]+)", field, match[1])

        text = re.sub(
            rf"^( *)(static )?(?:inline )?constexpr ({NUMBER}) (k\w+) = ([^;{{]+);",
            scalar,
            text,
            flags=re.M,
        )
        text = re.sub(r"static constexpr float (k\w+\[\w+\]) = \{([^}]+)\};", array, text)
        text = re.sub(r"constexpr( \w+Rule k\w+ = \{[^}]*\};)", rule, text)
        # Made from another rule.
        text = re.sub(r"constexpr( \w+Rule k\w+ = \[)", r"static const\1", text)
        if name == "outlier_limit.h":
            text = re.sub(
                r"^  float (\w+) = ([^;]+);",
                lambda m: f"  float {m[1]} = {self.moved('float', m[1], m[2])};",
                text,
                flags=re.M,
            )
        return text


def run(command: list[str], folder: pathlib.Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def build(work: pathlib.Path) -> tuple[pathlib.Path, list[str]]:
    """The avocet whose parameters move, and their names. REQUIRES: avocet is built in BUILD."""
    copies = work / SOURCES
    copies.mkdir(parents=True)
    rewriter = Rewriter()
    for source in sorted((detection.ROOT / SOURCES).iterdir()):
        if source.suffix not in {".h", ".cc"} or source.stem.endswith("_test"):
            continue
        text = rewriter.rewrite(source.name, source.read_text())
        text = re.sub(
            r"^#include ", f'#include "{SOURCES}/moved.h"\n#include ', text, count=1, flags=re.M
        )
        (copies / source.name).write_text(text)
    (copies / "moved.h").write_text(MOVED_H)
    (work / "src/detect/auto.cc").write_text((detection.ROOT / "src/detect/auto.cc").read_text())

    objects = []
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    for entry in commands:
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(detection.ROOT):
            continue
        copy = work / path.relative_to(detection.ROOT)
        if not copy.exists():
            continue
        words = shlex.split(entry["command"])
        words[words.index("-o") + 1] = str(copy.with_suffix(".o"))
        words[words.index("-c") + 1] = str(copy)
        run([*words[:1], f"-I{work}", "-w", *words[1:]], pathlib.Path(entry["directory"]))
        objects.append(str(copy.with_suffix(".o")))
    program = work / "avocet"
    link = run(["ninja", "-C", str(BUILD), "-t", "commands", "-s", "avocet"], BUILD).splitlines()[
        -1
    ]
    words = shlex.split(re.split(r" && ", link)[1])
    at = words.index("-o")
    run([*words[:at], "-o", str(program), *objects, *words[at + 2 :]], BUILD)
    return program, rewriter.parameters


def measure(data: pathlib.Path, work: pathlib.Path, draws: int) -> dict:
    """NAB results of so many draws, and of the parameters as they are."""
    scratch = work / "robustness"
    program, parameters = build(scratch)
    corpus = nab.load(data / "nab")
    results = []
    for draw in range(draws + 1):
        environment = {"AVOCET_DRAW": str(draw)} if draw > 0 else {}
        run_as = detection.Program(program, environment)
        results.append(nab.judge("auto", corpus, scratch, run_as)["fixed"])
        print(f"robustness, draw {draw}: {results[-1]}", flush=True)
    unmoved, moved = results[0], results[1:]
    return {
        "draws": draws,
        "parameters": len(parameters),
        "unmoved": unmoved,
        "profiles": {
            profile: {
                str(percent): float(np.percentile([result[profile] for result in moved], percent))
                for percent in (10, 50, 90)
            }
            for profile in nab.PROFILES
        },
    }
