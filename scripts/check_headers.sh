#!/usr/bin/env bash
# Every header of src/ compiles alone, with the warnings of the build.
set -euo pipefail
. "$(dirname "$0")/env.sh"

TREE=$BUILD/headers
FLAGS=(-std=c++20 -I "$ROOT" -isystem "$ROOT/rust/lake/include" -Wall -Wextra -Wpedantic -Wshadow
  -Wconversion -Wno-restrict -Wno-missing-field-initializers -Werror)

compile() {
  local header=$1 unit=$TREE/$1.cc
  mkdir -p "$(dirname "$unit")"
  # Included twice, to see that the guard works.
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$unit"
  "${COMPILER[@]}" "${FLAGS[@]}" -c "$unit" -o "$unit.o" ||
    die "$header does not compile alone"
}

main() {
  COMPILER=(g++)
  # The object file is of no use but makes the compilation one that ccache can skip.
  if command -v ccache >/dev/null; then COMPILER=(ccache g++); fi
  cd "$ROOT"
  if [ $# -gt 0 ]; then
    local header
    for header in "$@"; do compile "$header"; done
    return
  fi
  git ls-files -co --exclude-standard 'src/*.h' | xargs -n 4 -P "$JOBS" "$0"
}

main "$@"
