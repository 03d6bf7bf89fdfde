// IdempotencyKeys: which requests have been taken, so that a repeated one is not taken twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "src/base/status.h"

namespace avocet {

/// Remembers the newest keys, up to a number and an age. Any thread may use it.
class IdempotencyKeys {
 public:
  struct Outcome {
    uint64_t body_hash = 0;
    uint32_t accepted = 0;
    uint32_t rejected = 0;
    int64_t received_us = 0;
  };
  enum class State {
    kNew,      ///< it is the caller's now, who must call Finish or Forget
    kRunning,  ///< somebody else's request with this key has no answer yet
    kTaken,    ///< `*outcome` is that of the first request
  };

  IdempotencyKeys(size_t max_keys, std::chrono::microseconds max_age)
      : max_keys_(max_keys), max_age_us_(max_age.count()) {}

  /// The fixed-size text under which a client's key is kept: keys of different tokens differ.
  static std::string Name(std::string_view token_name, std::string_view key);

  State Begin(const std::string& name, int64_t now_us, Outcome* outcome);
  void Finish(const std::string& name, const Outcome& outcome);
  void Forget(const std::string& name);

  size_t size() const;

  /// All finished keys as one checksummed text, and back; docs/formats/journal.md describes it.
  std::string Encode() const;
  Status Decode(std::string_view bytes);

 private:
  struct Entry {
    bool running = true;
    Outcome outcome;
  };
  void Expire(int64_t now_us);

  const size_t max_keys_;
  const int64_t max_age_us_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;  // guarded by mutex_
  std::deque<std::string> finished_;                // guarded by mutex_; oldest first
};

}  // namespace avocet
