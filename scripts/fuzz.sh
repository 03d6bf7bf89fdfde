#!/usr/bin/env bash
# Fuzzes every parser of outside bytes with libFuzzer, FUZZ_SECONDS (default 30) each.
# Usage: scripts/fuzz.sh [NAME...]     (config, decode, ...; default: all)
#
# New inputs that reach new code are kept in build/fuzz-corpus/NAME; an input that crashes is left in
# build/fuzz-crashes and printed. Copy it into test/fuzz/corpus/NAME with the fix.
set -euo pipefail
. "$(dirname "$0")/env.sh"

FUZZ_SECONDS=${FUZZ_SECONDS:-30}
TREE=$BUILD/cmake-fuzz

build() {
  mkdir -p "$BUILD"
  # Other compilers, other warnings: -Werror is g++'s job.
  cmake -S "$ROOT" -B "$TREE" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang-19 \
    -DCMAKE_CXX_COMPILER=clang++-19 -DAVOCET_FUZZ=ON -DAVOCET_SANITIZE=address \
    -DAVOCET_TESTS=OFF -DAVOCET_WERROR=OFF >"$TREE.log" 2>&1 || {
    cat "$TREE.log" >&2
    die "cannot configure $TREE"
  }
  ninja -C "$TREE" -j "$JOBS" avocet_fuzzers
}

fuzz() {
  local name=$1 grown=$BUILD/fuzz-corpus/$1 crashes=$BUILD/fuzz-crashes dictionary=()
  mkdir -p "$grown" "$crashes"
  if [ -f "$ROOT/test/fuzz/$name.dict" ]; then
    dictionary=("-dict=$ROOT/test/fuzz/$name.dict")
  fi
  heading "fuzz $name, $FUZZ_SECONDS s"
  "$TREE/test/fuzz/${name}_fuzz" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$crashes/$name-" "${dictionary[@]}" \
    "$grown" "$ROOT/test/fuzz/corpus/$name"
}

main() {
  local names=("$@") source name failed=()
  if [ ${#names[@]} = 0 ]; then
    for source in "$ROOT"/test/fuzz/*_fuzz.cc; do
      names+=("$(basename "$source" _fuzz.cc)")
    done
  fi
  "$ROOT/scripts/setup.sh" build fuzz
  build
  for name in "${names[@]}"; do
    fuzz "$name" || failed+=("$name")
  done
  heading "fuzz: $((${#names[@]} - ${#failed[@]})) of ${#names[@]} targets found nothing"
  [ ${#failed[@]} = 0 ] || die "inputs that crash ${failed[*]} are in build/fuzz-crashes"
}

main "$@"
