// Keys and their values as text: in YAML, and in sentences.
#pragma once

#include <string>
#include <string_view>

#include "src/config/key_spec.h"

namespace avocet {

/// `text` as a YAML scalar in one line, in quotes only where they are needed, with "$" doubled.
std::string YamlText(std::string_view text);

/// `value` of `key` as YAML in one line that ParseConfig reads back; empty when it is not set.
std::string YamlValue(const KeySpec& key, const KeyValue& value);

/// A value of the key for the complete example and for messages, as YAML: its example, else its
/// default; may be empty.
std::string Example(const KeySpec& key);

/// What the key's value has to be, for example `a duration such as "10s"`.
std::string Expectation(const KeySpec& key);

/// The limits of the key's value, for example `from 1 to 22`; empty when there are none.
std::string Limits(const KeySpec& key);

/// The limit that `value` breaks, as in Limits. REQUIRES: it breaks one.
std::string Violation(const KeySpec& key, double value);

/// "a, b, c".
template <typename Range>
std::string Join(const Range& parts, std::string_view separator = ", ") {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace avocet
