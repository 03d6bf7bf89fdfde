#include "src/engine/quarantine_retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "src/base/csv_row.h"
#include "src/decode/decoder.h"
#include "src/engine/known_series.h"
#include "src/engine/owned_lake.h"
#include "src/engine/quarantine_rows.h"

namespace avocet {
namespace {

constexpr std::string_view kCsvPrefix = "csv:";
constexpr size_t kRunRecords = 2048;
constexpr size_t kRunBytes = size_t{4} << 20;
constexpr size_t kTickRecords = 8192;
// Keys of one rewrite are held in memory.
constexpr size_t kMostKeyBytes = size_t{128} << 20;

// Codes of records that were too long or could not be unpacked: the payload is a prefix.
bool IsIncomplete(std::string_view code) {
  return code == "record_too_long" || code == "damaged_compression";
}

// Records that decode, in the order of quarantine, and what removes them from there.
struct Round {
  std::vector<RawBatch> batches;
  std::shared_ptr<ColumnBatch> keys = std::make_shared<ColumnBatch>(QuarantineKeys());
  std::set<std::string> files;
  size_t records = 0;
};

// Rows that follow each other with the same source, partition and format.
struct Run {
  std::string source, partition, format;
  std::string bytes;
  std::vector<RawRecord> records;
  std::vector<std::string> codes;
  ColumnBatch keys = QuarantineKeys();
  std::string file;
};

class Judge {
 public:
  Judge(const Config& config, const RetryOptions& options, int64_t now_us,
        const std::vector<std::string>& metrics, RetryReport* report)
      : options_(options),
        now_us_(now_us),
        limit_records_(static_cast<size_t>(config.storage.commit_rows)),
        decoder_(MakeDecoder(config.schema)),
        report_(report) {
    decoder_->SetMetrics(metrics);
  }

  /// Fills `round`; true when there may be more good records than fit.
  Result<bool> Scan(Table* quarantine, Round* round) {
    round_ = round;
    run_ = {};
    full_ = false;
    *report_ = {};
    AVOCET_RETURN_IF_ERROR(
        ReadQuarantine(quarantine, [this](const QuarantineRow& row) -> Result<bool> {
          Look(row);
          return !full_;
        }));
    FinishRun();
    return full_;
  }

 private:
  void Look(const QuarantineRow& row) {
    if (!options_.code.empty() && row.code != options_.code) return;
    if (IsQualityCode(row.code)) {
      ++report_->quality;
      return;
    }
    const bool known = row.format == "json" || row.format.starts_with(kCsvPrefix);
    if (IsIncomplete(row.code) || !known) {
      ++report_->incomplete;
      return;
    }
    ++report_->tried;
    const bool follows = row.source == run_.source && row.partition == run_.partition &&
                         row.format == run_.format && row.file->path == run_.file;
    if (!follows || run_.records.size() >= kRunRecords || run_.bytes.size() >= kRunBytes) {
      FinishRun();
      run_.source = row.source;
      run_.partition = row.partition;
      run_.format = row.format;
      run_.file = row.file->path;
    }
    run_.records.push_back({.begin = static_cast<uint32_t>(run_.bytes.size()),
                            .size = static_cast<uint32_t>(row.payload.size()),
                            .offset = row.offset});
    run_.bytes.append(row.payload);
    run_.codes.emplace_back(row.code);
    AppendQuarantineKey(row, &run_.keys);
  }

  void FinishRun() {
    Run run = std::exchange(run_, {});
    if (run.records.empty()) return;
    RawBatch batch = MakeBatch(run);
    std::vector<RawRecord> good;
    ReadingBatch readings;
    for (size_t i = 0; i < run.records.size(); ++i) {
      decoder_->Decode(batch, i, i + 1, now_us_, &readings);
      if (readings.rows != 1 || !readings.rejected.empty()) {
        ++report_->bad_by_code[run.codes[i]];
        continue;
      }
      ++report_->good;
      ++report_->good_by_code[run.codes[i]];
      if (options_.dry_run) continue;
      good.push_back(run.records[i]);
      CopyKey(run.keys, i);
    }
    if (good.empty()) return;
    round_->records += good.size();
    round_->files.insert(run.file);
    batch.records = std::move(good);
    round_->batches.push_back(std::move(batch));
    full_ = round_->records >= limit_records_ || round_->keys->size_bytes() >= kMostKeyBytes;
  }

  RawBatch MakeBatch(const Run& run) {
    RawBatch batch;
    batch.source = run.source;
    batch.partition = run.partition;
    if (run.format.starts_with(kCsvPrefix)) {
      const std::string header = run.format.substr(kCsvPrefix.size());
      batch.format = RecordFormat::kCsv;
      batch.csv_delimiter = DetectDelimiter(header);
      auto& parsed = headers_[header];
      if (parsed == nullptr) {
        parsed = std::make_shared<const std::vector<std::string>>(
            ParseCsvRow(header, batch.csv_delimiter));
      }
      batch.csv_header = parsed;
    }
    auto bytes = SharedBytes::Allocate(run.bytes.size());
    std::memcpy(bytes->data.get(), run.bytes.data(), run.bytes.size());
    bytes->size = run.bytes.size();
    batch.bytes = std::move(bytes);
    batch.records = run.records;
    return batch;
  }

  void CopyKey(const ColumnBatch& from, size_t row) {
    ColumnBatch& to = *round_->keys;
    for (size_t i = 0; i < from.num_columns(); ++i) {
      if (from.column(i).type() == ColumnType::kInt64) {
        to.column(i).AppendInt(from.column(i).ints()[row]);
      } else {
        to.column(i).AppendBytes(from.column(i).BytesAt(row));
      }
    }
  }

  const RetryOptions& options_;
  const int64_t now_us_;
  const size_t limit_records_;
  std::unique_ptr<Decoder> decoder_;
  std::map<std::string, std::shared_ptr<const std::vector<std::string>>> headers_;
  RetryReport* report_;
  Round* round_ = nullptr;
  Run run_;
  bool full_ = false;
};

class Retrier {
 public:
  Retrier(const Config& config, Env* env, OwnedLake* owned)
      : config_(config), env_(env), owned_(*owned) {}

  /// One epoch. `last`: the hours of the retried records are written too.
  Status Commit(Round* round, bool last, RetryReport* report) {
    auto epoch = NextEpoch(owned_, env_, kRetryOperation);
    Processor& processor = *owned_.processor;
    const Totals before = processor.totals();
    std::vector<RawBatch> tick;
    size_t records = 0;
    for (size_t i = 0; i < round->batches.size(); ++i) {
      records += round->batches[i].records.size();
      tick.push_back(std::move(round->batches[i]));
      if (records < kTickRecords && i + 1 < round->batches.size()) continue;
      AVOCET_RETURN_IF_ERROR(
          processor.Process(tick, epoch->received_us, /*replayed=*/false, epoch.get()));
      tick.clear();
      records = 0;
    }
    // They were received, and counted, when they arrived.
    Totals totals = processor.totals();
    report->accepted += totals.accepted - before.accepted;
    report->duplicates += totals.duplicates - before.duplicates;
    report->dropped += totals.dropped - before.dropped;
    totals.received -= round->records;
    totals.quarantined -= round->records;
    processor.set_totals(totals);
    epoch->totals = totals;
    if (round->records > 0) {
      AVOCET_ASSIGN_OR_RETURN(epoch->rewrites[kQuarantine], Remove(*round));
    }
    if (last) {
      processor.FlushHours(epoch.get());
      epoch->snapshot = WriteState(config_, env_, owned_.tables.get(), &processor, epoch->number,
                                   owned_.bronze.positions);
    }
    return owned_.committer->CommitNow(std::move(epoch));
  }

 private:
  Result<TableRewrite> Remove(const Round& round) {
    TableRewrite rewrite;
    rewrite.removes.assign(round.files.begin(), round.files.end());
    AVOCET_ASSIGN_OR_RETURN(
        auto rest, owned_.tables->table(kQuarantine)
                       .Rewrite(rewrite.removes, round.keys, owned_.tables->Options(kQuarantine),
                                config_.storage.target_file_bytes));
    const auto removed = static_cast<size_t>(rest.rows_in - rest.rows_out);
    if (removed != round.records) {
      return Status::Corrupt(
          fmt::format("cannot tell quarantine rows apart: {} records are good, {} rows have their "
                      "keys; nothing was changed",
                      round.records, removed));
    }
    rewrite.adds = std::move(rest.adds);
    return rewrite;
  }

  const Config& config_;
  Env* env_;
  OwnedLake& owned_;
};

Result<RetryReport> DryRun(const Config& config, Env* env, const RetryOptions& options) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  AVOCET_ASSIGN_OR_RETURN(const auto metrics, MetricsOfSilver(config, &tables.table(kSilver)));
  RetryReport report;
  Round round;
  Judge judge(config, options, env->NowMicros(), metrics, &report);
  const auto scanned = judge.Scan(&tables.table(kQuarantine), &round);
  if (!scanned.ok()) return scanned.status();
  return report;
}

}  // namespace

Result<RetryReport> RetryQuarantine(const Config& config, Env* env, const RetryOptions& options) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, env));
  if (options.dry_run) return DryRun(config, env, options);
  AVOCET_ASSIGN_OR_RETURN(OwnedLake owned,
                          OpenOwnedLake(config, env, options.on_step, /*recover=*/true));
  AVOCET_ASSIGN_OR_RETURN(const auto care, LockTableCare(config, env));
  Table& quarantine = owned.tables->table(kQuarantine);
  Retrier retrier(config, env, &owned);
  RetryReport report;
  uint64_t good = 0;
  std::map<std::string, uint64_t> good_by_code;
  for (bool more = true; more;) {
    RetryReport scan;
    Round round;
    const int64_t now_us = std::max(owned.committer->last().received_us, env->NowMicros());
    Judge judge(config, options, now_us, owned.processor->metrics(), &scan);
    AVOCET_RETURN_IF_ERROR(quarantine.Refresh());
    AVOCET_ASSIGN_OR_RETURN(more, judge.Scan(&quarantine, &round));
    good += scan.good;
    for (const auto& [code, count] : scan.good_by_code) good_by_code[code] += count;
    const RetryReport done = report;
    report = scan;
    report.accepted = done.accepted;
    report.duplicates = done.duplicates;
    report.dropped = done.dropped;
    if (round.records == 0 && good == 0) break;
    AVOCET_RETURN_IF_ERROR(retrier.Commit(&round, !more, &report));
  }
  // What the last scan tried, and what earlier ones took away before it.
  report.tried += good - report.good;
  report.good = good;
  report.good_by_code = std::move(good_by_code);
  return report;
}

}  // namespace avocet
