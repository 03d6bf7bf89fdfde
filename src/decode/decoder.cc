#include "src/decode/decoder.h"

#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "src/base/check.h"
#include "src/decode/batch_builder.h"
#include "src/decode/csv_transcriber.h"
#include "src/decode/json_text.h"
#include "src/decode/reading_rules.h"
#include "src/decode/record_reader.h"

namespace avocet {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Makes a string readable kPadding bytes behind its end.
void Pad(std::string* text) {
  if (text->capacity() < text->size() + SharedBytes::kPadding) {
    text->reserve(2 * text->size() + SharedBytes::kPadding);
  }
}

std::string_view TrimJson(std::string_view record) {
  if (record.starts_with(kByteOrderMark)) record.remove_prefix(kByteOrderMark.size());
  while (!record.empty() && IsJsonSpace(record.front())) record.remove_prefix(1);
  while (!record.empty() && IsJsonSpace(record.back())) record.remove_suffix(1);
  return record;
}

std::string_view TrimCsv(std::string_view row) {
  if (row.starts_with(kByteOrderMark)) row.remove_prefix(kByteOrderMark.size());
  while (!row.empty() && (row.back() == '\r' || row.back() == '\n')) row.remove_suffix(1);
  return row;
}

bool HasLineBreak(std::string_view text) {
  return text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos;
}

class SchemaDecoder : public Decoder {
 public:
  explicit SchemaDecoder(const SchemaConfig& schema)
      : constant_device_(schema.device_constant),
        evolves_wide_(schema.evolve && schema.metric_field.empty()),
        decimal_comma_(schema.decimal_comma),
        rules_(schema) {
    UpdateFields();
  }

  void SetMetrics(std::span<const std::string> names) override {
    rules_.SetMetrics(names);
    UpdateFields();
  }

  void Decode(const RawBatch& raw, size_t begin, size_t end, int64_t now_us,
              ReadingBatch* out) override {
    AVOCET_CHECK(begin <= end && end <= raw.records.size());
    now_us_ = now_us;
    device_ = {};
    new_metrics_.clear();
    considered_keys_.clear();
    if (raw.format == RecordFormat::kCsv) UseHeader(raw);
    const std::string format =
        raw.format == RecordFormat::kCsv ? "csv:" + csv_.header_line() : "json";
    BatchBuilder batch(raw, format, end - begin, rules_.num_metrics(), out);
    if (begin == 0) batch.AddSourceRejects();
    for (size_t i = begin; i < end; ++i) {
      const RawRecord& record = raw.records[i];
      const std::string_view bytes = raw.Bytes(record);
      Rejection why;
      const bool is_done = raw.format == RecordFormat::kCsv
                               ? DecodeCsv(bytes, record.offset, &batch, out, &why)
                               : DecodeJson(bytes, record.offset, &batch, out, &why);
      if (!is_done) batch.AddRejected(bytes, record.offset, why);
    }
    batch.Finish();
  }

 private:
  void UpdateFields() {
    reader_.SetFields(rules_.MakeFieldTree(), rules_.num_fields());
    csv_header_.reset();
  }

  void UseHeader(const RawBatch& raw) {
    AVOCET_CHECK(raw.csv_header != nullptr);
    if (csv_header_ == raw.csv_header && csv_delimiter_ == raw.csv_delimiter) return;
    csv_header_ = raw.csv_header;
    csv_delimiter_ = raw.csv_delimiter;
    csv_.SetHeader(
        *csv_header_, csv_delimiter_,
        [this](std::string_view key) { return rules_.IsDeviceKey(key); }, decimal_comma_);
  }

  // False: the record is to be rejected for `*why`. An empty record is nothing, and fine.
  bool DecodeJson(std::string_view bytes, int64_t offset, BatchBuilder* batch, ReadingBatch* out,
                  Rejection* why) {
    const std::string_view json = TrimJson(bytes);
    if (json.empty()) return true;
    if (!ReadAndApply(json, why)) {
      if (why->position >= 0) why->position += json.data() - bytes.data();
      return false;
    }
    std::string_view payload = json;
    if (HasLineBreak(json)) payload = batch->Keep(Minified(json));
    AddRow(KeptDevice(batch), payload, offset, batch, out);
    return true;
  }

  bool DecodeCsv(std::string_view bytes, int64_t offset, BatchBuilder* batch, ReadingBatch* out,
                 Rejection* why) {
    const std::string_view row = TrimCsv(bytes);
    if (row.empty()) return true;
    if (!csv_.Transcribe(row, &json_, why)) {
      if (why->position >= 0) why->position += row.data() - bytes.data();
      return false;
    }
    Pad(&json_);
    if (!ReadAndApply(json_, why)) {
      why->position = -1;  // it is one in the transcript, which nobody sees
      return false;
    }
    const std::string_view payload = batch->Keep(json_);
    std::string_view device = KeptDevice(batch);
    if (IsInside(device, json_)) {
      device = payload.substr(static_cast<size_t>(device.data() - json_.data()), device.size());
    }
    AddRow(device, payload, offset, batch, out);
    return true;
  }

  bool ReadAndApply(std::string_view json, Rejection* why) {
    return reader_.Read(json, why) && rules_.Apply(reader_, json.data(), now_us_, &reading_, why);
  }

  // The device where it lives as long as the batch, or inside the record.
  std::string_view KeptDevice(BatchBuilder* batch) {
    if (!constant_device_.empty()) {
      if (device_.empty()) device_ = batch->Keep(constant_device_);
      return device_;
    }
    const bool is_copy = IsInside(reading_.device, reading_.device_copy);
    return is_copy ? batch->Keep(reading_.device) : reading_.device;
  }

  static bool IsInside(std::string_view part, std::string_view whole) {
    return std::greater_equal<>()(part.data(), whole.data()) &&
           std::less<>()(part.data(), whole.data() + whole.size());
  }

  std::string_view Minified(std::string_view json) {
    json_.resize(json.size() + SharedBytes::kPadding);
    size_t size = 0;
    const auto error = simdjson::minify(json.data(), json.size(), json_.data(), size);
    AVOCET_CHECK(error == simdjson::SUCCESS && size <= json.size());
    return std::string_view(json_).substr(0, size);
  }

  void AddRow(std::string_view device, std::string_view payload, int64_t offset,
              BatchBuilder* batch, ReadingBatch* out) {
    batch->AddRow(device, reading_.event_time_us, payload, offset, reading_.metrics);
    if (!reading_.new_metric.empty()) AddNewMetric(reading_.new_metric, out);
    if (!evolves_wide_) return;
    for (const KnownKey* key : reader_.unknown_numbers()) {
      if (!considered_keys_.insert(key->name).second) continue;
      std::string name = rules_.NewMetricName(key->name);
      if (!name.empty()) AddNewMetric(std::move(name), out);
    }
  }

  void AddNewMetric(std::string name, ReadingBatch* out) {
    if (new_metrics_.insert(name).second) out->new_metrics.push_back(std::move(name));
  }

  const std::string constant_device_;
  const bool evolves_wide_;
  const bool decimal_comma_;
  ReadingRules rules_;
  RecordReader reader_;
  CsvTranscriber csv_;
  std::shared_ptr<const std::vector<std::string>> csv_header_;  // the one csv_ has
  char csv_delimiter_ = ',';

  // Of the record at hand.
  Reading reading_;
  std::string json_;

  // Of the batch at hand.
  int64_t now_us_ = 0;
  std::string_view device_;
  std::unordered_set<std::string> considered_keys_;
  std::unordered_set<std::string> new_metrics_;
};

}  // namespace

std::unique_ptr<Decoder> MakeDecoder(const SchemaConfig& schema) {
  return std::make_unique<SchemaDecoder>(schema);
}

}  // namespace avocet
