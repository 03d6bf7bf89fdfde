#!/usr/bin/env bash
# AWS Lambda's runtime interface emulator around the program $BOOTSTRAP, one invocation at a time.
# Ready: it listens; the function asks for its events at the next port. It comes inside the Python
# package aws-sam-cli, of which only that file is kept.
. "$(dirname "$0")/service.sh"
VERSION=1.170.0
HOME_OF=$SERVICES/lambda-rie-$VERSION

fetch() {
  local machine
  case $(uname -m) in
    aarch64) machine=arm64 ;;
    *) machine=x86_64 ;;
  esac
  python3 -m pip download --quiet --disable-pip-version-check --no-deps -d "$1/download" "aws-sam-cli==$VERSION"
  python3 - "$1" "$machine" <<'PYTHON'
import pathlib
import sys
import zipfile

home = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next((home / "download").glob("*.whl"))) as wheel:
    program = home / "aws-lambda-rie"
    program.write_bytes(wheel.read(f"samcli/local/rapid/aws-lambda-rie-{sys.argv[2]}"))
    program.chmod(0o755)
PYTHON
  rm -rf "$1/download"
}

install() {
  need python3
  install_once "$HOME_OF" fetch
}

run() {
  cd "$2" || exit 1
  : "${BOOTSTRAP:?is not set: the program to run}"
  exec env AWS_LAMBDA_FUNCTION_NAME=producer AWS_LAMBDA_FUNCTION_TIMEOUT="${TIMEOUT_S:-30}" \
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256 _HANDLER=bootstrap LAMBDA_TASK_ROOT="$(dirname "$BOOTSTRAP")" \
    "$HOME_OF/aws-lambda-rie" --runtime-interface-emulator-address "127.0.0.1:$1" \
    --runtime-api-address "127.0.0.1:$(($1 + 1))" "$BOOTSTRAP"
}

dispatch "$@"
