# Sourced by the other scripts: where things are, and how to speak to the person at the terminal.
# shellcheck shell=bash

export HOME=${HOME:-$(cd ~ && pwd)}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
# Everything that a second clone can reuse lives outside the tree.
AVOCET_CACHE=${AVOCET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/avocet}
VENV=$AVOCET_CACHE/venv
JOBS=${JOBS:-$(nproc)}
export ROOT BUILD AVOCET_CACHE VENV JOBS
# Objects that one clone compiled serve another at a different path.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
# Both names are used by people for the same thing; cargo and the tests read these.
export AVOCET_BIN=$BUILD/avocet AVOCET_QUERY_BIN=$BUILD/avocet-query

# rustup puts cargo here and only a new login shell would see it.
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
  PATH=$HOME/.cargo/bin:$PATH
fi

heading() { printf '\n== %s\n' "$*"; }
say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# has_version MINIMUM VERSION: succeeds when VERSION is at least MINIMUM.
has_version() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

project_version() { sed -n 's/^project(avocet VERSION \([0-9.]*\).*/\1/p' "$ROOT/CMakeLists.txt"; }

# source_date: seconds since 1970 of the newest commit, or of now outside of a repository.
source_date() { git -C "$ROOT" log -1 --format=%ct 2>/dev/null || date +%s; }

# copy_if_changed FROM TO: leaves the time stamp of TO alone when nothing changed, so that ninja
# does not link again; never leaves a half-written TO.
copy_if_changed() {
  cmp -s "$1" "$2" && return 0
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new" && mv "$2.new" "$2"
}
