#include "src/model/metric_name.h"

#include <algorithm>
#include <array>

namespace avocet {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string NormalizeMetricName(std::string_view key) {
  std::string name;
  name.reserve(key.size() + 1);
  bool is_gap = false;
  for (const char c : key) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!IsDigit(lower) && !(lower >= 'a' && lower <= 'z')) {
      is_gap = true;
      continue;
    }
    if (name.empty() ? IsDigit(lower) : is_gap) name.push_back('_');
    is_gap = false;
    name.push_back(lower);
  }
  return name;
}

bool IsReservedColumn(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kReserved = {"device_id", "event_time", "late",
                                                                "date"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

}  // namespace avocet
