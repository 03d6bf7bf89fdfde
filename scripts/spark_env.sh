#!/usr/bin/env bash
# Prepares PySpark with Delta Lake in the cache and prints the path of its Python.
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
  echo "$HOME_OF_SPARK/venv/bin/python"
}

main "$@"
