#include "src/source/kinesis/kinesis_fetcher.h"

#include <algorithm>
#include <utility>

#include "src/env/retry_pause.h"

namespace avocet {

using std::chrono::nanoseconds;

namespace {
constexpr RetryPauses kRetryPauses{std::chrono::milliseconds(200), std::chrono::seconds(10)};
}  // namespace

KinesisFetcher::KinesisFetcher(std::unique_ptr<KinesisStream> stream,
                               const KinesisFetchOptions& options, Env* env)
    : stream_(std::move(stream)), options_(options), env_(env) {
  threads_.emplace_back([this] { RunThread(); });
}

KinesisFetcher::~KinesisFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stream_->Cancel();
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void KinesisFetcher::Add(const std::string& shard, const KinesisPosition& position,
                         const KinesisStart& otherwise) {
  const std::lock_guard lock(mutex_);
  auto added = std::make_shared<Shard>();
  added->id = shard;
  added->position = position;
  added->otherwise = otherwise;
  shards_[shard] = std::move(added);
  // One thread more than shards: listing must not wait for a slow shard.
  if (threads_.size() < std::min(kMostThreads, shards_.size() + 1)) {
    threads_.emplace_back([this] { RunThread(); });
  }
  work_.notify_all();
}

void KinesisFetcher::Remove(const std::string& shard) {
  const std::lock_guard lock(mutex_);
  const auto found = shards_.find(shard);
  if (found == shards_.end()) return;
  found->second->removed = true;
  shards_.erase(found);
  std::erase_if(chunks_, [&](const Fetched& fetched) {
    if (fetched.shard != shard) return false;
    waiting_bytes_ -= fetched.chunk.size_bytes();
    return true;
  });
  work_.notify_all();
}

std::optional<KinesisFetcher::Fetched> KinesisFetcher::Take(nanoseconds wait) {
  std::unique_lock lock(mutex_);
  if (chunks_.empty() && wait.count() > 0) {
    ready_.wait_for(lock, wait, [this] { return !chunks_.empty() || listing_.has_value(); });
  }
  if (chunks_.empty()) return std::nullopt;
  Fetched fetched = std::move(chunks_.front());
  chunks_.pop_front();
  waiting_bytes_ -= fetched.chunk.size_bytes();
  work_.notify_all();
  return fetched;
}

std::optional<std::vector<KinesisShard>> KinesisFetcher::TakeListing() {
  const std::lock_guard lock(mutex_);
  return std::exchange(listing_, std::nullopt);
}

void KinesisFetcher::ListSoon() {
  const std::lock_guard lock(mutex_);
  list_due_ = env_->Monotonic();
  work_.notify_all();
}

Status KinesisFetcher::list_status() const {
  const std::lock_guard lock(mutex_);
  return list_status_;
}

std::string KinesisFetcher::shard_problem() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, shard] : shards_) {
    if (!shard->problem.empty()) return shard->problem;
  }
  return {};
}

Status KinesisFetcher::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

int64_t KinesisFetcher::behind_ms() const {
  const std::lock_guard lock(mutex_);
  int64_t most = 0;
  for (const auto& [id, shard] : shards_) {
    if (!shard->ended) most = std::max(most, shard->behind_ms);
  }
  return most;
}

void KinesisFetcher::RunThread() {
  std::unique_lock lock(mutex_);
  while (!stopping_) Work(&lock);
}

// Does what is due, or waits.
void KinesisFetcher::Work(std::unique_lock<std::mutex>* lock) {
  const nanoseconds now = env_->Monotonic();
  if (!listing_now_ && list_due_ <= now) {
    List(lock);
    return;
  }
  nanoseconds next = listing_now_ ? nanoseconds::max() : list_due_;
  const std::shared_ptr<Shard> shard = FindDue(now, &next);
  if (shard != nullptr) {
    Read(shard, lock);
    return;
  }
  constexpr nanoseconds kLongestSleep = std::chrono::seconds(1);
  work_.wait_for(*lock, std::min(next - now, kLongestSleep));
}

// The shard that has been due for the longest time; else when the next one is.
std::shared_ptr<KinesisFetcher::Shard> KinesisFetcher::FindDue(nanoseconds now, nanoseconds* next) {
  if (waiting_bytes_ >= kMostWaitingBytes) return nullptr;
  std::shared_ptr<Shard> found;
  for (const auto& [id, shard] : shards_) {
    if (shard->busy || shard->ended) continue;
    if (shard->due <= now && (found == nullptr || shard->due < found->due)) found = shard;
    *next = std::min(*next, shard->due);
  }
  return found;
}

void KinesisFetcher::List(std::unique_lock<std::mutex>* lock) {
  listing_now_ = true;
  list_due_ = env_->Monotonic() + options_.list_interval;
  lock->unlock();
  auto shards = stream_->ListShards();
  lock->lock();
  listing_now_ = false;
  list_status_ = shards.status();
  if (shards.ok()) {
    list_pause_ = nanoseconds(0);
    listing_ = std::move(shards).value();
    ready_.notify_all();
  } else {
    list_due_ = env_->Monotonic() + NextRetryPause(kRetryPauses, env_, &list_pause_);
  }
}

void KinesisFetcher::Read(const std::shared_ptr<Shard>& shard, std::unique_lock<std::mutex>* lock) {
  shard->busy = true;
  // Counted from the beginning of a call: the limit is on calls per second.
  shard->due = env_->Monotonic() + options_.poll_interval;
  lock->unlock();
  std::optional<KinesisChunk> chunk;
  const Status status = FetchOne(shard.get(), &chunk);
  lock->lock();
  shard->busy = false;
  if (shard->removed) return;
  if (!status.ok()) {
    NoteFailure(shard.get(), status);
    return;
  }
  shard->pause = nanoseconds(0);
  shard->problem.clear();
  if (!chunk.has_value()) return;
  shard->behind_ms = chunk->behind_ms;
  shard->ended = chunk->last;
  waiting_bytes_ += chunk->size_bytes();
  chunks_.push_back({shard->id, std::move(*chunk)});
  ready_.notify_all();
}

// Without the mutex: the shard is busy, so nobody else touches what is read and written here.
Status KinesisFetcher::FetchOne(Shard* shard, std::optional<KinesisChunk>* chunk) {
  if (shard->iterator.empty()) {
    const KinesisStart start = StartAfter(shard->position, shard->otherwise);
    auto iterator = stream_->GetIterator(shard->id, start);
    if (!iterator.ok() && iterator.status().code() == StatusCode::kInvalid &&
        !start.sequence.empty()) {
      return Status::Config("cannot go on in shard " + shard->id + " after sequence number " +
                            start.sequence + ": " + iterator.status().message() +
                            " (a stream that was made anew needs a source of another name)");
    }
    if (!iterator.ok()) return iterator.status();
    shard->iterator = std::move(iterator).value();
  }
  const auto records = stream_->GetRecords(shard->iterator, options_.records_per_call);
  if (!records.ok()) {
    const StatusCode code = records.status().code();
    // An iterator lives for five minutes, less than a long pause may last.
    if (code == StatusCode::kConflict || code == StatusCode::kInvalid) shard->iterator.clear();
    return records.status();
  }
  *chunk = KinesisChunk::Unpack(*records, shard->position, options_.unpack);
  (*chunk)->last = records->next_iterator.empty();
  (*chunk)->behind_ms = records->behind_ms;
  shard->position = (*chunk)->end();
  shard->iterator = records->next_iterator;
  return Status::Ok();
}

void KinesisFetcher::NoteFailure(Shard* shard, const Status& status) {
  switch (status.code()) {
    case StatusCode::kCancelled:
      return;
    case StatusCode::kConfig:
      if (failure_.ok()) failure_ = status;
      shard->ended = true;
      ready_.notify_all();
      return;
    case StatusCode::kConflict:  // The iterator has expired; a new one is asked for at once.
      shard->due = env_->Monotonic();
      return;
    default:
      shard->problem = "cannot read shard " + shard->id + ": " + status.message();
      shard->due = env_->Monotonic() + NextRetryPause(kRetryPauses, env_, &shard->pause);
      return;
  }
}

}  // namespace avocet
