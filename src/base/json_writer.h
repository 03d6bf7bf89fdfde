// JsonWriter: builds compact JSON text.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace avocet {

/// Appends `text` as a JSON string with its quotes. Control characters are escaped, and each
/// invalid UTF-8 sequence becomes U+FFFD, so the result is always valid JSON and UTF-8.
void AppendJsonString(std::string_view text, std::string* out);

/// Appends the shortest text that reads back as the same double; null for NaN and infinities, which
/// JSON does not have.
void AppendJsonDouble(double value, std::string* out);

/// Writes one JSON value, commas and all. Calls in an order that is not JSON are bugs and stop the
/// process. Owned by one thread.
///
///   JsonWriter json;
///   json.BeginObject().Field("rows",
///   3).Key("names").BeginArray().String("a").EndArray().EndObject(); json.Take();  //
///   {"rows":3,"names":["a"]}
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  /// The key of the next value. REQUIRES: the innermost open thing is an object.
  JsonWriter& Key(std::string_view key);

  JsonWriter& String(std::string_view value);
  JsonWriter& Int(int64_t value);
  JsonWriter& Uint(uint64_t value);
  JsonWriter& Double(double value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  /// A value that is JSON text already. REQUIRES: `json` is one valid JSON value.
  JsonWriter& Raw(std::string_view json);

  /// Key and value in one call.
  template <typename T>
  JsonWriter& Field(std::string_view key, const T& value) {
    Key(key);
    if constexpr (std::is_same_v<T, bool>) {
      return Bool(value);
    } else if constexpr (std::signed_integral<T>) {
      return Int(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return Uint(value);
    } else if constexpr (std::floating_point<T>) {
      return Double(value);
    } else {
      return String(value);
    }
  }

  /// As Field; null instead of an empty text, or of a number that there is not.
  JsonWriter& FieldOrNull(std::string_view key, std::string_view text) {
    Key(key);
    return text.empty() ? Null() : String(text);
  }
  JsonWriter& FieldOrNull(std::string_view key, std::optional<int64_t> number) {
    Key(key);
    return number ? Int(*number) : Null();
  }

  /// The finished text; the writer is empty again. REQUIRES: one complete value.
  std::string Take();

 private:
  void BeforeValue();
  JsonWriter& Begin(char bracket);
  JsonWriter& End(char open, char close);

  std::string text_;
  std::string open_;        // brackets that are open, innermost last
  bool has_items_ = false;  // in the innermost open thing, or at the top
  bool has_key_ = false;
};

}  // namespace avocet
