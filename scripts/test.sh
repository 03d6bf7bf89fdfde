#!/usr/bin/env bash
# Runs the tests, stage by stage; a failing stage does not stop the later ones, but the script fails.
# Usage: scripts/test.sh [--all] [STAGE...]     (default: every stage)
#
# Stages: build rust-lake rust-aws rust-query unit system python asan tsan; with --all also fuzz, and everywhere the
# tests marked slow. `unit` is everything that ctest knows: unit, scenario and simulation tests and
# the replay of the fuzz corpora; asan and tsan are the same in sanitized builds.
set -uo pipefail
. "$(dirname "$0")/env.sh"

RESULTS=$BUILD/test-results
ALL=0
# What a whole test program may take; sanitized programs are several times slower.
TIMEOUT_SECONDS=900

stage_build() {
  AVOCET_AWS=1 "$ROOT/scripts/build.sh" release avocet avocet_tests && "$ROOT/scripts/build.sh" query
}

cargo_test() {
  local crate=$1
  shift
  CARGO_TARGET_DIR=$AVOCET_CACHE/cargo-target-$crate \
    cargo test --locked --manifest-path "$ROOT/rust/$crate/Cargo.toml" "$@"
}

# In release, because a second build of what they depend on would take longer than all tests.
stage_rust-lake() { cargo_test lake --release; }
stage_rust-aws() { cargo_test aws --release; }
stage_rust-query() { cargo_test query --release; }

# run_ctest TREE RESULTS [OPTION OF CTEST...]
run_ctest() {
  local tree=$1 results=$2
  shift 2
  mkdir -p "$results/gtest"
  GTEST_OUTPUT="xml:$results/gtest/" ctest --test-dir "$tree" --output-on-failure -j "$JOBS" \
    --timeout "$TIMEOUT_SECONDS" --no-tests=error --output-junit "$results/ctest.xml" "$@"
}

stage_unit() { run_ctest "$BUILD/cmake-release" "$RESULTS/unit"; }

# Most of these tests wait; the slow ones fill a machine each.
stage_system() {
  local selection=(-m "not slow" -n "$JOBS" --dist loadfile)
  [ $ALL = 1 ] && selection=()
  (cd "$ROOT" && "$VENV/bin/python3" -m pytest -q "${selection[@]}" \
    --junitxml="$RESULTS/system/pytest.xml" test/system)
}

# The package is built, installed and tested in an environment of its own.
stage_python() {
  local selection=(-m "not slow") python
  [ $ALL = 1 ] && selection=()
  python=$("$ROOT/scripts/python_env.sh") || return 1
  (cd "$ROOT" && "$python" -m pytest -q "${selection[@]}" \
    --junitxml="$RESULTS/python/pytest.xml" test/python)
}

stage_asan() {
  "$ROOT/scripts/build.sh" asan avocet_tests &&
    ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1 \
      UBSAN_OPTIONS=print_stacktrace=1 run_ctest "$BUILD/cmake-asan" "$RESULTS/asan"
}

# Only what has threads, and the tests of the whole engine: a build of all takes half as long again.
THREADED=(base env net journal source alert sink lake engine server scenario sim)

stage_tsan() {
  local names
  names=$(IFS='|' && printf '%s' "${THREADED[*]}")
  "$ROOT/scripts/build.sh" tsan "${THREADED[@]/%/_test}" &&
    TSAN_OPTIONS=second_deadlock_stack=1:suppressions=$ROOT/test/tsan.supp \
      run_ctest "$BUILD/cmake-tsan" "$RESULTS/tsan" -R "^($names)\$"
}

stage_fuzz() { "$ROOT/scripts/fuzz.sh"; }

# run_stage NAME: its output goes to the terminal and to the stage's folder.
run_stage() {
  local name=$1 start=$SECONDS code
  heading "$name"
  mkdir -p "$RESULTS/$name"
  "stage_$name" 2>&1 </dev/null | tee "$RESULTS/$name/output.log"
  code=${PIPESTATUS[0]}
  echo "$code $((SECONDS - start))" >"$RESULTS/$name/status"
  if [ "$code" != 0 ]; then say "stage $name FAILED with exit code $code"; fi
}

# The trees of a release and of two sanitizers, beside what other trees share.
NEEDED_GB=8

warn_of_a_full_disk() {
  local free_gb
  free_gb=$(($(df -Pk "$ROOT" | awk 'NR == 2 { print $4 }') / 1048576))
  if [ "$free_gb" -lt "$NEEDED_GB" ]; then
    warn "$free_gb GB of the disk are free; all stages together write about $NEEDED_GB GB"
  fi
}

main() {
  if [ "${1:-}" = --all ]; then
    ALL=1
    shift
  fi
  export AVOCET_TEST_ALL=$ALL
  local stages=("$@") name
  if [ ${#stages[@]} = 0 ]; then
    stages=(build rust-lake rust-aws rust-query unit system python asan tsan)
    [ $ALL = 1 ] && stages+=(fuzz)
  fi
  warn_of_a_full_disk
  "$ROOT/scripts/setup.sh" build test || exit 1
  # What a fresh machine for packages is made with, and what judges packages.
  if [ $ALL = 1 ]; then "$ROOT/scripts/setup.sh" package package-test || exit 1; fi
  rm -rf "$RESULTS"
  for name in "${stages[@]}"; do
    declare -F "stage_$name" >/dev/null || die "unknown stage \"$name\""
  done
  for name in "${stages[@]}"; do run_stage "$name"; done
  heading "results"
  "$VENV/bin/python3" "$ROOT/scripts/count_results.py" "$RESULTS"
}

main "$@"
