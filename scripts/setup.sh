#!/usr/bin/env bash
# Installs what is missing to build and test avocet on Debian 12. Takes well under a second when
# nothing is. Usage: scripts/setup.sh [build] [test] [lint] [fuzz] [web] [package] [package-test]   (default: build)
set -euo pipefail
. "$(dirname "$0")/env.sh"

# What web/package.json asks for.
MIN_NODE=18
# What the crates ask for.
MIN_RUST=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT"/rust/*/Cargo.toml | sort -V | tail -n 1)

declare -A PACKAGES=(
  [build]="g++ cmake ninja-build make pkg-config git curl ca-certificates binutils ccache mold
    libsimdjson-dev libyaml-cpp-dev libfmt-dev libspdlog-dev libcli11-dev libsqlite3-dev libabsl-dev tzdata
    libboost1.81-dev libcurl4-openssl-dev libssl-dev libzstd-dev zlib1g-dev librdkafka-dev
    libxxhash-dev libgtest-dev libbenchmark-dev"
  [test]="python3 python3-venv python3-dev openssl kcat maven openjdk-17-jre-headless mosquitto mosquitto-clients faketime zsh
    chromium fonts-dejavu-core groff-base"
  [lint]="python3 python3-venv clang-format-14 clang-tidy-14 shellcheck"
  [fuzz]="clang-19 libclang-rt-19-dev"
  [web]=""
  [package]="dpkg-dev file"
  [package-test]="debootstrap lintian systemd systemd-container buildah"
)

# as_root COMMAND...: runs it as root, or fails with the command that a person has to run.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    die "packages are missing, and this is neither root nor is there sudo; as root, run: $*"
  fi
}

update_package_lists() {
  local attempt
  for attempt in 1 2 3 4 5; do
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update && return 0
    say "the package lists are busy or the network is; attempt $attempt of 5 did not succeed"
    sleep 5
  done
  die "cannot update the package lists with apt-get update"
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    die "this is not a Debian system; install the equivalents of these packages by hand: $*"
  fi
  heading "installing $*"
  update_package_lists
  as_root apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@"
}

missing_packages() {
  command -v dpkg-query >/dev/null || return 0
  local installed name
  # `${Status}` tells installed from removed with its configuration left behind.
  installed=" $(dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null |
    sed -n 's/ install ok installed$//p' | tr '\n' ' ') "
  for name in "$@"; do
    [[ $installed == *" $name "* ]] || printf '%s ' "$name"
  done
}

rust_version() {
  command -v cargo >/dev/null && command -v rustc >/dev/null || return 0
  rustc --version 2>/dev/null | cut -d' ' -f2 | cut -d- -f1
}

rust_is_new_enough() { [ -n "$1" ] && has_version "$MIN_RUST" "$1"; }

debian_rust_version() {
  apt-cache policy cargo-web 2>/dev/null | sed -n 's/^  Candidate: \([0-9.]*\).*/\1/p'
}

ensure_rust() {
  local have candidate
  have=$(rust_version)
  if rust_is_new_enough "$have"; then return; fi
  heading "installing Rust $MIN_RUST or later (found: ${have:-none})"
  if command -v rustup >/dev/null; then
    rustup toolchain install stable --profile minimal -c rustfmt -c clippy
    rustup default stable
  else
    command -v apt-get >/dev/null && update_package_lists
    candidate=$(debian_rust_version)
    if [ -n "$candidate" ] && has_version "$MIN_RUST" "$candidate"; then
      install_packages rustc-web cargo-web rustfmt-web
    else
      say "Debian's packages have no Rust of that age; rustup installs it into $HOME/.cargo"
      curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --no-modify-path --profile minimal -c rustfmt -c clippy
    fi
  fi
  hash -r
  if [ -x "$HOME/.cargo/bin/cargo" ]; then PATH=$HOME/.cargo/bin:$PATH; fi
  have=$(rust_version)
  rust_is_new_enough "$have" ||
    die "Rust $MIN_RUST or later is needed, found ${have:-none}; see https://rustup.rs"
}

node_version() { command -v npm >/dev/null && node --version 2>/dev/null | sed 's/^v//'; }

ensure_node() {
  local have
  have=$(node_version)
  if [ -n "$have" ] && has_version "$MIN_NODE" "$have"; then return; fi
  install_packages nodejs npm
  hash -r
  have=$(node_version)
  has_version "$MIN_NODE" "${have:-0}" ||
    die "Node.js $MIN_NODE or later with npm is needed to change the dashboard, found ${have:-none}"
}

# ensure_web: the packages of web/, as its lock file names them.
ensure_web() {
  local want
  want=$(sha256sum <"$ROOT/web/package-lock.json")
  [ "$(cat "$ROOT/web/node_modules/.lock.sha256" 2>/dev/null)" = "$want" ] && return 0
  heading "installing the packages of web/package-lock.json"
  npm --prefix "$ROOT/web" ci --no-audit --no-fund --loglevel=error
  echo "$want" >"$ROOT/web/node_modules/.lock.sha256"
}

# ensure_venv FILE...: the Python packages of these requirement files, in one virtual environment.
ensure_venv() {
  local want
  want=$(cat "$@" | sha256sum | cut -d' ' -f1)
  # The stamp is inside what it vouches for, and a venv dies with its interpreter.
  [ "$(cat "$VENV/requirements.sha256" 2>/dev/null)" = "$want" ] &&
    "$VENV/bin/python3" -c '' 2>/dev/null && return 0
  heading "installing Python packages into $VENV"
  rm -rf "$VENV"
  python3 -m venv "$VENV"
  local file arguments=()
  for file in "$@"; do arguments+=(-r "$file"); done
  "$VENV/bin/pip" install --quiet --disable-pip-version-check "${arguments[@]}"
  echo "$want" >"$VENV/requirements.sha256"
}

main() {
  local groups=("$@") group names=() missing
  [ ${#groups[@]} -gt 0 ] || groups=(build)
  for group in "${groups[@]}"; do
    [ -n "${PACKAGES[$group]+set}" ] || die "unknown group \"$group\"; known: ${!PACKAGES[*]}"
    read -r -d '' -a words <<<"${PACKAGES[$group]}" || true
    names+=("${words[@]}")
  done
  mkdir -p "$AVOCET_CACHE"
  missing=$(missing_packages "${names[@]}")
  # Word splitting is the point: a list of names.
  # shellcheck disable=SC2086
  [ -z "$missing" ] || install_packages $missing
  ensure_rust
  case " ${groups[*]} " in
    *" test "* | *" lint "*) ensure_venv "$ROOT/test/requirements.txt" ;;
  esac
  case " ${groups[*]} " in
    *" web "* | *" lint "*) ensure_node && ensure_web ;;
  esac
}

main "$@"
