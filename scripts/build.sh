#!/usr/bin/env bash
# Builds avocet. Usage: [AVOCET_AWS=1] scripts/build.sh release|asan|tsan|query [NINJA TARGET...]
#
#   release  build/avocet, stripped, from build/cmake-release
#   asan     build/cmake-asan: debug, AddressSanitizer, UndefinedBehaviorSanitizer, checked library
#   tsan     build/cmake-tsan: debug, ThreadSanitizer
#   query    build/avocet-query, the SQL engine that `avocet query` starts
#
# With AVOCET_AWS=1 the release program can talk to AWS, and build/avocet-lambda is built, too.
# Without a ninja target the program is built. Set-up is the caller's.
set -euo pipefail
. "$(dirname "$0")/env.sh"

LAKE_LIBRARY=$BUILD/libavocet_lake.a
AWS_LIBRARY=$BUILD/libavocet_aws.a
# Once there, always there.
AWS=${AVOCET_AWS:-$([ -e "$AWS_LIBRARY" ] && echo 1 || echo 0)}
export NINJA_STATUS='[c++ %f/%t] '

# Cargo's crates, under a prefix that tells its progress from ninja's.
cargo_build() {
  local crate=$1
  shift
  CARGO_TARGET_DIR=$AVOCET_CACHE/cargo-target-$crate CARGO_TERM_PROGRESS_WHEN=never \
    cargo build --release --locked --manifest-path "$ROOT/rust/$crate/Cargo.toml" "$@" 2>&1 |
    sed -u "s/^/[rust] /"
}

build_lake() {
  cargo_build lake
  copy_if_changed "$AVOCET_CACHE/cargo-target-lake/release/libavocet_lake.a" "$LAKE_LIBRARY"
}

build_aws() {
  cargo_build aws
  copy_if_changed "$AVOCET_CACHE/cargo-target-aws/release/libavocet_aws.a" "$AWS_LIBRARY"
}

build_rust() {
  build_lake
  if [ "$AWS" = 1 ]; then build_aws; fi
}

build_query() {
  cargo_build query
  copy_if_changed "$AVOCET_CACHE/cargo-target-query/release/avocet-query" "$BUILD/avocet-query"
  say "built build/avocet-query"
}

configure() {
  local tree=$1
  shift
  # CMake keeps what it was told, so a repeated call is quick.
  cmake -S "$ROOT" -B "$tree" -G Ninja -DAVOCET_LAKE_LIBRARY="$LAKE_LIBRARY" "$@" \
    >"$tree.log" 2>&1 || {
    cat "$tree.log" >&2
    die "cannot configure $tree"
  }
}

# The layers need no Rust to compile, only the programs do to link.
LAYERS=avocet_cli
build_cpp() {
  local tree=$1 rust_pid
  shift
  build_rust &
  rust_pid=$!
  if ! ninja -C "$tree" -j "$JOBS" "$LAYERS"; then
    wait "$rust_pid" || true
    die "the C++ code does not compile"
  fi
  wait "$rust_pid" || die "the Rust code does not build"
  ninja -C "$tree" -j "$JOBS" "${@:-avocet}"
}

strip_program() {
  local name=$1
  local from=$BUILD/cmake-release/$name to=$BUILD/$name
  if [ "$to" -nt "$from" ]; then return; fi
  # The linked program keeps its symbols where it is; a running build/avocet is not disturbed.
  strip -o "$to.new" "$from" && mv "$to.new" "$to"
  say "built build/$name ($(du -h --apparent-size "$to" | cut -f1))"
}

main() {
  local kind=${1:-release}
  [ $# -gt 0 ] && shift
  mkdir -p "$BUILD" "$AVOCET_CACHE"
  local tree=$BUILD/cmake-$kind aws_library=
  if [ "$kind" != release ]; then AWS=0; fi
  case $kind in
    query)
      build_query
      return
      ;;
    release)
      if [ "$AWS" = 1 ]; then aws_library=$AWS_LIBRARY; fi
      configure "$tree" -DCMAKE_BUILD_TYPE=Release -DAVOCET_AWS_LIBRARY="$aws_library"
      ;;
    asan) configure "$tree" -DCMAKE_BUILD_TYPE=Debug -DAVOCET_SANITIZE=address ;;
    tsan)
      LAYERS=avocet_server # the tests that have threads need no more
      configure "$tree" -DCMAKE_BUILD_TYPE=Debug -DAVOCET_SANITIZE=thread
      ;;
    *) die "unknown build \"$kind\"; known: release asan tsan query" ;;
  esac
  if [ "$AWS" = 1 ]; then set -- "${@:-avocet}" avocet-lambda; fi
  build_cpp "$tree" "$@"
  if [ "$kind" != release ]; then return; fi
  strip_program avocet
  if [ "$AWS" = 1 ]; then strip_program avocet-lambda; fi
}

main "$@"
