#include "src/cli/scored_output.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "src/base/csv_text.h"
#include "src/base/time_format.h"
#include "src/cli/scratch_table.h"
#include "src/engine/scored_rows.h"
#include "src/env/env.h"
#include "src/sink/record_output.h"

namespace avocet {
namespace {

constexpr std::string_view kCsvHeader =
    "device_id,event_time,metric,value,expected,lower,upper,score,severity,type,onset\n";

class CsvOutput final : public ScoredOutput {
 public:
  explicit CsvOutput(RecordOutput out) : out_(std::move(out)) {}

  Status Begin() { return out_.Append(kCsvHeader); }

  Status Append(const ScoredReading& reading) override {
    line_.clear();
    AppendCsvField(reading.device, ',', &line_);
    line_.push_back(',');
    line_.append(FormatTimestamp(reading.event_time_us)).push_back(',');
    AppendCsvField(reading.metric, ',', &line_);
    for (const double number : {reading.value, reading.expected, reading.lower, reading.upper,
                                reading.score, reading.severity}) {
      line_.push_back(',');
      if (!std::isnan(number)) fmt::format_to(std::back_inserter(line_), "{}", number);
    }
    fmt::format_to(std::back_inserter(line_), ",{},{}\n", reading.type,
                   reading.onset ? "true" : "false");
    return out_.Append(line_);
  }

  Status Close() override { return out_.Close(); }

 private:
  RecordOutput out_;
  std::string line_;
};

class ParquetOutput final : public ScoredOutput {
 public:
  static Result<std::unique_ptr<ScoredOutput>> Open(const std::string& path) {
    std::unique_ptr<ParquetOutput> output(new ParquetOutput(path));
    AVOCET_ASSIGN_OR_RETURN(output->scratch_, ScratchTable::Create(path, ScoredSpec()));
    return std::unique_ptr<ScoredOutput>(std::move(output));
  }

  Status Append(const ScoredReading& reading) override {
    AppendScored(reading, batch_.get());
    return batch_->rows() < kRowsPerPart ? Status::Ok() : WritePart();
  }

  Status Close() override {
    if (batch_->rows() > 0 || parts_.empty()) AVOCET_RETURN_IF_ERROR(WritePart());
    AVOCET_RETURN_IF_ERROR(Commit(std::move(parts_), {}));
    AVOCET_ASSIGN_OR_RETURN(std::vector<TableFile> files, scratch_->table().Files());
    if (files.size() > 1) {
      std::vector<std::string> paths;
      for (const TableFile& file : files) paths.push_back(file.path);
      AVOCET_ASSIGN_OR_RETURN(RewriteResult merged,
                              scratch_->table().Rewrite(paths, nullptr, Options(), kOneFile));
      AVOCET_RETURN_IF_ERROR(Commit(std::move(merged.adds), std::move(paths)));
      AVOCET_ASSIGN_OR_RETURN(files, scratch_->table().Files());
    }
    if (files.size() != 1) return Status::Internal("the scored readings are not one file");
    return Env::Posix()->Rename(scratch_->PathOf(files.front().path), path_);
  }

 private:
  static constexpr size_t kRowsPerPart = 500'000;
  static constexpr int64_t kOneFile = INT64_MAX / 2;  // bytes; no file is that large

  explicit ParquetOutput(std::string path) : path_(std::move(path)) { NewBatch(); }

  void NewBatch() { batch_ = std::make_shared<ColumnBatch>(ScoredSpec().MakeBatch()); }

  static WriteOptions Options() {
    TableSpec spec = ScoredSpec();
    WriteOptions options;
    options.stats_columns = std::move(spec.stats_columns);
    options.dictionary_columns = std::move(spec.dictionary_columns);
    return options;
  }

  Status WritePart() {
    AVOCET_ASSIGN_OR_RETURN(std::string add,
                            scratch_->table().WriteParquet(std::move(batch_), Options()));
    parts_.push_back(std::move(add));
    NewBatch();
    return Status::Ok();
  }

  Status Commit(std::vector<std::string> adds, std::vector<std::string> removes) {
    CommitRequest request;
    request.adds = std::move(adds);
    request.removes = std::move(removes);
    return scratch_->table().Commit(request).status();
  }

  std::string path_;
  std::unique_ptr<ScratchTable> scratch_;
  std::shared_ptr<ColumnBatch> batch_;
  std::vector<std::string> parts_;
};

}  // namespace

Result<std::unique_ptr<ScoredOutput>> ScoredOutput::Open(const std::string& path) {
  if (path.ends_with(".parquet")) return ParquetOutput::Open(path);
  AVOCET_ASSIGN_OR_RETURN(RecordOutput out, RecordOutput::Open(path));
  auto output = std::make_unique<CsvOutput>(std::move(out));
  AVOCET_RETURN_IF_ERROR(output->Begin());
  return std::unique_ptr<ScoredOutput>(std::move(output));
}

}  // namespace avocet
