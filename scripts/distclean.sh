#!/usr/bin/env bash
# Removes what `make clean` leaves: compiled dependencies, the Python environment, the demo's tables.
set -euo pipefail
. "$(dirname "$0")/env.sh"

rm -rf "$AVOCET_CACHE"/cargo-target-{lake,aws,query} "$AVOCET_CACHE/services" "$AVOCET_CACHE/audit" \
  "$AVOCET_CACHE/fresh-root" "$VENV" "$ROOT/demo"
# Only when nothing else is kept there.
rmdir "$AVOCET_CACHE" 2>/dev/null || true
