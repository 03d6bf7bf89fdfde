#!/usr/bin/env bash
# Copies what `make build` and `make query` built. Usage: scripts/install.sh DIRECTORY
# Builds nothing, so that `sudo make install` compiles nothing as root.
set -euo pipefail
. "$(dirname "$0")/env.sh"

main() {
  local to=${1:?usage: scripts/install.sh DIRECTORY}
  [ -x "$BUILD/avocet" ] || die "build/avocet is not there; run \`make build\` first"
  install -D -m 755 "$BUILD/avocet" "$to/bin/avocet"
  if [ -x "$BUILD/avocet-query" ]; then
    install -D -m 755 "$BUILD/avocet-query" "$to/bin/avocet-query"
  else
    warn "build/avocet-query is not there, so \`avocet query\` will not work; \`make query\` builds it"
  fi
  install -D -m 644 "$ROOT/LICENSE" "$to/share/doc/avocet/LICENSE"
  install -d "$to/share/doc/avocet/examples"
  install -m 644 "$ROOT"/examples/* "$to/share/doc/avocet/examples/"
  say "installed under $to"
}

main "$@"
