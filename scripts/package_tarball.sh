#!/usr/bin/env bash
# Packs what is built as build/avocet-VERSION-linux-PROCESSOR.tar.gz, to unpack anywhere on a system
# like Debian 12: it links that system's libraries.
set -euo pipefail
. "$(dirname "$0")/env.sh"

main() {
  local version name stage
  version=$(project_version)
  name=avocet-$version-linux-$(uname -m)
  stage=$BUILD/tarball/$name
  umask 022
  rm -rf "$stage"
  "$ROOT/scripts/install.sh" "$stage"
  cp "$ROOT/README.md" "$ROOT/CHANGELOG.md" "$stage/"
  # The same sources make the same bytes.
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(source_date)" \
    --directory "$BUILD/tarball" "$name" | gzip -9n >"$BUILD/$name.tar.gz"
  say "built build/$name.tar.gz ($(du -h --apparent-size "$BUILD/$name.tar.gz" | cut -f1))"
}

main "$@"
