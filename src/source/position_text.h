// PositionText: reads the JSON object that a source has written as its position.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace avocet {

/// A flat JSON object: strings, integers, booleans and arrays of strings. Other values are skipped,
/// so positions of later versions can be read.
class PositionText {
 public:
  /// kCorrupt when `text` is not a JSON object.
  static Result<PositionText> Parse(std::string_view text);

  /// The value of `key`, or what stands in for it when it is absent or of another type.
  std::string String(std::string_view key) const;
  uint64_t Unsigned(std::string_view key, uint64_t otherwise = 0) const;
  bool Bool(std::string_view key) const;
  bool Has(std::string_view key) const { return values_.contains(key); }
  std::vector<std::string> Strings(std::string_view key) const;

 private:
  struct Value {
    std::string text;  // of a string, or the bare word
    std::vector<std::string> items;
    bool is_string = false;
  };
  class Parser;

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace avocet
