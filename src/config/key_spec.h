// KeySpec: one key of the configuration, declared once for the parser, the dump, the JSON Schema
// and the reference page.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "src/config/config.h"
#include "src/config/named_file.h"

namespace avocet {

enum class KeyKind : uint8_t {
  kText,
  kWord,  ///< one of `words`
  kBool,
  kInteger,
  kNumber,
  kDuration,  ///< microseconds
  kBytes,
  kInstant,   ///< microseconds since 1970 UTC
  kTextList,  ///< a single text is a list of one
  kTextMap,   ///< a map from names to texts
  kNumberList,
  kRange,    ///< [low, high]; infinite when an end is open
  kSection,  ///< a map with the keys `keys`
  kMetrics,  ///< schema.metrics
  kSources,
  kDetectors,
  kAlertRules,     ///< alerts.rules
  kAlertChannels,  ///< alerts.channels
  kMaintenance,
  kDeviceLabels,  ///< devices.labels
};

/// A value on its way between the file and a Config. Nothing: not set.
using KeyValue =
    std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<std::string>,
                 std::vector<double>, std::map<std::string, std::string>>;

struct KeySpec {
  std::string name;
  KeyKind kind = KeyKind::kText;
  std::string help;                                       ///< one sentence for the reference page
  double min = -std::numeric_limits<double>::infinity();  ///< of numbers, durations and sizes
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;          ///< `min` itself is not allowed
  std::string limit_reason;        ///< why, for the message about a value outside the limits
  std::vector<std::string> words;  ///< allowed texts; of a list, of each entry
  bool required = false;
  bool secret = false;                    ///< never shown
  bool allow_empty = false;               ///< of a text or a list of texts
  FileContent file = FileContent::kNone;  ///< of a text: it is the path of a file with this
  std::map<std::string, FileContent> entry_files;  ///< of a map of texts: entries that are paths
  std::string partner;         ///< key of the same section that must be set with this one
  std::string shorthand;       ///< of a section: the key that a plain value in its place sets
  std::string default_note;    ///< when the default is not a constant
  std::string example;         ///< YAML for the complete example; empty: the default
  bool commented_out = false;  ///< in the complete example
  std::vector<KeySpec> keys;   ///< of a section
  KeyValue default_value;      ///< used when `get` is null

  // Access to the value within the struct that the section stands for. Null for sections and lists
  // of maps.
  void (*set)(const KeySpec&, void* object, const KeyValue&) = nullptr;
  KeyValue (*get)(const KeySpec&, const void* object) = nullptr;
  const void* (*defaults)() = nullptr;     ///< a default struct
  void* (*enter)(void* object) = nullptr;  ///< of a section: the struct of its keys

  KeyValue Default() const { return get != nullptr ? get(*this, defaults()) : default_value; }

  // For declarations: each returns the key, changed.
  KeySpec& Words(std::initializer_list<const char*> allowed) {
    words.assign(allowed.begin(), allowed.end());
    if (kind == KeyKind::kText) kind = KeyKind::kWord;
    return *this;
  }
  KeySpec& As(KeyKind other) {
    kind = other;
    return *this;
  }
  KeySpec& Between(double low, double high) {
    min = low;
    max = high;
    return *this;
  }
  KeySpec& Between(Duration low, Duration high) {
    return Between(static_cast<double>(low.count()), static_cast<double>(high.count()));
  }
  KeySpec& Above(double low) {
    min = low;
    above_min = true;
    return *this;
  }
  KeySpec& Because(std::string reason) {
    limit_reason = std::move(reason);
    return *this;
  }
  KeySpec& Required() {
    required = true;
    return *this;
  }
  KeySpec& Secret() {
    secret = true;
    return *this;
  }
  KeySpec& AllowEmpty() {
    allow_empty = true;
    return *this;
  }
  KeySpec& Names(FileContent content) {
    file = content;
    return *this;
  }
  KeySpec& NamesIn(std::map<std::string, FileContent> entries) {
    entry_files = std::move(entries);
    return *this;
  }
  KeySpec& With(std::string key) {
    partner = std::move(key);
    return *this;
  }
  KeySpec& Shorthand(std::string key) {
    shorthand = std::move(key);
    return *this;
  }
  KeySpec& DefaultNote(std::string note) {
    default_note = std::move(note);
    return *this;
  }
  KeySpec& CommentOut() {
    commented_out = true;
    return *this;
  }
  KeySpec& Example(std::string yaml) {
    example = std::move(yaml);
    return *this;
  }
};

namespace key_spec_internal {

template <typename Member>
struct MemberTraits;
template <typename C, typename T>
struct MemberTraits<T C::*> {
  using Class = C;
  using Type = T;
};
template <auto kMember>
using ClassOf = typename MemberTraits<decltype(kMember)>::Class;
template <auto kMember>
using TypeOf = typename MemberTraits<decltype(kMember)>::Type;

template <typename T>
constexpr KeyKind KindOf() {
  if constexpr (std::is_same_v<T, bool>) return KeyKind::kBool;
  if constexpr (std::is_enum_v<T>) return KeyKind::kWord;
  if constexpr (std::is_integral_v<T>) return KeyKind::kInteger;
  if constexpr (std::is_same_v<T, Duration>) return KeyKind::kDuration;
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return KeyKind::kTextList;
  if constexpr (std::is_same_v<T, std::map<std::string, std::string>>) return KeyKind::kTextMap;
  if constexpr (std::is_same_v<T, std::vector<double>>) return KeyKind::kNumberList;
  if constexpr (std::is_same_v<T, double>) return KeyKind::kNumber;
  if constexpr (std::is_same_v<T, std::optional<double>>) return KeyKind::kNumber;
  return KeyKind::kText;
}

template <typename T>
void Store(const KeySpec& key, const KeyValue& value, T* out) {
  if constexpr (std::is_same_v<T, bool>) {
    *out = std::get<bool>(value);
  } else if constexpr (std::is_enum_v<T>) {
    const auto& words = key.words;
    const auto found = std::find(words.begin(), words.end(), std::get<std::string>(value));
    *out = static_cast<T>(found - words.begin());
  } else if constexpr (std::is_integral_v<T>) {
    *out = static_cast<T>(std::get<int64_t>(value));
  } else if constexpr (std::is_same_v<T, Duration>) {
    *out = Duration(std::get<int64_t>(value));
  } else if constexpr (std::is_same_v<T, std::optional<double>>) {
    *out = std::get<double>(value);
  } else {
    *out = std::get<T>(value);
  }
}

template <typename T>
KeyValue Fetch(const KeySpec& key, const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return key.words.at(static_cast<size_t>(value));
  } else if constexpr (std::is_same_v<T, Duration>) {
    return int64_t{value.count()};
  } else if constexpr (std::is_same_v<T, std::optional<double>>) {
    return value ? KeyValue(*value) : KeyValue();
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    // An instant of zero means that none is given.
    if (key.kind == KeyKind::kInstant && value == 0) return {};
    return static_cast<int64_t>(value);
  } else {
    return value;
  }
}

template <typename T>
const void* DefaultObject() {
  static const T object;
  return &object;
}

}  // namespace key_spec_internal

/// A key whose value is the member `kMember` of its section's struct.
template <auto kMember>
KeySpec Key(std::string name, std::string help) {
  namespace internal = key_spec_internal;
  using Class = internal::ClassOf<kMember>;
  using Type = internal::TypeOf<kMember>;
  KeySpec key;
  key.name = std::move(name);
  key.help = std::move(help);
  key.kind = internal::KindOf<Type>();
  key.set = [](const KeySpec& self, void* object, const KeyValue& value) {
    internal::Store<Type>(self, value, &(static_cast<Class*>(object)->*kMember));
  };
  key.get = [](const KeySpec& self, const void* object) {
    return internal::Fetch<Type>(self, static_cast<const Class*>(object)->*kMember);
  };
  key.defaults = internal::DefaultObject<Class>;
  return key;
}

/// A key whose value is the member `kInner` of the member `kOuter` of its section's struct.
template <auto kOuter, auto kInner>
KeySpec Key(std::string name, std::string help) {
  namespace internal = key_spec_internal;
  using Class = internal::ClassOf<kOuter>;
  using Type = internal::TypeOf<kInner>;
  KeySpec key = Key<kInner>(std::move(name), std::move(help));
  key.set = [](const KeySpec& self, void* object, const KeyValue& value) {
    internal::Store<Type>(self, value, &(static_cast<Class*>(object)->*kOuter.*kInner));
  };
  key.get = [](const KeySpec& self, const void* object) {
    return internal::Fetch<Type>(self, static_cast<const Class*>(object)->*kOuter.*kInner);
  };
  key.defaults = internal::DefaultObject<Class>;
  return key;
}

/// A section whose keys belong to the same struct as the section itself.
inline KeySpec Section(std::string name, std::string help, std::vector<KeySpec> keys) {
  KeySpec key;
  key.name = std::move(name);
  key.help = std::move(help);
  key.kind = KeyKind::kSection;
  key.keys = std::move(keys);
  key.enter = [](void* object) { return object; };
  return key;
}

/// A section whose keys belong to the member `kMember`.
template <auto kMember>
KeySpec Section(std::string name, std::string help, std::vector<KeySpec> keys) {
  KeySpec key = Section(std::move(name), std::move(help), std::move(keys));
  key.enter = [](void* object) -> void* {
    return &(static_cast<key_spec_internal::ClassOf<kMember>*>(object)->*kMember);
  };
  return key;
}

}  // namespace avocet
