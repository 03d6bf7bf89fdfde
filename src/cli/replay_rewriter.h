// ReplayRewriter: gives the records of any file the fields that `run` looks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/config/config.h"
#include "src/decode/event_time.h"
#include "src/decode/json_members.h"

namespace avocet {

/// Where a file has its device and time, and what the reader expects.
struct RewritePlan {
  std::string time_field;
  EventTimeReader times;
  bool decimal_comma = false;   ///< of the numbers in its CSV rows
  std::string device_field;     ///< empty: the file has none
  std::string device_constant;  ///< for records without a device; empty: they stay without
  /// Of the reader's configuration; nothing: the reader has none, so time and device are called
  /// `timestamp` and `device_id`, and their old fields go (they would become metrics).
  std::optional<SchemaConfig> expected;
};

/// The event time of a record of the file, or nothing when it has none.
std::optional<int64_t> EventTimeOf(const RewritePlan& plan, std::string_view json);

/// Owned by one thread.
class ReplayRewriter {
 public:
  explicit ReplayRewriter(RewritePlan plan) : plan_(std::move(plan)) {}

  /// Added to every time.
  void set_shift_us(int64_t shift_us) { shift_us_ = shift_us; }

  /// The record as one line with its end: `device_id`, `timestamp` in ISO 8601, the fields that the
  /// configuration names, and everything else byte by byte. A record without a time that can be
  /// read is passed on as it is, for the reader to judge.
  std::string Rewrite(std::string_view json, std::optional<int64_t> event_time_us);

  uint64_t unchanged() const { return unchanged_; }

 private:
  class Record;
  struct Place;

  static Place FindPlace(const std::vector<JsonMember>& members, std::string_view path);
  bool KeepsTime(const Place& time, int64_t time_us, Record* record) const;
  bool KeepsDevice(const Place& device, const std::string& device_json, Record* record) const;
  std::string TimeAsExpected(int64_t time_us) const;

  RewritePlan plan_;
  int64_t shift_us_ = 0;
  uint64_t unchanged_ = 0;
};

}  // namespace avocet
