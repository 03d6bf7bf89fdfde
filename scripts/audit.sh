#!/usr/bin/env bash
# Known vulnerabilities and licenses of what avocet is made of and tested with.
# Needs the internet: the databases change every day. Usage: scripts/audit.sh [rust] [javascript] [python]
set -uo pipefail
. "$(dirname "$0")/env.sh"

TOOLS=$AVOCET_CACHE/audit
CARGO_DENY=0.20.2
PIP_AUDIT=2.10.1

audit_rust() {
  local deny=$TOOLS/cargo-deny-$CARGO_DENY/bin/cargo-deny crate code=0
  [ -x "$deny" ] ||
    cargo install --quiet --locked --root "$TOOLS/cargo-deny-$CARGO_DENY" "cargo-deny@$CARGO_DENY" || return 1
  for crate in lake aws query; do
    say "rust/$crate"
    "$deny" --manifest-path "$ROOT/rust/$crate/Cargo.toml" --locked \
      --config "$ROOT/rust/deny.toml" check || code=1
  done
  return $code
}

# What the lock file names, with what only makes the bundle.
audit_javascript() {
  local code=0
  npm --prefix "$ROOT/web" audit --package-lock-only || code=1
  python3 "$ROOT/scripts/check_licenses.py" "$ROOT/web/package-lock.json" || code=1
  return $code
}

# The packages that FILE asks for, with all that these need, in an environment of their own.
# check_python_licenses FILE
check_python_licenses() {
  local venv=$TOOLS/licenses
  rm -rf "$venv"
  python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$ROOT/$1" &&
    "$venv/bin/python" "$ROOT/scripts/check_licenses.py"
}

audit_python() {
  local venv=$TOOLS/pip-audit-$PIP_AUDIT file code=0
  [ -x "$venv/bin/pip-audit" ] || {
    python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check "pip-audit==$PIP_AUDIT" || return 1
  }
  # One after the other: they are of environments that do not agree on versions.
  for file in test/requirements.txt test/python/requirements.txt scripts/spark-requirements.txt; do
    say "$file"
    "$venv/bin/pip-audit" --progress-spinner off -r "$ROOT/$file" || code=1
    check_python_licenses "$file" || code=1
  done
  return $code
}

main() {
  local names=("$@") name failed=()
  [ ${#names[@]} -gt 0 ] || names=(rust javascript python)
  mkdir -p "$TOOLS"
  for name in "${names[@]}"; do
    declare -F "audit_$name" >/dev/null || die "unknown: \"$name\"; known: rust javascript python"
    heading "audit $name"
    "audit_$name" || failed+=("$name")
  done
  [ ${#failed[@]} = 0 ] || die "not passed: ${failed[*]}"
}

main "$@"
