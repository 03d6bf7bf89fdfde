#!/usr/bin/env bash
# Formats C++, Rust and Python; with --check changes nothing and fails when something would change.
set -uo pipefail
. "$(dirname "$0")/env.sh"

main() {
  local clang_format=(-i) cargo_fmt=() ruff=() failed=0 crate
  if [ "${1:-}" = --check ]; then
    clang_format=(--dry-run -Werror)
    cargo_fmt=(--check)
    ruff=(--check)
  fi
  cd "$ROOT" || exit 1
  git ls-files -co --exclude-standard 'src/*.cc' 'src/*.h' 'test/*.cc' 'test/*.h' 'bench/*.cc' \
    'python/*.cc' 'python/*.h' |
    xargs -n 40 -P "$JOBS" clang-format-14 "${clang_format[@]}" || failed=1
  for crate in rust/*/Cargo.toml; do
    cargo fmt --manifest-path "$crate" "${cargo_fmt[@]}" || failed=1
  done
  "$VENV/bin/ruff" format --quiet "${ruff[@]}" . || failed=1
  return $failed
}

main "$@"
