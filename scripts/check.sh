#!/usr/bin/env bash
# Everything about the code that a tool can judge without running it. All checks run; the script
# fails when one does. Usage: scripts/check.sh [CHECK...]
set -uo pipefail
. "$(dirname "$0")/env.sh"

PYTHON=$VENV/bin/python3

check_format() { "$ROOT/scripts/format.sh" --check; }
check_layers() { "$PYTHON" "$ROOT/scripts/check_layers.py"; }
check_headers() { "$ROOT/scripts/check_headers.sh"; }
check_links() { "$PYTHON" "$ROOT/scripts/check_links.py"; }
check_generated() { "$ROOT/scripts/check_generated.sh"; }
check_tidy() { "$ROOT/scripts/tidy.sh"; }
check_python() { "$VENV/bin/ruff" check --quiet .; }
check_web() { npm --prefix "$ROOT/web" run --silent check; }
check_shell() { git ls-files -co --exclude-standard '*.sh' .ci/run | xargs shellcheck -x -P SCRIPTDIR; }

check_clippy() {
  # Debian's Rust comes without clippy; rustup's has it.
  if ! cargo clippy --version >/dev/null 2>&1; then
    warn "clippy is not installed here; rust/ is not linted"
    return 0
  fi
  local crate
  for crate in lake aws query; do
    CARGO_TARGET_DIR=$AVOCET_CACHE/cargo-target-$crate cargo clippy --quiet --locked --all-targets \
      --manifest-path "rust/$crate/Cargo.toml" -- -D warnings || return 1
  done
}

main() {
  local checks=("$@") name failed=()
  [ ${#checks[@]} -gt 0 ] ||
    checks=(format layers headers links python web shell generated clippy tidy)
  cd "$ROOT" || exit 1
  for name in "${checks[@]}"; do
    declare -F "check_$name" >/dev/null || die "unknown check \"$name\""
    heading "check $name"
    "check_$name" || failed+=("$name")
  done
  [ ${#failed[@]} = 0 ] || die "not passed: ${failed[*]}"
  heading "all ${#checks[@]} checks passed"
}

main "$@"
