#include "src/source/push/idempotency_keys.h"

#include <cstring>
#include <utility>

#include "src/base/hash.h"

namespace avocet {
namespace {

constexpr std::string_view kMagic = "AVOCETK1";
constexpr size_t kNameBytes = 32;  // of a 128-bit hash, in hexadecimal

struct StoredOutcome {
  uint64_t body_hash;
  int64_t received_us;
  uint32_t accepted;
  uint32_t rejected;
};
static_assert(sizeof(StoredOutcome) == 24);
constexpr size_t kStoredBytes = kNameBytes + sizeof(StoredOutcome);

}  // namespace

std::string IdempotencyKeys::Name(std::string_view token_name, std::string_view key) {
  std::string text(token_name);
  text += '\0';
  text += key;
  return Hash128Hex(text);
}

IdempotencyKeys::State IdempotencyKeys::Begin(const std::string& name, int64_t now_us,
                                              Outcome* outcome) {
  std::lock_guard lock(mutex_);
  Expire(now_us);
  const auto [at, added] = entries_.try_emplace(name);
  if (added) return State::kNew;
  if (at->second.running) return State::kRunning;
  *outcome = at->second.outcome;
  return State::kTaken;
}

void IdempotencyKeys::Finish(const std::string& name, const Outcome& outcome) {
  std::lock_guard lock(mutex_);
  Entry& entry = entries_[name];
  if (entry.running) finished_.push_back(name);
  entry = {false, outcome};
  Expire(outcome.received_us);
}

void IdempotencyKeys::Forget(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto at = entries_.find(name);
  if (at != entries_.end() && at->second.running) entries_.erase(at);
}

size_t IdempotencyKeys::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void IdempotencyKeys::Expire(int64_t now_us) {
  while (!finished_.empty()) {
    const auto oldest = entries_.find(finished_.front());
    const bool old = oldest->second.outcome.received_us < now_us - max_age_us_;
    if (!old && finished_.size() <= max_keys_) return;
    entries_.erase(oldest);
    finished_.pop_front();
  }
}

std::string IdempotencyKeys::Encode() const {
  std::lock_guard lock(mutex_);
  std::string bytes(kMagic);
  for (const std::string& name : finished_) {
    const Outcome& outcome = entries_.at(name).outcome;
    const StoredOutcome stored{outcome.body_hash, outcome.received_us, outcome.accepted,
                               outcome.rejected};
    bytes += name;
    bytes.append(reinterpret_cast<const char*>(&stored), sizeof stored);
  }
  const uint64_t checksum = Checksum64(bytes);
  return bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
}

Status IdempotencyKeys::Decode(std::string_view bytes) {
  uint64_t checksum = 0;
  const size_t frame = kMagic.size() + sizeof checksum;
  if (!bytes.starts_with(kMagic) || bytes.size() < frame ||
      (bytes.size() - frame) % kStoredBytes != 0) {
    return Status::Corrupt("the file of idempotency keys is no such file");
  }
  std::memcpy(&checksum, bytes.data() + bytes.size() - sizeof checksum, sizeof checksum);
  bytes.remove_suffix(sizeof checksum);
  if (checksum != Checksum64(bytes)) {
    return Status::Corrupt("the file of idempotency keys is damaged");
  }
  for (bytes.remove_prefix(kMagic.size()); !bytes.empty(); bytes.remove_prefix(kStoredBytes)) {
    StoredOutcome stored{};
    std::memcpy(&stored, bytes.data() + kNameBytes, sizeof stored);
    Finish(std::string(bytes.substr(0, kNameBytes)),
           {stored.body_hash, stored.accepted, stored.rejected, stored.received_us});
  }
  return Status::Ok();
}

}  // namespace avocet
