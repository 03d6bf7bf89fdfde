#!/usr/bin/env bash
# Packs what is built as Debian packages, build/avocet_*.deb and build/avocet-query_*.deb.
# Usage: [DEB_REVISION=1] scripts/package_deb.sh [avocet] [avocet-query]    (default: what is built)
set -euo pipefail
. "$(dirname "$0")/env.sh"

DEBIAN=$ROOT/deploy/debian
MAINTAINER="avocet maintainers <maintainers@avocet.example>"
VERSION=$(project_version)
REVISION=${DEB_REVISION:-1}
# The same sources make the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(source_date)}
export SOURCE_DATE_EPOCH

# What a user can notice, released or not.
changelog() {
  cat "$ROOT/CHANGELOG.md"
  find "$ROOT/changelog.d" -name '*.*.md' | sort | while read -r entry; do
    printf '\n* ' && sed '2,$s/^/  /' "$entry"
  done
}

debian_changelog() {
  printf 'avocet (%s-%s) stable; urgency=medium\n\n' "$VERSION" "$REVISION"
  printf '  * What is new is in /usr/share/doc/avocet/changelog.gz.\n\n'
  printf ' -- %s  %s\n' "$MAINTAINER" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

# add_documents STAGE PACKAGE
add_documents() {
  local documents=$1/usr/share/doc/$2
  install -D -m 644 "$DEBIAN/copyright" "$documents/copyright"
  changelog | gzip -9n >"$documents/changelog.gz"
  debian_changelog | gzip -9n >"$documents/changelog.Debian.gz"
  if [ -f "$DEBIAN/$2.lintian-overrides" ]; then
    install -D -m 644 "$DEBIAN/$2.lintian-overrides" "$1/usr/share/lintian/overrides/$2"
  fi
}

stage_avocet() {
  local stage=$1
  ZSH_COMPLETIONS=zsh/vendor-completions "$ROOT/scripts/install.sh" "$stage/usr" 2>/dev/null
  # The package of the query engine has it; the license is among Debian's.
  rm -f "$stage/usr/bin/avocet-query" "$stage/usr/share/doc/avocet/LICENSE"
  find "$stage/usr/share/man" -type f -exec gzip -9n {} +
  install -D -m 644 "$DEBIAN/avocet.service" "$stage/lib/systemd/system/avocet.service"
  install -D -m 644 "$DEBIAN/avocet.yaml" "$stage/etc/avocet/avocet.yaml"
}

stage_avocet-query() {
  install -D -m 755 "$BUILD/avocet-query" "$1/usr/bin/avocet-query"
  # cargo leaves symbols that nobody who installs a package needs.
  strip --strip-unneeded "$1/usr/bin/avocet-query"
}

# pack PACKAGE
pack() {
  local package=$1 stage=$BUILD/deb/$1
  rm -rf "$stage"
  mkdir -p "$stage"
  "stage_$package" "$stage"
  add_documents "$stage" "$package"
  find "$stage" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  AVOCET_PACKAGE=$package AVOCET_STAGE=$stage AVOCET_VERSION=$VERSION AVOCET_REVISION=$REVISION \
    AVOCET_MAINTAINER=$MAINTAINER \
    cpack -G DEB --config "$DEBIAN/cpack.cmake" -B "$BUILD/deb/out" >"$BUILD/deb/$package.log" 2>&1 || {
    cat "$BUILD/deb/$package.log" >&2
    die "cannot pack $package"
  }
  local file
  file=$(cd "$BUILD/deb/out" && echo "${package}_$VERSION-${REVISION}_"*.deb)
  mv "$BUILD/deb/out/$file" "$BUILD/$file"
  say "built build/$file ($(du -h --apparent-size "$BUILD/$file" | cut -f1))"
}

main() {
  local packages=("$@") package
  umask 022
  command -v dpkg-shlibdeps >/dev/null || die "dpkg-shlibdeps is not there; install dpkg-dev"
  if [ ${#packages[@]} = 0 ]; then
    packages=(avocet)
    if [ -x "$BUILD/avocet-query" ]; then packages+=(avocet-query); fi
  fi
  for package in "${packages[@]}"; do
    [ -x "$BUILD/$package" ] || die "build/$package is not there; run \`make build query\` first"
    pack "$package"
  done
}

main "$@"
