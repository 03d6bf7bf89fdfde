#include "src/source/s3/object_fetcher.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/env/retry_pause.h"

namespace avocet {

using std::chrono::nanoseconds;

namespace {
constexpr RetryPauses kRetryPauses{std::chrono::milliseconds(200), std::chrono::seconds(10)};
}  // namespace

ObjectFetcher::ObjectFetcher(std::unique_ptr<ObjectStore> store, Env* env)
    : store_(std::move(store)), env_(env) {
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { RunThread(); });
}

ObjectFetcher::~ObjectFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  store_->Cancel();
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ObjectFetcher::List(const std::string& after) {
  const std::lock_guard lock(mutex_);
  list_after_ = after;
  list_due_ = env_->Monotonic();
  work_.notify_all();
}

std::optional<S3Page> ObjectFetcher::TakePage() {
  const std::lock_guard lock(mutex_);
  return std::exchange(page_, std::nullopt);
}

void ObjectFetcher::Add(const S3Object& object, uint64_t offset) {
  const std::lock_guard lock(mutex_);
  auto job = std::make_shared<Job>();
  job->object = object;
  job->next = job->given = offset;
  jobs_.push_back(std::move(job));
  work_.notify_all();
}

Result<size_t> ObjectFetcher::Read(std::span<char> out) {
  const std::lock_guard lock(mutex_);
  Job& job = *jobs_.front();
  AVOCET_RETURN_IF_ERROR(job.status);
  if (job.pieces.empty() || job.pieces.front()->state != Piece::State::kReady) return size_t{0};
  Piece& piece = *job.pieces.front();
  const size_t size = std::min(out.size(), piece.bytes.size() - piece.taken);
  std::memcpy(out.data(), piece.bytes.data() + piece.taken, size);
  piece.taken += size;
  job.given += size;
  if (piece.taken == piece.bytes.size()) {
    ahead_bytes_ -= piece.size;
    job.pieces.pop_front();
    work_.notify_all();
  }
  return size;
}

bool ObjectFetcher::at_end() const {
  const std::lock_guard lock(mutex_);
  const Job& job = *jobs_.front();
  return job.given >= job.object.size_bytes;
}

void ObjectFetcher::DropFirst() {
  const std::lock_guard lock(mutex_);
  Job& job = *jobs_.front();
  // Busy pieces are released by the threads that fetch them, who keep the job alive.
  for (const auto& piece : job.pieces) {
    if (piece->state != Piece::State::kBusy) ahead_bytes_ -= piece->size;
  }
  job.status = Status::Cancelled("nobody wants the object any more");
  jobs_.pop_front();
  work_.notify_all();
}

bool ObjectFetcher::IsReady() const {
  if (page_.has_value()) return true;
  if (jobs_.empty()) return false;
  const Job& job = *jobs_.front();
  if (!job.status.ok() || job.given >= job.object.size_bytes) return true;
  return !job.pieces.empty() && job.pieces.front()->state == Piece::State::kReady;
}

void ObjectFetcher::WaitFor(nanoseconds wait) {
  std::unique_lock lock(mutex_);
  ready_.wait_for(lock, wait, [this] { return IsReady(); });
}

Status ObjectFetcher::list_status() const {
  const std::lock_guard lock(mutex_);
  return list_status_;
}

std::string ObjectFetcher::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

uint64_t ObjectFetcher::bytes_left() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& job : jobs_) {
    bytes += job->object.size_bytes - std::min(job->given, job->object.size_bytes);
  }
  return bytes;
}

void ObjectFetcher::RunThread() {
  std::unique_lock lock(mutex_);
  while (!stopping_) Work(&lock);
}

// Does what is due, or waits.
void ObjectFetcher::Work(std::unique_lock<std::mutex>* lock) {
  constexpr nanoseconds kLongestSleep = std::chrono::seconds(1);
  const nanoseconds now = env_->Monotonic();
  nanoseconds next = now + kLongestSleep;
  const bool list = list_after_.has_value() && !listing_now_;
  if (list && list_due_ <= now) {
    ListPage(lock);
    return;
  }
  if (list) next = std::min(next, list_due_);
  std::shared_ptr<Job> job;
  Piece* piece = nullptr;
  if (FindPiece(now, &next, &job, &piece)) {
    Fetch(std::move(job), piece, lock);
    return;
  }
  work_.wait_for(*lock, next - now);
}

void ObjectFetcher::ListPage(std::unique_lock<std::mutex>* lock) {
  const std::string after = *list_after_;
  listing_now_ = true;
  lock->unlock();
  auto page = store_->List(after);
  lock->lock();
  listing_now_ = false;
  list_status_ = page.status();
  if (page.ok()) {
    list_pause_ = nanoseconds(0);
    list_after_.reset();
    page_ = std::move(page).value();
    ready_.notify_all();
  } else {
    list_due_ = env_->Monotonic() + NextRetryPause(kRetryPauses, env_, &list_pause_);
  }
}

// A piece to fetch: one that has failed before, or the next one of the first object that has any.
bool ObjectFetcher::FindPiece(nanoseconds now, nanoseconds* next, std::shared_ptr<Job>* job,
                              Piece** piece) {
  for (const auto& candidate : jobs_) {
    if (!candidate->status.ok()) continue;
    for (const auto& wanted : candidate->pieces) {
      if (wanted->state != Piece::State::kWanted) continue;
      if (wanted->due > now) {
        *next = std::min(*next, wanted->due);
        continue;
      }
      *job = candidate;
      *piece = wanted.get();
      return true;
    }
    if (ahead_bytes_ >= kMostAheadBytes) return false;
    if (candidate->next >= candidate->object.size_bytes) continue;
    auto made = std::make_unique<Piece>();
    made->offset = candidate->next;
    made->size = static_cast<size_t>(
        std::min<uint64_t>(kPieceBytes, candidate->object.size_bytes - candidate->next));
    candidate->next += made->size;
    ahead_bytes_ += made->size;
    *job = candidate;
    *piece = made.get();
    candidate->pieces.push_back(std::move(made));
    return true;
  }
  return false;
}

void ObjectFetcher::Fetch(std::shared_ptr<Job> job, Piece* piece,
                          std::unique_lock<std::mutex>* lock) {
  piece->state = Piece::State::kBusy;
  lock->unlock();
  std::string bytes(piece->size, '\0');
  Result<size_t> size = store_->Read(job->object, piece->offset, bytes);
  lock->lock();
  // The size is of the listing; an object that is shorter is not the one that was listed.
  if (size.ok() && *size != piece->size) size = Status::Conflict("it is shorter than listed");
  const bool dropped = job->status.code() == StatusCode::kCancelled;
  if (dropped) {
    ahead_bytes_ -= piece->size;
  } else if (size.ok()) {
    piece->bytes = std::move(bytes);
    piece->state = Piece::State::kReady;
    problem_.clear();
  } else if (size.status().code() == StatusCode::kNotFound ||
             size.status().code() == StatusCode::kConflict) {
    piece->state = Piece::State::kWanted;
    job->status = size.status();
  } else {
    piece->state = Piece::State::kWanted;
    piece->due = env_->Monotonic() + NextRetryPause(kRetryPauses, env_, &piece->pause);
    problem_ = "cannot read object " + job->object.key + ": " + size.status().message();
  }
  ready_.notify_all();
  work_.notify_all();
}

}  // namespace avocet
