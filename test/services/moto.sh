#!/usr/bin/env bash
# moto's server: many AWS services on one port, in memory. Ready: GET /moto-api/data.json.
. "$(dirname "$0")/service.sh"
VERSION=5.2.5
HOME_OF=$SERVICES/moto-$VERSION

# A virtual environment does not survive a move: it is made in its place, with a stamp.
fetch() {
  rm -rf "$HOME_OF.venv"
  python3 -m venv "$HOME_OF.venv"
  "$HOME_OF.venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$VERSION"
}

install() {
  need python3
  install_once "$HOME_OF" fetch
}

run() {
  cd "$2" || exit 1
  exec "$HOME_OF.venv/bin/moto_server" -H 127.0.0.1 -p "$1"
}

dispatch "$@"
