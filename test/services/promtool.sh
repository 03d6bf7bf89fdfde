#!/usr/bin/env bash
# promtool, which judges metrics and alert rules: from Debian's package, without the server in it.
# Usage: promtool.sh install | run ARGUMENT...
. "$(dirname "$0")/service.sh"
HOME_OF=$SERVICES/promtool-debian

fetch() {
  cd "$1" && apt-get download prometheus &&
    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool &&
    rm prometheus_*.deb
}

install() {
  need apt-get dpkg-deb
  install_once "$HOME_OF" fetch || exit 69
}

case ${1:-} in
  install) install ;;
  run)
    install
    shift
    exec "$HOME_OF/promtool" "$@"
    ;;
  *)
    echo "usage: $0 install | run ARGUMENT..." >&2
    exit 64
    ;;
esac
