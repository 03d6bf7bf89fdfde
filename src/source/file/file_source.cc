#include "src/source/file/file_source.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "src/source/file/committed_files.h"
#include "src/source/file/file_listing.h"
#include "src/source/file/tracked_file.h"
#include "src/source/poll_budget.h"

namespace avocet {
namespace {

using std::chrono::nanoseconds;

// Open files while following: enough to follow the files that are written to.
constexpr size_t kOpenFiles = 64;
// After this time without growth, a file that was deleted or moved away is finished.
constexpr int64_t kMissingGraceUs = 5'000'000;
// A problem that has passed is still told for so long.
constexpr int64_t kProblemMemoryUs = 60'000'000;
// Poll returns after so many reads in a row without records, so that the caller can do other
// things.
constexpr int kEmptyReadsPerPoll = 4;

class FileSource : public Source {
 public:
  FileSource(const FileSourceConfig& config, std::string name, bool once, Env* env)
      : config_(config),
        name_(std::move(name)),
        once_(once || !config.follow),
        env_(env),
        committed_(name_) {}

  Status Open(const Positions& committed) override;
  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override;
  void TakeChangedPositions(Positions* out) override;
  void AllPositions(Positions* out) const override;
  SourceHealth Health() const override;

 private:
  Status Scan();
  Status Track(const std::vector<FoundFile>& found);
  void UpdateMissing(bool listing_complete);
  Status Note(const Status& problem);
  void Notice(std::string problem);
  Status ReadRound(std::vector<RawBatch>* out);
  Status ReadFile(TrackedFile* file, std::vector<RawBatch>* out);
  bool IsFull() const;
  void LimitOpenFiles();

  const FileSourceConfig config_;
  const std::string name_;
  const bool once_;
  Env* const env_;
  BlockPool pool_;
  SplitOptions split_;
  CommittedFiles committed_;
  std::vector<std::unique_ptr<TrackedFile>> files_;  // in the order in which they are read
  size_t next_file_ = 0;                             // to be read in this round
  bool scanned_ = false;
  nanoseconds next_scan_{0};
  uint64_t reads_ = 0;

  // What Poll has delivered in this call.
  PollBudget budget_;
  int empty_reads_ = 0;

  std::vector<std::string> scan_problems_;  // of the last scan
  std::string past_problem_;
  int64_t past_problem_us_ = 0;
};

Status FileSource::Open(const Positions& committed) {
  AVOCET_ASSIGN_OR_RETURN(split_.format, ParseInputFormat(config_.format));
  split_.max_record_bytes = config_.max_record_bytes;
  AVOCET_RETURN_IF_ERROR(committed_.Load(committed));
  return Scan();
}

// An error when the input has to be complete, else a sentence in the health.
Status FileSource::Note(const Status& problem) {
  if (once_) return problem;
  scan_problems_.push_back(problem.message());
  return Status::Ok();
}

void FileSource::Notice(std::string problem) {
  if (problem.empty()) return;
  past_problem_ = std::move(problem);
  past_problem_us_ = env_->NowMicros();
}

Status FileSource::Scan() {
  const nanoseconds begin = env_->Monotonic();
  scan_problems_.clear();
  const FileListing listing = ListFiles(config_.paths, env_);
  bool complete = true;
  for (const Status& problem : listing.problems) {
    complete = complete && problem.code() == StatusCode::kNotFound;
    AVOCET_RETURN_IF_ERROR(Note(problem));
  }
  std::map<std::pair<uint64_t, uint64_t>, TrackedFile*> known;
  for (const auto& file : files_) {
    file->seen = false;
    known[{file->position().device, file->position().inode}] = file.get();
  }
  std::vector<FoundFile> unknown;
  for (const FoundFile& found : listing.files) {
    const auto [at, is_new] = known.try_emplace({found.info.device, found.info.inode}, nullptr);
    if (is_new) unknown.push_back(found);
    // A second name of a file is no second file.
    if (at->second == nullptr || at->second->seen) continue;
    at->second->seen = true;
    at->second->missing_since_us = -1;
    const Status status = at->second->Update(found);
    if (!status.ok()) {
      at->second->SetFailed();
      AVOCET_RETURN_IF_ERROR(Note(status));
    }
    Notice(at->second->TakeProblem());
  }
  UpdateMissing(complete);
  AVOCET_RETURN_IF_ERROR(Track(unknown));
  next_file_ = 0;
  scanned_ = true;
  // Looking at very many files may take longer than the interval; it gets a tenth of the time.
  const nanoseconds end = env_->Monotonic();
  next_scan_ = end + std::max<nanoseconds>(config_.poll_interval, 10 * (end - begin));
  return Status::Ok();
}

Status FileSource::Track(const std::vector<FoundFile>& found) {
  const std::vector<CommittedFiles::Claimed> claims = committed_.Claim(found, env_);
  for (size_t i = 0; i < found.size(); ++i) {
    if (!claims[i].ok()) {
      AVOCET_RETURN_IF_ERROR(Note(claims[i].status()));
      continue;  // The next scan finds it again.
    }
    const bool is_new = !claims[i]->has_value();
    const bool discard = is_new && !scanned_ && config_.start == "end";
    const FilePosition start = is_new ? FilePosition{} : **claims[i];
    auto file = TrackedFile::Open({env_, &pool_, split_}, found[i], start, discard);
    if (!file.ok()) {
      if (!is_new) committed_.Keep(start);
      AVOCET_RETURN_IF_ERROR(Note(file.status()));
      continue;
    }
    // A restored copy goes on under its own key.
    const bool moved = start.device != found[i].info.device || start.inode != found[i].info.inode;
    if (!is_new && moved) (*file)->set_changed(true);
    Notice((*file)->TakeProblem());
    if (files_.size() >= kOpenFiles) (*file)->Close();
    files_.push_back(std::move(file).value());
  }
  return Status::Ok();
}

// Files that are not found any more are read to their end while they are open, and then forgotten.
void FileSource::UpdateMissing(bool listing_complete) {
  if (!listing_complete) return;
  const int64_t now = env_->NowMicros();
  std::erase_if(files_, [&](const std::unique_ptr<TrackedFile>& file) {
    if (file->seen) return false;
    if (file->missing_since_us < 0) file->missing_since_us = now;
    const bool in_grace = now - file->missing_since_us < kMissingGraceUs;
    if (file->is_open()) file->UpdateMissing(!in_grace);
    if (file->is_open() && (in_grace || file->pending())) return false;
    if (file->changed()) return false;  // until its position has been taken
    committed_.Keep(file->position());
    return true;
  });
}

bool FileSource::IsFull() const { return budget_.full() || empty_reads_ >= kEmptyReadsPerPoll; }

Status FileSource::ReadFile(TrackedFile* file, std::vector<RawBatch>* out) {
  const int64_t missing_us =
      file->missing_since_us < 0 ? 0 : env_->NowMicros() - file->missing_since_us;
  const bool at_end = once_ || missing_us >= kMissingGraceUs;
  RawBatch batch;
  batch.source = name_;
  file->last_read = ++reads_;
  const Result<ReadState> state = file->Read(budget_.left(), at_end, &batch);
  if (!state.ok()) {
    if (once_) return state.status();
    file->SetFailed();
    Notice(state.status().message());
    return Status::Ok();
  }
  Notice(file->TakeProblem());
  const bool delivered = budget_.Deliver(std::move(batch), out);
  if (!delivered && *state == ReadState::kMore) ++empty_reads_;
  return Status::Ok();
}

Status FileSource::ReadRound(std::vector<RawBatch>* out) {
  while (next_file_ < files_.size() && !IsFull()) {
    TrackedFile* file = files_[next_file_].get();
    if (!file->pending()) {
      ++next_file_;
      continue;
    }
    AVOCET_RETURN_IF_ERROR(ReadFile(file, out));
    if (!file->pending()) LimitOpenFiles();
  }
  return Status::Ok();
}

Result<PollState> FileSource::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  budget_ = PollBudget(limits);
  empty_reads_ = 0;
  const nanoseconds deadline = env_->Monotonic() + limits.wait;
  while (true) {
    AVOCET_RETURN_IF_ERROR(ReadRound(out));
    if (next_file_ < files_.size()) return PollState::kMore;
    if (once_) return PollState::kEnd;
    const nanoseconds now = env_->Monotonic();
    if (now >= next_scan_) {
      AVOCET_RETURN_IF_ERROR(Scan());
      continue;
    }
    if (budget_.records() > 0 || now >= deadline) return PollState::kIdle;
    env_->SleepFor(std::min(next_scan_, deadline) - now);
  }
}

// Closes the files that have not been read for the longest time.
void FileSource::LimitOpenFiles() {
  std::vector<TrackedFile*> open;
  for (const auto& file : files_) {
    if (file->is_open()) open.push_back(file.get());
  }
  if (open.size() <= kOpenFiles) return;
  std::sort(open.begin(), open.end(),
            [](const TrackedFile* a, const TrackedFile* b) { return a->last_read < b->last_read; });
  for (size_t i = 0; i + kOpenFiles < open.size(); ++i) open[i]->Close();
}

void FileSource::TakeChangedPositions(Positions* out) {
  for (const auto& file : files_) {
    if (!file->changed()) continue;
    const FilePosition& position = file->position();
    out->insert_or_assign(FilePositionKey(name_, position.device, position.inode),
                          EncodeFilePosition(position));
    file->set_changed(false);
  }
}

void FileSource::AllPositions(Positions* out) const {
  committed_.AddTo(out);
  for (const auto& file : files_) {
    const FilePosition& position = file->position();
    out->insert_or_assign(FilePositionKey(name_, position.device, position.inode),
                          EncodeFilePosition(position));
  }
}

SourceHealth FileSource::Health() const {
  SourceHealth health;
  for (const auto& file : files_) health.lag_bytes += file->lag_bytes();
  if (!scan_problems_.empty()) {
    health.problem = scan_problems_.front();
    if (scan_problems_.size() > 1) {
      health.problem += " (and " + std::to_string(scan_problems_.size() - 1) + " more problems)";
    }
  } else if (!past_problem_.empty() && env_->NowMicros() - past_problem_us_ < kProblemMemoryUs) {
    health.problem = past_problem_;
  }
  return health;
}

}  // namespace

std::unique_ptr<Source> MakeFileSource(const FileSourceConfig& config, const std::string& name,
                                       bool once, Env* env) {
  return std::make_unique<FileSource>(config, name, once, env);
}

}  // namespace avocet
