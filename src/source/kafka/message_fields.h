// MessageFields: makes what stands beside a message (key, headers, topic) part of its record.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avocet {

/// Appends `payload` to `out` as a JSON object that begins with `fields`, names and JSON values.
/// The members of an object follow them; any other payload becomes the member `value_name`. The
/// bytes of the payload are not looked into, so that what is wrong with it is found, and said, in
/// decoding.
void AppendWithFields(const std::vector<std::pair<std::string, std::string>>& fields,
                      std::string_view payload, std::string_view value_name, std::string* out);

/// `text` as a JSON string.
std::string JsonText(std::string_view text);

}  // namespace avocet
