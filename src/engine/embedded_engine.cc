#include "src/engine/embedded_engine.h"

#include <cstring>
#include <utility>

#include "src/base/check.h"
#include "src/engine/commit_info.h"
#include "src/engine/fingerprint.h"
#include "src/engine/snapshot.h"

namespace avocet {

EmbeddedEngine::EmbeddedEngine(Config config, Env* env)
    : config_(std::move(config)),
      layout_(config_, ConfiguredMetrics(config_)),
      clock_(env),
      processor_(config_, layout_, NumThreads(config_), &clock_) {
  ClearRows();
}

Status EmbeddedEngine::Process(const std::vector<RawBatch>& batches, int64_t now_us, bool replayed,
                               std::span<const int64_t> fleet_times_us) {
  return processor_.Process(batches, now_us, replayed, rows_.get(), fleet_times_us);
}

void EmbeddedEngine::ClearRows() {
  rows_ = MakeEpoch(layout_, processor_.metrics(), 0, processor_.next_sequence(), std::move(rows_));
}

std::string EmbeddedEngine::SaveState() {
  CommitInfo counters;
  counters.next_sequence = processor_.next_sequence();
  counters.totals = processor_.totals();
  SnapshotHeader header;
  header.fleet_time_us = processor_.fleet_time_us();
  header.fingerprint = StateFingerprint(config_, header.fleet_time_us);
  header.metrics = processor_.metrics();
  header.commit_info = EncodeCommitInfo(counters);
  std::string bytes;
  bytes.reserve(processor_.StateBytes());
  SnapshotWriter writer([&bytes](std::string_view part) {
    bytes.append(part);
    return Status::Ok();
  });
  const Status saved = processor_.SaveState(header, &writer);
  AVOCET_CHECK(saved.ok());  // nothing in memory fails
  return bytes;
}

Status EmbeddedEngine::LoadState(std::string_view bytes) {
  const auto read = [bytes](uint64_t offset, std::span<std::byte> out) {
    std::memcpy(out.data(), bytes.data() + offset, out.size());
    return Status::Ok();
  };
  AVOCET_ASSIGN_OR_RETURN(const SnapshotReader snapshot, SnapshotReader::Open(read, bytes.size()));
  const SnapshotHeader& header = snapshot.header();
  if (header.fingerprint != StateFingerprint(config_, header.fleet_time_us)) {
    return Status::Conflict("the state was made under another schema, or with other detectors");
  }
  AVOCET_ASSIGN_OR_RETURN(const CommitInfo counters, DecodeCommitInfo(header.commit_info));
  AVOCET_RETURN_IF_ERROR(processor_.LoadState(snapshot));
  processor_.set_totals(counters.totals);
  processor_.set_next_sequence(counters.next_sequence);
  rows_.reset();  // its silver may have other columns
  ClearRows();
  return Status::Ok();
}

}  // namespace avocet
