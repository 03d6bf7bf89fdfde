// DeviceKey: the device of a record, under which streams keep its records in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "src/decode/json_members.h"

namespace avocet {

class DeviceKey {
 public:
  /// `field`: path of the device in a record; empty: records have none.
  explicit DeviceKey(std::string field) : field_(std::move(field)) {}

  /// "-" for a record without one.
  std::string Of(std::string_view line) const {
    const auto members = SplitJsonObject(line);
    size_t top = 0;
    const auto found = members ? FindMember(*members, field_, &top) : std::nullopt;
    if (!found || found->is_null()) return "-";
    return found->is_string() ? found->Text() : std::string(found->value);
  }

 private:
  const std::string field_;
};

}  // namespace avocet
