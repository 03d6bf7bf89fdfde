#!/usr/bin/env bash
# Copies what `make build` and `make query` built. Usage: scripts/install.sh DIRECTORY
# Builds nothing, so that `sudo make install` compiles nothing as root.
set -euo pipefail
. "$(dirname "$0")/env.sh"

# install_completions SHARE: where shells look for those of programs. zsh has them below
# /usr/local/share by itself; $ZSH_COMPLETIONS names another folder.
install_completions() {
  local share=$1 shell file
  local -A files=(
    [bash]=bash-completion/completions/avocet
    [zsh]=${ZSH_COMPLETIONS:-zsh/site-functions}/_avocet
    [fish]=fish/vendor_completions.d/avocet.fish
  )
  for shell in "${!files[@]}"; do
    file=$share/${files[$shell]}
    install -d "$(dirname "$file")"
    "$BUILD/avocet" completion "$shell" >"$file"
    chmod 644 "$file"
  done
}

install_man_pages() {
  "$BUILD/avocet" man "$1"
  chmod 644 "$1"/man1/avocet*.1 "$1"/man5/avocet*.5
}

# All but examples/seed-path, which needs the emulators of the source tree.
install_examples() {
  install -d "$1/notebooks"
  find "$ROOT/examples" -maxdepth 1 -type f -exec install -m 644 -t "$1" {} +
  install -m 644 "$ROOT"/examples/notebooks/* "$1/notebooks/"
}

main() {
  local to=${1:?usage: scripts/install.sh DIRECTORY}
  [ -x "$BUILD/avocet" ] || die "build/avocet is not there; run \`make build\` first"
  install -D -m 755 "$BUILD/avocet" "$to/bin/avocet"
  if [ -x "$BUILD/avocet-query" ]; then
    install -D -m 755 "$BUILD/avocet-query" "$to/bin/avocet-query"
  else
    warn "build/avocet-query is not there, so \`avocet query\` will not work; \`make query\` builds it"
  fi
  install_man_pages "$to/share/man"
  install_completions "$to/share"
  install -D -m 644 "$ROOT/LICENSE" "$to/share/doc/avocet/LICENSE"
  install_examples "$to/share/doc/avocet/examples"
  say "installed under $to"
}

main "$@"
