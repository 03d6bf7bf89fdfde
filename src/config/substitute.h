// Environment variables in configuration values: ${VAR}, ${VAR:-default}, ${VAR:?message}, $$.
#pragma once

#include <string>
#include <string_view>

#include "src/config/load.h"

namespace avocet {

struct Substitution {
  std::string text;     ///< the value with every reference replaced; `$$` becomes `$`
  bool used = false;    ///< a reference was replaced, so the text may be a secret
  std::string error;    ///< one sentence when a reference cannot be replaced; else empty
  std::string_view at;  ///< the part of the input that `error` is about
};

/// Replaces the references in `text`. As in a shell, `:-` and `:?` treat an empty variable as
/// unset. A `$` that starts neither `${` nor `$$` stays as it is. Replaced text is not looked at
/// again.
Substitution Substitute(std::string_view text, const Lookup& environment);

}  // namespace avocet
