#!/usr/bin/env bash
# versitygw: S3 over a folder, which verifies signatures. Ready: GET /health.
. "$(dirname "$0")/service.sh"
VERSION=v1.8.0
HOME_OF=$SERVICES/versitygw-$VERSION

fetch() { GOBIN=$1 GOFLAGS=-buildvcs=false go install "github.com/versity/versitygw/cmd/versitygw@$VERSION"; }

install() {
  need go
  install_once "$HOME_OF" fetch
}

run() {
  mkdir -p "$2/data" "$2/sidecar"
  exec "$HOME_OF/versitygw" --access testing --secret testing12345 --port "127.0.0.1:$1" \
    --health /health posix --sidecar "$2/sidecar" "$2/data"
}

dispatch "$@"
