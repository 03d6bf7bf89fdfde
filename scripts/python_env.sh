#!/usr/bin/env bash
# Builds the Python package and installs it into a virtual environment of its own in the cache, with
# what its tests need; prints the path of that environment's Python.
set -euo pipefail
. "$(dirname "$0")/env.sh"

REQUIREMENTS=$ROOT/test/python/requirements.txt
HOME_OF_PYTHON=$AVOCET_CACHE/python
LOG=$BUILD/python.log

main() {
  mkdir -p "$BUILD"
  if ! cmp -s "$REQUIREMENTS" "$HOME_OF_PYTHON/installed"; then
    say "installing Python packages into $HOME_OF_PYTHON" >&2
    rm -rf "$HOME_OF_PYTHON"
    python3 -m venv "$HOME_OF_PYTHON/venv"
    "$HOME_OF_PYTHON/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      -r "$REQUIREMENTS" >&2
    cp "$REQUIREMENTS" "$HOME_OF_PYTHON/installed"
  fi
  # What the build needs is there already, so that a second build in this tree compiles only changes.
  "$HOME_OF_PYTHON/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-build-isolation --no-deps --verbose "$ROOT" >"$LOG" 2>&1 || {
    cat "$LOG" >&2
    die "the Python package does not build"
  }
  echo "$HOME_OF_PYTHON/venv/bin/python"
}

main "$@"
