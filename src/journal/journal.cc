#include "src/journal/journal.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <utility>

#include "src/env/kill_point.h"
#include "src/journal/journal_format.h"
#include "src/journal/journal_recovery.h"
#include "src/journal/segment_reader.h"

namespace avocet {
namespace {

constexpr uint64_t kSegmentsPerJournal = 4;
// The group frame in front of the entries of a group.
constexpr size_t kGroupFrameBytes = kFrameHeaderBytes + sizeof(uint64_t);
// What a group may add to the disk beside its entries: it may close a segment and begin another.
constexpr size_t kGroupOverheadBytes = kGroupFrameBytes + kFrameHeaderBytes + kSegmentHeaderBytes;

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(JournalOptions options, Env* env,
                                               uint64_t end_at_least) {
  options.segment_bytes = std::min(options.segment_bytes, options.max_bytes / kSegmentsPerJournal);
  std::unique_ptr<Journal> journal(new Journal(std::move(options), env));
  AVOCET_RETURN_IF_ERROR(journal->Recover(end_at_least));
  journal->thread_ = std::thread([raw = journal.get()] { raw->Loop(); });
  return journal;
}

Journal::~Journal() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Status Journal::Recover(uint64_t end_at_least) {
  AVOCET_RETURN_IF_ERROR(env_->MakeDirectories(options_.directory));
  AVOCET_ASSIGN_OR_RETURN(std::vector<FoundSegment> found, ListSegments(options_.directory, env_));
  if (!found.empty()) {
    AVOCET_ASSIGN_OR_RETURN(const SegmentEnd end, FindSegmentEnd(found.back(), env_));
    if (!end.has_header && found.back().size_bytes > kSegmentHeaderBytes) {
      return Status::Corrupt("cannot read the journal segment " + found.back().path +
                             ": both copies of its header are damaged; move the file away to go "
                             "on without the records in it");
    }
    end_record_ = end.end_record;
    if (!end.sealed) AVOCET_RETURN_IF_ERROR(SealSegment(found.back(), end, env_));
    if (end_record_ == found.back().first_record) found.pop_back();
  }
  end_record_ = std::max(end_record_, end_at_least);
  for (FoundSegment& segment : found) {
    AVOCET_ASSIGN_OR_RETURN(const FileInfo info, env_->Stat(segment.path));
    AVOCET_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(segment.path, env_));
    // With a damaged header the file's own time has to do.
    const int64_t created_us = reader->header() ? reader->header()->created_us : info.modified_us;
    segments_.push_back(
        {segment.first_record, info.size_bytes, std::move(segment.path), created_us});
    stats_.disk_bytes += info.size_bytes;
  }
  return Status::Ok();
}

Status Journal::Append(const JournalEntry& entry, JournalDone done) {
  const size_t body = entry.label.size() + entry.payload.size();
  const size_t size = kFrameHeaderBytes + body;
  if (body > kMaxFrameBodyBytes || size > options_.max_pending_bytes ||
      size + kSegmentHeaderBytes > options_.segment_bytes) {
    return Status::Invalid(fmt::format("an entry of {} bytes does not fit into the journal", body));
  }
  std::string frame;
  frame.reserve(size);
  AppendEntryFrame(entry.label, entry.payload, entry.num_records, &frame);
  std::lock_guard lock(mutex_);
  if (stopping_) return Status::Cancelled("the journal is being closed");
  const size_t pending = pending_.frames.size() + writing_bytes_;
  if (pending + size > options_.max_pending_bytes) {
    return Status::Unavailable("the disk of the journal cannot keep up");
  }
  if (stats_.disk_bytes + pending + size + kGroupOverheadBytes > options_.max_bytes) {
    full_ = fmt::format("the journal is full with {} bytes that are not in the tables yet",
                        stats_.disk_bytes);
    return Status::NoSpace(full_);
  }
  if (pending_.frames.empty()) work_.notify_one();
  // Room for the group frame, so that a group is written in one piece.
  if (pending_.frames.empty()) pending_.frames.assign(kGroupFrameBytes, '\0');
  pending_.frames += frame;
  pending_.done.emplace_back(std::move(done), entry.num_records);
  return Status::Ok();
}

Result<uint64_t> Journal::AppendAndWait(const JournalEntry& entry) {
  std::promise<Result<uint64_t>> promise;
  auto future = promise.get_future();
  AVOCET_RETURN_IF_ERROR(
      Append(entry, [&promise](const Result<uint64_t>& first) { promise.set_value(first); }));
  return future.get();
}

void Journal::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || !pending_.done.empty(); });
    if (pending_.done.empty()) break;
    Pending group = std::exchange(pending_, {});
    writing_bytes_ = group.frames.size();
    const uint64_t first_record = end_record_;
    lock.unlock();
    uint64_t end_record = first_record;
    const std::chrono::nanoseconds begin = env_->Monotonic();
    const Status status = WriteGroup(&group.frames, &end_record);
    if (!status.ok()) {
      // Nothing may follow bytes of which nobody knows whether they are there.
      file_.reset();
    }
    lock.lock();
    stats_.sync_time += env_->Monotonic() - begin;
    writing_bytes_ = 0;
    ++stats_.groups;
    if (!status.ok()) last_is_open_ = false;
    if (status.ok()) {
      end_record_ = end_record;
      stats_.written_bytes += group.frames.size();
    } else if (stats_.problem != status.message()) {
      spdlog::error("the journal cannot be written, nothing is acknowledged: {}", status.message());
    }
    if (status.ok() && !stats_.problem.empty()) spdlog::info("the journal can be written again");
    stats_.problem = status.message();
    progress_.notify_all();
    lock.unlock();
    uint64_t record = first_record;
    for (const auto& [done, num_records] : group.done) {
      done(status.ok() ? Result<uint64_t>(record) : Result<uint64_t>(status));
      record += num_records;
    }
    lock.lock();
  }
  lock.unlock();
  CloseSegment();
}

Status Journal::WriteGroup(std::string* frames, uint64_t* end_record) {
  if (file_ != nullptr && file_bytes_ + frames->size() > options_.segment_bytes) CloseSegment();
  if (file_ == nullptr) AVOCET_RETURN_IF_ERROR(OpenSegment());
  const std::string group = GroupFrame(*end_record, file_bytes_, salt_);
  std::copy(group.begin(), group.end(), frames->begin());
  *end_record = NumberEntryFrames(*end_record, salt_, std::span(*frames).subspan(group.size()));
  AVOCET_RETURN_IF_ERROR(file_->Append(*frames));
  KillPoint("journal_written");
  AVOCET_RETURN_IF_ERROR(file_->Sync());
  KillPoint("journal_synced");
  file_bytes_ += frames->size();
  std::lock_guard lock(mutex_);
  segments_.back().size_bytes = file_bytes_;
  stats_.disk_bytes += frames->size();
  return Status::Ok();
}

Status Journal::OpenSegment() {
  uint64_t first_record = 0;
  {
    std::lock_guard lock(mutex_);
    first_record = end_record_;
  }
  const std::string path = options_.directory + "/" + SegmentName(first_record);
  const SegmentHeader header{first_record, env_->NowMicros(), env_->Random64()};
  const std::string bytes = EncodeSegmentHeader(header);
  AVOCET_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env_->OpenForWrite(path));
  // Durable before any entry: then a damaged header is damage, and never a torn beginning.
  AVOCET_RETURN_IF_ERROR(file->Append(bytes));
  AVOCET_RETURN_IF_ERROR(file->Sync());
  AVOCET_RETURN_IF_ERROR(env_->SyncDirectory(options_.directory));
  file_ = std::move(file);
  salt_ = header.salt;
  file_bytes_ = bytes.size();
  std::lock_guard lock(mutex_);
  // After an error a segment without a durable record has the same name, and is begun anew.
  if (!segments_.empty() && segments_.back().path == path) {
    stats_.disk_bytes -= segments_.back().size_bytes;
    segments_.pop_back();
  }
  segments_.push_back({first_record, file_bytes_, path, header.created_us});
  stats_.disk_bytes += file_bytes_;
  last_is_open_ = true;
  return Status::Ok();
}

void Journal::CloseSegment() {
  if (file_ == nullptr) return;
  uint64_t end_record = 0;
  {
    std::lock_guard lock(mutex_);
    end_record = end_record_;
  }
  const std::string seal = SealFrame(end_record, salt_);
  Status status = file_->Append(seal);
  if (status.ok()) status = file_->Sync();
  const Status closed = file_->Close();
  if (status.ok()) status = closed;
  file_.reset();
  // The records are durable; a segment without a seal is only checked more at the next start.
  if (!status.ok()) spdlog::warn("a journal segment is left unsealed: {}", status.message());
  std::lock_guard lock(mutex_);
  last_is_open_ = false;
  if (!status.ok()) return;
  segments_.back().size_bytes += seal.size();
  stats_.disk_bytes += seal.size();
}

uint64_t Journal::WaitFor(uint64_t record, std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (end_record_ <= record && timeout.count() > 0) {
    progress_.wait_for(lock, timeout, [&] { return end_record_ > record; });
  }
  return end_record_;
}

size_t Journal::CountTrimmable(uint64_t record) const {
  size_t count = 0;
  for (; count < segments_.size(); ++count) {
    const bool last = count + 1 == segments_.size();
    if (last && last_is_open_) break;
    if ((last ? end_record_ : segments_[count + 1].first_record) > record) break;
  }
  return count;
}

bool Journal::HasTrimmable(uint64_t record) const {
  std::lock_guard lock(mutex_);
  return CountTrimmable(record) > 0;
}

Status Journal::Trim(uint64_t record) {
  std::vector<Segment> gone;
  {
    std::lock_guard lock(mutex_);
    const size_t keep = CountTrimmable(record);
    gone.assign(segments_.begin(), segments_.begin() + static_cast<ptrdiff_t>(keep));
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<ptrdiff_t>(keep));
    for (const Segment& segment : gone) stats_.disk_bytes -= segment.size_bytes;
    if (!gone.empty()) full_.clear();
  }
  // A removal that a power cut undoes brings back records that nobody reads any more.
  for (const Segment& segment : gone) AVOCET_RETURN_IF_ERROR(env_->Remove(segment.path));
  return Status::Ok();
}

std::optional<Journal::Place> Journal::Find(uint64_t record) const {
  std::lock_guard lock(mutex_);
  if (record >= end_record_) return std::nullopt;
  for (size_t i = 0; i < segments_.size(); ++i) {
    const bool last = i + 1 == segments_.size();
    const uint64_t end = last ? end_record_ : segments_[i + 1].first_record;
    if (end > record) {
      return Place{segments_[i].path, segments_[i].first_record, end};
    }
  }
  return std::nullopt;
}

JournalStats Journal::stats() const {
  std::lock_guard lock(mutex_);
  JournalStats stats = stats_;
  stats.first_record = segments_.empty() ? end_record_ : segments_.front().first_record;
  stats.end_record = end_record_;
  stats.max_bytes = options_.max_bytes;
  stats.segments = segments_.size();
  stats.oldest_us = segments_.empty() ? 0 : segments_.front().created_us;
  stats.pending_bytes = pending_.frames.size() + writing_bytes_;
  if (stats.problem.empty()) stats.problem = full_;
  return stats;
}

}  // namespace avocet
