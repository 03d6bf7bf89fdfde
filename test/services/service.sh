# Sourced by the scripts of this folder, which define `install` and `run PORT DIRECTORY`.
# shellcheck shell=bash
set -euo pipefail
AVOCET_CACHE=${AVOCET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/avocet}
SERVICES=$AVOCET_CACHE/services

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || {
      echo "error: $program is needed for $0" >&2
      exit 69
    }
  done
}

# install_once DIRECTORY COMMAND...: runs the command, which fills $DIRECTORY.new, unless the
# directory is there. Several callers may come at once.
install_once() {
  local directory=$1
  shift
  mkdir -p "$SERVICES"
  (
    flock 9
    [ -d "$directory" ] && exit 0
    rm -rf "$directory.new"
    mkdir -p "$directory.new"
    "$@" "$directory.new" >"$directory.log" 2>&1 9>&- || {
      tail -n 20 "$directory.log" >&2
      exit 1
    }
    mv "$directory.new" "$directory"
  ) 9>"$directory.lock"
}

# fetch_jars CHECKSUMS GROUP:ARTIFACT:VERSION... DIRECTORY: what the artifacts need to run goes from
# Maven to DIRECTORY/libs, and has to be what the file of sha256sum says.
fetch_jars() {
  local checksums=$1 directory=${*: -1} artifact group name version
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>local</groupId><artifactId>service</artifactId><version>1</version>'
    echo '<packaging>pom</packaging><dependencies>'
    for artifact in "${@:2:$#-2}"; do
      IFS=: read -r group name version <<<"$artifact"
      echo "<dependency><groupId>$group</groupId><artifactId>$name</artifactId>" \
        "<version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$directory/pom.xml"
  (cd "$directory" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs)
  (cd "$directory/libs" && sha256sum --strict --quiet -c "$checksums")
}

dispatch() {
  case ${1:-} in
    install) install ;;
    run)
      install
      mkdir -p "$3"
      run "$2" "$3"
      ;;
    *)
      echo "usage: $0 install | run PORT DIRECTORY" >&2
      exit 64
      ;;
  esac
}
