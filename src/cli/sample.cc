#include "src/cli/sample.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "src/base/hash.h"
#include "src/base/utf8.h"
#include "src/decode/csv_transcriber.h"
#include "src/decode/event_time.h"
#include "src/decode/json_diagnosis.h"
#include "src/decode/json_members.h"
#include "src/decode/json_text.h"
#include "src/decode/number_text.h"
#include "src/source/file/file_position.h"
#include "src/source/file/file_source.h"
#include "src/source/records/input_format.h"

namespace avocet {
namespace {

constexpr size_t kMostColumns = 2'000;
constexpr size_t kDeepest = 8;
constexpr size_t kMostExampleBytes = 200;
bool IsPlausible(std::optional<int64_t> micros) {
  return micros.has_value() && IsPlausibleTime(*micros);
}

bool LooksLikeId(std::string_view text) {
  bool digit = false;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_digit && !letter && std::string_view("-_.:/#").find(c) == std::string_view::npos) {
      return false;
    }
    digit |= is_digit;
  }
  return digit && text.size() <= 64;
}

void AddText(std::string_view text, SampleColumn* column) {
  if (column->example.empty()) column->example = text.substr(0, kMostExampleBytes);
  if (column->distinct.size() >= SampleColumn::kMostDistinct) return;
  const bool is_new = column->distinct.insert(Hash64(text)).second;
  if (is_new && column->shown.size() < SampleColumn::kMostShown) {
    column->shown.emplace_back(text.substr(0, kMostExampleBytes));
  }
}

void AddNumber(std::string_view text, double number, SampleColumn* column) {
  const bool first = column->numbers == 0;
  ++column->numbers;
  if (text.find_first_of(".eE") == std::string_view::npos) ++column->integers;
  if (!first && number != column->last + 1) column->counts_up = false;
  column->last = number;
  column->min = std::min(column->min, number);
  column->max = std::max(column->max, number);
  constexpr std::array kUnits = {TimeFormat::kEpochS, TimeFormat::kEpochMs, TimeFormat::kEpochUs,
                                 TimeFormat::kEpochNs};
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (IsPlausible(ParseEpoch(text, kUnits[i]))) ++column->epochs[i];
  }
  // 20210615182146
  if (text.size() == 14 && text.find_first_not_of("0123456789") == std::string_view::npos) {
    column->patterns.Add(text);
  }
}

void AddString(std::string_view text, bool decimal_comma, SampleColumn* column) {
  double number = 0;
  const std::string_view trimmed = TrimSpace(text);
  switch (ParseNumberText(text, &number, decimal_comma ? ',' : '.')) {
    case NumberText::kEmpty:
      ++column->nulls;
      return;
    case NumberText::kNumber:
      AddNumber(trimmed, number, column);
      break;
    case NumberText::kNotFinite:
      ++column->not_finite;
      if (column->odd_example.empty()) column->odd_example = trimmed.substr(0, kMostExampleBytes);
      break;
    default:
      ++column->texts;
      if (column->odd_example.empty()) column->odd_example = trimmed.substr(0, kMostExampleBytes);
      if (LooksLikeId(trimmed)) ++column->ids;
      if (ParseNumberText(trimmed, &number, ',') == NumberText::kNumber) ++column->comma_numbers;
      if (ParseIso8601(trimmed).has_value()) {
        ++column->iso_times;
      } else {
        column->patterns.Add(trimmed);
      }
  }
  AddText(trimmed, column);
}

class Profiler {
 public:
  explicit Profiler(Sample* sample) : sample_(sample) {}

  void Add(const RawBatch& batch) {
    if (batch.format == RecordFormat::kCsv && header_ != batch.csv_header) {
      header_ = batch.csv_header;
      sample_->delimiter = batch.csv_delimiter;
      csv_.SetHeader(
          *header_, batch.csv_delimiter, [](std::string_view) { return false; },
          sample_->decimal_comma);
      // A column is known even when a file has no row.
      for (const std::string& name : *header_) Column(name, name);
    }
    for (const RawReject& reject : batch.rejects) Refuse(reject.message);
    for (const RawRecord& record : batch.records) {
      ++sample_->records;
      AddRecord(batch, batch.Bytes(record));
    }
  }

  void Finish() {
    for (SampleColumn& column : sample_->columns) {
      column.nulls = readable_ - std::min(readable_, column.present());
    }
  }

 private:
  void Refuse(const std::string& problem) {
    ++sample_->unreadable;
    if (sample_->first_problem.empty()) sample_->first_problem = problem;
  }

  void AddRecord(const RawBatch& batch, std::string_view bytes) {
    if (batch.format == RecordFormat::kCsv) {
      Rejection why;
      if (!csv_.Transcribe(bytes, &json_, &why)) return Refuse(why.message);
      bytes = json_;
    } else if (auto problem = DiagnoseJson(bytes)) {
      return Refuse(problem->message);
    }
    const auto members = SplitJsonObject(bytes);
    if (!members.has_value()) return Refuse("the record is no JSON object");
    ++readable_;
    for (const JsonMember& member : *members) AddMember(member, "", 1);
  }

  void AddMember(const JsonMember& member, const std::string& above, size_t depth) {
    const std::string path = above + member.Key();
    if (member.value.starts_with('{') && depth < kDeepest) {
      const auto members = SplitJsonObject(member.value);
      if (!members.has_value()) return;
      for (const JsonMember& inner : *members) AddMember(inner, path + ".", depth + 1);
      return;
    }
    SampleColumn* column = Column(path, member.Key());
    if (column == nullptr) return;
    // Dots separate the keys of a path; only a key at the top may have some of its own.
    if (depth > 1 && column->key.find('.') != std::string::npos) column->has_path = false;
    const char first = member.value.front();
    if (first == '"') {
      AddString(member.Text(), sample_->decimal_comma, column);
    } else if (first == '{' || first == '[') {
      ++column->nested;
    } else if (first == 't' || first == 'f') {
      ++column->booleans;
      AddText(member.value, column);
    } else if (first != 'n') {
      double number = 0;
      const bool fits = ParseNumberText(member.value, &number) == NumberText::kNumber;
      if (fits) AddNumber(member.value, number, column);
      if (!fits) ++column->not_finite;
      AddText(member.value, column);
    }
  }

  SampleColumn* Column(const std::string& path, const std::string& key) {
    const auto [at, is_new] = index_.emplace(path, sample_->columns.size());
    if (!is_new) return &sample_->columns[at->second];
    if (sample_->columns.size() == kMostColumns) {
      index_.erase(at);
      return nullptr;
    }
    SampleColumn& column = sample_->columns.emplace_back();
    column.path = path;
    column.key = key;
    return &column;
  }

  Sample* sample_;
  std::unordered_map<std::string, size_t> index_;
  CsvTranscriber csv_;
  std::shared_ptr<const std::vector<std::string>> header_;
  std::string json_;
  uint64_t readable_ = 0;
};

void Profile(Sample* sample) {
  sample->records = sample->unreadable = 0;
  sample->first_problem.clear();
  sample->columns.clear();
  Profiler profiler(sample);
  for (const RawBatch& batch : sample->batches) profiler.Add(batch);
  profiler.Finish();
}

// True when some fields have numbers such as 37,5 and none has any such as 37.5.
bool HasDecimalCommas(const Sample& sample) {
  bool commas = false;
  for (const SampleColumn& column : sample.columns) {
    if (column.numbers > column.integers) return false;
    commas |= column.comma_numbers > 0 &&
              column.comma_numbers + column.numbers + column.not_finite == column.present();
  }
  return commas;
}

bool LooksLikeValue(std::string_view name) {
  double number = 0;
  const std::string_view text = TrimSpace(name);
  return ParseNumberText(text, &number) == NumberText::kNumber ||
         ParseNumberText(text, &number, ',') == NumberText::kNumber ||
         ParseIso8601(text).has_value();
}

Status CheckHeader(const Sample& sample) {
  if (sample.batches.empty() || sample.batches[0].csv_header == nullptr) return Status::Ok();
  const std::vector<std::string>& header = *sample.batches[0].csv_header;
  if (std::all_of(header.begin(), header.end(), LooksLikeValue)) {
    return Status::Invalid(
        "cannot read " + sample.path + ": its first line has values, such as " +
        QuotedForMessage(header.front()) +
        ", where the names of the columns belong; put a line such as time,temperature above it");
  }
  for (const std::string& name : header) {
    if (!IsValidUtf8(name)) {
      return Status::Invalid("cannot read " + sample.path + ": the name " + QuotedForMessage(name) +
                             " of a column is not UTF-8; save the file as UTF-8, as by iconv -f "
                             "latin1 -t utf8");
    }
  }
  std::map<std::string, size_t> seen;
  for (const std::string& name : header) {
    if (++seen[name] < 2) continue;
    return Status::Invalid("cannot read " + sample.path + ": two columns are called " +
                           QuotedForMessage(name) + ", so their values cannot be told apart");
  }
  return Status::Ok();
}

// How the source reads the file, from the position it would commit.
void ReadFormat(const Source& source, Sample* sample) {
  Positions positions;
  source.AllPositions(&positions);
  for (const auto& [key, text] : positions) {
    const auto position = DecodeFilePosition(text);
    if (!position.ok() || position->split.format == InputFormat::kUnknown) continue;
    sample->format = InputFormatName(position->split.format);
    return;
  }
}

}  // namespace

const SampleColumn* Sample::Find(std::string_view wanted) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const SampleColumn& column) {
    return column.path == wanted;
  });
  return found == columns.end() ? nullptr : &*found;
}

Result<Sample> ReadSample(const std::string& path, const SampleLimits& limits, Env* env) {
  FileSourceConfig config;
  config.paths = {path};
  config.follow = false;
  const auto source = MakeFileSource(config, "sample", true, env);
  AVOCET_RETURN_IF_ERROR(source->Open({}));
  Sample sample;
  sample.path = path;
  uint64_t records = 0, bytes = 0;
  while (!sample.complete && records < limits.records && bytes < limits.bytes) {
    const size_t first = sample.batches.size();
    PollLimits poll;
    poll.max_records = std::min<uint64_t>(poll.max_records, limits.records - records);
    AVOCET_ASSIGN_OR_RETURN(const PollState state, source->Poll(poll, &sample.batches));
    sample.complete = state == PollState::kEnd;
    for (size_t i = first; i < sample.batches.size(); ++i) {
      records += sample.batches[i].records.size() + sample.batches[i].rejects.size();
      bytes += sample.batches[i].bytes_read;
    }
  }
  ReadFormat(*source, &sample);
  AVOCET_RETURN_IF_ERROR(CheckHeader(sample));
  Profile(&sample);
  if (HasDecimalCommas(sample)) {
    sample.decimal_comma = true;
    Profile(&sample);
  }
  if (sample.records == 0) {
    return Status::Invalid("cannot learn from " + path + ": " +
                           (sample.unreadable == 0 ? "it has no records" : sample.first_problem));
  }
  return sample;
}

std::string DeviceNameOf(const std::string& path) {
  std::string name = path;
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  name = name.substr(name.rfind('/') + 1);
  for (const std::string_view ending :
       {".gz", ".zst", ".csv", ".tsv", ".ndjson", ".jsonl", ".json", ".txt"}) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      name.resize(name.size() - ending.size());
    }
  }
  std::string clean;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool odd = byte < 0x20 || byte == 0x7F || c == '*' || c == '?' || c == '[' || c == ']';
    if (!odd) clean.push_back(c);
  }
  if (clean.empty() || clean == "." || clean == ".." || !IsValidUtf8(clean)) return "device-1";
  return clean.substr(0, 128);
}

}  // namespace avocet
