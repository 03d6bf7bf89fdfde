// The members of a JSON record as slices of its text, to change some and keep the rest byte by
// byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

struct JsonMember {
  std::string_view key;    ///< as written, between its quotes
  std::string_view value;  ///< as written, without surrounding white space

  bool is_null() const { return value == "null" || value == "\"\""; }
  bool is_string() const { return value.starts_with('"'); }
  /// The key or, for a string, the value as text.
  std::string Key() const;
  std::string Text() const;
};

/// The members of `object`, in order; nothing when it is no JSON object. Values are only looked at
/// as far as it takes to find their end. The slices point into `object`.
std::optional<std::vector<JsonMember>> SplitJsonObject(std::string_view object);

/// The member that the schema's path `path` leads to, as decoding has it: the keys of the path, a
/// key that is the whole path, or a key whose normalised form is the path. `top` is set to the
/// index of the member of `members` that it is, or lies in.
std::optional<JsonMember> FindMember(const std::vector<JsonMember>& members, std::string_view path,
                                     size_t* top);

}  // namespace avocet
