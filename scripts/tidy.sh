#!/usr/bin/env bash
# clang-tidy on the C++ files that differ from TIDY_BASE (default: origin/main, or else the last
# commit), or on all with --all.
set -euo pipefail
. "$(dirname "$0")/env.sh"

TREE=$BUILD/cmake-release

changed_files() {
  local base=${TIDY_BASE:-origin/main}
  git rev-parse -q --verify "$base^{commit}" >/dev/null || base=HEAD
  git diff --name-only --diff-filter=d "$(git merge-base "$base" HEAD)" -- 'src/*.cc'
  git ls-files -o --exclude-standard 'src/*.cc'
}

main() {
  local files
  cd "$ROOT"
  if [ "${1:-}" = --all ]; then
    files=$(git ls-files -co --exclude-standard 'src/*.cc')
  else
    files=$(changed_files)
  fi
  # Tests and benchmarks are judged by the compiler and by their reader.
  files=$(grep -vE '_(test|bench)\.cc$' <<<"$files" || true)
  if [ -z "$files" ]; then
    say "no C++ file differs"
    return
  fi
  [ -f "$TREE/compile_commands.json" ] || scripts/build.sh release
  say "$(wc -l <<<"$files") files"
  xargs -n 4 -P "$JOBS" clang-tidy-14 -p "$TREE" --quiet \
    --extra-arg=-Wno-unknown-warning-option <<<"$files" 2>/dev/null
}

main "$@"
