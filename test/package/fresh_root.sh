#!/usr/bin/env bash
# A minimal Debian with systemd in a folder, to install packages into as on a new machine. As root:
#
#   fresh_root.sh base            make it once, in the cache; prints its path. Exit code 69: what is needed is not here
#   fresh_root.sh copy DIRECTORY  a copy of it, of one's own
#   fresh_root.sh run DIRECTORY COMMAND...   runs the command there, as root, with /proc and /dev
#
# Package sources, their keys and certificates are those of this machine. So is the network, for
# `run`; processes started there are in a namespace of their own and end with it.
set -euo pipefail
SUITE=bookworm
BASE=${AVOCET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/avocet}/fresh-root/$SUITE

missing() {
  echo "$1" >&2
  exit 69
}

# The first package source of this machine.
mirror() {
  sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1
}

make_base() {
  local root=$1
  debootstrap --variant=minbase --include=ca-certificates,debian-archive-keyring,systemd-sysv "$SUITE" "$root" "$(mirror)"
  rm -f "$root/etc/apt/sources.list"
  cp -a /etc/apt/. "$root/etc/apt/"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  chroot "$root" apt-get -qq update
}

base() {
  [ "$(id -u)" = 0 ] || missing "a fresh Debian root can only be made by root"
  command -v debootstrap >/dev/null || missing "debootstrap is not installed"
  command -v systemd-nspawn >/dev/null || missing "systemd-nspawn (systemd-container) is not installed"
  [ -n "$(mirror)" ] || missing "this machine has no Debian package source"
  mkdir -p "$(dirname "$BASE")"
  (
    flock 9
    [ -d "$BASE" ] && exit 0
    rm -rf --one-file-system "$BASE.new"
    make_base "$BASE.new" >"$BASE.log" 2>&1 9>&- || {
      tail -n 20 "$BASE.log" >&2
      exit 1
    }
    mv "$BASE.new" "$BASE"
  ) 9>"$BASE.lock"
  echo "$BASE"
}

# run DIRECTORY COMMAND...: with mounts and processes that end with the command.
run() {
  local root=$1
  shift
  # The variables are for the shell within.
  # shellcheck disable=SC2016
  exec unshare --mount --pid --fork --kill-child sh -c '
    root=$1; shift
    mount --make-rprivate / && mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" || exit 1
    exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$root" "$@"
}

case ${1:-} in
  base) base ;;
  copy) cp -a --reflink=auto "$(base)" "$2" ;;
  run) shift && run "$@" ;;
  *)
    echo "usage: $0 base | copy DIRECTORY | run DIRECTORY COMMAND..." >&2
    exit 64
    ;;
esac
