#!/usr/bin/env bash
# kinesis-local, the JavaScript build of kinesis-mock. Ready: GET /healthcheck.
. "$(dirname "$0")/service.sh"
VERSION=0.6.2
HOME_OF=$SERVICES/kinesis-local-$VERSION

fetch() { npm install --silent --no-fund --no-audit --prefix "$1" "kinesis-local@$VERSION"; }

install() {
  need node npm
  install_once "$HOME_OF" fetch
}

run() {
  # It looks for its certificate where it stands.
  cd "$HOME_OF/node_modules/kinesis-local" || exit 1
  # It needs a second port for TLS, and has no way to do without: the next one.
  local tls_port=$(($1 + 1))
  exec env KINESIS_MOCK_PLAIN_PORT="$1" KINESIS_MOCK_TLS_PORT="$tls_port" SHARD_LIMIT=200 \
    SHOULD_PERSIST_DATA="${PERSIST:-false}" PERSIST_PATH="$2" PERSIST_FILE_NAME=data.json \
    PERSIST_INTERVAL=200ms node main.js
}

dispatch "$@"
