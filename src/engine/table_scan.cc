#include "src/engine/table_scan.h"

#include <algorithm>

#include "src/base/time_format.h"

namespace avocet {

// Texts of statistics may be cut: a maximum is then no longer one. Only the beginning is compared.
bool MayHoldDevice(const TableFile& file, const std::string& device) {
  const auto low = file.min_texts.find("device_id");
  const auto high = file.max_texts.find("device_id");
  if (low != file.min_texts.end() && device < low->second) return false;
  return high == file.max_texts.end() || device.substr(0, high->second.size()) <= high->second;
}

// Statistics have milliseconds and UTC, as in "2025-01-01T00:00:00.000Z", which FormatTimestamp
// writes too; one second is left for how they are rounded.
bool MayHoldTimes(const TableFile& file, int64_t from_us, int64_t to_us) {
  constexpr int64_t kSlack = 1'000'000;
  constexpr size_t kSecondsText = 19;
  const auto seconds = [](const std::string& text) { return text.substr(0, kSecondsText); };
  const auto low = file.min_texts.find("event_time");
  const auto high = file.max_texts.find("event_time");
  if (to_us < INT64_MAX - kSlack && low != file.min_texts.end() &&
      seconds(low->second) > seconds(FormatTimestamp(to_us + kSlack))) {
    return false;
  }
  return from_us <= INT64_MIN + kSlack || high == file.max_texts.end() ||
         seconds(high->second) >= seconds(FormatTimestamp(from_us - kSlack));
}

void SortNewestFirst(std::vector<TableFile>* files) {
  const auto newest = [](const TableFile& file) {
    const auto found = file.max_texts.find("event_time");
    return found == file.max_texts.end() ? std::string("~") : found->second;
  };
  std::stable_sort(files->begin(), files->end(),
                   [&](const TableFile& a, const TableFile& b) { return newest(a) > newest(b); });
}

}  // namespace avocet
