// How YAML 1.2 (core schema) reads an unquoted value. `yes`, `no` and `on` are text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace avocet {

enum class ScalarType : uint8_t { kNull, kBool, kInteger, kFloat, kText };

ScalarType ResolvePlain(std::string_view text);

/// The value of a kBool scalar.
std::optional<bool> ParseYamlBool(std::string_view text);
/// The value of a kInteger scalar (decimal, 0o, 0x), or of a kFloat one without a fraction such as
/// 1e6; nothing when it does not fit.
std::optional<int64_t> ParseYamlInteger(std::string_view text);
/// The value of a kInteger or kFloat scalar, `.inf` and `.nan` included.
std::optional<double> ParseYamlNumber(std::string_view text);

}  // namespace avocet
