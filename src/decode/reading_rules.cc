#include "src/decode/reading_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "src/base/check.h"
#include "src/config/units.h"
#include "src/decode/event_time.h"
#include "src/decode/json_text.h"
#include "src/decode/number_text.h"
#include "src/model/metric_name.h"
#include "src/model/reading_batch.h"

namespace avocet {

namespace {

constexpr size_t kMaxDeviceBytes = 256;

// The value as a message shows it.
std::string Shown(const FieldValue& value) {
  switch (value.kind) {
    case ValueKind::kArray:
      return "an array";
    case ValueKind::kObject:
      return "an object";
    case ValueKind::kString:
      return QuotedForMessage(value.text);
    default: {
      // Numbers and literals are shown as they are, but may be long.
      const std::string quoted = QuotedForMessage(value.text);
      const size_t end = quoted.rfind('"');
      return quoted.substr(1, end - 1) + quoted.substr(end + 1);
    }
  }
}

std::string AboutField(std::string_view field, std::string_view what) {
  std::string message = "field ";
  message.append(QuotedForMessage(field)).append(" ").append(what);
  return message;
}

// Unicode's Cc: U+0000 to U+001F, U+007F, and U+0080 to U+009F in two bytes.
bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool IsInteger(std::string_view number) {
  return number.find_first_of(".eE") == std::string_view::npos;
}

bool IsNull(const FieldValue* value) {
  return value == nullptr || value->kind == ValueKind::kNull ||
         (value->kind == ValueKind::kString && value->text.empty());
}

bool Fail(RejectReason reason, std::string message, int64_t position, Rejection* why) {
  *why = {reason, std::move(message), position};
  return false;
}

bool FailAmbiguous(std::string_view field, int64_t position, Rejection* why) {
  return Fail(RejectReason::kDuplicateKey,
              AboutField(field, "is named by two keys of the record, so its value is ambiguous"),
              position, why);
}

int64_t PositionOf(const FieldValue& value, const char* record) {
  const auto position = value.text.data() - record;
  return value.kind == ValueKind::kString ? position - 1 : position;
}

}  // namespace

ReadingRules::ReadingRules(const SchemaConfig& schema) : schema_(schema), times_(schema) {
  std::vector<std::string> names;
  for (const MetricConfig& metric : schema.metrics) names.push_back(metric.name);
  SetMetrics(names);
}

void ReadingRules::SetMetrics(std::span<const std::string> names) {
  metrics_.clear();
  metric_by_name_.clear();
  for (const std::string& name : names) {
    Metric metric{.name = name, .field = name};
    const auto config = std::find_if(schema_.metrics.begin(), schema_.metrics.end(),
                                     [&](const MetricConfig& m) { return m.name == name; });
    if (config != schema_.metrics.end()) {
      if (!config->field.empty()) metric.field = config->field;
      if (!config->source_unit.empty() && config->source_unit != config->unit) {
        AVOCET_CHECK(
            FindConversion(config->source_unit, config->unit, &metric.scale, &metric.offset));
        metric.is_converted = true;
      }
    }
    metrics_.push_back(std::move(metric));
  }
  for (size_t i = 0; i < metrics_.size(); ++i) metric_by_name_.emplace(metrics_[i].field, i);
  for (size_t i = 0; i < metrics_.size(); ++i) metric_by_name_.emplace(metrics_[i].name, i);
}

FieldTree ReadingRules::MakeFieldTree() const {
  FieldTree tree;
  if (schema_.device_constant.empty()) tree.AddField(kDeviceField, schema_.device_field);
  tree.AddField(kTimeField, schema_.time_field);
  if (IsLongForm()) {
    tree.AddField(kMetricNameField, schema_.metric_field);
    tree.AddField(kMetricValueField, schema_.value_field);
    return tree;
  }
  for (size_t i = 0; i < metrics_.size(); ++i) {
    tree.AddField(kFirstMetricField + static_cast<uint32_t>(i), metrics_[i].field);
  }
  return tree;
}

bool ReadingRules::IsDeviceKey(std::string_view key) const {
  const FieldTree tree = MakeFieldTree();
  const auto& matches = tree.node(tree.FindTopLevel(key)).matches;
  return std::any_of(matches.begin(), matches.end(),
                     [](const FieldMatch& match) { return match.field == kDeviceField; });
}

std::string ReadingRules::NewMetricName(std::string_view key) const {
  std::string name = NormalizeMetricName(key);
  const bool is_known = std::any_of(metrics_.begin(), metrics_.end(),
                                    [&](const Metric& metric) { return metric.name == name; });
  if (is_known || IsReservedColumn(name)) name.clear();
  return name;
}

bool ReadingRules::Apply(const RecordReader& reader, const char* record, int64_t now_us,
                         Reading* reading, Rejection* why) {
  record_ = record;
  reading->metrics.resize(metrics_.size());
  reading->new_metric.clear();
  if (schema_.device_constant.empty()) {
    if (!ReadDevice(reader.Find(kDeviceField), reading, why)) return false;
  } else {
    reading->device = {};
  }
  if (!ReadTime(reader.Find(kTimeField), now_us, reading, why)) return false;
  return IsLongForm() ? ReadLongForm(reader, reading, why) : ReadWideForm(reader, reading, why);
}

bool ReadingRules::ReadDevice(const FieldValue* value, Reading* reading, Rejection* why) const {
  const std::string& field = schema_.device_field;
  if (value != nullptr && value->is_ambiguous) {
    return FailAmbiguous(field, PositionOf(*value, record_), why);
  }
  if (IsNull(value)) {
    return Fail(RejectReason::kMissingDevice,
                AboutField(field, "names no device: it is absent, null or empty"),
                value == nullptr ? -1 : PositionOf(*value, record_), why);
  }
  const int64_t position = PositionOf(*value, record_);
  reading->device = value->text;
  if (value->kind == ValueKind::kString) {
    if (value->has_escapes) {
      reading->device_copy.clear();
      AppendUnescaped(value->text, &reading->device_copy);
      reading->device = reading->device_copy;
    }
  } else if (value->kind != ValueKind::kNumber || !IsInteger(value->text)) {
    return Fail(RejectReason::kBadDevice,
                AboutField(field, "is neither a string nor an integer: " + Shown(*value)), position,
                why);
  }
  if (reading->device.size() > kMaxDeviceBytes) {
    return Fail(RejectReason::kDeviceTooLong,
                AboutField(field, "is longer than 256 bytes: " + QuotedForMessage(reading->device)),
                position, why);
  }
  if (HasControlCharacter(reading->device)) {
    return Fail(RejectReason::kBadDevice,
                AboutField(field, "has a control character: " + QuotedForMessage(reading->device)),
                position, why);
  }
  return true;
}

bool ReadingRules::ReadTime(const FieldValue* value, int64_t now_us, Reading* reading,
                            Rejection* why) {
  const std::string& field = schema_.time_field;
  if (value != nullptr && value->is_ambiguous) {
    return FailAmbiguous(field, PositionOf(*value, record_), why);
  }
  if (IsNull(value)) {
    return Fail(RejectReason::kMissingTime,
                AboutField(field, "has no time: it is absent, null or empty"),
                value == nullptr ? -1 : PositionOf(*value, record_), why);
  }
  const int64_t position = PositionOf(*value, record_);
  std::optional<int64_t> micros;
  if (value->kind == ValueKind::kString) {
    micros = times_.Read(TrimSpace(Unescaped(*value)));
  } else if (value->kind == ValueKind::kNumber && times_.reads_numbers()) {
    micros = times_.Read(value->text);
  }
  if (!micros) {
    return Fail(RejectReason::kBadTime, AboutField(field, "is no time: " + Shown(*value)), position,
                why);
  }
  if (*micros < 0) {
    return Fail(RejectReason::kTimeBefore1970,
                AboutField(field, "lies before 1970: " + Shown(*value)), position, why);
  }
  const int64_t max_future = schema_.max_future.count();
  if (*micros > max_future && *micros - max_future > now_us) {
    return Fail(RejectReason::kTimeInFuture,
                AboutField(field, "lies too far in the future: " + Shown(*value)), position, why);
  }
  reading->event_time_us = *micros;
  return true;
}

bool ReadingRules::ReadWideForm(const RecordReader& reader, Reading* reading, Rejection* why) {
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const FieldValue* value = reader.Find(kFirstMetricField + static_cast<uint32_t>(i));
    if (value == nullptr) {
      reading->metrics[i] = kNullValue;
    } else if (!ReadMetric(*value, metrics_[i], metrics_[i].field, &reading->metrics[i], why)) {
      return false;
    }
  }
  return true;
}

bool ReadingRules::ReadLongForm(const RecordReader& reader, Reading* reading, Rejection* why) {
  const FieldValue* name = reader.Find(kMetricNameField);
  if (name != nullptr && name->is_ambiguous) {
    return FailAmbiguous(schema_.metric_field, PositionOf(*name, record_), why);
  }
  if (IsNull(name)) {
    return Fail(RejectReason::kMissingMetric,
                AboutField(schema_.metric_field, "names no metric: it is absent, null or empty"),
                name == nullptr ? -1 : PositionOf(*name, record_), why);
  }
  const int64_t position = PositionOf(*name, record_);
  if (name->kind != ValueKind::kString) {
    return Fail(RejectReason::kWrongType,
                AboutField(schema_.metric_field, "is no string: " + Shown(*name)), position, why);
  }
  std::fill(reading->metrics.begin(), reading->metrics.end(), kNullValue);
  const std::string key(Unescaped(*name));
  auto known = metric_by_name_.find(key);
  if (known == metric_by_name_.end()) known = metric_by_name_.find(NormalizeMetricName(key));
  const FieldValue* value = reader.Find(kMetricValueField);
  if (known != metric_by_name_.end()) {
    return value == nullptr || ReadMetric(*value, metrics_[known->second], schema_.value_field,
                                          &reading->metrics[known->second], why);
  }
  std::string new_name = schema_.evolve ? NewMetricName(key) : std::string();
  const bool has_number = value != nullptr && value->kind == ValueKind::kNumber;
  if (new_name.empty() || !(has_number || IsNull(value))) {
    return Fail(RejectReason::kUnknownMetric,
                AboutField(schema_.metric_field, "names no known metric: " + Shown(*name)),
                position, why);
  }
  // A null reading of a metric to be stays null when the metric is known, so it creates none.
  double ignored = 0;
  if (value != nullptr && !ReadMetric(*value, Metric{}, schema_.value_field, &ignored, why)) {
    return false;
  }
  if (has_number) reading->new_metric = std::move(new_name);
  return true;
}

bool ReadingRules::ReadMetric(const FieldValue& value, const Metric& metric,
                              const std::string& field, double* result, Rejection* why) {
  const int64_t position = PositionOf(value, record_);
  if (value.is_ambiguous) return FailAmbiguous(field, position, why);
  double number = 0;
  NumberText outcome = NumberText::kNumber;
  switch (value.kind) {
    case ValueKind::kNumber:
      number = value.number;
      break;
    case ValueKind::kTrue:
      number = 1;
      break;
    case ValueKind::kFalse:
      break;
    case ValueKind::kNull:
      outcome = NumberText::kEmpty;
      break;
    case ValueKind::kString:
      outcome = ParseNumberText(Unescaped(value), &number, schema_.decimal_comma ? ',' : '.');
      break;
    default:
      return Fail(RejectReason::kWrongType,
                  AboutField(field, "has " + Shown(value) + " where a number belongs"), position,
                  why);
  }
  if (outcome == NumberText::kEmpty) {
    *result = kNullValue;
    return true;
  }
  if (outcome == NumberText::kNotANumber) {
    return Fail(RejectReason::kWrongType,
                AboutField(field, "has a string that is no number: " + Shown(value)), position,
                why);
  }
  if (outcome == NumberText::kNotFinite) {
    return Fail(RejectReason::kNotFinite, AboutField(field, "is not finite: " + Shown(value)),
                position, why);
  }
  if (metric.is_converted) number = number * metric.scale + metric.offset;
  if (outcome == NumberText::kOverflow || !std::isfinite(number)) {
    return Fail(RejectReason::kNumberOverflow,
                AboutField(field, "has a number that is too large: " + Shown(value)), position,
                why);
  }
  *result = number;
  return true;
}

// The text of a string value; valid until the next call.
std::string_view ReadingRules::Unescaped(const FieldValue& value) {
  if (!value.has_escapes) return value.text;
  scratch_.clear();
  AppendUnescaped(value.text, &scratch_);
  return scratch_;
}

}  // namespace avocet
