#!/usr/bin/env bash
# Packs build/avocet-lambda as build/avocet-lambda.zip, for AWS Lambda's runtime provided.al2023 on
# this machine's kind of processor. The libraries come along, with the C library and its loader:
# those of Lambda are older than what the program was linked with.
set -euo pipefail
. "$(dirname "$0")/env.sh"

main() {
  [ -x "$BUILD/avocet-lambda" ] || die "build/avocet-lambda is not there; run \`make aws\` first"
  local stage=$BUILD/lambda-package library loader
  rm -rf "$stage"
  mkdir -p "$stage/lib"
  cp "$BUILD/avocet-lambda" "$stage/avocet-lambda"
  ldd "$stage/avocet-lambda" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r library; do
    cp -L "$library" "$stage/lib/"
  done
  loader=$(ldd "$stage/avocet-lambda" | sed -n 's/^\s*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p')
  cp -L "$loader" "$stage/lib/loader"
  cat >"$stage/bootstrap" <<'SH'
#!/bin/sh
here=$(dirname "$0")
exec "$here/lib/loader" --library-path "$here/lib" "$here/avocet-lambda"
SH
  chmod +x "$stage/bootstrap"
  python3 - "$stage" "$BUILD/avocet-lambda.zip" <<'PYTHON'
import pathlib
import sys
import zipfile

stage = pathlib.Path(sys.argv[1])
# The same content makes the same bytes: fixed times, files in order.
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
    for path in sorted(p for p in stage.rglob("*") if p.is_file()):
        entry = zipfile.ZipInfo(str(path.relative_to(stage)), (1980, 1, 1, 0, 0, 0))
        entry.external_attr = (0o755 if path.parent == stage or path.name == "loader" else 0o644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        package.writestr(entry, path.read_bytes())
PYTHON
  say "built build/avocet-lambda.zip ($(du -h --apparent-size "$BUILD/avocet-lambda.zip" | cut -f1))"
}

main "$@"
