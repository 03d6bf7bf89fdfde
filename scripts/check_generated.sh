#!/usr/bin/env bash
# Every generated file in the tree is what its generator writes today. With --update writes them.
set -uo pipefail
. "$(dirname "$0")/env.sh"

UPDATE=0
FAILED=0

# generated FILE COMMAND...: FILE is what COMMAND prints.
generated() {
  local file=$1 fresh
  shift
  fresh=$(mktemp)
  if ! "$@" >"$fresh"; then
    warn "cannot generate $file with: $*"
    FAILED=1
  elif [ $UPDATE = 1 ]; then
    mkdir -p "$(dirname "$file")"
    copy_if_changed "$fresh" "$file"
  elif ! cmp -s "$fresh" "$file"; then
    diff -u "$file" "$fresh" 2>&1 | head -n 20
    warn "$file is not up to date; run scripts/check_generated.sh --update"
    FAILED=1
  fi
  rm -f "$fresh"
}

# What the bundle was made from; the system tests compare it without Node.
web_sources() { (cd web && find src package.json package-lock.json -type f | LC_ALL=C sort | xargs sha256sum); }

main() {
  local detector
  if [ "${1:-}" = --update ]; then UPDATE=1; fi
  cd "$ROOT" || exit 1
  generated examples/iaddataset.csv python3 scripts/make_example_csv.py
  if [ ! -d web/node_modules ]; then
    warn "the packages of web/ are not installed (scripts/setup.sh web); web/dist is not checked"
  else
    generated web/dist/app.js npm --prefix web run --silent app
    generated web/dist/style.css npm --prefix web run --silent style
    generated web/dist/sources.sha256 web_sources
  fi
  if [ ! -x "$AVOCET_BIN" ]; then
    warn "build/avocet is not built; what it generates is not checked"
  else
    generated docs/reference/configuration.md "$AVOCET_BIN" config reference
    generated docs/reference/avocet.schema.json "$AVOCET_BIN" config schema
    for detector in $(python3 scripts/detector_picture.py --list); do
      generated "docs/detectors/pictures/$detector.svg" \
        python3 scripts/detector_picture.py "$detector" "$AVOCET_BIN"
    done
  fi
  return $FAILED
}

main "$@"
