#!/usr/bin/env bash
# Measures avocet on this machine. Usage: scripts/bench.sh [--detect | --peers] [ARGUMENT...]
#
# Runs the kernels' micro benchmarks (src/*/*_bench.cc) and then the end-to-end ones, bench/run.py.
# With --peers only bench/peers.py, which runs other engines on the same data, interleaved. With
# --detect only bench/detect/run.py: the quality of the detectors, not their speed.
set -euo pipefail
. "$(dirname "$0")/env.sh"

main() {
  local script=bench/run.py program
  "$ROOT/scripts/setup.sh" build test
  if [ "${1:-}" = --detect ]; then
    shift
    "$ROOT/scripts/build.sh" release avocet detect_bench
    cd "$ROOT"
    "$VENV/bin/python3" -m pip install --quiet -r bench/requirements.txt
    exec "$VENV/bin/python3" bench/detect/run.py --write "$@"
  fi
  "$ROOT/scripts/build.sh" release avocet avocet_benches
  cd "$ROOT"
  if [ "${1:-}" = --peers ]; then
    shift
    "$VENV/bin/python3" -m pip install --quiet -r bench/requirements.txt
    exec "$VENV/bin/python3" bench/peers.py "$@"
  fi
  for program in build/cmake-release/*_bench; do
    [ -x "$program" ] || continue
    heading "$(basename "$program")"
    "$program" --benchmark_min_time=0.2
  done
  heading "end to end"
  exec "$VENV/bin/python3" "$script" "$@"
}

main "$@"
