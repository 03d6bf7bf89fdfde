#!/usr/bin/env bash
# Runs build/avocet on a simulated fleet, examples/demo.yaml. Usage: scripts/demo.sh [OPTION OF RUN...]
set -euo pipefail
. "$(dirname "$0")/env.sh"

main() {
  cd "$ROOT"
  [ -x build/avocet ] || die "build/avocet is not there; run \`make build\` first"
  cat <<'TEXT'

A fleet of 50 simulated devices sends five metrics, with faults whose times are known.
  configuration   examples/demo.yaml
  tables          demo/lake/iot_catalog/{raw,processed,analytics}/...   (Delta Lake)
  true faults     demo/truth.ndjson

Open the dashboard, http://127.0.0.1:8080/ (or the address printed below).

While it runs, from another terminal (the first `make query` builds the SQL engine):
  make query
  build/avocet query --lake demo/lake \
    "SELECT detector, metric, severity, count(*) FROM iot_catalog.analytics.anomalies GROUP BY 1, 2, 3"

Alerts are in the log below; to look at what was found, at them, and to say what you make of them:
  build/avocet anomalies --lake demo/lake
  build/avocet alerts list --lake demo/lake
  build/avocet alerts show ID --lake demo/lake

Ctrl-C ends it; `make demo` goes on where it stopped.

TEXT
  mkdir -p demo
  # On a terminal a process group of its own: Ctrl-C then ends avocet alone, and make sees a success.
  if [ -t 0 ]; then
    set -m
    build/avocet run -c examples/demo.yaml "$@"
  else
    exec build/avocet run -c examples/demo.yaml "$@"
  fi
}

main "$@"
