#include "src/source/push/journal_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "src/source/position_text.h"

namespace avocet {
namespace {

constexpr std::string_view kJournalKey = "/journal";

}  // namespace

Status JournalSource::Open(const JournalOptions& options, const Positions& committed) {
  if (const auto at = committed.find(name_ + std::string(kJournalKey)); at != committed.end()) {
    AVOCET_ASSIGN_OR_RETURN(const PositionText position, PositionText::Parse(at->second));
    if (!position.Has("record")) {
      return Status::Corrupt("cannot read the position " + at->second + " of the journal");
    }
    record_ = position.Unsigned("record");
  }
  AVOCET_ASSIGN_OR_RETURN(journal_, Journal::Open(options, env_, record_));
  AVOCET_RETURN_IF_ERROR(ReadLabels());
  reader_.emplace(journal_.get(), record_);
  Committed(committed);
  return Status::Ok();
}

Status JournalSource::ReadLabels() {
  if (hooks_.on_label == nullptr) return Status::Ok();
  JournalReader reader(journal_.get(), journal_->stats().first_record);
  JournalItem item;
  while (true) {
    AVOCET_ASSIGN_OR_RETURN(const bool found, reader.Next(&item));
    if (!found) return Status::Ok();
    if (!item.damage.empty()) continue;
    AVOCET_ASSIGN_OR_RETURN(const PushLabel label, DecodePushLabel(item.label));
    hooks_.on_label(label);
  }
}

Result<PollState> JournalSource::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  size_t records = 0, bytes = 0;
  if (!entry_.has_value()) journal_->WaitFor(record_, limits.wait);
  while (records < std::max<size_t>(limits.max_records, 1) && bytes < limits.max_bytes) {
    if (!entry_.has_value()) {
      AVOCET_ASSIGN_OR_RETURN(const bool found, NextEntry(out));
      if (!found) return PollState::kIdle;
      if (!entry_.has_value()) {
        ++records;  // a loss or a refusal was delivered
        continue;
      }
    }
    const size_t left = std::max<size_t>(limits.max_records, 1) - records;
    const size_t end = std::min(entry_->records.size(), entry_next_ + left);
    RawBatch part = *entry_;
    part.records.assign(entry_->records.begin() + static_cast<ptrdiff_t>(entry_next_),
                        entry_->records.begin() + static_cast<ptrdiff_t>(end));
    for (const RawRecord& record : part.records) part.bytes_read += record.size;
    records += part.records.size();
    bytes += part.bytes_read;
    record_ += part.records.size();
    changed_ = true;
    entry_next_ = end;
    if (entry_next_ == entry_->records.size()) entry_.reset();
    out->push_back(std::move(part));
  }
  return entry_.has_value() || journal_->stats().end_record > record_ ? PollState::kMore
                                                                      : PollState::kIdle;
}

Result<bool> JournalSource::NextEntry(std::vector<RawBatch>* out) {
  JournalItem item;
  AVOCET_ASSIGN_OR_RETURN(const bool found, reader_->Next(&item));
  if (!found) return false;
  if (!item.damage.empty()) {
    DeliverLost(item, out);
    return true;
  }
  AVOCET_ASSIGN_OR_RETURN(const PushLabel label, DecodePushLabel(item.label));
  if (hooks_.on_label != nullptr) hooks_.on_label(label);
  AVOCET_ASSIGN_OR_RETURN(
      RawBatch batch, DecodePushPayload(label, item.payload, item.first_record, item.num_records));
  batch.source = name_;
  if (batch.partition.empty()) batch.partition = partition_;
  if (!label.refusal_code.empty()) {
    DeliverRefused(label, batch, out);
    record_ = item.first_record + item.num_records;
    return true;
  }
  entry_next_ = static_cast<size_t>(record_ - item.first_record);
  entry_ = std::move(batch);
  return true;
}

void JournalSource::DeliverRefused(const PushLabel& label, const RawBatch& entry,
                                   std::vector<RawBatch>* out) {
  RawBatch batch;
  batch.source = entry.source;
  batch.partition = entry.partition;
  batch.bytes = SharedBytes::Allocate(0);
  for (const RawRecord& record : entry.records) {
    if (record.offset < static_cast<int64_t>(record_)) continue;
    batch.rejects.push_back(
        {std::string(entry.Bytes(record)), record.offset, label.refusal_code, label.refusal});
    batch.bytes_read += record.size;
  }
  out->push_back(std::move(batch));
  changed_ = true;
}

// What cannot be read any more becomes a row of the quarantine: a hole that says where it is.
void JournalSource::DeliverLost(const JournalItem& item, std::vector<RawBatch>* out) {
  spdlog::error("records of the journal are lost: {}", item.damage);
  problem_ = item.damage;
  RawBatch batch;
  batch.source = name_;
  batch.partition = partition_;
  batch.bytes = SharedBytes::Allocate(0);
  RawReject reject;
  reject.offset = static_cast<int64_t>(item.first_record);
  reject.code = "journal_damaged";
  reject.message = item.damage;
  batch.rejects.push_back(std::move(reject));
  out->push_back(std::move(batch));
  record_ = item.first_record + item.num_records;
  changed_ = true;
}

void JournalSource::TakeChangedPositions(Positions* out) {
  if (changed_) AllPositions(out);
  changed_ = false;
}

void JournalSource::AllPositions(Positions* out) const {
  out->insert_or_assign(name_ + std::string(kJournalKey),
                        "{\"record\":" + std::to_string(record_) + "}");
}

void JournalSource::Committed(const Positions& positions) {
  const auto at = positions.find(name_ + std::string(kJournalKey));
  if (at == positions.end()) return;
  const auto position = PositionText::Parse(at->second);
  const uint64_t record = position.ok() ? position->Unsigned("record") : 0;
  if (!journal_->HasTrimmable(record)) return;
  Status status = hooks_.before_trim == nullptr ? Status::Ok() : hooks_.before_trim();
  if (status.ok()) status = journal_->Trim(record);
  if (!status.ok()) spdlog::warn("the journal cannot be trimmed: {}", status.message());
}

SourceHealth JournalSource::Health() const {
  const JournalStats stats = journal_->stats();
  SourceHealth health;
  health.lag_records = stats.end_record > record_ ? stats.end_record - record_ : 0;
  health.problem = stats.problem.empty() ? problem_ : stats.problem;
  health.ready = stats.problem.empty();
  health.journal_bytes = stats.disk_bytes;
  health.journal_max_bytes = stats.max_bytes;
  health.journal_segments = stats.segments;
  health.journal_oldest_us = stats.oldest_us;
  health.journal_syncs = stats.groups;
  health.journal_sync_time = stats.sync_time;
  return health;
}

}  // namespace avocet
