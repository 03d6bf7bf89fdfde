#!/usr/bin/env bash
# Prepares PySpark with Delta Lake in the cache and prints the path of its Python.
# Usage: scripts/spark_env.sh [--avocet]     with --avocet the Python package is built and in it, too
set -euo pipefail
. "$(dirname "$0")/env.sh"

REQUIREMENTS=$ROOT/scripts/spark-requirements.txt
HOME_OF_SPARK=$AVOCET_CACHE/spark

main() {
  command -v java >/dev/null || die "Spark needs Java 17 or newer: apt-get install openjdk-17-jre-headless"
  if ! cmp -s "$REQUIREMENTS" "$HOME_OF_SPARK/installed"; then
    say "installing PySpark into $HOME_OF_SPARK" >&2
    rm -rf "$HOME_OF_SPARK"
    python3 -m venv "$HOME_OF_SPARK/venv"
    "$HOME_OF_SPARK/venv/bin/python" -m pip install --quiet -r "$REQUIREMENTS" >&2
    cp "$REQUIREMENTS" "$HOME_OF_SPARK/installed"
  fi
  if [ "${1:-}" = --avocet ]; then install_avocet; fi
  echo "$HOME_OF_SPARK/venv/bin/python"
}

# As a wheel: what a cluster gets.
install_avocet() {
  local python wheels=$BUILD/wheel
  python=$("$ROOT/scripts/python_env.sh")
  rm -rf "$wheels"
  "$python" -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps \
    --wheel-dir "$wheels" "$ROOT" >&2
  "$HOME_OF_SPARK/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --force-reinstall "$wheels"/avocet-*.whl >&2
}

main "$@"
