// ReadingRules: from the values of a record's fields to a typed reading, by the schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/config/config.h"
#include "src/decode/event_time.h"
#include "src/decode/field_tree.h"
#include "src/decode/record_reader.h"
#include "src/decode/reject_codes.h"

namespace avocet {

/// One reading. Reused from record to record.
struct Reading {
  /// Points into the record or, when it is not written there as it is, to `device_copy`. Empty when
  /// the schema has a constant device.
  std::string_view device;
  std::string device_copy;
  int64_t event_time_us = 0;
  std::vector<double> metrics;  ///< kNullValue where the record has none
  std::string new_metric;       ///< long form: the metric to be, empty if it is known
};

/// Holds the schema's rules and the metric list. Used by one thread.
class ReadingRules {
 public:
  explicit ReadingRules(const SchemaConfig& schema);

  /// REQUIRES: units that FindConversion knows.
  void SetMetrics(std::span<const std::string> names);

  /// The fields that Apply looks for, by the numbers it looks for them with.
  FieldTree MakeFieldTree() const;
  /// True for a top-level key that names the device, exactly or in normalised form.
  bool IsDeviceKey(std::string_view key) const;
  size_t num_fields() const { return kFirstMetricField + metrics_.size(); }
  size_t num_metrics() const { return metrics_.size(); }

  /// The column that `key` becomes when the schema evolves; empty if it can be none or is one.
  std::string NewMetricName(std::string_view key) const;

  /// Checks the record that `reader` read last, which begins at `record`. False: `*why` is set.
  bool Apply(const RecordReader& reader, const char* record, int64_t now_us, Reading* reading,
             Rejection* why);

 private:
  static constexpr uint32_t kDeviceField = 0;
  static constexpr uint32_t kTimeField = 1;
  static constexpr uint32_t kMetricNameField = 2;
  static constexpr uint32_t kMetricValueField = 3;
  static constexpr uint32_t kFirstMetricField = 4;

  struct Metric {
    std::string name;
    std::string field;
    bool is_converted = false;
    double scale = 1;
    double offset = 0;
  };

  bool IsLongForm() const { return !schema_.metric_field.empty(); }
  bool ReadDevice(const FieldValue* value, Reading* reading, Rejection* why) const;
  bool ReadTime(const FieldValue* value, int64_t now_us, Reading* reading, Rejection* why);
  bool ReadWideForm(const RecordReader& reader, Reading* reading, Rejection* why);
  bool ReadLongForm(const RecordReader& reader, Reading* reading, Rejection* why);
  bool ReadMetric(const FieldValue& value, const Metric& metric, const std::string& field,
                  double* result, Rejection* why);
  std::string_view Unescaped(const FieldValue& value);

  SchemaConfig schema_;
  EventTimeReader times_;
  std::vector<Metric> metrics_;
  std::unordered_map<std::string, size_t> metric_by_name_;  // names and fields
  const char* record_ = nullptr;                            // during Apply
  std::string scratch_;
};

}  // namespace avocet
